"""Small files of each type that is taken, as they come from cameras and programs."""

import zlib
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

PDF = b"%PDF-1.7\n" + b"0123456789" * 10
MP4 = b"\x00\x00\x00\x20ftypisom" + b"\0" * 20
WEBM = b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm" + b"\0" * 20
CAPTIONS = b"WEBVTT\n\n00:00.000 --> 00:02.000\nHello\n"


def upload(content, name="a file.pdf"):
    """Return the bytes as a browser sends them."""
    return SimpleUploadedFile(name, content)


def exif(orientation=1, *, extra=b"GPS: at home"):
    """Return Exif data (little-endian) that tells a maker, which way up the picture is, and `extra` behind."""

    def entry(tag, kind, count, value):
        return tag.to_bytes(2, "little") + kind.to_bytes(2, "little") + count.to_bytes(4, "little") + value

    entries = [entry(0x010F, 2, 4, b"Cam\0"), entry(0x0112, 3, 1, orientation.to_bytes(4, "little"))]
    return b"II*\0\x08\0\0\0" + len(entries).to_bytes(2, "little") + b"".join(entries) + b"\0" * 4 + extra


def png_chunk(kind, data):
    """Return a piece of a PNG."""
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


def png(*extra, width=20, height=10):
    """Return a grey PNG, with extra pieces after its header."""
    header = width.to_bytes(4) + height.to_bytes(4) + bytes([8, 0, 0, 0, 0])
    rows = zlib.compress((b"\0" + b"\x80" * width) * height)
    chunks = [png_chunk(b"IHDR", header), *extra, png_chunk(b"IDAT", rows), png_chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def jpeg_part(mark, data):
    """Return a part of a JPEG."""
    return bytes([0xFF, mark]) + (len(data) + 2).to_bytes(2) + data


JFIF = jpeg_part(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")


def drawn(kind, *, mode="L", size=(20, 10), **options):
    """Return a picture of one grey as Pillow writes it."""
    written = BytesIO()
    Image.new(mode, size, 128).save(written, kind, **options)
    return written.getvalue()


def jpeg(*extra, start=JFIF, width=20, height=10):
    """Return a grey JPEG that is drawn in several scans, with extra parts after the first."""
    told = b"\x08" + height.to_bytes(2) + width.to_bytes(2)
    whole = drawn("JPEG", progressive=True).replace(b"\x08\x00\x0a\x00\x14", told)
    return b"\xff\xd8" + start + b"".join(extra) + whole.removeprefix(b"\xff\xd8" + JFIF)


def webp_chunk(kind, data):
    """Return a piece of a WebP."""
    return kind + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2)


def webp(*chunks):
    """Return a WebP of these pieces, (kind, data) each."""
    body = b"WEBP" + b"".join(webp_chunk(*chunk) for chunk in chunks)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _only_chunk(content):
    size = int.from_bytes(content[16:20], "little")
    return content[12:16], content[20 : 20 + size]


LOSSY = _only_chunk(drawn("WEBP", mode="RGB"))
LOSSLESS = _only_chunk(drawn("WEBP", mode="RGB", lossless=True))


def extended(flags=0):
    """Return the header of a WebP that holds more than one picture's bytes."""
    return (b"VP8X", bytes([flags, 0, 0, 0, 0x13, 0, 0, 9, 0, 0]))
