"""What is taken out of an uploaded picture, what stays, and what is refused."""

import pytest

from clinic.pictures import BrokenPicture, clean_jpeg, clean_png, clean_webp, orientation_in
from clinic.pictures import exif as shortest_exif
from tests.clinic.uploads import (
    JFIF,
    LOSSLESS,
    LOSSY,
    exif,
    extended,
    jpeg,
    jpeg_part,
    png,
    png_chunk,
    webp,
    webp_chunk,
)

SECRET = b"the garden of my mother"
PROFILE = jpeg_part(0xE2, b"ICC_PROFILE\0\1\1colours")
ADOBE = jpeg_part(0xEE, b"Adobe\0\x64\0\0\0\0\1")

WHOLE = [
    (clean_png, png()),
    (clean_jpeg, jpeg(PROFILE, ADOBE)),
    (clean_jpeg, jpeg(start=b"")),
    (clean_webp, webp(LOSSY)),
    (clean_webp, webp(LOSSLESS)),
    (clean_webp, webp(extended(0x20), (b"ICCP", b"odd"), (b"ALPH", b"see"), LOSSY)),
    (clean_webp, webp(extended(0x02), (b"ANIM", b"loop"), (b"ANMF", b"\0" * 16 + webp_chunk(*LOSSY)))),
]


@pytest.mark.parametrize(("clean", "content"), WHOLE)
def test_a_picture_that_tells_nothing_is_kept_byte_by_byte(clean, content):
    picture = clean(content)
    assert picture.content == content
    assert (picture.width, picture.height) == (20, 10)


@pytest.mark.parametrize(
    ("clean", "told", "plain"),
    [
        *[(clean_png, png(png_chunk(kind, SECRET)), png()) for kind in (b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"prIV")],
        *[
            (clean_jpeg, jpeg(jpeg_part(mark, name + SECRET)), jpeg())
            for mark, name in [
                (0xE0, b"JFXX\0"),
                (0xE1, b"Exif\0\0"),
                (0xE1, b"http://ns.adobe.com/xap/1.0/\0"),
                (0xE2, b"MPF\0"),
                (0xED, b"Photoshop 3.0\0"),
                (0xEB, b""),
                (0xFE, b""),
            ]
        ],
        (clean_jpeg, jpeg(jpeg_part(0xE1, b"Exif\0\0" + exif(1, extra=SECRET))), jpeg()),
        (clean_jpeg, jpeg(start=JFIF[:-2] + b"\1\1" + SECRET[:3]).replace(b"\0\x10JFIF", b"\0\x13JFIF"), jpeg()),
        (
            clean_webp,
            webp(extended(0x0C), LOSSY, (b"EXIF", exif(6, extra=SECRET)), (b"XMP ", SECRET)),
            webp(extended(), LOSSY),
        ),
        (clean_webp, webp(LOSSY, (b"mine", SECRET)), webp(LOSSY)),
        (
            clean_webp,
            webp(extended(2), (b"ANMF", b"\0" * 16 + webp_chunk(*LOSSY) + webp_chunk(b"mine", SECRET))),
            webp(extended(2), (b"ANMF", b"\0" * 16 + webp_chunk(*LOSSY))),
        ),
        *[(clean, content + SECRET, content) for clean, content in WHOLE],
    ],
)
def test_what_is_not_drawn_is_taken_out(clean, told, plain):
    assert SECRET[:3] in told
    assert clean(told).content == plain


def test_what_stands_between_two_scans_of_a_jpeg_is_taken_out_too():
    content = jpeg()
    place = content.rindex(b"\xff\xda")
    told = content[:place] + jpeg_part(0xFE, SECRET) + content[place:]
    assert clean_jpeg(told).content == content


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize(
    ("clean", "content"),
    [
        (clean_png, lambda exif: png(png_chunk(b"eXIf", exif))),
        (clean_jpeg, lambda exif: jpeg(jpeg_part(0xE1, b"Exif\0\0" + exif))),
        (clean_jpeg, lambda exif: jpeg(start=jpeg_part(0xE1, b"Exif\0\0" + exif))),
    ],
)
def test_a_picture_stays_the_right_way_up_and_its_size_is_that_of_what_is_seen(clean, content, orientation):
    picture = clean(content(exif(orientation, extra=SECRET)))
    assert picture.content == content(shortest_exif(orientation))
    assert (picture.width, picture.height) == ((10, 20) if orientation > 4 else (20, 10))


@pytest.mark.parametrize(
    "tiff",
    [
        b"",
        b"II*\0",
        b"XX*\0\x08\0\0\0",
        exif(0),
        exif(9),
        exif(6).replace(b"\x08\0\0\0", b"\xff\xff\xff\xff"),
        exif(6)[:25],
        b"II*\0\x08\0\0\0\xff\xff",
    ],
)
def test_which_way_up_is_not_known_where_it_cannot_be_read(tiff):
    assert orientation_in(tiff) == 1


@pytest.mark.parametrize(("clean", "content"), WHOLE)
def test_a_picture_that_breaks_off_anywhere_is_refused(clean, content):
    for end in range(12, len(content) - 1):
        with pytest.raises(BrokenPicture):
            clean(content[:end])


@pytest.mark.parametrize(
    ("clean", "content"),
    [
        (clean_png, png(width=0)),
        (clean_png, png().replace(b"IDAT", b"tEXt")),
        (clean_png, b"\x89PNG\r\n\x1a\n" + png_chunk(b"IDAT", b"") + png_chunk(b"IEND", b"")),
        (clean_png, b"\x89PNG\r\n\x1a\n" + png_chunk(b"IEND", b"")),
        (clean_png, b"\x89PNG\r\n\x1a\n" + b"\xff\xff\xff\xffIHDR" + b"0" * 99),
        (clean_jpeg, jpeg(height=0)),
        (clean_jpeg, jpeg(b"\xff\xd8")),
        (clean_jpeg, b"\xff\xd8\xff\xd9"),
        (clean_jpeg, jpeg(b"\xff\xfe\0\1")),
        (clean_jpeg, b"\xff\xd8" + b"\xff" * 100_000),
        (clean_jpeg, b"\xff\xd8" + jpeg_part(0xDA, b"") + b"\xff" * 100_000),
        (clean_webp, webp()),
        (clean_webp, webp(extended())),
        (clean_webp, webp((b"ALPH", b"0" * 20), LOSSY)),
        (clean_webp, webp((b"VP8X", b"\0"), LOSSY)),
        (clean_webp, webp((b"VP8 ", b"0" * 20))),
        (clean_webp, webp(extended(2), (b"ANMF", b"\0" * 16 + b"VP8 \xff\xff\xff\xff"))),
    ],
)
def test_what_no_browser_could_draw_is_refused(clean, content):
    with pytest.raises(BrokenPicture):
        clean(content)
