"""Who looks: a line about who else has a sheet open, and a red status where nobody opened the queue for a day."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from appointments import demonstration_watch
from appointments.models import AlertPerson, AppointmentRequest, HeldBecause, Kind, Look
from appointments.presence import queue_trouble, saw_queue
from clinic import status
from tests.appointments.at_the_desk import address, press
from tests.appointments.factories import claimed_request, make_request
from tests.at_once import at_once
from tests.clinic.factories import make_closure, make_hours, make_profile

PACIFIC = ZoneInfo("America/Los_Angeles")
QUEUE = reverse("admin:appointments_appointmentrequest_changelist")
# A Friday; reception works from 8 to 17, from Monday to Friday.
FRIDAY = datetime(2026, 11, 20, 10, 2, tzinfo=PACIFIC)
MONDAY = FRIDAY + timedelta(days=3)
pytestmark = pytest.mark.django_db


def browser_of(user):
    browser = Client()
    browser.force_login(user)
    return browser


def at(moment):
    return time_machine.travel(moment, tick=False)


# The sheet


@pytest.fixture
def opened(reception):
    """A request whose sheet Rosa Reyes opened at 10:02."""
    with at(FRIDAY):
        request = make_request()
        browser_of(reception).get(address(request))
    return request


LINE = "Since 10:02 a.m., Rosa Reyes has had this open."


@pytest.mark.parametrize(("later", "is_there"), [(0, True), (4, True), (5, False)])
def test_the_sheet_says_who_else_opened_it_in_the_last_minutes(opened, reception2, later, is_there):
    with at(FRIDAY + timedelta(minutes=later)):
        assert (LINE in browser_of(reception2).get(address(opened)).content.decode()) == is_there


def test_opening_it_again_keeps_since_when(opened, reception, reception2):
    with at(FRIDAY + timedelta(minutes=3)):
        browser_of(reception).get(address(opened))
        assert LINE in browser_of(reception2).get(address(opened)).content.decode()
    with at(FRIDAY + timedelta(minutes=6)):
        assert "Since 10:05 a.m., Rosa Reyes" in browser_of(reception2).get(address(opened)).content.decode()


def test_nobody_is_told_of_themselves_or_of_who_reads_another_sheet(opened, reception, reception2):
    with at(FRIDAY):
        assert "has had this open" not in browser_of(reception).get(address(opened)).content.decode()
        assert "has had this open" not in browser_of(reception2).get(address(make_request())).content.decode()


def test_it_locks_nobody_out(opened, reception2):
    with at(FRIDAY):
        assert press(browser_of(reception2), opened, "claim").status_code == 302


def test_a_refused_move_shows_it_too(reception, reception2):
    with at(FRIDAY):
        request = claimed_request(reception)
        browser_of(reception).get(address(request))
        refused = press(browser_of(reception2), request, "answer", answer="Yes.")
        assert refused.status_code == 409
        assert LINE in refused.content.decode()


# The queue


def looks():
    return list(Look.objects.order_by("id").values_list("user__username", "seen_at"))


def test_opening_the_queue_is_noted_once_a_minute_a_person(reception, reception2):
    rosa, ruben = browser_of(reception), browser_of(reception2)
    for seconds, browser in ((0, rosa), (59, rosa), (59, ruben)):
        with at(FRIDAY + timedelta(seconds=seconds)):
            assert browser.get(QUEUE).status_code == 200
    assert looks() == [("reception", FRIDAY), ("reception2", FRIDAY + timedelta(seconds=59))]
    with at(FRIDAY + timedelta(minutes=1)):
        rosa.get(QUEUE)
    assert looks()[0] == ("reception", FRIDAY + timedelta(minutes=1))


def test_a_look_noted_before_the_clock_was_set_back_is_noted_anew(reception):
    session = {}
    saw_queue(reception, session=session, now=FRIDAY + timedelta(days=300))
    saw_queue(reception, session=session, now=FRIDAY)
    assert looks() == [("reception", FRIDAY)]


def test_who_may_not_open_the_queue_did_not_look(editor):
    assert browser_of(editor).get(QUEUE).status_code == 403
    assert not looks()


@pytest.mark.django_db(transaction=True)
def test_the_same_person_in_two_windows_at_once_looks_once(reception):
    looked = [lambda: saw_queue(reception, session={}, now=FRIDAY)] * 2
    assert at_once(*looked) == [None, None]
    assert len(looks()) == 1


# The status


@pytest.fixture
def clinic(db):
    make_profile()
    make_hours()


@pytest.fixture
def waiting(clinic):
    with at(FRIDAY):
        return make_request()


RED = "Requests wait for the clinic, and nobody opened the queue for a working day."


@pytest.mark.parametrize(
    ("now", "trouble"),
    [
        (FRIDAY + timedelta(hours=6), None),
        (FRIDAY + timedelta(days=2), None),
        (MONDAY, None),
        (MONDAY + timedelta(minutes=1), RED),
    ],
)
def test_it_is_red_when_requests_waited_and_nobody_looked_for_a_working_day(waiting, now, trouble):
    assert queue_trouble(now) == trouble


def test_a_day_on_which_the_clinic_is_closed_does_not_count(waiting):
    make_closure(MONDAY.date())
    assert queue_trouble(MONDAY + timedelta(hours=6)) is None
    assert queue_trouble(MONDAY + timedelta(days=1, minutes=1)) == RED


def test_a_working_day_is_as_long_as_the_longest(waiting):
    make_hours(days=[5], opens=time(8), closes=time(9))
    assert queue_trouble(MONDAY - timedelta(minutes=60)) is None
    assert queue_trouble(MONDAY - timedelta(minutes=59)) == RED


def test_it_is_green_again_once_somebody_looked(waiting, reception):
    saw_queue(reception, session={}, now=MONDAY)
    assert queue_trouble(MONDAY + timedelta(hours=8)) is None
    assert queue_trouble(MONDAY + timedelta(days=1, minutes=1)) == RED


def test_it_is_green_while_nothing_waited_as_long(clinic):
    assert queue_trouble(MONDAY) is None
    with at(MONDAY):
        make_request()
        assert queue_trouble() is None


@pytest.mark.parametrize(
    "values",
    [
        {"kind": Kind.PRACTICE},
        {"held_because": HeldBecause.MANY_TODAY},
        {"snoozed_until": MONDAY + timedelta(days=9)},
        {"status": "waiting"},
    ],
)
def test_what_does_not_wait_for_the_clinic_makes_nothing_red(waiting, values):
    AppointmentRequest.of_every_kind.update(**values)
    assert queue_trouble(MONDAY + timedelta(days=1)) is None


def test_without_opening_hours_a_day_is_a_day(db):
    with at(FRIDAY):
        make_request()
    assert queue_trouble(FRIDAY + timedelta(hours=24)) is None
    assert queue_trouble(FRIDAY + timedelta(hours=24, minutes=1)) == RED


def test_a_clinic_that_is_closed_for_a_year_has_no_working_day(waiting):
    for day in range(500):
        make_closure((FRIDAY + timedelta(days=day)).date())
    assert queue_trouble(FRIDAY + timedelta(days=450)) is None


def test_the_status_page_asks_it(waiting):
    with at(MONDAY + timedelta(days=1)):
        assert {part.name: part.trouble for part in status.parts()}["queue"] == RED


def test_a_demonstration_begins_with_a_manager_who_is_told_and_a_queue_that_was_looked_at(manager, reception):
    for _again in range(2):
        assert demonstration_watch.load() == "the manager is told what cannot wait"
    assert [person.user for person in AlertPerson.objects.all()] == [manager]
    assert [name for name, *_rest in looks()] == ["reception"]


def test_without_the_made_up_staff_nobody_is_named(db):
    assert demonstration_watch.load() == "nobody is told what cannot wait"
    assert not AlertPerson.objects.exists()
