"""Uploaded files: what is taken, how it is kept, and how it is given out again."""

from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from clinic import stored_files
from clinic.models import Accreditation, StoredFile
from tests.clinic.uploads import (
    CAPTIONS,
    LOSSLESS,
    LOSSY,
    MP4,
    PDF,
    WEBM,
    exif,
    extended,
    jpeg,
    jpeg_part,
    png,
    png_chunk,
    upload,
    webp,
)

pytestmark = pytest.mark.usefixtures("media_root")


@pytest.fixture
def stored(db):
    return stored_files.store(upload(PDF))


# Taking files


@pytest.mark.parametrize(
    ("content", "name", "content_type"),
    [
        (png(), "a-file.png", "image/png"),
        (jpeg(), "a-file.jpg", "image/jpeg"),
        (webp(LOSSY), "a-file.webp", "image/webp"),
        (PDF, "a-file.pdf", "application/pdf"),
        (MP4, "a-file.mp4", "video/mp4"),
        (WEBM, "a-file.webm", "video/webm"),
        (CAPTIONS, "a-file.vtt", "text/vtt; charset=utf-8"),
        (b"\xef\xbb\xbf" + CAPTIONS, "a-file.vtt", "text/vtt; charset=utf-8"),
    ],
)
@pytest.mark.django_db
def test_a_file_is_known_by_what_it_holds_and_not_by_its_name(content, name, content_type):
    stored = stored_files.store(upload(content, "A file.html"))
    assert (stored.name, stored.content_type, stored.size) == (name, content_type, len(content))


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<!doctype html><script>alert(1)</script>",
        b"GIF89a" + b"\0" * 20,
        b"MZ\x90\x00",
        b"RIFF\x00\x00\x00\x00WAVE",
        b"\x00\x00\x00\x20ftypheic",
        b"\x1a\x45\xdf\xa3matroska",
        b"WEBVTTX",
        b"plain words",
        b"",
    ],
)
@pytest.mark.django_db
def test_what_is_none_of_our_types_is_refused_with_the_types_that_are(content):
    with pytest.raises(ValidationError, match="Choose a picture"):
        stored_files.store(upload(content, "harmless.png"))
    assert not StoredFile.objects.exists()


@pytest.mark.django_db
def test_a_file_that_is_too_big_is_refused_and_leaves_nothing_behind(media_root):
    with pytest.raises(ValidationError, match="This file is too big"):
        stored_files.store(upload(CAPTIONS + b" " * stored_files.CAPTIONS.largest))
    assert not media_root.exists()


@pytest.mark.parametrize("content", [png(), jpeg(), webp(LOSSY), webp(LOSSLESS), webp(extended(), LOSSY)])
@pytest.mark.django_db
def test_the_size_of_a_picture_is_read_so_that_pages_do_not_jump(content):
    stored = stored_files.store(upload(content))
    assert (stored.width, stored.height) == (20, 10)


@pytest.mark.django_db
def test_a_photo_is_kept_without_where_it_was_taken(media_root):
    stored = stored_files.store(upload(jpeg(jpeg_part(0xE1, b"Exif\0\0" + exif(6))), "home.jpg"))
    kept = (media_root / stored.path).read_bytes()
    assert (stored.size, stored.width, stored.height) == (len(kept), 10, 20)
    assert b"home" not in kept


@pytest.mark.django_db
def test_a_picture_that_breaks_off_is_refused_and_leaves_nothing_behind(media_root):
    with pytest.raises(ValidationError, match="This picture is broken"):
        stored_files.store(upload(png()[:-5]))
    assert not media_root.exists()
    assert not StoredFile.objects.exists()


@pytest.mark.parametrize(("width", "height"), [(20_000, 2_501), (2**32 - 1, 1), (1, 2**32 - 1)])
@pytest.mark.django_db
def test_a_picture_that_would_fill_a_readers_memory_is_refused(media_root, width, height):
    small = png(width=1, height=1)
    header = png_chunk(b"IHDR", small[16:29])
    huge = small.replace(header, png_chunk(b"IHDR", width.to_bytes(4) + height.to_bytes(4) + small[24:29]))
    with pytest.raises(ValidationError, match="too many pixels"):
        stored_files.store_picture(upload(huge, "mark.png"))
    assert not media_root.exists()


@pytest.mark.django_db
def test_a_file_that_the_disk_does_not_take_is_refused_with_a_sentence(settings, tmp_path, caplog):
    (tmp_path / "no-folder").write_text("A file stands where the folder should be.")
    settings.MEDIA_ROOT = tmp_path / "no-folder"
    with pytest.raises(ValidationError, match="could not keep this file"):
        stored_files.store(upload(PDF))
    assert "could not be written (FileExistsError)" in caplog.text
    assert not StoredFile.objects.exists()


def test_a_file_that_the_disk_does_not_let_go_of_is_gone_from_the_site(
    client, stored, media_root, caplog, django_capture_on_commit_callbacks
):
    place = media_root / stored.path
    place.unlink()
    place.mkdir()
    address = stored.get_absolute_url()
    with django_capture_on_commit_callbacks(execute=True):
        stored_files.forget_unused(stored)
    assert client.get(address).status_code == 404
    assert "could not be removed" in caplog.text


@pytest.mark.parametrize("content", [PDF, MP4, CAPTIONS, b"<svg/>", b""])
@pytest.mark.django_db
def test_where_only_a_picture_will_do_nothing_else_is_taken(content):
    with pytest.raises(ValidationError, match=r"Choose a picture \(PNG, JPEG or WebP\)."):
        stored_files.store_picture(upload(content, "harmless.png"))


@pytest.mark.django_db(transaction=True)
def test_a_file_that_nothing_shows_is_forgotten_with_its_bytes(media_root, client):
    stored = stored_files.store(upload(PDF))
    stored_files.forget_unused(stored)
    assert client.get(f"/media/{stored.hash}/{stored.name}").status_code == 404
    assert [path for path in media_root.rglob("*") if path.is_file()] == []


@pytest.mark.django_db(transaction=True)
def test_a_file_that_something_else_shows_stays(client):
    stored = stored_files.store(upload(png()))
    Accreditation.objects.create(key="mark", name="A mark", picture=stored, is_decorative=True)
    stored_files.forget_unused(stored)
    assert b"".join(client.get(stored.get_absolute_url())) == png()


@pytest.mark.django_db(transaction=True)
def test_a_file_that_comes_again_while_it_is_forgotten_keeps_its_bytes(client):
    stored = stored_files.store(upload(PDF))
    with transaction.atomic():
        stored_files.forget_unused(stored)
        again = stored_files.store(upload(PDF))
    assert b"".join(client.get(again.get_absolute_url())) == PDF


@pytest.mark.django_db
def test_the_same_bytes_are_kept_once_whatever_their_name(media_root):
    first, second = stored_files.store(upload(PDF, "first.pdf")), stored_files.store(upload(PDF, "second.pdf"))
    assert first == second
    assert [path.read_bytes() for path in media_root.rglob("*") if path.is_file()] == [PDF]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Después de la cirugía.PDF", "despues-de-la-cirugia.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("..\\..\\x.pdf", "x.pdf"),
        ('a"; filename="b.html', "a-filenameb.pdf"),
        ("山田.pdf", "file.pdf"),
        ("", "file.pdf"),
        ("\r\nX: y.pdf", "x-y.pdf"),
        ("a" * 300, "a" * 80 + ".pdf"),
    ],
)
def test_a_name_is_made_safe(name, safe):
    assert stored_files.safe_name(name, stored_files.PDF) == safe


# Giving files out


def test_a_file_is_given_out_whole_for_good_and_in_a_sandbox(client, stored):
    response = client.get(stored.get_absolute_url())
    assert b"".join(response) == PDF
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Content-Length"] == str(len(PDF))
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none';")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Disposition"] == 'inline; filename="a-file.pdf"'
    assert response.headers["Accept-Ranges"] == "bytes"
    assert not response.cookies


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=9-", 9, len(PDF) - 1),
        ("bytes=-5", len(PDF) - 5, len(PDF) - 1),
        ("bytes=-500", 0, len(PDF) - 1),
        ("bytes=100-999999", 100, len(PDF) - 1),
    ],
)
def test_one_range_of_bytes_is_given_out_as_asked(client, stored, asked, first, last):
    response = client.get(stored.get_absolute_url(), headers={"range": asked})
    assert response.status_code == 206
    assert b"".join(response) == PDF[first : last + 1]
    assert response.headers["Content-Range"] == f"bytes {first}-{last}/{len(PDF)}"
    assert response.headers["Content-Length"] == str(last + 1 - first)


@pytest.mark.parametrize("asked", ["bytes=109-", "bytes=500-600", "bytes=-0"])
def test_a_range_behind_the_end_is_refused_with_the_size(client, stored, asked):
    response = client.get(stored.get_absolute_url(), headers={"range": asked})
    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{len(PDF)}"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=5-1", "bytes=-", "lines=1-2", f"bytes={'9' * 40}-"])
def test_a_range_that_makes_no_sense_gets_the_whole_file(client, stored, asked):
    response = client.get(stored.get_absolute_url(), headers={"range": asked})
    assert response.status_code == 200
    assert b"".join(response) == PDF


def test_a_range_of_another_state_of_the_file_gets_the_whole_file(client, stored):
    url, first = stored.get_absolute_url(), {"range": "bytes=0-3"}
    response = client.get(url, headers={**first, "if-range": f'"{stored.hash}"'})
    assert b"".join(response) == PDF[:4]
    response = client.get(url, headers={**first, "if-range": '"another"'})
    assert response.status_code == 200
    assert b"".join(response) == PDF


def test_a_browser_that_has_the_file_is_told_so(client, stored):
    response = client.get(stored.get_absolute_url(), headers={"if-none-match": f'"{stored.hash}"'})
    assert response.status_code == 304
    assert response.headers["Cache-Control"].endswith("immutable")


def test_a_head_request_tells_the_size_without_the_bytes(client, stored):
    response = client.head(stored.get_absolute_url())
    assert response.headers["Content-Length"] == str(len(PDF))
    assert not b"".join(response)


@pytest.mark.parametrize("name", ["other.pdf", "a-file.html", "%00", "a-file.pdf%00", "%FF", "x" * 5000])
def test_a_file_answers_to_its_own_name_only(client, stored, name):
    assert client.get(f"/media/{stored.hash}/{name}").status_code == 404


def test_an_unknown_hash_is_not_found(client, db):
    assert client.get(f"/media/{'0' * 64}/a.pdf").status_code == 404


def test_a_file_that_is_missing_on_the_disk_is_not_found_and_is_logged(client, stored, media_root, caplog):
    (Path(media_root) / stored.path).unlink()
    assert client.get(stored.get_absolute_url()).status_code == 404
    assert "missing on the disk" in caplog.text


def test_nobody_can_send_anything_to_a_file(client, stored):
    assert client.post(stored.get_absolute_url()).status_code == 405
