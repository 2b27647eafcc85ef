"""Calls in place of messages: each waits until somebody says that it was made, and can be taken back."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from appointments import workflow
from appointments.models import AppointmentRequest, CallBecause, PhoneTask, Status
from audit.actors import Actor
from audit.models import Event
from outbox import sender
from outbox.models import Message, State
from tests.appointments.at_the_desk import address, messages_of
from tests.appointments.factories import inputs_of, let_undo_time_pass, make_request, make_time, moved, reached
from tests.at_once import at_once
from tests.outbox.factories import given_up

pytestmark = pytest.mark.django_db
QUEUE = "/admin/appointments/appointmentrequest/"


@pytest.fixture
def desk(client, reception):
    """Reception's browser, signed in."""
    client.force_login(reception)
    return client


def to_make(request):
    """Return what is still to be said, as (purpose, because) pairs."""
    return [(call.purpose, call.because) for call in workflow.calls_about(request)[0]]


def keys(request):
    return {call.key for call in workflow.calls_about(request)[0]}


def press(client, request, name, **data):
    """Press a button of the page of calls; return the page as it then is."""
    address = reverse("admin:appointments_appointmentrequest_reach", args=[request.pk, name])
    return client.post(address, data, follow=True).content.decode()


def calls_of(client, request):
    return client.get(messages_of(request)).content.decode()


def test_a_message_that_could_not_be_sent_is_a_call_until_it_is_tried_again_or_made(reception):
    request = make_request()
    message = given_up(Message.objects.get())
    assert to_make(request) == [("received", CallBecause.UNDELIVERABLE)]
    assert list(workflow.to_be_called(AppointmentRequest.objects.all())) == [request]
    sender.try_again(message, by=reception.as_actor())
    assert to_make(request) == []
    given_up(message)
    assert reached(request, keys(request), by=reception) == 1
    assert to_make(request) == []
    assert not workflow.to_be_called(AppointmentRequest.objects.all()).exists()
    task = PhoneTask.objects.get()
    assert (task.message, task.done_by) == (message, reception)
    workflow.call_not_made(request, f"task-{task.pk}", by=reception.as_actor())
    assert to_make(request) == [("received", CallBecause.UNDELIVERABLE)]
    sender.try_again(message, by=reception.as_actor())
    assert to_make(request) == []


def test_a_call_is_made_once_and_can_be_taken_back(reception, reception2):
    request = make_request(email="")
    seen = keys(request)
    for who in (reception, reception2):
        reached(request, seen, by=who)
    [made] = workflow.calls_about(request)[1]
    assert made.task.done_by == reception
    assert workflow.call_not_made(request, made.key, by=reception2.as_actor())
    assert to_make(request) == [("received", CallBecause.NO_EMAIL)]
    verbs = list(Event.objects.about(request).values_list("verb", flat=True))
    assert verbs == ["request.call_undone", "request.called", "request.called", "request.received"]


def test_what_nobody_saw_is_not_marked_as_said(reception):
    request = make_request(status=Status.IN_PROGRESS, by=reception, email="")
    seen = keys(request)
    moved(request, "answer", by=reception, **inputs_of("answer", request))
    reached(request, seen, by=reception)
    assert to_make(request) == [("answered", CallBecause.NO_EMAIL)]


def test_the_call_of_another_request_is_left_alone(reception):
    one, other = make_request(email=""), make_request(email="")
    assert reached(one, keys(other) | {"task-0", "message-0", ""}, by=reception) == 0
    assert not workflow.call_not_made(one, keys(other).pop(), by=reception.as_actor())
    assert len(to_make(other)) == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_called_at_once_leave_one_call_made(reception, reception2):
    request = make_request()
    given_up(Message.objects.get())
    seen = keys(request)

    def call(user):
        return lambda: reached(request, seen, by=user)

    assert sorted(at_once(call(reception), call(reception2))) == [0, 1]
    assert PhoneTask.objects.count() == 1


# E-mail that comes back


def test_email_that_came_back_stops_what_is_unsent_and_makes_calls_of_what_was_not_got(reception):
    request = make_request(status=Status.IN_PROGRESS, by=reception)
    sender.send_due()
    request = moved(request, "ask", by=reception, **inputs_of("ask", request))
    other = make_request()
    for _press in range(2):
        workflow.email_came_back(request, by=reception.as_actor())
    assert to_make(request) == [("received", CallBecause.BOUNCED), ("question", CallBecause.BOUNCED)]
    states = dict(Message.objects.about(request).values_list("purpose", "state"))
    assert states == {"received": State.SENT, "question": State.CANCELLED}
    assert Message.objects.about(other).get().state == State.WAITING
    request.refresh_from_db()
    moved(request, "offer", by=reception, **inputs_of("offer", request))
    assert to_make(request)[-1] == ("offer", CallBecause.BOUNCED)
    assert sender.send_due() == 1
    assert Event.objects.about(request).filter(verb="request.email_came_back").count() == 1


def test_email_that_arrives_after_all_leaves_unless_it_was_said_meanwhile(reception):
    request = make_request(status=Status.IN_PROGRESS, by=reception)
    request = moved(request, "ask", by=reception, **inputs_of("ask", request))
    workflow.email_came_back(request, by=reception.as_actor())
    first, unsaid = workflow.calls_about(request)[0]
    reached(request, {first.key}, by=reception)
    for _press in range(2):
        workflow.email_arrives(request, by=reception.as_actor())
    states = dict(Message.objects.about(request).values_list("pk", "state"))
    assert states == {first.task.message_id: State.CANCELLED, unsaid.task.message_id: State.WAITING}
    assert to_make(request) == []
    request.refresh_from_db()
    assert request.can_be_written_to


def test_a_message_that_is_leaving_at_this_moment_is_to_be_said_too(reception):
    request = make_request()
    claim = sender.claim_next(by="sender", now=Message.objects.get().not_before)
    workflow.email_came_back(request, by=reception.as_actor())
    claim.finish(state=State.SENT, sent_at=request.created_at)
    assert Message.objects.get().state == State.SENT
    assert len(to_make(request)) == 1


@pytest.mark.parametrize("function", [workflow.email_came_back, workflow.email_arrives])
def test_only_staff_who_triage_say_how_email_fares(editor, function):
    request = make_request()
    for actor in (editor.as_actor(), Actor.patient()):
        with pytest.raises(workflow.Refused):
            function(request, by=actor)
        with pytest.raises(workflow.Refused):
            workflow.log_call(request, "reached", by=actor, token="t", said=keys(request))
        with pytest.raises(workflow.Refused):
            workflow.call_not_made(request, "task-1", by=actor)


def test_a_patient_without_email_has_none_that_comes_back(reception):
    with pytest.raises(workflow.Refused):
        workflow.email_came_back(make_request(email=""), by=reception.as_actor())


# At the desk


def test_the_page_of_calls_says_what_to_say_without_the_link_and_takes_the_press(desk):
    request = make_request(language="es", email="")
    assert "1 call is to be made" in desk.get(address(request)).content.decode()
    page = calls_of(desk, request)
    assert "Esto es una solicitud; todavía no es una cita." in page
    assert "/appointments/track/" not in page
    [key] = re.findall(r'name="call" value="([^"]+)"', page)
    page = press(desk, request, "log", outcome="reached", call=key)
    assert "1 call is done." in page
    assert "No call is to be made." in page
    assert "Called the patient" in desk.get(address(request)).content.decode()
    page = press(desk, request, "not-called", call=key)
    assert "Call this patient" in page


def test_the_link_in_a_message_that_was_not_got_is_not_shown_to_staff(desk):
    request = make_request()
    press(desk, request, "came-back")
    page = calls_of(desk, request)
    assert "E-mail arrives after all" in page
    assert not re.search(r"/track/[\w-]{20}", page)
    press(desk, request, "arrives")
    assert "The e-mail came back" in calls_of(desk, request)


def test_the_queue_shows_whom_to_call_and_how_many_and_the_desk_says_it(desk, reception):
    to_call = make_request(email="")
    make_request()
    closed = make_request(status=Status.CLOSED, by=reception)
    given_up(Message.objects.about(closed).first())
    page = desk.get(QUEUE, {"view": "calls"})
    assert {row.pk for row in page.context["cl"].result_list} == {to_call.pk, closed.pk}
    assert "Telephone calls to make (2)" in page.content.decode()
    assert "2 patients are to be called." in desk.get("/admin/").content.decode()


def test_looking_at_a_press_changes_nothing_and_an_unknown_one_is_not_found(desk):
    request = make_request(email="")
    for name, code in (("log", 302), ("nonsense", 404)):
        address = reverse("admin:appointments_appointmentrequest_reach", args=[request.pk, name])
        assert desk.get(address).status_code == code
    assert desk.post(address).status_code == 404
    assert len(to_make(request)) == 1


# What was still to be said of times that have changed meanwhile


def states(request):
    return dict(Message.objects.about(request).values_list("purpose", "state"))


def test_a_message_that_waits_for_the_mail_server_does_not_tell_of_a_time_that_is_changed_by_then(reception):
    request = make_request(status=Status.WAITING, by=reception)
    assert states(request) == {"received": State.WAITING, "offer": State.WAITING}
    request = moved(request, "agree", by=reception, time=make_time(days=7))
    assert (states(request)["offer"], states(request)["agreed"]) == (State.CANCELLED, State.WAITING)
    given_up(Message.objects.get(purpose="agreed"))
    request = moved(request, "cancel_time", by=reception)
    assert to_make(request) == []
    assert states(request) == {
        "received": State.WAITING,
        "offer": State.CANCELLED,
        "agreed": State.CANCELLED,
        "time_cancelled": State.WAITING,
    }
    assert Event.objects.about(request).first().details["taken_back"] == [Message.objects.get(purpose="agreed").pk]


@pytest.mark.parametrize("leaves", [True, False])
def test_a_message_taken_back_while_it_is_tried_is_not_tried_again_and_one_that_left_has_left(reception, leaves):
    request = make_request(status=Status.AGREED, by=reception)
    Message.objects.filter(purpose="received").delete()
    let_undo_time_pass()
    claim = sender.claim_next(by="a sender", now=timezone.now())
    moved(request, "cancel_time", by=reception)
    if leaves:
        claim.finish(state=State.SENT, sent_at=timezone.now())
    else:
        claim.finish(state=State.WAITING, not_before=timezone.now())
    assert states(request)["agreed"] == (State.SENT if leaves else State.CANCELLED)


def test_what_is_about_no_time_or_was_sent_stays_as_it_is(reception):
    request = make_request(status=Status.AGREED, by=reception)
    sender.claim_next(by="a sender", now=timezone.now())
    Message.objects.filter(purpose="agreed").update(state=State.SENT, sent_at=timezone.now())
    moved(request, "withdraw", by=None)
    assert states(request) == {
        "received": State.SENDING,
        "agreed": State.SENT,
        "withdrawn": State.WAITING,
    }


def test_nobody_calls_about_a_time_that_no_longer_stands_and_calls_made_are_remembered(reception):
    request = make_request(status=Status.WAITING, by=reception, email="")
    offered = {call.key for call in workflow.calls_about(request)[0] if call.purpose == "offer"}
    reached(request, offered, by=reception)
    request = moved(request, "agree", by=reception, time=make_time(days=7))
    request = moved(request, "change_time", by=reception, time=make_time(days=9))
    assert [purpose for purpose, _because in to_make(request)] == ["received", "time_changed"]
    request = moved(request, "cancel_time", by=reception)
    assert [purpose for purpose, _because in to_make(request)] == ["received", "time_cancelled"]
    assert [call.purpose for call in workflow.calls_about(request)[1]] == ["offer"]


def test_an_email_that_arrives_after_all_brings_back_no_time_that_was_cancelled_meanwhile(reception):
    request = make_request(status=Status.AGREED, by=reception)
    workflow.email_came_back(request, by=reception.as_actor())
    request = moved(AppointmentRequest.objects.get(), "cancel_time", by=reception)
    workflow.email_arrives(request, by=reception.as_actor())
    assert states(request) == {"received": State.WAITING, "agreed": State.CANCELLED}
