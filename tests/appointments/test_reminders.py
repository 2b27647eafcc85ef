"""Reminders: once, on a morning three days before, never at night, never too late, and only to who wants them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from cryptography.fernet import Fernet

from appointments.models import AppointmentRequest, CallBecause, PhoneTask, Status, TimeOffer
from appointments.reminders import remind, remind_at
from audit.models import Event
from outbox import chores
from outbox.models import Message
from tests.appointments.factories import make_request, make_time, moved
from tests.at_once import at_once

PACIFIC = ZoneInfo("America/Los_Angeles")
BEFORE = datetime(2026, 11, 20, 10, 0, tzinfo=PACIFIC)
TIME = datetime(2026, 11, 27, 10, 0, tzinfo=PACIFIC)
DUE = datetime(2026, 11, 24, 9, 0, tzinfo=PACIFIC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def agreed(reception):
    """A request with a time agreed a week ahead."""
    with time_machine.travel(BEFORE, tick=False):
        return make_request(status=Status.AGREED, by=reception)


def reminders():
    return Message.objects.filter(purpose="reminder").count()


@pytest.mark.parametrize(
    ("now", "number"),
    [
        (DUE - timedelta(minutes=1), 0),
        (DUE, 1),
        (DUE.replace(hour=19, minute=59), 1),
        (DUE.replace(hour=20), 0),
        (DUE.replace(day=25, hour=3), 0),
        (DUE.replace(day=26, hour=12), 1),
        (TIME - timedelta(minutes=1), 1),
        (TIME, 0),
        (TIME + timedelta(days=1), 0),
    ],
)
def test_a_reminder_is_written_from_a_morning_three_days_before_and_never_at_night_or_too_late(agreed, now, number):
    assert remind(now) == number
    assert remind(now) == 0
    assert reminders() == number


def test_a_time_agreed_after_that_morning_needs_no_reminder(reception):
    with time_machine.travel(DUE + timedelta(minutes=1), tick=False):
        make_request(status=Status.AGREED, by=reception, inputs={"agree": {"time": make_time(days=3)}})
        assert remind() == 0


def test_who_wants_none_gets_none_and_a_cancelled_time_is_not_reminded_of(agreed, reception):
    AppointmentRequest.objects.filter(pk=agreed.pk).update(wants_reminders=False)
    assert remind(DUE) == 0
    AppointmentRequest.objects.filter(pk=agreed.pk).update(wants_reminders=True)
    with time_machine.travel(BEFORE, tick=False):
        moved(agreed, "cancel_time", by=reception)
    assert remind(DUE) == 0


def test_a_changed_time_is_reminded_of_by_itself(agreed, reception):
    assert remind(DUE) == 1
    with time_machine.travel(DUE + timedelta(hours=1), tick=False):
        moved(agreed, "change_time", by=reception, time=make_time(days=10))
    assert remind(DUE + timedelta(hours=2)) == 0
    assert remind(DUE + timedelta(days=7)) == 1
    assert reminders() == 2


def test_a_patient_without_email_is_to_be_called(agreed):
    AppointmentRequest.objects.filter(pk=agreed.pk).update(bounced_at=BEFORE)
    assert remind(DUE) == 1
    assert PhoneTask.objects.get().because == CallBecause.BOUNCED
    assert not reminders()


@pytest.mark.parametrize(
    ("starts_at", "due"),
    [
        ("2027-03-15T10:00", "2027-03-12T09:00-08:00"),  # the clocks go forward in between
        ("2027-11-08T10:00", "2027-11-05T09:00-07:00"),  # and back
        ("2027-01-02T08:00", "2026-12-30T09:00-08:00"),
        ("2028-03-01T00:30", "2028-02-27T09:00-08:00"),
    ],
)
def test_it_is_morning_at_the_clinic_also_around_a_change_of_the_clocks(starts_at, due):
    starts_at = datetime.fromisoformat(starts_at).replace(tzinfo=PACIFIC)
    assert remind_at(starts_at) == datetime.fromisoformat(due)


def test_one_request_that_cannot_be_read_does_not_keep_others_from_theirs(agreed, reception, settings):
    keys = settings.FIELD_KEYS
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    with time_machine.travel(BEFORE, tick=False):
        make_request(
            status=Status.AGREED, by=reception, inputs={"agree": {"time": make_time(days=7, clinician="dora")}}
        )
    settings.FIELD_KEYS = keys
    assert remind(DUE) == 1
    assert TimeOffer.objects.filter(reminded_at=None).count() == 1


def test_the_sender_does_it_and_the_sheet_can_tell(agreed):
    assert dict(chores.chores())["remind patients"] is remind
    remind(DUE)
    event = Event.objects.about(agreed).get(verb="request.reminded")
    assert event.actor_kind == "command"


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_write_one_reminder(agreed):
    assert sorted(at_once(lambda: remind(DUE), lambda: remind(DUE))) == [0, 1]
    assert reminders() == 1
