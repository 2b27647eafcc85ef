"""Staff write down who telephones, print the pack for a power cut, and practice on the patients' form."""

import pytest
from playwright.sync_api import expect

from appointments.models import AppointmentRequest, Kind
from clinic.models import GeneralWarningSign
from tests.appointments.factories import make_request
from tests.appointments.offer import make_offer
from tests.journeys.walking import fits, follow, log_in

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
LOOKS = {
    "light": {"viewport": DESK, "color_scheme": "light"},
    "dark, narrow": {"viewport": PHONE, "color_scheme": "dark"},
    "forced colours": {"viewport": DESK, "forced_colors": "active"},
}


@pytest.fixture(params=["light", *(pytest.param(name, marks=pytest.mark.wide) for name in LOOKS if name != "light")])
def page(request, new_context, transactional_db):
    """A browser in each of the looks."""
    return new_context(**LOOKS[request.param]).new_page()


def test_reception_writes_down_who_telephones(page, axe, reception):
    # Given a clinic that can be asked, and somebody who telephones.
    make_offer()
    log_in(page, "reception")
    page.goto("/admin/appointments/appointmentrequest/")
    axe(page)

    # When reception opens the screen and asks about the signs first, one of which is an emergency,
    follow(page.get_by_role("link", name="Write down a request"))
    axe(page)
    assert fits(page)
    page.get_by_label("Your legs feel numb.").check()
    axe(page)
    follow(page.get_by_role("button", name="Show me what to say"))
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("Get help.")
    axe(page)

    # but that was a slip, so that it is taken back, and the treatment's own signs are asked,
    page.get_by_label("Your legs feel numb.").uncheck()
    page.get_by_label("Balloon repair").check()
    page.get_by_label("To ask for an appointment").check()
    follow(page.get_by_role("button", name="Show the questions for these answers"))
    expect(page.get_by_label("sudden-pain in en")).to_be_visible()
    page.get_by_label("None of these").check()

    # and the rest is filled in after a first try,
    follow(page.get_by_role("button", name="Save the request"))
    expect(page.get_by_role("alert")).to_be_focused()
    axe(page)
    assert fits(page)
    page.get_by_label("By telephone").first.check()
    page.get_by_label("Northside").check()
    page.get_by_label("What is the matter?").fill("Her back hurts.")
    page.get_by_label("Any time").check()
    page.get_by_label("Your full name").fill("Ana O’Brien")
    page.get_by_label("Your telephone number").fill("(206) 555-0123")
    page.get_by_label("Either one is fine").check()
    follow(page.get_by_role("button", name="Save the request"))

    # Then it stands on its sheet.
    expect(page.get_by_text("is written down.")).to_be_visible()
    expect(page.get_by_text("By telephone").first).to_be_visible()
    assert AppointmentRequest.objects.get().source == "telephone"


def test_the_pack_can_be_read_and_printed(page, axe, reception):
    make_offer()
    make_request(is_urgent=True, full_name="Wolfeschlegelsteinhausenbergerdorff " * 3)
    GeneralWarningSign.objects.update(action={"en": "Get help now. " * 10})
    log_in(page, "reception")
    for sheets in (0, 2):
        page.goto(f"/admin/appointments/appointmentrequest/downtime/?sheets={sheets}")
        axe(page)
        assert fits(page)
    page.emulate_media(media="print")
    expect(page.get_by_role("link", name="Back to the queue")).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).fontSize") == "16px"


def test_somebody_in_training_sends_a_request_that_never_reaches_the_queue(page, axe, reception):
    make_offer()
    log_in(page, "reception")
    page.goto("/admin/appointments/appointmentrequest/")
    follow(page.get_by_role("link", name="Practice on the patients’ form"))
    expect(page.get_by_text("This is for training.")).to_be_visible()
    axe(page)
    request = make_request()
    AppointmentRequest.objects.filter(pk=request.pk).update(kind=Kind.PRACTICE)
    page.goto("/admin/appointments/appointmentrequest/")
    expect(page.get_by_text("Nothing waits for the clinic")).to_be_visible()
    # On a telephone the views that are needed less often are folded away.
    if page.get_by_text("More views").is_visible():
        page.get_by_text("More views").click()
    follow(page.get_by_role("navigation", name="What to show").get_by_role("link", name="Practice"))
    follow(page.get_by_role("link", name=request.reference))
    expect(page.get_by_text("This is practice")).to_be_visible()
    axe(page)
    assert fits(page)
