"""The addresses of pages: the same page in the other language, and what is not found."""

import pytest
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from procedures import publishing
from tests.procedures.published import (
    BY,
    make_condition,
    make_draft,
    make_procedure,
    publish_in_both_languages,
    publish_page,
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


@pytest.mark.parametrize("path", ["/es/procedures/kyphoplasty/", "/procedures/vertebroplasty/", "/procedures/old/"])
def test_what_is_not_published_here_is_not_found_and_the_page_helps(client, kyphoplasty, path):
    publish_page(kyphoplasty)
    make_draft(make_procedure("vertebroplasty"), slug="vertebroplasty")
    gone = publish_page(make_procedure("old"), slug="old")
    publishing.withdraw_page(page=gone, by=BY)
    response = client.get(path)
    language = "/es" if path.startswith("/es") else ""
    assertContains(response, f'href="{language}/procedures/"', status_code=404)
    assertContains(response, "(206) 555-0142", status_code=404)


@pytest.mark.parametrize(
    "name", ["%00", "a%00b", "%FF", "a" * 5000, "..%2F..", "%27%20OR%201=1", "%F0%9F%98%80", "-", "A%0D%0AX:y"]
)
@pytest.mark.parametrize("kind", ["procedures", "conditions", "locations"])
def test_a_hostile_address_is_not_found(client, kind, name):
    assert client.get(f"/{kind}/{name}/").status_code == 404
    assert client.get(f"/es/{kind}/{name}/").status_code == 404
