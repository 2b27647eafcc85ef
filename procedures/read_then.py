"""What patients read at a time that is past: each version says from when until when it was on the site."""

from datetime import datetime, time, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext


def read_on(versions, day):
    """Return those of `versions` that were on the site at some time of a day at the clinic, in that order (1 query)."""
    if not 1900 < day.year < 3000:
        return []
    begins = timezone.make_aware(datetime.combine(day, time.min))
    ends = timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
    was_there = Q(published_at__lt=ends) & (Q(superseded_at=None) | Q(superseded_at__gt=begins))
    return list(versions.filter(was_there).order_by("published_at", "number"))


def days_of(version):
    """Say from when until when patients could read a version that was published."""
    begins = {"begins": _moment(version.published_at)}
    if version.superseded_at is None:
        return gettext("since %(begins)s") % begins
    return gettext("from %(begins)s to %(ends)s") % {**begins, "ends": _moment(version.superseded_at)}


def _moment(moment):
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")
