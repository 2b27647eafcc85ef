"""Leaflets as pages: what one says on paper, where it stands, and the code that it carries."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from clinic.codes import read_code
from procedures import publishing
from procedures.models import Leaflet, ProcedurePage
from tests.procedures.published import BY, leaflet, publish_page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic", "media_root")]

ADDRESS, PDF_ADDRESS = "/procedures/kyphoplasty/leaflet/", "/procedures/kyphoplasty/leaflet.pdf"


# The page


def test_a_leaflet_says_everything_of_the_page_and_all_of_it_is_open(client, published):
    page = client.get(ADDRESS).content.decode().partition("<main")[2]
    in_order = [
        "Test Clinic",
        "(206) 555-0142",
        "<h1>Balloon repair of a broken back bone</h1>",
        "Medical name: Kyphoplasty",
        "A balloon lifts the bone",
        "<strong>5 to 10 minutes</strong>",
        "It eases <strong>pain</strong>.",
        "Broken bone",
        "People with a fresh break.",
        "Tell us about medicine 0.",
        "You lie face down.",
        "We make a cut.",
        "For the first week:",
        "No driving.",
        "Urgent: call us today if",
        "Our sources give no figure",
        "Risk specific 0",
        "Will it hurt 0?",
        "A <em>little</em>.",
        "14 Lantern Quay, Fernmouth, WA 98000",
        "(206) 555-0143",
        "Where we only examine you",
        "Dr. Ada",
        "https://clinic.example/procedures/kyphoplasty/",
        leaflet().code,
        "https://clinic.example/procedures/leaflet/",
        "Dr. Rhea Rowe",
    ]
    places = [page.index(words) for words in in_order]
    assert places == sorted(places)
    for closed in ("<details", "<form", "<script", "Source:"):
        assert closed not in page


def test_a_leaflet_costs_no_more_questions_than_any_page_and_sets_no_cookie(
    client, published, django_assert_max_num_queries
):
    with django_assert_max_num_queries(6):
        response = client.get(ADDRESS)
    assert not response.cookies
    assert response["Cache-Control"] == "public, no-cache"


def test_a_leaflet_leads_to_itself_in_the_other_language_and_back_to_the_page(client, published):
    assertContains(client.get(ADDRESS), 'href="/es/procedures/cifoplastia/leaflet/"')
    assertContains(client.get("/es/procedures/cifoplastia/leaflet/"), 'href="/procedures/kyphoplasty/leaflet/"')
    assertContains(client.get(ADDRESS), 'href="/procedures/kyphoplasty/"')
    moved = client.get("/es/procedures/kyphoplasty/leaflet/")
    assertRedirects(moved, "/es/procedures/cifoplastia/leaflet/", status_code=301)


def test_the_page_leads_to_its_leaflet_and_a_preview_does_not(client, editor, kyphoplasty):
    publish_page(kyphoplasty)
    assertContains(client.get("/procedures/kyphoplasty/"), f'<a href="{ADDRESS}">Leaflet to print</a>', html=True)
    draft = publishing.open_draft(page=kyphoplasty.pages.get(), by=BY)
    client.force_login(editor)
    assertNotContains(client.get(f"/procedures/preview/procedure/{draft.pk}/"), "Leaflet to print")


def test_a_leaflet_past_its_review_date_says_so(client, kyphoplasty):
    publish_page(kyphoplasty, next_review_due=timezone.localdate() + timedelta(days=1))
    assertNotContains(client.get(ADDRESS), "was due for review")
    with time_machine.travel(timezone.now() + timedelta(days=3), tick=False):
        assertContains(client.get(ADDRESS), "was due for review")


def test_what_is_not_published_has_no_leaflet(client, kyphoplasty):
    publish_page(kyphoplasty)
    publishing.withdraw_page(page=kyphoplasty.pages.get(), by=BY)
    for path in (ADDRESS, PDF_ADDRESS):
        assert client.get(path).status_code == 410
    for path in ("/procedures/nothing/leaflet/", "/procedures/nothing/leaflet.pdf"):
        assert client.get(path).status_code == 404


def test_a_page_cannot_take_the_address_where_codes_are_typed(kyphoplasty):
    page = ProcedurePage(procedure=kyphoplasty, language="en", slug="leaflet")
    with pytest.raises(ValidationError, match="uses this address itself"):
        page.full_clean()


# Its code


def test_each_published_version_has_a_code_of_its_own_and_keeps_it(kyphoplasty):
    publish_page(kyphoplasty)
    first = leaflet()
    assert read_code(first.code) == first.code
    publish_page(kyphoplasty)
    assert leaflet().code != first.code
    assert Leaflet.objects.get(pk=first.pk).code == first.code
    Leaflet.objects.promise([first.version])
    assert Leaflet.objects.count() == 2
