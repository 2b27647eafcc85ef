"""The last move of a request that its maker may still take back, with all that it takes to do so."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from appointments.models.requests import AppointmentRequest
from clinic.encryption import EncryptedJSONField
from outbox.models import Message


class LastMove(models.Model):
    """What a request was before its last move, and what the move made. One a request: the next move takes its place."""

    personal_data = ("before",)

    request = models.OneToOneField(AppointmentRequest, on_delete=models.CASCADE, related_name="last_move")
    name = models.CharField(max_length=20)
    # The revision that the move led to: once the request is past it, nothing is taken back.
    revision = models.PositiveIntegerField()
    before = EncryptedJSONField()
    message = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, related_name="+")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"{self.name} {self.request_id}"
