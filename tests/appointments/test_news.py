"""News from patients: nothing that they do while it is not the clinic's turn goes unseen."""

import pytest

from appointments import workflow
from appointments.models import AppointmentRequest, HeldBecause, Status
from appointments.references import new_token
from tests.appointments.at_the_desk import address, press
from tests.appointments.factories import SIGNS, inputs_of, make_answers, make_request, moved, submit

pytestmark = pytest.mark.django_db
QUEUE = "/admin/appointments/appointmentrequest/"


@pytest.fixture
def desk(client, reception):
    """Reception's browser, signed in."""
    client.force_login(reception)
    return client


def news():
    return list(workflow.with_news(AppointmentRequest.objects.all()))


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (Status.WAITING, "accept"),
        (Status.WAITING, "add"),
        (Status.WAITING, "prefer"),
        (Status.AGREED, "add"),
        (Status.AGREED, "withdraw"),
    ],
)
def test_what_the_patient_does_is_news_until_somebody_says_that_they_have_read_it(desk, reception, status, name):
    request = make_request(status=status, by=reception)
    assert news() == []
    request = moved(request, name, by=None, **inputs_of(name, request))
    assert news() == [request]
    listed = desk.get(QUEUE, {"view": "news"})
    assert request.reference in listed.content.decode()
    assert "Read what is new from the patient" in listed.content.decode()
    assert "1 patient chose a time, cancelled or wrote more" in desk.get("/admin/").content.decode()
    sheet = desk.get(address(request))
    assert "New from the patient" in sheet.content.decode()
    assert news() == [request], "looking is not reading"
    assert press(desk, request, "read_news").status_code == 302
    assert news() == []
    assert "New from the patient" not in desk.get(address(request)).content.decode()


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (Status.NEW, "add"),
        (Status.IN_PROGRESS, "prefer"),
        (Status.WAITING, "other_times"),
        (Status.AGREED, "set_reminders"),
        (Status.AGREED, "set_details"),
        (Status.WAITING, "withdraw"),
    ],
)
def test_what_waits_for_the_clinic_or_needs_nobody_is_no_news(reception, status, name):
    request = make_request(status=status, by=reception)
    moved(request, name, by=None, **inputs_of(name, request))
    assert news() == []


def test_the_next_move_of_the_clinic_has_seen_it_too_and_what_is_held_is_no_news(reception):
    request = make_request(status=Status.AGREED, by=reception)
    request = moved(request, "add", by=None, words="I walk with a stick.")
    request = moved(request, "change_time", by=reception, **inputs_of("change_time", request))
    assert news() == []
    request = moved(request, "add", by=None, words="May I bring my dog?")
    assert news() == [request]
    AppointmentRequest.objects.filter(pk=request.pk).update(held_because=HeldBecause.DECOY)
    assert news() == []


def test_a_form_sent_again_while_the_patient_had_the_next_move_is_news(reception):
    token = new_token()
    request = submit(token=token).request
    for name in ("claim", "offer"):
        request = moved(request, name, by=reception, **inputs_of(name, request))
    submit(make_answers(matter="Now my leg hurts too."), token=token)
    assert news() == [request]


def test_what_became_urgent_waits_for_the_clinic_again(reception):
    token = new_token()
    request = submit(token=token).request
    for name in ("claim", "offer"):
        request = moved(request, name, by=reception, **inputs_of(name, request))
    signs = [sign | {"ticked": sign["urgency"] == "urgent"} for sign in SIGNS]
    submit(make_answers(signs=signs), token=token)
    request.refresh_from_db()
    assert (request.status, request.is_urgent) == (Status.IN_PROGRESS, True)
    assert request.due_at == workflow.due_from(request.promised_from, urgent=True)
    assert request.offers.open().exists()
