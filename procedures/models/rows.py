"""The rows of a version: what repeats on a page. Abstract here; each kind of version has its own tables."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.models import Urgency


class Unit(models.TextChoices):
    """What a figure counts."""

    MINUTES = "minutes", _("minutes")
    HOURS = "hours", _("hours")
    DAYS = "days", _("days")
    WEEKS = "weeks", _("weeks")
    MONTHS = "months", _("months")
    PERCENT = "percent", _("percent")
    PER_100 = "per-100", _("in 100 people")
    PER_1000 = "per-1000", _("in 1,000 people")
    POUNDS = "lb", _("pounds")
    MILLIMETRES = "mm", _("millimetres")


class Applies(models.TextChoices):
    """When a warning sign matters."""

    BEFORE = "before", _("before treatment")
    AFTER = "after", _("after treatment")
    BOTH = "both", _("before and after")


class Row(models.Model):
    """A row with its place in the order that editors chose."""

    personal_data = ()

    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        abstract = True
        ordering = ["order", "id"]


class ProcedureRow(models.Model):
    """Ties a row to the version of a procedure page."""

    version = models.ForeignKey("ProcedureVersion", on_delete=models.CASCADE, related_name="%(class)ss")

    class Meta:
        abstract = True


class SourceRow(Row):
    """Where facts of the page come from. The key is the same in every language."""

    key = models.SlugField(_("key"), max_length=40, help_text=_("A short name that rows refer to, such as a."))
    title = models.CharField(_("title"), max_length=200)
    publisher = models.CharField(_("publisher"), max_length=200, blank=True)
    url = models.URLField(_("address"), blank=True)
    read_on = models.DateField(_("read on"), null=True, blank=True)

    class Meta(Row.Meta):
        abstract = True

    def __str__(self):
        return self.title


class Sourced(models.Model):
    """A row that names its sources by their keys, so that both languages can be compared."""

    sources = models.JSONField(
        _("sources"), default=list, blank=True, help_text=_("Keys of the sources, such as a, c.")
    )

    class Meta:
        abstract = True


class Fact(Sourced):
    """A figure: its numbers and unit are the same wherever its fact key stands, in any language; its words are not."""

    fact_key = models.CharField(
        _("fact key"),
        max_length=80,
        blank=True,
        help_text=_("The name that languages and pages share, such as lifting-limit/day-0."),
    )
    low = models.DecimalField(_("from"), max_digits=9, decimal_places=2, null=True, blank=True)
    high = models.DecimalField(_("to"), max_digits=9, decimal_places=2, null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=10, choices=Unit, blank=True)

    class Meta:
        abstract = True

    @property
    def figure(self):
        """What must agree in every language: a tuple of key, numbers, unit and sources."""
        return (self.fact_key, self.low, self.high, self.unit, tuple(sorted(self.sources)))


def fact_constraints(name):
    """Return the constraints of rows that may hold a figure: a range runs upward, and has key and unit."""
    return [
        models.CheckConstraint(
            condition=Q(low=None) | (~Q(fact_key="") & ~Q(unit="")),
            name=f"{name}_figure_whole",
            violation_error_code="figure_not_whole",
            violation_error_message=_("Give a figure its fact key and its unit."),
        ),
        models.CheckConstraint(
            condition=Q(high=None) | (Q(low__isnull=False) & Q(high__gte=F("low"))),
            name=f"{name}_range_upward",
            violation_error_code="range_downward",
            violation_error_message=_("The range must run from the lower to the higher number."),
        ),
    ]


class Glance(models.TextChoices):
    """Where a figure stands among those shown at a glance."""

    DURATION = "duration", _("how long it takes")
    ANAESTHESIA = "anaesthesia", _("which anesthetic, in words")
    STAY = "stay", _("how long you stay")
    LIGHT_ACTIVITY = "light-activity", _("back to light activity")
    TIMING = "timing", _("when it works best")
    OTHER = "other", _("another figure")


class FigureRow(Row, Fact):
    """A key figure of the page."""

    glance = models.CharField(_("shown as"), max_length=20, choices=Glance, default=Glance.OTHER)
    label = models.CharField(_("label"), max_length=120)
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta(Row.Meta):
        abstract = True

    def __str__(self):
        return self.label


class WarningSignRow(Row, Sourced):
    """A sign that needs help: shown on the page, and asked in the request when it applies before treatment."""

    key = models.SlugField(_("key"), max_length=60, help_text=_("The same in every language."))
    text = models.CharField(_("the sign, as a patient would say it"), max_length=300)
    action = models.CharField(_("what to do"), max_length=300, blank=True)
    urgency = models.CharField(_("how urgent"), max_length=10, choices=Urgency)
    applies = models.CharField(_("when it matters"), max_length=10, choices=Applies, default=Applies.AFTER)

    class Meta(Row.Meta):
        abstract = True

    def __str__(self):
        return self.text


class QuestionRow(Row):
    """A question that patients ask, with its answer."""

    question = models.CharField(_("question"), max_length=200)
    answer = models.TextField(_("answer"))

    class Meta(Row.Meta):
        abstract = True

    def __str__(self):
        return self.question
