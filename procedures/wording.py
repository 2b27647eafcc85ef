"""How figures, ranges and days are said in words, in the reader's language; the numbers themselves have none."""

from decimal import Decimal
from math import ceil, floor

from django.utils.formats import number_format
from django.utils.text import capfirst, get_text_list
from django.utils.translation import gettext, ngettext_lazy

from procedures.models.rows import Glance, Unit

VALUES = {
    Unit.MINUTES: ngettext_lazy("%(value)s minute", "%(value)s minutes", "count"),
    Unit.HOURS: ngettext_lazy("%(value)s hour", "%(value)s hours", "count"),
    Unit.DAYS: ngettext_lazy("%(value)s day", "%(value)s days", "count"),
    Unit.WEEKS: ngettext_lazy("%(value)s week", "%(value)s weeks", "count"),
    Unit.MONTHS: ngettext_lazy("%(value)s month", "%(value)s months", "count"),
    Unit.PERCENT: ngettext_lazy("%(value)s%%", "%(value)s%%", "count"),
    Unit.PER_100: ngettext_lazy("%(value)s in 100 people", "%(value)s in 100 people", "count"),
    Unit.PER_1000: ngettext_lazy("%(value)s in 1,000 people", "%(value)s in 1,000 people", "count"),
    Unit.POUNDS: ngettext_lazy("%(value)s lb", "%(value)s lb", "count"),
    Unit.MILLIMETRES: ngettext_lazy("%(value)s mm", "%(value)s mm", "count"),
}


def _around(days):
    return floor(days), ceil(days)


FIRST = {
    Unit.DAYS: ngettext_lazy("For the first day", "For the first %(count)d days", "count"),
    Unit.WEEKS: ngettext_lazy("For the first week", "For the first %(count)d weeks", "count"),
    Unit.MONTHS: ngettext_lazy("For the first month", "For the first %(count)d months", "count"),
}
WHOLE_MONTHS = {day: months for months in range(2, 25) for day in (30 * months, *_around(months * 365 / 12))}


def number(value):
    """Return a number as people write it: 45, 4.5, 1,000."""
    value = Decimal(str(value)).normalize()
    return number_format(value if value % 1 else int(value), force_grouping=True)


def figure(low, high, unit, glance=""):
    """Return a figure in words: "45 to 60 minutes". `low` and `high` are numbers; `high` may be None.

    A stay that is counted in days and begins with 0 is said as a person would: home the same day.
    """
    low, high = Decimal(str(low)), Decimal(str(low if high is None else high))
    if glance == Glance.STAY and unit == Unit.DAYS and not low and high <= 1:
        return gettext("You go home the same day or the next day") if high else gettext("You go home the same day")
    if low == high:
        return VALUES[unit] % {"value": number(low), "count": ceil(low)}
    value = gettext("%(low)s to %(high)s") % {"low": number(low), "high": number(high)}
    return VALUES[unit] % {"value": value, "count": max(ceil(high), 2)}


def days(first, last=None, until=""):
    """Say when a rule of the recovery holds: "For the first 6 weeks", "From week 4 to month 3".

    `first` and `last` are whole days after the procedure, whose own day is 0. Without `last` the rule has no last day,
    and `until` may end it in words: "Until your team says you may".
    """
    if last is None and until and not first:
        return capfirst(until)
    if last is None:
        return ", ".join(filter(None, [_from(first), until]))
    if first == last:
        return gettext("On day %(day)d") % {"day": first} if first else gettext("On the day of your procedure")
    if first:
        return gettext("From %(first)s to %(last)s") % _ends(first, last)
    count, unit = _counted(last)
    return FIRST[unit] % {"count": count}


def _from(first):
    if first == 0:
        return gettext("From the day of your procedure")
    if first == 1:
        return gettext("From the next day")
    return gettext("From %(first)s") % {"first": _moment(*_counted(first))}


def _counted(day):
    """Return a day as (count, unit), in the largest unit that counts it whole: (3, months), (4, weeks), (10, days)."""
    if day in WHOLE_MONTHS:
        return WHOLE_MONTHS[day], Unit.MONTHS
    if day and day % 7 == 0:
        return day // 7, Unit.WEEKS
    return day, Unit.DAYS


def _ends(first, last):
    ends = {"first": _counted(first), "last": _counted(last)}
    if any(unit == Unit.DAYS for count, unit in ends.values()):
        ends = {"first": (first, Unit.DAYS), "last": (last, Unit.DAYS)}
    return {name: _moment(*end) for name, end in ends.items()}


def _moment(count, unit):
    if unit == Unit.MONTHS:
        return gettext("month %(count)d") % {"count": count}
    if unit == Unit.WEEKS and count > 1:
        return gettext("week %(count)d") % {"count": count}
    return gettext("day %(count)d") % {"count": count * 7 if unit == Unit.WEEKS else count}


def in_a_row(words):
    """Return words as one phrase: "a, b and c"."""
    return get_text_list(list(words), gettext("and"))
