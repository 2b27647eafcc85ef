"""The promise: by when the clinic answers, in its working hours."""

from datetime import timedelta

from django.db import transaction

from appointments.models import AppointmentRequest
from clinic.hours import NeverOpen, working_minutes
from clinic.models import ClinicProfile, reception_hours

WITHOUT_OPENING_HOURS = timedelta(days=1)


def due_from(moment, *, urgent, minutes=None, hours=None, profile=None):
    """Return by when (UTC) the clinic promised to answer what came at `moment` (aware).

    `minutes` is the working time that is left of the promise, None for all of it.
    Without opening hours there is no working time to count: a day is given, so that no request is without a date.
    """
    promise = (profile or ClinicProfile.current()).promise(urgent=urgent)
    promise = promise if minutes is None else timedelta(minutes=minutes)
    try:
        return (hours or reception_hours()).add(moment, promise)
    except NeverOpen:
        return moment + (WITHOUT_OPENING_HOURS if minutes is None else promise)


def pause(request, now):
    """Stop the clock of a request, unsaved, at `now` (aware): keep how much working time is left of its promise."""
    request.promise_minutes = working_minutes(reception_hours(), now, request.due_at) if request.due_at > now else 0


def run_on(request, now):
    """Let the clock of a request run on, unsaved, from `now` (aware), with what was left when it was stopped."""
    request.promised_from = now
    request.due_at = due_from(now, urgent=request.is_urgent, minutes=request.promise_minutes)


def run_anew(request, moment):
    """Begin the promise of a request, unsaved, from `moment` (aware): all of it."""
    request.promised_from, request.promise_minutes = moment, None
    request.due_at = due_from(moment, urgent=request.is_urgent)


def hurried(request, now):
    """Fit the promise of a request, unsaved, to its having become urgent, or ordinary again, at `now` (aware).

    What became urgent is due after the urgent promise from now, and never later than it was. What is ordinary again is
    due as if it had never been urgent.
    """
    if not request.is_urgent:
        request.promise_minutes = None
    else:
        whole = ClinicProfile.current().promise(urgent=True)
        spent = working_minutes(reception_hours(), request.promised_from, now) if request.waits_for_clinic else 0
        left = spent + round(whole.total_seconds() / 60)
        had = request.promise_minutes
        if had is None:
            had = round(ClinicProfile.current().promise(urgent=False).total_seconds() / 60)
        request.promise_minutes = min(left, had)
    if request.waits_for_clinic:
        request.due_at = due_from(request.promised_from, urgent=request.is_urgent, minutes=request.promise_minutes)


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
        "id", "promised_from", "promise_minutes", "is_urgent", "due_at"
    ):
        due_at = due_from(
            request.promised_from,
            urgent=request.is_urgent,
            minutes=request.promise_minutes,
            hours=hours,
            profile=profile,
        )
        if due_at != request.due_at:
            moved += AppointmentRequest.of_every_kind.filter(pk=request.pk).update(due_at=due_at)
    return moved
