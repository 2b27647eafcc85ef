"""Requests as the figures count them: rows that came and were first answered at some time, without the workflow."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from appointments.models import AppointmentRequest, Status
from appointments.references import new_reference

PACIFIC = ZoneInfo("America/Los_Angeles")


def local(text):
    """Return the moment of a local wall time such as "2026-11-18 16:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=PACIFIC)


def arrive(came, *minutes, **values):
    """Store a request for each number of working minutes to its first answer, None for no answer yet."""
    return AppointmentRequest.of_every_kind.bulk_create(_row(came, taken, values) for taken in minutes)


def _row(came, taken, values):
    answered = {}
    if taken is not None:
        answered = {"first_answered_at": came + timedelta(minutes=taken), "first_answer_minutes": taken}
    return AppointmentRequest(
        **{
            "reference": new_reference(),
            "status": Status.ANSWERED if answered else Status.NEW,
            "wish": "appointment",
            "created_at": came,
            "promised_from": came,
            "due_at": came + timedelta(days=1),
            "full_name": "Ana",
            "email": "ana@example.org",
            "matter": "Back",
        }
        | answered
        | values
    )
