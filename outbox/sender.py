"""The sender: claims due messages, sends each once, and tries again later what failed.

Several may run at once. A message is claimed by a conditional UPDATE whose row count says who won.
"""

import logging
import os
import re
import smtplib
import socket
from dataclasses import dataclass
from datetime import timedelta
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core import mail
from django.db import Error, transaction
from django.utils import timezone
from django.utils.translation import gettext

from audit.models import Event
from clinic.models import ClinicProfile
from outbox import chores
from outbox.models import CLAIM_LASTS, WAITS, Message, Sender, State

logger = logging.getLogger(__name__)

SEEN_WITHIN = timedelta(minutes=2)
REPORT_EVERY = 30  # seconds
UNSENT_FOR_TOO_LONG = timedelta(minutes=15)
PERMANENT = range(500, 600)
BATCH = 50
CALENDAR_FILE = "appointment.ics"
METHOD = re.compile(r"^METHOD:([A-Z]+)", re.MULTILINE)


class NotUndeliverable(Exception):
    """Raised when somebody tries again to send a message that was not given up, or no longer is."""

    reason = property(lambda self: gettext("This message is not among those that could not be sent."))


def sender_name():
    """Return a name for this process that no other running sender has."""
    return f"{socket.gethostname()}:{os.getpid()}"[-80:]


@dataclass(frozen=True)
class Claim:
    """One try at one message, which is this sender's alone while it lasts: the message's number, whose, which try."""

    message_id: int
    by: str
    attempts: int

    def finish(self, **values):
        """Write the outcome, unless the try lasted so long that another sender has claimed the message.

        A message that was cancelled during the try is not tried again; one that left has left all the same.
        """
        claimed = Message.objects.filter(pk=self.message_id, claimed_by=self.by, attempts=self.attempts)
        has_left = values["state"] == State.SENT
        claimed.filter(state__in=(State.SENDING, State.CANCELLED) if has_left else (State.SENDING,)).update(**values)


def claim_next(*, by, now):
    """Return a Claim on the next due message for the sender named `by`; None when nothing is due.

    It does not read the message, so one that cannot be decrypted does not stand in the way of the rest.
    """
    due = Message.objects.due(now)
    for pk, attempts in due.order_by("not_before", "id").values_list("pk", "attempts")[:BATCH]:
        mine = {"state": State.SENDING, "claimed_at": now, "claimed_by": by, "attempts": attempts + 1}
        if due.filter(pk=pk, attempts=attempts).update(**mine):
            return Claim(pk, by, attempts + 1)
    return None


def send_due(*, by=None, should_stop=lambda: False):
    """Send every message that is due; return how many left. Stops between messages when `should_stop()` is true."""
    by, sent = by or sender_name(), 0
    while not should_stop() and (claim := claim_next(by=by, now=timezone.now())):
        sent += deliver(claim)
    return sent


def deliver(claim):
    """Try the claimed message; return whether the mail server accepted it.

    The outcome is written on its row, and only there: whatever is wrong with one message stays with it.
    """
    try:
        if not email_of(Message.objects.get(pk=claim.message_id)).send():
            raise ValueError("A message without a recipient.")
    except Error:
        # The database is away, which says nothing about the message: the claim runs out, and it is tried again.
        raise
    except Exception as error:
        _failed(claim, error)
        return False
    claim.finish(state=State.SENT, sent_at=timezone.now(), last_error="")
    return True


def email_of(message):
    """Return a message as the e-mail that leaves; answers to it go to the clinic's own address where there is one."""
    email = mail.EmailMultiAlternatives(
        message.subject,
        message.text,
        from_email=_from(message.sender_name),
        to=[message.recipient],
        reply_to=list(filter(None, [ClinicProfile.current().email])),
        headers={"Message-ID": message.message_id, "Auto-Submitted": "auto-generated"},
    )
    if message.html:
        email.attach_alternative(message.html, "text/html")
    if message.calendar:
        method = METHOD.search(message.calendar)[1]
        email.attach(CALENDAR_FILE, message.calendar, f"text/calendar; charset=utf-8; method={method}")
    return email


def _from(name):
    """Return the address that messages come from, under this name where there is one."""
    _name, address = parseaddr(settings.EMAIL_FROM)
    return formataddr((name, address)) if name else settings.EMAIL_FROM


def _failed(claim, error):
    kind, code = type(error).__name__, _code(error)
    description = f"{kind} {code}" if code else kind
    logger.warning("Message %s did not leave: %s.", claim.message_id, description)
    if code in PERMANENT or isinstance(error, ValueError) or claim.attempts > len(WAITS):
        claim.finish(state=State.UNDELIVERABLE, last_error=description)
    else:
        wait = WAITS[claim.attempts - 1]
        claim.finish(state=State.WAITING, not_before=timezone.now() + wait, last_error=description)


def _code(error):
    """Return the SMTP reply code of an error about this recipient or message; None for any other.

    A refused sender or log-in is the clinic's own trouble, the same for every message: it waits to be mended.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next(iter(error.recipients.values()))[0]
    if isinstance(error, smtplib.SMTPDataError):
        return error.smtp_code
    return None


@transaction.atomic
def try_again(message, *, by):
    """Put an undeliverable message back into the queue, its tries counted anew, for the Actor `by`.

    Raises NotUndeliverable, also when a colleague was quicker.
    """
    given_up = Message.objects.undeliverable().filter(pk=message.pk)
    if not given_up.update(state=State.WAITING, attempts=0, not_before=timezone.now()):
        raise NotUndeliverable
    Event.record("message.tried_again", by=by, about=message)


def do_chores():
    """Do what rooms left for the sender; return how much was done. A chore that fails does not hold up the others."""
    return sum(_do(name, do) for name, do in chores.chores())


def _do(name, do):
    try:
        return do() or 0
    except Exception as error:
        logger.error("The chore %r failed (%s); it will be tried again.", name, type(error).__name__)
        return 0


def report_alive(*, name, started_at):
    """Write that this sender runs, and forget those not seen for a day."""
    now = timezone.now()
    Sender.objects.update_or_create(name=name, defaults={"started_at": started_at, "seen_at": now})
    Sender.objects.filter(seen_at__lt=now - timedelta(days=1)).delete()


def report_stopped(*, name):
    """Write that this sender stopped cleanly."""
    Sender.objects.filter(name=name).delete()


def sender_trouble():
    """The part "sender" of the status page: a sentence when no sender was seen lately, else None."""
    now = timezone.now()
    # Seen in the future means: seen before the clock was set back.
    if Sender.objects.filter(seen_at__range=(now - SEEN_WITHIN, now + SEEN_WITHIN)).exists():
        return None
    return "No sender is running: messages wait. Start manage.py send_messages --loop."


def unsent_trouble():
    """The part "oldest unsent message": a sentence when a message is overdue, else None."""
    late = timezone.now() - max(UNSENT_FOR_TOO_LONG, CLAIM_LASTS)
    waiting = Message.objects.unsent().filter(not_before__lt=late).count()
    return f"{waiting} messages should have left by now." if waiting else None
