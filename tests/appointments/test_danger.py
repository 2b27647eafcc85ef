"""Danger: what patients write brings a request before the clinic, and staff read why."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from appointments import workflow
from appointments.models import AppointmentRequest, Status
from appointments.references import new_token
from appointments.workflow.danger import FOUND
from audit.models import Event
from tests.appointments.at_the_desk import address
from tests.appointments.factories import claimed_request, make_answers, make_request, make_time, moved, submit
from tests.clinic.factories import make_hours, make_profile

pytestmark = pytest.mark.django_db
QUEUE = "/admin/appointments/appointmentrequest/"
WORDS = "Since this morning I cannot pass urine."


@pytest.fixture
def desk(client, reception):
    """Reception's browser, signed in."""
    client.force_login(reception)
    return client


def fresh(request):
    return AppointmentRequest.objects.get(pk=request.pk)


def events(request):
    return list(Event.objects.about(request).filter(verb=FOUND))


def test_words_of_danger_make_a_request_dangerous_urgent_and_due_soon():
    request = fresh(make_request(matter=WORDS))
    assert (request.is_danger, request.is_urgent) == (True, True)
    assert request.due_at == workflow.due_from(request.promised_from, urgent=True)
    assert [each["words"] for each in request.danger_because] == ["cannot pass urine"]
    (event,) = events(request)
    assert "urine" not in str(event.details)


def test_an_urgent_sign_makes_it_urgent_and_no_danger():
    request = fresh(make_request(is_urgent=True))
    assert (request.is_danger, request.is_urgent, request.danger_because) == (False, True, None)
    assert events(request) == []


def test_the_queue_and_the_sheet_say_which_words_and_which_sign(desk):
    request = make_request(matter=WORDS, is_urgent=True)
    make_request(email="other@example.org")
    for page in (desk.get(QUEUE), desk.get(address(request))):
        text = page.content.decode()
        assert "They wrote: “cannot pass urine”" in text
        assert "They ticked: “You have a fever.”" in text
        assert text.count("They wrote") == 1


def test_what_is_no_danger_any_more_says_no_words(desk):
    request = make_request(matter=WORDS)
    AppointmentRequest.objects.filter(pk=request.pk).update(is_danger=False)
    for page in (desk.get(QUEUE), desk.get(address(request))):
        assert "They wrote" not in page.content.decode()


def test_words_that_are_markup_are_only_text(desk):
    make_request(matter="Numb <b>here</b> between my legs")
    assert "“Numb &lt;b&gt;here&lt;/b&gt; between my legs”" in desk.get(QUEUE).content.decode()


def test_danger_in_a_form_that_is_sent_again_wakes_it_and_hurries_it(reception):
    make_profile()
    make_hours()
    token = new_token()
    request = submit(token=token).request
    later = timezone.now() + timedelta(days=3)
    AppointmentRequest.objects.filter(pk=request.pk).update(snoozed_until=later)
    before = request.due_at
    submit(make_answers(matter=WORDS), token=token)
    request = fresh(request)
    assert (request.is_danger, request.is_urgent, request.snoozed_until) == (True, True, None)
    assert request.due_at < before
    assert len(events(request)) == 1


@pytest.mark.parametrize("was_urgent", [False, True])
def test_danger_that_the_patient_adds_while_it_was_their_turn_waits_for_the_clinic(reception, was_urgent):
    request = make_request(status=Status.WAITING, by=reception, is_urgent=was_urgent)
    request = fresh(moved(request, "add", by=None, words=WORDS))
    assert (request.status, request.is_danger, request.is_urgent) == (Status.IN_PROGRESS, True, True)
    assert request.due_at == workflow.due_from(request.promised_from, urgent=True)
    assert len(events(request)) == 1
    assert request.offers.open().exists()


def test_danger_in_an_answer_to_our_question_is_heeded(reception):
    request = moved(claimed_request(reception), "ask", by=reception, question="Any change?")
    request = fresh(moved(request, "reply", by=None, reply="Yes. I can't feel my legs."))
    assert (request.status, request.is_danger) == (Status.IN_PROGRESS, True)
    assert request.due_at == workflow.due_from(request.promised_from, urgent=True)


def test_danger_after_a_time_was_agreed_comes_first_among_the_news(desk, reception):
    earlier = make_request(status=Status.AGREED, by=reception)
    moved(earlier, "add", by=None, words="I walk with a stick.")
    times = {"agree": {"time": make_time(days=8)}}
    request = make_request(status=Status.AGREED, by=reception, email="b@example.org", inputs=times)
    moved(request, "add", by=None, words=WORDS)
    rows = desk.get(QUEUE, {"view": "news"}).context["cl"].result_list
    assert [row.reference for row in rows] == [request.reference, earlier.reference]


def test_what_staff_judged_to_be_no_danger_is_not_found_again_and_other_words_are():
    token = new_token()
    request = submit(make_answers(matter=WORDS), token=token).request
    AppointmentRequest.objects.filter(pk=request.pk).update(is_danger=False, is_urgent=False)
    submit(make_answers(matter=WORDS, wish="question"), token=token)
    assert not fresh(request).is_danger
    submit(make_answers(matter=f"{WORDS} Now I have chest pain too."), token=token)
    request = fresh(request)
    assert request.is_danger
    assert [each["sign"] for each in request.danger_because] == ["bladder", "chest"]
    assert len(events(request)) == 2


def test_a_form_sent_twice_is_found_once():
    token = new_token()
    request = submit(make_answers(matter=WORDS), token=token).request
    submit(make_answers(matter=WORDS), token=token)
    assert len(events(request)) == 1


def test_words_that_no_key_opens_take_no_row_from_the_queue(desk):
    request = make_request(matter=WORDS)
    table = AppointmentRequest._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET danger_because = 'garbled' WHERE id = %s", [request.pk])  # noqa: S608
    page = desk.get(QUEUE)
    assert request.reference in page.content.decode()
    assert "They wrote" not in page.content.decode()
