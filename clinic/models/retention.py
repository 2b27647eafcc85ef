"""How long the clinic keeps what, where it chose a time of its own; and each turn of the purge that obeys it."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.translated import TranslatedField
from clinic.visible import VisibleQuerySet


class Unit(models.TextChoices):
    """In what a time is counted."""

    DAYS = "days", _("days")
    MONTHS = "months", _("months")
    YEARS = "years", _("years")


class RetentionRule(models.Model):
    """One line of the retention table that managers changed; the others are as `clinic/retention.py` registers them."""

    personal_data = ()
    # What the line is about, in words, where whoever read it looked it up.
    named = ""

    code = models.CharField(primary_key=True, max_length=40, editable=False)
    number = models.PositiveSmallIntegerField(_("how long"))
    unit = models.CharField(_("counted in"), max_length=6, choices=Unit)
    why = TranslatedField(_("why you keep it"), long=True, help_text=_("Patients read this on the privacy page."))

    objects = VisibleQuerySet.as_manager()

    class Meta:
        verbose_name = _("time that something is kept")
        verbose_name_plural = _("how long things are kept")
        default_permissions = ("view", "change")
        constraints = [models.CheckConstraint(condition=Q(number__gt=0), name="retention_rule_lasts")]

    def __str__(self):
        return str(self.named or self.code)


class RefusedBecause(models.TextChoices):
    """Why a purge removed nothing."""

    CLOCK = "clock", _("the clock jumped")
    TABLE_CHANGED = "table_changed", _("the table was changed meanwhile")


class PurgeRun(models.Model):
    """One turn of the purge, or one that only counts what would go (dry).

    `table` maps the codes of the retention table to [number, unit] as they were, `counts` to how many rows went (would
    go), `to_do` names those not finished yet. `night` is the local day of one that the sender does by itself.
    """

    personal_data = ()

    night = models.DateField(null=True, unique=True)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    is_dry = models.BooleanField(default=False)
    table = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    to_do = models.JSONField(default=list)
    refused_because = models.CharField(max_length=15, choices=RefusedBecause, blank=True)
    # A manager looked at what this dry run counted, and let the purge do it from then on.
    released_at = models.DateTimeField(null=True)
    # The newest audit event there was: what came after it tells whether the clock jumped since.
    newest_event = models.BigIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(released_at=None) | Q(is_dry=True), name="purge_run_released_was_dry")
        ]

    def __str__(self):
        return f"{self.started_at:%Y-%m-%d %H:%M}"

    @property
    def total(self):
        """How many rows went, or would go."""
        return sum(self.counts.values())
