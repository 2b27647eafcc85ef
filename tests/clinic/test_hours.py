"""The working-hours clock, by a worked table: evenings, weekends, closures, both changes of the clock, never open."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from clinic.hours import NeverOpen, WorkingHours, working_minutes
from clinic.models import OpeningHours, reception_hours
from tests.clinic.factories import make_closure, make_hours, make_location

ZONE = ZoneInfo("America/Los_Angeles")
WEEK = {day: [(time(8), time(17))] for day in range(5)}
# 2026: 8 March and 1 November are the Sundays on which the clocks change; Thursday 26 November is closed.
HOURS = WorkingHours(WEEK, frozenset({date(2026, 11, 26)}), ZONE)
ROUND_THE_CLOCK = WorkingHours({day: [(time(0), time(23, 59, 59))] for day in range(7)}, frozenset(), ZONE)


def local(text):
    """Return the moment of a local wall time such as "2026-03-06 16:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-03-04 09:00", 2, "2026-03-04 11:00"),
        ("2026-03-04 16:00", 2, "2026-03-05 09:00"),
        ("2026-03-04 16:00", 1, "2026-03-04 17:00"),
        ("2026-03-04 17:00", 1, "2026-03-05 09:00"),
        ("2026-03-04 22:30", 2, "2026-03-05 10:00"),
        ("2026-03-04 03:00", 2, "2026-03-04 10:00"),
        ("2026-03-04 09:00", 8, "2026-03-04 17:00"),
        ("2026-03-04 09:01", 8, "2026-03-05 08:01"),
        ("2026-03-06 16:00", 2, "2026-03-09 09:00"),
        ("2026-03-07 12:00", 2, "2026-03-09 10:00"),
        ("2026-10-30 16:30", 1, "2026-11-02 08:30"),
        ("2026-11-25 16:00", 2, "2026-11-27 09:00"),
        ("2026-11-26 09:00", 2, "2026-11-27 10:00"),
        ("2026-03-04 09:00", 45, "2026-03-11 09:00"),
        ("2026-03-04 09:00", 0, "2026-03-04 09:00"),
        ("2026-03-07 09:00", 0, "2026-03-09 08:00"),
    ],
)
def test_working_time_passes_only_while_the_clinic_is_open(start, hours, due):
    assert HOURS.add(local(start), timedelta(hours=hours)) == local(due)


@pytest.mark.parametrize(
    ("start", "due"),
    [("2026-03-08 00:00", "2026-03-08 05:00"), ("2026-11-01 00:00", "2026-11-01 03:00")],
    ids=["clocks go forward", "clocks go back"],
)
def test_on_a_day_when_the_clocks_change_the_hours_that_really_pass_are_counted(start, due):
    assert ROUND_THE_CLOCK.add(local(start), timedelta(hours=4)) == local(due)


def test_a_break_at_noon_does_not_count():
    split = WorkingHours({1: [(time(13, 30), time(17)), (time(9), time(12, 30))]}, frozenset(), ZONE)
    assert split.add(local("2026-03-03 12:00"), timedelta(hours=1)) == local("2026-03-03 14:00")
    assert split.add(local("2026-03-03 16:30"), timedelta(hours=1)) == local("2026-03-10 09:30")


@pytest.mark.parametrize(
    "never",
    [
        WorkingHours({}, frozenset(), ZONE),
        WorkingHours({0: [(time(9), time(9))]}, frozenset(), ZONE),
        WorkingHours(WEEK, frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(800)), ZONE),
    ],
)
def test_a_clinic_that_never_opens_says_so(never):
    with pytest.raises(NeverOpen):
        never.add(local("2026-03-04 09:00"), timedelta(hours=1))


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-03-04 07:59", False),
        ("2026-03-04 08:00", True),
        ("2026-03-04 16:59", True),
        ("2026-03-04 17:00", False),
        ("2026-03-08 12:00", False),
        ("2026-11-26 12:00", False),
    ],
)
def test_the_clinic_is_open_from_the_first_minute_until_before_the_last(moment, is_open):
    assert HOURS.is_open(local(moment)) is is_open


@given(
    start=st.datetimes(datetime(2026, 2, 1), datetime(2026, 12, 1)),  # noqa: DTZ001 -- wall times, placed below
    minutes=st.integers(1, 3000),
)
def test_what_is_added_is_what_has_passed(start, minutes):
    start = start.replace(tzinfo=ZONE).astimezone(UTC)
    due = HOURS.add(start, timedelta(minutes=minutes))
    assert HOURS.between(start, due) == timedelta(minutes=minutes)
    assert HOURS.between(due, start) == timedelta()


@pytest.mark.parametrize(
    ("moment", "hours", "since"),
    [
        ("2026-03-04 11:00", 2, "2026-03-04 09:00"),
        ("2026-03-04 17:00", 9, "2026-03-04 08:00"),
        ("2026-03-04 09:00", 2, "2026-03-03 16:00"),
        ("2026-03-04 05:00", 1, "2026-03-03 16:00"),
        ("2026-03-08 12:00", 1, "2026-03-06 16:00"),
        ("2026-11-27 09:00", 2, "2026-11-25 16:00"),
        ("2026-03-09 09:00", 10, "2026-03-06 08:00"),
        ("2026-11-02 09:00", 10, "2026-10-30 08:00"),
    ],
)
def test_looking_back_finds_when_that_much_working_time_began(moment, hours, since):
    assert HOURS.back(local(moment), timedelta(hours=hours)) == local(since)


def test_on_a_day_when_the_clocks_change_what_really_passed_counts_in_either_direction():
    start, end = local("2026-03-08 01:00"), local("2026-03-08 05:00")
    assert working_minutes(ROUND_THE_CLOCK, start, end) == 3 * 60
    assert ROUND_THE_CLOCK.back(end, timedelta(hours=3)) == start


def test_looking_back_at_a_clinic_that_never_opens_says_so():
    with pytest.raises(NeverOpen):
        WorkingHours({}, frozenset(), ZONE).back(local("2026-03-04 09:00"), timedelta(hours=1))


@given(
    end=st.datetimes(datetime(2026, 2, 1), datetime(2026, 12, 1)),  # noqa: DTZ001 -- wall times, placed below
    minutes=st.integers(1, 3000),
)
def test_what_is_gone_back_is_what_has_passed_since(end, minutes):
    end = end.replace(tzinfo=ZONE).astimezone(UTC)
    since = HOURS.back(end, timedelta(minutes=minutes))
    assert HOURS.between(since, end) == timedelta(minutes=minutes)
    assert HOURS.between(since + timedelta(seconds=1), end) < timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("2026-03-04 09:00:00", "2026-03-04 09:00:00", 0),
        ("2026-03-04 09:00:00", "2026-03-04 09:00:01", 1),
        ("2026-03-04 16:30:00", "2026-03-05 08:30:00", 60),
        ("2026-03-07 10:00:00", "2026-03-07 11:00:00", 0),
        ("2026-03-06 16:00:00", "2026-03-09 09:00:00", 120),
    ],
)
def test_working_minutes_are_whole_and_a_part_of_one_counts(start, end, minutes):
    assert working_minutes(HOURS, local(start), local(end)) == minutes


def test_without_opening_hours_every_hour_counts():
    never = WorkingHours({}, frozenset(), ZONE)
    assert working_minutes(never, local("2026-03-07 22:00"), local("2026-03-08 04:00")) == 5 * 60
    assert working_minutes(never, local("2026-03-07 22:00"), local("2026-03-07 21:00")) == 0


def test_receptions_hours_leave_out_those_of_places(db):
    place = make_location()
    make_hours()
    make_hours(location=place, days=range(7), opens=time(0), closes=time(23))
    make_closure(date(2026, 3, 4))
    make_closure(date(2026, 3, 5), location=place)
    assert reception_hours().add(local("2026-03-03 16:00"), timedelta(hours=2)) == local("2026-03-05 09:00")


def test_reception_without_hours_is_never_open(db):
    with pytest.raises(NeverOpen):
        reception_hours().add(local("2026-03-03 16:00"), timedelta(hours=2))


def test_hours_that_overlap_others_of_the_day_are_refused_as_they_would_count_twice(db):
    morning = make_hours(days=[0], opens=time(9), closes=time(13))[0]
    with pytest.raises(ValidationError, match="These hours overlap Monday 09:00–13:00"):
        OpeningHours(weekday=0, opens=time(12), closes=time(17)).full_clean()
    OpeningHours(weekday=0, opens=time(13), closes=time(17)).full_clean()
    OpeningHours(weekday=1, opens=time(12), closes=time(17)).full_clean()
    OpeningHours(weekday=0, opens=time(12), closes=time(17), location=make_location()).full_clean()
    morning.closes = time(12)
    morning.full_clean()


def test_hours_that_close_before_they_open_are_refused_with_a_sentence(db):
    with pytest.raises(ValidationError, match="Closing time must be later than opening time"):
        OpeningHours(weekday=0, opens=time(17), closes=time(8)).full_clean()
