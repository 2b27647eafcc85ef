"""Where the parts of the desk cross: what one of them does between two steps of another one."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from appointments import earlier_times, figures, messages, workflow
from appointments.alerts import tell_what_cannot_wait
from appointments.models import Alert, AlertPerson, AppointmentRequest, Status, TimeOffer, ToldOfChange
from appointments.references import new_token
from appointments.workflow import Refused
from outbox.models import Message, State
from tests.appointments.factories import (
    claimed_request,
    inputs_of,
    link_to,
    make_answers,
    make_request,
    make_time,
    moved,
    reached,
    submit,
)
from tests.clinic.factories import make_hours, make_location, make_profile
from tests.procedures.factories import make_page, make_procedure, make_published

pytestmark = pytest.mark.django_db


def undone(request, *, by):
    request.refresh_from_db()
    return workflow.undo(request, by=by.as_actor(), seen_revision=request.revision)


def joined(kept, merged, by, **choices):
    for each in (kept, merged):
        each.refresh_from_db()
    seen = {"seen_revision": kept.revision, "seen_other": merged.revision}
    return workflow.merge(kept, merged, choices=choices, by=by.as_actor(), **seen)


def to_make(request):
    return {call.key: call.purpose for call in workflow.calls_about(request)[0]}


def called(request, by):
    """Log that the patient was reached and heard all that there was to say; return the keys of what was said."""
    keys = list(to_make(request))
    reached(request, keys, by=by)
    return keys


# Undoing, after something that moved nothing


def test_undoing_keeps_that_the_patient_was_answered_by_a_call_since(reception):
    request = moved(claimed_request(reception, email=""), "offer", by=reception, times=[make_time()])
    request = moved(request, "snooze", by=reception, **inputs_of("snooze", request))
    called(request, reception)
    request = undone(request, by=reception)
    assert request.snoozed_until is None
    assert request.first_answered_at == request.phone_tasks.get(purpose="offer").done_at


def test_undoing_brings_no_answer_back_that_a_call_taken_back_since_had_given(reception):
    request = moved(claimed_request(reception, email=""), "offer", by=reception, times=[make_time()])
    called(request, reception)
    request.refresh_from_db()
    request = moved(request, "snooze", by=reception, **inputs_of("snooze", request))
    workflow.take_back_call(request, request.contact_attempts.get().pk, by=reception.as_actor())
    request = undone(request, by=reception)
    assert (request.first_answered_at, request.first_answer_minutes) == (None, None)


def test_what_undoing_lets_the_patient_be_told_after_all_is_said_by_telephone_where_email_came_back_since(reception):
    request = make_request(status=Status.WAITING, by=reception)
    request = moved(request, "stop_waiting", by=reception)
    workflow.email_came_back(request, by=reception.as_actor())
    request = undone(request, by=reception)
    assert "offer" in to_make(request).values()
    assert not Message.objects.about(request).unsent().exists()


def test_a_time_that_undoing_gives_back_is_listed_when_it_is_let_go_once_more(reception):
    request = make_request(status=Status.AGREED, by=reception)
    request = moved(request, "cancel_time", by=reception)
    workflow.put_away(TimeOffer.objects.get(), by=reception.as_actor())
    request = undone(request, by=reception)
    moved(request, "withdraw", by=None)
    assert earlier_times.let_go(AppointmentRequest.objects.all()).exists()


def test_no_reminder_of_a_time_leaves_that_was_undone(reception):
    request = claimed_request(reception)
    request = moved(request, "agree", by=reception, time=make_time())
    messages.write(request, "reminder")
    undone(request, by=reception)
    assert not Message.objects.about(request).unsent().filter(purpose="reminder").exists()


# Calls that wait again, after what they said no longer stands


@pytest.mark.parametrize(("name", "lets_go"), [("offer", "stop_waiting"), ("ask", "retract"), ("agree", "cancel_time")])
def test_a_call_taken_back_does_not_wait_again_for_what_no_longer_stands(reception, name, lets_go):
    request = claimed_request(reception, email="")
    called(request, reception)
    request = moved(request, name, by=reception, **inputs_of(name, request))
    purpose = workflow.MOVES[name].message
    called(request, reception)
    request.refresh_from_db()
    request = moved(request, lets_go, by=reception)
    workflow.take_back_call(request, request.contact_attempts.last().pk, by=reception.as_actor())
    assert purpose not in to_make(request).values()


def test_nobody_is_called_about_times_that_were_let_go_before_the_email_came_back(reception):
    request = make_request(status=Status.WAITING, by=reception)
    Message.objects.about(request).update(state=State.SENT, sent_at=timezone.now())
    request = moved(request, "stop_waiting", by=reception)
    workflow.email_came_back(request, by=reception.as_actor())
    assert to_make(request) == {}


# Putting aside


def test_a_form_sent_again_brings_back_what_was_put_aside(reception):
    token = new_token()
    request = moved(submit(token=token).request, "claim", by=reception)
    moved(request, "snooze", by=reception, **inputs_of("snooze", request))
    again = submit(make_answers(matter="It is worse."), token=token).request
    assert not again.is_snoozed()


# Joining


def test_two_requests_that_are_one_count_once(reception):
    kept, merged = make_request(), make_request()
    now = timezone.now() + timedelta(minutes=1)
    span = figures.PERIODS["month"].span(now)

    def received():
        every = AppointmentRequest.objects.all()
        by_language = figures.answers_by("language", every, span, until=now)
        return figures.all_answers(every, span, until=now).received, by_language["en"].received

    joined(kept, merged, reception)
    assert received() == (1, 1)
    workflow.unmerge(merged, by=reception.as_actor())
    assert received() == (2, 2)


def test_what_is_asked_beside_an_agreed_time_shows_as_news_once_it_is_joined(reception):
    kept, merged = make_request(status=Status.AGREED, by=reception), make_request(matter="I cannot feel my feet.")
    kept = joined(kept, merged, reception)
    assert (kept.status, kept.has_news) == (Status.AGREED, True)
    assert list(workflow.with_news(AppointmentRequest.objects.all())) == [kept]
    workflow.unmerge(merged, by=reception.as_actor())
    kept.refresh_from_db()
    assert not kept.has_news


def test_news_of_the_one_that_was_joined_stays_news(reception):
    kept, merged = (make_request(status=Status.WAITING, by=reception) for _each in range(2))
    merged = moved(merged, "add", by=None, words="I am away in May.")
    assert joined(kept, merged, reception).news_since == merged.news_since


@pytest.fixture
def page_that_changed(nurse):
    """A request whose patient, without e-mail, is to be called about what changed on the page that they read."""
    page = make_page(make_procedure(key="kyphoplasty"), slug="kyphoplasty")
    old, new = make_published(page), make_published(page)

    def made(**answers):
        request = make_request(procedure="kyphoplasty", **answers)
        AppointmentRequest.objects.filter(pk=request.pk).update(page_version=old)
        ToldOfChange.objects.create(request=request, known=old, version=new, made_by=nurse)
        messages.write(request, "page_changed")
        request.refresh_from_db()
        return request

    return made


@pytest.mark.parametrize("email", ["", "ana@example.org"])
def test_a_patient_is_told_of_a_changed_warning_though_the_request_is_joined(reception, page_that_changed, email):
    kept, merged = make_request(), page_that_changed(email=email)
    joined(kept, merged, reception)
    unsent = set(Message.objects.about(merged).unsent().values_list("purpose", flat=True))
    assert {*unsent, *to_make(merged).values()} == {"page_changed"}


def test_the_private_page_says_what_changed_for_a_request_that_is_joined(client, reception, page_that_changed):
    kept, merged = make_request(), page_that_changed()
    token = link_to(merged)
    joined(kept, merged, reception)
    assert [told.row.request for told in client.get(reverse("appointments:track", args=[token])).context["told"]] == [
        merged
    ]


def test_an_email_that_came_back_since_is_not_used_when_two_are_taken_apart(reception):
    kept, merged = make_request(), make_request()
    merged = moved(moved(merged, "claim", by=reception), "offer", by=reception, times=[make_time()])
    joined(kept, merged, reception)
    workflow.email_came_back(merged, by=reception.as_actor())
    workflow.unmerge(merged, by=reception.as_actor())
    assert not Message.objects.about(merged).unsent().exists()
    assert "offer" in to_make(merged).values()


def test_what_has_yet_to_leave_goes_to_the_address_that_was_chosen(reception):
    kept, merged = make_request(email="wrong@example.org"), make_request()
    kept = joined(kept, merged, reception, email="other")
    assert [message.recipient for message in Message.objects.about(kept).unsent()] == ["ana@example.org"]
    workflow.unmerge(merged, by=reception.as_actor())
    assert [message.recipient for message in Message.objects.about(kept).unsent()] == ["wrong@example.org"]


def test_what_has_yet_to_leave_is_said_by_telephone_where_no_address_was_chosen(reception):
    kept, merged = make_request(), make_request(email="")
    kept = joined(kept, merged, reception, email="other")
    assert not Message.objects.about(kept).unsent().exists()
    assert "received" in to_make(kept).values()


def test_two_that_are_joined_before_there_are_opening_hours_are_due_as_they_were(reception):
    make_profile(promise_hours=8, urgent_promise_hours=2)
    kept, merged = make_request(is_urgent=True), make_request()
    AppointmentRequest.objects.filter(pk=merged.pk).update(
        promised_from=merged.promised_from - timedelta(hours=3), due_at=merged.due_at - timedelta(hours=3)
    )
    joined(kept, merged, reception)
    assert workflow.recompute_due() == 0


def test_who_may_not_see_the_one_that_stays_does_not_take_it_apart(reception, reception2):
    north, south = make_location("north"), make_location("south")
    kept, merged = make_request(location="north"), make_request(location="south")
    joined(kept, merged, reception)
    reception2.set_locations([south])
    reception2 = type(reception2).objects.get(pk=reception2.pk)
    with pytest.raises(Refused, match="location"):
        workflow.unmerge(merged, by=reception2.as_actor())
    assert north != south


# Alerts


def test_each_person_is_told_of_what_they_may_see_alone(reception, manager):
    make_profile()
    make_hours()
    north, south = make_location("north"), make_location("south")
    reception.set_locations([north])
    AlertPerson.objects.create(user=reception)
    now = datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("America/Los_Angeles"))
    with time_machine.travel(now, tick=False):
        theirs, other = (make_request(location=key, is_urgent=True) for key in ("north", "south"))
        assert tell_what_cannot_wait() == 1
    told = Message.objects.get(purpose="alert_urgent")
    assert (theirs.reference in told.text, other.reference in told.text) == (True, False)
    assert "1 request " in told.subject
    assert list(Alert.objects.values_list("request", flat=True)) == [theirs.pk], "nobody was told of the other one"
    # It is told once somebody is named who may see it.
    AlertPerson.objects.create(user=manager)
    with time_machine.travel(now + timedelta(minutes=6), tick=False):
        assert tell_what_cannot_wait() == 1
    told = Message.objects.filter(purpose="alert_urgent").order_by("-id").first()
    assert (told.recipient, other.reference in told.text) == (manager.email, True)
    assert south
