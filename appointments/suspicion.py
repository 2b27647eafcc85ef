"""Says what makes a request look as if no patient had sent it. Such a request is held for a look, and never refused.

Whoever sends it sees what everybody sees. See docs/decisions/0009-held-not-refused.md.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from appointments import daily_number
from appointments.models import HeldBecause, normalise_email, normalise_phone
from clinic import limits
from clinic.models import Urgency

# A family that shares an address stays below it; somebody else's mailbox is not filled by it.
A_CONTACT_A_DAY = 5


@dataclass(frozen=True)
class Sending:
    """How a form was filled in and sent: from which network (text), since when (aware; None when nobody knows), and
    whether the box was filled in that people do not see.
    """

    network: str
    opened_at: datetime | None
    decoy_is_filled: bool


def why_held(answers, sending):
    """Return the HeldBecause of a form that is about to be stored, "" for one that joins the queue at once.

    `answers` are as `workflow.submit` takes them. It counts this form, so it is asked once for each that is stored, in
    the transaction that stores it.
    """
    # What is held for how it was sent does not count against the person whose address it may have borrowed.
    return _how_it_was_sent(sending) or _how_often_this_contact(answers) or _how_many_today(answers)


def _how_it_was_sent(sending):
    came = limits.count("request", sending.network, span=limits.HOUR) if settings.REQUEST_LIMITS else 0
    if sending.decoy_is_filled:
        return HeldBecause.DECOY
    if _was_too_fast(sending.opened_at):
        return HeldBecause.TOO_FAST
    return HeldBecause.MANY_FROM_ADDRESS if came > settings.REQUEST_LIMITS else ""


def _was_too_fast(opened_at):
    """Say whether the form came faster than anybody reads it; a form opened in the future tells of a clock set back."""
    if opened_at is None:
        return False
    took = (timezone.now() - opened_at).total_seconds()
    return 0 <= took < settings.FASTEST_FORM.total_seconds()


def _how_often_this_contact(answers):
    email, phone = normalise_email(answers.get("email", "")), normalise_phone(answers.get("phone", ""))
    came = [limits.count("request of", contact, span=limits.DAY) for contact in (email, phone)]
    return HeldBecause.MANY_FROM_CONTACT if max(came) > A_CONTACT_A_DAY else ""


def _how_many_today(answers):
    """What is urgent is read at once, however many came before it."""
    is_urgent = any(sign["ticked"] and sign["urgency"] == Urgency.URGENT for sign in answers["signs"])
    if is_urgent or not daily_number.is_reached():
        return ""
    daily_number.tell_manager()
    return HeldBecause.MANY_TODAY
