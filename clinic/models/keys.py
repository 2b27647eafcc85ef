"""The keys that stored values may be encrypted with, by a name drawn from each; no key itself is ever stored."""

from django.db import models
from django.utils import timezone


class KeyInUse(models.Model):
    """One key, from its first use until `rotate_keys` has left nothing under it. Without it the site does not start."""

    personal_data = ()

    name = models.CharField(max_length=8, unique=True, editable=False)
    since = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        default_permissions = ()

    def __str__(self):
        return self.name
