"""Checks the whole chain, in constant memory, and names each row that is not what was linked."""

import hmac
from copy import copy
from dataclasses import dataclass

from audit import chain
from audit.models import ChainHead, Event, SealedMonth

# So many rows are named, and looked for in each other's places. More are not the work of a slip of the hand.
MOST_NAMED = 20
ROWS_AT_ONCE = 2000


@dataclass(frozen=True)
class Broken:
    """An event that is not what was linked at its place; `links_before` are the links that it may follow."""

    event: Event
    links_before: frozenset


class Links:
    """What the next event may follow: after a broken row nobody knows whether its link or the rest was altered."""

    def __init__(self, stored, made=()):
        self.stored, self.made = frozenset(stored), frozenset(made)
        self.all = self.stored | self.made

    def lead_to(self, event):
        """Say whether an event was linked at its place after one of these."""
        return any(hmac.compare_digest(event.mac, chain.seal(event, event.position, link)) for link in self.all)

    def after(self, event):
        """Return the links after a broken row: those before it, its own, and what its own should have been."""
        made = {chain.seal(event, event.position, link) for link in self.all}
        return Links(self.stored | {event.mac}, made)


def verify():
    """Yield a sentence on each broken row, a cut tail, a lost head, and what waits too long; none when all is well.

    It ends after MOST_NAMED rows: what comes then is no longer told apart.
    """
    # The heads are read first: events linked while the chain is walked then do no harm.
    heads = [("in the database", chain.stored_head()), ("outside the database", chain.written_head())]
    start = yield from _sealed_months()
    position, links, broken = start.position, Links([start.mac]), []
    for event in Event.objects.linked().filter(position__gt=position).iterator(chunk_size=ROWS_AT_ONCE):
        if event.position != position + 1:
            yield _gap(position + 1, event)
            links = None
        position = event.position
        if links is None:
            # Nobody knows what it followed.
            links = Links([event.mac])
        elif links.lead_to(event):
            links = Links([event.mac])
            yield from _differing(event, heads)
        else:
            broken.append(Broken(event, links.all))
            links = links.after(event)
        if len(broken) == MOST_NAMED:
            break
    if len(broken) == MOST_NAMED:
        yield from (_altered(each.event) for each in broken)
        yield f"More may be broken: after {MOST_NAMED} rows this stops. Is AUDIT_KEY the key of this chain?"
        return
    yield from _named(broken)
    yield from _ends(heads, start=start.position, end=position)
    waiting = chain.unlinked_for_too_long().order_by("id").first()
    if waiting:
        yield f"Event {waiting.pk} is older than a minute and not linked: is the sender running?"


def _sealed_months():
    """Yield what is wrong with the months that were pruned; return the link after which the events go on."""
    start, seal_before = ChainHead(), ""
    for month in SealedMonth.objects.order_by("first_position"):
        if month.first_position != start.position + 1:
            yield f"A sealed month is missing before {month}."
        elif not hmac.compare_digest(month.mac, chain.seal_month(month, seal_before)):
            yield f"The sealed month {month} is not what was sealed."
        start, seal_before = ChainHead(position=month.last_position, mac=month.last_mac), month.mac
    back = Event.objects.linked().filter(position__lte=start.position).first()
    if back is not None:
        yield f"Event {back.pk} stands at place {back.position}, of which all events were pruned."
    return start


def _gap(first, event):
    if event.position == first + 1:
        return f"A link is missing at place {first} of the chain, before event {event.pk}."
    return f"Links are missing at places {first} to {event.position - 1} of the chain, before event {event.pk}."


def _differing(event, heads):
    for where, head in heads:
        if head.position == event.position and head.mac != event.mac:
            yield f"Event {event.pk} differs from the head kept {where}."


def _ends(heads, *, start, end):
    for where, head in heads:
        if head.position == chain.UNREADABLE:
            yield f"The head kept {where} cannot be read."
        elif head.position > end:
            yield f"The chain ends at place {end}, but the head kept {where} is at {head.position}."
        elif head.position <= start and not chain.stands_in_chain(head):
            yield f"The head kept {where} is at place {head.position}, which is pruned or not of this chain."
    newest = chain.stored_head().position
    if newest < end:
        yield f"The chain goes on to place {end}, but the head kept in the database is at {newest}."


# What became of broken rows


def _altered(event):
    return f"Event {event.pk} is not what was linked at place {event.position}."


def _named(broken):
    """Yield a sentence on each broken row, or on two that took each other's place."""
    links_before = _links_before(broken)
    # What is whole, and only follows a row that was moved away, is not what somebody did.
    harmed = [each for each in broken if not _follows(each.event, links_before)] or broken
    came_from = {each.event.position: _linked_as(each.event, harmed, links_before) for each in harmed}
    events = {each.event.position: each.event for each in harmed}
    told = set()
    for place, event in events.items():
        was_at, was = came_from[place] or (None, None)
        if place in told:
            continue
        if was_at is None:
            yield _altered(event)
        elif was_at == place:
            yield f"Event {event.pk} was linked at place {place} under another number: {was}."
        elif (came_from[was_at] or (None,))[0] == place:
            told.add(was_at)
            yield f"Events {event.pk} and {events[was_at].pk} at places {place} and {was_at} are swapped."
        else:
            yield f"Event {event.pk} at place {place} was linked at place {was_at}."


def _links_before(broken):
    return frozenset().union(*(each.links_before for each in broken), (each.event.mac for each in broken))


def _follows(event, links_before):
    return any(chain.seal(event, event.position, link) == event.mac for link in links_before)


def _linked_as(event, broken, links_before):
    """Return the place and the number under which a broken row was linked; None where it was altered otherwise."""
    place = event.position
    tries = [(each.event.position, number) for each in broken for number in (event.pk, each.event.pk)]
    tries += [(place, each.event.pk) for each in broken]
    links = {each.event.position: {event.mac, each.event.mac} for each in broken}
    for was_at, number in tries:
        if (was_at, number) != (place, event.pk):
            as_it_was = copy(event)
            as_it_was.pk = number
            if any(chain.seal(as_it_was, was_at, link) in links[was_at] for link in links_before):
                return was_at, number
    return None
