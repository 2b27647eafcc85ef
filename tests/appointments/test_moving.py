"""Moves: what each may be made from and by whom, what is written down with it, and what two at once leave behind."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.db.models import F

from accounts.roles import Role
from appointments import workflow
from appointments.models import ClinicQuestion, DeclineReason, Status
from appointments.workflow import MOVES, Refused, Stale, Unfit
from audit.actors import Actor
from audit.models import Event
from outbox.models import Message
from tests.appointments.factories import claimed_request, inputs_of, make_request, moved, stored, submit
from tests.at_once import at_once
from tests.matrices import crossed


def test_claiming_gives_the_request_a_holder_and_records_who(db, reception):
    request = submit().request
    moved = workflow.move(request, "claim", by=reception.as_actor(), seen_revision=1)
    assert (moved.status, moved.holder, moved.revision) == (Status.IN_PROGRESS, reception, 2)
    event = Event.objects.about(request).first()
    assert (event.verb, event.actor_id, event.actor_role) == ("request.claimed", reception.pk, "reception")
    assert event.details == {"from": "new", "to": "in_progress", "revision": 2}


def test_a_released_request_can_be_claimed_by_another(db, reception, reception2):
    request = make_request(status=Status.IN_PROGRESS, by=reception)
    request = workflow.move(request, "release", by=reception.as_actor(), seen_revision=request.revision)
    assert (request.holder, request.held_since) == (None, None)
    request = workflow.move(request, "claim", by=reception2.as_actor(), seen_revision=request.revision)
    assert request.holder == reception2


def test_an_answer_is_kept_and_a_message_tells_the_patient_without_repeating_it(db, reception):
    request = make_request(status=Status.IN_PROGRESS, by=reception)
    text = "Come on Tuesday at 9, or telephone us."
    request = workflow.move(
        request, "answer", by=reception.as_actor(), seen_revision=request.revision, answer=f"  {text}\n"
    )
    assert (request.status, request.answer) == (Status.ANSWERED, text)
    message = Message.objects.about(request).last()
    assert message.purpose == "answered"
    assert text not in message.text + message.html


def test_declining_needs_a_reason_from_the_list(db, reception):
    request = make_request(status=Status.IN_PROGRESS, by=reception)
    for reason in ("", "because"):
        with pytest.raises(Unfit) as refusal:
            workflow.move(
                request, "decline", by=reception.as_actor(), seen_revision=request.revision, decline_reason=reason
            )
        assert refusal.value.field == "decline_reason"
    request = workflow.move(
        request,
        "decline",
        by=reception.as_actor(),
        seen_revision=request.revision,
        decline_reason=DeclineReason.REFERRAL_NEEDED,
    )
    assert (request.status, request.decline_reason) == (Status.DECLINED, DeclineReason.REFERRAL_NEEDED)


@pytest.mark.parametrize("answer", ["", "  \n ", "x" * 4001])
def test_an_empty_or_endless_answer_is_sent_back_to_be_mended(db, reception, answer):
    request = make_request(status=Status.IN_PROGRESS, by=reception)
    with pytest.raises(Unfit):
        workflow.move(request, "answer", by=reception.as_actor(), seen_revision=request.revision, answer=answer)
    request.refresh_from_db()
    assert request.status == Status.IN_PROGRESS


@pytest.mark.parametrize(
    ("name", "status"),
    crossed([name for name, row in MOVES.items() if row.spam != workflow.HELD_ALONE], Status.values),
)
def test_a_move_is_made_from_the_states_of_the_table_and_from_no_other(db, reception, name, status):
    request = make_request(status=status, by=reception)
    if name == "claim" and status == Status.IN_PROGRESS:
        request = moved(request, "release", by=reception)
    if (name, status) == ("accept", Status.IN_PROGRESS):
        request = moved(
            moved(request, "offer", by=reception, **inputs_of("offer", request)),
            "ask",
            by=reception,
            **inputs_of("ask", request),
        )
        request = moved(request, "reply", by=reception, reply="Yes")
    if name == "reply" and status in (Status.IN_PROGRESS, Status.WAITING):
        ClinicQuestion.objects.create(request=request, text="Which leg?", asked_by=reception)
    if name == "wake" and status in MOVES[name].allowed_from:
        request = moved(request, "snooze", by=reception, **inputs_of("snooze", request))
    if (name, status) == ("close", Status.AGREED):
        request.offers.update(starts_at=F("starts_at") - timedelta(days=8), ends_at=F("ends_at") - timedelta(days=8))
    before, inputs = stored(), inputs_of(name, request)
    if name == "withdraw" and status == Status.WITHDRAWN:
        assert moved(request, name, by=reception).revision == request.revision
        return
    actor = Actor.patient() if MOVES[name].made_by == "patient" else reception.as_actor()
    allowed = status in MOVES[name].allowed_from
    assert workflow.can_move(request, name, by=actor) is allowed
    if allowed:
        request = moved(request, name, by=reception, **inputs)
        assert request.status == (MOVES[name].leads_to or status)
        assert stored()[1] == before[1] + 1
        assert stored()[2] == before[2] + bool(MOVES[name].message)
    else:
        with pytest.raises(Refused):
            moved(request, name, by=reception, **inputs)
        assert stored() == before


@pytest.mark.parametrize(("name", "role"), crossed(workflow.moves_of("staff"), ["editor", "reviewer", "auditor"]))
def test_staff_who_do_not_triage_make_no_move(request, db, reception, role, name):
    stranger = request.getfixturevalue(role)
    asked = make_request(status=Status.NEW, by=reception)
    for actor in (stranger.as_actor(), Actor.patient()):
        with pytest.raises(Refused):
            workflow.move(asked, name, by=actor, seen_revision=asked.revision, **inputs_of(name, asked))


@pytest.mark.parametrize("name", workflow.moves_of("patient"))
def test_staff_make_no_move_in_the_name_of_the_patient(db, reception, name):
    asked = make_request(status=Status.WAITING, by=reception)
    with pytest.raises(Refused):
        workflow.move_by_patient(asked, name, by=reception.as_actor(), **inputs_of(name, asked))


def test_only_the_holder_answers_and_only_a_manager_releases_for_others(db, reception, reception2, manager):
    request = make_request(status=Status.IN_PROGRESS, by=reception)
    for name in ("answer", "decline", "release"):
        with pytest.raises(Refused, match="Rosa"):
            workflow.move(request, name, by=reception2.as_actor(), seen_revision=request.revision, answer="Yes")
    with pytest.raises(Refused, match="Rosa"):
        workflow.move(request, "answer", by=manager.as_actor(), seen_revision=request.revision, answer="Yes")
    released = workflow.move(request, "release", by=manager.as_actor(), seen_revision=request.revision)
    assert released.holder is None


def test_a_move_on_an_old_view_is_refused(db, reception, reception2):
    request = submit().request
    workflow.move(request, "claim", by=reception.as_actor(), seen_revision=1)
    with pytest.raises(Stale):
        workflow.move(request, "claim", by=reception2.as_actor(), seen_revision=1)


def test_the_same_press_twice_is_one_move(db, reception):
    request = make_request(status=Status.IN_PROGRESS, by=reception)
    seen, before = request.revision, stored()
    for _press in range(2):
        moved = workflow.move(request, "answer", by=reception.as_actor(), seen_revision=seen, answer="Yes")
    assert moved.status == Status.ANSWERED
    assert stored() == (before[0], before[1] + 1, before[2] + 1)


def test_the_same_press_with_other_words_is_not_taken_for_the_first(db, reception):
    request = make_request(status=Status.IN_PROGRESS, by=reception)
    seen = request.revision
    workflow.move(request, "answer", by=reception.as_actor(), seen_revision=seen, answer="Yes")
    with pytest.raises(Stale):
        workflow.move(request, "answer", by=reception.as_actor(), seen_revision=seen, answer="No")


@pytest.mark.django_db(transaction=True)
def test_two_receptionists_claiming_at_once_leave_one_holder_and_one_event(reception, reception2):
    request = submit().request

    def claim(user):
        return lambda: workflow.move(request, "claim", by=user.as_actor(), seen_revision=1).holder

    outcomes = at_once(claim(reception), claim(reception2))
    request.refresh_from_db()
    assert request.holder in outcomes
    assert [type(outcome) for outcome in outcomes if outcome != request.holder] == [Stale]
    assert Event.objects.about(request).filter(verb="request.claimed").count() == 1


def test_a_move_that_fails_in_the_middle_leaves_the_request_as_it_was(db, reception, monkeypatch):
    request = make_request(status=Status.IN_PROGRESS, by=reception)
    before = stored()

    def fail(*args, **kwargs):
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(Message.objects, "create", fail)
    with pytest.raises(DatabaseError):
        workflow.move(request, "answer", by=reception.as_actor(), seen_revision=request.revision, answer="Yes")
    request.refresh_from_db()
    assert (request.status, request.answer) == (Status.IN_PROGRESS, "")
    assert stored() == before


@pytest.mark.parametrize("ending", ["left", "has another role"])
def test_what_somebody_held_who_left_is_released_by_any_colleague(db, reception, reception2, ending):
    request = claimed_request(reception)
    if ending == "left":
        reception.is_active = False
        reception.save()
    else:
        reception.set_roles([Role.EDITOR])
    request = workflow.move(request, "release", by=reception2.as_actor(), seen_revision=request.revision)
    assert request.holder is None
    assert workflow.can_move(request, "claim", by=reception2.as_actor())
