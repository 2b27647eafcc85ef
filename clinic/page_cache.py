"""The one place that sets the headers of public reading pages, and answers "not changed" when they are.

Any cache may keep such a page and must ask before showing it; the answer costs one look at the page stamp.
"""

from functools import wraps
from hashlib import sha256

from django.conf import settings
from django.http import HttpResponseNotModified
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from clinic.models import PageStamp


def etag(request):
    """Return the strong ETag of a public page: its address, language, the stamp, the release and the local day."""
    parts = (request.get_full_path(), get_language(), PageStamp.current(), settings.RELEASE, timezone.localdate())
    return f'"{sha256(repr(parts).encode()).hexdigest()[:32]}"'


def public_page(view):
    """Make a view a public reading page: GET and HEAD only, kept by anybody, always asked for, no cookie."""

    @require_safe
    @wraps(view)
    def answer(request, *args, **kwargs):
        tag = etag(request)
        is_held = tag in _tags_held(request)
        response = HttpResponseNotModified() if is_held else view(request, *args, **kwargs)
        if response.status_code in (200, 304):
            response["ETag"] = tag
        if response.status_code in (200, 301, 304):
            patch_cache_control(response, public=True, no_cache=True)
        return response

    return answer


def _tags_held(request):
    held = request.headers.get("If-None-Match", "")
    return {tag.strip().removeprefix("W/") for tag in held.split(",")}


def private_page(response):
    """Mark an answer as one person's: never kept, never sent on in a referrer, never in a search engine."""
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def typed_page(response):
    """Mark an answer to what a person typed: only their own browser keeps it, and no search engine lists it."""
    response["Cache-Control"] = "private, no-cache"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
