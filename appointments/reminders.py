"""Reminders: written three days before an agreed time, in the morning, once. A chore of the sender."""

import logging
from datetime import datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from appointments import messages
from appointments.models import AppointmentRequest, Kind, OfferState, Status, TimeOffer
from audit.actors import Actor
from audit.models import Event
from clinic.encryption import Unreadable

logger = logging.getLogger(__name__)

DAYS_BEFORE = 3
# Nobody's telephone should ring at night, also when the sender was stopped for a while.
FROM, UNTIL = time(9), time(20)
REMINDER = Actor.command("reminders")


def remind(now=None):
    """Write every reminder that is due; return how many. Patients without e-mail are to be called instead."""
    now = now or timezone.now()
    if not FROM <= timezone.localtime(now).time() < UNTIL:
        return 0
    # A day more than needed: days that the clocks change have 25 hours.
    soon = TimeOffer.objects.agreed().filter(
        starts_at__gt=now,
        starts_at__lt=now + timedelta(days=DAYS_BEFORE + 1),
        reminded_at=None,
        request__status=Status.AGREED,
        request__wants_reminders=True,
        request__kind=Kind.REAL,
    )
    times = soon.only("id", "request_id", "starts_at", "agreed_at")
    return sum(_remind_of(offer, now) for offer in times if offer.agreed_at < remind_at(offer.starts_at) <= now)


def remind_at(starts_at):
    """Return when to remind of a time (aware): on a morning some days before, as the clocks then run."""
    day = timezone.localtime(starts_at).date() - timedelta(days=DAYS_BEFORE)
    return timezone.make_aware(datetime.combine(day, FROM))


def _remind_of(offer, now):
    """Write one reminder, unless another sender did, or the patient changed their mind, at this moment."""
    try:
        with transaction.atomic():
            asked = AppointmentRequest.of_every_kind.select_for_update(of=("self",)).get(pk=offer.request_id)
            mine = TimeOffer.objects.filter(pk=offer.pk, state=OfferState.AGREED, reminded_at=None)
            if not asked.wants_reminders or not mine.update(reminded_at=now):
                return 0
            messages.write(asked, "reminder")
            Event.record("request.reminded", by=REMINDER, about=asked)
            return 1
    except Unreadable:
        logger.error(
            "The reminder of request %s cannot be written: it cannot be read with these keys.", offer.request_id
        )
        return 0
