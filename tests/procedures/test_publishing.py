"""How a page goes from draft to patients, who may take it there, and each way in which it must not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor
from audit.models import Event
from clinic.models import PageStamp
from procedures import publishing
from procedures.models import ProcedurePage, ProcedureVersion, State
from tests.procedures.factories import (
    COMMAND,
    content,
    enough,
    figure,
    make_both_published,
    make_clinician,
    make_condition,
    make_draft,
    make_in_review,
    make_live,
    make_page,
    make_procedure,
    make_published,
    make_signed_off,
    save,
)

pytestmark = pytest.mark.django_db


def verbs():
    return list(Event.objects.order_by("id").values_list("verb", flat=True))


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


# Who may

ALLOWED = {
    "save_section": {"editor", "superuser"},
    "save_signed": {"editor", "superuser"},
    "void_signature": {"editor", "superuser"},
    "send_for_review": {"editor", "superuser"},
    "ask_for_changes": {"editor", "reviewer", "manager", "superuser"},
    "sign_off": {"reviewer"},
    "publish": {"manager", "superuser"},
    "confirm": {"reviewer"},
    "withdraw": {"manager", "superuser"},
    "schedule": {"manager", "superuser"},
    "unschedule": {"manager", "superuser"},
}
IN_STATE = {
    "save_section": make_draft,
    "save_signed": make_signed_off,
    "void_signature": make_signed_off,
    "send_for_review": make_draft,
    "ask_for_changes": make_in_review,
    "sign_off": make_in_review,
    "publish": make_signed_off,
    "confirm": make_published,
    "withdraw": make_published,
    "schedule": make_signed_off,
    "unschedule": make_signed_off,
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
