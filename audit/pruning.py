"""Keeps the trail for a stated time: whole months go, verified first, and of each its last link stays.

A month is one of the clinic's time zone. It holds the places of the chain up to the first event that happened after
it: so no event goes before its time, and one that was linked late goes with the month after.
"""

from datetime import date, datetime, time

from django.db import connection, models, transaction
from django.db.models import Min
from django.utils import timezone

from audit import chain
from audit.actors import Actor
from audit.models import ChainHead, Event, SealedMonth
from audit.verifying import verify

PRUNED = "audit.pruned"
PRUNER = Actor.command("prune audit")


class NotWhole(Exception):
    """Raised instead of pruning a trail in which something is broken or not yet linked; says what."""


def count_before(moment):
    """Return how many events `prune` would remove."""
    return sum(month.count for month in _whole_months(moment))


def prune(*, before, by=PRUNER):
    """Remove the events of each whole month before an aware moment; return how many.

    One transaction a month, with a SealedMonth and an event. Raises NotWhole when the chain is not whole: nothing that
    was tampered with is cleared away.
    """
    if next(_whole_months(before), None) is None:
        return 0
    # What the head outside the database stands for must not be among what goes.
    chain.write_head()
    for finding in verify():
        raise NotWhole(finding)
    count = 0
    while removed := _prune_month(before, by=by):
        count += removed
    return count


@transaction.atomic
def _prune_month(before, *, by):
    # The lock under which the sender links, too.
    ChainHead.objects.select_for_update().get(id=1)
    month = next(_whole_months(before), None)
    if month is None:
        return 0
    newest = SealedMonth.objects.last()
    month.mac = chain.seal_month(month, newest.mac if newest else "")
    month.save()
    if _remove_sealed() != month.count:
        raise NotWhole(f"The events of {month} are not those that were linked. Run manage.py verify_audit.")
    Event.record(PRUNED, by=by, month=str(month), events=month.count)
    return month.count


def _remove_sealed():
    """Delete the events of all sealed months, and return how many: the one way past the refusals of the model.

    On PostgreSQL a function does it, so that the role under which the site runs needs no right to delete.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT audit_remove_sealed()")
            return cursor.fetchone()[0]
    last = SealedMonth.objects.last().last_position
    return models.QuerySet(Event).filter(position__lte=last).delete()[0]


def _whole_months(before):
    """Yield an unsaved SealedMonth for each whole month before a moment that has events, the oldest first."""
    newest = SealedMonth.objects.last()
    position = newest.last_position if newest else 0
    oldest = _after(position).aggregate(first=Min("happened_at"))["first"]
    if oldest is None:
        return
    month = timezone.localtime(oldest, timezone.get_default_timezone()).date().replace(day=1)
    # An event that was linked late belongs to no month that is sealed already.
    month = max(month, _following(newest.month)) if newest else month
    while (end := _start_of(_following(month))) <= before:
        later = _after(position).filter(happened_at__gte=end).first()
        of_month = _after(position).filter(position__lt=later.position) if later else _after(position)
        if last := of_month.last():
            yield SealedMonth(month=month, first_position=position + 1, last_position=last.position, last_mac=last.mac)
            position = last.position
        if later is None:
            return
        month = _following(month)


def _after(position):
    return Event.objects.linked().filter(position__gt=position)


def _following(month):
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _start_of(day):
    return timezone.make_aware(datetime.combine(day, time.min), timezone.get_default_timezone())
