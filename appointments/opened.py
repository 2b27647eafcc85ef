"""How often staff opened a request, as its patient is told: roles and days, never names."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils.translation import gettext

from accounts.roles import Role
from audit.models import Event

READ = "request.read"
LINES_SHOWN = 10


@dataclass(frozen=True)
class Openings:
    """How often one role opened it on one day (in the clinic's time zone)."""

    who: str
    day: date
    times: int


def roles_in_words(roles):
    """Return roles, as an event holds them, in words; "" for somebody who had none."""
    labels = dict(Role.choices)
    return ", ".join(str(labels.get(role, role)) for role in roles.split())


def openings_of(request):
    """Return how often staff opened a request in all, and the newest lines of Openings (2 queries)."""
    reads = Event.objects.about(request).filter(verb=READ)
    by_day = reads.order_by().values("actor_role", day=TruncDate("happened_at")).annotate(times=Count("id"))
    lines = [
        Openings(roles_in_words(row["actor_role"]) or gettext("A member of staff"), row["day"], row["times"])
        for row in by_day.order_by("-day", "actor_role")[:LINES_SHOWN]
    ]
    return reads.count(), lines
