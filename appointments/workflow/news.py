"""News from patients: what they did while it was not the clinic's turn, until somebody says that they have read it.

What waits for the clinic needs no such mark: it stands in the queue by itself.
"""

from itertools import takewhile

from django.utils import timezone

from appointments.models import Status
from appointments.workflow.table import MOVES, moves_of
from audit.actors import STAFF

# The patient chose a time, wrote more, sent the form again, or cancelled; or what they sent twice was joined.
TOLD = (*(MOVES[name].event for name in ("accept", "add", "prefer", "withdraw")), "request.amended", "request.merged")
# Whoever moves a request has seen all of it: else the move is stale.
NOTICED = tuple(row.event for row in moves_of(STAFF).values())


def note_news(request, event):
    """Let a request, unsaved, say since when there is news, or that it was taken notice of, after this event."""
    if event in NOTICED:
        request.news_since = None
    elif event in TOLD:
        request.news_since = request.news_since or timezone.now()
        if request.status == Status.WITHDRAWN and not request.offers.filter(agreed_at__isnull=False).exists():
            # Withdrawn before a time was agreed, it needs nothing more from anybody.
            request.news_since = None


def with_news(requests):
    """Keep the requests with news (no query)."""
    return requests.with_news()


def news_among(events):
    """Return those of a request's events (newest first) that are news."""
    return [event for event in takewhile(lambda event: event.verb not in NOTICED, events) if event.verb in TOLD]
