"""What was typed while a log-in ended: sealed into the log-in page, and shown again, unsent, to whoever typed it.

It is encrypted, travels in the form alone, and is stored nowhere. It is bound to the member of staff for whom the page
was drawn. A cookie names whom the desk last showed a page to. Each log-in changes the token of every form, so a form
whose token is good was drawn for that very person.
"""

import json
import re
import time
import zlib
from dataclasses import asdict, dataclass
from datetime import timedelta

from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from clinic import forgeries
from clinic.cipher import NotOurs, cipher

FIELD = "kept"
PURPOSE = "typed while the log-in ended"
SEAL_LENGTH = 400_000
# Over a weekend; by then what was typed is of no use.
LASTS = timedelta(days=3)
NEVER_KEPT = re.compile(r"csrfmiddlewaretoken|.*password.*", re.IGNORECASE)


LOG_IN_HAD_ENDED = _("Your log-in had ended, so nothing was sent or saved. What you typed is here again.")


def is_shown_again(request):
    """Say whether this request shows what was typed before a log-in ended."""
    return bool(getattr(request, "shows_what_was_typed_before", ""))


def why_not_taken(request, otherwise):
    """Return why a screen shows again what was typed: what came between, or what it says `otherwise`."""
    return getattr(request, "shows_what_was_typed_before", "") or otherwise


class Broken(Exception):
    """Raised for a seal that is not ours, not whole, or too old."""


class TooLong(Exception):
    """Raised when what was typed does not fit into a log-in page."""


def remember(request, response):
    """Let the browser tell later for whom its pages were drawn."""
    if read(request) != request.user.pk:
        response.set_signed_cookie(
            settings.DRAWN_FOR_COOKIE_NAME,
            request.user.pk,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def read(request):
    """Return the number of the member of staff for whom the browser's pages were drawn; None when nobody knows."""
    number = request.get_signed_cookie(settings.DRAWN_FOR_COOKIE_NAME, default="")
    return int(number) if number else None


def drawn_for(request):
    """Return for whom the page was drawn that this form came from; None without a good token."""
    return read(request) if getattr(request, "csrf_processing_done", False) else None


@dataclass(frozen=True)
class Kept:
    """A post that was not taken: whose (number of the account), to which address, and what it brought."""

    user: int
    path: str
    query: str
    posted: str

    @classmethod
    def of(cls, request, *, user):
        """Return what this post brought, without passwords and the form's token."""
        posted = request.POST.copy()
        for name in [name for name in posted if NEVER_KEPT.fullmatch(name)]:
            del posted[name]
        return cls(user, request.path_info, request.META["QUERY_STRING"], posted.urlencode())

    def sealed(self):
        """Return it as the text that travels in the log-in page. Raises TooLong."""
        sealed = cipher(PURPOSE).seal_dated(zlib.compress(json.dumps(asdict(self)).encode()))
        if len(sealed) > SEAL_LENGTH:
            raise TooLong
        return sealed

    @classmethod
    def opened(cls, sealed):
        """Return what a log-in page brought back. Raises Broken."""
        try:
            packed, seconds = cipher(PURPOSE).open_dated(sealed)
        except NotOurs:
            forgeries.note(forgeries.SEAL, where=PURPOSE)
            raise Broken from None
        if time.time() - seconds > LASTS.total_seconds():
            raise Broken
        return cls(**json.loads(zlib.decompress(packed)))

    def put_into(self, request, *, why=LOG_IN_HAD_ENDED):
        """Make a request the post that was not taken, for a screen that shows again what was typed and says why."""
        request.path = request.path.removesuffix(request.path_info) + self.path
        request.path_info = self.path
        request.META |= {"PATH_INFO": self.path, "QUERY_STRING": self.query}
        request.shows_what_was_typed_before = why
        request.GET, request.POST = QueryDict(self.query), QueryDict(self.posted)
