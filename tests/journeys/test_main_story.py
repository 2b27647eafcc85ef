"""The main job of the site, from the first page to the answer, on the demonstration's real content."""

import re

import pytest
from django.core import mail
from playwright.sync_api import expect

from appointments.models import AppointmentRequest
from outbox import sender
from tests.appointments.factories import let_undo_time_pass
from tests.journeys.walking import demonstration, fits, follow, log_in  # noqa: F401 -- a fixture

pytestmark = pytest.mark.usefixtures("demonstration")

ANSWER = "Thank you. Dr. Abernathy can see you on Tuesday at 9 in the morning."


def test_a_patient_reads_asks_and_is_answered(new_context, axe):
    # Given a patient on a telephone who reads about kyphoplasty,
    patient = new_context(viewport={"width": 390, "height": 844}).new_page()
    patient.goto("/")
    patient.get_by_role("link", name=re.compile("Balloon repair")).first.click()
    expect(patient.get_by_role("heading", level=1)).to_have_text("Balloon repair of a broken back bone")
    expect(patient.get_by_text("45 to 60 minutes").first).to_be_visible()
    axe(patient)

    # when she asks for an appointment,
    patient.get_by_role("main").get_by_role("link", name="Ask for an appointment").first.click()
    expect(patient.get_by_label("Balloon repair of a broken back bone", exact=True)).to_be_checked()
    patient.get_by_label("To ask for an appointment").check()
    patient.get_by_label("I have no preference").check()
    patient.get_by_role("button", name="Continue").click()
    patient.get_by_label("None of these").check()
    patient.get_by_role("button", name="Continue").click()
    patient.get_by_label("What is the matter?").fill("I fell in the garden, and my back hurts when I stand up.")
    patient.get_by_label("Any time").check()
    patient.get_by_role("button", name="Continue").click()
    patient.get_by_role("button", name="Continue").click()
    patient.get_by_label("Your full name").fill("Siobhán O’Brien")
    patient.get_by_label("Your email address").fill("siobhan@example.org")
    patient.get_by_label("By email").check()
    patient.get_by_role("button", name="Continue").click()
    patient.get_by_role("button", name="Send your request").click()

    # she gets a reference, and a message with a private link.
    expect(patient.get_by_role("heading", level=1)).to_have_text("We have your request")
    reference = AppointmentRequest.objects.get().reference
    expect(patient.get_by_text(reference).first).to_be_visible()
    axe(patient)
    assert fits(patient)
    assert sender.send_due() == 1
    assert reference in mail.outbox[0].subject

    # Then reception finds the request by the reference, claims it and answers it,
    desk = new_context().new_page()
    log_in(desk, "reception")
    desk.goto("/admin/appointments/appointmentrequest/")
    desk.get_by_label("Find a request").fill(reference.lower().replace("-", " "))
    follow(desk.get_by_role("button", name="Search"))
    follow(desk.get_by_role("link", name=reference))
    expect(desk.get_by_text("I fell in the garden")).to_be_visible()
    follow(desk.get_by_role("button", name="Claim"))
    desk.get_by_label("Your answer").fill(ANSWER)
    desk.get_by_role("button", name="Send the answer").click()
    expect(desk.get_by_text(f"{reference} is answered.")).to_be_visible()

    # sees the message go out,
    let_undo_time_pass()
    assert sender.send_due() == 1
    desk.goto(f"/admin/appointments/appointmentrequest/{AppointmentRequest.objects.get().pk}/messages/")
    message = desk.get_by_role("article").filter(has_text="We have answered your request").first
    expect(message.get_by_text("sent", exact=True)).to_be_visible()

    # and the patient reads the answer behind the link of the message, where nobody else can.
    link = re.search(r"/appointments/track/\S+", mail.outbox[1].body).group()
    patient.goto(link)
    patient.get_by_role("link", name="Read our answer").click()
    patient.get_by_role("button", name="Show it now").click()
    expect(patient.get_by_text(ANSWER)).to_be_visible()
    axe(patient)


def test_a_body_that_cannot_be_read_is_answered_plainly_and_back_returns_to_what_was_typed(page):
    page.goto("/appointments/request/?procedure=kyphoplasty")
    page.get_by_label("To ask for an appointment").check()
    page.get_by_label("I have no preference").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("None of these").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("What is the matter?").fill("My back hurts.")
    page.evaluate(
        """const form = document.querySelector("main form");
        for (let number = 0; number < 500; number++) form.append(
            Object.assign(document.createElement("input"), {type: "hidden", name: `extra${number}`}))"""
    )
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("(206) 555-0142").first).to_be_visible()
    page.go_back()
    expect(page.get_by_label("What is the matter?")).to_have_value("My back hurts.")
