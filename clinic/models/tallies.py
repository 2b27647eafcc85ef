"""How often something happened lately, for the limits of `clinic/limits.py`."""

from django.db import models


class Tally(models.Model):
    """How often something happened in one span of time, for limits. `key` is a keyed index: it leads back to nobody."""

    personal_data = {"key": "A keyed index of an address or a contact, which leads back to nobody, kept for 2 days."}

    key = models.CharField(max_length=64, editable=False)
    begins_at = models.DateTimeField(editable=False)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "begins_at"], name="tally_once_a_span")]
        indexes = [models.Index(fields=["begins_at"], name="tally_by_time")]

    def __str__(self):
        return f"{self.begins_at:%Y-%m-%d %H:%M}"
