"""Writing: a draft starts as what patients read, and no two people write over each other."""

import pytest

from audit.models import Event
from procedures import publishing
from procedures.models import State
from procedures.sections import section_named
from tests.procedures.factories import (
    COMMAND,
    content,
    enough,
    full_draft,
    make_clinician,
    make_draft,
    make_in_review,
    make_live,
    make_published,
    save,
)

pytestmark = pytest.mark.django_db


# Starting a draft


def test_a_draft_starts_as_a_whole_copy_of_what_patients_read():
    live = publishing.send_for_review(
        version=save(full_draft(), "sources", [{"key": "key-0", "title": "A"}, {"key": "key-1", "title": "B"}]),
        by=COMMAND,
    )
    live = publishing.sign_off(version=live, by=COMMAND, reviewer=make_clinician())
    publishing.publish(versions=[live], by=COMMAND)

    draft = publishing.open_draft(page=live.page, by=COMMAND)

    assert content(draft) == content(live)
    assert (draft.number, draft.started_from, draft.state) == (2, live, State.DRAFT)
    assert list(draft.authors.all()) == []


def test_what_patients_read_stays_while_a_draft_is_written():
    live = make_published()
    draft = publishing.open_draft(page=live.page, by=COMMAND)
    save(draft, "names", enough()["names"] | {"plain_name": "Another name"})
    live.refresh_from_db()
    live.page.refresh_from_db()
    assert (live.plain_name, live.page.plain_name, live.page.live_version) == ("Balloon repair", "Balloon repair", live)
    assert live.document["names"]["plain"] == "Balloon repair"


def test_a_second_draft_of_a_page_is_refused_and_says_which_is_open():
    draft = make_draft()
    with pytest.raises(publishing.Refused, match="Version 1 of this page is being worked on: it is “draft”"):
        publishing.open_draft(page=draft.page, by=COMMAND)
    assert not publishing.can_open_draft(draft.page, by=COMMAND)


# Writing


def test_a_save_makes_its_writer_an_author_and_names_only_fields(editor, editor2):
    draft = make_draft(by=editor.as_actor())
    names = enough()["names"] | {"summary": "A secret of the trade."}
    saved = save(draft, "names", names, by=editor2.as_actor())
    assert set(saved.authors.all()) == {editor, editor2}
    event = Event.objects.about(draft).first()
    assert event.details["fields"] == ["summary"]


def test_a_save_that_changes_nothing_leaves_no_trace(editor, editor2):
    draft = make_draft(by=editor.as_actor())
    count = Event.objects.count()
    saved = save(draft, "names", enough()["names"], by=editor2.as_actor())
    assert saved.revision == draft.revision
    assert list(saved.authors.all()) == [editor]
    assert Event.objects.count() == count


def test_a_save_on_an_old_view_is_refused():
    draft = make_draft()
    save(draft, "names", enough()["names"] | {"summary": "Newer."})
    with pytest.raises(publishing.Stale):
        publishing.save_section(
            version=draft,
            section=section_named(draft, "names"),
            values=enough()["names"] | {"summary": "Older."},
            by=COMMAND,
            seen_revision=draft.revision,
        )
    draft.refresh_from_db()
    assert draft.summary == "Newer."


@pytest.mark.parametrize("make", [make_in_review, make_published])
def test_what_is_in_review_or_was_published_cannot_be_written(make):
    version = make()
    before = content(version)
    with pytest.raises(publishing.Refused, match=r"cannot be done now|nobody can change it now"):
        save(version, "names", enough()["names"] | {"summary": "Changed."})
    with pytest.raises(publishing.Refused):
        save(version, "figures", [])
    version.refresh_from_db()
    assert content(version) == before


def test_a_superseded_version_can_never_be_changed():
    old = make_published()
    newer = publishing.open_draft(page=old.page, by=COMMAND)
    make_live(newer)
    old.refresh_from_db()
    assert old.state == State.SUPERSEDED
    for name in publishing.MOVES:
        assert not publishing.can_move(old, name, by=COMMAND)
