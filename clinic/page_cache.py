"""The one place that sets the headers of public reading pages, and answers "not changed" when they are.

Any cache may keep such a page and must ask before showing it; the answer costs one look at the page stamp.
"""

import gzip
from functools import wraps
from hashlib import sha256

import brotli
from django.conf import settings
from django.http import HttpResponseNotModified
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from clinic.models import PageStamp

# How bytes are made smaller, best first. Safe here alone: these pages hold no secret that a length could tell
# (https://www.breachattack.com). Brotli's step 5 takes as long as gzip and is smaller.
ENCODINGS = {"br": lambda page: brotli.compress(page, quality=5), "gzip": lambda page: gzip.compress(page, mtime=0)}


def standing():
    """Return what every public page depends on besides its address and language: stamp, release and local day."""
    return PageStamp.current(), settings.RELEASE, timezone.localdate().isoformat()


def etag(request, encoding=""):
    """Return the strong ETag of a public page: its address, language, stamp, release, local day and encoding."""
    place = (request.get_full_path(), get_language(), encoding)
    return f'"{sha256(repr((*place, *standing())).encode()).hexdigest()[:32]}"'


def encoding_for(request):
    """Return the best of ENCODINGS that the browser takes; "" when it takes none."""
    offered = (part.replace(" ", "").partition(";q=") for part in request.headers.get("Accept-Encoding", "").split(","))
    taken = {name.lower() for name, mark, weight in offered if weight.strip("0.") or not mark}
    return next((name for name in ENCODINGS if name in taken), "")


def public_page(view):
    """Make a view a public reading page: GET and HEAD only, kept by anybody, always asked for, no cookie."""

    @require_safe
    @wraps(view)
    def answer(request, *args, **kwargs):
        encoding = encoding_for(request)
        tag = etag(request, encoding)
        is_held = tag in _tags_held(request)
        response = HttpResponseNotModified() if is_held else view(request, *args, **kwargs)
        if response.status_code == 200 and encoding:
            response.content = ENCODINGS[encoding](response.content)
            response["Content-Encoding"] = encoding
        if response.status_code in (200, 304):
            response["ETag"] = tag
            patch_vary_headers(response, ["Accept-Encoding"])
        if response.status_code in (200, 301, 304):
            patch_cache_control(response, public=True, no_cache=True)
        return response

    return answer


def _tags_held(request):
    held = request.headers.get("If-None-Match", "")
    return {tag.strip().removeprefix("W/") for tag in held.split(",")}


def private_page(response):
    """Mark an answer as one person's: never kept, never sent on in a referrer, never in a search engine."""
    return _for_one_person(response, "private, no-store")


def typed_page(response):
    """Mark an answer to what a person typed: only their own browser keeps it, and no search engine lists it."""
    return _for_one_person(response, "private, no-cache")


def asking_page(response):
    """Mark a page with a form: only the browser that asked keeps it, for Back, and no search engine lists it.

    Chromium answers Back to a no-store page of a POST with a warning instead of the page. The referrer stays as on
    other pages, since without it a browser does not say where a form was sent from, and the form is refused.
    """
    patch_cache_control(response, private=True, no_cache=True)
    response["X-Robots-Tag"] = "noindex"
    return response


def private_asking_page(response):
    """Mark a page of one person's that has a form: as `private_page`, but the browser says from which site it sends.

    Without that the form is refused. The address itself, which opens the page, is told to nobody.
    """
    return _for_one_person(response, "private, no-store", referrer="strict-origin")


def _for_one_person(response, kept, *, referrer="no-referrer"):
    response["Cache-Control"] = kept
    response["Referrer-Policy"] = referrer
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
