"""The pictures of the figures: where each bar and each word stands. The table beside a picture says all of it.

Lengths are whole units of a picture 360 wide, about a pixel each on a telephone, so that its words stay readable there.
"""

from dataclasses import dataclass
from math import inf

from django.utils.translation import gettext, pgettext

WIDTH = 360
LEGEND, ROW, BAR = 26, 42, 14
COLUMNS_TOP, COLUMNS_FOOT, COLUMNS_HEIGHT = 40, 160, 182
# Beside the longest bar there is room for what it says. Longer names are cut in a picture; the table has them whole.
LONGEST_BAR, LONGEST_NAME = 175, 46


@dataclass(frozen=True)
class Bar:
    """One rectangle; `look` is half, nine or open (never answered)."""

    look: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Label:
    """Words in a picture; `anchor` is start or end."""

    text: str
    x: int
    y: int
    anchor: str = "start"


@dataclass(frozen=True)
class Chart:
    """One picture: its name and what it shows, for those who cannot see it, and what it is drawn of."""

    key: str
    title: str
    description: str
    height: int
    bars: tuple
    labels: tuple
    baseline: int | None = None
    width: int = WIDTH


def spelled(minutes):
    """Return working minutes in words: "3 h 20 min"; what is said in place of them for `inf` and None."""
    if minutes is None:
        return gettext("too few")
    if minutes == inf:
        return pgettext("answered", "not yet")
    hours, rest = divmod(int(minutes), 60)
    # Numbers stay with their units at the end of a line.
    parts = [gettext("%(number)d h") % {"number": hours}] if hours else []
    parts += [gettext("%(number)d min") % {"number": rest}] if rest or not hours else []
    return " ".join(parts)


def rows_of_bars(key, title, rows):
    """Return the Chart that lays how soon half and nine in ten were answered side by side, a row each; or None."""
    drawn = [row for row in rows if row.nine_in_ten is not None]
    if not drawn:
        return None
    length, bars, labels = _scale(drawn, LONGEST_BAR), *_legend()
    for number, row in enumerate(drawn):
        y = LEGEND + number * ROW
        value = " · ".join(dict.fromkeys([spelled(row.median), spelled(row.nine_in_ten)]))
        labels += [Label(_cut(row.name), 0, y + 14), Label(value, WIDTH, y + 32, "end")]
        for look, minutes in (("nine", row.nine_in_ten), ("half", row.median)):
            bars.append(Bar("open" if minutes == inf else look, 0, y + 20, length(minutes), BAR))
    return Chart(key, title, _soonest_and_latest(drawn), LEGEND + len(drawn) * ROW, tuple(bars), tuple(labels))


def columns_of_answers(key, title, rows):
    """Return the Chart of how soon half and nine in ten were answered, a column each; None where there are no two."""
    drawn = [row for row in rows if row.nine_in_ten is not None]
    if len(drawn) < 2:
        return None
    length, bars, labels = _scale(drawn, COLUMNS_FOOT - COLUMNS_TOP), *_legend()
    for x, width, row in _places(rows):
        if row.nine_in_ten is not None:
            for look, minutes in (("nine", row.nine_in_ten), ("half", row.median)):
                tall = length(minutes)
                bars.append(Bar("open" if minutes == inf else look, x, COLUMNS_FOOT - tall, width, tall))
    largest = max((row.nine_in_ten for row in drawn if row.nine_in_ten != inf), default=None)
    labels += [
        *_ends(rows),
        Label(
            "" if largest is None else gettext("Longest: %(time)s") % {"time": spelled(largest)},
            WIDTH,
            LEGEND + 6,
            "end",
        ),
    ]
    return _columns(key, title, _soonest_and_latest(drawn), bars, labels)


def columns_of_requests(key, title, rows):
    """Return the Chart of how many requests came, a column each; None where nothing is to be seen."""
    drawn = [row for row in rows if row.received is not None]
    if len(drawn) < 2 or not any(row.received for row in drawn):
        return None
    most, fewest = max(drawn, key=lambda row: row.received), min(drawn, key=lambda row: row.received)
    bars = []
    for x, width, row in _places(rows):
        if row.received:
            tall = max(round(row.received * (COLUMNS_FOOT - COLUMNS_TOP) / most.received), 1)
            bars.append(Bar("half", x, COLUMNS_FOOT - tall, width, tall))
    description = gettext(
        "Most requests came in the week of %(most)s: %(many)d. The fewest came in the week of %(least)s: %(few)d."
    ) % {"most": most.name, "many": most.received, "least": fewest.name, "few": fewest.received}
    return _columns(
        key,
        title,
        description,
        bars,
        [Label(gettext("Most: %(number)d") % {"number": most.received}, WIDTH, LEGEND + 6, "end"), *_ends(rows)],
    )


def _columns(key, title, description, bars, labels):
    return Chart(key, title, description, COLUMNS_HEIGHT, tuple(bars), tuple(labels), baseline=COLUMNS_FOOT)


def _places(rows):
    """Yield (x, width, row): columns of the same width from side to side, a gap between them."""
    step = WIDTH / len(rows)
    for number, row in enumerate(rows):
        x = round(number * step)
        yield x, max(round((number + 1) * step) - x - 1, 1), row


def _ends(rows):
    return [Label(rows[0].name, 0, COLUMNS_FOOT + 18), Label(rows[-1].name, WIDTH, COLUMNS_FOOT + 18, "end")]


def _scale(rows, longest):
    """Return a function from minutes to a length; what was never answered is as long as there is room."""
    known = [minutes for row in rows for minutes in (row.median, row.nine_in_ten) if minutes != inf]
    largest = max([*known, 1])
    return lambda minutes: longest if minutes == inf else max(round(minutes * longest / largest), 1)


def _legend():
    bars = [Bar("half", 0, 3, 12, 12), Bar("nine", 90, 3, 12, 12)]
    return bars, [Label(pgettext("of the requests", "half"), 18, 14), Label(gettext("nine in ten"), 108, 14)]


def _cut(name):
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1].rstrip()}…"


def _soonest_and_latest(rows):
    if len(rows) == 1:
        return gettext("Nine in ten were answered within this time for %(name)s: %(time)s.") % {
            "name": rows[0].name,
            "time": spelled(rows[0].nine_in_ten),
        }
    best, worst = min(rows, key=lambda row: row.nine_in_ten), max(rows, key=lambda row: row.nine_in_ten)
    return gettext("Nine in ten were answered soonest for %(best)s: %(soon)s. Latest for %(worst)s: %(late)s.") % {
        "best": best.name,
        "soon": spelled(best.nine_in_ten),
        "worst": worst.name,
        "late": spelled(worst.nine_in_ten),
    }
