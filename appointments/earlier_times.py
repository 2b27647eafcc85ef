"""The earlier-slot list: agreed times that came free, and who waits for one like that, the longest waiting first.

Nothing is offered by itself: staff choose whom to ask.
"""

from dataclasses import dataclass
from itertools import groupby

from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from appointments.forms import ANY_TIME
from appointments.models import OPEN, AppointmentRequest, TimeOffer
from clinic.encryption import EncryptedTextField, each_readable
from procedures.models import Procedure

NOON = 12
# So many of the soonest times are listed, each with so many patients; so many of the longest waiting are looked at.
MOST_TIMES, MOST_SHOWN, MOST_LOOKED_AT = 50, 20, 500
NOT_NEEDED = [
    field.name
    for field in AppointmentRequest._meta.fields
    if isinstance(field, EncryptedTextField) and field.name != "preferences"
]


@dataclass(frozen=True)
class FreedTime:
    """A time that can be had again, and the requests it fits; `offered` says to how many patients it is offered now."""

    offer: TimeOffer
    offered: int
    fitting: list

    @property
    def first(self):
        """Those who waited longest."""
        return self.fitting[:MOST_SHOWN]

    @property
    def more(self):
        """How many others it fits."""
        return len(self.fitting[MOST_SHOWN:])


def let_go(requests):
    """Return the times that came free when one of these requests let them go."""
    return TimeOffer.objects.came_free().filter(Exists(requests.filter(pk=OuterRef("request"))))


def freed_times(requests):
    """Return a FreedTime for each time that one of these requests let go, the soonest first (4 queries at most)."""
    offered = TimeOffer.objects.still_offered().filter(clinician=OuterRef("clinician"), starts_at=OuterRef("starts_at"))
    offered = offered.order_by().values("clinician").annotate(number=Count("pk")).values("number")
    freed = let_go(requests).select_related("location", "clinician")
    freed = freed.annotate(offered=Coalesce(Subquery(offered), 0)).order_by(*SPAN, "-pk")[:MOST_TIMES]
    # Who let the same span go one after the other leaves one time behind.
    freed = [list(same) for _span, same in groupby(freed, key=_span_of)]
    if not freed:
        return []
    waiting, performing = _waiting(requests, [same[0] for same in freed]), _performing()
    found = []
    for offer, *others in freed:
        let_it_go = {each.request_id for each in (offer, *others)}
        fitting = [row for row in waiting if row.pk not in let_it_go and _fits(row, offer, performing)]
        found.append(FreedTime(offer, offer.offered, fitting))
    return found


SPAN = ("starts_at", "ends_at", "clinician_id", "location_id")


def _span_of(offer):
    return tuple(getattr(offer, name) for name in SPAN)


def _waiting(requests, offers):
    """Return who wants an earlier time and may come to one of these, the longest waiting first (1 query).

    Each has `agreed_for` and `offered_for`, the times they have or may choose. A request that cannot be read is left
    out, as nobody knows when its patient can come.
    """
    own = TimeOffer.objects.filter(request=OuterRef("pk")).order_by("starts_at").values("starts_at")
    rows = requests.filter(wants_sooner=True, status__in=OPEN, held_because="").annotate(
        agreed_for=Subquery(own.agreed()[:1]), offered_for=Subquery(own.free()[:1])
    )
    soonest = min(offer.starts_at for offer in offers)
    rows = rows.filter(
        Q(agreed_for=None) | Q(agreed_for__gt=soonest),
        Q(offered_for=None) | Q(offered_for__gt=soonest),
        # Not as "none, or one of these": for that, each request without a place would be looked up.
        ~(Q(location__isnull=False) & ~Q(location__in={offer.location_id for offer in offers})),
    )
    rows = rows.select_related("procedure", "location", "holder").defer(*NOT_NEEDED).order_by("created_at", "pk")
    return [row for row in each_readable(rows[:MOST_LOOKED_AT]) if row.is_readable]


def _performing():
    """Return which clinicians perform each procedure that names any, by primary keys (1 query)."""
    found = {}
    for procedure, clinician in Procedure.clinicians.through.objects.values_list("procedure", "clinician"):
        found.setdefault(procedure, set()).add(clinician)
    return found


def _fits(row, offer, performing):
    """Say whether the patient of a request may want this time: sooner than their own, and where and when they can."""
    own = row.agreed_for or row.offered_for
    if own is not None and own <= offer.starts_at:
        return False
    if row.location_id not in (None, offer.location_id):
        return False
    if offer.clinician_id not in performing.get(row.procedure_id, {offer.clinician_id}):
        return False
    return suits(row.preferences or {}, offer.starts_at)


def suits(preferences, moment):
    """Say whether a patient who chose so can come at an aware moment; who chose nothing can come at any."""
    local = timezone.localtime(moment)
    part = "morning" if local.hour < NOON else "afternoon"
    times = preferences.get("times") or [ANY_TIME]
    return ANY_TIME in times or f"{local.weekday()}-{part}" in times


def number_wanted(requests):
    """Return how many of the times that came free somebody waits for (3 queries at most)."""
    return sum(bool(freed.fitting) for freed in freed_times(requests))
