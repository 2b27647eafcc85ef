"""Where the clinic is and when it is open: places, hours and closures."""

from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.hours import WorkingHours
from clinic.telephone import telephone_href, telephone_shape
from clinic.translated import TranslatedField
from clinic.visible import VisibleQuerySet


class Weekday(models.IntegerChoices):
    """A day of the week, numbered as Python's `date.weekday()` does."""

    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class Location(models.Model):
    """A place where the clinic sees patients."""

    personal_data = ()

    key = models.SlugField(_("key"), unique=True, help_text=_("A short name for files and addresses in English."))
    name = models.CharField(_("name"), max_length=80)
    address = models.TextField(_("address"))
    telephone = models.CharField(_("telephone"), max_length=40, blank=True, validators=[telephone_shape])
    email = models.EmailField(_("e-mail"), blank=True)
    getting_there = TranslatedField(_("how to get there"), long=True, blank=True)
    step_free = TranslatedField(_("step-free access"), blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    is_open = models.BooleanField(_("in use"), default=True, help_text=_("Untick it to take the place off the site."))

    objects = VisibleQuerySet.as_manager()

    class Meta:
        verbose_name = _("location")
        verbose_name_plural = _("locations")
        ordering = ["order", "name"]

    def __str__(self):
        return self.name

    @property
    def telephone_href(self):
        """The address that dials this place."""
        return telephone_href(self.telephone)

    @property
    def address_lines(self):
        """The address, line by line."""
        return self.address.splitlines()


class OpeningHours(models.Model):
    """One span of a weekday; without a location, when reception answers the telephone and requests."""

    personal_data = ()

    location = models.ForeignKey(
        Location,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="hours",
        verbose_name=_("location"),
        help_text=_("Leave empty for reception: when the telephone and requests are answered."),
    )
    weekday = models.PositiveSmallIntegerField(_("day"), choices=Weekday)
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"))

    objects = VisibleQuerySet.as_manager()

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        ordering = ["location", "weekday", "opens"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes__gt=F("opens")),
                name="hours_close_after_opening",
                violation_error_message=_("Closing time must be later than opening time."),
            ),
        ]

    def __str__(self):
        return f"{self.get_weekday_display()} {self.opens:%H:%M}–{self.closes:%H:%M}"

    def clean(self):
        """Refuse a span that overlaps another of the same day and place, which would count its hours twice."""
        if None in (self.weekday, self.opens, self.closes):
            return
        same_day = OpeningHours.objects.filter(location=self.location, weekday=self.weekday).exclude(pk=self.pk)
        if other := same_day.filter(opens__lt=self.closes, closes__gt=self.opens).first():
            raise ValidationError(_("These hours overlap %(hours)s. Change one of the two.") % {"hours": other})


class Closure(models.Model):
    """A day on which the clinic, or one place, is closed."""

    personal_data = ()

    location = models.ForeignKey(
        Location,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        verbose_name=_("location"),
        help_text=_("Leave empty when the whole clinic is closed, reception included."),
    )
    date = models.DateField(_("date"))
    reason = TranslatedField(_("reason, as patients read it"), blank=True)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        verbose_name = _("closure")
        verbose_name_plural = _("closures")
        ordering = ["date"]
        constraints = [
            models.UniqueConstraint(fields=["date"], condition=Q(location=None), name="closure_once_a_day"),
            models.UniqueConstraint(fields=["location", "date"], name="closure_once_a_day_and_place"),
        ]

    def __str__(self):
        return f"{self.date}"


def reception_hours():
    """Return the WorkingHours of reception, in which the promise to patients runs (2 queries)."""
    return _hours(OpeningHours.objects.filter(location=None), Closure.objects.filter(location=None))


def hours_at(location):
    """Return the WorkingHours of a place, closed too when the whole clinic is (2 queries)."""
    closures = Closure.objects.filter(Q(location=None) | Q(location=location))
    return _hours(OpeningHours.objects.filter(location=location), closures)


def _hours(rows, closures):
    spans = {}
    for row in rows:
        spans.setdefault(row.weekday, []).append((row.opens, row.closes))
    closed = frozenset(closures.values_list("date", flat=True))
    return WorkingHours(spans, closed, ZoneInfo(timezone.get_default_timezone_name()))
