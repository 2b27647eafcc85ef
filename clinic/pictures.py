"""Reads uploaded pictures piece by piece: takes out what tells of people and places, and refuses what breaks off.

A photo from a telephone may hold where it was taken, with what, and a small copy of what was cut away. Only the pieces
that a browser draws from are kept; of the rest, nothing but which way up the picture is held. Nothing is decoded, so a
picture looks exactly as before.
"""

import re
import zlib
from dataclasses import dataclass

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_KEPT = {
    *(b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"),
    *(b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"sBIT", b"bKGD", b"pHYs"),
    *(b"acTL", b"fcTL", b"fdAT"),
}
PNG_HEADER = 25

WEBP_KEPT = {b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ICCP", b"ANIM", b"ANMF"}
WEBP_DRAWN = {b"VP8 ", b"VP8L", b"ANMF"}
WEBP_SAYS_EXIF, WEBP_SAYS_XMP = 0x08, 0x04
# What comes before the parts of one picture of a WebP that moves: its place, size and time.
WEBP_FRAME_HEADER = 16

# The marks of a JPEG that begin its parts. Frames are C0 to CF, but C4, C8 and CC are tables of other kinds.
FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
TABLES = {0xC4, 0xCC, 0xDB, 0xDD}
SCAN, END = 0xDA, 0xD9
MARK = re.compile(rb"\xff+[\xc0-\xcf\xd9-\xfe]")
# What ends the drawn bytes of a scan; FF00 and the restarts D0 to D7 stand within them. Two bytes and no repeat: it is
# looked for at every place, and a long row of FF must not take for ever.
END_OF_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
JFIF_WITHOUT_SMALL_COPY = 12

ORIENTATION = 0x0112
UPRIGHT, ON_ITS_SIDE = 1, (5, 6, 7, 8)


class BrokenPicture(ValueError):
    """It breaks off, or is not built as its type is."""


@dataclass(frozen=True)
class Picture:
    """A picture without anything that is not drawn: its bytes, and its size in pixels as a browser shows it."""

    content: bytes
    width: int
    height: int


def clean_png(content):
    """Return a PNG (bytes) as a Picture; raises BrokenPicture."""
    chunks, orientation, place = [], UPRIGHT, len(PNG_SIGNATURE)
    while not chunks or chunks[-1][4:8] != b"IEND":
        length, kind = int.from_bytes(content[place : place + 4]), content[place + 4 : place + 8]
        chunk = content[place : place + 12 + length]
        if len(chunk) < 12 + length or zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:]):
            raise BrokenPicture(kind)
        if kind == b"eXIf":
            orientation = orientation_in(chunk[8:-4])
        elif kind in PNG_KEPT:
            chunks.append(chunk)
        place += len(chunk)
    kinds = [chunk[4:8] for chunk in chunks]
    if kinds[0] != b"IHDR" or len(chunks[0]) != PNG_HEADER or b"IDAT" not in kinds:
        raise BrokenPicture("nothing drawn")
    if orientation != UPRIGHT:
        chunks.insert(1, _png_chunk(b"eXIf", exif(orientation)))
    size = int.from_bytes(chunks[0][8:12]), int.from_bytes(chunks[0][12:16])
    return _picture(PNG_SIGNATURE + b"".join(chunks), size, orientation)


def _png_chunk(kind, data):
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


def clean_jpeg(content):
    """Return a JPEG (bytes) as a Picture; raises BrokenPicture."""
    parts, size, orientation, is_drawn, place = [], None, UPRIGHT, False, 2
    while True:
        match = MARK.match(content, place)
        if not match:
            raise BrokenPicture("no mark")
        mark, place = content[match.end() - 1], match.end()
        if mark == END:
            break
        length = int.from_bytes(content[place : place + 2])
        data = content[place + 2 : place + length]
        if length < 2 or len(data) < length - 2:
            raise BrokenPicture("breaks off")
        place += length
        if mark in FRAMES:
            size = int.from_bytes(data[3:5]), int.from_bytes(data[1:3])
        elif mark == 0xE1 and data.startswith(b"Exif\0") and orientation == UPRIGHT:
            orientation = orientation_in(data[6:])
        if mark in FRAMES or mark in TABLES or mark == SCAN or _is_drawn_with(mark, data):
            parts.append(_jpeg_part(mark, data))
        elif mark == 0xE0 and data.startswith(b"JFIF\0") and len(data) >= JFIF_WITHOUT_SMALL_COPY:
            parts.append(_jpeg_part(mark, data[:JFIF_WITHOUT_SMALL_COPY] + b"\0\0"))
        if mark == SCAN:
            is_drawn = True
            found = END_OF_SCAN.search(content, place)
            if not found:
                raise BrokenPicture("breaks off")
            parts.append(content[place : found.start()])
            place = found.start()
    if size is None or not is_drawn:
        raise BrokenPicture("nothing drawn")
    if orientation != UPRIGHT:
        parts.insert(1 if parts[0].startswith(b"\xff\xe0") else 0, _jpeg_part(0xE1, b"Exif\0\0" + exif(orientation)))
    return _picture(b"\xff\xd8" + b"".join(parts) + b"\xff\xd9", size, orientation)


def _is_drawn_with(mark, data):
    """Say whether the part of an application tells of colours (ICC, Adobe)."""
    names = {0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
    return mark in names and data.startswith(names[mark])


def _jpeg_part(mark, data):
    return bytes([0xFF, mark]) + (len(data) + 2).to_bytes(2) + data


def clean_webp(content):
    """Return a WebP (bytes) as a Picture; raises BrokenPicture.

    Browsers show it as it is drawn, whatever its Exif says.
    """
    end = 8 + int.from_bytes(content[4:8], "little")
    if end > len(content):
        raise BrokenPicture("breaks off")
    kept = [(kind, _without_extras(kind, data)) for kind, data in _webp_chunks(content[12:end]) if kind in WEBP_KEPT]
    if not WEBP_DRAWN & {kind for kind, data in kept}:
        raise BrokenPicture("nothing drawn")
    body = b"WEBP" + b"".join(_webp_chunk(kind, data) for kind, data in kept)
    return _picture(b"RIFF" + len(body).to_bytes(4, "little") + body, _webp_size(*kept[0]), UPRIGHT)


def _webp_chunks(content):
    place = 0
    while place < len(content):
        kind, length = content[place : place + 4], int.from_bytes(content[place + 4 : place + 8], "little")
        data = content[place + 8 : place + 8 + length]
        if len(kind) < 4 or len(data) < length:
            raise BrokenPicture("breaks off")
        yield kind, data
        place += 8 + length + length % 2


def _webp_chunk(kind, data):
    return kind + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2)


def _without_extras(kind, data):
    if kind == b"VP8X":
        return bytes([data[0] & ~(WEBP_SAYS_EXIF | WEBP_SAYS_XMP)]) + data[1:] if data else data
    if kind == b"ANMF":
        drawn = [chunk for chunk in _webp_chunks(data[WEBP_FRAME_HEADER:]) if chunk[0] in WEBP_KEPT]
        return data[:WEBP_FRAME_HEADER] + b"".join(_webp_chunk(*chunk) for chunk in drawn)
    return data


def _webp_size(kind, data):
    """Return the size that the first chunk tells; (0, 0) where no picture begins so."""
    if kind == b"VP8X" and len(data) >= 10:
        return int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1
    if kind == b"VP8L" and data[:1] == b"\x2f":
        bits = int.from_bytes(data[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and data[3:6] == b"\x9d\x01\x2a":
        return int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF
    return 0, 0


def _picture(content, size, orientation):
    width, height = reversed(size) if orientation in ON_ITS_SIDE else size
    if not width or not height:
        raise BrokenPicture("no size")
    return Picture(content, width, height)


def orientation_in(tiff):
    """Return which way up a picture is to be shown (1 to 8) by its Exif data; 1 where that cannot be read.

    Exif is a TIFF: II or MM for the order of bytes, where the first directory stands, and entries of 12 bytes in it.
    """
    order = {b"II*\0": "little", b"MM\0*": "big"}.get(tiff[:4])
    if order is None:
        return UPRIGHT
    directory = int.from_bytes(tiff[4:8], order)
    entries = int.from_bytes(tiff[directory : directory + 2], order)
    for place in range(directory + 2, min(directory + 2 + 12 * entries, len(tiff)), 12):
        if int.from_bytes(tiff[place : place + 2], order) == ORIENTATION:
            value = int.from_bytes(tiff[place + 8 : place + 10], order)
            return value if 1 <= value <= 8 else UPRIGHT
    return UPRIGHT


def exif(orientation):
    """Return the shortest Exif data that tells which way up a picture is to be shown, and nothing else."""
    entry = ORIENTATION.to_bytes(2) + (3).to_bytes(2) + (1).to_bytes(4) + orientation.to_bytes(2) + b"\0\0"
    return b"MM\0*" + (8).to_bytes(4) + (1).to_bytes(2) + entry + b"\0" * 4
