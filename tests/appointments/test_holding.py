"""Requests held as spam at the desk: apart from all others, judged by a person, and mended when that was wrong."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.urls import reverse

from accounts import desk as desk_lines
from appointments import workflow
from appointments.models import AppointmentRequest, HeldBecause, Status
from appointments.references import new_token
from appointments.workflow import MOVES, Refused, Stale
from audit.actors import Actor
from audit.models import Event
from clinic.models import ClinicProfile, Closure, OpeningHours
from outbox.models import Message
from tests.appointments.factories import inputs_of, make_answers, make_request, moved
from tests.at_once import at_once

pytestmark = pytest.mark.django_db

QUEUE = "/admin/appointments/appointmentrequest/"
MONDAY_MORNING = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # 9:00 in Los Angeles


def make_held(because=HeldBecause.DECOY, **answers):
    """Return a request that is held as spam."""
    token, by = new_token(), Actor.patient()
    return workflow.submit(make_answers(**answers), token=token, by=by, language="en", why_held=lambda: because).request


@pytest.fixture
def desk(client, reception):
    client.force_login(reception)
    return client


def shown(client, **filters):
    return {row.reference for row in client.get(QUEUE, filters).context["cl"].result_list}


def sheet_of(request):
    return reverse("admin:appointments_appointmentrequest_change", args=[request.pk])


def press(client, request, name):
    """Open the sheet, press a button of it, and return the answer."""
    seen = client.get(sheet_of(request)).context
    move = reverse("admin:appointments_appointmentrequest_move", args=[request.pk, name])
    return client.post(move, {"seen_revision": seen["seen_revision"], "snapshot": seen["snapshot"]})


# Judging


def test_what_is_no_spam_joins_the_queue_due_from_when_it_came_and_gets_its_message(reception):
    ClinicProfile.objects.create(name="Test Clinic", telephone="(206) 555-0100", promise_hours=8)
    for weekday in range(5):
        OpeningHours.objects.create(weekday=weekday, opens="08:00", closes="17:00")
    with time_machine.travel(MONDAY_MORNING, tick=False) as clock:
        request = make_held()
        clock.shift(timedelta(hours=3))
        request = moved(request, "not_spam", by=reception)
        assert (request.status, request.held_because, request.holder) == (Status.NEW, "", None)
        assert request.due_at == MONDAY_MORNING + timedelta(hours=8)
        message = Message.objects.get()
        assert (message.purpose, message.created_at) == ("received", MONDAY_MORNING + timedelta(hours=3))
        assert moved(request, "claim", by=reception).holder == reception


def test_without_an_address_it_becomes_a_call(reception):
    request = moved(make_held(email=""), "not_spam", by=reception)
    assert request.phone_tasks.get().purpose == "received"


def test_what_is_spam_is_closed_without_a_word_and_can_be_taken_back(reception, reception2):
    ClinicProfile.objects.create(name="Test Clinic", telephone="(206) 555-0100", promise_hours=8)
    for weekday in range(5):
        OpeningHours.objects.create(weekday=weekday, opens="08:00", closes="17:00")
    with time_machine.travel(MONDAY_MORNING, tick=False) as clock:
        request = moved(make_held(), "spam", by=reception)
        assert (request.status, request.held_because) == (Status.CLOSED, HeldBecause.DECOY)
        assert not Message.objects.exists()
        # What changed since moves the date too.
        Closure.objects.create(date="2026-11-23")
        workflow.recompute_due()
        clock.shift(timedelta(days=2))
        request = moved(request, "not_spam", by=reception2)
    assert (request.status, request.held_because) == (Status.NEW, "")
    assert request.due_at == MONDAY_MORNING + timedelta(days=1, hours=7)
    assert Message.objects.get().purpose == "received"
    events = Event.objects.about(request).order_by("id").values_list("verb", "actor_id")
    assert list(events)[2:] == [("request.judged_spam", reception.pk), ("request.not_spam", reception2.pk)]


@pytest.mark.parametrize("name", [name for name, row in MOVES.items() if row.spam == "never held as spam"])
def test_nothing_else_is_done_with_what_is_held(reception, name):
    request = make_held()
    with pytest.raises(Refused):
        moved(request, name, by=reception, **inputs_of(name, request))
    request.refresh_from_db()
    assert (request.status, request.revision) == (Status.NEW, 1)


@pytest.mark.parametrize("name", ["spam", "not_spam"])
@pytest.mark.parametrize("status", Status.values)
def test_what_is_not_held_is_not_judged(reception, name, status):
    request = make_request(status=status, by=reception)
    with pytest.raises(Refused):
        moved(request, name, by=reception)


@pytest.mark.parametrize("name", ["spam", "not_spam"])
def test_who_does_not_answer_requests_does_not_judge_them(editor, auditor, name):
    request = make_held()
    for user in (editor, auditor):
        with pytest.raises(Refused):
            moved(request, name, by=user)


def test_the_patient_of_a_held_request_can_do_what_others_can(reception):
    request = make_held()
    for name in ("add", "prefer", "withdraw"):
        request = moved(request, name, by=reception, **inputs_of(name, request))
    assert request.status == Status.WITHDRAWN
    assert not Message.objects.exists()


def test_another_answer_to_a_held_form_changes_it_and_it_stays_held():
    token, by = new_token(), Actor.patient()
    for matter in ("My back hurts", "My leg hurts"):
        answers = make_answers(matter=matter)
        sent = workflow.submit(answers, token=token, by=by, language="en", why_held=lambda: HeldBecause.DECOY)
    assert (sent.outcome, sent.request.held_because) == (workflow.Outcome.AMENDED, HeldBecause.DECOY)
    assert not Message.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_judge_at_once_one_hears_that_it_changed(reception, reception2):
    request = make_held()
    came_of = at_once(
        lambda: workflow.move(request, "spam", by=reception.as_actor(), seen_revision=1),
        lambda: workflow.move(request, "not_spam", by=reception2.as_actor(), seen_revision=1),
    )
    assert sorted(isinstance(each, Stale) for each in came_of) == [False, True]
    assert Message.objects.count() == (AppointmentRequest.objects.get().held_because == "")


# At the desk


def test_held_requests_stand_in_a_view_of_their_own_with_their_number(desk, reception):
    held, withdrawn, judged = (make_held() for _each in range(3))
    moved(judged, "spam", by=reception)
    moved(withdrawn, "withdraw", by=reception)
    waits = make_request()
    assert shown(desk, view="held") == {held.reference}
    assert shown(desk, view="spam") == {judged.reference, withdrawn.reference}
    for view in ("clinic", "all"):
        assert shown(desk, view=view) == {waits.reference}
    for view in ("patient", "answered", "closed"):
        assert shown(desk, view=view) == set()
    assert "Held as spam (1)" in desk.get(QUEUE).content.decode()


def test_whoever_calls_with_the_reference_of_a_held_request_is_found(desk):
    held = make_held()
    response = desk.post(QUEUE, {"q": held.reference}, follow=True)
    assert [row.reference for row in response.context["cl"].result_list] == [held.reference]
    for words in ("Held as spam", "Say whether it is spam"):
        assert words in response.content.decode()


def test_the_desk_counts_held_requests_apart(reception):
    make_request()
    make_held()
    make_held()
    lines = [line["sentence"] for line in desk_lines.waiting_for(reception)]
    assert lines == [
        "1 request waits for the clinic.",
        "2 requests are held as spam. Look whether people wrote them.",
    ]


@pytest.mark.parametrize("because", HeldBecause)
def test_the_sheet_says_why_and_offers_what_can_be_done(desk, because):
    response = desk.get(sheet_of(make_held(because)))
    assert f"Why it is held: {because.label}." in response.content.decode()
    assert ("Held as spam", "the site itself") in [(line["what"], line["who"]) for line in response.context["history"]]
    assert [button.name for button in response.context["possible"]] == ["not_spam", "spam"]
    assert response.context["impossible"] == []


def test_the_buttons_of_the_sheet_judge_and_take_back(desk):
    request = make_held()
    assert press(desk, request, "spam").status_code == 302
    page = desk.get(sheet_of(request))
    assert "Closed as spam" in page.content.decode()
    assert [button.name for button in page.context["possible"]] == ["not_spam"]
    assert press(desk, request, "not_spam").status_code == 302
    page = desk.get(sheet_of(request)).content.decode()
    for words in ("Said that it is spam", "Said that it is not spam", "Held as spam"):
        assert words in page
    assert "Why it is held" not in page
    assert press(desk, request, "claim").status_code == 302


def test_an_ordinary_sheet_says_nothing_of_spam(desk):
    page = desk.get(sheet_of(make_request())).content.decode()
    assert "as spam" not in page
    assert "Why it is held" not in page


def test_the_list_for_programs_tells_held_ones_apart(capsys):
    make_request()
    make_held()
    call_command("list_requests")
    first, second = capsys.readouterr().out.splitlines()
    assert "held_as_spam" not in first
    assert '"held_as_spam": true' in second
    assert "decoy" not in second
