"""Reaching the patient: telephone calls that must be made, and the words of messages that a manager changed."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments.models.requests import AppointmentRequest
from clinic.translated import language_choices
from clinic.visible import VisibleQuerySet
from outbox.models import Message


class CallBecause(models.TextChoices):
    """Why the clinic telephones instead of writing."""

    NO_EMAIL = "no_email", _("the patient gave no e-mail address")
    BOUNCED = "bounced", _("e-mail to the patient came back")
    UNDELIVERABLE = "undeliverable", _("a message could not be sent")


class PhoneTask(models.Model):
    """A call in place of a message. An undeliverable message is read as one, and gets its row once the call is made."""

    personal_data = ()

    request = models.ForeignKey(AppointmentRequest, on_delete=models.CASCADE, related_name="phone_tasks")
    purpose = models.CharField(_("about"), max_length=40)
    because = models.CharField(_("because"), max_length=15, choices=CallBecause)
    message = models.OneToOneField(Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField(_("since"), default=timezone.now, editable=False)
    done_at = models.DateTimeField(_("done"), null=True, editable=False)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("telephone call to make")
        verbose_name_plural = _("telephone calls to make")
        ordering = ["id"]
        indexes = [models.Index(fields=["request"], condition=Q(done_at=None), name="phone_task_to_do")]
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at=None, done_by=None) | Q(done_at__isnull=False, done_by__isnull=False),
                name="phone_task_done_by_somebody",
            )
        ]

    def __str__(self):
        return f"{self.purpose} {self.pk}"


class MessageWording(models.Model):
    """The clinic's own words for one kind of message in one language, in place of ours (`appointments/wording.py`)."""

    personal_data = ()

    purpose = models.CharField(_("message"), max_length=40)
    language = models.CharField(_("language"), max_length=10, choices=language_choices)
    subject = models.CharField(_("subject"), max_length=120)
    text = models.TextField(_("text"))
    revision = models.PositiveIntegerField(default=1, editable=False)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now, editable=False)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = VisibleQuerySet.as_manager()

    class Meta:
        verbose_name = _("words of a message")
        verbose_name_plural = _("words of messages")
        ordering = ["purpose", "language"]
        constraints = [models.UniqueConstraint(fields=["purpose", "language"], name="wording_once_a_language")]

    def __str__(self):
        return f"{self.purpose} ({self.language})"
