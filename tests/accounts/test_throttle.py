"""Whoever guesses passwords waits, longer each time; the honest get in, and nobody learns who has an account."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import much_tried, throttle
from accounts.models import LogInTries
from accounts.throttle import Kind
from audit.models import Event
from outbox.models import Message
from tests.accounts.browsers import LOG_IN, WRONG, AtLogIn
from tests.at_once import at_once

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


@pytest.fixture
def stranger():
    return AtLogIn()


def words(response):
    """Return the words of a log-in page that say why nobody was logged in."""
    return [error.strip() for error in re.findall(r'<p class="errornote">\s*(.*?)\s*</p>', response.content.decode())]


def test_after_five_failures_the_next_try_waits_and_the_right_password_waits_too(stranger, reception, clock):
    assert stranger.guess(5) == [200] * 5
    refused = stranger.try_log_in()
    assert (refused.status_code, refused["Retry-After"]) == (429, "60")
    assert words(refused) == ["Too many tries that were wrong. Wait 1 minute, then try again."]
    clock.shift(MINUTE)
    assert stranger.try_log_in().status_code == 302


def test_the_wait_grows_and_ends(stranger, reception, clock):
    stranger.guess(5)
    for minutes in (1, 2, 4, 8, 15, 15, 15):
        assert stranger.try_log_in("reception", WRONG)["Retry-After"] == str(minutes * 60)
        clock.shift(minutes * MINUTE)
        assert stranger.guess(1) == [200]


def test_tries_made_while_waiting_make_the_wait_no_longer(stranger, reception, clock):
    stranger.guess(50)
    clock.shift(MINUTE)
    assert stranger.try_log_in().status_code == 302


def test_failures_are_forgotten_after_a_day(stranger, reception, clock):
    stranger.guess(4)
    clock.shift(throttle.FORGOTTEN_AFTER)
    assert stranger.guess(5) == [200] * 5
    assert stranger.guess(1) == [429]


def test_a_clock_set_back_locks_nobody_out(stranger, reception, clock):
    stranger.guess(6)
    clock.shift(timedelta(days=-3))
    assert stranger.try_log_in().status_code == 302


def test_an_account_is_counted_whatever_network_the_tries_come_from(reception, clock):
    for number in range(5):
        AtLogIn(f"198.51.100.{number}").guess(1)
    assert AtLogIn("203.0.113.200").guess(1) == [429]


def test_a_network_is_counted_whatever_accounts_are_tried(stranger, reception, clock):
    free = throttle.FREE_TRIES[Kind.NETWORK]
    assert [stranger.guess(1, f"name-{number}") for number in range(free)] == [[200]] * free
    assert stranger.try_log_in().status_code == 429
    assert AtLogIn("198.51.100.7").try_log_in().status_code == 302


def test_one_household_of_ipv6_is_one_network(reception, clock):
    for number in range(throttle.FREE_TRIES[Kind.NETWORK]):
        AtLogIn(f"2001:db8::{number + 1:x}").guess(1, f"name-{number}")
    assert AtLogIn("2001:db8::ffff").guess(1, "another") == [429]


def test_a_name_without_an_account_is_answered_as_any_other_waits_included(reception, clock):
    for _time in range(7):
        known, unknown = AtLogIn("198.51.100.1"), AtLogIn("198.51.100.2")
        answers = known.try_log_in("reception", WRONG), unknown.try_log_in("nobody-here", WRONG)
        assert answers[0].status_code == answers[1].status_code
        assert words(answers[0]) == words(answers[1]) != []


def test_other_spellings_of_a_name_are_the_same_name(stranger, reception, clock):
    for username in ("reception", "Reception", "RECEPTION", " reception ", "ｒｅｃｅｐｔｉｏｎ"):
        stranger.guess(1, username)
    assert stranger.guess(1) == [429]


def test_the_same_is_asked_of_the_database_for_a_name_without_an_account(stranger, reception, clock):
    stranger.guess(1, "warm-up")
    asked = []
    for username in ("reception", "nobody-here"):
        with CaptureQueriesContext(connection) as queries:
            stranger.guess(6, username)
        asked.append([query["sql"].split()[0] for query in queries])
    assert asked[0] == asked[1]


# The honest


def test_a_browser_that_logged_in_before_is_held_up_by_no_stranger(reception, clock):
    desk = AtLogIn()
    desk.try_log_in()
    desk.post("/admin/logout/")
    for number in range(40):
        AtLogIn(f"203.0.113.{number}").guess(1)
    AtLogIn().guess(40, "somebody-else")
    assert AtLogIn("198.51.100.7").try_log_in().status_code == 429
    assert desk.try_log_in().status_code == 302


def test_its_own_failures_count_apart_and_its_success_forgets_them(reception, clock):
    desk = AtLogIn()
    desk.try_log_in()
    desk.post("/admin/logout/")
    assert desk.guess(4) == [200] * 4
    assert desk.try_log_in().status_code == 302
    desk.post("/admin/logout/")
    assert desk.guess(6) == [200] * 5 + [429]
    assert AtLogIn().try_log_in().status_code == 302


def test_a_success_takes_back_its_own_count_alone_from_the_account_and_the_network(stranger, reception, clock):
    stranger.guess(3)
    stranger.try_log_in()
    assert set(LogInTries.objects.values_list("kind", "failures")) == {("account", 3), ("network", 3)}


def test_a_cookie_of_one_account_is_none_of_another(reception, nurse, clock):
    desk = AtLogIn()
    desk.try_log_in()
    desk.post("/admin/logout/")
    AtLogIn().guess(6, "nurse")
    assert desk.try_log_in("nurse").status_code == 429


def test_many_share_a_desk(reception, nurse, clock, settings):
    desk = AtLogIn()
    for username in ("reception", "nurse", "reception"):
        assert desk.try_log_in(username).status_code == 302
        desk.post("/admin/logout/")
    AtLogIn().guess(6, "nurse")
    AtLogIn().guess(6, "reception")
    assert desk.try_log_in("nurse").status_code == 302
    cookie = desk.cookies[settings.KNOWN_BROWSER_COOKIE_NAME]
    assert "nurse" not in cookie.value
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")


@pytest.mark.parametrize("spoil", [lambda value: value[:-1], lambda value: "x", lambda value: ":" * 9])
def test_an_altered_cookie_is_none(reception, clock, settings, spoil):
    desk = AtLogIn()
    desk.try_log_in()
    desk.post("/admin/logout/")
    cookie = desk.cookies[settings.KNOWN_BROWSER_COOKIE_NAME]
    desk.cookies[settings.KNOWN_BROWSER_COOKIE_NAME] = spoil(cookie.value)
    AtLogIn().guess(6)
    assert desk.try_log_in().status_code == 429


# At once


@pytest.mark.django_db(transaction=True)
def test_tries_at_the_same_moment_are_no_way_around(reception):
    def guess():
        return AtLogIn().guess(3)

    codes = [code for codes in at_once(*[guess] * 4) for code in codes]
    assert sorted(codes) == [200] * 5 + [429] * 7
    assert LogInTries.objects.get(kind=Kind.ACCOUNT).failures == 5
    connections.close_all()


# What is written and told


def test_a_flood_writes_one_event_for_each_wait(stranger, reception, clock):
    stranger.guess(30)
    clock.shift(MINUTE)
    stranger.guess(30)
    events = Event.objects.filter(verb="staff.log_in_throttled")
    assert [(event.object_id, event.details) for event in events] == [
        (str(reception.pk), {"counted_for": ["account"]})
    ] * 2
    assert Event.objects.filter(verb="staff.log_in_failed").count() == 6


def test_what_is_counted_names_nobody(stranger, reception, clock):
    stranger.guess(6)
    stored = str(list(LogInTries.objects.values()))
    assert "reception" not in stored
    assert "203.0.113" not in stored


def test_the_person_is_told_once_a_day_that_somebody_guesses(stranger, reception, clock):
    assert much_tried.tell() == 0
    stranger.guess(6)
    AtLogIn().guess(6, "nobody-here")
    assert (much_tried.tell(), much_tried.tell()) == (1, 0)
    message = Message.objects.get()
    assert (message.recipient, message.purpose) == (reception.email, "log_in_tried")
    assert "203.0.113" not in message.text
    for _hour in range(20):
        clock.shift(timedelta(hours=1))
        stranger.guess(2)
        much_tried.tell()
    assert Message.objects.count() == 1
    clock.shift(timedelta(hours=5))
    stranger.guess(2)
    much_tried.tell()
    assert Message.objects.count() == 2


def test_nobody_is_told_of_their_own_slips_or_after_they_left(stranger, reception, nurse, clock):
    stranger.guess(4)
    nurse.is_active = False
    nurse.save()
    AtLogIn("198.51.100.7").guess(6, "nurse")
    assert much_tried.tell() == 0


def test_counts_are_deleted_when_they_count_no_more(stranger, reception, clock):
    stranger.guess(1)
    assert throttle.forget_old() == 0
    clock.shift(throttle.FORGOTTEN_AFTER + MINUTE)
    assert throttle.forget_old() == 2


def test_what_was_typed_before_the_log_in_ended_is_kept_while_one_waits(stranger, reception, clock):
    stranger.guess(5)
    kept = {"username": "reception", "password": WRONG, "kept": "sealed"}
    assert b'name="kept" value="sealed"' in stranger.post(LOG_IN, kept).content
