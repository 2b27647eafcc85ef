"""Small files of each type that is taken, as they come from cameras and programs."""

import zlib

from django.core.files.uploadedfile import SimpleUploadedFile

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
TABLE = jpeg_part(0xC4, b"ab")


def jpeg(*extra, start=JFIF, width=20, height=10):
    """Return the parts of a JPEG in their order, with extra ones after the first; what is drawn is made up."""
    frame = jpeg_part(0xC2, b"\x08" + height.to_bytes(2) + width.to_bytes(2) + b"\x01\x01\x11\x00")
    scans = (jpeg_part(0xDA, b"\1\1\0\0\x3f\0") + b"\x12\xff\0\x34\xff\xd0\x56") * 2
    return b"\xff\xd8" + start + b"".join(extra) + TABLE + frame + scans + b"\xff\xd9"


def webp_chunk(kind, data):
    """Return a piece of a WebP."""
    return kind + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2)


def webp(*chunks):
    """Return a WebP of these pieces, (kind, data) each."""
    body = b"WEBP" + b"".join(webp_chunk(*chunk) for chunk in chunks)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


LOSSY = (b"VP8 ", b"\0\0\0\x9d\x01\x2a\x14\x00\x0a\x00drawn")
LOSSLESS = (b"VP8L", b"\x2f" + (19 | 9 << 14).to_bytes(4, "little") + b"drawn")


def extended(flags=0):
    """Return the header of a WebP that holds more than one picture's bytes."""
    return (b"VP8X", bytes([flags, 0, 0, 0, 0x13, 0, 0, 9, 0, 0]))
