"""An old version brought back as a draft: its words, and nothing of its signature."""

import pytest

from accounts.roles import Role
from audit.models import Event
from procedures import publishing
from procedures.admin.pages import admin_url
from tests.at_once import at_once
from tests.procedures.desk import signed_in
from tests.procedures.factories import (
    COMMAND,
    content,
    full_draft,
    make_clinician,
    make_condition,
    make_draft,
    make_file,
    make_live,
    make_page,
    make_procedure,
    make_published,
    save,
)
from tests.procedures.published import sign_off
from tests.staff import make_staff

pytestmark = pytest.mark.django_db


def published_twice(page=None, **options):
    """Return the first version of a page, and the second, which is live and says something else."""
    old = make_published(page, **options)
    draft = save(publishing.open_draft(page=old.page, by=COMMAND), "names", {"summary": "Now otherwise."})
    live = make_live(draft)
    old.refresh_from_db()
    return old, live


@pytest.mark.parametrize("make", [make_procedure, make_condition])
def test_an_old_version_begins_a_new_draft_with_its_words_and_without_its_signature(editor, make):
    page = make_page(make())
    publishing.publish(versions=[sign_off(full_draft(page))], by=COMMAND)
    old = page.versions.get()
    page.refresh_from_db()
    live = make_live(save(publishing.open_draft(page=page, by=COMMAND), "names", {"summary": "Otherwise."}))
    due = live.next_review_due
    old.refresh_from_db()
    draft = publishing.restore(version=old, by=editor.as_actor())
    assert content(draft) == content(old)
    assert (draft.state, draft.number, draft.started_from_id) == ("draft", 3, old.pk)
    assert (draft.signed_off_at, draft.reviewed_by, draft.signed_hash, draft.document) == (None, None, "", None)
    live.refresh_from_db()
    assert (live.state, live.next_review_due) == ("published", due)
    event = Event.objects.about(draft).get()
    assert (event.verb, event.details) == ("version.restored", {"number": 3, "started_from": old.pk})


def test_neither_its_writers_nor_whoever_brought_it_back_sign_it_off():
    wrote, restored = (
        make_staff(name, Role.EDITOR, Role.REVIEWER, clinician=make_clinician()) for name in ("wrote", "restored")
    )
    old, _live = published_twice(by=wrote.as_actor())
    draft = publishing.restore(version=old, by=restored.as_actor())
    publishing.send_for_review(version=draft, by=COMMAND)
    for user in (wrote, restored):
        with pytest.raises(publishing.Refused, match="You wrote part of this version"):
            publishing.sign_off(version=draft, by=user.as_actor())
    other = make_staff("other", Role.REVIEWER, clinician=make_clinician())
    assert publishing.sign_off(version=draft, by=other.as_actor()).signed_off_by == other


def test_an_open_draft_is_never_replaced_and_whose_it_is_is_said(editor, editor2):
    old, live = published_twice()
    draft = save(publishing.open_draft(page=live.page, by=COMMAND), "aim", {"aim": "Mine."}, by=editor2.as_actor())
    client = signed_in(editor)
    for response in (client.get(admin_url(old, "change")), client.post(admin_url(old, "restore"), follow=True)):
        text = response.content.decode()
        assert "Version 3 of this page is being worked on" in text
        assert f"Written by {editor2}." in text
        assert f'<a href="{admin_url(draft, "change")}">' in text
    assert old.page.versions.count() == 3


@pytest.mark.parametrize("state", ["draft", "live"])
def test_what_is_no_old_version_is_not_restored(state):
    version = make_draft() if state == "draft" else make_published()
    with pytest.raises(publishing.Refused):
        publishing.restore(version=version, by=COMMAND)
    assert version.page.versions.count() == 1


def test_only_who_writes_restores(reviewer, manager, superuser):
    old, _live = published_twice()
    for user in (reviewer, manager):
        response = signed_in(user).post(admin_url(old, "restore"), follow=True)
        assert "Your role does not allow this." in response.content.decode()
    assert old.page.versions.count() == 2
    assert signed_in(superuser).get(admin_url(old, "restore")).status_code == 302
    assert old.page.versions.count() == 2


def test_what_the_site_no_longer_has_is_said(editor):
    related, file = make_published(make_page(make_procedure())), make_file(name="gone.pdf")
    old, _live = published_twice(
        sections={
            "steps": [{"label": "A cut", "text": "We cut.", "drawing": "small-cut"}],
            "documents": [{"file": file, "title": "To print"}],
            "related": {"related": [related.page.procedure]},
        }
    )
    publishing.withdraw_page(page=related.page, by=COMMAND)
    type(old.steps.get()).objects.filter(version=old).update(drawing="drawn-no-more")
    client = signed_in(editor)
    texts = [client.get(admin_url(old, "change")), client.post(admin_url(old, "restore"), follow=True)]
    for text in (response.content.decode() for response in texts):
        assert "the drawing “drawn-no-more”, which the site no longer has" in text
        assert "the file “gone.pdf”, which is missing on the disk" in text
        assert "“Balloon repair”, which patients cannot read now" in text


@pytest.mark.django_db(transaction=True)
def test_two_who_bring_a_version_back_at_once_make_one_draft():
    old, _live = published_twice()
    ends = at_once(*(lambda: publishing.restore(version=old, by=COMMAND) for _press in range(2)))
    assert [type(end) for end in ends].count(publishing.Refused) == 1
    assert old.page.versions.count() == 3
