"""Gives out stored files: whole or in part, to be kept for good, and in a sandbox whatever they hold."""

import logging
import re
from pathlib import Path

from django.conf import settings
from django.http import FileResponse, Http404, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from clinic.models import StoredFile

logger = logging.getLogger(__name__)

BLOCK = 64 * 1024
SANDBOX = "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@require_safe
def stored_file(request, digest, name):
    """Give out a stored file, whole or one range of its bytes; 404 under any name but its own."""
    stored = get_object_or_404(StoredFile, hash=digest)
    if name != stored.name:
        raise Http404
    tag = f'"{stored.hash}"'
    if tag in request.headers.get("If-None-Match", ""):
        return _with_headers(HttpResponseNotModified(), stored)
    try:
        file = (Path(settings.MEDIA_ROOT) / stored.path).open("rb")
    except OSError as error:
        logger.error("A stored file is missing on the disk: %s", stored.path)
        raise Http404 from error
    is_same = request.headers.get("If-Range", tag) == tag
    span = asked_range(request.headers.get("Range", ""), stored.size) if is_same else None
    if span is None:
        response = FileResponse(file, content_type=stored.content_type)
    elif not span:
        file.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{stored.size}"})
    else:
        response = FileResponse(Part(file, span), status=206, content_type=stored.content_type)
        response["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{stored.size}"
        response["Content-Length"] = str(len(span))
    return _with_headers(response, stored)


def asked_range(header, size):
    """Return what a Range header asks of a file of `size` bytes: a range of positions, an empty one when none exists.

    None means the whole file: no header, one that cannot be read, or several ranges (RFC 9110, section 14.2).
    """
    match = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", header.replace(" ", ""))
    if not match or match.group() == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        return range(max(size - int(last), 0), size)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1, size) if last else size)


class Part:
    """A range of an open file's bytes, read and closed as a file is."""

    def __init__(self, file, span):
        file.seek(span.start)
        self._file, self._left = file, len(span)

    def read(self, size=BLOCK):
        """Return at most `size` of the bytes that are left."""
        block = self._file.read(min(size, self._left))
        self._left -= len(block)
        return block

    def close(self):
        """Close the file underneath."""
        self._file.close()


def _with_headers(response, stored):
    response["ETag"] = f'"{stored.hash}"'
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["Content-Disposition"] = f'inline; filename="{stored.name}"'
    response["Content-Security-Policy"] = SANDBOX
    response["X-Content-Type-Options"] = "nosniff"
    return response
