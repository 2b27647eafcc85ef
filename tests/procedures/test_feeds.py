"""What messengers, feed readers and search engines are told of the pages."""

import struct
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.contrib.staticfiles import finders
from pytest_django.asserts import assertContains

from tests.procedures.published import (
    make_condition,
    make_draft,
    make_full_clinic,
    make_place,
    make_procedure,
    publish_in_both_languages,
    publish_page,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic")]


@pytest.mark.parametrize(
    ("path", "title", "words"),
    [
        (
            "/procedures/kyphoplasty/",
            "Broken &amp; bent (Kyphoplasty)",
            "A balloon lifts the bone, and cement holds it.",
        ),
        ("/", "Home", "Care for your back"),
        ("/es/", "Inicio", "Cuidamos su espalda"),
    ],
)
def test_a_page_that_is_passed_on_shows_its_title_its_words_and_our_picture(client, kyphoplasty, path, title, words):
    publish_page(kyphoplasty, names={"plain_name": "Broken & bent"})
    response = client.get(path)
    assertContains(response, f"<title>{title} – Test Clinic</title>")
    for name, value in {
        "og:title": title,
        "og:description": words,
        "og:site_name": "Test Clinic",
        "og:url": f"https://clinic.example{path}",
        "og:image": "https://clinic.example/static/img/card.png",
    }.items():
        assertContains(response, f'<meta property="{name}" content="{value}">', count=1)
    assertContains(response, f'<meta name="description" content="{words}">', count=1)
    assertContains(response, '<meta name="twitter:card" content="summary_large_image">', count=1)


def test_the_picture_of_a_page_that_is_passed_on_has_the_size_that_others_ask_for():
    head = Path(finders.find("img/card.png")).read_bytes()[16:24]
    assert struct.unpack(">II", head) == (1200, 630)


def test_a_feed_tells_which_pages_changed_last(client, kyphoplasty):
    atom = "{http://www.w3.org/2005/Atom}"
    publish_in_both_languages(kyphoplasty)
    publish_page(make_condition(), slug="fracture", names={"plain_name": "Broken & bent", "summary": "A <b>bone</b>."})
    make_draft(make_procedure("vertebroplasty"), slug="vertebroplasty")
    for path, links in (
        ("/procedures/changes.atom", ["/conditions/fracture/", "/procedures/kyphoplasty/"]),
        ("/es/procedures/changes.atom", ["/es/procedures/cifoplastia/"]),
    ):
        response = client.get(path)
        assert response.headers["Content-Type"].startswith("application/atom+xml")
        feed = ElementTree.fromstring(response.content)  # noqa: S314 -- our own answer
        assert [entry.find(f"{atom}link").get("href") for entry in feed.findall(f"{atom}entry")] == [
            f"https://clinic.example{link}" for link in links
        ]
        assert f"https://clinic.example{path}" in [link.get("href") for link in feed.findall(f"{atom}link")]
        assertContains(client.get(path.replace("changes.atom", "")), f'href="{path}"', count=2)
    entry = ElementTree.fromstring(client.get("/procedures/changes.atom").content).find(f"{atom}entry")  # noqa: S314
    told = [entry.find(f"{atom}{name}").text for name in ("title", "summary")]
    assert told == ["Broken & bent", "A &lt;b&gt;bone&lt;/b&gt;."]


def test_a_feed_asks_as_often_however_many_pages_there_are(client, django_assert_num_queries):
    for rows in (1, 3):
        make_full_clinic(rows)
        with django_assert_num_queries(4):
            assert client.get("/procedures/changes.atom").status_code == 200


def test_the_sitemap_holds_every_public_page_with_its_other_language(client, kyphoplasty):
    publish_in_both_languages(kyphoplasty)
    publish_page(make_condition(), slug="fracture")
    make_draft(make_procedure("vertebroplasty"), slug="vertebroplasty")
    make_place("quay")
    names = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}
    root = ElementTree.fromstring(client.get("/sitemap.xml").content)  # noqa: S314 -- our own answer
    others = {
        url.find("s:loc", names).text.removeprefix("https://clinic.example"): {
            link.get("hreflang"): link.get("href").removeprefix("https://clinic.example")
            for link in url.findall("x:link", names)
        }
        for url in root.findall("s:url", names)
    }
    assert others["/procedures/kyphoplasty/"] == {
        "en": "/procedures/kyphoplasty/",
        "es": "/es/procedures/cifoplastia/",
    }
    assert others["/es/procedures/cifoplastia/"] == others["/procedures/kyphoplasty/"]
    assert others["/conditions/fracture/"] == {}
    assert {"/", "/es/", "/locations/quay/", "/es/locations/quay/", "/privacy/", "/es/contact/"} <= others.keys()
    assert not [path for path in others if "vertebroplasty" in path]
    for path in others:
        assert client.get(path).status_code == 200


def test_search_engines_are_told_to_leave_staff_previews_and_patients_alone(client):
    response = client.get("/robots.txt")
    lines = response.content.decode().splitlines()
    for path in ("/admin/", "/appointments/track/", "/procedures/preview/"):
        assert f"Disallow: {path}" in lines
        assert f"Disallow: /es{path}" in lines
    assert "Sitemap: https://clinic.example/sitemap.xml" in lines
    assert response.headers["Content-Type"].startswith("text/plain")
