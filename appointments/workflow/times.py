"""Times of appointments: proposed, agreed, changed and let go, so that a clinician is never in two places at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from appointments.models import OfferState, TimeOffer
from clinic.models import Clinician, Location
from clinic.refusals import Refused, Unfit

MOST_TIMES = 3
LONGEST = timedelta(hours=12)


class Taken(Refused):
    """Raised when somebody else has agreed on that clinician's time in between."""


@dataclass(frozen=True)
class ProposedTime:
    """A time as staff type it: where, with whom, from when (aware), and how long (minutes)."""

    location: Location
    clinician: Clinician
    starts_at: datetime
    minutes: int

    @property
    def ends_at(self):
        """When it ends."""
        return self.starts_at + timedelta(minutes=self.minutes)


def check_times(times, *, field):
    """Raise Unfit unless these are one to three times to come, none twice."""
    if not times:
        raise Unfit(_("Enter a place, a clinician, a day and a time."), field=field)
    if len(times) > MOST_TIMES:
        raise Unfit(_("Offer 3 times at most."), field=field)
    for time in times:
        if time.starts_at <= timezone.now():
            raise Unfit(_("Choose a time that is still to come."), field=field)
        if not timedelta() < time.ends_at - time.starts_at <= LONGEST:
            raise Unfit(_("Enter how long it takes, from 1 minute to 12 hours."), field=field)
    if len({(time.clinician.pk, time.starts_at) for time in times}) < len(times):
        raise Unfit(_("You entered the same time twice. Change one of them."), field=field)


def propose(request, times, *, by):
    """Offer these times in place of those still open, and return the rows. Raises Unfit where one is taken already."""
    _lock_diaries(time.clinician.pk for time in times)
    for time in times:
        if _is_taken(time.clinician, time.starts_at, time.ends_at, apart_from=request):
            raise Unfit(_taken_words(time), field="times")
    release(request.offers.open())
    return [_row(request, time, by=by) for time in times]


def agree(request, time, *, by):
    """Make a time that was agreed by telephone the request's own, and return its row. Raises Unfit where it is taken.

    An agreed time that it replaces is let go in the same transaction, so there is never none.
    """
    _lock_diaries([time.clinician.pk])
    if _is_taken(time.clinician, time.starts_at, time.ends_at, apart_from=request):
        raise Unfit(_taken_words(time), field="time")
    release_all(request)
    return _row(request, time, by=by, state=OfferState.AGREED, agreed_at=timezone.now())


def accept(request, offer):
    """Make an offered time the request's own, let the others go, and return it. Raises Taken or Refused, kindly."""
    _lock_diaries([offer.clinician_id])
    offer.refresh_from_db()
    if offer.state != OfferState.OPEN or offer.starts_at <= timezone.now():
        raise Refused(_("This time is no longer offered. Look at what is left, or ask us for other times."))
    if _is_taken(offer.clinician, offer.starts_at, offer.ends_at, apart_from=request):
        raise Taken(
            _("We are sorry: somebody else took this time just before you. Choose another, or ask for other times.")
        )
    release(request.offers.open().exclude(pk=offer.pk))
    offer.state, offer.agreed_at = OfferState.AGREED, timezone.now()
    offer.save(update_fields=["state", "agreed_at"])
    return offer


def release(offers):
    """Let these times go."""
    offers.update(state=OfferState.RELEASED)


def release_all(request):
    """Let every time of the request go, an agreed one too."""
    release(request.offers.exclude(state=OfferState.RELEASED))


def free_offers(request):
    """Return the times that the patient can still accept: open, to come, and not taken by somebody else (2 queries)."""
    offers = request.offers.open().filter(starts_at__gt=timezone.now()).select_related("location", "clinician")
    offers = list(offers)
    busy = list(
        TimeOffer.objects.agreed()
        .filter(clinician__in={offer.clinician_id for offer in offers}, ends_at__gt=timezone.now())
        .exclude(request=request)
        .values_list("clinician_id", "starts_at", "ends_at")
    )
    return [
        offer
        for offer in offers
        if not any(
            who == offer.clinician_id and start < offer.ends_at and end > offer.starts_at for who, start, end in busy
        )
    ]


def _lock_diaries(clinicians):
    """Wait for whoever is agreeing on a time with one of these clinicians; always in the same order."""
    list(Clinician.objects.select_for_update().filter(pk__in=set(clinicians)).order_by("pk"))


def _is_taken(clinician, starts_at, ends_at, *, apart_from):
    others = TimeOffer.objects.exclude(request=apart_from)
    return others.overlapping(clinician, starts_at, ends_at).exists()


def _taken_words(time):
    return _("%(name)s has another appointment at that time. Choose another time.") % {"name": time.clinician.name}


def _row(request, time, *, by, **state):
    return TimeOffer.objects.create(
        request=request,
        location=time.location,
        clinician=time.clinician,
        starts_at=time.starts_at,
        ends_at=time.ends_at,
        made_by=by.user,
        **state,
    )
