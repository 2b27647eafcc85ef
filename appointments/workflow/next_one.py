"""Next for me: who presses it is given the request that comes first, and nobody else is given the same."""

from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from appointments.models import AppointmentRequest, Status
from appointments.workflow.moving import move
from appointments.workflow.places import check_may_triage
from clinic.encryption import Unreadable, each_readable

# Where some cannot be read, so many are looked at.
LOOKED_AT = 200


@dataclass(frozen=True)
class NextOne:
    """The request that comes first for somebody, None where nothing is left; whether they had it already."""

    request: AppointmentRequest | None
    was_mine: bool = False


@transaction.atomic
def claim_next(*, by):
    """Claim the first request of the queue that nobody has, for a member of staff, and return NextOne.

    What they hold comes before it where it is dangerous, urgent or overdue and as pressing as that one: it is left as
    it is. Put aside, held as spam and practice requests are never next. Two who press at once get two different ones.
    Raises Refused.
    """
    check_may_triage(by=by)
    queue = AppointmentRequest.objects.visible_to(by.user).trusted().not_snoozed()
    # On SQLite the transaction itself lets in one at a time.
    skip_locked = connection.features.has_select_for_update_skip_locked
    unclaimed = queue.unclaimed().select_for_update(skip_locked=skip_locked, of=("self",))
    first = _first(unclaimed)
    mine = _pressing(queue, by.user)
    if mine and (first is None or _place(mine) <= _place(first)):
        return NextOne(mine, was_mine=True)
    return NextOne(first and move(first, "claim", by=by, seen_revision=first.revision))


def _pressing(queue, user):
    """Return the first request that somebody has to answer and that cannot wait, or None."""
    cannot_wait = Q(is_danger=True) | Q(is_urgent=True) | Q(due_at__lt=timezone.now())
    return _first(queue.held_by(user).filter(cannot_wait, status=Status.IN_PROGRESS))


def _first(queue):
    """Return the request that comes first, or None; what no key opens holds up nobody."""
    rows = queue.in_queue_order()
    try:
        return rows.first()
    except Unreadable:
        return next((row for row in each_readable(rows[:LOOKED_AT]) if row.is_readable), None)


def _place(request):
    return (not request.is_danger, not request.is_urgent, request.due_at, request.pk)
