"""What the patient says after sending, and what the clinic asks back: rows beside the request, only ever added."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments.models.requests import AppointmentRequest
from clinic.encryption import EncryptedJSONField, EncryptedTextField


class AmendmentKind(models.TextChoices):
    """How the patient came to say more."""

    SENT_AGAIN = "sent_again", _("sent the form again with other answers")
    PREFERENCES = "preferences", _("changed when it suits")
    ADDED = "added", _("added something")


class Amendment(models.Model):
    """One change by the patient. The request holds what is true now; `before` keeps what stood there until then.

    `before` and `after` map the name of an answer (as `workflow.submit` takes them) to its value.
    """

    personal_data = ("before", "after", "words")

    request = models.ForeignKey(AppointmentRequest, on_delete=models.CASCADE, related_name="amendments")
    kind = models.CharField(_("kind"), max_length=12, choices=AmendmentKind)
    made_at = models.DateTimeField(_("when"), default=timezone.now, editable=False)
    before = EncryptedJSONField(null=True, blank=True)
    after = EncryptedJSONField(null=True, blank=True)
    words = EncryptedTextField(_("in the patient’s words"), blank=True)

    class Meta:
        verbose_name = _("change by the patient")
        verbose_name_plural = _("changes by the patient")
        ordering = ["id"]

    def __str__(self):
        return f"{self.kind} {self.pk}"


class QuestionQuerySet(models.QuerySet):
    """Reads of questions."""

    def standing(self):
        """Questions that the clinic has not taken back: those that the patient may read."""
        return self.filter(taken_back_at=None)

    def open(self):
        """Questions that the patient may still answer."""
        return self.standing().filter(replied_at=None)


class ClinicQuestion(models.Model):
    """Something the clinic asked the patient, and the reply."""

    personal_data = ("text", "reply")

    request = models.ForeignKey(AppointmentRequest, on_delete=models.CASCADE, related_name="clinic_questions")
    text = EncryptedTextField(_("question"))
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("asked"), default=timezone.now, editable=False)
    reply = EncryptedTextField(_("reply"), blank=True)
    replied_at = models.DateTimeField(_("replied"), null=True, editable=False)
    taken_back_at = models.DateTimeField(_("taken back"), null=True, editable=False)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question to the patient")
        verbose_name_plural = _("questions to patients")
        ordering = ["id"]

    def __str__(self):
        return str(self.pk)

    @property
    def is_open(self):
        """Whether the patient may still answer it."""
        return self.replied_at is None and self.taken_back_at is None
