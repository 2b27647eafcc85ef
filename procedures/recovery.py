"""The recovery as a picture: each rule a bar on one line of days or weeks, beside the words that say the same."""

from dataclasses import dataclass
from math import ceil

from procedures.models.rows import Unit

DAYS_IN_A_WEEK = 7
LEAST_DAYS, MOST_DAYS_AS_DAYS = 7, 14
STEPS = (1, 2, 4, 8, 13, 26, 52, 104)
MOST_STEPS = 7
ROOM_AFTER_THE_LAST_DAY = 1.08


@dataclass(frozen=True)
class Line:
    """The line that all bars of a page stand on: how many days it is long, and the unit of its marks."""

    length: float
    unit: str

    def marks(self):
        """Return the marks from 0 as {at, label}; `at` is a percentage of the length, as text for SVG."""
        days = DAYS_IN_A_WEEK if self.unit == Unit.WEEKS else 1
        last = int(self.length / days)
        step = next((step for step in STEPS if last <= step * MOST_STEPS), STEPS[-1])
        return [{"at": self._percent(count * days), "label": count} for count in range(0, last + 1, step)]

    def bar(self, row):
        """Return when a recovery milestone holds as {at, width, goes_on}; it goes on where it has no last day."""
        first, last = row["from_day"], row["to_day"]
        end = self.length if last is None else max(last, first + 1)
        return {"at": self._percent(first), "width": self._percent(end - first), "goes_on": last is None}

    def _percent(self, days):
        return f"{100 * days / self.length:.1f}"


def line_of(milestones):
    """Return the Line that is long enough for every row, or None where there is none."""
    if not milestones:
        return None
    days = max(LEAST_DAYS, *(max(row["from_day"] + 1, row["to_day"] or 0) for row in milestones))
    unit = Unit.DAYS if days <= MOST_DAYS_AS_DAYS else Unit.WEEKS
    goes_on = any(row["to_day"] is None for row in milestones)
    return Line(ceil(days * ROOM_AFTER_THE_LAST_DAY) if goes_on else days, unit)
