"""Takes uploaded files: known by what they hold and not by their name, kept under the hash of their bytes.

A file's address never changes what it shows, so browsers keep it for good (`clinic/media.py` gives it out). Drawings
(SVG) and web pages (HTML) can hold scripts and are not taken.
"""

import hashlib
import logging
import os
import re
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import ProtectedError, TextField
from django.db.models.functions import Cast
from django.template.defaultfilters import filesizeformat
from django.utils.text import slugify
from django.utils.translation import gettext as _

from clinic.models import StoredFile
from clinic.picture_sizes import MovingPicture, smaller_copies
from clinic.pictures import BrokenPicture, clean_jpeg, clean_png, clean_webp

logger = logging.getLogger(__name__)

BLOCK = 64 * 1024
MEGABYTE = 1024 * 1024
FILM_BRANDS = (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"dash")
NAME_LENGTH = 80
# A browser takes 4 bytes of a reader's memory for each, however small the file is.
MOST_PIXELS = 50_000_000
# What cameras and programs call a picture.
NAME_OF_A_FILE = re.compile(
    r"\S+\.(jpe?g|png|webp|gif|heic|tiff?|mp4|webm)|(img|dsc[fn]?|pxl|image)[-_ ]?\d+", re.IGNORECASE
)


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

# Pictures, and what takes out of each what is not drawn.
CLEANED = {PNG: clean_png, JPEG: clean_jpeg, WEBP: clean_webp}


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


def safe_name(name, kind):
    """Return a name that is safe in an address and on any disk: plain letters, and the ending of the file's type."""
    stem = slugify(Path(re.split(r"[/\\]", name)[-1]).stem)[:NAME_LENGTH].strip("-")
    return f"{stem or 'file'}.{kind.ending}"


def store(upload):
    """Keep an uploaded file (Django's UploadedFile) and return its StoredFile; the same bytes again are the same row.

    Raises ValidationError with a sentence for the person who uploads: a type that is not taken, too big, or broken,
    or that the disk does not take.
    """
    return _store(upload, _known_kind_of(upload))


def examined(upload):
    """Return the StoredFile that `store` would keep, unsaved, and raise as it does; writes nothing."""
    kind, name = _known_kind_of(upload), upload.name or ""
    upload, width, height, _copies = _fitted(upload, kind)
    digest = hashlib.sha256()
    for block in upload.chunks(BLOCK):
        digest.update(block)
    values = _values(name, kind, upload.size, width, height)
    return StoredFile(hash=digest.hexdigest(), **values)


def store_picture(upload):
    """Keep an uploaded picture as `store` does, where only a picture will do; raises ValidationError."""
    kind = _kind_of(upload)
    if kind not in CLEANED:
        raise ValidationError(_("Choose a picture (PNG, JPEG or WebP)."), code="type")
    return _store(upload, kind)


def _kind_of(upload):
    upload.seek(0)
    return type_of(upload.read(BLOCK))


def _known_kind_of(upload):
    kind = _kind_of(upload)
    if kind is None:
        raise ValidationError(
            _("Choose a picture (PNG, JPEG or WebP), a PDF, a film (MP4 or WebM) or captions (WebVTT)."), code="type"
        )
    return kind


def _fitted(upload, kind):
    """Return (what of an upload is kept, its width, its height, smaller copies)."""
    if upload.size > kind.largest:
        largest = filesizeformat(kind.largest)
        raise ValidationError(
            _("This file is too big. A file of this type may have %(largest)s at most."),
            code="size",
            params={"largest": largest},
        )
    if kind in CLEANED:
        picture, copies = _cleaned(upload, kind)
        return ContentFile(picture.content), picture.width, picture.height, copies
    return upload, None, None, []


def _values(name, kind, size, width, height):
    return {
        "name": safe_name(name, kind),
        "content_type": kind.content_type,
        "size": size,
        "width": width,
        "height": height,
    }


def _store(upload, kind):
    name = upload.name or ""
    upload, width, height, copies = _fitted(upload, kind)
    try:
        sizes = [_store_copy(copy, name) for copy in copies]
        digest, size = _write(upload)
    except OSError as error:
        logger.error("An uploaded file could not be written (%s): look at the disk.", type(error).__name__)
        raise ValidationError(
            _("We could not keep this file. Try again later, or tell whoever looks after the site."),
            code="disk",
        ) from error
    values = _values(name, kind, size, width, height) | {"sizes": sizes}
    stored, _is_new = StoredFile.objects.get_or_create(hash=digest, defaults=values)
    if sizes and not stored.sizes:
        stored.sizes = sizes
        stored.save(update_fields=["sizes"])
    return stored


def _store_copy(copy, name):
    """Keep a smaller copy of a picture, and return what its StoredFile says of it in `sizes`."""
    digest, size = _write(ContentFile(copy.content))
    stem = Path(safe_name(name, WEBP)).stem
    known, _is_new = StoredFile.objects.get_or_create(
        hash=digest,
        defaults={
            "name": f"{stem}-{copy.width}.{WEBP.ending}",
            "content_type": WEBP.content_type,
            "size": size,
            "width": copy.width,
            "height": copy.height,
        },
    )
    return {"hash": digest, "name": known.name, "width": copy.width}


def _cleaned(upload, kind):
    upload.seek(0)
    try:
        picture = CLEANED[kind](upload.read())
        if picture.width * picture.height > MOST_PIXELS:
            raise ValidationError(
                _("This picture has too many pixels. Save it smaller, then choose it."), code="pixels"
            )
        return picture, smaller_copies(picture.content)
    except BrokenPicture as error:
        raise ValidationError(
            _("This picture is broken. Save it again as a picture, then choose it."), code="broken"
        ) from error
    except MovingPicture as error:
        raise ValidationError(
            _("This picture moves. Choose one that stands still, or a film."), code="moves"
        ) from error


def is_file_name(text, stored):
    """Say whether words for a picture are only the name of a file: they tell nothing to who cannot see it."""
    is_named_so = bool(slugify(text)) and slugify(re.sub(r"\.\w{2,5}$", "", text)) == Path(stored.name).stem
    return is_named_so or bool(NAME_OF_A_FILE.fullmatch(text.strip()))


def is_on_disk(stored):
    """Say whether the bytes of a stored file are still there."""
    return _place_of(stored).is_file()


def forget_unused(stored):
    """Remove a stored file, its bytes and smaller copies too, unless something still shows it.

    A photo that is taken off the site is gone.

    To be called inside the transaction that lets go of it.
    """
    try:
        with transaction.atomic():
            stored.delete()
    except ProtectedError:
        return
    transaction.on_commit(partial(_remove_bytes, stored.hash))
    for size in stored.sizes:
        # Two files that show the same may share their copies.
        holders = StoredFile.objects.annotate(text=Cast("sizes", TextField())).filter(text__contains=size["hash"])
        if not holders.exists():
            for copy in StoredFile.objects.filter(hash=size["hash"]):
                forget_unused(copy)


def _remove_bytes(digest):
    if StoredFile.objects.filter(hash=digest).exists():
        return
    try:
        _place_of(StoredFile(hash=digest)).unlink(missing_ok=True)
    except OSError as error:
        # The site gives it out no more; the bytes are for whoever looks after the disk.
        logger.error("A stored file could not be removed (%s): %s", type(error).__name__, digest)


def _place_of(stored):
    return Path(settings.MEDIA_ROOT) / stored.path


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
