"""Counts in the database how often something happened lately, so that every process knows, and no address is kept.

A count is kept under a keyed index of what is counted and is deleted after two days.
"""

import ipaddress
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from clinic.encryption import index_candidates, index_of
from clinic.models import Tally

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEPT_FOR = 2 * DAY
# A household or a telephone has one /64 of IPv6 (RFC 6177), and may change its address inside it at will.
IPV6_NETWORK = 64
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def network_of(request):
    """Return the network (text) that a web request came from: an IPv4 address, a /64 of IPv6, "" when not known."""
    address = _address_of(request)
    if address is None:
        return ""
    return str(address if address.version == 4 else ipaddress.ip_network((address, IPV6_NETWORK), strict=False))


def _address_of(request):
    """Return the nearest address that is no proxy of ours, else None; what was told to our proxies counts for nothing.

    A proxy on a socket has no address of its own.
    """
    ours = {read_address(proxy) or proxy for proxy in settings.TRUSTED_PROXIES}
    way = [*request.headers.get("X-Forwarded-For", "").split(","), request.META.get("REMOTE_ADDR", "")]
    while len(way) > 1 and ours and (not way[-1].strip() or read_address(way[-1]) in ours):
        way.pop()
    return read_address(way[-1])


def read_address(text):
    """Return the IP address that a text tells, as proxies write it ("[2001:db8::1]:443", "203.0.113.7:5000"), or None.

    An IPv4 address that came in the clothes of IPv6 is an IPv4 address.
    """
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def count(what, whose, *, span, now=None):
    """Count one more `what` (a name) of `whose` (text) in the span of time (timedelta) that is running.

    Returns how many there are now, this one included. What comes from nobody ("") is not counted: 0.
    """
    if not whose:
        return 0
    key, begins_at = index_of(whose, f"tally:{what}"), _begin(now or timezone.now(), span)
    Tally.objects.bulk_create([Tally(key=key, begins_at=begins_at)], ignore_conflicts=True)
    Tally.objects.filter(key=key, begins_at=begins_at).update(count=F("count") + 1)
    return how_many(what, whose, span=span, now=now)


def how_many(what, whose, *, span, now=None):
    """Return how often `what` of `whose` was counted in the span of time that is running."""
    keys, begins_at = index_candidates(whose, f"tally:{what}"), _begin(now or timezone.now(), span)
    return sum(Tally.objects.filter(key__in=keys, begins_at=begins_at).values_list("count", flat=True))


def counts_of(what, whose):
    """Return the rows that count `what` of `whose`, whenever that was."""
    return Tally.objects.filter(key__in=index_candidates(whose, f"tally:{what}"))


def _begin(moment, span):
    return moment - (moment - EPOCH) % span


def forget_old():
    """Delete counts that no limit looks at any more; return how many. A chore of the sender."""
    return Tally.objects.filter(begins_at__lt=timezone.now() - KEPT_FOR).delete()[0]
