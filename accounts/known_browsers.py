"""Which accounts logged in with this browser before: a signed cookie, so that strangers do not hold up the honest.

It names accounts by keyed index, which leads back to nobody, and opens nothing: whoever has it gets tries of their own,
as few as everybody. (The idea is OWASP's, "device cookies".)
"""

import secrets
from datetime import timedelta

from django.conf import settings

from clinic.encryption import index_candidates, index_of

LASTS = timedelta(days=365)
# A desk is shared by so many; who was there longest ago makes room.
MOST = 10
LENGTH = 32
PURPOSE = "known browser"


def key_of(request, name):
    """Return what tries for the account of this name are counted under on this browser; "" where it is not known."""
    browser, known = read(request)
    return f"{browser} {name}" if _indexes(name) & set(known) else ""


def remember(request, response, name):
    """Let the browser tell later that the account of this name was logged in here."""
    browser, known = read(request)
    newest = index_of(name, PURPOSE)[:LENGTH]
    # Under the newest key: when older ones go, the browser stays known.
    if newest not in known:
        others = [index for index in known if index not in _indexes(name)]
        indexes = [newest, *others][:MOST]
        response.set_signed_cookie(
            settings.KNOWN_BROWSER_COOKIE_NAME,
            ".".join([browser, *indexes]),
            max_age=LASTS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def read(request):
    """Return the browser's random name, and the indexes of the accounts that it knows; a new name where it has none."""
    told = request.get_signed_cookie(settings.KNOWN_BROWSER_COOKIE_NAME, default="", max_age=LASTS)
    browser, *known = told.split(".")
    return browser or secrets.token_urlsafe(16), known


def _indexes(name):
    return {index[:LENGTH] for index in index_candidates(name, PURPOSE)}
