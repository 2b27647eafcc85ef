"""Who has a section of a draft open: a row while somebody writes, for a line on the screens of others."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from procedures.models.conditions import ConditionVersion
from procedures.models.procedures import ProcedureVersion


class SectionLook(models.Model):
    """One member of staff before one section: since when, and when it was last heard of them."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    section = models.CharField(max_length=40)
    since = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        abstract = True
        default_permissions = ()

    def __str__(self):
        return self.section


class ProcedureLook(SectionLook):
    """Who has a section of a procedure's draft open."""

    personal_data = ()

    version = models.ForeignKey(ProcedureVersion, on_delete=models.CASCADE, related_name="looks")

    class Meta(SectionLook.Meta):
        constraints = [models.UniqueConstraint(fields=["version", "user", "section"], name="procedure_look_once")]


class ConditionLook(SectionLook):
    """Who has a section of a condition's draft open."""

    personal_data = ()

    version = models.ForeignKey(ConditionVersion, on_delete=models.CASCADE, related_name="looks")

    class Meta(SectionLook.Meta):
        constraints = [models.UniqueConstraint(fields=["version", "user", "section"], name="condition_look_once")]
