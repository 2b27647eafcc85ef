"""Every move of the table on every path: refused where the table says so, made once, and whole or not at all."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.db.models import F

from appointments import workflow
from appointments.admin import moving
from appointments.changes import CHANGES
from appointments.models import AppointmentRequest, ClinicQuestion, HeldBecause, Merge, Note, Status
from appointments.workflow import MOVES, Refused, moves_of
from audit.actors import PATIENT, STAFF, Actor
from audit.models import Event
from outbox.models import Message
from tests.appointments.at_the_desk import press, state_of
from tests.appointments.factories import inputs_of, link_to, make_request, moved, stored
from tests.at_once import at_once

pytestmark = pytest.mark.django_db
BY_PATIENT = [name for name, row in MOVES.items() if row.made_by == PATIENT]


def ready_for(name, *, by):
    """Return a request on which this move can be made, by `by` or by the patient."""
    row = MOVES[name]
    held = row.spam == workflow.HELD_ALONE
    status = row.allowed_from[0] if held or Status.WAITING not in row.allowed_from else Status.WAITING
    request = make_request(status=status, by=by)
    if held:
        AppointmentRequest.objects.update(held_because=HeldBecause.DECOY)
    if name == "wake":
        moved(request, "snooze", by=by, **inputs_of("snooze", request))
    if name == "reply":
        ClinicQuestion.objects.create(request=request, text="Which leg?", asked_by=by)
    if name == "close":
        request.offers.update(starts_at=F("starts_at") - timedelta(days=8), ends_at=F("ends_at") - timedelta(days=8))
    request.refresh_from_db()
    return request


def presser(name, request, *, by):
    """Return a press of this move, on the request as it is now."""
    inputs = inputs_of(name, request)
    if MOVES[name].made_by == PATIENT:
        return lambda: workflow.move_by_patient(request, name, by=Actor.patient(), **inputs)
    actor, seen = by.as_actor(), request.revision
    return lambda: workflow.move(request, name, by=actor, seen_revision=seen, **inputs)


@pytest.mark.wide
@pytest.mark.parametrize("status", Status.values)
def test_a_button_of_the_sheet_is_refused_in_every_state_that_the_table_leaves_out(client, reception, status):
    client.force_login(reception)
    request = make_request(status=status, by=reception)
    before = state_of(request)
    for name, row in moving.AT_THE_DESK.items():
        if status not in row.allowed_from or row.spam == workflow.HELD_ALONE:
            assert press(client, request, name, answer="Yes", why="Yes", level="urgent").status_code == 409, name
            assert state_of(request) == before, name


@pytest.mark.parametrize("status", Status.values)
def test_a_private_link_changes_nothing_in_the_states_that_the_table_leaves_out(client, reception, status):
    request = make_request(status=status, by=reception)
    token, before = link_to(request), state_of(request)
    tried = [row for row in CHANGES.values() if status not in MOVES[row.move].allowed_from]
    for row in tried:
        offer = "999999/" if row.move == "accept" else ""
        data = {"go": "yes", "reply": "Left", "words": "More", "times": ["any"]}
        answer = client.post(f"/appointments/track/{token}/{row.name}/{offer}", data)
        done_before = row.move == "withdraw" and status == Status.WITHDRAWN
        # What was typed may be sent back before anybody asks whether it can be done.
        assert answer.status_code in ((303,) if done_before else (409, 422)), row.name
        assert state_of(request) == before, row.name
    assert tried or status in (Status.IN_PROGRESS, Status.WAITING)


@pytest.mark.parametrize("name", moves_of(STAFF))
def test_a_request_that_was_joined_with_another_is_moved_by_no_member_of_staff(reception, name):
    request, kept = make_request(status=Status.CLOSED, by=reception), make_request()
    Merge.objects.create(kept=kept, merged=request, before={}, made_by=reception)
    AppointmentRequest.objects.filter(pk=request.pk).update(merged_into=kept)
    request.refresh_from_db()
    with pytest.raises(Refused):
        presser(name, request, by=reception)()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", MOVES)
def test_two_presses_at_once_are_one_event(reception, name):
    request = ready_for(name, by=reception)
    twice = presser(name, request, by=reception)
    before = stored()
    came_of = at_once(twice, twice)
    assert [type(each) for each in came_of] == [AppointmentRequest] * 2
    assert stored()[1] == before[1] + 1
    assert stored()[2] <= before[2] + 1


@pytest.mark.parametrize("name", MOVES)
def test_a_move_that_fails_at_its_last_line_leaves_nothing(reception, monkeypatch, name):
    request = ready_for(name, by=reception)
    press_it = presser(name, request, by=reception)

    def rows():
        states = list(Message.objects.order_by("pk").values("pk", "state"))
        offers = list(request.offers.order_by("pk").values("pk", "state"))
        return (
            stored(),
            states,
            offers,
            Note.objects.count(),
            list(request.clinic_questions.values()),
            state_of(request),
        )

    before = rows()

    def fail(*args, **kwargs):
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(Event, "record", fail)
    with pytest.raises(DatabaseError):
        press_it()
    monkeypatch.undo()
    assert rows() == before
