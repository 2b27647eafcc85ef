"""Requests that came twice: joined with the one that stays, or known to be two."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments.models.requests import AppointmentRequest
from clinic.encryption import EncryptedJSONField


class Merge(models.Model):
    """One joining of a request with the one that stays, with all that brings both back exactly."""

    personal_data = ("before",)

    kept = models.ForeignKey(AppointmentRequest, on_delete=models.CASCADE, related_name="merges_kept")
    merged = models.ForeignKey(AppointmentRequest, on_delete=models.CASCADE, related_name="merges")
    before = EncryptedJSONField(_("as both were"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("joined"), default=timezone.now, editable=False)
    undone_at = models.DateTimeField(_("taken apart"), null=True, editable=False)

    class Meta:
        verbose_name = _("joining")
        verbose_name_plural = _("joinings")
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["merged"], condition=Q(undone_at=None), name="merge_once_at_a_time"),
            models.CheckConstraint(condition=~Q(kept=F("merged")), name="merge_of_two"),
        ]

    def __str__(self):
        return f"{self.merged_id} {self.kept_id}"


class NotDuplicate(models.Model):
    """That somebody looked at two requests and said that they are two: no hint joins them again."""

    personal_data = ()

    first = models.ForeignKey(AppointmentRequest, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(AppointmentRequest, on_delete=models.CASCADE, related_name="+")
    said_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    said_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="not_duplicate_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="not_duplicate_lower_first"),
        ]

    def __str__(self):
        return f"{self.first_id} {self.second_id}"
