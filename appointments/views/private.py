"""The door to every address behind a private link: opened by the link alone, and the same for all that open nothing."""

from functools import wraps

from django.views.decorators.http import require_http_methods

from appointments.models import TrackingLink
from appointments.references import hash_of
from clinic import limits
from clinic.page_cache import private_page
from clinic.views import failure_page

# So many addresses that open nothing may be tried from one network in an hour; a link that opens something always does.
MOST_MISSES = 30


def behind_link(*methods):
    """Make a view one behind a private link: it gets the TrackingLink in place of the token."""

    def made(view):
        @require_http_methods(methods)
        @wraps(view)
        def answer(request, token, **named):
            link = link_of(token)
            return view(request, link, **named) if link else nothing_here(request)

        return answer

    return made


def link_of(token):
    """Return the open TrackingLink of a token with its request, or the one that is joined with, else None (1 query)."""
    links = TrackingLink.objects.select_related("request__location", "request__merged_into__location")
    link = links.filter(token_hash=hash_of(token)).first()
    if link is None or not link.is_open:
        return None
    link.request = link.request.merged_into or link.request
    return link


def nothing_here(request):
    """Answer an address that opens nothing, however near it came, and whatever it opened once."""
    misses = limits.count("private link that opens nothing", limits.network_of(request), span=limits.HOUR)
    if misses > MOST_MISSES:
        return private_page(failure_page(request, "429.html", 429))
    return private_page(failure_page(request, "appointments/no_such_link.html", 404))
