"""When a request was first answered: by what tells the patient something, in the working hours of that day."""

from datetime import date, datetime
from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from django.db import IntegrityError, transaction

from appointments import workflow
from appointments.models import AppointmentRequest, Status
from appointments.workflow.first_answer import ANSWERS
from tests.appointments.arrivals import PACIFIC, local
from tests.appointments.factories import inputs_of, make_request, moved, reached
from tests.clinic.factories import make_closure, make_hours

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def hours(db):
    """Reception answers from Monday to Friday, 8 to 17."""
    return make_hours()


def at(text):
    return time_machine.travel(datetime.fromisoformat(text).replace(tzinfo=PACIFIC), tick=False)


def measured(request):
    request.refresh_from_db()
    return request.first_answered_at, request.first_answer_minutes


@pytest.mark.parametrize(
    ("came", "answered", "minutes"),
    [
        ("2026-11-18 09:00", "2026-11-18 11:20", 140),
        ("2026-11-18 16:00", "2026-11-19 09:00", 120),  # over an evening
        ("2026-11-18 20:00", "2026-11-19 08:10", 10),
        ("2026-11-20 16:30", "2026-11-23 08:30", 60),  # over a weekend
        ("2026-11-21 10:00", "2026-11-21 12:00", 0),  # on a Saturday
        ("2026-11-25 16:00", "2026-11-27 09:00", 120),  # over a closure
        ("2026-03-06 16:00", "2026-03-09 09:00", 120),  # the clocks go forward
        ("2026-10-30 16:00", "2026-11-02 09:00", 120),  # and back
    ],
)
def test_working_time_is_counted_from_when_it_came_to_the_first_answer(reception, came, answered, minutes):
    make_closure(date(2026, 11, 26))
    with at(came):
        request = make_request()
    with at(answered):
        request = moved(request, "claim", by=reception)
        assert measured(request) == (None, None)
        request = moved(request, "ask", by=reception, question="Have you had a scan?")
    assert measured(request) == (local(answered), minutes)


def test_on_the_day_that_the_clocks_change_the_hours_that_really_pass_count(reception):
    make_hours(days=[6])
    with at("2026-03-08 01:00"):
        request = make_request(status=Status.IN_PROGRESS, by=reception)
    with at("2026-03-08 10:00"):
        moved(request, "answer", by=reception, answer="Call us.")
    assert measured(request)[1] == 120


@pytest.mark.parametrize("name", ["offer", "agree", "ask", "answer", "decline"])
def test_what_tells_the_patient_something_is_an_answer(reception, name):
    request = make_request(status=Status.IN_PROGRESS, by=reception)
    moved(request, name, by=reception, **inputs_of(name, request))
    assert measured(request)[0] is not None


@pytest.mark.parametrize("name", ["add", "prefer", "withdraw", "set_details", "release"])
def test_nothing_else_is_one(reception, name):
    request = make_request(status=Status.IN_PROGRESS, by=reception)
    moved(request, name, by=reception, **inputs_of(name, request))
    assert measured(request) == (None, None)


def test_the_answers_are_the_messages_of_staff_that_are_no_receipt():
    assert {"offer", "agreed", "question", "answered", "declined", "time_changed", "time_cancelled"} == ANSWERS


def test_letting_a_request_through_that_looked_like_spam_is_no_answer(reception):
    request = make_request()
    AppointmentRequest.objects.filter(pk=request.pk).update(held_because="too_fast")
    request.refresh_from_db()
    moved(request, "not_spam", by=reception)
    assert measured(request) == (None, None)


def test_the_first_answer_stays_the_first_also_when_hours_change_later(reception):
    with at("2026-11-18 09:00"):
        request = make_request(status=Status.IN_PROGRESS, by=reception)
    with at("2026-11-18 10:00"):
        request = moved(request, "ask", by=reception, question="Have you had a scan?")
    make_closure(date(2026, 11, 18))
    with at("2026-11-19 10:00"):
        request = moved(moved(request, "stop_waiting", by=reception), "answer", by=reception, answer="Call us.")
    assert measured(request) == (local("2026-11-18 10:00"), 60)


def test_without_email_the_call_is_the_answer_and_taking_it_back_takes_that_back(reception):
    with at("2026-11-18 09:00"):
        request = make_request(status=Status.IN_PROGRESS, by=reception, email="")
    with at("2026-11-18 10:00"):
        reached(request, {call.key for call in workflow.calls_about(request)[0]}, by=reception)
        assert measured(request) == (None, None), "a call that says it was received is no answer"
        request = moved(request, "ask", by=reception, question="Have you had a scan?")
    assert measured(request) == (None, None)
    with at("2026-11-18 11:30"):
        (call,) = workflow.calls_about(request)[0]
        reached(request, {call.key}, by=reception)
    assert measured(request) == (local("2026-11-18 11:30"), 150)
    workflow.call_not_made(request, call.key, by=reception.as_actor())
    assert measured(request) == (None, None)


def test_a_time_agreed_by_telephone_is_told_at_once(reception):
    request = make_request(status=Status.IN_PROGRESS, by=reception, email="")
    moved(request, "agree", by=reception, **inputs_of("agree", request))
    assert measured(request)[0] is not None


def test_the_moment_and_the_minutes_go_together():
    request = make_request()
    with pytest.raises(IntegrityError), transaction.atomic():
        AppointmentRequest.objects.filter(pk=request.pk).update(first_answer_minutes=3)


def test_requests_of_before_get_their_first_answer_from_what_happened(reception):
    migration = import_module("appointments.migrations.0005_first_answer")
    with at("2026-11-18 09:00"):
        asked, claimed, called, uncalled, agreed = (
            make_request(status=Status.IN_PROGRESS, by=reception, email=email)
            for email in ("ana@example.org", "b@example.org", "", "", "")
        )
    with at("2026-11-18 10:00"):
        asked = moved(asked, "ask", by=reception, question="Have you had a scan?")
        called = moved(called, "ask", by=reception, question="Have you had a scan?")
        moved(uncalled, "ask", by=reception, question="Have you had a scan?")
        moved(agreed, "agree", by=reception, **inputs_of("agree", agreed))
    with at("2026-11-18 12:00"):
        moved(moved(asked, "stop_waiting", by=reception), "answer", by=reception, answer="Call us.")
        keys = {call.key for call in workflow.calls_about(called)[0]}
        reached(called, keys, by=reception)
    made = {request.pk: measured(request) for request in (asked, claimed, called, uncalled, agreed)}
    assert [made[each.pk][1] for each in (asked, claimed, called, uncalled, agreed)] == [60, None, 180, None, 60]
    AppointmentRequest.objects.update(first_answered_at=None, first_answer_minutes=None)
    migration.keep_what_was_known(apps, None)
    assert {request.pk: measured(request) for request in (asked, claimed, called, uncalled, agreed)} == made
