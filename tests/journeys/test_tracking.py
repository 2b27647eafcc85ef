"""A patient follows a request on the private page: from the first question to an appointment, and back out of it."""

import re

import pytest
from playwright.sync_api import expect

from appointments.changes import CHANGES
from appointments.models import AppointmentRequest, Status
from outbox.models import Message
from tests.appointments.factories import answered_request, claimed_request, link_to, make_request, make_time, moved
from tests.appointments.offer import offer  # noqa: F401 -- a fixture
from tests.journeys.test_request import LOOKS, SMALL, tab_to
from tests.journeys.walking import fits, follow

pytestmark = pytest.mark.usefixtures("offer")

CHOSEN = {"wish": "appointment", "location": "north", "signs": "none of these", "times": "any", "reach_by": "either"}
TYPED = {"matter": "Me duele la espalda.", "full_name": "Ana O’Brien", "email": "ana@example.org"}
WORDS = {
    "en": {
        "request": "This is a request, not yet an appointment.",
        "choose": "Choose this time",
        "yes": "Yes, I want this time",
        "agreed": "You have an appointment:",
        "calendar": "Put it into your calendar",
        "cancel": "Cancel your appointment",
        "sure": "Yes, cancel my appointment",
        "cancelled": "Your appointment is cancelled.",
    },
    "es": {
        "request": "Esto es una solicitud; todavía no es una cita.",
        "choose": "Elegir esta hora",
        "yes": "Sí, quiero esta hora",
        "agreed": "Tiene una cita:",
        "calendar": "Ponerla en su calendario",
        "cancel": "Cancelar su cita",
        "sure": "Sí, cancelar mi cita",
        "cancelled": "Su cita está cancelada.",
    },
}


def ask(page, prefix):
    """Fill in the request form, whatever it asks on which page, and send it."""
    page.goto(f"{prefix}/appointments/request/?procedure={'cifoplastia' if prefix else 'kyphoplasty'}")
    while page.locator("button[value=send]").count() == 0:
        for name, value in CHOSEN.items():
            for control in page.locator(f"input[name={name}][value='{value}']").all():
                control.check()
        for name, text in TYPED.items():
            for control in page.locator(f"input[name={name}], textarea[name={name}]").all():
                control.fill(text)
        follow(page.locator("button[value=next]"))
    follow(page.locator("button[value=send]"))


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_whole_way_from_asking_to_cancelling_without_a_script(new_context, reception, language):
    # Given a patient without scripts, on a small telephone, who asks,
    words, prefix = WORDS[language], "/es" if language == "es" else ""
    page = new_context(viewport=SMALL, java_script_enabled=False, accept_downloads=True).new_page()
    ask(page, prefix)
    expect(page.get_by_text(words["request"])).to_be_visible()

    # when the clinic offers times, the link of its message shows them,
    request = AppointmentRequest.objects.get()
    request = moved(
        moved(request, "claim", by=reception), "offer", by=reception, times=[make_time(), make_time(days=8)]
    )
    message = Message.objects.filter(purpose="offer").get()
    page.goto(re.search(r"(?:/es)?/appointments/track/[\w-]+/", message.text)[0])
    expect(page.get_by_text(words["request"])).to_be_visible()

    # one is chosen in two presses,
    page.get_by_role("link", name=words["choose"]).first.click()
    page.get_by_role("button", name=words["yes"]).click()
    expect(page.get_by_text(words["agreed"])).to_be_visible()
    assert AppointmentRequest.objects.get().status == Status.AGREED

    # goes into the calendar,
    with page.expect_download() as download:
        page.get_by_role("link", name=words["calendar"]).click()
    calendar = download.value.path().read_text()
    assert calendar.startswith("BEGIN:VCALENDAR")
    assert "Ana" not in calendar
    assert "/track/" not in calendar

    # and is cancelled in two presses.
    page.get_by_role("link", name=words["cancel"]).click()
    page.get_by_role("button", name=words["sure"]).click()
    expect(page.get_by_text(words["cancelled"])).to_be_visible()
    assert AppointmentRequest.objects.get().status == Status.WITHDRAWN


def states(reception):
    """Return a private page in each state, and each page behind it."""
    found = {}
    for status in Status:
        inputs = {"agree": {"time": make_time(clinician=str(status))}}
        request = make_request(status=status, by=reception, procedure="kyphoplasty", inputs=inputs)
        found[str(status)] = f"/appointments/track/{link_to(request)}/"
    asked = moved(claimed_request(reception), "ask", by=reception, question="A scan?")
    found["asked"] = f"/appointments/track/{link_to(asked)}/"
    pages = list(found.values())
    pages += [f"{found['new']}{name}/" for name in CHANGES if name not in ("accept", "reply", "cancel", "other-times")]
    pages += [f"{found['waiting']}other-times/", f"{found['agreed']}cancel/", f"{found['asked']}words/"]
    number = AppointmentRequest.objects.get(status=Status.WAITING, clinic_questions=None).offers.first().pk
    pages += [f"{found['waiting']}accept/{number}/", f"{found['closed']}add/", "/appointments/track/"]
    return [*pages, *(f"/es{page}" for page in pages)], found


def test_the_question_is_answered_with_the_keyboard_alone(page, axe, reception):
    asked = moved(claimed_request(reception), "ask", by=reception, question="A scan?")
    page.set_viewport_size(SMALL)
    page.goto(f"/appointments/track/{link_to(asked)}/")
    axe(page)
    tab_to(page, page.get_by_role("link", name="Read our question"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Our question")
    axe(page)
    tab_to(page, page.get_by_role("button", name="Show it now"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("A scan?")).to_be_visible()
    axe(page)
    tab_to(page, page.get_by_role("button", name="Send my answer"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_text("A scan?")).to_be_visible()
    axe(page)
    assert fits(page)
    tab_to(page, page.get_by_label("Your answer"))
    page.keyboard.type("Yes, in May.")
    tab_to(page, page.get_by_role("button", name="Send my answer"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("We have your answer.")
    axe(page)


@pytest.mark.wide
@pytest.mark.parametrize("look", [{"color_scheme": "light"}, *LOOKS], ids=["light", "dark", "forced colors"])
def test_every_private_page_is_sound_in_every_look(page, axe, reception, look):
    page.emulate_media(**look)
    addresses, found = states(reception)
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        for address in addresses:
            page.goto(address)
            assert fits(page), address
            axe(page)
    page.goto(f"{found['answered']}words/")
    page.get_by_role("button", name="Show it now").click()
    axe(page)
    page.goto("/appointments/track/")
    page.get_by_role("button", name="Send me a new link").click()
    expect(page.get_by_role("alert")).to_be_focused()
    axe(page)


@pytest.mark.wide
def test_every_private_page_fits_a_narrow_screen_with_doubled_text(page, reception):
    page.set_viewport_size({"width": 320, "height": 800})
    for address in states(reception)[0]:
        page.goto(address)
        page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
        assert fits(page), address


def test_no_page_of_another_is_told_the_private_address(page, reception):
    told = []
    page.on("request", lambda request: told.append((request.url, request.headers.get("referer", ""))))
    token = link_to(answered_request(reception))
    page.goto(f"/appointments/track/{token}/")
    page.get_by_role("link", name="Read our answer").click()
    page.get_by_role("button", name="Show it now").click()
    page.get_by_role("link", name="Contact").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Contact")
    assert not [referrer for _url, referrer in told if token in referrer]
