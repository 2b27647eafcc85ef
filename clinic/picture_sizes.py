"""Makes smaller copies of a picture, so that a telephone need not fetch what only a wide screen can show.

Each copy is upright, in the colours that every browser knows (sRGB), and holds nothing but what is drawn. It is the
only place where an uploaded picture is decoded, which also finds the one that cannot be drawn.
"""

from dataclasses import dataclass
from io import BytesIO

from clinic.pictures import ON_ITS_SIDE, ORIENTATION, BrokenPicture

WIDTHS = (480, 960, 1440)
QUALITY = 80
TYPES = ("PNG", "JPEG", "WEBP")
# Decoding takes 4 bytes a pixel, besides a plain JPEG, which is read at the size that is needed. What is bigger has no
# copies.
MOST_DECODED = 16_000_000


class MovingPicture(ValueError):
    """It has more than one frame."""


@dataclass(frozen=True)
class Copy:
    """A smaller copy: its bytes (WebP), and its size in pixels."""

    content: bytes
    width: int
    height: int


def smaller_copies(content):
    """Return a Copy of a picture (bytes) for each of WIDTHS that is narrower than it, and takes fewer bytes.

    Raises BrokenPicture for what cannot be drawn, MovingPicture for what moves.
    """
    # Half a second of every start of the site would go into it.
    from PIL import Image

    try:
        with Image.open(BytesIO(content), formats=TYPES) as picture:
            if getattr(picture, "n_frames", 1) > 1:
                raise MovingPicture
            is_on_its_side = picture.getexif().get(ORIENTATION) in ON_ITS_SIDE
            width = picture.height if is_on_its_side else picture.width
            if picture.format == "JPEG" and not picture.info.get("progressive"):
                picture.draft(None, (WIDTHS[-1], WIDTHS[-1]))
            elif picture.width * picture.height > MOST_DECODED:
                return []
            return [copy for copy in _copies(_upright(picture), width) if len(copy.content) < len(content)]
    except (OSError, SyntaxError, EOFError, IndexError, OverflowError, Image.DecompressionBombError) as error:
        raise BrokenPicture(str(error)) from error


def _upright(picture):
    """Return a decoded picture, upright, in 8 bits a colour (RGB or RGBA) of sRGB."""
    from PIL import ImageOps

    profile = picture.info.get("icc_profile")
    upright = ImageOps.exif_transpose(picture)
    if upright.mode == "F" or upright.mode.startswith("I"):
        upright = upright.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    elif upright.has_transparency_data:
        upright = upright.convert("RGBA")
    elif upright.mode not in ("L", "CMYK"):
        upright = upright.convert("RGB")
    upright = _in_srgb(upright, profile) if profile else upright
    return upright if upright.mode in ("RGB", "RGBA") else upright.convert("RGB")


def _in_srgb(picture, profile):
    """Return a picture with its colours as its profile means them; unchanged where the profile cannot be used."""
    from PIL import ImageCms

    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    try:
        meant = ImageCms.ImageCmsProfile(BytesIO(profile))
        return ImageCms.profileToProfile(picture, meant, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture


def _copies(picture, shown):
    for width in WIDTHS:
        if width < shown:
            height = max(1, round(picture.height * width / picture.width))
            written = BytesIO()
            picture.resize((width, height), reducing_gap=3).save(written, "WEBP", quality=QUALITY)
            yield Copy(written.getvalue(), width, height)
