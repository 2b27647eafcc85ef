"""The private page: where a request stands, for whoever holds its address, and nothing for anybody else."""

import gzip
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments.models import AppointmentRequest, ClinicQuestion, Status, TrackingLink
from appointments.opened import READ
from appointments.references import hash_of, new_token
from appointments.views.private import MOST_MISSES
from audit.models import Event
from clinic.models import Closure
from procedures.models import ProcedurePage
from tests.appointments.factories import (
    answered_request,
    claimed_request,
    closed_request,
    declined_request,
    inputs_of,
    link_to,
    make_request,
    make_time,
    moved,
)
from tests.appointments.offer import offer  # noqa: F401 -- a fixture
from tests.appointments.visitor import Reader

pytestmark = pytest.mark.usefixtures("offer")

MONDAY = "2026-11-23T09:00:00-08:00"
STYLES = ("site", "more")
PRIVATE = ("Ana", "O’Brien", "ana@example.org", "555-0123", "since I fell", "fever")


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
    counts = {}
    for status in Status:
        for is_full in (False, True):
            inputs = {"agree": {"time": make_time(clinician=f"{status}-{is_full}")}}
            procedure = "kyphoplasty" if is_full else ""
            request = make_request(status=status, by=reception, procedure=procedure, inputs=inputs)
            if is_full:
                fill(request, reception)
            with CaptureQueriesContext(connection) as queries:
                client.get(f"/appointments/track/{link_to(request)}/")
            counts.setdefault(status, []).append(len(queries))
    assert all(plain == full for plain, full in counts.values()), counts
    assert max(number for plain, full in counts.values() for number in (plain, full)) <= 10, counts


def fill(request, by):
    """Let a request gather much: questions that were answered, reads by staff on several days."""
    for number in range(3):
        ClinicQuestion.objects.create(
            request=request, text="?", asked_by=by, reply="!", replied_at=timezone.now(), pk=request.pk * 10 + number
        )
    for days in range(15):
        with time_machine.travel(timezone.now() - timedelta(days=days)):
            Event.record(READ, by=by.as_actor(), about=request)


# What the page says in each state


def test_until_a_time_is_agreed_the_page_says_that_it_is_a_request(client, reception):
    for status in (Status.NEW, Status.IN_PROGRESS, Status.WAITING):
        request = make_request(status=status, by=reception)
        assert "This is a request, not yet an appointment." in read(client, request), status
    assert "not yet an appointment" not in read(client, make_request(status=Status.AGREED, by=reception))


def test_offered_times_are_shown_with_day_place_and_clinician_each_with_its_own_address(client, reception):
    with time_machine.travel(MONDAY, tick=False):
        request = make_request(status=Status.WAITING, by=reception)
        token = link_to(request)
        html = client.get(f"/appointments/track/{token}/").content.decode()
    text = Reader(html).text
    assert "10 a.m. on Monday, November 30" in text
    assert "Northside, 1 A St" in text
    assert "Dr. Cora" in text
    assert "We do not hold a time until you choose it." in text
    for time in request.offers.all():
        assert f'href="/appointments/track/{token}/accept/{time.pk}/"' in html


def test_times_that_are_gone_are_not_offered_and_others_can_be_asked_for(client, reception):
    request = make_request(status=Status.WAITING, by=reception)
    with time_machine.travel(timezone.now() + timedelta(days=20)):
        text = read(client, request)
    assert "The times that we offered you are gone. Ask us for others." in text
    assert "Choose this time" not in text
    assert "Ask for other times" in text


def test_an_agreed_time_is_shown_with_its_place_and_how_to_prepare(client, reception):
    with time_machine.travel(MONDAY, tick=False):
        request = make_request(status=Status.AGREED, by=reception, procedure="kyphoplasty")
        page = ProcedurePage.objects.get(language="en", slug="kyphoplasty")
        document = page.live_version.document | {
            "preparation": [{"when": "Before", "points": [{"text": "Eat little."}]}]
        }
        type(page.live_version).objects.filter(pk=page.live_version_id).update(document=document)
        html = client.get(f"/appointments/track/{link_to(request)}/").content.decode()
        assert client.get(re.search(r'href="(/locations/[^"]+)"', html.partition("<main")[2])[1]).status_code == 200
        text = Reader(html).text
        for words in ("You have an appointment: 10 a.m. on Monday, November 30.", "Northside", "Eat little.", "Cancel"):
            assert words in text
    with time_machine.travel("2026-12-01T09:00:00-08:00", tick=False):
        text = read(client, request)
    assert "Your appointment was at 10 a.m. on Monday, November 30." in text
    assert "Eat little." not in text


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("2026-12-31T16:30:00-08:00", "by 3:30 p.m. on Monday, January 4"),
        ("2028-02-28T12:00:00-08:00", "by 11 a.m. on Tuesday, February 29"),
        ("2026-03-06T12:00:00-08:00", "by 11 a.m. on Monday, March 9"),
        ("2026-10-30T12:00:00-07:00", "by 11 a.m. on Monday, November 2"),
    ],
    ids=["year end and a closure", "leap day", "clocks go forward", "clocks go back"],
)
def test_the_day_of_the_answer_is_right_over_odd_days(client, now, words):
    Closure.objects.create(date=date(2027, 1, 1))
    with time_machine.travel(now, tick=False):
        assert words in read(client, make_request())


@pytest.mark.parametrize(("status", "ticks"), [("new", 1), ("waiting", 0), ("declined", 0), ("agreed", 1)])
def test_no_tick_stands_above_what_is_not_done(client, reception, status, ticks):
    token = link_to(make_request(status=Status(status), by=reception))
    panel = client.get(f"/appointments/track/{token}/").content.decode().partition("Your reference")[0]
    assert panel.partition("<main")[2].count("<svg") == ticks


def test_who_waits_for_an_answer_is_not_led_to_ask_a_second_time(client, reception):
    request = make_request()
    token = link_to(request)
    for part in ("", "withdraw/", "add/"):
        html = client.get(f"/appointments/track/{token}/{part}").content.decode()
        assert "/appointments/request/" not in html
        assert 'href="tel:' in html
    moved(request, "withdraw", by=None)
    assert 'href="/appointments/request/"' in client.get(f"/appointments/track/{token}/").content.decode()


def test_contact_details_are_masked(client):
    text = read(client, make_request())
    assert "a•••@e•••.org" in text
    assert "••• •••-••23" in text


def test_how_often_staff_opened_it_is_told_by_role_and_day_without_a_name(client, reception, nurse):
    request = make_request()
    with time_machine.travel("2026-11-20T12:00:00-08:00", tick=False):
        Event.record(READ, by=nurse.as_actor(), about=request)
    with time_machine.travel("2026-11-22T23:30:00-08:00", tick=False):
        for _each in range(2):
            Event.record(READ, by=reception.as_actor(), about=request)
    text = read(client, request)
    assert "Our staff opened it 3 times." in text
    assert text.index("Reception, November 22, 2026: 2 times") < text.index(
        "Nurse (clinical triage), November 20, 2026: once"
    )
    assert str(reception) not in text


def test_what_was_done_is_said_no_longer_than_it_is_so(client, reception):
    request = make_request(status=Status.WAITING, by=reception)
    token = link_to(request)

    def said(name):
        return "Done:" in Reader(client.get(f"/appointments/track/{token}/?done={name}").content.decode()).text

    names = ("accept", "withdraw", "reminders-off", "details-on", "reply", "other-times")
    assert not any(map(said, names))
    agreed = moved(request, "accept", by=None, **inputs_of("accept", request))
    assert said("accept")
    # A kept address must not say that there is an appointment, once the clinic had to cancel it.
    moved(agreed, "cancel_time", by=reception)
    assert not said("accept")


def test_only_known_words_of_the_address_are_shown(client):
    token = link_to(make_request())
    assert "We have added it" in Reader(client.get(f"/appointments/track/{token}/?done=add").content.decode()).text
    plain = client.get(f"/appointments/track/{token}/").content
    odd = client.get(f"/appointments/track/{token}/?done=<b>&sent=x").content
    assert plain == odd


def test_the_agreed_time_goes_into_a_calendar_and_nothing_else_does(client, reception):
    agreed, new = make_request(status=Status.AGREED, by=reception), make_request()
    response = client.get(f"/appointments/track/{link_to(agreed)}/calendar.ics")
    assert response["Content-Type"].startswith("text/calendar")
    assert response["Cache-Control"] == "private, no-store"
    assert b"DTSTART;TZID=America/Los_Angeles:" in response.content
    assert b"/track/" not in response.content
    response = client.get(f"/appointments/track/{link_to(new)}/calendar.ics")
    assert response.status_code == 404
    assert "There is no appointment" in response.content.decode()
    assert client.get(f"/appointments/track/{new_token()}/calendar.ics").status_code == 404


def test_pages_are_small_even_when_full(client, reception):
    styles = [gzip.compress(path.read_bytes()) for path in Path("static/css").glob("*.css") if path.stem in STYLES]
    request = make_request(status=Status.WAITING, by=reception, procedure="kyphoplasty")
    fill(request, reception)
    token = link_to(request)
    for path in ("", "add/", "other-times/", "withdraw/", "words/"):
        page = gzip.compress(client.get(f"/es/appointments/track/{token}/{path}").content)
        assert len(page) + sum(map(len, styles)) < 30_000, path


# What the clinic wrote


def test_what_the_clinic_wrote_opens_by_a_press_alone_and_is_never_markup(client, reception):
    request = answered_request(reception, answer="Come in.\nBring <b>your</b> scan.")
    token = link_to(request)
    for path in ("", "words/"):
        response = client.get(f"/appointments/track/{token}/{path}")
        assert b"Come in." not in response.content
    response = client.post(f"/appointments/track/{token}/words/")
    assert "Come in.<br>Bring &lt;b&gt;your&lt;/b&gt; scan." in response.content.decode()
    assert response["Cache-Control"] == "private, no-store"
    event = Event.objects.about(request).first()
    assert (event.verb, event.actor_kind, event.details) == ("request.words_read", "patient", {})


def test_there_is_nothing_to_read_before_the_clinic_wrote_something(client):
    token = link_to(make_request())
    for press in (client.get, client.post):
        response = press(f"/appointments/track/{token}/words/")
        assert (response.status_code, response["Location"]) == (303, f"/appointments/track/{token}/")


# Addresses that open nothing


SUB_ADDRESSES = ["", "words/", "add/", "withdraw/", "accept/1/", "nowhere/"]


def test_sub_addresses_of_a_token_that_opens_nothing_answer_alike_too(client):
    good = link_to(make_request())
    near = good[:-1] + ("A" if good[-1] != "A" else "B")
    answers = [
        press(f"/appointments/track/{token}/{path}")
        for token in (near, new_token())
        for path in SUB_ADDRESSES
        for press in ((client.get, client.post) if path not in ("",) else (client.get,))
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({(answer.content, str(answer.headers)) for answer in answers}) == 1


def test_misses_are_limited_by_network_and_a_good_link_always_opens(client):
    good = link_to(make_request())
    codes = [client.get(f"/appointments/track/{new_token()}/").status_code for _each in range(MOST_MISSES + 2)]
    assert codes == [404] * MOST_MISSES + [429] * 2
    response = client.get(f"/appointments/track/{new_token()}/")
    assert b"(206) 555-0142" in response.content
    assert client.get(f"/appointments/track/{good}/").status_code == 200
    assert client.get(f"/appointments/track/{new_token()}/", REMOTE_ADDR="192.0.2.7").status_code == 404
