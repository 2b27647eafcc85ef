"""The clinic's own pages, and how every public page may be kept: by anybody, and always asked for."""

import gzip
from datetime import timedelta

import brotli
import pytest
import time_machine
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory
from django.utils import timezone

from clinic.models import PageStamp
from clinic.stored_files import store
from tests.clinic.factories import make_profile
from tests.clinic.uploads import PDF, upload

pytestmark = pytest.mark.django_db
PRIVACY = {"en": "We keep **little**.", "es": "Guardamos **poco**."}


def test_the_clinics_words_are_shown_in_the_language_of_the_address(client):
    make_profile(privacy=PRIVACY, accessibility={"en": "Tell us.", "es": "Avísenos."})
    assert b"<p>We keep <strong>little</strong>.</p>" in client.get("/privacy/").content
    assert b"<p>Guardamos <strong>poco</strong>.</p>" in client.get("/es/privacy/").content
    assert "<p>Avísenos.</p>" in client.get("/es/accessibility/").content.decode()


def test_words_not_yet_translated_are_marked_as_english(client):
    make_profile(privacy={"en": "We keep little."})
    page = client.get("/es/privacy/").content.replace(b"\n", b"")
    assert b'<div lang="en"><div class="prose"><p>We keep little.</p>' in page


@pytest.mark.parametrize("address", ["/privacy/", "/accessibility/", "/es/privacy/"])
def test_before_the_clinic_wrote_its_words_the_page_says_whom_to_call(client, address):
    make_profile()
    assert b'href="tel:2065550199"' in client.get(address).content.partition(b"<main")[2].partition(b"</main")[0]


def test_markup_in_the_clinics_words_is_not_run(client):
    make_profile(privacy={"en": "<script>alert(1)</script> [x](javascript:alert(1))"})
    main = client.get("/privacy/").content.partition(b"<main")[2]
    assert b"<script" not in main
    assert b'href="javascript' not in main


def test_a_page_sets_no_cookie_and_may_be_kept_by_anybody_who_asks_each_time(client):
    make_profile(privacy=PRIVACY)
    response = client.get("/privacy/")
    assert not response.cookies
    assert response["Cache-Control"] == "public, no-cache"
    assert "Cookie" not in response.get("Vary", "")


def test_a_kept_page_costs_one_look_and_no_body(client, django_assert_num_queries):
    make_profile(privacy=PRIVACY)
    tag = client.get("/privacy/")["ETag"]
    for held in (tag, f"W/{tag}", f'"other", {tag}'):
        with django_assert_num_queries(1):
            response = client.get("/privacy/", headers={"if-none-match": held})
        assert (response.status_code, response.content, response["ETag"]) == (304, b"", tag)


def test_a_kept_page_is_old_once_anything_moved(client, settings):
    make_profile(privacy=PRIVACY)
    tag = client.get("/privacy/")["ETag"]
    assert client.get("/es/privacy/")["ETag"] != tag
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert client.get("/privacy/")["ETag"] != tag
    PageStamp.move()
    changed = client.get("/privacy/", headers={"if-none-match": tag})
    assert changed.status_code == 200
    settings.RELEASE = "next"
    assert client.get("/privacy/")["ETag"] not in (tag, changed["ETag"])


def test_a_page_takes_no_other_method(client):
    assert client.post("/privacy/").status_code == 405
    assert client.head("/privacy/").status_code == 200


def test_the_stamp_moves_by_one_from_nothing_on():
    assert PageStamp.current() == 1
    PageStamp.move()
    PageStamp.move()
    assert PageStamp.current() == 3


@pytest.mark.parametrize(
    ("taken", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("BR; q=1.0", "br"),
        ("", None),
        ("identity;q=1, *;q=0", None),
        ("br;q=0.000", None),
    ],
)
def test_a_page_comes_as_small_as_the_browser_can_read(client, taken, encoding):
    plain = client.get("/privacy/").content
    response = client.get("/privacy/", headers={"Accept-Encoding": taken})
    opened = {"br": brotli.decompress, "gzip": gzip.decompress}.get(encoding, bytes)(response.content)
    assert response.get("Content-Encoding") == encoding
    assert opened == plain
    assert "Accept-Encoding" in response["Vary"]
    assert int(response["Content-Length"]) == len(response.content)


def test_each_size_of_a_page_is_kept_under_its_own_name(client):
    names = {client.get("/privacy/", headers={"Accept-Encoding": taken})["ETag"] for taken in ("br", "gzip", "")}
    assert len(names) == 3
    small = client.get("/privacy/", headers={"Accept-Encoding": "br"})["ETag"]
    again = client.get("/privacy/", headers={"Accept-Encoding": "br", "If-None-Match": small})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/privacy/", headers={"If-None-Match": small}).status_code == 200


def test_a_page_with_a_token_in_it_is_never_made_smaller(client, db):
    response = client.get("/appointments/request/", headers={"Accept-Encoding": "br, gzip"})
    assert "csrfmiddlewaretoken" in response.content.decode()
    assert "Content-Encoding" not in response


@pytest.mark.parametrize("address", ["/privacy/", "/nothing/", "media"])
def test_a_head_request_leaves_no_body_to_the_server_to_drop(client, settings, tmp_path, address):
    settings.MEDIA_ROOT = tmp_path
    make_profile()
    address = store(upload(PDF)).get_absolute_url() if address == "media" else address
    whole = client.get(address)
    response = WSGIHandler().get_response(RequestFactory().head(address))
    assert b"".join(response) == b""
    response.close()
    assert response.status_code == whole.status_code
    assert response.headers["Content-Length"] == whole.headers["Content-Length"]
    assert b"".join(whole)
