"""Sending a request: what is stored together, what the same form sent again leads to, and by when it is answered."""

import secrets
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import DatabaseError
from django.utils import timezone

from appointments import workflow
from appointments.models import AppointmentRequest, Status, TrackingLink
from appointments.references import hash_of, new_token
from appointments.workflow import Outcome, Refused
from audit.actors import Actor
from audit.models import Event
from clinic.models import ClinicProfile, Closure, OpeningHours
from outbox.models import Message
from tests.appointments.factories import inputs_of, make_answers, make_request, moved, stored, submit
from tests.at_once import at_once

MONDAY_MORNING = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # 9:00 in Los Angeles


@pytest.fixture
def open_on_weekdays(db):
    """Reception works from 8:00 to 17:00, Monday to Friday, and answers within 8 working hours."""
    hours = {"promise_hours": 8, "urgent_promise_hours": 2}
    ClinicProfile.objects.create(name="Test Clinic", telephone="(206) 555-0100", **hours)
    for weekday in range(5):
        OpeningHours.objects.create(weekday=weekday, opens="08:00", closes="17:00")


def test_a_request_is_stored_with_its_event_and_its_message(db):
    token = new_token()
    request = submit(make_answers(full_name="Ana O'Brien", email="Ana@Example.org"), token=token).request
    request.refresh_from_db()
    assert (request.status, request.full_name, request.email) == (Status.NEW, "Ana O'Brien", "Ana@Example.org")
    assert request.tracking_links.filter(token_hash=hash_of(token)).exists()
    event = Event.objects.get()
    assert (event.verb, event.object_id, event.actor_kind) == ("request.received", str(request.pk), "patient")
    message = Message.objects.get()
    assert (message.recipient, message.purpose) == ("Ana@Example.org", "received")
    assert request.reference in message.subject


def test_the_same_form_sent_again_leads_to_the_same_request(db):
    token, answers = new_token(), make_answers()
    first, second = submit(answers, token=token), submit(answers, token=token)
    assert (first.outcome, second.outcome) == (Outcome.NEW, Outcome.SAME)
    assert (second.request, second.token) == (first.request, token)
    assert stored() == (1, 1, 1)


def test_the_same_form_with_other_answers_changes_the_request_and_keeps_what_was_first_sent(db):
    token = new_token()
    first = submit(make_answers(matter="My back hurts"), token=token).request
    for _press in range(2):
        second = submit(make_answers(matter="My leg hurts"), token=token)
        assert (second.request, second.token) == (first, token)
    assert second.outcome == Outcome.SAME
    first.refresh_from_db()
    assert first.matter == "My leg hurts"
    assert workflow.first_sent(first, list(first.amendments.all()))["matter"] == "My back hurts"
    assert (first.amendments.count(), stored()) == (1, (1, 2, 1))


@pytest.mark.parametrize("who", ["full_name", "email", "phone"])
def test_another_name_or_contact_is_another_request_however_often_it_is_pressed(db, who):
    token, changed = new_token(), make_answers(**{who: "+1 206 555 0177" if who == "phone" else "bea@example.org"})
    first = submit(token=token)
    second, third = submit(changed, token=token), submit(changed, token=token)
    assert second.outcome == third.outcome == Outcome.ANOTHER
    assert second.request != first.request
    assert (third.request, third.token) == (second.request, second.token)
    assert second.token != token
    assert stored() == (2, 2, 2)
    first.request.refresh_from_db()
    assert getattr(first.request, who) == make_answers()[who]


def test_a_closed_request_is_not_changed_by_its_form(db, reception):
    token = new_token()
    first = submit(token=token).request
    for name in ("claim", "answer", "close"):
        first = moved(first, name, by=reception, **inputs_of(name, first))
    second = submit(make_answers(matter="It is back"), token=token)
    assert second.outcome == Outcome.ANOTHER
    assert submit(make_answers(matter="It is worse"), token=token).outcome == Outcome.AMENDED
    assert AppointmentRequest.objects.count() == 2


def test_a_form_whose_request_was_erased_does_not_bring_the_person_back(db):
    token = new_token()
    with time_machine.travel(MONDAY_MORNING, tick=False) as clock:
        submit(token=token).request.delete()
        for answers in (make_answers(), make_answers(matter="Again")):
            with pytest.raises(workflow.Erased):
                submit(answers, token=token)
        assert workflow.forget_erased_forms() == 0
        clock.shift(timedelta(hours=25))
        assert workflow.forget_erased_forms() == 1
    assert stored()[0] == 0


def test_what_became_urgent_by_a_change_is_due_sooner_and_what_was_urgent_stays_so(open_on_weekdays):
    token, fever = new_token(), {"key": "fever", "text": "Fever", "urgency": "urgent", "ticked": True}
    with time_machine.travel(MONDAY_MORNING, tick=False):
        submit(token=token)
        urgent = submit(make_answers(signs=[fever]), token=token).request
        assert (urgent.is_urgent, urgent.due_at) == (True, MONDAY_MORNING + timedelta(hours=2))
        assert submit(make_answers(signs=[fever | {"ticked": False}]), token=token).request.is_urgent


@pytest.mark.django_db(transaction=True)
def test_ten_presses_at_once_make_one_request_one_event_and_one_message():
    token, answers = new_token(), make_answers()
    came_of = at_once(*[lambda: submit(answers, token=token).request.reference] * 10)
    assert set(came_of) == {AppointmentRequest.objects.get().reference}
    assert stored() == (1, 1, 1)


def test_a_failure_in_the_middle_leaves_no_request_event_or_message(db, monkeypatch):
    def fail(*args, **kwargs):
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(Message.objects, "create", fail)
    with pytest.raises(DatabaseError):
        submit()
    assert stored() == (0, 0, 0)
    assert not TrackingLink.objects.exists()


def test_a_reference_drawn_twice_is_drawn_again(db, monkeypatch):
    taken = submit().request.reference
    drawn = iter(taken.replace("-", "")[:7] + "2345678")
    monkeypatch.setattr(secrets, "choice", lambda alphabet: next(drawn))
    assert submit().request.reference.startswith("2345-678")


def test_a_patient_without_email_gets_no_message_and_is_stored_all_the_same(db):
    request = submit(make_answers(email="", phone="(206) 555-0134")).request
    assert stored() == (1, 1, 0)
    assert request.phone == "(206) 555-0134"


def test_an_urgent_sign_makes_the_request_urgent_and_due_sooner(open_on_weekdays):
    sign = {"key": "fever", "text": "Fever", "urgency": "urgent", "ticked": True}
    with time_machine.travel(MONDAY_MORNING, tick=False):
        urgent, calm = submit(make_answers(signs=[sign])).request, submit().request
    assert urgent.is_urgent
    assert not calm.is_urgent
    assert urgent.due_at == MONDAY_MORNING + timedelta(hours=2)
    assert calm.due_at == MONDAY_MORNING + timedelta(hours=8)


def test_an_emergency_sign_is_refused_and_stores_nothing(db):
    sign = {"key": "numb", "text": "I cannot feel my legs", "urgency": "emergency", "ticked": True}
    with pytest.raises(Refused):
        submit(make_answers(signs=[sign]))
    assert stored() == (0, 0, 0)


def test_an_untouched_sign_changes_nothing(db):
    sign = {"key": "numb", "text": "I cannot feel my legs", "urgency": "emergency", "ticked": False}
    assert not submit(make_answers(signs=[sign])).request.is_urgent


def test_without_opening_hours_a_request_is_due_within_a_day(db):
    with time_machine.travel(MONDAY_MORNING, tick=False):
        assert submit().request.due_at == MONDAY_MORNING + timedelta(days=1)


def test_a_closure_moves_the_promise_of_waiting_requests_and_of_no_others(open_on_weekdays, reception):
    with time_machine.travel(MONDAY_MORNING, tick=False):
        waiting, answered = submit().request, make_request(status=Status.ANSWERED, by=reception)
        before = answered.due_at
        Closure.objects.create(date="2026-11-23")
        assert workflow.recompute_due() == 1
    waiting.refresh_from_db()
    answered.refresh_from_db()
    assert waiting.due_at == datetime(2026, 11, 25, 0, 0, tzinfo=UTC)  # Tuesday at 16:00
    assert answered.due_at == before


def test_the_message_is_discreet_and_its_link_opens_the_page(db, client, settings):
    request = submit(make_answers(full_name="Ana O'Brien", matter="A secret about my back")).request
    message = Message.objects.get()
    for part in (message.subject, message.text, message.html):
        assert "secret" not in part
        assert "O'Brien" not in part
        assert "O&#x27;Brien" not in part
    link = next(word for word in message.text.split() if word.startswith(settings.SITE_URL))
    assert link in message.html
    page = client.get(link.removeprefix(settings.SITE_URL))
    assert request.reference in page.content.decode()


def test_the_message_is_written_in_the_language_of_the_form(db):
    workflow.submit(make_answers(), token=new_token(), by=Actor.patient(), language="es")
    message = Message.objects.get()
    assert "solicitud" in message.subject
    assert "/es/appointments/track/" in message.text


def test_practice_requests_are_seen_only_by_those_who_ask_for_them(db):
    request = submit().request
    AppointmentRequest.of_every_kind.filter(pk=request.pk).update(kind="practice")
    assert not AppointmentRequest.objects.exists()
    assert AppointmentRequest.of_every_kind.exists()


def test_the_queue_is_ordered_by_danger_urgency_and_promise(db):
    late, soon, urgent, danger = (submit().request for _request in range(4))
    rows, now = AppointmentRequest.objects, timezone.now()
    rows.filter(pk=late.pk).update(due_at=now + timedelta(days=2))
    rows.filter(pk=soon.pk).update(due_at=now - timedelta(days=1))
    rows.filter(pk=urgent.pk).update(is_urgent=True, due_at=now + timedelta(days=3))
    rows.filter(pk=danger.pk).update(is_danger=True, due_at=now + timedelta(days=4))
    assert list(rows.in_queue_order()) == [danger, urgent, soon, late]
    assert list(rows.overdue()) == [soon]
