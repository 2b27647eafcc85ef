"""The private page: where a request stands, for whoever holds its address, and nothing for anybody else."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments.models import AppointmentRequest, TrackingLink
from appointments.references import hash_of, new_token
from audit.models import Event
from tests.appointments.factories import (
    answered_request,
    claimed_request,
    closed_request,
    declined_request,
    make_answers,
    make_request,
    moved,
)
from tests.appointments.offer import offer  # noqa: F401 -- a fixture
from tests.appointments.visitor import Reader

pytestmark = pytest.mark.usefixtures("offer")

MONDAY = "2026-11-23T09:00:00-08:00"
PRIVATE = ("Ana", "O’Brien", "ana@example.org", "555-0123", "since I fell", "fever")


def link_to(request):
    """Return the token of a new link to a request."""
    token = new_token()
    TrackingLink.make(request, token=token, made_for="test")
    return token


def read(client, request, prefix=""):
    """Return the words of a request's private page."""
    response = client.get(f"{prefix}/appointments/track/{link_to(request)}/")
    assert response.status_code == 200
    return Reader(response.content.decode()).text


def test_it_says_that_this_is_a_request_and_by_when_the_clinic_answers(client):
    with time_machine.travel(MONDAY, tick=False):
        request = make_request(procedure="kyphoplasty", location="north")
        text = read(client, request)
    assert request.reference in text
    assert "This is a request, not yet an appointment." in text
    assert "We answer you by 5 p.m. on Monday, November 23." in text
    for words in ("An appointment", "Balloon repair", "Northside"):
        assert words in text


def test_it_shows_nothing_that_the_patient_wrote(client):
    request = make_request(is_urgent=True)
    html = client.get(f"/appointments/track/{link_to(request)}/").content.decode()
    assert not [words for words in PRIVATE if words in html]


def test_it_says_where_each_request_stands(client, reception):
    with time_machine.travel(MONDAY, tick=False):
        assert "is working on your request. We answer you by 5 p.m." in read(client, claimed_request(reception))
        declined = read(client, declined_request(reception, decline_reason="referral_needed"))
        assert "The reason: a letter from a doctor is needed first." in declined
        assert "This request is closed." in read(client, closed_request(reception))
        late = make_request()
    with time_machine.travel("2026-11-23T17:00:01-08:00", tick=False):
        assert "We are sorry. Your request is not lost." in read(client, late)


def test_the_reason_of_a_request_that_was_declined_stays_after_it_is_closed(client, reception):
    declined = declined_request(reception, decline_reason="referral_needed")
    text = read(client, moved(declined, "close", by=reception))
    assert "This request is closed." in text
    assert "The reason: a letter from a doctor is needed first." in text


def test_the_answer_is_shown_as_it_was_written_and_never_as_markup(client, reception):
    request = answered_request(reception, answer="Come in.\nBring <b>your</b> scan.")
    html = client.get(f"/appointments/track/{link_to(request)}/").content.decode()
    assert "Come in.<br>Bring &lt;b&gt;your&lt;/b&gt; scan." in html


def test_it_speaks_the_language_of_its_address(client):
    request = make_request(procedure="kyphoplasty")
    assert "Reparación con globo" in read(client, request, prefix="/es")


def test_a_token_that_opens_nothing_answers_the_same_to_the_byte(client):
    token, expired, revoked = (link_to(make_request()) for _each in range(3))
    TrackingLink.objects.filter(token_hash=hash_of(expired)).update(expires_at=timezone.now())
    TrackingLink.objects.filter(token_hash=hash_of(revoked)).update(revoked_at=timezone.now())
    near = token[:-1] + ("A" if token[-1] != "A" else "B")
    answers = [
        client.get(f"/appointments/track/{each}/")
        for each in (near, new_token(), expired, revoked, token.swapcase(), "x", "%00", "é" * 500, "%FF")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({(answer.content, str(answer.headers)) for answer in answers}) == 1
    assert b"(206) 555-0142" in answers[0].content


def test_it_is_kept_by_nobody_and_sent_on_to_nobody(client):
    for token in (link_to(make_request()), "x"):
        response = client.get(f"/appointments/track/{token}/")
        assert response["Cache-Control"] == "private, no-store"
        assert response["Referrer-Policy"] == "no-referrer"
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert not response.cookies


def test_looking_changes_nothing(client):
    request = make_request()
    token, events = link_to(request), Event.objects.count()
    before = AppointmentRequest.objects.values().get()
    for method in (client.get, client.head, client.get):
        assert method(f"/appointments/track/{token}/").status_code == 200
    assert client.post(f"/appointments/track/{token}/").status_code == 405
    assert AppointmentRequest.objects.values().get() == before
    assert Event.objects.count() == events


def test_a_link_lasts_a_year(client):
    token = link_to(make_request())
    with time_machine.travel(timezone.now() + timedelta(days=364)):
        assert client.get(f"/appointments/track/{token}/").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=366)):
        assert client.get(f"/appointments/track/{token}/").status_code == 404


def test_the_number_of_queries_stays_whatever_the_request_holds(client, reception):
    plain = link_to(make_request())
    full = link_to(answered_request(reception, **make_answers(procedure="kyphoplasty", location="south")))
    counts = set()
    for token in (plain, full):
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/appointments/track/{token}/")
        counts.add(len(queries))
    assert len(counts) == 1
    assert counts.pop() <= 4
