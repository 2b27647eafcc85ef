"""A patient takes a leaflet home: how many sheets it is, and what its code tells weeks later."""

import io

import pytest
from django.utils.translation import override
from playwright.sync_api import expect
from pypdf import PdfReader

from procedures import leaflet_pdf, leaflets
from procedures.models import ProcedurePage
from tests.journeys.walking import demonstration, fits  # noqa: F401 -- a fixture
from tests.matrices import crossed
from tests.procedures.published import every_section, make_clinic, make_procedure, publish_page

MOST_SHEETS = 4
PAPERS = {"letter": "Letter", "A4": "A4"}


def sheets(pdf):
    return len(PdfReader(io.BytesIO(pdf)).pages)


def fullest(count):
    """Return the pages whose leaflets say the most, in each language."""
    pages = list(ProcedurePage.objects.for_leaflet())
    content = {page: len(str(page.live_version.document)) for page in pages}
    for language in ("en", "es"):
        yield from sorted((page for page in pages if page.language == language), key=content.get, reverse=True)[:count]


@pytest.fixture
def clinic(transactional_db, media_root):
    return make_clinic()


def test_a_patient_takes_a_leaflet_home_and_asks_later_whether_it_still_holds(page, axe, clinic):
    # Given a page about a procedure, read on a phone,
    page.set_viewport_size({"width": 390, "height": 844})
    procedure, rows = make_procedure(), every_section()
    publish_page(procedure, sections=rows)
    page.goto("/procedures/kyphoplasty/")

    # when the patient opens its leaflet,
    page.get_by_role("link", name="Leaflet to print").click()

    # then it is a page of its own with a code,
    expect(page.get_by_role("heading", level=1)).to_have_text("Balloon repair of a broken back bone")
    code = page.locator(".code").inner_text()
    axe(page)
    assert fits(page)

    # which is known when it is typed where the leaflet says.
    page.get_by_role("link", name="/procedures/leaflet/").click()
    page.get_by_label("Code of the leaflet").fill(code.lower())
    page.get_by_role("button", name="Look it up").click()
    expect(page.get_by_text("Your leaflet is current")).to_be_visible()
    axe(page)

    # And when the clinic says something else weeks later,
    later = [rows["milestones"][0] | {"to_day": 14}, rows["milestones"][1]]
    publish_page(procedure, sections={"milestones": later})
    page.reload()

    # then the code tells what has changed, and leads to the leaflet of today.
    expect(page.get_by_role("heading", name="What has changed")).to_be_visible()
    expect(page.get_by_text("Now we say: “For the first 2 weeks: No driving.”")).to_be_visible()
    axe(page)
    assert fits(page)
    page.get_by_role("link", name="Open the leaflet as it is now").click()
    expect(page.get_by_text("For the first 2 weeks:")).to_be_visible()

    # A slip of the pen is a sentence beside the box.
    page.goto("/procedures/leaflet/?code=7K4M")
    expect(page.get_by_label("Code of the leaflet")).to_have_value("7K4M")
    axe(page)


@pytest.mark.usefixtures("demonstration")
@pytest.mark.parametrize(("language", "paper"), crossed(["es", "en"], PAPERS))
def test_the_fullest_leaflet_is_four_sheets_at_most_on_either_paper(page, pango, language, paper):
    content = next(each for each in fullest(1) if each.language == language)
    with override(language):
        page.goto(f"{content.get_absolute_url()}leaflet/")
    assert sheets(page.pdf(format=PAPERS[paper])) <= MOST_SHEETS, content.slug
    assert sheets(leaflet_pdf.pdf_of(leaflets.html_of(content), leaflets.style(paper))) <= MOST_SHEETS, content.slug
