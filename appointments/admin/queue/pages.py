"""Pages of the queue by key: the next page begins after the last row of this one, so that a deep page costs no more.

A numbered page would have the database count and leave out all rows before it.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
A_MICROSECOND = timedelta(microseconds=1)
# Enough for any moment up to the year 2286, and for any number of a row.
DIGITS = re.compile(r"\d{1,16}", re.ASCII)


@dataclass(frozen=True)
class Step:
    """One column of an order. `kind` says what it holds: a flag, a moment (never null) or a number."""

    name: str
    kind: str = "number"
    falls: bool = False

    @property
    def term(self):
        """What `order_by` takes."""
        return f"-{self.name}" if self.falls else self.name

    def turned(self):
        """Return the step of the opposite order."""
        return Step(self.name, self.kind, not self.falls)

    def beyond(self, value):
        """Return the lookup of the rows that come after this value; None where there can be none."""
        if self.kind == "flag" and value != self.falls:
            return None
        return {f"{self.name}__{'lt' if self.falls else 'gt'}": value}


@dataclass(frozen=True)
class Page:
    """The rows of one page (their primary keys), and the keys of its neighbours, None where there is none."""

    rows: list
    previous: str | None = None
    next: str | None = None


def page_of(rows, order, *, size, after=None, before=None):
    """Return a Page of a queryset in this order (a tuple of Step that ends with a unique one).

    `after` or `before` is the key of a neighbour, as it stood in an address. What is none of ours, and a key beyond
    which nothing is left, lead to the first page. At most one query a step, each along one index.
    """
    key = _read(after or before, order)
    goes_back = key is not None and not after
    steps = tuple(step.turned() for step in order) if goes_back else order
    found = _first(_parts(rows.order_by(*(step.term for step in steps)), steps, key), steps, size + 1)
    if not found and key is not None:
        return page_of(rows, order, size=size)
    has_more, found = len(found) > size, found[:size]
    if goes_back:
        found.reverse()
    has_previous, has_next = (has_more, True) if goes_back else (key is not None, has_more)
    return Page(
        [row[0] for row in found],
        previous=_written(found[0][1:]) if found and has_previous else None,
        next=_written(found[-1][1:]) if found and has_next else None,
    )


def _parts(rows, steps, key):
    """Yield querysets that hold, one after the other and each in order, the rows beyond a key.

    Those that are equal in all columns but the last, and beyond it there, come first. One condition for all of them,
    with an "or", would have the database walk to the key from the beginning.
    """
    if key is None:
        yield rows
        return
    for number in reversed(range(len(steps))):
        beyond = steps[number].beyond(key[number])
        if beyond is not None:
            yield rows.filter(**{step.name: value for step, value in zip(steps[:number], key, strict=False)}, **beyond)


def _first(parts, steps, number):
    found = []
    for part in parts:
        found += part.values_list("pk", *(step.name for step in steps))[: number - len(found)]
        if len(found) == number:
            break
    return found


def _written(values):
    return "-".join(str(_as_number(value)) for value in values)


def _as_number(value):
    return (value - EPOCH) // A_MICROSECOND if isinstance(value, datetime) else int(value)


def _read(text, order):
    """Return the values of a key, one a step; None for what we did not write."""
    numbers = (text or "").split("-")
    if len(numbers) != len(order) or not all(DIGITS.fullmatch(number) for number in numbers):
        return None
    if any(step.kind == "flag" and number not in ("0", "1") for step, number in zip(order, numbers, strict=True)):
        return None
    return [_as_value(step, int(number)) for step, number in zip(order, numbers, strict=True)]


def _as_value(step, number):
    if step.kind == "moment":
        return EPOCH + number * A_MICROSECOND
    return bool(number) if step.kind == "flag" else number
