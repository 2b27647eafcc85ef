"""The promise: by when the clinic answers, in its working hours."""

from datetime import timedelta

from django.db import transaction

from appointments.models import AppointmentRequest
from clinic.hours import NeverOpen
from clinic.models import ClinicProfile, reception_hours

WITHOUT_OPENING_HOURS = timedelta(days=1)


def due_from(moment, *, urgent, hours=None, profile=None):
    """Return by when (UTC) the clinic promised to answer what came at `moment` (aware).

    Without opening hours there is no working time to count: a day is given, so that no request is without a date.
    """
    promise = (profile or ClinicProfile.current()).promise(urgent=urgent)
    try:
        return (hours or reception_hours()).add(moment, promise)
    except NeverOpen:
        return moment + WITHOUT_OPENING_HOURS


def reads_from(moment, *, hours=None):
    """Return from when (UTC) the clinic reads what comes at `moment` (aware) while it is closed; None while it is open.

    None too without opening hours, when nobody can say.
    """
    try:
        opens_at = (hours or reception_hours()).add(moment, timedelta())
    except NeverOpen:
        return None
    return opens_at if opens_at > moment else None


@transaction.atomic
def recompute_due():
    """Set anew by when each waiting request is due, after hours, closures or the promise changed.

    Returns how many dates moved.
    """
    hours, profile, moved = reception_hours(), ClinicProfile.current(), 0
    for request in AppointmentRequest.of_every_kind.waiting_for_clinic().only(
        "id", "promised_from", "is_urgent", "due_at"
    ):
        due_at = due_from(request.promised_from, urgent=request.is_urgent, hours=hours, profile=profile)
        if due_at != request.due_at:
            moved += AppointmentRequest.of_every_kind.filter(pk=request.pk).update(due_at=due_at)
    return moved
