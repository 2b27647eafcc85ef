"""Takes uploaded files: known by what they hold and not by their name, kept under the hash of their bytes.

A file's address never changes what it shows, so browsers keep it for good (`clinic/media.py` gives it out). Drawings
(SVG) and web pages (HTML) can hold scripts and are not taken.
"""

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.template.defaultfilters import filesizeformat
from django.utils.text import slugify
from django.utils.translation import gettext as _

from clinic.models import StoredFile

BLOCK = 64 * 1024
MEGABYTE = 1024 * 1024
FILM_BRANDS = (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"dash")
NAME_LENGTH = 80


@dataclass(frozen=True)
class FileType:
    """A type of file that is taken: its ending, the type that browsers are told, and the most bytes it may have."""

    ending: str
    content_type: str
    largest: int


PNG = FileType("png", "image/png", 5 * MEGABYTE)
JPEG = FileType("jpg", "image/jpeg", 5 * MEGABYTE)
WEBP = FileType("webp", "image/webp", 5 * MEGABYTE)
PDF = FileType("pdf", "application/pdf", 20 * MEGABYTE)
MP4 = FileType("mp4", "video/mp4", 200 * MEGABYTE)
WEBM = FileType("webm", "video/webm", 200 * MEGABYTE)
CAPTIONS = FileType("vtt", "text/vtt; charset=utf-8", MEGABYTE // 2)


def type_of(start):
    """Return the FileType that the first bytes of a file show, or None where it is none of ours."""
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if start.startswith(b"\xff\xd8\xff"):
        return JPEG
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        return WEBP
    if start.startswith(b"%PDF-"):
        return PDF
    if start[4:8] == b"ftyp" and start[8:12] in FILM_BRANDS:
        return MP4
    if start.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in start[:64]:
        return WEBM
    if re.match(rb"(\xef\xbb\xbf)?WEBVTT([ \t\r\n]|$)", start):
        return CAPTIONS
    return None


def picture_size(start):
    """Return the (width, height) in pixels that the first bytes of a picture tell, or (None, None)."""
    kind = type_of(start)
    if kind is PNG and start[12:16] == b"IHDR":
        return int.from_bytes(start[16:20]), int.from_bytes(start[20:24])
    if kind is JPEG:
        return _jpeg_size(start)
    if kind is WEBP:
        return _webp_size(start)
    return None, None


def _jpeg_size(start):
    place = 2
    while place + 9 <= len(start) and start[place] == 0xFF:
        marker = start[place + 1]
        # Frames are marked C0 to CF, but C4, C8 and CC are tables of other kinds.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(start[place + 7 : place + 9]), int.from_bytes(start[place + 5 : place + 7])
        place += 2 + int.from_bytes(start[place + 2 : place + 4])
    return None, None


def _webp_size(start):
    kind = start[12:16]
    if kind == b"VP8X":
        return int.from_bytes(start[24:27], "little") + 1, int.from_bytes(start[27:30], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(start[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        return int.from_bytes(start[26:28], "little") & 0x3FFF, int.from_bytes(start[28:30], "little") & 0x3FFF
    return None, None


def safe_name(name, kind):
    """Return a name that is safe in an address and on any disk: plain letters, and the ending of the file's type."""
    stem = slugify(Path(re.split(r"[/\\]", name)[-1]).stem)[:NAME_LENGTH].strip("-")
    return f"{stem or 'file'}.{kind.ending}"


def store(upload):
    """Keep an uploaded file (Django's UploadedFile) and return its StoredFile; the same bytes again are the same row.

    Raises ValidationError with a sentence for the person who uploads: a type that is not taken, too big, or empty.
    """
    upload.seek(0)
    start = upload.read(BLOCK)
    kind = type_of(start)
    if kind is None:
        raise ValidationError(
            _("Choose a picture (PNG, JPEG or WebP), a PDF, a film (MP4 or WebM) or captions (WebVTT)."), code="type"
        )
    if upload.size > kind.largest:
        largest = filesizeformat(kind.largest)
        raise ValidationError(
            _("This file is too big. A file of this type may have %(largest)s at most."),
            code="size",
            params={"largest": largest},
        )
    digest, size = _write(upload)
    width, height = picture_size(start)
    stored, _is_new = StoredFile.objects.get_or_create(
        hash=digest,
        defaults={
            "name": safe_name(upload.name or "", kind),
            "content_type": kind.content_type,
            "size": size,
            "width": width,
            "height": height,
        },
    )
    return stored


def _write(upload):
    """Write the bytes below MEDIA_ROOT and return (SHA-256, size). No half-written file ever has its final name."""
    folder = Path(settings.MEDIA_ROOT)
    folder.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(dir=folder, prefix="arriving-", delete=False) as arriving:
        try:
            for block in upload.chunks(BLOCK):
                digest.update(block)
                size += len(block)
                arriving.write(block)
            arriving.flush()
            os.fsync(arriving.fileno())
            place = folder / StoredFile(hash=digest.hexdigest()).path
            place.parent.mkdir(exist_ok=True)
            Path(arriving.name).chmod(0o644)
            Path(arriving.name).replace(place)
        except BaseException:
            Path(arriving.name).unlink(missing_ok=True)
            raise
    return digest.hexdigest(), size
