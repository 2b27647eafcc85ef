"""Who looks: who else has a sheet open, and whether anybody opened the queue. A line to read, never a lock.

Who opened a sheet is in the audit already; the queue leaves one Look a person.
"""

from datetime import timedelta

from django.utils import timezone

from appointments.models import AppointmentRequest, Look
from audit.actors import STAFF
from clinic.hours import NeverOpen
from clinic.models import reception_hours

COUNTS_AS_OPEN = timedelta(minutes=5)
WRITTEN_EVERY = timedelta(minutes=1)
SAW_QUEUE = "saw_queue"
WITHOUT_OPENING_HOURS = timedelta(days=1)


def others_here(reads, *, user, now=None):
    """Return (name, since when) for each other member of staff who opened a sheet in the last minutes.

    `reads` are the newest audit events of its openings, newest first, each with `by_name`, None for who is gone.
    """
    now = now or timezone.now()
    since = {
        read.by_name: read.happened_at
        for read in reads
        if read.actor_kind == STAFF and read.actor_id != user.pk and now - read.happened_at < COUNTS_AS_OPEN
    }
    return [(name, timezone.localtime(moment)) for name, moment in since.items() if name]


def saw_queue(user, *, session, now=None):
    """Note that this member of staff opened the queue.

    It writes once a minute; the log-in's `session` remembers when, so that it asks the database nothing in between.
    """
    now = now or timezone.now()
    if 0 <= now.timestamp() - session.get(SAW_QUEUE, 0) < WRITTEN_EVERY.total_seconds():
        return
    session[SAW_QUEUE] = now.timestamp()
    if not Look.objects.filter(user=user).update(seen_at=now):
        Look.objects.bulk_create([Look(user=user, seen_at=now)], ignore_conflicts=True)


def queue_trouble(now=None):
    """The part "queue" of the status page: a sentence when requests wait and nobody looked for a working day."""
    now = now or timezone.now()
    hours = reception_hours()
    try:
        a_day_ago = hours.back(now, hours.longest_day) if hours.spans else now - WITHOUT_OPENING_HOURS
    except NeverOpen:
        return None
    # Seen in the future means: seen before the clock was set back.
    if Look.objects.filter(seen_at__range=(a_day_ago, now + WRITTEN_EVERY)).exists():
        return None
    waiting = AppointmentRequest.objects.trusted().waiting_for_clinic().not_snoozed(now)
    if not waiting.filter(promised_from__lt=a_day_ago).exists():
        return None
    return "Requests wait for the clinic, and nobody opened the queue for a working day."
