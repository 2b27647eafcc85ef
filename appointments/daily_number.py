"""How many requests a day the clinic can read: the ones above it are held for a look, and a manager is told."""

from datetime import datetime, time

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from appointments.models import AppointmentRequest
from clinic import limits
from clinic.models import ClinicProfile
from outbox.models import Message

PURPOSE = "daily_number"


def is_reached():
    """Say whether as many requests as the clinic can read came today (its own day); held ones do not count."""
    number = ClinicProfile.current().daily_number
    if number is None:
        return False
    return AppointmentRequest.objects.trusted().filter(created_at__gte=_midnight()).count() >= number


def tell_manager():
    """Write to the clinic's mailbox, once a day, that the number is reached; return the Message, or None.

    In the caller's transaction. The desk tells managers too, so a clinic without a mailbox needs no message.
    """
    profile, today = ClinicProfile.current(), timezone.localdate()
    is_first = limits.count("daily number told", str(today), span=limits.DAY, now=_midnight()) == 1
    if not (is_first and profile.email):
        return None
    held = reverse("admin:appointments_appointmentrequest_changelist", query={"view": "held"})
    with translation.override(settings.LANGUAGE_CODE):
        return Message.write(
            PURPOSE,
            about=profile,
            recipient=profile.email,
            language=settings.LANGUAGE_CODE,
            subject=_("More requests came today than your daily number"),
            text=_(
                "Today %(number)d requests came, which is your daily number. Those that come after them are held, so "
                "that somebody looks before they join the queue. Urgent ones join it at once. No patient is refused.\n"
                "\n"
                "Look at what is held:\n"
                "%(address)s\n"
            )
            % {"number": profile.daily_number, "address": settings.SITE_URL + held},
        )


def _midnight():
    return timezone.make_aware(datetime.combine(timezone.localdate(), time.min))
