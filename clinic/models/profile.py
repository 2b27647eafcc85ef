"""The clinic as patients meet it, on one row."""

from datetime import timedelta

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.telephone import telephone_href, telephone_shape
from clinic.translated import TranslatedField
from clinic.visible import VisibleQuerySet


class WhenOverdue(models.TextChoices):
    """What a page says to readers once it is past its review date; what it says of dates is true in each case."""

    DATES = "dates", _("Nothing but the dates: when it was checked, and when the next check was due")
    FOOT = "foot", _("A warning at the foot of the page, beside the dates")
    TOP = "top", _("A warning at the top of the page, below its heading")


class ClinicProfile(models.Model):
    """The clinic as patients meet it: one row."""

    personal_data = ()

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(_("name"), max_length=80)
    strapline = TranslatedField(_("what the clinic does, in one line"), blank=True)
    telephone = models.CharField(_("telephone"), max_length=40, validators=[telephone_shape])
    emergency_number = models.CharField(_("emergency number"), max_length=20, default="911")
    email = models.EmailField(_("e-mail"), blank=True)
    address = models.TextField(_("postal address"), blank=True)
    about = TranslatedField(_("why patients can trust you"), long=True, blank=True)
    privacy = TranslatedField(_("privacy page"), long=True, blank=True)
    accessibility = TranslatedField(_("accessibility page"), long=True, blank=True)
    demonstration_notice = TranslatedField(
        _("demonstration notice"), blank=True, help_text=_("Stands on every page. Empty it when the clinic is real.")
    )
    promise_hours = models.PositiveSmallIntegerField(
        _("promise, in working hours"),
        default=8,
        validators=[MinValueValidator(1)],
        help_text=_("Within how many working hours you answer a request."),
    )
    urgent_promise_hours = models.PositiveSmallIntegerField(
        _("promise for urgent requests, in working hours"), default=2, validators=[MinValueValidator(1)]
    )
    # What a chore of the sender reckons once a day: within how many working hours nine in ten got their first answer.
    # None where too few did to say so; patients then read the promise.
    answered_within_hours = models.PositiveSmallIntegerField(null=True, editable=False)
    answers_reckoned_on = models.DateField(null=True, editable=False)

    discreet_name = models.CharField(
        _("discreet name"),
        max_length=80,
        blank=True,
        help_text=_("Signs messages that others may see: a name that does not tell what you treat."),
    )
    daily_number = models.PositiveIntegerField(
        _("daily number of requests"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Above it, requests of that day wait for a look before they join the queue. None is refused."),
    )
    when_overdue = models.CharField(
        _("what readers are told"), max_length=10, choices=WhenOverdue, default=WhenOverdue.FOOT
    )

    objects = VisibleQuerySet.as_manager()

    class Meta:
        verbose_name = _("clinic profile")
        verbose_name_plural = _("clinic profile")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="profile_is_one_row")]

    def __str__(self):
        return self.name

    @property
    def telephone_href(self):
        """The address that dials the clinic."""
        return telephone_href(self.telephone)

    @property
    def is_demonstration(self):
        """Whether every page says that the clinic is made up."""
        return bool(str(self.demonstration_notice))

    def promise(self, *, urgent=False):
        """Return the working time (timedelta) within which a request is answered."""
        return timedelta(hours=self.urgent_promise_hours if urgent else self.promise_hours)

    @classmethod
    def current(cls):
        """Return the profile; an unsaved nameless one before anybody filled it in."""
        return cls.objects.filter(id=1).first() or cls()


def profile_trouble():
    """The part "clinic profile" of the status page: a sentence while patients cannot see whom to call, else None."""
    profile = ClinicProfile.current()
    if profile.name and profile.telephone:
        return None
    return "The clinic has no name or telephone number yet: fill in its profile at the clinic desk."
