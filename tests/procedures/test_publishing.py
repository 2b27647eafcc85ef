"""How a page goes from draft to patients, and each way in which it must not."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.roles import Role
from audit.actors import Actor
from audit.models import Event
from clinic.models import PageStamp
from procedures import publishing
from procedures.models import ProcedurePage, ProcedureVersion, State
from procedures.sections import section_named, sections_of
from tests.at_once import at_once
from tests.procedures.factories import (
    COMMAND,
    enough,
    figure,
    full_draft,
    make_both_published,
    make_clinician,
    make_condition,
    make_draft,
    make_in_review,
    make_page,
    make_procedure,
    make_published,
    make_signed_off,
    save,
)
from tests.staff import make_staff

pytestmark = pytest.mark.django_db


def verbs():
    return list(Event.objects.order_by("id").values_list("verb", flat=True))


def content(version):
    return {section.key: section.read(version) for section in sections_of(version)}


# The whole way


def test_a_page_goes_from_draft_to_patients_by_three_pairs_of_hands(editor, reviewer, manager):
    version = make_draft(by=editor.as_actor())
    publishing.send_for_review(version=version, by=editor.as_actor())
    publishing.sign_off(version=version, by=reviewer.as_actor())
    publishing.publish(versions=[version], by=manager.as_actor())

    version.refresh_from_db()
    page = version.page
    page.refresh_from_db()
    assert version.state == State.PUBLISHED
    assert page.live_version == version
    assert (page.plain_name, page.medical_name, page.synonyms) == ("Balloon repair", "Kyphoplasty", ["balloon"])
    assert version.document["review"]["reviewer"]["name"] == "Dr. Rhea Rowe"
    assert version.reviewed_on == timezone.localdate()
    assert version.next_review_due == timezone.localdate() + timedelta(days=365)
    assert verbs() == [
        "version.started",
        *["version.saved"] * 3,
        "version.sent_for_review",
        "version.signed_off",
        "version.published",
    ]
    assert set(Event.objects.values_list("actor_role", flat=True)) == {"editor", "reviewer", "manager"}


def test_a_condition_page_goes_the_same_way():
    version = make_published(make_page(make_condition()))
    assert version.document["kind"] == "condition"
    assert version.page.subject.pages.published().get() == version.page


def test_publishing_moves_the_page_stamp():
    version = make_signed_off()
    before = PageStamp.current()
    publishing.publish(versions=[version], by=COMMAND)
    assert PageStamp.current() > before


def test_events_hold_no_words_of_the_page():
    make_published()
    assert "Balloon" not in "".join(str(event.details) for event in Event.objects.all())


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


@pytest.mark.parametrize("make", [make_in_review, make_signed_off, make_published])
def test_only_a_draft_can_be_written(make):
    version = make()
    before = content(version)
    with pytest.raises(publishing.Refused, match="cannot be done now"):
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


def make_live(draft):
    publishing.send_for_review(version=draft, by=COMMAND)
    publishing.sign_off(version=draft, by=COMMAND, reviewer=make_clinician())
    return publishing.publish(versions=[draft], by=COMMAND)[0]


# Review


def test_a_draft_with_findings_does_not_go_to_review():
    draft = make_draft(sections={"names": enough()["names"] | {"summary": ""}})
    with pytest.raises(publishing.Refused, match="Mend this first: Write the summary"):
        publishing.send_for_review(version=draft, by=COMMAND)


def test_nobody_signs_off_their_own_writing_not_even_a_superuser(editor, superuser):
    superuser.clinician = make_clinician()
    superuser.save()
    version = make_draft(by=editor.as_actor())
    version = save(version, "names", enough()["names"] | {"summary": "My words."}, by=superuser.as_actor())
    publishing.send_for_review(version=version, by=editor.as_actor())
    with pytest.raises(publishing.Refused, match="You wrote part of this version"):
        publishing.sign_off(version=version, by=superuser.as_actor())


def test_an_editor_who_is_also_a_reviewer_may_sign_off_what_others_wrote(editor):
    both = make_staff("both", Role.EDITOR, Role.REVIEWER, clinician=make_clinician())
    theirs = make_in_review(by=editor.as_actor())
    own = make_in_review(by=both.as_actor())
    assert publishing.can_move(theirs, "sign_off", by=both.as_actor())
    assert not publishing.can_move(own, "sign_off", by=both.as_actor())


def test_only_a_clinician_signs_off():
    version = make_in_review()
    nobody = make_staff("no-clinician", Role.REVIEWER)
    with pytest.raises(publishing.Refused, match="Only a clinician can sign off"):
        publishing.sign_off(version=version, by=nobody.as_actor())


def test_a_sign_off_of_something_else_than_was_seen_is_refused(reviewer):
    version = make_in_review()
    seen = version.revision
    version = publishing.ask_for_changes(version=version, words="Shorter.", by=COMMAND)
    version = save(version, "names", enough()["names"] | {"summary": "Different."})
    publishing.send_for_review(version=version, by=COMMAND)
    with pytest.raises(publishing.Stale):
        publishing.sign_off(version=version, by=reviewer.as_actor(), seen_revision=seen)


def test_the_next_review_lies_after_the_review(reviewer):
    version = make_in_review()
    with pytest.raises(publishing.Unfit) as refused:
        publishing.sign_off(version=version, by=reviewer.as_actor(), next_review_due=timezone.localdate())
    assert refused.value.field == "next_review_due"


def test_asking_for_changes_voids_a_signature_and_keeps_the_words(reviewer):
    version = make_signed_off()
    version = publishing.ask_for_changes(version=version, words=" Say how long it lasts. ", by=reviewer.as_actor())
    assert (version.state, version.changes_wanted) == (State.DRAFT, "Say how long it lasts.")
    assert (version.signed_off_at, version.reviewed_by, version.reviewed_on, version.next_review_due) == (None,) * 4
    assert "how long" not in str(Event.objects.about(version).first().details)


def test_asking_for_changes_needs_words(reviewer):
    with pytest.raises(publishing.Unfit, match="Say what should change"):
        publishing.ask_for_changes(version=make_in_review(), words=" ", by=reviewer.as_actor())


# Who may

ALLOWED = {
    "save_section": {"editor", "superuser"},
    "send_for_review": {"editor", "superuser"},
    "ask_for_changes": {"editor", "reviewer", "manager", "superuser"},
    "sign_off": {"reviewer"},
    "publish": {"manager", "superuser"},
    "withdraw": {"manager", "superuser"},
}
IN_STATE = {
    "save_section": make_draft,
    "send_for_review": make_draft,
    "ask_for_changes": make_in_review,
    "sign_off": make_in_review,
    "publish": make_signed_off,
    "withdraw": make_published,
}


@pytest.mark.parametrize("name", publishing.MOVES)
def test_each_move_is_for_its_roles_alone(name, reception, nurse, editor, reviewer, manager, auditor, superuser):
    version = IN_STATE[name]()
    staff = (reception, nurse, editor, reviewer, manager, auditor, superuser)
    allowed = {user.username for user in staff if publishing.can_move(version, name, by=user.as_actor())}
    assert allowed == ALLOWED[name]
    assert not publishing.can_move(version, name, by=Actor.patient())


def test_only_editors_start_drafts_and_only_managers_withdraw(editor, reviewer, manager):
    page = make_published().page
    assert publishing.can_open_draft(page, by=editor.as_actor())
    assert not publishing.can_open_draft(page, by=reviewer.as_actor())
    assert not publishing.can_open_draft(page, by=manager.as_actor())
    assert publishing.can_withdraw(page, by=manager.as_actor())
    assert not publishing.can_withdraw(page, by=editor.as_actor())


# Publishing


@pytest.mark.parametrize("make", [make_draft, make_in_review, make_published])
def test_only_what_is_signed_off_is_published(make):
    version = make()
    with pytest.raises(publishing.Refused, match="cannot be done now"):
        publishing.publish(versions=[version], by=COMMAND)


def test_publishing_nothing_is_refused():
    with pytest.raises(publishing.Refused, match="Choose what to publish"):
        publishing.publish(versions=[], by=COMMAND)


def test_a_newer_version_takes_the_place_of_the_live_one():
    old = make_published()
    newer = make_live(
        save(publishing.open_draft(page=old.page, by=COMMAND), "names", enough()["names"] | {"plain_name": "New name"})
    )
    old.refresh_from_db()
    newer.page.refresh_from_db()
    assert (old.state, newer.state, newer.page.live_version) == (State.SUPERSEDED, State.PUBLISHED, newer)
    assert newer.page.plain_name == "New name"
    assert old.document["names"]["plain"] == "Balloon repair"


def test_words_may_run_ahead_of_the_other_language():
    english, _spanish = make_both_published()
    draft = publishing.open_draft(page=english.page, by=COMMAND)
    make_live(save(draft, "names", enough()["names"] | {"summary": "Clearer words."}))
    assert ProcedureVersion.objects.published().count() == 2


def test_figures_go_out_in_both_languages_together_or_not_at_all():
    english, spanish = make_both_published()
    drafts = []
    for live in (english, spanish):
        draft = publishing.open_draft(page=live.page, by=COMMAND)
        draft = save(draft, "figures", [figure(low=30, high=60)])
        draft = publishing.send_for_review(version=draft, by=COMMAND)
        drafts.append(publishing.sign_off(version=draft, by=COMMAND, reviewer=make_clinician()))
    with pytest.raises(publishing.Refused, match=r"differ from the page in Spanish: duration\. Publish both languages"):
        publishing.publish(versions=drafts[:1], by=COMMAND)
    publishing.publish(versions=drafts, by=COMMAND)
    assert set(ProcedureVersion.objects.published()) == set(drafts)


def test_two_languages_that_contradict_each_other_are_not_published_together():
    procedure = make_procedure()
    english = make_signed_off(make_page(procedure))
    spanish = make_signed_off(make_page(procedure, language="es"), sections={"figures": [figure(high=90)]})
    with pytest.raises(publishing.Refused, match="differ"):
        publishing.publish(versions=[english, spanish], by=COMMAND)
    assert not ProcedurePage.objects.published().exists()


@pytest.mark.parametrize(
    "change",
    [{"to_day": 14}, {"sources": ["a", "b"]}, {"kind": "allowed", "text": "You may drive."}],
)
def test_days_kinds_and_sources_of_recovery_are_figures_too(change):
    milestone = {"kind": "restricted", "from_day": 0, "to_day": 7, "text": "No driving.", "sources": ["a"]}
    sections = {"sources": [{"key": "a", "title": "A"}, {"key": "b", "title": "B"}], "milestones": [milestone]}
    english, _spanish = make_both_published(sections=sections)
    draft = publishing.open_draft(page=english.page, by=COMMAND)
    draft = save(draft, "milestones", [milestone | change])
    with pytest.raises(publishing.Refused, match="recovery, day 0–"):
        make_live(draft)


def test_the_first_language_may_go_out_alone():
    procedure = make_procedure()
    make_published(make_page(procedure))
    make_signed_off(make_page(procedure, language="es"), sections={"figures": [figure(high=90)]})
    assert procedure.pages.published().count() == 1


def test_a_withdrawn_page_is_off_the_site_and_can_be_written_again(manager):
    live = make_published()
    before = PageStamp.current()
    publishing.withdraw_page(page=live.page, by=manager.as_actor())
    live.refresh_from_db()
    assert live.state == State.SUPERSEDED
    assert not ProcedurePage.objects.published().exists()
    assert PageStamp.current() > before
    assert Event.objects.about(live.page).get().verb == "page.withdrawn"
    with pytest.raises(publishing.Refused, match="not on the site"):
        publishing.withdraw_page(page=live.page, by=manager.as_actor())
    assert content(publishing.open_draft(page=live.page, by=COMMAND)) == content(live)


# When something breaks


def test_a_failure_between_writes_leaves_the_old_page_live_and_whole(monkeypatch):
    old, spanish = make_both_published()
    drafts = []
    for live in (old, spanish):
        draft = publishing.open_draft(page=live.page, by=COMMAND)
        draft = publishing.send_for_review(version=draft, by=COMMAND)
        drafts.append(publishing.sign_off(version=draft, by=COMMAND, reviewer=make_clinician()))
    events, stamp = Event.objects.count(), PageStamp.current()

    def fail():
        raise OSError("the disk is full")

    monkeypatch.setattr(PageStamp, "move", fail)
    with pytest.raises(OSError, match="disk"), transaction.atomic():
        publishing.publish(versions=drafts, by=COMMAND)

    assert set(ProcedureVersion.objects.published()) == {old, spanish}
    assert {page.live_version for page in ProcedurePage.objects.all()} == {old, spanish}
    assert set(ProcedureVersion.objects.open()) == set(drafts)
    assert (Event.objects.count(), PageStamp.current()) == (events, stamp)


def test_a_failing_audit_trail_stops_a_save(monkeypatch):
    draft = make_draft()

    def fail(*args, **kwargs):
        raise OSError("the disk is full")

    monkeypatch.setattr(Event, "record", fail)
    with pytest.raises(OSError, match="disk"), transaction.atomic():
        save(draft, "figures", [])
    draft.refresh_from_db()
    assert draft.figures.count() == 1


def ends_of(*presses):
    """Return how presses at the same moment ended, each in a word."""
    return sorted(
        "refused" if isinstance(end, publishing.Refused) else repr(end) if isinstance(end, Exception) else "done"
        for end in at_once(*presses)
    )


@pytest.mark.django_db(transaction=True)
def test_two_publishers_at_once_make_one_publication():
    version = make_signed_off()
    press = lambda: publishing.publish(versions=[version], by=COMMAND)  # noqa: E731
    assert ends_of(press, press, press) == ["done", "refused", "refused"]
    assert Event.objects.filter(verb="version.published").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_editors_who_start_a_draft_at_once_get_one_draft():
    page = make_published().page
    press = lambda: publishing.open_draft(page=page, by=COMMAND)  # noqa: E731
    assert ends_of(press, press) == ["done", "refused"]
    assert page.versions.open().count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_saves_at_once_one_is_refused_and_none_is_lost():
    draft = make_draft()

    def press(summary):
        return lambda: publishing.save_section(
            version=draft,
            section=section_named(draft, "names"),
            values=enough()["names"] | {"summary": summary},
            by=COMMAND,
            seen_revision=draft.revision,
        )

    assert ends_of(press("One."), press("Two.")) == ["done", "refused"]


@pytest.mark.django_db(transaction=True)
def test_two_languages_with_different_figures_never_slip_past_each_other():
    procedure = make_procedure()
    english = make_signed_off(make_page(procedure))
    spanish = make_signed_off(make_page(procedure, language="es"), sections={"figures": [figure(high=90)]})
    presses = [
        lambda version=version: publishing.publish(versions=[version], by=COMMAND) for version in (english, spanish)
    ]
    assert ends_of(*presses) == ["done", "refused"]


# What the database promises


@pytest.mark.parametrize(
    "broken",
    [
        {"state": State.SIGNED_OFF},
        {"state": State.PUBLISHED},
        {"state": State.DRAFT, "number": 1, "document": {}},
        {"state": State.IN_REVIEW},
    ],
)
def test_the_database_refuses_a_version_that_could_not_be(broken):
    page = make_draft().page
    with pytest.raises(IntegrityError), transaction.atomic():
        ProcedureVersion.objects.create(page=page, **{"number": 9, **broken})


def test_the_database_keeps_one_address_a_language():
    page = make_page()
    with pytest.raises(IntegrityError), transaction.atomic():
        make_page(slug=page.slug)
    make_page(slug=page.slug, language="es")
