"""Counting how often something happened lately: whose network it was, and how many from all processes together."""

from datetime import timedelta

import pytest
import time_machine

from clinic import limits
from clinic.limits import DAY, HOUR, network_of
from clinic.models import Tally
from tests.at_once import at_once

NOON = "2026-11-23T12:00:00-08:00"


def came_from(rf, address, forwarded=None):
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return network_of(rf.get("/", headers=headers, REMOTE_ADDR=address))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix:", ""),
        ("203.0.113.7, 203.0.113.8", ""),
        ("999.1.1.1", ""),
    ],
)
def test_a_household_is_one_network_however_it_changes_its_address(rf, address, network):
    assert came_from(rf, address) == network


@pytest.mark.parametrize("told", ["198.51.100.9", "127.0.0.1", "unknown", "", ", ,", "x" * 5000])
def test_without_a_proxy_of_ours_nobody_can_say_they_come_from_elsewhere(rf, told):
    assert came_from(rf, "203.0.113.7", told) == "203.0.113.7"


@pytest.mark.parametrize(
    ("address", "told", "network"),
    [
        ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "198.51.100.9, 203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "10.0.0.1, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("::ffff:10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("", "198.51.100.9, 203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "203.0.113.7:51234", "203.0.113.7"),
        ("10.0.0.1", "[2001:db8:1:2::5]:443", "2001:db8:1:2::/64"),
        ("10.0.0.1", "198.51.100.9, unknown", ""),
        ("10.0.0.1", "", ""),
        ("203.0.113.7", "198.51.100.9", "203.0.113.7"),
    ],
)
def test_behind_proxies_of_ours_only_what_they_saw_themselves_counts(rf, settings, address, told, network):
    settings.TRUSTED_PROXIES = ["10.0.0.1", "10.0.0.2"]
    assert came_from(rf, address, told) == network


def test_what_is_counted_begins_anew_with_each_span(db):
    with time_machine.travel(NOON, tick=False) as clock:
        assert [limits.count("press", "a", span=HOUR) for _press in range(3)] == [1, 2, 3]
        assert limits.count("press", "b", span=HOUR) == 1
        assert limits.count("other", "a", span=HOUR) == 1
        clock.shift(timedelta(minutes=59))
        assert limits.how_many("press", "a", span=HOUR) == 3
        clock.shift(timedelta(minutes=1))
        assert limits.how_many("press", "a", span=HOUR) == 0


def test_what_comes_from_nobody_is_not_counted(db):
    assert limits.count("press", "", span=HOUR) == 0
    assert not Tally.objects.exists()


def test_no_address_is_kept_and_no_count_for_long(db):
    with time_machine.travel(NOON, tick=False) as clock:
        limits.count("press", "203.0.113.7", span=DAY)
        assert "203" not in Tally.objects.get().key
        clock.shift(timedelta(hours=24))
        assert limits.forget_old() == 0
        clock.shift(timedelta(hours=48))
        assert limits.forget_old() == 1


def test_counts_outlive_a_change_of_keys(db, settings):
    limits.count("press", "a", span=DAY)
    settings.FIELD_KEYS = ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", *settings.FIELD_KEYS]
    assert limits.count("press", "a", span=DAY) == 2


@pytest.mark.django_db(transaction=True)
def test_processes_that_count_at_once_lose_nothing():
    presses = [lambda: limits.count("press", "a", span=DAY)] * 6
    assert max(at_once(*presses)) == 6
    assert limits.how_many("press", "a", span=DAY) == 6
