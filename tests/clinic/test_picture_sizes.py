"""Smaller copies of uploaded pictures: how wide, which way up, in which colours, and what is refused."""

from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from PIL import Image, ImageCms

from clinic import picture_sizes, stored_files
from clinic.models import StoredFile
from clinic.picture_sizes import smaller_copies
from clinic.pictures import BrokenPicture
from clinic.stored_files import is_file_name, store
from tests.clinic.uploads import drawn, png, png_chunk, upload

pytestmark = pytest.mark.usefixtures("media_root")


def noise(kind, size=(600, 300), mode="RGB", **options):
    """Return a picture that no type makes small, red on its left half."""
    picture = Image.effect_noise(size, 90).convert("RGB")
    picture.paste("red", (0, 0, size[0] // 2, size[1]))
    written = BytesIO()
    picture.convert(mode).save(written, kind, **options)
    return written.getvalue()


def opened(copy):
    return Image.open(BytesIO(copy.content))


def is_red(picture, place):
    red, green, blue, *_alpha = picture.convert("RGBA").getpixel(place)
    return red > 200 and max(green, blue) < 60


@pytest.mark.parametrize(("width", "copies"), [(480, []), (481, [480]), (1440, [480, 960]), (1500, [480, 960, 1440])])
def test_a_picture_gets_narrower_copies_and_is_never_enlarged(width, copies):
    made = smaller_copies(noise("PNG", (width, 60)))
    assert [copy.width for copy in made] == copies
    assert all(opened(copy).size == (copy.width, copy.height) for copy in made)
    assert all(opened(copy).format == "WEBP" for copy in made)


def test_a_copy_that_would_take_more_bytes_is_not_kept(monkeypatch):
    flat = drawn("PNG", size=(600, 300))
    monkeypatch.setattr(picture_sizes, "QUALITY", 100)
    assert all(len(copy.content) < len(flat) for copy in smaller_copies(flat))


def test_a_copy_stands_upright_and_tells_nothing_else():
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "the maker"
    [copy] = smaller_copies(noise("JPEG", (300, 600), exif=exif, quality=95))
    # Held on its side: what was left is at the top.
    assert (copy.width, copy.height) == (480, 240)
    assert is_red(opened(copy), (240, 20))
    assert b"maker" not in copy.content
    assert not opened(copy).getexif()


@pytest.mark.parametrize(
    ("kind", "mode"), [("JPEG", "CMYK"), ("JPEG", "RGB"), ("PNG", "P"), ("PNG", "RGBA"), ("WEBP", "RGBA")]
)
def test_colours_of_every_mode_stay_what_they_are(kind, mode):
    [copy] = smaller_copies(noise(kind, mode=mode))
    picture = opened(copy)
    assert is_red(picture, (60, 120))
    assert not is_red(picture, (420, 120))


def test_what_is_see_through_stays_so():
    picture = Image.open(BytesIO(noise("PNG", mode="RGBA")))
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    written = BytesIO()
    picture.save(written, "PNG")
    [copy] = smaller_copies(written.getvalue())
    assert opened(copy).getpixel((10, 5))[3] < 20 < 230 < opened(copy).getpixel((10, 235))[3]


def test_a_grey_of_16_bits_is_the_same_grey():
    values = Image.new("I;16", (600, 300), 0x8000)
    values.paste(Image.new("I;16", (300, 300), 0xC000), (0, 0))
    written = BytesIO()
    values.save(written, "PNG", compress_level=0)
    [copy] = smaller_copies(written.getvalue())
    assert abs(opened(copy).getpixel((60, 120))[0] - 0xC0) < 4
    assert abs(opened(copy).getpixel((420, 120))[0] - 0x80) < 4


def test_colours_are_taken_as_their_profile_means_them_and_a_broken_profile_is_left_out():
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    assert is_red(opened(smaller_copies(noise("PNG", icc_profile=b"colours"))[0]), (60, 120))
    assert not is_red(opened(smaller_copies(noise("PNG", icc_profile=lab))[0]), (420, 120))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
@pytest.mark.django_db
def test_a_picture_that_moves_is_refused_with_a_sentence(media_root, kind):
    frames = [Image.new("RGB", (20, 10), colour) for colour in ("red", "blue")]
    written = BytesIO()
    frames[0].save(written, kind, save_all=True, append_images=frames[1:])
    with pytest.raises(ValidationError, match="This picture moves"):
        store(upload(written.getvalue()))
    assert not media_root.exists()


@pytest.mark.parametrize(
    "content",
    [
        png().replace(png()[33:], png_chunk(b"IDAT", b"nothing drawn") + png_chunk(b"IEND", b"")),
        drawn("WEBP", mode="RGB")[:30] + b"\xff" * 40,
        b"",
    ],
)
def test_what_cannot_be_drawn_is_broken(content):
    with pytest.raises(BrokenPicture):
        smaller_copies(content)


def test_a_picture_of_very_many_pixels_is_not_decoded(monkeypatch):
    monkeypatch.setattr(picture_sizes, "MOST_DECODED", 100)
    assert smaller_copies(noise("PNG")) == []
    assert smaller_copies(noise("JPEG", progressive=True)) == []
    assert len(smaller_copies(noise("JPEG"))) == 1


# Keeping


@pytest.mark.django_db
def test_copies_are_stored_files_and_go_with_their_picture(client, media_root, django_capture_on_commit_callbacks):
    stored = store(upload(noise("PNG"), "My spine.png"))
    [size] = stored.sizes
    assert (size["name"], size["width"]) == ("my-spine-480.webp", 480)
    copy, whole = f"/media/{size['hash']}/my-spine-480.webp", stored.get_absolute_url()
    assert stored.srcset == f"{copy} 480w, {whole} 600w"
    response = client.get(copy)
    assert (response["Content-Type"], response.getvalue()[8:12]) == ("image/webp", b"WEBP")
    with django_capture_on_commit_callbacks(execute=True):
        stored_files.forget_unused(stored)
    assert not StoredFile.objects.exists()
    assert not [path for path in media_root.rglob("*") if path.is_file()]


@pytest.mark.django_db
def test_a_copy_that_another_picture_shows_too_stays():
    content = noise("PNG")
    rewritten = BytesIO()
    Image.open(BytesIO(content)).save(rewritten, "PNG", compress_level=1)
    first, second = store(upload(content)), store(upload(rewritten.getvalue()))
    assert first.sizes == second.sizes
    stored_files.forget_unused(first)
    assert StoredFile.objects.filter(hash=second.sizes[0]["hash"]).exists()


@pytest.mark.django_db
def test_a_picture_from_before_there_were_copies_gets_them_when_it_is_uploaded_again():
    content = noise("PNG")
    StoredFile.objects.filter(pk=store(upload(content)).pk).update(sizes=[])
    assert store(upload(content)).sizes


# Words


@pytest.mark.parametrize("text", ["my-spine.png", "My spine", "my spine.PNG", "IMG_2041", "dsc-1234", "other.jpeg"])
def test_the_name_of_a_file_is_no_description(text):
    assert is_file_name(text, StoredFile(name="my-spine.png"))


@pytest.mark.parametrize("text", ["", "My spine from the side", "The spine.", "脊椎", "Vertebra L4"])
def test_words_that_describe_are_taken(text):
    assert not is_file_name(text, StoredFile(name="my-spine.png"))
