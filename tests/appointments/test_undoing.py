"""Undoing: a move is taken back whole by whoever made it, in time, or not at all."""

from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from appointments import messages, workflow
from appointments.models import (
    AppointmentRequest,
    ClinicQuestion,
    HeldBecause,
    LastMove,
    Note,
    PhoneTask,
    Status,
    TimeOffer,
    TrackingLink,
)
from appointments.workflow import MOVES, Refused, Stale
from audit.actors import Actor
from audit.models import Event
from outbox import sender
from outbox.models import Message, State
from tests.appointments.at_the_desk import address, press
from tests.appointments.factories import (
    claimed_request,
    inputs_of,
    let_undo_time_pass,
    make_request,
    make_time,
    moved,
    reached,
)
from tests.at_once import at_once
from tests.clinic.factories import make_closure, make_hours, make_profile
from tests.matrices import crossed

pytestmark = pytest.mark.django_db
QUEUE = reverse("admin:appointments_appointmentrequest_changelist")

UNDOABLE = [name for name in workflow.moves_of("staff") if name != "read_news"]
# From where each move is tried: the first state of the table, as a request gets there.
HELD = ("not_spam", "spam")


def ready_for(name, *, by, **answers):
    """Return a request on which `by` can make this move."""
    row = MOVES[name]
    if name in HELD:
        request = make_request(**answers)
        AppointmentRequest.objects.update(held_because=HeldBecause.DECOY)
        request.refresh_from_db()
        return request
    status = Status.IN_PROGRESS if Status.IN_PROGRESS in row.allowed_from and name != "claim" else row.allowed_from[0]
    request = make_request(status=status, by=by, **answers)
    if name == "close":
        request.offers.all().delete()
        AppointmentRequest.objects.update(status=Status.ANSWERED)
        request.refresh_from_db()
    if name == "wake":
        request = moved(request, "snooze", by=by, **inputs_of("snooze", request))
    return request


def everything(request):
    """Return all that a move of a request can change, but for what only goes up."""
    rows = AppointmentRequest.of_every_kind.filter(pk=request.pk).values()
    columns = [
        {name: value for name, value in row.items() if name not in ("revision", "calendar_sequence")} for row in rows
    ]
    for row in columns:
        # The same text is encrypted otherwise each time it is saved.
        row["answer"] = AppointmentRequest.of_every_kind.get(pk=row["id"]).answer
    messages_of = Message.objects.about(request).exclude(state=State.CANCELLED)
    return (
        columns,
        list(TimeOffer.objects.values().order_by("pk")),
        [(each.pk, each.text, each.taken_back_at) for each in ClinicQuestion.objects.order_by("pk")],
        [(each.pk, each.text) for each in Note.objects.order_by("pk")],
        list(PhoneTask.objects.values().order_by("pk")),
        list(messages_of.values("pk", "state", "not_before").order_by("pk")),
        list(TrackingLink.objects.values().order_by("pk")),
    )


def undone(request, *, by):
    return workflow.undo(request, by=by.as_actor(), seen_revision=request.revision)


def verbs(request):
    return list(Event.objects.about(request).values_list("verb", flat=True))


@pytest.fixture
def desk(client, reception):
    client.force_login(reception)
    return client


# What comes back


@pytest.mark.parametrize(("name", "email"), crossed(UNDOABLE, ["ana@example.org", ""]))
def test_every_move_is_taken_back_as_if_it_had_not_been(reception, name, email):
    request = ready_for(name, by=reception, email=email)
    before, revision = everything(request), request.revision
    request = moved(request, name, by=reception, **inputs_of(name, request))
    assert everything(request) != before
    made = Event.objects.about(request).first()
    request = undone(request, by=reception)
    assert everything(request) == before
    assert request.revision == revision + 2
    event = Event.objects.about(request).first()
    assert (event.verb, event.details["undone"]) == ("request.undone", made.pk)
    assert not LastMove.objects.exists()
    # It can be made again.
    again = moved(request, name, by=reception, **inputs_of(name, request))
    assert again.status == (MOVES[name].leads_to or request.status)


@pytest.mark.parametrize("name", ["offer", "agree", "ask", "retract", "stop_waiting"])
def test_times_and_what_the_patient_was_to_be_told_of_them_stand_again(reception, name):
    request = make_request(status=Status.WAITING, by=reception)
    before = everything(request)
    inputs = {"offer": {"times": [make_time(days=12)]}}.get(name, inputs_of(name, request))
    request = undone(moved(request, name, by=reception, **inputs), by=reception)
    assert everything(request) == before
    assert [offer.state for offer in request.offers.all()] == ["open", "open"]


def test_the_agreed_time_that_was_changed_stands_again_with_its_message(reception):
    request = make_request(status=Status.AGREED, by=reception)
    before, was = everything(request), request.calendar_sequence
    request = undone(moved(request, "change_time", by=reception, time=make_time(days=9)), by=reception)
    assert everything(request) == before
    assert request.calendar_sequence > was + 1, "the file of the new time may have been fetched from the private page"


def test_a_question_taken_back_is_open_again(reception):
    request = moved(claimed_request(reception), "ask", by=reception, question="Which leg?")
    request = undone(moved(request, "retract", by=reception), by=reception)
    assert request.clinic_questions.get().is_open
    assert moved(request, "reply", by=reception, reply="Left").status == Status.IN_PROGRESS


def test_an_answer_set_aside_is_back_and_its_note_gone(reception):
    request = make_request(status=Status.ANSWERED, by=reception)
    answer = request.answer
    request = moved(request, "reopen", by=reception)
    assert (request.answer, answer in Note.objects.get().text) == ("", True)
    request = undone(request, by=reception)
    assert (request.answer, Note.objects.count()) == (answer, 0)


def test_the_date_is_that_of_the_hours_as_they_are_now(reception):
    make_profile(promise_hours=8)
    make_hours()
    request = claimed_request(reception)
    request = moved(request, "ask", by=reception, question="Which leg?")
    make_closure(timezone.localdate() + timedelta(days=1))
    make_closure(timezone.localdate() + timedelta(days=2))
    request = undone(request, by=reception)
    assert request.due_at == workflow.due_from(request.promised_from, urgent=False)
    assert workflow.recompute_due() == 0


# The message


def test_a_message_of_staff_waits_until_it_can_no_longer_be_undone_and_that_of_the_patient_does_not(reception):
    request = make_request(status=Status.WAITING, by=reception)
    offer = Message.objects.get(purpose="offer")
    assert offer.not_before - offer.created_at >= messages.HELD_BACK - timedelta(seconds=1)
    request = moved(request, "accept", by=reception, **inputs_of("accept", request))
    # The offer is moot; what was received, and agreed, leaves at once.
    assert sender.send_due() == 2
    assert Message.objects.get(pk=offer.pk).state == State.CANCELLED


def test_the_message_of_an_undone_move_never_leaves_and_its_link_opens_nothing(reception):
    request = claimed_request(reception)
    links = set(TrackingLink.objects.all())
    undone(moved(request, "answer", by=reception, answer="Call us."), by=reception)
    assert set(TrackingLink.objects.all()) == links
    let_undo_time_pass()
    sender.send_due()
    assert list(Message.objects.order_by("pk").values_list("purpose", "state")) == [
        ("received", State.SENT),
        ("answered", State.CANCELLED),
    ]


@pytest.mark.parametrize("state", [State.SENDING, State.SENT, State.UNDELIVERABLE, State.CANCELLED])
def test_what_left_or_is_leaving_is_not_undone(reception, state):
    request = moved(claimed_request(reception), "answer", by=reception, answer="Call us.")
    sent_at = timezone.now() if state == State.SENT else None
    Message.objects.filter(purpose="answered").update(state=state, claimed_at=timezone.now(), sent_at=sent_at)
    before = everything(request)
    with pytest.raises(Refused, match="has left"):
        undone(request, by=reception)
    assert everything(request) == before
    assert "request.undone" not in verbs(request)


def test_what_was_tried_once_may_have_arrived_and_is_not_undone(reception):
    request = moved(claimed_request(reception), "answer", by=reception, answer="Call us.")
    Message.objects.filter(purpose="answered").update(attempts=1)
    with pytest.raises(Refused, match="has left"):
        undone(request, by=reception)


def test_a_message_that_was_leaving_when_a_move_stopped_it_is_not_sent_twice(reception):
    request = make_request(status=Status.WAITING, by=reception)
    let_undo_time_pass()
    claims = [sender.claim_next(by="a", now=timezone.now()) for _each in range(2)]
    request = moved(request, "stop_waiting", by=reception)
    undone(request, by=reception)
    assert Message.objects.get(purpose="offer").state == State.SENDING
    assert [sender.deliver(claim) for claim in claims] == [True, True]
    assert sender.send_due() == 0
    assert set(Message.objects.values_list("state", flat=True)) == {State.SENT}


def test_a_call_in_place_of_a_message_is_taken_back_unless_it_was_made(reception, reception2):
    request = moved(claimed_request(reception, email=""), "answer", by=reception, answer="Call us.")
    keys = {call.key for call in workflow.calls_about(request)[0]}
    reached(request, keys, by=reception2)
    request.refresh_from_db()
    with pytest.raises(Refused, match="called"):
        undone(request, by=reception)


# When, and by whom


def test_a_move_with_a_message_can_be_undone_for_a_minute_and_any_other_for_ten(reception):
    for name, minutes in (("answer", 1), ("release", 10)):
        request = claimed_request(reception)
        with time_machine.travel(timezone.now(), tick=False) as clock:
            request = moved(request, name, by=reception, **inputs_of(name, request))
            clock.shift(timedelta(minutes=minutes) - timedelta(seconds=1))
            workflow.check_undo(request, request.last_move, by=reception.as_actor())
            clock.shift(timedelta(seconds=1))
            with pytest.raises(Refused, match="too late"):
                undone(request, by=reception)


def test_nobody_else_undoes_a_move(reception, reception2, manager, editor):
    request = moved(make_request(), "claim", by=reception)
    for other in (reception2, manager):
        with pytest.raises(Refused, match="Only Rosa Reyes can undo this"):
            undone(request, by=other)
    for actor in (editor.as_actor(), Actor.patient(), Actor.command("x")):
        with pytest.raises(Refused):
            workflow.undo(request, by=actor, seen_revision=request.revision)
    reception.set_roles([Role.EDITOR])
    with pytest.raises(Refused, match="role"):
        undone(request, by=reception)


@pytest.mark.parametrize("then", ["claim", "add", "withdraw"])
def test_what_somebody_did_since_is_not_undone_with_it(reception, reception2, then):
    request = moved(claimed_request(reception), "release", by=reception)
    seen = request.revision
    later = moved(request, then, by=reception2, **inputs_of(then, request))
    for revision in (seen, later.revision):
        with pytest.raises(Refused):
            workflow.undo(later, by=reception.as_actor(), seen_revision=revision)
    assert AppointmentRequest.objects.get(pk=request.pk).revision == later.revision


def test_nothing_that_was_never_moved_is_undone(reception):
    with pytest.raises(Refused, match="nothing to undo"):
        undone(make_request(), by=reception)


def test_one_undoing_cannot_be_followed_by_another(reception):
    request = moved(moved(make_request(), "claim", by=reception), "release", by=reception)
    request = undone(request, by=reception)
    with pytest.raises(Refused, match="nothing to undo"):
        undone(request, by=reception)


def test_an_agreed_time_that_went_to_another_patient_meanwhile_is_not_given_back(reception):
    request = make_request(status=Status.AGREED, by=reception)
    request = moved(request, "cancel_time", by=reception)
    make_request(status=Status.AGREED, by=reception)
    before = everything(request)
    with pytest.raises(workflow.Taken, match="another patient"):
        undone(request, by=reception)
    assert everything(request) == before


def test_a_failure_in_the_middle_leaves_the_move_as_it_was(reception, monkeypatch):
    request = moved(claimed_request(reception), "ask", by=reception, question="Which leg?")
    before = everything(request)

    def fail(*args, **kwargs):
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(Event, "record", fail)
    with pytest.raises(DatabaseError):
        undone(request, by=reception)
    monkeypatch.undo()
    assert everything(request) == before
    assert undone(request, by=reception).status == Status.IN_PROGRESS


def test_what_can_no_longer_be_undone_is_forgotten(reception):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        moved(claimed_request(reception), "answer", by=reception, answer="Call us.")
        assert workflow.forget_last_moves() == 0
        clock.shift(timedelta(minutes=10, seconds=1))
        assert workflow.forget_last_moves() == 1
    assert not LastMove.objects.exists()


# At once

at_the_same_time = pytest.mark.django_db(transaction=True)


@at_the_same_time
def test_two_presses_at_once_are_one_undoing(reception):
    request = moved(claimed_request(reception), "answer", by=reception, answer="Call us.")
    actor, seen = reception.as_actor(), request.revision
    came_of = at_once(*[lambda: workflow.undo(request, by=actor, seen_revision=seen).status] * 2)
    assert came_of == [Status.IN_PROGRESS] * 2
    assert verbs(request).count("request.undone") == 1


@at_the_same_time
def test_undoing_and_another_move_at_once_leave_one_of_them(reception, reception2):
    request = moved(claimed_request(reception), "release", by=reception)
    seen, mine, theirs = request.revision, reception.as_actor(), reception2.as_actor()
    came_of = at_once(
        lambda: workflow.undo(request, by=mine, seen_revision=seen),
        lambda: workflow.move(request, "claim", by=theirs, seen_revision=seen),
    )
    request.refresh_from_db()
    assert sorted(isinstance(each, Stale) for each in came_of) == [False, True]
    assert request.revision == seen + 1
    assert request.holder == (reception if isinstance(came_of[1], Stale) else reception2)


@at_the_same_time
@pytest.mark.parametrize("head_start", range(4))
def test_a_message_leaves_or_its_move_is_undone_and_never_both(reception, head_start):
    request = moved(claimed_request(reception), "answer", by=reception, answer="Call us.")
    sender.send_due()
    let_undo_time_pass()
    actor, seen = reception.as_actor(), request.revision
    came_of = at_once(
        lambda: workflow.undo(request, by=actor, seen_revision=seen),
        *[lambda: sender.send_due(by="sender:1")] * (1 + head_start),
    )
    request.refresh_from_db()
    message = Message.objects.get(purpose="answered")
    if isinstance(came_of[0], Refused):
        assert (request.status, message.state) == (Status.ANSWERED, State.SENT)
    else:
        assert (request.status, message.state) == (Status.IN_PROGRESS, State.CANCELLED)


# At the desk


def offered_undo(response):
    """Return the button to undo that a page shows: the address and its revision, None for none."""
    offer = response.context["undo"]
    if offer is None or offer.has_left:
        assert "/undo/" not in response.content.decode()
        return None
    assert f"/{offer.asked_id}/undo/" in response.content.decode()
    return reverse("admin:appointments_appointmentrequest_undo", args=[offer.asked_id]), offer.revision


def test_the_page_after_a_move_offers_to_undo_it_and_says_until_when(desk, reception):
    request = claimed_request(reception)
    response = press(desk, request, "answer", answer="Call us.")
    queue = desk.get(response["Location"])
    until = timezone.localtime(LastMove.objects.get().made_at + messages.HELD_BACK)
    assert f"The message to the patient leaves at {until:%-I:%M:%S %p}. Until then" in queue.content.decode()
    undo, revision = offered_undo(queue)
    response = desk.post(undo, {"seen_revision": revision})
    assert response["Location"] == address(request)
    page = desk.get(response["Location"])
    assert f"Undone. {request.reference} is as it was before." in page.content.decode()
    assert "Undid the last move" in page.content.decode()
    assert page.context["asked"].status == Status.IN_PROGRESS
    assert offered_undo(page) is None


def test_the_sheet_offers_it_too_with_the_filters_of_the_queue(desk, reception):
    request = make_request()
    response = press(desk, request, "claim", filters="?_changelist_filters=holder%3Dme")
    page = desk.get(response["Location"])
    assert "You can undo this until" in page.content.decode()
    undo, revision = offered_undo(page)
    assert f"{undo}?_changelist_filters=holder%3Dme" in page.content.decode()
    response = desk.post(f"{undo}?_changelist_filters=holder%3Dme", {"seen_revision": revision})
    assert response["Location"].endswith("?_changelist_filters=holder%3Dme")


def test_the_queue_offers_the_last_of_my_own_moves_alone(desk, reception, reception2):
    mine, theirs = claimed_request(reception), claimed_request(reception2)
    moved(theirs, "release", by=reception2)
    assert offered_undo(desk.get(QUEUE))[0].endswith(f"/{mine.pk}/undo/")
    moved(mine, "add", by=None, words="And my knee.")
    assert offered_undo(desk.get(QUEUE)) is None


def test_once_the_message_has_left_the_sheet_shows_what_puts_it_right(desk, reception):
    request = moved(claimed_request(reception), "answer", by=reception, answer="Call us.")
    let_undo_time_pass()
    sender.send_due()
    page = desk.get(address(request))
    assert offered_undo(page) is None
    assert 'Use <a href="#move_reopen">Open it again, and tell the patient</a>' in page.content.decode()
    assert 'id="move_reopen"' in page.content.decode()
    assert offered_undo(desk.get(QUEUE)) is None


def test_a_press_that_comes_too_late_says_why_and_changes_nothing(desk, reception):
    request = moved(claimed_request(reception), "answer", by=reception, answer="Call us.")
    undo, revision = offered_undo(desk.get(address(request)))
    let_undo_time_pass()
    sender.send_due()
    page = desk.post(undo, {"seen_revision": revision}, follow=True).content.decode()
    assert "Nothing was undone. The message has left, so this cannot be undone." in page
    for typed in ({}, {"seen_revision": "x\x00"}, {"seen_revision": "9" * 40}):
        assert "Nothing was undone. " in desk.post(undo, typed, follow=True).content.decode()
    request.refresh_from_db()
    assert request.status == Status.ANSWERED


def test_an_address_that_is_only_looked_at_undoes_nothing(desk, reception):
    request = moved(make_request(), "claim", by=reception)
    undo, _revision = offered_undo(desk.get(address(request)))
    assert desk.get(undo)["Location"] == address(request)
    request.refresh_from_db()
    assert request.status == Status.IN_PROGRESS


@pytest.mark.parametrize("name", [name for name, row in MOVES.items() if row.corrected_by])
def test_the_move_that_puts_another_right_can_be_made_after_it_and_tells_the_patient(reception, name):
    request = ready_for(name, by=reception)
    request = moved(request, name, by=reception, **inputs_of(name, request))
    mends = MOVES[name].corrected_by
    assert MOVES[mends].message
    assert workflow.can_move(request, mends, by=reception.as_actor())
