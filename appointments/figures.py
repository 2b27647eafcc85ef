"""The figures of requests: how many came, what waits, and how soon they were first answered, in working time.

One place for what managers see, what they export and what patients are told. Only requests that patients sent count:
no practice, no heartbeat, nothing held or judged as spam, and those that were joined as one. The database counts them,
so that a page costs as many queries for a million requests as for ten; what comes back is a row for each group and
minute, never one for a request.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from math import ceil, inf

from django.conf import settings
from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, Subquery, Value, When
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import get_language, get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from appointments.models import OPEN, WAITS_FOR_CLINIC, Merge, Status
from clinic.hours import NeverOpen
from clinic.models import Location, Weekday
from procedures.models import Procedure, ProcedurePage

# A group of fewer tells of single patients.
FEWEST = 5
HALF, NINE_IN_TEN = 0.5, 0.9

# Where no answer came: the clinic still owes it, or nothing can be said of it (too new, or withdrawn before it).
UNANSWERED, NOT_JUDGED = -1, -2


def counted(requests):
    """Keep the requests that count: real ones that do not look like spam, of those that are joined the one that stays.

    Which those are is looked up by itself, so that the counting opens no row.
    """
    return requests.real().trusted().exclude(pk__in=Merge.objects.filter(undone_at=None).values("merged"))


# Over which time


@dataclass(frozen=True)
class Span:
    """From when to when requests came (aware moments, the end left out)."""

    since: datetime
    until: datetime

    def of(self, requests):
        """Keep the requests that came in it."""
        return requests.filter(created_at__gte=self.since, created_at__lt=self.until)

    def days(self):
        """Return the clinic's own dates in it, the first and the last included."""
        first, last = (timezone.localdate(moment) for moment in (self.since, self.until))
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]

    def weeks(self):
        """Return the Mondays of the weeks that it touches."""
        return sorted({_week(day) for day in self.days()})


def _midnight(day):
    return timezone.make_aware(datetime.combine(day, time.min))


def _week(day):
    return day - timedelta(days=day.weekday())


@dataclass(frozen=True)
class Period:
    """A time that managers choose; `begins` gives its first day from today's date, both the clinic's own."""

    label: str
    begins: Callable

    def span(self, now):
        """Return the Span from its first midnight to `now` (aware)."""
        return Span(_midnight(self.begins(timezone.localdate(now))), now)


# A year begins with a whole week, so that its first column is no shorter than the others.
PERIODS = {
    "week": Period(_("This week"), _week),
    "month": Period(_("The last 30 days"), lambda day: day - timedelta(days=30)),
    "year": Period(_("The last 12 months"), lambda day: _week(day - timedelta(weeks=52))),
}


def judged_until(now, *, hours, promise):
    """Return until when requests must have come so that the promised time (timedelta) had passed for each by `now`.

    What came later is not judged yet, answered or not: else quick answers would count at once, and slow ones later.
    """
    try:
        return hours.back(now, promise)
    except NeverOpen:
        return now - promise


# What waits


@dataclass(frozen=True)
class Waiting:
    """How many requests stand where, at one moment."""

    new: int
    in_progress: int
    for_patient: int
    overdue: int


def waiting_now(requests, now):
    """Return what is open at `now` as Waiting (1 query)."""
    waits = Q(status__in=WAITS_FOR_CLINIC)
    found = (
        counted(requests)
        .filter(status__in=OPEN)
        .aggregate(
            new=Count("pk", filter=Q(status=Status.NEW)),
            in_progress=Count("pk", filter=Q(status=Status.IN_PROGRESS)),
            for_patient=Count("pk", filter=Q(status=Status.WAITING)),
            overdue=Count("pk", filter=waits & Q(due_at__lt=now)),
        )
    )
    return Waiting(**found)


# First answers


class Answers:
    """How many requests came, and after how many working minutes those that can be judged were first answered."""

    def __init__(self):
        self.received, self._minutes = 0, Counter()

    def add(self, outcome, number):
        """Count `number` requests with this outcome: minutes to the answer, UNANSWERED or NOT_JUDGED."""
        self.received += number
        if outcome != NOT_JUDGED:
            self._minutes[inf if outcome == UNANSWERED else outcome] += number

    @property
    def judged(self):
        """How many had all of the promised time, and were not withdrawn before an answer."""
        return self._minutes.total()

    @property
    def answered(self):
        """How many of those judged were answered."""
        return self.judged - self._minutes[inf]

    def within(self, share):
        """Return the minutes within which this share of those judged was answered, the nearest rank.

        What nobody answered yet counts as slower than any answer: `math.inf` where it falls on such a one. None where
        too few can be judged to tell.
        """
        if self.judged < FEWEST:
            return None
        rank, so_far = ceil(share * self.judged - 1e-9), 0
        for minutes in sorted(self._minutes):
            so_far += self._minutes[minutes]
            if so_far >= rank:
                return minutes
        return None


@dataclass(frozen=True)
class Dimension:
    """One way to group requests. A new one (such as by source) is one more row of DIMENSIONS.

    `group` returns what the database groups the requests of a Span by, `names` {group: name in the reader's language}
    for the groups that were found, and for those that are shown though they are empty; it also says their order.
    """

    label: str
    group: Callable
    names: Callable


def _procedures(found, span):
    pages = ProcedurePage.objects.in_language(get_language()).filter(procedure=OuterRef("pk"))
    rows = Procedure.objects.annotate(plain_name=Subquery(pages.values("plain_name")[:1]))
    names = {pk: name or key for pk, key, name in rows.values_list("pk", "key", "plain_name")}
    return _only_found(names | {None: gettext("Not sure")}, found)


def _locations(found, span):
    names = dict(Location.objects.order_by("order", "name").values_list("pk", "name"))
    return _only_found(names | {None: gettext("No preference")}, found)


def _languages(found, span):
    codes = [code for code, _name in settings.LANGUAGES]
    names = {code: capfirst(get_language_info(code)["name_translated"]) for code in codes}
    return _only_found(names | {code: code for code in found if code not in names}, found)


def _weekdays(found, span):
    return {day.value: capfirst(day.label) for day in Weekday}


def _weeks(found, span):
    return {number: date_format(week, "SHORT_DATE_FORMAT") for number, week in enumerate(span.weeks())}


def _only_found(names, found):
    """Leave out what no request named, the most frequent first."""
    return {group: names[group] for group in sorted(found, key=lambda group: -found[group].received) if group in names}


def _by_week(span):
    weeks = span.weeks()
    return _came_after([_midnight(week) for week in weeks], range(len(weeks)))


def _by_weekday(span):
    days = span.days()
    return _came_after([_midnight(day) for day in days], [day.weekday() for day in days])


def _came_after(moments, numbers):
    """Return the expression that is, for each request, the number of the last of these moments before it came.

    The local midnights are known, and a few comparisons find the right ones. SQLite would ask Python for the local day
    of each request, which takes ten times as long.
    """
    if len(numbers) == 1:
        return Value(numbers[0], output_field=IntegerField())
    middle = len(numbers) // 2
    earlier, later = _came_after(moments[:middle], numbers[:middle]), _came_after(moments[middle:], numbers[middle:])
    return Case(When(created_at__lt=moments[middle], then=earlier), default=later, output_field=IntegerField())


WEEK = "week"
DIMENSIONS = {
    WEEK: Dimension(_("Week that begins on"), _by_week, _weeks),
    "procedure": Dimension(_("Procedure"), lambda span: F("procedure_id"), _procedures),
    "place": Dimension(_("Place"), lambda span: F("location_id"), _locations),
    "language": Dimension(_("Language"), lambda span: F("language"), _languages),
    "weekday": Dimension(_("Day on which it came"), _by_weekday, _weekdays),
}


def _outcome(until):
    """Return the expression that says what became of a request: minutes to the answer, UNANSWERED or NOT_JUDGED."""
    withdrawn = Q(first_answer_minutes=None, status__in=(Status.WITHDRAWN, Status.CLOSED))
    return Case(
        When(Q(created_at__gt=until) | withdrawn, then=Value(NOT_JUDGED)),
        When(first_answer_minutes=None, then=Value(UNANSWERED)),
        default=F("first_answer_minutes"),
        output_field=IntegerField(),
    )


def all_answers(requests, span, *, until):
    """Return the Answers of all requests that came in a Span; those that came by `until` are judged (1 query)."""
    answers = Answers()
    rows = span.of(counted(requests)).annotate(outcome=_outcome(until)).order_by()
    for outcome, number in rows.values_list("outcome").annotate(number=Count("pk")):
        answers.add(outcome, number)
    return answers


def answers_by(dimension, requests, span, *, until):
    """Return {group: Answers} for one of DIMENSIONS, of the requests that came in a Span (1 query)."""
    found = {}
    rows = (
        span.of(counted(requests)).annotate(group=DIMENSIONS[dimension].group(span), outcome=_outcome(until)).order_by()
    )
    for group, outcome, number in rows.values_list("group", "outcome").annotate(number=Count("pk")):
        found.setdefault(group, Answers()).add(outcome, number)
    return found


# What may be shown


def too_small(sizes):
    """Return the groups that are not shown, of {group: how many}: those of fewer than 5, empty ones aside.

    With them go as many of the next smallest as it takes that nobody can reckon one of them from the sum of all.
    """
    hidden = {group for group, size in sizes.items() if 0 < size < FEWEST}
    others = sorted((group for group in sizes if sizes[group] >= FEWEST), key=lambda group: sizes[group], reverse=True)
    while hidden and others and (len(hidden) == 1 or sum(sizes[group] for group in hidden) < FEWEST):
        hidden.add(others.pop())
    return hidden


@dataclass(frozen=True)
class Row:
    """One line of a table. `received` is None where the group is too small to show; minutes as in `Answers.within`."""

    name: str
    received: int | None
    median: float | None = None
    nine_in_ten: float | None = None


def row_of(name, answers):
    """Return the line of some Answers that may be shown."""
    return Row(name, answers.received, answers.within(HALF), answers.within(NINE_IN_TEN))


@dataclass(frozen=True)
class Table:
    """The lines of one dimension."""

    key: str
    label: str
    rows: tuple


def table(dimension, requests, span, *, until):
    """Return the Table of one dimension, small groups hidden (2 queries at most)."""
    found = answers_by(dimension, requests, span, until=until)
    names = DIMENSIONS[dimension].names(found, span)
    hidden = too_small({group: answers.received for group, answers in found.items()})
    rows = [
        Row(name, None) if group in hidden else row_of(name, found.get(group, Answers()))
        for group, name in names.items()
    ]
    return Table(dimension, DIMENSIONS[dimension].label, tuple(rows))


@dataclass(frozen=True)
class Report:
    """The figures of one Span: what waits at its end, all requests together, and a Table for each dimension."""

    span: Span
    waiting: Waiting
    whole: Row
    tables: tuple


def report(requests, period, now, *, hours, promise):
    """Return the Report of one of PERIODS up to `now` (aware), in these WorkingHours (9 queries).

    `promise` is the working time (timedelta) that a request has had before it is judged.
    """
    span, until = PERIODS[period].span(now), judged_until(now, hours=hours, promise=promise)
    whole = all_answers(requests, span, until=until)
    return Report(
        span=span,
        waiting=waiting_now(requests, now),
        whole=Row("", None) if 0 < whole.received < FEWEST else row_of("", whole),
        tables=tuple(table(dimension, requests, span, until=until) for dimension in DIMENSIONS),
    )


# What patients are told

ENOUGH = 20


def hours_told(requests, now, *, hours, promise):
    """Return within how many whole working hours nine in ten requests of the last 30 days were answered (1 query).

    None where fewer than 20 of them were answered, or more than one in ten was not.
    """
    span, until = PERIODS["month"].span(now), judged_until(now, hours=hours, promise=promise)
    answers = all_answers(requests, span, until=until)
    minutes = answers.within(NINE_IN_TEN)
    if answers.answered < ENOUGH or minutes == inf:
        return None
    return max(ceil(minutes / 60), 1)
