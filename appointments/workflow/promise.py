"""The promise: by when the clinic answers, in its working hours."""

from datetime import timedelta

from django.db import transaction

from appointments.models import AppointmentRequest
from clinic.hours import NeverOpen, working_minutes
from clinic.models import ClinicProfile, reception_hours

WITHOUT_OPENING_HOURS = timedelta(days=1)
# So many working minutes are left at least when the patient replies: nobody can answer in the minute of the reply.
LEAST_AFTER_REPLY = 60


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


def due_of(request, *, hours=None, profile=None):
    """Return by when (UTC) a request is due that waits for the clinic, as its clock stands."""
    return due_from(
        request.promised_from,
        urgent=request.is_urgent,
        minutes=request.promise_minutes,
        hours=hours,
        profile=profile,
    )


def pause(request, now):
    """Stop the clock of a request, unsaved, at `now` (aware): keep how much working time is left of its promise."""
    request.promise_minutes = working_minutes(reception_hours(), now, request.due_at) if request.due_at > now else 0


def run_on(request, now, *, least=0):
    """Let the clock of a request run on, unsaved, from `now` (aware), with what was left when it was stopped.

    `least` are the working minutes that it has at least.
    """
    if request.promise_minutes is None:
        # Its clock was never stopped: it was asked before clocks could be.
        run_anew(request, now)
        return
    request.promised_from, request.promise_minutes = now, max(request.promise_minutes, least)
    request.due_at = due_of(request)


def run_anew(request, moment):
    """Begin the promise of a request, unsaved, from `moment` (aware): all of it."""
    request.promised_from, request.promise_minutes = moment, None
    request.due_at = due_of(request)


def hurried(request, now):
    """Fit the promise of a request, unsaved, to its having become urgent, or ordinary again, at `now` (aware).

    What became urgent is due after the urgent promise from now, and never later than it was. What is ordinary again is
    due after the ordinary promise from where its clock last began, as if it had not been urgent since.
    """
    if request.waits_for_clinic:
        request.promise_minutes = _hurried_while_it_runs(request, now) if request.is_urgent else None
        request.due_at = due_of(request)
    elif request.promise_minutes is not None:
        ordinary, urgent = whole(urgent=False), whole(urgent=True)
        # The status is that in which the clock was stopped.
        spent = working_minutes(reception_hours(), request.promised_from, request.status_since)
        left = min(request.promise_minutes, urgent) if request.is_urgent else max(ordinary - spent, 0)
        request.promise_minutes = left


def _hurried_while_it_runs(request, now):
    """Return the working minutes from where the clock began to the end of the urgent promise from now, or sooner."""
    had = whole(urgent=False) if request.promise_minutes is None else request.promise_minutes
    spent = working_minutes(reception_hours(), request.promised_from, now)
    return min(spent + whole(urgent=True), had)


def whole(*, urgent):
    """Return all of a promise in working minutes."""
    promise = ClinicProfile.current().promise(urgent=urgent) if reception_hours().spans else WITHOUT_OPENING_HOURS
    return round(promise.total_seconds() / 60)


def due_after_reply(request, now):
    """Return by when (UTC) the clinic answers if the patient replied `now` (aware); None where it is late already."""
    if request.waits_for_clinic:
        return None if request.is_overdue(now) else request.due_at
    minutes = request.promise_minutes
    minutes = None if minutes is None else max(minutes, LEAST_AFTER_REPLY)
    return due_from(now, urgent=request.is_urgent, minutes=minutes)


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
        due_at = due_of(request, hours=hours, profile=profile)
        if due_at != request.due_at:
            moved += AppointmentRequest.of_every_kind.filter(pk=request.pk).update(due_at=due_at)
    return moved
