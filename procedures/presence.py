"""Who else writes: who has which section of a draft open, and since when. A line to read, never a lock.

A section counts as open until it is saved, or for half an hour after it was last heard of: nobody says that they leave.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from procedures.sections import section_named

COUNTS_AS_OPEN = timedelta(minutes=30)


@dataclass(frozen=True)
class Other:
    """Somebody else who has a section open; `since` is in the site's time zone."""

    name: str
    key: str
    section: str
    since: datetime


def saw(version, section, *, user, now=None):
    """Note that a member of staff has a section open, and forget whoever was not heard of for long."""
    now = now or timezone.now()
    looks = version.looks.model.objects
    own = looks.filter(version=version, user=user, section=section.key)
    if own.filter(seen_at__gt=now - COUNTS_AS_OPEN).update(seen_at=now):
        return
    looks.filter(seen_at__lte=now - COUNTS_AS_OPEN).delete()
    looks.bulk_create(
        [looks.model(version=version, user=user, section=section.key, since=now, seen_at=now)], ignore_conflicts=True
    )


def left(version, section, *, user):
    """Note that a member of staff is done with a section."""
    version.looks.filter(user=user, section=section.key).delete()


def others_here(version, *, user, now=None):
    """Return an Other for each section of a version that somebody else has open (1 query)."""
    now = now or timezone.now()
    looks = version.looks.filter(seen_at__gt=now - COUNTS_AS_OPEN, user__is_active=True).exclude(user=user)
    return [
        Other(str(look.user), look.section, section.title, timezone.localtime(look.since))
        for look in looks.select_related("user").order_by("since", "pk")
        if (section := section_named(version, look.section))
    ]
