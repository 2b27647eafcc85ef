"""Slows down whoever guesses passwords, without locking anybody out for good.

Failures are counted for each account and for each network, and apart for a browser that logged in to the account
before: what strangers try does not hold up the person at their own desk. An account that is not there is counted like
any other. After some failures each next try has to wait, longer each time and a quarter of an hour at most; who waits
is told how long, and a try made meanwhile counts for nothing.
"""

import math
from dataclasses import dataclass
from datetime import timedelta
from unicodedata import normalize

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import ngettext

from accounts import known_browsers
from accounts.models import LogInTries, User
from audit.actors import Actor
from audit.models import Event
from clinic.encryption import index_of
from clinic.limits import network_of

Kind = LogInTries.Kind

# So many failures before the first wait. Behind the address of a clinic sit all its people.
FREE_TRIES = {Kind.ACCOUNT: 5, Kind.BROWSER: 5, Kind.NETWORK: 30, Kind.CONFIRMING: 5}
WAITS = [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 15)]
FORGOTTEN_AFTER = timedelta(days=1)


class MustWait(Exception):
    """Raised for a try that comes too early. Its words say how long to wait, and nothing about an account."""

    def __init__(self, wait):
        self.seconds = math.ceil(wait.total_seconds())
        minutes = math.ceil(self.seconds / 60)
        words = ngettext(
            "Too many tries that were wrong. Wait %(number)d minute, then try again.",
            "Too many tries that were wrong. Wait %(number)d minutes, then try again.",
            minutes,
        )
        super().__init__(words % {"number": minutes})


def spelled_alike(username):
    """Return a log-in name as it is counted: however it is spelled, it is one."""
    return normalize("NFKC", username).strip().casefold()


def begin_log_in(request, username):
    """Count a try to log in to the account of this name, failed until it says otherwise. Raises MustWait."""
    name = spelled_alike(username)
    browser = known_browsers.key_of(request, name)
    whose = {Kind.BROWSER: browser} if browser else {Kind.ACCOUNT: name, Kind.NETWORK: network_of(request)}
    return _begin(whose, username)


def begin_confirming(user):
    """Count a try of somebody logged in to confirm who they are. Raises MustWait."""
    return _begin({Kind.CONFIRMING: str(user.pk)}, user.username)


def wait_after(kind, failures):
    """Return how long to wait after so many failures; None while tries are free."""
    late = failures - FREE_TRIES[kind]
    return WAITS[min(late, len(WAITS) - 1)] if late >= 0 else None


@dataclass(frozen=True)
class Try:
    """One try, counted as failed under these rows; `free_at` tells what each began to wait for because of it."""

    free_at: dict

    @transaction.atomic
    def succeeded(self):
        """Count it as failed no more; the person's own browser begins anew, other counters only take it back."""
        for key, moment in self.free_at.items():
            counted = LogInTries.objects.filter(key=key)
            counted.filter(kind__in=(Kind.BROWSER, Kind.CONFIRMING)).delete()
            counted.filter(failures__gt=0).update(failures=F("failures") - 1)
            if moment is not None:
                counted.filter(free_at=moment).update(free_at=None)


def _begin(whose, username):
    now = timezone.now()
    keys = {index_of(text, f"log-in:{kind}"): kind for kind, text in whose.items() if text}
    with transaction.atomic():
        LogInTries.objects.bulk_create(
            [LogInTries(key=key, kind=kind, last_at=now) for key, kind in keys.items()], ignore_conflicts=True
        )
        # In the same order for everybody: two tries that share rows wait for each other and never in a ring.
        rows = list(LogInTries.objects.select_for_update().filter(key__in=keys).order_by("key"))
        blocked = [row for row in rows if _waits(row, now)]
        if not blocked:
            return _count(rows, now)
        _note_refusal(blocked, username)
    raise MustWait(max(row.free_at for row in blocked) - now)


def _waits(row, now):
    # Further away than the longest wait means: written before the clock was set back.
    return row.free_at is not None and now < row.free_at <= now + WAITS[-1]


def _count(rows, now):
    for row in rows:
        # Before its time is over, and not from before the clock was set back.
        lasts = abs(now - row.last_at) < FORGOTTEN_AFTER
        row.failures = row.failures + 1 if lasts else 1
        wait = wait_after(row.kind, row.failures)
        row.last_at, row.was_refused = now, False
        row.free_at = now + wait if wait else None
        row.told_at = row.told_at if row.told_at and now - row.told_at < FORGOTTEN_AFTER else None
    LogInTries.objects.bulk_update(rows, ["failures", "last_at", "free_at", "was_refused", "told_at"])
    return Try({row.key: row.free_at for row in rows})


def _note_refusal(rows, username):
    """Write once for each wait that somebody was refused: a flood writes no flood."""
    new = [row for row in rows if not row.was_refused]
    if new:
        LogInTries.objects.filter(pk__in=[row.pk for row in new]).update(was_refused=True)
        about = User.objects.filter(username=username).first()
        by = sorted(str(row.kind) for row in new)
        Event.record("staff.log_in_throttled", by=Actor.visitor(), about=about, counted_for=by)


def forget_old():
    """Delete counts that no try looks at any more; return how many. A chore of the sender."""
    return LogInTries.objects.filter(last_at__lt=timezone.now() - FORGOTTEN_AFTER).delete()[0]
