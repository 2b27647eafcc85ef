"""News from patients: what they did while it was not the clinic's turn, until somebody says that they have read it.

What waits for the clinic needs no such mark: it stands in the queue by itself.
"""

from itertools import takewhile

from django.db.models import BooleanField, CharField, Exists, ExpressionWrapper, OuterRef, Q, Subquery, Value
from django.db.models.functions import Cast
from django.db.models.lookups import Exact

from appointments.models import AppointmentRequest, Status, TimeOffer
from appointments.workflow.table import MOVES, moves_of
from audit.actors import PATIENT, STAFF
from audit.models import Event

# The patient chose a time, wrote more, sent the form again, or cancelled.
TOLD = (*(MOVES[name].event for name in ("accept", "add", "prefer", "withdraw")), "request.amended")
# Whoever moves a request has seen all of it: else the move is stale.
NOTICED = tuple(row.event for row in moves_of(STAFF).values())


def has_news():
    """Return an expression: whether the patient did something of which no member of staff has taken notice yet."""
    events = Event.objects.filter(
        object_type=AppointmentRequest._meta.label_lower, object_id=Cast(OuterRef("pk"), CharField())
    )
    last = events.filter(verb__in=TOLD + NOTICED).order_by("-id").values("actor_kind")[:1]
    was_agreed = Exists(TimeOffer.objects.filter(request=OuterRef("pk"), agreed_at__isnull=False))
    # Withdrawn before a time was agreed, it needs nothing more from anybody.
    may_have = Q(status__in=(Status.WAITING, Status.AGREED)) | Q(was_agreed, status=Status.WITHDRAWN)
    return ExpressionWrapper(may_have & Q(Exact(Subquery(last), Value(PATIENT)), held_because=""), BooleanField())


def with_news(requests):
    """Keep the requests with news (no query)."""
    return requests.filter(has_news())


def news_among(events):
    """Return those of a request's events (newest first) that are news."""
    return [event for event in takewhile(lambda event: event.verb not in NOTICED, events) if event.verb in TOLD]
