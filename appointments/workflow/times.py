"""Times of appointments: proposed, agreed, changed and let go, so that a clinician is never in two places at once."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from appointments.models import OfferState, TimeOffer
from clinic.models import Clinician, Location
from clinic.refusals import Refused, Unfit

MOST_TIMES = 3
LONGEST_MINUTES = 12 * 60
FARTHEST = timedelta(days=3 * 365)


class Taken(Refused):
    """Raised when somebody else has agreed on that clinician's time in between."""


class UnfitTime(Unfit):
    """Raised for one of several times; `number` says which, 0 being the first."""

    def __init__(self, reason, *, field, number):
        super().__init__(reason, field=field)
        self.number = number


@dataclass(frozen=True)
class ProposedTime:
    """A time as staff type it: where, with whom, from when (aware), and how long (minutes)."""

    location: Location
    clinician: Clinician
    starts_at: datetime
    minutes: int

    @property
    def ends_at(self):
        """When it ends (UTC): after so many minutes that pass, on days too on which the clocks change."""
        return self.starts_at.astimezone(UTC) + timedelta(minutes=self.minutes)


def check_times(times, *, field):
    """Raise Unfit unless these are one to three times to come, none twice."""
    if not times:
        raise Unfit(_("Enter a place, a clinician, a day and a time."), field=field)
    if len(times) > MOST_TIMES:
        raise Unfit(_("Offer 3 times at most."), field=field)
    for number, time in enumerate(times):
        if reason := _unfit_because(time, earlier=times[:number]):
            raise UnfitTime(reason, field=field, number=number)


def _unfit_because(time, *, earlier):
    if not 0 < time.minutes <= LONGEST_MINUTES:
        return _("Enter how long it takes, from 1 minute to 12 hours.")
    if time.starts_at <= timezone.now():
        return _("Choose a time that is still to come.")
    if time.starts_at > timezone.now() + FARTHEST:
        return _("Choose a time within the next 3 years.")
    if any((time.clinician, time.starts_at) == (other.clinician, other.starts_at) for other in earlier):
        return _("You entered the same time twice. Change one of them.")
    return ""


def propose(request, times, *, by):
    """Offer these times in place of those still open, and return the rows. Raises Unfit where one is taken already."""
    _lock_diaries(time.clinician.pk for time in times)
    for number, time in enumerate(times):
        if _is_taken(time.clinician, time.starts_at, time.ends_at, apart_from=request):
            raise UnfitTime(_taken_words(time, request), field="times", number=number)
    release(request.offers.open())
    return [_row(request, time, by=by) for time in times]


def agree(request, time, *, by):
    """Make a time that was agreed by telephone the request's own, and return its row. Raises Unfit where it is taken.

    An agreed time that it replaces is let go in the same transaction, so there is never none.
    """
    _lock_diaries([time.clinician.pk])
    if _is_taken(time.clinician, time.starts_at, time.ends_at, apart_from=request):
        raise UnfitTime(_taken_words(time, request), field="time", number=0)
    if is_agreed(request, time):
        raise UnfitTime(_("This is the time that is agreed already. Change it first."), field="time", number=0)
    release_all(request)
    return _row(request, time, by=by, state=OfferState.AGREED, agreed_at=timezone.now())


def is_agreed(request, time):
    """Say whether this very time is the one agreed with the patient."""
    same = {"clinician": time.clinician, "location": time.location}
    return request.offers.agreed().filter(**same, starts_at=time.starts_at, ends_at=time.ends_at).exists()


def has_its_time_to_come(request):
    """Say whether the patient has an agreed time that is not over yet (1 query, none where its times were read)."""
    now = timezone.now()
    return any(offer.state == OfferState.AGREED and offer.ends_at > now for offer in request.offers.all())


def accept(request, offer):
    """Make an offered time the request's own, let the others go, and return it. Raises Taken or Refused, kindly."""
    _lock_diaries([offer.clinician_id])
    offer.refresh_from_db()
    if not TimeOffer.objects.still_offered().filter(pk=offer.pk).exists():
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


def give_back(request, states):
    """Let times stand again as they did: `states` maps the key of each to its OfferState.

    Raises Taken when somebody else has agreed on one meanwhile that was agreed.
    """
    offers = list(request.offers.filter(pk__in=states))
    agreed = [offer for offer in offers if states[offer.pk] == OfferState.AGREED]
    _lock_diaries(offer.clinician_id for offer in agreed)
    for offer in agreed:
        if _is_taken(offer.clinician_id, offer.starts_at, offer.ends_at, apart_from=request):
            raise Taken(_("The time that was agreed went to another patient meanwhile. Agree on another one."))
    for offer in offers:
        # Put away while it was free, it is listed again once it is let go again.
        offer.state, offer.put_away_at = states[offer.pk], None
    TimeOffer.objects.bulk_update(offers, ["state", "put_away_at"])


def free_offers(request):
    """Return the times that the patient can still accept (1 query)."""
    return list(request.offers.free().select_related("location", "clinician"))


def _lock_diaries(clinicians):
    """Wait for whoever is agreeing on a time with one of these clinicians; always in the same order."""
    # Not the key: rows that only point to a clinician need not wait.
    list(Clinician.objects.select_for_update(no_key=True).filter(pk__in=set(clinicians)).order_by("pk"))


def _is_taken(clinician, starts_at, ends_at, *, apart_from):
    # What is agreed for practice takes no time from a patient.
    others = TimeOffer.objects.exclude(request=apart_from).filter(request__kind=apart_from.kind)
    return others.overlapping(clinician, starts_at, ends_at).exists()


def _taken_words(time, request):
    start = timezone.localtime(time.starts_at).replace(hour=0, minute=0, second=0, microsecond=0)
    taken = TimeOffer.objects.filter(request__kind=request.kind).select_related("location")
    taken = taken.overlapping(time.clinician, start, start + timedelta(days=1))
    return _(
        "%(name)s has another appointment then. The times agreed with %(name)s on %(day)s are: %(times)s. "
        "Choose another time."
    ) % {
        "name": time.clinician.name,
        "day": date_format(start, "DATE_FORMAT"),
        "times": "; ".join(span_in_words(each) for each in taken),
    }


def span_in_words(time):
    """Return from when to when a time is, and where, in the clinic's time zone: "10 a.m. – 10:30 a.m., Northside"."""
    start, end = (date_format(timezone.localtime(moment), "TIME_FORMAT") for moment in (time.starts_at, time.ends_at))
    return f"{start} – {end}, {time.location.name}"


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
