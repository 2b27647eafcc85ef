"""Calls logged in one press: what they end, for how long they can be taken back, and when a patient counts as told."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from appointments import workflow
from appointments.models import AppointmentRequest, CallOutcome, ContactAttempt, HeldBecause, PhoneTask, Status
from appointments.references import new_token
from appointments.workflow.attempts import CALLED, TAKEN_BACK
from audit.actors import Actor
from audit.models import Event
from outbox import sender
from outbox.models import Message
from tests.appointments.at_the_desk import address, messages_of
from tests.appointments.factories import WALKS, inputs_of, let_undo_time_pass, make_request, moved, reached
from tests.at_once import at_once
from tests.matrices import crossed
from tests.outbox.factories import given_up

pytestmark = pytest.mark.django_db
LEAVE_ONE = {"times": ["any"], "reach_by": "phone", "leave_message": True}


@pytest.fixture
def desk(client, reception):
    """Reception's browser, signed in."""
    client.force_login(reception)
    return client


def log(request, outcome, *, by, calls=(), token=None):
    return workflow.log_call(request, outcome, by=by.as_actor(), token=token or new_token(), said=calls)


def to_make(request):
    return {call.key for call in workflow.calls_about(request)[0]}


def contact(request):
    """Return when and how the patient was last told something, as the workflow says it."""
    return workflow.last_contact(workflow.with_contact(AppointmentRequest.of_every_kind).get(pk=request.pk))


def press(client, request, outcome):
    """Open the page of calls, press how one went as a browser does, and return the page as it then is."""
    seen = client.get(messages_of(request)).context
    data = {"outcome": outcome, "token": seen["call_token"], "call": [call["key"] for call in seen["calls_to_make"]]}
    return client.post(reach(request, "log"), data, follow=True)


def reach(request, name):
    return reverse("admin:appointments_appointmentrequest_reach", args=[request.pk, name])


# Logged


@pytest.mark.parametrize(("status", "outcome"), crossed([*WALKS, "held"], CallOutcome.values))
def test_a_call_is_logged_about_a_request_in_any_state_though_none_was_to_be_made(reception, status, outcome):
    request = make_request(status=Status.NEW if status == "held" else status, by=reception, preferences=LEAVE_ONE)
    if status == "held":
        AppointmentRequest.objects.filter(pk=request.pk).update(held_because=HeldBecause.STAFF)
    before = AppointmentRequest.objects.values().get(pk=request.pk)
    assert log(request, outcome, by=reception) == 0
    attempt = ContactAttempt.objects.get()
    assert (attempt.outcome, attempt.made_by, attempt.request) == (outcome, reception, request)
    assert AppointmentRequest.objects.values().get(pk=request.pk) == before
    details = Event.objects.about(request).get(verb=CALLED).details
    assert details | {"press": ""} == {"attempt": attempt.pk, "outcome": outcome, "calls": [], "press": ""}


@pytest.mark.parametrize(("outcome", "ends"), [("reached", 1), ("message_left", 1), ("no_answer", 0)])
def test_the_calls_to_make_end_when_their_words_were_said_and_wait_on_when_nobody_answered(reception, outcome, ends):
    request = make_request(email="", preferences=LEAVE_ONE)
    assert log(request, outcome, by=reception, calls=to_make(request)) == ends
    assert len(to_make(request)) == 1 - ends
    assert PhoneTask.objects.filter(done_by=reception).count() == ends


def test_a_message_that_could_not_be_sent_stays_a_call_however_often_nobody_answers_and_makes_no_other(reception):
    request = make_request()
    given_up(Message.objects.get())
    for _call in range(3):
        log(request, "no_answer", by=reception, calls=to_make(request))
        sender.send_due()
    assert to_make(request) == {f"message-{Message.objects.get().pk}"}
    assert not PhoneTask.objects.exists()
    reached(request, to_make(request), by=reception)
    assert (to_make(request), Message.objects.count()) == (set(), 1)


def test_the_same_press_twice_is_one_call_and_two_presses_are_two(reception):
    request = make_request(email="")
    seen = to_make(request)
    assert [log(request, "reached", by=reception, calls=seen, token="one") for _press in range(2)] == [1, 0]
    assert ContactAttempt.objects.count() == Event.objects.filter(verb=CALLED).count() == 1
    log(request, "reached", by=reception, calls=seen, token="two")
    assert ContactAttempt.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_one_press_that_arrives_twice_at_once_is_one_call(reception):
    request = make_request(email="")
    seen = to_make(request)
    assert sorted(at_once(*[lambda: log(request, "reached", by=reception, calls=seen, token="one")] * 2)) == [0, 1]
    assert ContactAttempt.objects.count() == 1


def test_no_message_is_left_with_a_patient_who_does_not_want_one(desk, reception):
    request = make_request(email="")
    page = desk.get(messages_of(request))
    assert [each["value"] for each in page.context["outcomes"]] == ["reached", "no_answer"]
    assert "Leave no message: this patient does not want one." in page.content.decode()
    assert "This patient wants no message left." in press(desk, request, "message_left").content.decode()
    reached(request, to_make(request), by=reception)
    assert "When you call, leave no message" in desk.get(address(request)).content.decode()
    assert not ContactAttempt.objects.filter(outcome="message_left").exists()
    allowed = desk.get(address(make_request(preferences=LEAVE_ONE)))
    assert [each["value"] for each in allowed.context["outcomes"]] == CallOutcome.values
    assert "leave no message" not in allowed.content.decode()


@pytest.mark.parametrize("outcome", ["", "shouted"])
def test_an_outcome_that_is_none_is_refused(desk, outcome):
    assert "Choose how the call went." in press(desk, make_request(), outcome).content.decode()
    assert not ContactAttempt.objects.exists()


def test_only_who_triages_logs_calls(editor):
    request = make_request()
    for actor in (editor.as_actor(), Actor.patient()):
        with pytest.raises(workflow.Refused):
            workflow.log_call(request, "reached", by=actor, token="t")
        with pytest.raises(workflow.Refused):
            workflow.take_back_call(request, 1, by=actor)


# At the desk


def test_one_press_logs_the_call_and_ends_what_was_to_be_said(desk):
    request = make_request(email="")
    page = press(desk, request, "reached")
    text = page.content.decode()
    assert "1 call is done." in text
    assert "No call is to be made." in text
    (line,) = page.context["calls_logged"]
    assert (line["outcome"], str(line["who"]), len(line["said"])) == ("Reached", "Rosa Reyes", 1)
    assert page.context["calls_made"] == []
    page = press(desk, request, "no_answer")
    assert "The call is logged." in page.content.decode()
    assert [line["outcome"] for line in page.context["calls_logged"]] == ["Reached", "No answer"]


def test_what_was_said_by_mistake_waits_again_and_the_call_stays_logged(desk):
    request = make_request(email="")
    page = press(desk, request, "reached")
    key = page.context["calls_logged"][0]["said"][0]["key"]
    page = desk.post(reach(request, "not-called"), {"call": key}, follow=True)
    assert "The call is to be made again." in page.content.decode()
    assert [line["said"] for line in page.context["calls_logged"]] == [[]]


# Taken back


def test_a_call_logged_by_mistake_is_taken_back_with_all_that_it_ended(desk, reception):
    request = moved(make_request(email=""), "claim", by=reception)
    request = moved(request, "ask", by=reception, **inputs_of("ask", request))
    waiting = to_make(request)
    page = press(desk, request, "reached")
    assert "Take this call back" in page.content.decode()
    request.refresh_from_db()
    assert request.first_answered_at is not None
    data = {"attempt": page.context["calls_logged"][0]["pk"]}
    for _press in range(2):
        text = desk.post(reach(request, "take-back"), data, follow=True).content.decode()
    assert to_make(request) == waiting
    request.refresh_from_db()
    assert (request.first_answered_at, contact(request)) == (None, None)
    assert "Take this call back" not in text
    assert "Taken back " in text
    event = Event.objects.about(request).get(verb=TAKEN_BACK)
    assert len(event.details["calls"]) == 2


def test_an_undeliverable_message_waits_again_after_its_call_is_taken_back(reception):
    request = make_request()
    given_up(Message.objects.get())
    waiting = to_make(request)
    reached(request, waiting, by=reception)
    workflow.take_back_call(request, ContactAttempt.objects.get().pk, by=reception.as_actor())
    assert to_make(request) == waiting
    assert None not in Event.objects.get(verb=TAKEN_BACK).details["calls"]


def test_a_call_is_taken_back_by_its_author_within_ten_minutes_and_never_through_another_request(reception, reception2):
    request = make_request()
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        log(request, "reached", by=reception)
    key = ContactAttempt.objects.get().pk
    for who, about, minutes in ((reception2, request, 1), (reception, make_request(), 1), (reception, request, 11)):
        with time_machine.travel(now + timedelta(minutes=minutes), tick=False), pytest.raises(workflow.Refused):
            workflow.take_back_call(about, key, by=who.as_actor())
    with time_machine.travel(now + timedelta(minutes=10), tick=False):
        workflow.take_back_call(request, key, by=reception.as_actor())
    assert ContactAttempt.objects.get().taken_back_at == now + timedelta(minutes=10)


# Contacted


def test_a_patient_is_contacted_once_a_message_was_accepted_and_a_receipt_is_none(desk, reception):
    request = make_request(status=Status.IN_PROGRESS, by=reception)
    sender.send_due()
    assert contact(request) is None
    assert "Not contacted yet" in desk.get(address(request)).content.decode()
    request = moved(request, "ask", by=reception, **inputs_of("ask", request))
    assert contact(request) is None, "it has not left"
    given_up(Message.objects.get(purpose="question"))
    assert contact(request) is None
    sender.try_again(Message.objects.get(purpose="question"), by=reception.as_actor())
    sender.send_due()
    told = contact(request)
    assert (told.purpose, told.when) == ("question", Message.objects.get(purpose="question").sent_at)
    assert "Message “We have a question”, accepted for delivery" in desk.get(address(request)).content.decode()


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("reached", "Reached by telephone, "),
        ("message_left", "Message left by telephone, "),
        ("no_answer", "Not contacted yet"),
    ],
)
def test_a_patient_is_contacted_once_a_call_reached_them_or_left_a_message(desk, reception, outcome, words):
    request = make_request(preferences=LEAVE_ONE)
    log(request, outcome, by=reception)
    assert words in desk.get(address(request)).content.decode()
    workflow.take_back_call(request, ContactAttempt.objects.get().pk, by=reception.as_actor())
    assert "Not contacted yet" in desk.get(address(request)).content.decode()


def test_the_last_contact_is_the_one_that_is_named(reception):
    request = make_request(status=Status.WAITING, by=reception)
    let_undo_time_pass()
    sender.send_due()
    assert contact(request).purpose == "offer"
    log(request, "reached", by=reception)
    log(request, "no_answer", by=reception)
    assert contact(request).outcome == "reached"


def test_many_calls_cost_the_sheet_no_more_queries(desk, reception, django_assert_max_num_queries):
    request = make_request(email="", preferences=LEAVE_ONE)
    counts = []
    for outcome in ("reached", "no_answer", "message_left"):
        log(request, outcome, by=reception, calls=to_make(request))
        with django_assert_max_num_queries(12) as asked:
            desk.get(address(request))
        counts.append(len(asked))
    assert len(set(counts)) == 1
