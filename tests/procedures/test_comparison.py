"""Two procedures side by side: what is compared, at which address, and what it costs."""

from datetime import date

import pytest
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from procedures.models import Procedure
from tests.procedures.published import (
    every_section,
    make_clinic,
    make_place,
    make_procedure,
    publish_in_both_languages,
    publish_page,
)
from tests.remembered import remembered

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic")]

ADDRESS = "/procedures/compare/kyphoplasty/vertebroplasty/"


@pytest.fixture
def kyphoplasty():
    return make_procedure("kyphoplasty", order=1)


@pytest.fixture
def vertebroplasty():
    return make_procedure("vertebroplasty", order=2)


@pytest.fixture
def both(kyphoplasty, vertebroplasty):
    """Both procedures published with the same sections, the first leading to the second."""
    publish_the_same()


@remembered
def publish_the_same():
    publish_both(*Procedure.objects.order_by("order"))


def publish_both(kyphoplasty, vertebroplasty, **second):
    """Publish two procedures in both languages; `second` replaces sections of the second."""
    related = {"related": {"related": [vertebroplasty]}}
    publish_in_both_languages(vertebroplasty, ("vertebroplasty", "vertebroplastia"), every_section() | second)
    publish_in_both_languages(kyphoplasty, sections=every_section() | related)
    for procedure, name in ((kyphoplasty, "Kyphoplasty"), (vertebroplasty, "Vertebroplasty")):
        procedure.pages.update(medical_name=name)


def rows(response):
    """Return {title of a row: its two cells} of every group of a comparison."""
    return {str(row.title): row.cells for group in response.context["groups"] for row in group.rows}


def test_the_same_questions_are_answered_for_both(client, both, kyphoplasty, vertebroplasty):
    place = make_place("quay")
    kyphoplasty.performed_at.add(place)
    vertebroplasty.evaluated_at.add(place)
    response = client.get(ADDRESS)
    assert list(rows(response)) == [
        "How long it takes",
        "What it is for",
        "Who it may help",
        "Who should not have it",
        "When it works best",
        "Your anesthetic",
        "Where you have it",
        "Step by step",
        "Do not",
        "You may",
        "Risk specific 0",
        "Risk general 0",
        "Where we do it",
        "Where we only examine you",
        "Last checked",
    ]
    assertContains(response, "<h1>Compare Kyphoplasty and Vertebroplasty</h1>", html=True)
    for words in ("5 to 10 minutes", "<strong>pain</strong>", "For the first week", "Step 0"):
        assertContains(response, words, count=2)


def test_what_one_page_does_not_say_is_said_so(client, kyphoplasty, vertebroplasty):
    own_risk = {"key": "leak", "name": "A leak", "text": "It may leak.", "scope": "specific", "sources": ["a"]}
    publish_both(kyphoplasty, vertebroplasty, risks=[own_risk], day={"setting": "At home.", "timing": "Soon."})
    response = client.get(ADDRESS)
    answers = rows(response)
    assert [cell["is_empty"] for cell in answers["A leak"]] == [True, False]
    assert [cell["is_empty"] for cell in answers["Your anesthetic"]] == [False, True]
    assert answers["A leak"][1]["facts"][0]["value"] == "Our sources give no figure."
    assertContains(response, "A risk that a page does not name may still happen.")
    assertContains(response, "Its page does not say.", count=4)


def test_the_same_risk_stands_in_one_row_whatever_each_page_calls_it(client, kyphoplasty, vertebroplasty):
    fact = {"fact_key": "risk/leak", "low": 7, "high": 40, "unit": "per-100", "sources": ["a"]}
    risk = {"key": "specific-0", "name": "Cement leaks", "scope": "specific", "how_often": "In 6 months", **fact}
    publish_both(kyphoplasty, vertebroplasty, risks=[risk])
    first, second = rows(client.get(ADDRESS))["Risk specific 0"]
    assert first["facts"] == [{"label": "", "value": "Rare", "note": ""}]
    assert second["facts"] == [{"label": "Cement leaks", "value": "In 6 months: 7 to 40 in 100 people", "note": ""}]


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("/procedures/compare/vertebroplasty/kyphoplasty/", ADDRESS),
        ("/procedures/compare/cifoplastia/vertebroplasty/", ADDRESS),
        ("/es" + ADDRESS, "/es/procedures/compare/cifoplastia/vertebroplastia/"),
    ],
)
def test_either_order_and_any_language_lead_to_one_address(client, both, asked, shown):
    assertRedirects(client.get(asked), shown, status_code=301)


def test_the_language_switch_leads_to_the_same_comparison(client, both):
    spanish = "/es/procedures/compare/cifoplastia/vertebroplastia/"
    assertContains(client.get(ADDRESS), f'href="{spanish}"')
    assertContains(client.get(spanish), f'href="{ADDRESS}"')


def test_a_comparison_that_stands_in_one_language_only_leads_to_the_list_in_the_other(
    client, kyphoplasty, vertebroplasty
):
    publish_in_both_languages(kyphoplasty)
    publish_page(vertebroplasty, slug="vertebroplasty")
    response = client.get(ADDRESS)
    assertContains(response, 'href="/es/procedures/"')
    assertNotContains(response, 'hreflang="es" href="https://')


@pytest.mark.parametrize(
    ("slugs", "known"),
    [
        ("kyphoplasty/kyphoplasty", 1),
        ("kyphoplasty/nothing", 1),
        ("nothing/nowhere", 0),
        ("kyphoplasty/cifoplastia", 1),
    ],
)
def test_what_cannot_be_compared_is_told_with_a_way_on(client, both, slugs, known):
    response = client.get(f"/procedures/compare/{slugs}/")
    assertContains(response, "We cannot compare these two", status_code=404)
    assertContains(response, 'href="/procedures/kyphoplasty/"', count=known, status_code=404)
    assertContains(response, "See all procedures", status_code=404)


def test_a_slug_of_the_readers_language_goes_before_the_same_of_another(client, both):
    publish_in_both_languages(make_procedure("other", order=3), ("other", "kyphoplasty"))
    assert client.get(ADDRESS).status_code == 200


def test_a_procedure_page_leads_to_its_comparisons_in_their_one_order(client, kyphoplasty, vertebroplasty):
    publish_both(kyphoplasty, vertebroplasty, related={"related": [kyphoplasty]})
    link = f'<a href="{ADDRESS}">Compare Kyphoplasty and Vertebroplasty</a>'
    for slug in ("kyphoplasty", "vertebroplasty"):
        assertContains(client.get(f"/procedures/{slug}/"), link, html=True)


def test_a_check_that_is_overdue_is_told(client, kyphoplasty, vertebroplasty):
    publish_page(vertebroplasty, slug="vertebroplasty")
    publish_page(kyphoplasty, reviewed_on=date(2020, 1, 1), next_review_due=date(2021, 1, 1))
    assert timezone.localdate() > date(2021, 1, 1)
    assertContains(client.get(ADDRESS), "This page was due for review on January 1, 2021.", count=1)


def test_a_clinic_that_wants_no_warning_still_tells_the_true_date(client, kyphoplasty, vertebroplasty):
    make_clinic(when_overdue="dates")
    publish_page(vertebroplasty, slug="vertebroplasty")
    publish_page(kyphoplasty, reviewed_on=date(2020, 1, 1), next_review_due=date(2021, 1, 1))
    response = client.get(ADDRESS)
    assertContains(response, "The next check was due on January 1, 2021.", count=1)
    assertNotContains(response, "Ask us if you want to be sure")


def test_a_comparison_asks_the_database_at_most_six_times(client, both, django_assert_num_queries):
    with django_assert_num_queries(6):
        assert client.get(ADDRESS).headers["Cache-Control"] == "public, no-cache"


def test_the_sitemap_holds_the_comparisons_that_pages_lead_to(client, kyphoplasty, vertebroplasty):
    publish_both(kyphoplasty, vertebroplasty, related={"related": [kyphoplasty]})
    publish_in_both_languages(make_procedure("other", order=3), ("other", "otra"))
    sitemap = client.get("/sitemap.xml")
    for path in (ADDRESS, "/es/procedures/compare/cifoplastia/vertebroplastia/"):
        assertContains(sitemap, f"<loc>https://clinic.example{path}</loc>", count=1)
    assertContains(sitemap, "<loc>https://clinic.example/procedures/compare/", count=1)


def test_a_related_procedure_without_a_page_is_not_in_the_sitemap(client, kyphoplasty, vertebroplasty):
    publish_page(kyphoplasty, sections={"related": {"related": [vertebroplasty]}})
    assertNotContains(client.get("/sitemap.xml"), "compare")
