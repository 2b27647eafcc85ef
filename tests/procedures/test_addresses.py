"""The addresses of pages: the same page in the other language, and what is not found."""

import pytest
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from procedures import publishing
from procedures.admin.pages import admin_url
from tests.procedures.desk import signed_in
from tests.procedures.published import (
    BY,
    make_condition,
    make_draft,
    make_procedure,
    publish_in_both_languages,
    publish_page,
    sign_off,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic")]


@pytest.mark.parametrize(
    ("kind", "make", "slugs"),
    [
        ("procedures", make_procedure, ("kyphoplasty", "cifoplastia")),
        ("conditions", make_condition, ("fracture", "fractura")),
    ],
)
def test_the_language_switch_leads_to_the_same_page_under_its_own_name(client, kind, make, slugs):
    publish_in_both_languages(make(), slugs)
    english, spanish = f"/{kind}/{slugs[0]}/", f"/es/{kind}/{slugs[1]}/"
    assertContains(client.get(english), f'<a href="{spanish}" lang="es" hreflang="es">')
    assertContains(client.get(spanish), f'<a href="{english}" lang="en" hreflang="en">')
    assertContains(client.get(spanish), '<html lang="es">')
    alternate = f'<link rel="alternate" hreflang="es" href="https://clinic.example{spanish}">'
    assertContains(client.get(english), alternate, html=True)


def test_a_page_without_the_other_language_leads_to_the_list_there(client, kyphoplasty):
    publish_page(kyphoplasty)
    response = client.get("/procedures/kyphoplasty/")
    assertContains(response, '<a href="/es/procedures/" lang="es" hreflang="es">')
    assertNotContains(response, 'rel="alternate" hreflang="es"')


def test_an_address_of_the_other_language_moves_to_the_same_page_for_good(client, kyphoplasty):
    publish_in_both_languages(kyphoplasty)
    publish_in_both_languages(make_condition(), ("fracture", "fractura"))
    for wrong, right in (
        ("/es/procedures/kyphoplasty/", "/es/procedures/cifoplastia/"),
        ("/procedures/cifoplastia/", "/procedures/kyphoplasty/"),
        ("/es/conditions/fracture/", "/es/conditions/fractura/"),
        ("/conditions/fractura/", "/conditions/fracture/"),
    ):
        response = client.get(wrong)
        assertRedirects(response, right, status_code=301)
        # A browser that kept it unasked would go round in circles once an editor gave a page the other's address.
        assert response["Cache-Control"] == "public, no-cache"


@pytest.mark.parametrize("path", ["/es/procedures/kyphoplasty/", "/procedures/vertebroplasty/"])
def test_what_is_not_published_here_is_not_found_and_the_page_helps(client, kyphoplasty, path):
    publish_page(kyphoplasty)
    make_draft(make_procedure("vertebroplasty"), slug="vertebroplasty")
    response = client.get(path)
    language = "/es" if path.startswith("/es") else ""
    assertContains(response, f'href="{language}/procedures/"', status_code=404)
    assertContains(response, "(206) 555-0142", status_code=404)


# What has moved, and what was withdrawn


ABOUT_A_PAGE = ["", "leaflet/", "leaflet.pdf", "feedback/"]


@pytest.fixture
def move(editor):
    """Give a page another address, as an editor does."""

    def give(page, slug, **answers):
        assert signed_in(editor).post(admin_url(page, "change"), {"slug": slug, **answers}).status_code == 302

    return give


@pytest.mark.parametrize("about", ABOUT_A_PAGE)
def test_an_address_that_readers_knew_leads_to_the_page_for_good(client, move, kyphoplasty, about):
    publish_in_both_languages(kyphoplasty)
    move(kyphoplasty.pages.get(language="en"), "balloon-repair")
    move(kyphoplasty.pages.get(language="en"), "balloon")
    for old in ("kyphoplasty", "balloon-repair"):
        for language, slug in (("", "balloon"), ("/es", "cifoplastia")):
            response = client.get(f"{language}/procedures/{old}/{about}")
            assert (response.status_code, response["Location"]) == (301, f"{language}/procedures/{slug}/{about}")
            assert response["Cache-Control"] == "public, no-cache"


def test_a_comparison_is_found_by_an_address_that_readers_knew(client, move, kyphoplasty):
    page = publish_page(kyphoplasty)
    publish_page(make_procedure("other"), slug="other")
    move(page, "balloon")
    for old in ("/procedures/compare/kyphoplasty/other/", "/procedures/compare/Other/KYPHOPLASTY/"):
        response = client.get(old, follow=True)
        assert response.status_code == 200
        assert set(response.request["PATH_INFO"].split("/")) >= {"compare", "balloon", "other"}
    assert client.get("/procedures/compare/kyphoplasty/nothing/", follow=True).status_code == 404


def test_an_address_that_is_copied_in_capitals_leads_to_the_page(client, kyphoplasty):
    publish_in_both_languages(kyphoplasty)
    assertRedirects(client.get("/procedures/Kyphoplasty/"), "/procedures/kyphoplasty/", status_code=301)
    assertRedirects(
        client.get("/es/procedures/CIFOPLASTIA/leaflet/"), "/es/procedures/cifoplastia/leaflet/", status_code=301
    )


def test_a_condition_that_moved_is_found_too(client, move):
    page = publish_page(make_condition(), slug="fracture")
    move(page, "broken-bone")
    assertRedirects(client.get("/conditions/fracture/"), "/conditions/broken-bone/", status_code=301)


def test_a_page_that_takes_back_its_address_or_anothers_is_read_there(client, move, kyphoplasty):
    page, other = publish_page(kyphoplasty), publish_page(make_procedure("other"), slug="other")
    move(page, "balloon")
    move(page, "kyphoplasty")
    assert client.get("/procedures/kyphoplasty/").status_code == 200
    assertRedirects(client.get("/procedures/balloon/"), "/procedures/kyphoplasty/", status_code=301)
    move(other, "balloon", takes_over="on")
    assert client.get("/procedures/balloon/").status_code == 200
    assertRedirects(client.get("/procedures/other/"), "/procedures/balloon/", status_code=301)
    move(page, "third")
    move(other, "fourth")
    assertRedirects(client.get("/procedures/balloon/"), "/procedures/fourth/", status_code=301)


def test_an_address_that_no_reader_ever_knew_is_not_kept(client, move, kyphoplasty):
    page = make_draft(kyphoplasty, slug="draft").page
    move(page, "kyphoplasty")
    publishing.publish(versions=[sign_off(page.open_version())], by=BY)
    assert client.get("/procedures/draft/").status_code == 404


@pytest.mark.parametrize("about", ABOUT_A_PAGE)
def test_a_page_that_was_withdrawn_says_so_and_not_to_rely_on_it(client, move, kyphoplasty, about):
    page = publish_page(kyphoplasty)
    move(page, "balloon")
    publish_page(make_procedure("other"), slug="other")
    publishing.withdraw_page(page=page, by=BY)
    for slug in ("balloon", "kyphoplasty"):
        response = client.get(f"/procedures/{slug}/{about}")
        assertContains(response, "We have taken this page off the site", status_code=410)
        assertContains(response, "Balloon repair of a broken back bone", status_code=410)
        assertContains(response, "(206) 555-0142", status_code=410)
        assertContains(response, '<a href="/es/procedures/" lang="es"', status_code=410)
        # It may be published again at the same address.
        assert response["Cache-Control"] == "public, no-cache"


def test_a_page_that_was_withdrawn_in_one_language_leads_to_the_other(client, kyphoplasty):
    publish_in_both_languages(kyphoplasty)
    publishing.withdraw_page(page=kyphoplasty.pages.get(language="en"), by=BY)
    response = client.get("/procedures/kyphoplasty/")
    assertContains(response, '<a href="/es/procedures/cifoplastia/" lang="es" hreflang="es">', status_code=410)


def test_finding_out_where_an_address_leads_asks_no_more_than_a_page(
    client, move, kyphoplasty, django_assert_max_num_queries
):
    page, gone = publish_page(kyphoplasty), publish_page(make_procedure("gone"), slug="gone")
    move(page, "balloon")
    publishing.withdraw_page(page=gone, by=BY)
    for slug, status in (("kyphoplasty", 301), ("gone", 410), ("nothing", 404)):
        with django_assert_max_num_queries(6):
            assert client.get(f"/procedures/{slug}/").status_code == status


@pytest.mark.parametrize(
    "name", ["%00", "a%00b", "%FF", "a" * 5000, "..%2F..", "%27%20OR%201=1", "%F0%9F%98%80", "-", "A%0D%0AX:y"]
)
@pytest.mark.parametrize("kind", ["procedures", "conditions", "locations"])
def test_a_hostile_address_is_not_found(client, kind, name):
    assert client.get(f"/{kind}/{name}/").status_code == 404
    assert client.get(f"/es/{kind}/{name}/").status_code == 404
