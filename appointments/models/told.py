"""That a patient was told of what changed on the page that they had read, or that it was not necessary."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments.models.requests import AppointmentRequest
from procedures.models import ProcedureVersion


class NotToldBecause(models.TextChoices):
    """Why nobody needs to tell a patient of a change."""

    SAME_ADVICE = "same_advice", _("it says the same in other words")
    NOT_CONCERNED = "not_concerned", _("it does not concern these patients")
    TOLD_ALREADY = "told_already", _("we have told them already")


class ToldOfChange(models.Model):
    """What one publication changed for one request: from the version the patient knew to the one they were told of.

    Once a request and version. `not_told_because` is empty where a message was written, or a call is to be made.
    """

    personal_data = ()

    request = models.ForeignKey(AppointmentRequest, on_delete=models.CASCADE, related_name="told_of_changes")
    known = models.ForeignKey(ProcedureVersion, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(ProcedureVersion, on_delete=models.PROTECT, related_name="+")
    not_told_because = models.CharField(_("reason"), max_length=15, choices=NotToldBecause, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("change that a patient was told of")
        verbose_name_plural = _("changes that patients were told of")
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["request", "version"], name="told_once_a_version"),
            models.CheckConstraint(condition=~models.Q(known=models.F("version")), name="told_of_another_version"),
        ]

    def __str__(self):
        return f"{self.request_id} {self.version_id}"
