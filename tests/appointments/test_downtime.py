"""The pack for a power cut: what waits, blank sheets with the same questions, one event, few queries."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from appointments.admin import downtime
from appointments.models import AppointmentRequest, Status
from audit.models import Event
from tests.appointments.factories import answered_request, claimed_request, make_request
from tests.appointments.offer import offer  # noqa: F401 -- a fixture

pytestmark = pytest.mark.django_db
PACK = reverse("admin:appointments_appointmentrequest_downtime")


@pytest.fixture
def desk(client, reception, offer):  # noqa: F811 -- the fixture
    """Reception's browser, signed in at a clinic that can be asked."""
    client.force_login(reception)
    return client


def text_of(response):
    return " ".join(response.content.decode().split())


def test_each_row_says_who_how_to_call_what_is_next_by_when_and_who_has_it(desk, reception2):
    asked = claimed_request(reception2, is_urgent=True, full_name="Ana <b>O’Brien</b>")
    AppointmentRequest.objects.filter(pk=asked.pk).update(due_at=timezone.now() - timedelta(hours=3))
    page = text_of(desk.get(PACK))
    for said in (
        asked.reference,
        "Urgent",
        "Ana &lt;b&gt;O’Brien&lt;/b&gt;",
        "(206) 555-0123",
        "Offer times, answer or decline it",
        "Overdue by 3",
        "Ruben Rask",
        "by Rosa Reyes.",
        "1 request waits for the clinic",
    ):
        assert said in page


def test_whose_telephone_it_is_stands_beside_it(desk):
    make_request(helper={"full_name": "Hanna Help", "relation": "child", "call": "helper"})
    assert "(of Hanna Help)" in text_of(desk.get(PACK))


def test_it_holds_what_waits_for_the_clinic_and_no_more(desk, reception):
    answered_request(reception)
    AppointmentRequest.objects.filter(pk=make_request().pk).update(held_because="decoy")
    waiting = make_request(phone="", email="ana@example.org")
    page = desk.get(PACK)
    assert [row["reference"] for row in page.context["rows"]] == [waiting.reference]
    assert "No telephone number" in text_of(page)


def test_a_row_that_cannot_be_read_takes_no_other_from_the_list(desk):
    bad, good = make_request(), make_request(full_name="Ben Sol")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE appointments_appointmentrequest SET full_name = 'x', phone = 'x', helper = 'x' WHERE id = %s",
            [bad.pk],
        )
    page = text_of(desk.get(PACK))
    assert "cannot be read" in page
    assert "Ben Sol" in page
    assert good.reference in page


def test_printing_is_one_event_with_the_number_and_the_requests_and_no_word_of_them(desk, reception):
    asked = [make_request(), make_request()]
    desk.head(PACK)
    assert not Event.objects.filter(verb=downtime.PRINTED).exists()
    desk.get(PACK)
    event = Event.objects.get(verb=downtime.PRINTED)
    assert event.actor_id == reception.pk
    assert event.details == {"number": 2, "shown": [each.pk for each in asked]}


def test_the_blank_sheet_asks_what_the_form_asks(desk):
    page = text_of(desk.get(PACK, {"sheets": "1"}))
    for asked in (
        "Your legs feel numb. <strong>Emergency.</strong> Say: Get help.",
        "None of these",
        "What would you like?",
        "Balloon repair",
        "Northside",
        "What is the matter?",
        "Monday morning",
        "Do you need an interpreter?",
        "Your full name",
        "Your telephone number",
        "Your date of birth",
        "Full name of the patient",
        "Whom should we call or write to?",
        "sudden-pain in en",
    ):
        assert asked in page, asked
    assert "leak in en" not in page


@pytest.mark.parametrize(
    ("typed", "number"), [("", 3), ("0", 0), ("5", 5), ("999", 20), ("-1", 3), ("x", 3), ("9" * 5000, 3), ("²", 3)]
)
def test_as_many_sheets_as_are_wanted_and_no_more_than_a_printer_bears(desk, typed, number):
    assert desk.get(PACK, {"sheets": typed}).content.decode().count("Request on paper, sheet") == number


def test_a_long_queue_is_cut_and_says_so(desk, monkeypatch):
    monkeypatch.setattr(downtime, "MOST_ROWS", 2)
    for _number in range(3):
        make_request()
    page = text_of(desk.get(PACK))
    assert "Only the first 2 are printed here. More wait." in page
    assert Event.objects.get(verb=downtime.PRINTED).details["number"] == 2


def test_it_asks_as_many_queries_for_many_requests_as_for_few(desk, reception2):
    def asked():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            desk.get(PACK, {"sheets": "9"})
        return len(queries)

    make_request()
    few = asked()
    for number in range(5):
        claimed_request(reception2, full_name=f"Patient {number}")
    assert asked() == few
    assert few <= 20


def test_an_empty_queue_still_has_its_sheets(desk, reception):
    page = desk.get(PACK)
    assert "0 requests wait for the clinic" in text_of(page)
    assert "<table>" not in page.content.decode()
    assert not AppointmentRequest.objects.filter(status=Status.NEW).exists()


@pytest.mark.parametrize("role", ["editor", "reviewer", "auditor"])
def test_those_who_see_no_requests_print_none(client, request, role):
    client.force_login(request.getfixturevalue(role))
    assert client.get(PACK).status_code == 403
    assert not Event.objects.filter(verb=downtime.PRINTED).exists()
