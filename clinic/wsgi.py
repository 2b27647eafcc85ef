"""Where a web server finds the site."""

import os

import django
from django.core.exceptions import SuspiciousOperation
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")


def request_of(environ):
    """Return Django's request for what a browser sent.

    Django reads with the charset and length that are claimed, in part before any page of ours could answer, and fails
    on some: `hex`, `idna`, a length that is no number. Such a body counts as none, and is refused like any form without
    its token.
    """
    try:
        request = WSGIRequest(environ)
        b"\xff".decode(request.encoding or "utf-8", "replace")
        int(environ.get("CONTENT_LENGTH") or 0)
    except (LookupError, ValueError, SuspiciousOperation):
        request = WSGIRequest({**environ, "CONTENT_TYPE": ""})
    return request


class Handler(WSGIHandler):
    """Django's handler, for requests that can always be answered."""

    request_class = staticmethod(request_of)


django.setup(set_prefix=False)
application = Handler()
