"""The figures: what counts, when it is judged, how soon it was answered, and what is too little to show."""

from datetime import date, time, timedelta
from math import inf

import pytest
from django.db import connection
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from appointments import figures
from appointments.figures import DIMENSIONS, Answers, answers_by, too_small
from appointments.models import AppointmentRequest, HeldBecause, Kind, Status
from clinic.hours import WorkingHours
from clinic.models import reception_hours
from tests.appointments.arrivals import PACIFIC, arrive, local
from tests.clinic.factories import make_closure, make_hours, make_location, make_profile
from tests.procedures.factories import make_procedure

# A Wednesday; its week began on 16 November.
NOW = local("2026-11-18 12:00")
PROMISE = timedelta(hours=8)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def hours(db):
    """Reception answers from Monday to Friday, 8 to 17."""
    make_profile()
    return make_hours()


def report(period="month", now=NOW):
    requests = AppointmentRequest.objects.all()
    return figures.report(requests, period, now, hours=reception_hours(), promise=PROMISE)


def table(key, period="month", now=NOW):
    """Return {name: how many, or None} of one table."""
    return {row.name: row.received for table in report(period, now).tables if table.key == key for row in table.rows}


def answers(*outcomes):
    made = Answers()
    for outcome in outcomes:
        made.add(outcome, 1)
    return made


# Half, and nine in ten


@pytest.mark.parametrize(
    ("outcomes", "half", "nine_in_ten"),
    [
        ([10, 20, 30, 40], None, None),
        ([10, 20, 30, 40, 50], 30, 50),
        ([50, 40, 30, 20, 10, 60, 70, 80, 90, 100], 50, 90),
        ([0] * 20, 0, 0),
        ([*range(1, 20), -1], 10, 18),
        ([*range(1, 19), -1, -1], 10, 18),
        ([*range(1, 18), -1, -1, -1], 10, inf),
        ([-1] * 10, inf, inf),
        ([5, 5, 5, 5, 5, -2, -2, -2, -2, -2], 5, 5),
    ],
)
def test_half_and_nine_in_ten_count_what_is_unanswered_as_slowest_and_leave_out_what_cannot_be_judged(
    outcomes, half, nine_in_ten
):
    made = answers(*outcomes)
    assert made.received == len(outcomes)
    assert (made.within(0.5), made.within(0.9)) == (half, nine_in_ten)


# What counts


def test_only_what_patients_sent_and_nobody_holds_as_spam_counts():
    came = local("2026-11-16 09:00")
    arrive(came, 60, 60, 60, 60, 60)
    arrive(came, 1, 1, 1, 1, kind=Kind.PRACTICE)
    arrive(came, 1, 1, 1, 1, kind=Kind.HEARTBEAT)
    arrive(came, 1, 1, 1, held_because=HeldBecause.DECOY, status=Status.CLOSED)
    arrive(came, None, None, held_because=HeldBecause.TOO_FAST)
    every_kind = figures.report(
        AppointmentRequest.of_every_kind.all(), "month", NOW, hours=reception_hours(), promise=PROMISE
    )
    assert report() == every_kind
    assert report().whole.received == 5
    assert report().whole.median == 60
    assert report().waiting == figures.Waiting(0, 0, 0, 0)


def test_what_waits_now_is_counted_whenever_it_came():
    old = local("2025-01-07 09:00")
    arrive(old, None, None, None)
    arrive(old, 30, status=Status.IN_PROGRESS, due_at=NOW + timedelta(hours=1))
    arrive(old, 30, 40, status=Status.WAITING)
    arrive(old, 30, 40, status=Status.CLOSED)
    arrive(NOW, None, due_at=NOW)
    assert report().waiting == figures.Waiting(new=4, in_progress=1, for_patient=2, overdue=3)
    assert report().whole.received == 0


def test_who_withdrew_before_an_answer_is_left_out_and_after_it_counts():
    came = local("2026-11-16 09:00")
    arrive(came, 60, 60, 60, 60, 60)
    arrive(came, *[None] * 5, status=Status.WITHDRAWN)
    arrive(came, *[None] * 5, status=Status.CLOSED)
    assert (report().whole.received, report().whole.nine_in_ten) == (15, 60)
    arrive(came, *[90] * 20, status=Status.WITHDRAWN)
    assert report().whole.median == 90


def test_a_request_is_judged_once_it_had_its_working_hours_whether_it_was_answered_or_not():
    arrive(local("2026-11-13 09:00"), *[300] * 6)
    # The 8 working hours before Wednesday noon began on Tuesday at 13.
    arrive(local("2026-11-17 13:01"), *[5] * 40)
    arrive(local("2026-11-17 13:01"), *[None] * 40)
    assert report().whole.median == 300
    arrive(local("2026-11-17 13:00"), *[None] * 7)
    assert report().whole.median == inf


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-18 17:00", "2026-11-18 09:00"),
        ("2026-11-18 23:00", "2026-11-18 09:00"),
        ("2026-11-22 12:00", "2026-11-20 09:00"),
        ("2026-11-27 10:00", "2026-11-25 11:00"),
        ("2026-03-09 09:00", "2026-03-06 10:00"),
        ("2026-11-02 09:00", "2026-10-30 10:00"),
    ],
)
def test_nights_weekends_closures_and_changes_of_the_clock_give_the_clinic_no_time(now, until):
    make_closure(date(2026, 11, 26))
    assert figures.judged_until(local(now), hours=reception_hours(), promise=PROMISE) == local(until)


def test_without_opening_hours_the_promise_is_plain_time():
    never = WorkingHours({}, frozenset(), PACIFIC)
    assert figures.judged_until(NOW, hours=never, promise=PROMISE) == NOW - PROMISE


# Periods


@pytest.mark.parametrize(
    ("period", "now", "since"),
    [
        ("week", "2026-11-18 12:00", "2026-11-16 00:00"),
        ("week", "2026-11-16 00:00", "2026-11-16 00:00"),
        ("week", "2026-11-22 23:59", "2026-11-16 00:00"),
        ("month", "2026-11-18 12:00", "2026-10-19 00:00"),
        ("month", "2026-03-09 12:00", "2026-02-07 00:00"),
        ("year", "2026-11-18 12:00", "2025-11-17 00:00"),
        ("year", "2028-02-29 12:00", "2027-03-01 00:00"),
    ],
)
def test_a_period_begins_at_a_midnight_of_the_clinic(period, now, since):
    span = figures.PERIODS[period].span(local(now))
    assert (span.since, span.until) == (local(since), local(now))


def test_a_request_of_the_night_belongs_to_the_clinics_own_day_and_week():
    arrive(local("2026-11-15 23:30"), *[60] * 5)
    arrive(local("2026-11-16 00:30"), *[60] * 6)
    assert table("weekday")["Sunday"] == 5
    assert table("weekday")["Monday"] == 6
    assert list(table("week").items())[-2:] == [("Nov 9, 2026", 5), ("Nov 16, 2026", 6)]
    assert report("week").whole.received == 6


@pytest.mark.parametrize("sunday", ["2026-03-08", "2026-11-01"])
def test_weeks_stay_whole_where_the_clocks_change(sunday):
    first, last = local(f"{sunday} 23:59"), local(f"{sunday} 00:01")
    arrive(first, *[60] * 3)
    arrive(last, *[60] * 3)
    rows = table("week", now=local(f"{sunday} 12:00") + timedelta(days=10))
    assert [number for number in rows.values() if number] == [6]


def test_a_year_has_all_its_weeks_also_those_without_a_request():
    rows = table("week", "year")
    assert len(rows) == 53
    assert set(rows.values()) == {0}


# Groups


def test_every_dimension_names_its_groups_in_the_readers_language():
    place = make_location()
    procedure = make_procedure()
    came = local("2026-11-16 09:00")
    arrive(came, *[30] * 6, location=place, procedure=procedure, language="es")
    arrive(came, *[90] * 5, language="en")
    assert table("place") == {"Northside": 6, "No preference": 5}
    assert list(table("procedure").values()) == [6, 5]
    assert table("language") == {"Spanish": 6, "English": 5}
    with translation.override("es"):
        assert table("language") == {"Español": 6, "Inglés": 5}
        assert table("weekday")["Lunes"] == 11
    rows = next(table.rows for table in report().tables if table.key == "language")
    assert [(row.median, row.nine_in_ten) for row in rows] == [(30, 30), (90, 90)]


def test_a_language_that_the_site_no_longer_speaks_keeps_its_group():
    arrive(local("2026-11-16 09:00"), *[30] * 6, language="fr")
    assert table("language") == {"fr": 6}


@pytest.mark.parametrize(
    ("sizes", "hidden"),
    [
        ({"a": 9, "b": 5}, set()),
        ({"a": 9, "b": 4}, {"a", "b"}),
        ({"a": 9, "b": 7, "c": 4}, {"b", "c"}),
        ({"a": 9, "b": 7, "c": 1, "d": 1}, {"b", "c", "d"}),
        ({"a": 9, "b": 7, "c": 3, "d": 3}, {"c", "d"}),
        ({"a": 9, "b": 0}, set()),
        ({"a": 9, "b": 0, "c": 2, "d": 6}, {"c", "d"}),
        ({"a": 3}, {"a"}),
        ({}, set()),
    ],
)
def test_a_small_group_is_hidden_and_the_next_one_with_it_where_the_sum_would_give_it_away(sizes, hidden):
    assert too_small(sizes) == hidden


@given(st.dictionaries(st.integers(), st.integers(0, 12), max_size=8))
def test_no_small_group_can_be_reckoned_from_what_is_shown(sizes):
    hidden = too_small(sizes)
    assert {group for group, size in sizes.items() if 0 < size < 5} <= hidden
    if hidden and sum(sizes.values()) >= 5:
        assert len(hidden) > 1
        assert sum(sizes[group] for group in hidden) >= 5


def test_what_is_hidden_has_no_number_of_any_kind():
    came = local("2026-11-16 09:00")
    arrive(came, *[30] * 9)
    arrive(came, *[30] * 4, language="es")
    rows = next(table.rows for table in report().tables if table.key == "language")
    assert {(row.received, row.median, row.nine_in_ten) for row in rows} == {(None, None, None)}
    AppointmentRequest.objects.filter(language="en").delete()
    assert report().whole.received is None


# What it costs


@pytest.mark.parametrize("period", figures.PERIODS)
def test_the_figures_ask_as_often_however_many_requests_there_are(django_assert_num_queries, period):
    for number in (1, 40):
        for week in range(4):
            procedure = make_procedure()
            arrive(NOW - timedelta(weeks=week), *range(number), None, procedure=procedure)
        with django_assert_num_queries(2 + 9):
            report(period)


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_the_figures_look_at_no_request_outside_their_period(dimension):
    arrive(NOW, *range(50))
    span = figures.PERIODS["week"].span(NOW)
    rows = span.of(figures.counted(AppointmentRequest.objects.all()))
    assert sum(group.received for group in answers_by(dimension, rows, span, until=NOW).values()) == 0
    if connection.vendor == "sqlite":
        grouped = rows.annotate(group=DIMENSIONS[dimension].group(span)).values(
            "group", "status", "first_answer_minutes"
        )
        assert "COVERING INDEX request_figures (held_because=? AND created_at>? AND created_at<?)" in grouped.explain()


def test_opening_hours_by_day_do_not_change_what_was_measured():
    arrive(local("2026-11-16 09:00"), *[45] * 6)
    make_hours(days=[5, 6], opens=time(0), closes=time(23))
    assert report().whole.median == 45
