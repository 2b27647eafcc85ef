"""How likely a risk is: on one of two scales, said in words both ways round, and counted out as 100 marks.

A common risk is told of 100 people, a rare one of 1,000, so that a reader never compares numbers of two kinds. Studies
give parts of people and ranges; parts are rounded to whole people and said as "about", ranges stay ranges.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal

from django.utils.text import format_lazy
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from procedures import wording
from procedures.models.rows import Unit

SCALES = {Unit.PER_100: 100, Unit.PER_1000: 1000}
# What stands at 1 in 100 people is common; a rare range may reach that far, and no farther.
LEAST_COMMON, LEAST_COMMON_IN_1000 = 1, 10
MARKS_IN_A_COLUMN, MARK = 5, 10


@dataclass(frozen=True)
class Chance:
    """How often something happens: `often` and `both_ways` in words; `marks` where it can be counted out of 100."""

    often: str
    both_ways: str
    marks: dict | None


def misfit(low, high, unit):
    """Return why these numbers of a risk are on no scale or on the wrong one, as words with `%(row)s`, or "".

    `low` is a number, `high` a number or None.
    """
    high = low if high is None else high
    if unit not in SCALES:
        return _("Say in how many of 100 or of 1,000 people “%(row)s” happens.")
    if high > SCALES[unit]:
        return _("“%(row)s” cannot happen to more people than there are. Mend its number.")
    if unit == Unit.PER_100 and high < LEAST_COMMON:
        return _("“%(row)s” is rarer than 1 in 100 people. Say in how many of 1,000 people it happens.")
    if unit == Unit.PER_1000 and (low >= LEAST_COMMON_IN_1000 or high > LEAST_COMMON_IN_1000):
        return _("“%(row)s” happens to 1 in 100 people or more. Say in how many of 100 people it happens.")
    return ""


def chance(low, high, unit):
    """Return the Chance that a risk's numbers tell. `high` may be None; `unit` is "per-100" or "per-1000"."""
    low, high = Decimal(str(low)), Decimal(str(low if high is None else high))
    least, most = _people(low, ROUND_FLOOR, ROUND_HALF_DOWN), _people(high, ROUND_CEILING, ROUND_HALF_UP)
    marks = _marks(least, most) if unit == Unit.PER_100 else None
    return Chance(_often(low, high, unit), _both_ways(low, high, least, most, SCALES[unit]), marks)


def _people(value, half, rest):
    """Return whole people: half a person goes outward, so that a range is never told narrower than it is."""
    return int(value.quantize(Decimal(1), half if value % 1 == Decimal("0.5") else rest))


def _often(low, high, unit):
    if unit == Unit.PER_1000 and low < 1:
        return _very_rare(low, high)
    least, most = _people(low, ROUND_FLOOR, ROUND_HALF_DOWN), _people(high, ROUND_CEILING, ROUND_HALF_UP)
    if not least:
        return gettext("Up to %(figure)s") % {"figure": wording.figure(most, most, unit)}
    figure = wording.figure(least, most, unit)
    return gettext("About %(figure)s") % {"figure": figure} if low % 1 or high % 1 else figure


def _very_rare(low, high):
    """Say what is rarer than 1 in 1,000, with the figure as the source gives it: "1 in 20,000"."""
    if high >= 1:
        figure = gettext("Up to %(figure)s") % {"figure": wording.figure(_whole(high), None, Unit.PER_1000)}
        return gettext("%(figure)s (from %(least)s)") % {"figure": figure, "least": _one_in(low)} if low else figure
    own = _one_in(high)
    if low not in (0, high):
        own = gettext("%(low)s to %(high)s") % {"low": _one_in(low), "high": own}
    return gettext("Fewer than 1 in 1,000 people (%(figure)s)") % {"figure": own}


def _whole(value):
    return int(value.to_integral_value(ROUND_CEILING))


def _one_in(value):
    """Return a number in 1,000 as the one person among how many: 0.05 is 1 in 20,000."""
    if not value:
        return gettext("none")
    people = 1000 / value
    if people % 1:
        return wording.figure(value, None, Unit.PER_1000)
    return gettext("1 in %(people)s") % {"people": wording.number(people)}


def _both_ways(low, high, least, most, scale):
    people = wording.number(scale)
    if high < 1:
        return gettext("Of %(all)s people, at least %(spared)s did not have it.") % {
            "all": people,
            "spared": wording.number(scale - 1),
        }
    if not least:
        sentence = gettext("Of %(all)s people, at most %(had)s had it and at least %(spared)s did not.")
    elif low % 1 or high % 1:
        sentence = gettext("Of %(all)s people, about %(had)s had it and about %(spared)s did not.")
    else:
        sentence = ngettext(
            "Of %(all)s people, %(had)s had it and %(spared)s did not.",
            "Of %(all)s people, %(had)s had it and %(spared)s did not.",
            most,
        )
    had = _span(least, most) if least else wording.number(most)
    spared = _span(scale - most, scale - least) if least else wording.number(scale - most)
    return sentence % {"all": people, "had": had, "spared": spared}


def _span(least, most):
    if least == most:
        return wording.number(least)
    return gettext("%(low)s to %(high)s") % {"low": wording.number(least), "high": wording.number(most)}


def _marks(least, most):
    """Return 100 marks: how many are full, half and empty, what that says, and the outlines of the first two."""
    half, empty = most - least, 100 - most
    words = (
        _("100 marks: {full} full, {half} half full, {empty} empty")
        if half
        else _("100 marks: {full} full, {empty} empty")
    )
    return {
        "words": format_lazy(words, full=least, half=half, empty=empty),
        "full": _outline(least),
        "half": _outline(most) if half else "",
    }


def _outline(count):
    """Return the SVG path round the first `count` marks, counted down one column of five after the other."""
    if not count:
        return ""
    columns, rest = divmod(count, MARKS_IN_A_COLUMN)
    height, right = MARKS_IN_A_COLUMN * MARK, columns * MARK
    if not rest:
        return f"M0 0H{right}V{height}H0"
    return f"M0 0H{right + MARK}V{rest * MARK}H{right}V{height}H0" if columns else f"M0 0H{MARK}V{rest * MARK}H0"
