"""What staff keep beside a request: notes, calls, saved replies, who looks at what, and who is to be told."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments.models.requests import AppointmentRequest
from clinic.encryption import EncryptedTextField
from clinic.translated import language_choices
from clinic.visible import VisibleQuerySet


class NoteKind(models.TextChoices):
    """What a note is about."""

    NOTE = "note", _("note")
    URGENCY = "urgency", _("why it is urgent, or is not")
    HAND_OVER = "hand_over", _("for whoever takes it over")
    SNOOZE = "snooze", _("why it is put aside")


class Note(models.Model):
    """What staff write down for each other. No patient ever reads it, and no message holds it."""

    personal_data = ("text",)

    request = models.ForeignKey(AppointmentRequest, on_delete=models.CASCADE, related_name="notes")
    kind = models.CharField(_("about"), max_length=10, choices=NoteKind, default=NoteKind.NOTE)
    text = EncryptedTextField(_("note"))
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(_("written"), default=timezone.now, editable=False)
    # Struck out by whoever wrote it; it stays to be read.
    taken_back_at = models.DateTimeField(_("taken back"), null=True, editable=False)

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ["id"]
        default_permissions = ()

    def __str__(self):
        return f"{self.get_kind_display()} {self.pk}"


class CallOutcome(models.TextChoices):
    """How a call to the patient went."""

    REACHED = "reached", _("reached")
    NO_ANSWER = "no_answer", _("no answer")
    MESSAGE_LEFT = "message_left", _("message left")


class ContactAttempt(models.Model):
    """A call to the patient, logged in one press."""

    personal_data = ()

    request = models.ForeignKey(AppointmentRequest, on_delete=models.CASCADE, related_name="contact_attempts")
    outcome = models.CharField(_("how it went"), max_length=15, choices=CallOutcome)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("called"), default=timezone.now, editable=False)
    taken_back_at = models.DateTimeField(_("taken back"), null=True, editable=False)

    class Meta:
        verbose_name = _("logged call")
        verbose_name_plural = _("logged calls")
        ordering = ["id"]
        default_permissions = ()

    def __str__(self):
        return f"{self.get_outcome_display()} {self.pk}"


class ReplyFor(models.TextChoices):
    """Where a saved reply is used: in the box of which move."""

    QUESTION = "question", _("a question to the patient")
    ANSWER = "answer", _("an answer to the patient")


class SavedReply(models.Model):
    """Words that staff use again, with names in braces that the request fills in."""

    personal_data = ()

    name = models.CharField(_("name"), max_length=80)
    used_for = models.CharField(_("used for"), max_length=10, choices=ReplyFor)
    language = models.CharField(_("language"), max_length=10, choices=language_choices)
    text = models.TextField(_("text"))
    revision = models.PositiveIntegerField(default=1, editable=False)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now, editable=False)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = VisibleQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved reply")
        verbose_name_plural = _("saved replies")
        ordering = ["used_for", "language", "name"]
        default_permissions = ("view", "add", "change", "delete")
        constraints = [
            models.UniqueConstraint(fields=["used_for", "language", "name"], name="saved_reply_once_a_language")
        ]

    def __str__(self):
        return self.name


class Look(models.Model):
    """When a member of staff last had the queue open."""

    personal_data = ()

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["seen_at"], name="look_seen_at")]

    def __str__(self):
        return str(self.user_id)


class AlertKind(models.TextChoices):
    """What the people whom the clinic names are told of without having to look."""

    URGENT = "urgent", _("a new urgent request")
    UNCLAIMED = "unclaimed", _("nobody has claimed it, and half its time is over")
    OVERDUE = "overdue", _("it is overdue")


class AlertPerson(models.Model):
    """Somebody who is told by e-mail what cannot wait."""

    personal_data = ()

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, verbose_name=_("member of staff"))
    added_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        verbose_name = _("person who is told")
        verbose_name_plural = _("people who are told")
        ordering = ["user__username"]
        default_permissions = ("view", "add", "delete")

    def __str__(self):
        return str(self.user)


class Alert(models.Model):
    """That this was told of a request already; once for each turn that the clinic has (`promised_from`)."""

    personal_data = ()

    request = models.ForeignKey(AppointmentRequest, on_delete=models.CASCADE, related_name="alerts")
    kind = models.CharField(max_length=10, choices=AlertKind)
    of_turn = models.DateTimeField()
    told_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["request", "kind", "of_turn"], name="alert_once_a_turn")]

    def __str__(self):
        return f"{self.kind} {self.request_id}"
