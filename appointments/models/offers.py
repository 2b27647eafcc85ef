"""Times that staff propose. A proposed time is not held; only an agreed one is the patient's."""

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments.models.requests import AppointmentRequest
from clinic.models import Clinician, Closure, Location


class OfferState(models.TextChoices):
    """Where a proposed time stands."""

    OPEN = "open", _("offered")
    AGREED = "agreed", _("agreed")
    RELEASED = "released", _("no longer offered")


class OfferQuerySet(models.QuerySet):
    """Reads of times."""

    def current(self):
        """Times that are offered or agreed."""
        return self.exclude(state=OfferState.RELEASED)

    def open(self):
        """Times that are offered, whether or not they can still be had."""
        return self.filter(state=OfferState.OPEN)

    def agreed(self):
        """Times that the clinic and a patient agreed on."""
        return self.filter(state=OfferState.AGREED)

    def still_offered(self):
        """Offered times to come, at a place that is open, with a clinician who is still there."""
        return self.open()._can_be_kept()

    def free(self):
        """Offered times that the patient can have: nobody else has agreed on that clinician's time since.

        Practice takes no time from patients, nor they from practice.
        """
        return self.still_offered().exclude(Exists(_agreed_since().exclude(request=OuterRef("request"))))

    def with_whether_free(self):
        """Give each row `is_free`: whether the patient can have it."""
        return self.annotate(is_free=Exists(TimeOffer.objects.free().filter(pk=OuterRef("pk"))))

    def with_whether_closed(self):
        """Give each row `is_closed`: whether its place is closed on that day, as it is, or the whole clinic."""
        closures = Closure.objects.filter(Q(location=None) | Q(location=OuterRef("location")), date=OuterRef("day"))
        return self.alias(day=TruncDate("starts_at")).annotate(is_closed=Exists(closures))

    def came_free(self):
        """Times that were agreed and let go, and that nobody has agreed on, or put away, since."""
        let_go = self.filter(state=OfferState.RELEASED, agreed_at__isnull=False, put_away_at=None)
        return let_go._can_be_kept().exclude(Exists(_agreed_since()))

    def _can_be_kept(self):
        in_use = {"location__is_open": True, "clinician__is_shown": True}
        return self.filter(starts_at__gt=timezone.now(), **in_use)

    def overlapping(self, clinician, starts_at, ends_at):
        """Agreed times of this clinician, at any place, that share time with a span of aware moments."""
        return self.agreed().filter(clinician=clinician, starts_at__lt=ends_at, ends_at__gt=starts_at)


def _agreed_since():
    """Return the agreed times that share time with the one in the outer query, with its clinician."""
    shared = {"starts_at__lt": OuterRef("ends_at"), "ends_at__gt": OuterRef("starts_at")}
    taken = TimeOffer.objects.agreed().filter(clinician=OuterRef("clinician"), **shared)
    return taken.filter(request__kind=OuterRef("request__kind"))


class TimeOffer(models.Model):
    """One time for one request: where, with whom, from when to when (UTC)."""

    personal_data = ()

    request = models.ForeignKey(AppointmentRequest, on_delete=models.CASCADE, related_name="offers")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+", verbose_name=_("location"))
    clinician = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="+", verbose_name=_("clinician"))
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    state = models.CharField(_("state"), max_length=10, choices=OfferState, default=OfferState.OPEN)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("offered"), default=timezone.now, editable=False)
    agreed_at = models.DateTimeField(_("agreed"), null=True, editable=False)
    reminded_at = models.DateTimeField(_("reminded"), null=True, editable=False)
    # Of an agreed time that was let go: since when nobody needs it.
    put_away_at = models.DateTimeField(_("put away"), null=True, editable=False)

    objects = OfferQuerySet.as_manager()

    class Meta:
        verbose_name = _("offered time")
        verbose_name_plural = _("offered times")
        ordering = ["starts_at", "id"]
        indexes = [
            models.Index(fields=["clinician", "starts_at"], condition=Q(state="agreed"), name="offer_agreed"),
            models.Index(fields=["state", "starts_at"], condition=Q(agreed_at__isnull=False), name="offer_once_agreed"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["request"], condition=Q(state="agreed"), name="offer_one_agreed_a_request"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="offer_ends_after_it_starts"),
            models.CheckConstraint(
                condition=~Q(state="agreed") | Q(agreed_at__isnull=False), name="offer_agreed_has_its_time"
            ),
        ]

    def __str__(self):
        return f"{self.starts_at:%Y-%m-%d %H:%M}"

    @property
    def is_current(self):
        """Whether it is offered or agreed."""
        return self.state != OfferState.RELEASED

    @property
    def minutes(self):
        """How long it takes, in minutes."""
        return int((self.ends_at - self.starts_at).total_seconds() // 60)

    @property
    def is_in_use(self):
        """Whether the place is open and the clinician still there."""
        return self.location.is_open and self.clinician.is_shown
