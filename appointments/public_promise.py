"""How soon patients are told that the clinic answers: reckoned once a day from the figures. A chore of the sender."""

from django.db import transaction
from django.utils import timezone

from appointments import figures
from appointments.models import AppointmentRequest
from audit.actors import Actor
from audit.models import Event
from clinic.models import ClinicProfile, PageStamp, reception_hours

RECKONER = Actor.command("reckon_promise")


def reckon(now=None):
    """Keep in the profile what patients read, on the first turn of each of the clinic's days; return how often: 0 or 1.

    Kept pages grow old only when the words change.
    """
    now = now or timezone.now()
    today = timezone.localdate(now)
    due = ClinicProfile.objects.filter(id=1).exclude(answers_reckoned_on=today)
    if not due.exists():
        return 0
    with transaction.atomic():
        # Of several senders one gets the day.
        if not due.update(answers_reckoned_on=today):
            return 0
        profile, hours = ClinicProfile.current(), reception_hours()
        told = figures.hours_told(AppointmentRequest.objects.all(), now, hours=hours, promise=profile.promise())
        if told != profile.answered_within_hours:
            ClinicProfile.objects.filter(id=1).update(answered_within_hours=told)
            PageStamp.move()
            Event.record("clinic.promise_reckoned", by=RECKONER, about=profile, hours=told)
    return 1
