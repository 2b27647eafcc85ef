"""What an auditor looks at: which events, a page of them at a time, and all of them as lines of a file."""

import csv
import json
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import OuterRef, Q, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.utils import timezone

from audit.actors import STAFF
from audit.models import Event
from audit.spreadsheets import BYTE_ORDER_MARK, harmless

PAGE = 50
ROWS_AT_ONCE = 2000
# Lists are looked through for a row over so many days, where no period is chosen.
DAYS_OF_LISTS = 31
VERB, KIND = re.compile(r"[\w.-]{1,60}", re.ASCII), re.compile(r"[a-z_]{1,40}\.[a-z_]{1,39}")
KEYS = re.compile(r"\d{1,18}(,\d{1,18}){0,49}", re.ASCII)
ACTOR = re.compile(r"[a-z]{1,10}(:\d{1,18})?", re.ASCII)
NAMES = ("verb", "actor", "about", "lists", "since", "until")

HEADINGS = (
    *("number", "when", "verb", "kind of thing", "which one"),
    *("kind of actor", "actor's number", "log-in name", "roles", "command"),
    *("details", "place", "link"),
)


class NoFilter(ValueError):
    """Raised for what stands in an address, or in a form, and was not written by us."""


@dataclass(frozen=True)
class Filters:
    """Which events: ids, verbs and days, and nothing that names a patient.

    `actor` is a kind of actor, or "staff:7"; `about` is "accounts.user:7", of several keys "…:7,8"; `lists` adds the
    lists in which these stood; `since` and `until` are days of the clinic's time zone, the last one included.
    """

    verb: str = ""
    actor: str = ""
    about: str = ""
    lists: bool = False
    since: date | None = None
    until: date | None = None

    @classmethod
    def read(cls, data):
        """Return the filters of an address or a form. Raises NoFilter."""
        about = data.get("about", "")
        kind, _mark, keys = about.partition(":")
        is_good = all(
            not data.get(name) or pattern.fullmatch(data[name]) for name, pattern in (("verb", VERB), ("actor", ACTOR))
        )
        if not is_good or (about and not (KIND.fullmatch(kind) and KEYS.fullmatch(keys))):
            raise NoFilter
        try:
            days = {name: date.fromisoformat(data[name]) for name in ("since", "until") if data.get(name)}
            # Days at the ends of the calendar have no moment in every time zone.
            if any(not 1900 < day.year < 9000 for day in days.values()):
                raise NoFilter
        except ValueError:
            raise NoFilter from None
        lists = bool(about) and data.get("lists") == "on"
        return cls(data.get("verb", ""), data.get("actor", ""), about, lists, **days)

    @property
    def query(self):
        """What stands for them in an address."""
        values = {name: getattr(self, name) for name in NAMES}
        return {name: "on" if value is True else str(value) for name, value in values.items() if value}

    @property
    def keys(self):
        """The primary keys of what the events are about, as text."""
        return self.about.partition(":")[2].split(",")

    def rows(self):
        """Return the events."""
        rows = Event.objects.all()
        if self.verb:
            rows = rows.filter(verb=self.verb)
        if self.actor:
            kind, _mark, number = self.actor.partition(":")
            rows = rows.filter(actor_kind=kind, **({"actor_id": int(number)} if number else {}))
        if self.about:
            kind = self.about.partition(":")[0]
            is_about = Q(object_type=kind, object_id__in=self.keys)
            rows = rows.filter(is_about | Q(pk__in=self._lists(kind)) if self.lists else is_about)
        return rows.filter(**self._period(self.since, self.until))

    def _lists(self, kind):
        since = self.since or (timezone.localdate() if not self.until else self.until) - timedelta(days=DAYS_OF_LISTS)
        lists = Event.objects.filter(object_type=kind, object_id="", **self._period(since, self.until))
        shown = lists.order_by().annotate(ids=KeyTextTransform("shown", "details"))
        return shown.filter(ids__regex=rf"(^|[^0-9])({'|'.join(self.keys)})([^0-9]|$)").values("pk")

    @staticmethod
    def _period(since, until):
        period = {}
        if since:
            period["happened_at__gte"] = _midnight(since)
        if until:
            period["happened_at__lt"] = _midnight(until + timedelta(days=1))
        return period


def _midnight(day):
    return timezone.make_aware(datetime.combine(day, time.min), timezone.get_default_timezone())


def with_names(rows):
    """Give each event the log-in name of the member of staff, in the same query."""
    user = get_user_model()
    names = user._default_manager.filter(pk=OuterRef("actor_id"))
    return rows.annotate(login=Subquery(names.values(user.USERNAME_FIELD)[:1]))


# A page


@dataclass(frozen=True)
class Page:
    """Some events, newest first, and the numbers beyond which its neighbours begin; None where there is none."""

    events: list
    newer: int | None = None
    older: int | None = None


def page_of(rows, *, after=None, before=None):
    """Return the Page of the newest events, of those older than `before`, or of the oldest ones newer than `after`.

    1 query, however many there are: nothing is counted.
    """
    if after is not None:
        found = list(rows.filter(pk__gt=after).order_by("pk")[: PAGE + 1])
        has_newer, events = len(found) > PAGE, found[:PAGE][::-1]
        return Page(events, events[0].pk if has_newer else None, events[-1].pk) if events else page_of(rows)
    found = list((rows.filter(pk__lt=before) if before is not None else rows).order_by("-pk")[: PAGE + 1])
    has_older, events = len(found) > PAGE, found[:PAGE]
    has_newer = bool(events) and before is not None
    return Page(events, events[0].pk if has_newer else None, events[-1].pk if has_older else None)


def verbs():
    """Return the verbs that stand in the trail, along their index: one step a verb, however many events there are."""
    table = connection.ops.quote_name(Event._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE found(verb) AS (SELECT MIN(verb) FROM {table} UNION ALL"  # noqa: S608  # nosec B608  # our own table
            f" SELECT (SELECT MIN(verb) FROM {table} WHERE verb > found.verb) FROM found WHERE found.verb IS NOT NULL)"
            " SELECT verb FROM found WHERE verb IS NOT NULL"
        )
        return [verb for (verb,) in cursor.fetchall()]


# A file


class _Line:
    """What a writer of CSV writes into: it hands each line on."""

    def write(self, line):
        return line


def lines_of(rows):
    """Yield the lines of a CSV file of these events, the oldest first, in constant memory.

    Cells start no formula; moments are of the clinic's time zone, with their offset.
    """
    writer = csv.writer(_Line())
    yield BYTE_ORDER_MARK + writer.writerow(HEADINGS)
    for event in with_names(rows).order_by("pk").iterator(chunk_size=ROWS_AT_ONCE):
        yield writer.writerow([harmless(cell) for cell in _cells(event)])


def _cells(event):
    return [
        event.pk,
        timezone.localtime(event.happened_at, timezone.get_default_timezone()).isoformat(),
        event.verb,
        event.object_type,
        event.object_id,
        event.actor_kind,
        event.actor_id,
        event.login if event.actor_kind == STAFF else "",
        event.actor_role,
        event.actor_name,
        json.dumps(event.details, ensure_ascii=False, sort_keys=True),
        event.position,
        event.mac,
    ]
