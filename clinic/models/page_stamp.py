"""The stamp that says when a public page changed."""

from django.db import models
from django.db.models import F, Q


class PageStamp(models.Model):
    """Moves with every write that a public page shows, so that a kept page knows it is old: one row."""

    personal_data = ()

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    value = models.PositiveBigIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="stamp_is_one_row")]

    def __str__(self):
        return str(self.value)

    @classmethod
    def move(cls):
        """Move the stamp, inside the caller's transaction."""
        if not cls.objects.filter(id=1).update(value=F("value") + 1):
            cls.objects.bulk_create([cls(id=1)], ignore_conflicts=True)
            cls.objects.filter(id=1).update(value=F("value") + 1)

    @classmethod
    def current(cls):
        """Return the stamp (a number)."""
        return cls.objects.filter(id=1).values_list("value", flat=True).first() or 1
