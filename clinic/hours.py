"""The working-hours clock: adds working time across nights, weekends, closures and changes of the clock.

Hours are local wall times in the clinic's time zone. Working time is counted on the instants between them, so that a
day on which the clocks change counts the hours that really pass.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from zoneinfo import ZoneInfo

DAYS_SEARCHED = 400

_on_change = []


def on_change(do):
    """Register a function without arguments that brings up to date what was reckoned from the hours or the promise.

    It runs inside the transaction of the change. Called from `AppConfig.ready()`.
    """
    if do not in _on_change:
        _on_change.append(do)


def tell_change():
    """Call what rooms registered, after the hours, the closures or the promise changed."""
    for do in _on_change:
        do()


class SkippedTime(Exception):
    """Raised for a time of day that a clock never shows, as it is put forward then."""


def moment_of(day, wall_time, *, zone):
    """Return the aware moment at which clocks in `zone` show this, and whether they show it twice that day.

    Of two the first is returned. Raises SkippedTime.
    """
    moment = datetime.combine(day, wall_time, tzinfo=zone)
    if moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment.replace(tzinfo=None):
        raise SkippedTime
    return moment, moment.utcoffset() != moment.replace(fold=1).utcoffset()


class NeverOpen(Exception):
    """Raised when no working time is found within 400 days: the hours are empty, or all days are closed."""


@dataclass(frozen=True)
class WorkingHours:
    """When the clinic works: `spans` maps a weekday (0 is Monday) to its (opens, closes) times; `closed` are dates."""

    spans: dict[int, list[tuple[time, time]]]
    closed: frozenset[date]
    zone: ZoneInfo

    def on(self, day):
        """Return the working spans of a local date as pairs of UTC instants, in order."""
        if day in self.closed:
            return []
        pairs = [
            (self._instant(day, opens), self._instant(day, closes))
            for opens, closes in self.spans.get(day.weekday(), [])
        ]
        return sorted((start, end) for start, end in pairs if end > start)

    @property
    def longest_day(self):
        """How long the clinic works on the weekday on which it works longest (timedelta), whatever the clocks do."""
        return max((sum(map(_length, spans), timedelta()) for spans in self.spans.values()), default=timedelta())

    def _instant(self, day, wall_time):
        return datetime.combine(day, wall_time, tzinfo=self.zone).astimezone(UTC)

    def _from(self, moment):
        """Yield the spans that end after `moment`, cut to begin no earlier."""
        first = moment.astimezone(self.zone).date()
        for offset in range(DAYS_SEARCHED):
            for start, end in self.on(first + timedelta(days=offset)):
                if end > moment:
                    yield max(start, moment), end

    def add(self, moment, working_time):
        """Return the UTC instant at which `working_time` (timedelta) has been worked after `moment` (aware).

        With no working time to add it is `moment` itself, or the next opening when the clinic is closed.
        Raises NeverOpen.
        """
        left = working_time
        for start, end in self._from(moment):
            if end - start >= left:
                return start + left
            left -= end - start
        raise NeverOpen

    def back(self, moment, working_time):
        """Return the latest UTC instant from which `working_time` (timedelta) was worked up to `moment` (aware).

        Whatever came by then has had all of that time. Raises NeverOpen.
        """
        left, last, moment = working_time, moment.astimezone(self.zone).date(), moment.astimezone(UTC)
        for offset in range(DAYS_SEARCHED):
            for start, end in reversed(self.on(last - timedelta(days=offset))):
                end = min(end, moment)
                if end - start >= left:
                    return end - left
                left -= max(end - start, timedelta())
        raise NeverOpen

    def cover(self, start, end):
        """Say whether all of the time between two aware moments is working time of one span."""
        spans = self.on(start.astimezone(self.zone).date())
        return any(opens <= start and end <= closes for opens, closes in spans)

    def between(self, start, end):
        """Return the working time (timedelta) that passes between two aware moments; zero when `end` is not later."""
        total, day, last = timedelta(), start.astimezone(self.zone).date(), end.astimezone(self.zone).date()
        while day <= last:
            for opens, closes in self.on(day):
                total += max(min(closes, end) - max(opens, start), timedelta())
            day += timedelta(days=1)
        return total

    def is_open(self, moment):
        """Say whether `moment` (aware) falls into working time."""
        day = moment.astimezone(self.zone).date()
        return any(start <= moment < end for start, end in self.on(day))


def _length(span):
    opens, closes = (timedelta(hours=at.hour, minutes=at.minute, seconds=at.second) for at in span)
    return closes - opens


def working_minutes(hours, start, end):
    """Return the working time between two aware moments in whole minutes, a part of one counted as one.

    Without opening hours every hour counts, since nobody can say which ones do not.
    """
    # Moments of one zone would be subtracted by their wall clocks.
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    passed = hours.between(start, end) if hours.spans else max(end - start, timedelta())
    return ceil(passed.total_seconds() / 60)
