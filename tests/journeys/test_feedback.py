"""A reader says what is missing on a page, and an editor works it off."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.walking import fits, log_in
from tests.procedures.published import every_section, make_clinic, make_procedure, publish_in_both_languages

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def kyphoplasty(transactional_db):
    make_clinic()
    publish_in_both_languages(make_procedure(), sections=every_section())


def test_a_reader_says_what_is_missing_and_an_editor_works_it_off(page, axe, kyphoplasty, editor):
    # Given a reader on a phone, at the end of a page.
    page.set_viewport_size(PHONE)
    page.goto("/procedures/kyphoplasty/")
    page.get_by_role("link", name="Did this answer your question? What is missing?").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tell us about this page")
    axe(page)

    # When they write without a choice, they are told, and nothing is lost;
    page.get_by_label("What is missing, or hard to understand?").fill("How long until I drive?")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose “Yes” or “No”.")
    expect(page.get_by_label("What is missing, or hard to understand?")).to_have_value("How long until I drive?")
    axe(page)
    assert fits(page)

    # nor is it when they go over to Spanish;
    page.get_by_role("button", name="Español").click()
    expect(page).to_have_url(re.compile("/es/procedures/cifoplastia/feedback/$"))
    expect(page.get_by_label("¿Qué falta o no se entiende bien?")).to_have_value("How long until I drive?")

    # once they choose, they are thanked, and the way back leads to the page.
    page.get_by_label("No", exact=True).check()
    page.get_by_role("button", name="Enviar").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Gracias")
    axe(page)
    page.get_by_role("link", name="Volver a").click()
    expect(page).to_have_url(re.compile("/es/procedures/cifoplastia/$"))

    # Then an editor finds it on the first page of the desk, reads it, and marks it as done.
    log_in(page, "editor")
    page.get_by_role("link", name="1 answer about a page waits for you.").click()
    axe(page)
    page.get_by_role("cell", name="open").wait_for()
    page.get_by_role("rowheader", name="(Spanish)").get_by_role("link").click()
    expect(page.get_by_text("How long until I drive?")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Mark as done").click()
    expect(page.get_by_text("It is marked as done.")).to_be_visible()
