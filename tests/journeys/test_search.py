"""A patient searches: in their own words, misspelt, in Spanish, and for something that no page answers."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from procedures.models import MissedSearch
from procedures.search import count_miss
from tests.journeys.walking import SCHEMES, demonstration, fits, follow, log_in  # noqa: F401 -- a fixture

PHONE = {"width": 390, "height": 844}


@pytest.mark.usefixtures("demonstration")
def test_a_patient_finds_a_page_with_a_lay_word_and_goes_on_when_there_is_none(page, axe):
    # Given a patient on a phone, who knows no medical word.
    page.set_viewport_size(PHONE)
    page.goto("/")

    # When they type what they heard, with the keyboard alone,
    page.get_by_role("searchbox", name="Search in your own words").fill("ballon back surgery")
    page.keyboard.press("Enter")

    # then the page they need stands first, the words are kept in the box, and the title does not say them.
    expect(page.get_by_role("heading", level=1)).to_have_text("Search results")
    expect(page.get_by_role("searchbox")).to_have_value("ballon back surgery")
    expect(page).to_have_title("Search results – Alder Spine Clinic")
    assert fits(page)
    axe(page)
    page.get_by_role("main").get_by_role("listitem").first.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Balloon repair of a broken back bone")

    # Where no page answers, the telephone number and the request form do.
    page.goto("/procedures/")
    page.get_by_role("searchbox").fill("xqzzv")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", name="We found no page for these words")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("link", name="Call")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("link", name="Ask for an appointment")).to_be_visible()
    assert fits(page)
    axe(page)

    # And in Spanish it is the same.
    page.goto("/es/")
    page.get_by_role("searchbox", name="Busque con sus propias palabras").fill("columna aplastada")
    page.get_by_role("button", name="Buscar").click()
    expect(page.get_by_role("main").get_by_role("link", name="Reparación con balón")).to_be_visible()
    axe(page)
    assert page.context.cookies() == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_editor_reads_what_patients_did_not_find(page, axe, editor, scheme):
    for back in (3, 2, 1):
        count_miss(("knee", "joint"), "en")
        MissedSearch.objects.update(last_day=timezone.localdate() - timedelta(days=back))
    page.emulate_media(color_scheme=scheme)
    log_in(page, "editor")
    follow(page.get_by_role("link", name="Patients looked for 1 thing that no page answers."))
    axe(page)
    follow(page.get_by_role("link", name="knee joint"))
    axe(page)
    follow(page.get_by_role("link", name="Delete"))
    axe(page)
    follow(page.get_by_role("button", name="Yes"))
    expect(page.get_by_text("knee joint")).to_be_visible()
    assert not MissedSearch.objects.exists()
