"""The form in a real browser where it does not simply go on: closed by a manager, erased, and the box nobody meets."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from appointments import workflow
from appointments.models import AppointmentRequest
from tests.appointments.offer import offer  # noqa: F401 -- a fixture
from tests.appointments.visitor import GOOD
from tests.journeys.walking import fits, follow

pytestmark = pytest.mark.usefixtures("offer")

SMALL = {"width": 320, "height": 640}


def go_on(page, *steps):
    """Fill in these pages and press "Continue" on each."""
    answers = {
        "wish": ["To ask for an appointment", "Balloon repair", "Northside"],
        "signs": ["None of these"],
        "matter": ["Any time"],
        "needs": [],
        "person": ["Either one is fine"],
    }
    for step in steps:
        for label in answers[step]:
            page.get_by_label(label, exact=True).check()
        if step == "matter":
            page.get_by_label("What is the matter?").fill(GOOD["matter"]["matter"])
        if step == "person":
            page.get_by_label("Your full name", exact=True).fill("Ana Sol")
            page.get_by_label("Your email address").fill("ana@example.org")
        follow(page.get_by_role("button", name="Continue"))


def test_a_form_that_closes_meanwhile_says_so_and_goes_on_later_where_it_was(page, axe, manager):
    # Given somebody who is at their last page when a manager closes the form,
    page.set_viewport_size(SMALL)
    page.goto("/appointments/request/")
    go_on(page, "wish", "signs", "matter", "needs")
    words = {"en": "We move house this week.", "es": "Esta semana nos mudamos."}
    ends_at = timezone.now() + timedelta(days=1)
    closing = workflow.close_form(by=manager.as_actor(), ends_at=ends_at, words=words)

    # when they go on, the page says why, in either language,
    go_on(page, "person")
    expect(page.get_by_role("heading", level=1)).to_have_text("We take no requests here now")
    expect(page.get_by_text("We move house this week.")).to_be_visible()
    axe(page)
    assert fits(page)
    page.get_by_role("button", name="Español").click()
    expect(page.get_by_text("Esta semana nos mudamos.")).to_be_visible()
    axe(page)

    # and once it is open, they go on with all that they typed.
    workflow.open_form(closing, by=manager.as_actor())
    page.get_by_role("button", name="Intentarlo de nuevo").click()
    expect(page.locator("[name=full_name]")).to_have_value("Ana Sol")
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Send your request").click()
    expect(page.get_by_text("We have your request")).to_be_visible()
    request = AppointmentRequest.objects.get()
    assert (request.full_name, request.held_because) == ("Ana Sol", "")

    # After an erasure, Back and "Send" bring nothing back.
    page.go_back()
    request.delete()
    page.get_by_role("button", name="Send your request").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing was sent")
    axe(page)
    assert fits(page)
    assert not AppointmentRequest.objects.exists()
    page.get_by_role("link", name="Start a new request").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What you would like")


def test_neither_eye_nor_key_meets_the_hidden_box(page, axe):
    page.goto("/appointments/request/")
    go_on(page, "wish", "signs", "matter", "needs")
    expect(page.locator("[name=remark]")).to_be_hidden()
    expect(page.get_by_role("textbox", name="Leave this box empty")).to_have_count(0)
    met = set()
    for _press in range(40):
        page.keyboard.press("Tab")
        met.add(page.evaluate("document.activeElement.name"))
    assert "full_name" in met
    assert "remark" not in met
    axe(page)
