"""The message: written in the transaction of its cause, claimed and sent by the sender; and the senders seen alive."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, When
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.encryption import EncryptedTextField
from clinic.visible import VisibleQuerySet
from outbox import readers, staff_mail

CLAIM_LASTS = timedelta(minutes=5)
# Waits after each failed try; after the last one the message is undeliverable. Two and a half days in all, so that a
# mail server that is down over a weekend loses nothing.
WAITS = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 480, 720, 1440, 1440)]


class State(models.TextChoices):
    """Where a message stands."""

    WAITING = "waiting", _("waiting")
    SENDING = "sending", _("being sent")
    SENT = "sent", _("sent")
    UNDELIVERABLE = "undeliverable", _("could not be sent")
    CANCELLED = "cancelled", _("cancelled")


class MessageQuerySet(VisibleQuerySet):
    """Reads of the outbox."""

    def visible_to(self, user):
        """Messages that this member of staff may see: about a row that is not for them, none (`outbox/readers.py`)."""
        messages = super().visible_to(user)
        for label, rows in readers.limits_of(user):
            # As a number in messages about such rows alone: of others it need not be one.
            number = Case(When(about_type=label, then=Cast("about_id", models.BigIntegerField())))
            about_them = Exists(rows.order_by().filter(pk=OuterRef("about_number")))
            messages = messages.alias(about_number=number).filter(~Q(about_type=label) | about_them)
        return messages

    def due(self, now):
        """Messages to send now: waiting and due, or claimed so long ago that their sender must have died."""
        # Claimed in the future means: claimed before the clock was set back.
        lasts = Q(claimed_at__range=(now - CLAIM_LASTS, now + CLAIM_LASTS))
        return self.filter(Q(state=State.WAITING, not_before__lte=now) | Q(~lasts, state=State.SENDING))

    def unsent(self):
        """Messages that have yet to leave."""
        return self.filter(state__in=(State.WAITING, State.SENDING))

    def undeliverable(self):
        """Messages that were given up: somebody must telephone."""
        return self.filter(state=State.UNDELIVERABLE)

    def to_staff(self):
        """Messages to the clinic's own people (`outbox/staff_mail.py`)."""
        return self.filter(about_type__in=staff_mail.labels())

    def to_patients(self):
        """Messages to everybody else."""
        return self.exclude(about_type__in=staff_mail.labels())

    def about(self, thing):
        """Messages caused by this row, oldest first."""
        return self.filter(about_type=thing._meta.label_lower, about_id=str(thing.pk)).order_by("id")


def new_message_id():
    """Return a Message-ID (RFC 5322) that stays the same however often the message is tried."""
    domain = settings.EMAIL_FROM.rpartition("@")[2].rstrip(">") or "localhost"
    return f"<{uuid.uuid4()}@{domain}>"


class Message(models.Model):
    """One message to one person."""

    personal_data = ("recipient", "subject", "text", "html", "calendar")

    purpose = models.CharField(_("purpose"), max_length=40)
    about_type = models.CharField(max_length=80, blank=True, editable=False)
    about_id = models.CharField(max_length=40, blank=True, editable=False)
    language = models.CharField(_("language"), max_length=10, default="en")
    recipient = EncryptedTextField(_("to"))
    subject = EncryptedTextField(_("subject"))
    text = EncryptedTextField(_("text"))
    html = EncryptedTextField(_("formatted text"), blank=True)
    calendar = EncryptedTextField(_("calendar file"), blank=True, help_text=_("iCalendar (RFC 5545)."))
    sender_name = models.CharField(_("sender’s name"), max_length=80, blank=True)
    message_id = models.CharField(max_length=200, unique=True, default=new_message_id, editable=False)
    state = models.CharField(_("state"), max_length=15, choices=State, default=State.WAITING)
    created_at = models.DateTimeField(_("written"), default=timezone.now, editable=False)
    not_before = models.DateTimeField(_("not before"), default=timezone.now)
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    claimed_at = models.DateTimeField(null=True, editable=False)
    claimed_by = models.CharField(max_length=80, blank=True, editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True)
    last_error = models.CharField(
        _("last error"), max_length=120, blank=True, help_text=_("The kind of error, never what the server said.")
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("retry_message", "Can send a message again that could not be sent")]
        indexes = [
            models.Index(fields=["state", "not_before"], name="message_due"),
            models.Index(fields=["about_type", "about_id"], name="message_about"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at=None)),
                name="message_sent_has_its_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="sending") | Q(claimed_at__isnull=False), name="message_sending_is_claimed"
            ),
        ]

    def __str__(self):
        return f"{self.purpose} {self.pk}"

    @classmethod
    def write(cls, purpose, *, about, recipient, language, subject, text, html="", **also):
        """Put a message into the outbox, inside the transaction of its cause, and return it.

        `about` is the saved row that caused it. `also` may hold `calendar` (an iCalendar file that goes with it),
        `sender_name` (who it seems to come from) and `not_before` (aware; holds it back).
        """
        return cls.objects.create(
            purpose=purpose,
            about_type=about._meta.label_lower,
            about_id=str(about.pk),
            recipient=recipient,
            language=language,
            subject=subject,
            text=text,
            html=html,
            **also,
        )


class Sender(models.Model):
    """A running sender, as last seen; `/statusz` turns red when none was seen for a while."""

    personal_data = ()

    name = models.CharField(_("name"), max_length=80, unique=True)
    started_at = models.DateTimeField(_("started"))
    seen_at = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name = _("sender")
        verbose_name_plural = _("senders")

    def __str__(self):
        return self.name
