"""A patient asks for an appointment: with the keyboard, on a small screen, going back and forth, in both languages."""

import re

import pytest
from playwright.sync_api import expect

from appointments.models import AppointmentRequest
from outbox.models import Message
from tests.appointments.offer import offer  # noqa: F401 -- a fixture
from tests.journeys.walking import fits, follow

pytestmark = pytest.mark.usefixtures("offer")

SMALL = {"width": 320, "height": 640}
LOOKS = [{"color_scheme": "dark"}, {"forced_colors": "active"}]


def tab_to(page, locator):
    """Press Tab until this element has the focus, once the page is all there."""
    page.wait_for_load_state()
    for _press in range(60):
        page.keyboard.press("Tab")
        if locator.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"Tab does not lead to {locator}")


def choose(page, name):
    """Choose a radio button or tick a check box with the keyboard."""
    control = page.get_by_label(name, exact=True)
    if control.get_attribute("type") == "checkbox":
        tab_to(page, control)
        page.keyboard.press("Space")
        return
    group = page.locator(f"input[name={control.get_attribute('name')}]")
    chosen = group.locator("xpath=self::*[@checked]")
    tab_to(page, chosen.first if chosen.count() else group.first)
    page.keyboard.press("Space")
    while not control.is_checked():
        page.keyboard.press("ArrowDown")


def type_into(page, name, text):
    """Type into a box with the keyboard."""
    tab_to(page, page.get_by_label(name, exact=True))
    page.keyboard.type(text)


def press(page, name):
    """Press a button with the keyboard."""
    tab_to(page, page.get_by_role("button", name=name, exact=True))
    page.keyboard.press("Enter")


def test_a_request_is_asked_with_the_keyboard_alone(page, axe):
    # Given the form, opened from the page of a procedure on a small telephone,
    page.set_viewport_size(SMALL)
    page.goto("/appointments/request/?procedure=kyphoplasty")
    expect(page).to_have_title("What you would like – Test Spine Clinic")
    axe(page)
    assert fits(page)

    # when a place is chosen beside what is filled in already,
    choose(page, "Northside")
    press(page, "Continue")
    expect(page).to_have_title(re.compile("^Signs that need help fast"))
    axe(page)

    # and a page is left empty, it says so where the eye and the screen reader are,
    press(page, "Continue")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page).to_have_title(re.compile("^Error: "))
    axe(page)
    assert fits(page)

    # and each page that is filled in leads to the next.
    choose(page, "Your legs feel numb.")
    press(page, "Continue")
    expect(page.get_by_role("link", name="Call 911")).to_have_attribute("href", "tel:911")
    axe(page)
    assert fits(page)
    press(page, "Back: I ticked this by mistake")
    choose(page, "Your legs feel numb.")
    choose(page, "You have a fever.")
    press(page, "Continue")
    expect(page.get_by_role("heading", level=1)).to_have_text("Call us today")
    axe(page)
    press(page, "Continue with your request")
    type_into(page, "What is the matter?", "My back hurts.")
    choose(page, "Any time")
    choose(page, "A scan or an X-ray")
    axe(page)
    assert fits(page)
    press(page, "Continue")
    expect(page).to_have_title(re.compile("^What helps you"))
    tab_to(page, page.get_by_label("Do you need an interpreter?"))
    page.keyboard.type("Viet")
    choose(page, "I need a way in without steps (optional)")
    axe(page)
    assert fits(page)
    press(page, "Continue")
    type_into(page, "Your full name", "Nguyễn Thị Ánh")
    type_into(page, "Your email address", "anh@example.org")
    choose(page, "By email")
    choose(page, "Morning")
    type_into(page, "Month", "March")
    type_into(page, "Day", "27")
    type_into(page, "Year", "1956")
    axe(page)
    assert fits(page)
    page.keyboard.press("Enter")
    expect(page).to_have_title(re.compile("^Check your answers"))
    axe(page)
    assert fits(page)
    assert not AppointmentRequest.objects.exists()

    # Then it is sent at one press, and the private page confirms it.
    press(page, "Send your request")
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your request")
    request = AppointmentRequest.objects.get()
    expect(page.get_by_text(request.reference)).to_be_visible()
    axe(page)
    assert fits(page)
    assert request.is_urgent
    assert request.full_name == "Nguyễn Thị Ánh"
    assert (request.preferences["interpreter"], request.preferences["step_free"]) == ("vi", True)
    assert Message.objects.count() == 1


def test_the_browsers_back_shows_each_page_as_it_was_and_sends_nothing_twice(page):
    # Given a request that was sent,
    page.goto("/appointments/request/")
    page.get_by_label("To ask a question").check()
    page.get_by_label("I am not sure", exact=True).check()
    page.get_by_label("I have no preference").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("None of these").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("What is your question?").fill("Does it hurt?")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Your telephone number").fill("555 0123")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Enter your full name.").first).to_be_visible()
    page.get_by_label("Your full name").fill("O'Brien")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Send your request").click()
    expect(page.get_by_text("We have your request")).to_be_visible()
    sent_to = page.url

    # when the patient presses Back all the way, each page is there, the refused one too,
    for title in (
        "Check your answers",
        "Error: About you",
        "About you",
        "Your question",
        "Signs that need help fast",
        "What you would like",
    ):
        page.go_back()
        expect(page).to_have_title(f"{title} – Test Spine Clinic")
        expect(page.get_by_role("main")).to_be_visible()

    # and when the old pages are sent again, they lead to the same request.
    for _step in range(5):
        page.go_forward()
    expect(page).to_have_title("Check your answers – Test Spine Clinic")
    follow(page.get_by_role("button", name="Send your request"))
    expect(page.get_by_text("We have your request")).to_be_visible()
    assert page.url == sent_to
    assert AppointmentRequest.objects.count() == 1


def test_the_language_changes_on_the_way_and_nothing_is_lost(page, axe):
    page.goto("/appointments/request/")
    page.get_by_label("To ask a question").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_be_focused()
    page.locator("input[value=kyphoplasty]").check()
    page.get_by_role("button", name="Español").click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.get_by_label("Reparación con globo", exact=True)).to_be_checked()
    expect(page.locator("input[value=question]")).to_be_checked()
    axe(page)
    assert page.url.endswith("/es/appointments/request/")


def test_a_parent_asks_for_a_child(page, axe):
    # Given a parent on a small telephone with doubled text,
    page.set_viewport_size(SMALL)
    page.goto("/appointments/request/?procedure=kyphoplasty")
    page.get_by_label("To ask for an appointment").check()
    page.get_by_label("For my child, or for someone else").check()
    page.get_by_label("I have no preference").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("None of these").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("What is the matter?").fill("She fell from a horse.")
    page.get_by_label("Any time").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Continue").click()

    # when answers are missing, the page says which, of whom,
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter the full name of the patient.")
    axe(page)
    page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
    assert fits(page)

    # then the request names both, and whom to call.
    page.get_by_label("Full name of the patient").fill("Zoë O’Brien")
    page.get_by_label("Your full name").fill("Ana O’Brien")
    page.get_by_label("A parent or guardian: the patient is a child").check()
    page.get_by_label("Me", exact=True).check()
    page.get_by_label("Telephone number of the person we contact").fill("206 555 0123")
    page.get_by_label("By telephone").check()
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_title(re.compile("^Check your answers"))
    axe(page)
    page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
    assert fits(page)
    page.get_by_role("button", name="Send your request").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your request")
    request = AppointmentRequest.objects.get()
    assert (request.full_name, request.helper["full_name"]) == ("Zoë O’Brien", "Ana O’Brien")


def test_with_doubled_text_a_notice_on_a_narrow_screen_has_room_for_its_words(page):
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto("/appointments/request/")
    page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
    # Beside its drawing there was room for four letters a line.
    assert page.locator(".notice > div").bounding_box()["width"] > 200


@pytest.mark.wide
@pytest.mark.parametrize("look", LOOKS, ids=["dark", "forced colors"])
def test_the_pages_can_be_read_in_every_look(page, axe, look):
    page.emulate_media(**look)
    page.goto("/appointments/request/")
    axe(page)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_be_focused()
    axe(page)
    page.get_by_label("To ask for an appointment").check()
    page.get_by_label("I am not sure", exact=True).check()
    page.get_by_label("I have no preference").check()
    follow(page.get_by_role("button", name="Continue"))
    for sign in ("Your legs feel numb.", "You have a fever."):
        page.get_by_label(sign).check()
        follow(page.get_by_role("button", name="Continue"))
        axe(page)
        follow(page.get_by_role("button", name=re.compile("^Back")))
        page.get_by_label(sign).uncheck()
    page.get_by_label("None of these").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("What is the matter?").fill("My back hurts.")
    page.get_by_label("Any time").check()
    for _page in ("the matter", "needs"):
        axe(page)
        page.get_by_role("button", name="Continue").click()
    axe(page)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_be_focused()
    axe(page)
