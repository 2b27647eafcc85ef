"""Practice: requests for training, that no patient sent. Nobody is written to, and they are deleted after a month."""

from datetime import timedelta

from django.core import signing
from django.db import transaction
from django.utils import timezone

from appointments.models import AppointmentRequest
from appointments.removing import remove_requests
from audit.actors import Actor
from audit.models import Event

KEPT_FOR = timedelta(days=30)
# The way from the desk to the form; a form that is open by then stays one for practice.
MARKER_LASTS = timedelta(hours=1)
CLEANER = Actor.command("practice")

_signer = signing.TimestampSigner(salt="appointments.practice")


def new_marker():
    """Return the text that makes the request form one for practice, for an hour.

    It is signed: nobody can lead a patient to a form whose request is never answered.
    """
    return _signer.sign("practice")


def is_marker(text):
    """Say whether this text was made by `new_marker`, less than an hour ago."""
    try:
        _signer.unsign(text, max_age=MARKER_LASTS)
    except signing.BadSignature:
        return False
    return True


@transaction.atomic
def forget_old(now=None):
    """Delete the practice requests that were made a month ago, with all that hangs on them; return how many. A chore.

    It counts from when they were sent or entered, whenever somebody pretended to have asked.
    """
    before = (now or timezone.now()) - KEPT_FOR
    old = AppointmentRequest.of_every_kind.practice().filter(sent_forms__sent_at__lt=before)
    keys = list(old.values_list("pk", flat=True).distinct())
    if keys:
        remove_requests(keys)
        Event.record("practice.deleted", by=CLEANER, number=len(keys))
    return len(keys)
