"""A patient reads: from the home page to a procedure, its condition, a place, the team, and the same in Spanish."""

import re

import pytest
from playwright.sync_api import expect

from tests.clinic.factories import make_hours
from tests.journeys.walking import fits
from tests.procedures.published import (
    every_section,
    make_clinic,
    make_clinician,
    make_condition,
    make_place,
    make_procedure,
    publish_in_both_languages,
)
from tests.remembered import remembered

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
PAGES = [
    "/",
    "/procedures/",
    "/procedures/kyphoplasty/",
    "/procedures/compare/kyphoplasty/vertebroplasty/",
    "/conditions/fracture/",
    "/locations/",
    "/locations/quay/",
    "/team/",
    "/contact/",
    "/procedures/nothing/",
]


@pytest.fixture
def clinic(transactional_db):
    make_all_shown()


@remembered
def make_all_shown():
    """A small clinic with all that its pages can show, in both languages."""
    make_clinic(
        about={"en": "We show **our sources**.", "es": "Mostramos **nuestras fuentes**."},
        demonstration_notice={"en": "This is a demonstration.", "es": "Esto es una demostración."},
    )
    condition, procedure, other = make_condition(), make_procedure(), make_procedure("vertebroplasty", order=1)
    place, second = make_place("quay", telephone="(206) 555-0143"), make_place("hill")
    make_hours()
    make_hours(location=place)
    clinician = make_clinician("ada", languages=["en", "es"])
    clinician.locations.add(place)
    procedure.conditions.add(condition)
    procedure.performed_at.add(place)
    procedure.evaluated_at.add(second)
    procedure.clinicians.add(clinician)
    about = {"about": {"what_it_is": "A bone broke."}, "questions": [{"question": "Will it heal?", "answer": "Often."}]}
    publish_in_both_languages(condition, ("fracture", "fractura"), sections=about, plain_name="Broken bone")
    publish_in_both_languages(other, ("vertebroplasty", "vertebroplastia"), plain_name="Cement repair")
    publish_in_both_languages(procedure, sections=every_section(2) | {"related": {"related": [other]}})


def test_a_patient_reads_about_a_procedure_and_finds_the_way_to_ask(page, clinic):
    # Given a patient on a phone.
    page.set_viewport_size(PHONE)

    # When they open the site and choose a procedure,
    page.goto("/")
    page.get_by_role("link", name="Balloon repair of a broken back bone").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Balloon repair of a broken back bone")

    # then the first screen says what it is, whom to call, and how to ask about this procedure,
    expect(page.get_by_text("A balloon lifts the bone").first).to_be_in_viewport()
    main = page.get_by_role("main")
    expect(main.get_by_role("link", name="(206) 555-0142").first).to_be_in_viewport()
    ask = main.get_by_role("link", name="Ask for an appointment about Kyphoplasty")
    expect(ask).to_have_attribute("href", "/appointments/request/?procedure=kyphoplasty&version=1")

    # the contents lead to each part,
    page.get_by_role("navigation", name="On this page").get_by_role("link", name="When to get help").click()
    expect(page.get_by_role("heading", name="When to get help")).to_be_in_viewport()

    # a question opens without a script, a source is shown where it is named,
    page.get_by_text("Will it hurt 0?").click()
    expect(page.get_by_text("A little.").first).to_be_visible()

    # the condition, the place and the person are one press away,
    page.get_by_role("link", name="Broken bone").click()
    expect(page.get_by_text("A bone broke.")).to_be_visible()
    page.go_back()
    main.get_by_role("link", name="Dr. Ada").click()
    expect(page).to_have_url(re.compile("/team/#ada$"))
    page.go_back()
    main.get_by_role("link", name="Quay").click()
    expect(page.get_by_role("table", name="When Quay is open")).to_be_visible()

    # it stands side by side with another procedure,
    page.goto("/procedures/kyphoplasty/")
    page.get_by_role("link", name="Compare Kyphoplasty and").click()
    aims = page.get_by_role("table", name="What it is for").get_by_role("row", name="What it is for")
    expect(aims.get_by_role("cell")).to_have_count(2)
    expect(aims.get_by_text("It eases pain.")).to_be_visible()

    # and the page in Spanish is the same page.
    page.goto("/procedures/kyphoplasty/")
    page.get_by_role("navigation", name="Language", exact=True).get_by_role("link", name="Español").click()
    expect(page).to_have_url(re.compile("/es/procedures/cifoplastia/$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Reparación con balón de un hueso roto")


def test_everyone_can_use_each_page(page, axe, clinic):
    # In one window, which takes as long to open as a page; what axe finds names the page.
    page.set_viewport_size(PHONE)
    for path in [*PAGES, "/es/procedures/cifoplastia/"]:
        page.goto(path)
        axe(page)
        assert fits(page), path
