"""Reception finds a request, claims it, answers it, and sees the message that went out."""

import pytest
from django.core import mail
from playwright.sync_api import expect

from appointments.models import AlertPerson
from outbox import sender
from tests.appointments.factories import claimed_request, let_undo_time_pass, make_request, make_time, moved
from tests.journeys.walking import SCHEMES, fits, follow, log_in

PHONE = {"width": 390, "height": 844}
ANSWER = "Thank you for asking.\n\nTelephone us, and we will find a time."


def test_reception_answers_a_request_and_sees_the_message_go_out(page, axe, reception):
    # Given a request that a patient sent, among others.
    request = make_request(full_name="Ana O’Brien", is_urgent=True)
    make_request(full_name="Somebody Else", email="else@example.org", phone="")
    sender.send_due()
    mail.outbox.clear()

    # When reception logs in and looks at the queue,
    page.goto("/admin/")
    axe(page)
    log_in(page, "reception")
    page.get_by_role("main").get_by_role("rowheader", name="Requests").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1, name="Requests")).to_be_visible()
    axe(page)
    expect(page.get_by_role("main").get_by_role("row").nth(1)).to_contain_text("Ana O’Brien")

    # finds the request by what the patient reads out on the telephone,
    page.get_by_label("Find a request").fill(request.reference.replace("-", "").lower())
    follow(page.get_by_role("button", name="Search"))
    expect(page.get_by_text("Somebody Else")).to_have_count(0)
    axe(page)
    page.get_by_role("link", name=request.reference).click()
    expect(page).to_have_title(f"Request {request.reference} | Clinic desk")
    axe(page)

    # claims it and answers it, after a first try without words,
    page.get_by_role("button", name="Claim").click()
    expect(page.get_by_text("is yours now")).to_be_visible()
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_role("alert")).to_be_focused()
    axe(page)
    page.get_by_label("Your answer").fill(ANSWER)
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_text(f"{request.reference} is answered.")).to_be_visible()

    # Then the patient gets a message, and the page of messages says so.
    page.goto(f"/admin/appointments/appointmentrequest/{request.pk}/change/")
    follow(page.get_by_role("link", name="Messages, calls and private links"))
    message = page.get_by_role("article").filter(has_text="We have answered your request").first
    expect(message.get_by_text("waiting", exact=True)).to_be_visible()
    let_undo_time_pass()
    assert sender.send_due() == 1
    page.reload()
    expect(message.get_by_text("sent", exact=True)).to_be_visible()
    message.locator("summary").click()
    expect(message).to_contain_text("/appointments/track/")
    axe(page)
    assert [sent.to for sent in mail.outbox] == [["ana@example.org"]]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_whole_of_triage_works_with_the_keyboard(new_context, axe, reception, scheme):
    # Given two requests that wait, and a clinic with a place and a clinician,
    page = new_context(color_scheme=scheme).new_page()
    time, first = make_time(days=7), make_request(is_urgent=True)
    second = make_request(full_name="Somebody Else", email="else@example.org", phone="")
    log_in(page, "reception")
    page.goto("/admin/appointments/appointmentrequest/")

    # when reception finds the first by its reference, reads it and claims it,
    tab_to(page, page.get_by_label("Find a request"))
    page.keyboard.type(first.reference)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Somebody Else")).to_have_count(0)
    press(page, page.get_by_role("link", name=first.reference))
    expect(page.get_by_text("My back hurts since I fell.")).to_be_visible()
    press(page, page.get_by_role("button", name="Claim"))
    expect(page.get_by_text("is yours now")).to_be_visible()
    axe(page)

    # writes a note for colleagues,
    press(page, page.get_by_role("link", name="Write a note"))
    tab_to(page, page.get_by_label("New note"))
    page.keyboard.type("Her {sister} rang <twice>.")
    press(page, page.get_by_role("button", name="Keep this note"))
    expect(page.get_by_text("The note is kept.")).to_be_visible()
    axe(page)
    press(page, page.get_by_role("link", name=f"Back to request {first.reference}"))
    expect(page.get_by_text("Her {sister} rang <twice>.")).to_be_visible()

    # offers a time,
    offer = fold(page, "Offer times")
    press(page, offer.locator("summary"))
    row = offer.get_by_role("group").first
    for label, typed in (
        ("Place", "Northside"),
        ("Clinician", "Dr. Cora"),
        ("Day", time.starts_at.strftime("%m%d%Y")),
        ("Starts at", "1000AM"),
    ):
        tab_to(page, row.get_by_label(label))
        page.keyboard.type(typed)
    press(page, offer.get_by_role("button"))
    expect(page.get_by_text("can choose a time now")).to_be_visible()
    axe(page)

    # takes the next one, and answers it,
    press(page, page.get_by_role("button", name="Next for me"))
    expect(page).to_have_title(f"Request {second.reference} | Clinic desk")
    tab_to(page, page.get_by_label("Your answer"))
    page.keyboard.type("Yes.")
    press(page, page.get_by_role("button", name="Send the answer"))
    expect(page.get_by_text("is answered")).to_be_visible()

    # and closes it once nothing is left to say.
    press(page, page.get_by_role("link", name="Answered (1)"))
    press(page, page.get_by_role("link", name=second.reference))
    press(page, page.get_by_role("button", name="Close"))
    expect(page.get_by_text("is closed")).to_be_visible()

    # Then all of it is done, and the view that reception stood in has nothing left.
    expect(page.get_by_text("No request is in this view")).to_be_visible()
    assert first.offers.get().starts_at == time.starts_at
    axe(page)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_queue_and_the_sheet_can_be_read_on_a_telephone(new_context, axe, reception, scheme):
    page = new_context(viewport=PHONE, color_scheme=scheme).new_page()
    request = make_request(is_urgent=True, full_name="Wolfeschlegelsteinhausenbergerdorff" * 4, matter="a" * 300)
    log_in(page, "reception")
    for address in ("", f"{request.pk}/change/"):
        page.goto(f"/admin/appointments/appointmentrequest/{address}")
        expect(page.get_by_text(request.reference).first).to_be_visible()
        assert fits(page)
        axe(page)

    # A name as long as that pushes no column out of a desk's window either.
    page.set_viewport_size({"width": 1280, "height": 1000})
    page.goto("/admin/appointments/appointmentrequest/")
    head = page.get_by_role("columnheader", name="What is next")
    assert head.evaluate("cell => cell.getBoundingClientRect().right <= window.innerWidth")


def test_two_receptionists_at_one_request_lose_nothing(new_context, axe, reception, reception2):
    request = make_request()
    pages = {}
    for username in ("reception", "reception2"):
        pages[username] = new_context().new_page()
        log_in(pages[username], username)
        pages[username].goto(f"/admin/appointments/appointmentrequest/{request.pk}/change/")
    pages["reception"].get_by_role("button", name="Claim").click()
    expect(pages["reception"].get_by_text("is yours now")).to_be_visible()
    late = pages["reception2"]
    late.get_by_role("button", name="Claim").click()
    expect(late.get_by_role("alert")).to_contain_text("Rosa Reyes")
    expect(late.get_by_role("alert")).to_be_focused()
    axe(late)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_reception_calls_whom_no_email_reaches(new_context, axe, reception, scheme):
    # Given a patient without an e-mail address, who is to be called.
    page = new_context(viewport=PHONE, color_scheme=scheme).new_page()
    request = make_request(email="")
    log_in(page, "reception")

    # When reception looks at the calls to make and opens the first one,
    page.get_by_role("link", name="1 patient is to be called.").click()
    page.get_by_role("link", name=request.reference).click()
    follow(page.get_by_role("link", name="1 call is to be made"))
    page.get_by_text("What to say", exact=True).click()
    expect(page.get_by_text("This is a request, not yet an appointment.")).to_be_visible()
    axe(page)
    assert fits(page)

    # calls, and says so,
    page.get_by_role("button", name="Reached", exact=True).click()
    expect(page.get_by_text("1 call is done.")).to_be_visible()

    # Then no call waits, and a press by mistake can be taken back.
    page.get_by_text("Calls made").click()
    axe(page)
    page.get_by_role("button", name="Not said: call again").click()
    expect(page.get_by_role("button", name="Reached", exact=True)).to_be_visible()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_manager_sees_new_words_before_patients_do(new_context, axe, manager, scheme):
    page = new_context(viewport=PHONE, color_scheme=scheme).new_page()
    log_in(page, "manager")
    page.goto("/admin/appointments/messagewording/")
    axe(page)
    page.get_by_role("link", name="English Reminder of your appointment").click()
    page.get_by_label("Text").fill("Come!")
    page.get_by_role("button", name="Save these words").click()
    expect(page.get_by_role("alert")).to_be_focused()
    axe(page)
    page.get_by_label("Text").fill("Come on {time}.\n\n{place}")
    page.get_by_role("button", name="Show me how it looks").click()
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    axe(page)
    assert fits(page)
    page.get_by_role("button", name="Save these words").click()
    expect(page.get_by_text("This message says your own words.")).to_be_visible()
    page.get_by_role("button", name="Go back to our words").click()
    expect(page.get_by_text("This message says our words.")).to_be_visible()


def test_who_is_told_can_be_read_on_a_telephone(new_context, axe, manager):
    page = new_context(viewport=PHONE).new_page()
    AlertPerson.objects.create(user=manager)
    log_in(page, "manager")
    page.goto("/admin/appointments/alertperson/")
    state = page.locator(".field-state")
    expect(page.get_by_role("heading", level=1, name="People who are told")).to_be_visible()
    assert state.evaluate("cell => cell.getBoundingClientRect().right <= window.innerWidth")
    axe(page)


def test_reception_offers_times_and_changes_and_cancels_what_the_patient_chose(page, axe, reception):
    # Given a request that reception holds, in a clinic with a place and a clinician,
    request = claimed_request(reception)
    first, second = make_time(days=7), make_time(days=8)
    log_in(page, "reception")
    sheet = f"/admin/appointments/appointmentrequest/{request.pk}/change/"
    page.goto(sheet)

    # when reception offers two times, after a first try without a clinician,
    offer = fold(page, "Offer times")
    offer.locator("summary").click()
    axe(page)
    for number, time in ((1, first), (2, second)):
        row = offer.get_by_role("group").nth(number - 1)
        row.get_by_label("Place").select_option("Northside")
        row.get_by_label("Day").fill(time.starts_at.strftime("%Y-%m-%d"))
        row.get_by_label("Starts at").fill("10:00")
    offer.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_be_focused()
    axe(page)
    for number in (1, 2):
        offer.get_by_role("group").nth(number - 1).get_by_label("Clinician").select_option("Dr. Cora")
    offer.get_by_role("button").click()
    expect(page.get_by_text("can choose a time now")).to_be_visible()
    page.goto("/admin/appointments/appointmentrequest/?view=patient")
    expect(page.get_by_text("The patient chooses: 2 times offered")).to_be_visible()
    axe(page)

    # and the patient says something, and accepts one,
    request.refresh_from_db()
    request = moved(request, "add", by=None, words="I walk with a stick.")
    moved(request, "accept", by=None, offer=request.offers.open().last().pk)
    page.goto(sheet)
    expect(page.get_by_text("I walk with a stick.")).to_be_visible()
    expect(page.get_by_text("agreed", exact=True)).to_be_visible()
    axe(page)

    # then the time can be changed,
    change = fold(page, "Change the agreed time")
    change.locator("summary").click()
    change.get_by_label("Starts at").fill("11:30")
    change.get_by_role("button").click()
    expect(page.get_by_text("is changed")).to_be_visible()

    # and cancelled, in two presses.
    page.goto(sheet)
    cancel = fold(page, "Cancel the agreed time")
    expect(cancel.get_by_role("button")).to_be_hidden()
    cancel.locator("summary").click()
    cancel.get_by_role("button", name="Yes, cancel the agreed time").click()
    expect(page.get_by_text("No time is offered or agreed now.")).to_be_visible()


def test_times_can_be_offered_on_a_telephone_and_without_a_script(new_context, reception):
    page = new_context(viewport={"width": 320, "height": 700}, java_script_enabled=False).new_page()
    request, time = claimed_request(reception, location="northside"), make_time(days=7)
    log_in(page, "reception")
    page.goto(f"/admin/appointments/appointmentrequest/{request.pk}/change/")
    agree = fold(page, "Agree a time by telephone")
    agree.locator("summary").click()
    assert fits(page)
    agree.get_by_label("Place").select_option("Northside")
    agree.get_by_label("Clinician").select_option("Dr. Cora")
    agree.get_by_label("Day").fill(time.starts_at.strftime("%Y-%m-%d"))
    agree.get_by_label("Starts at").fill("10:00")
    agree.get_by_role("button").click()
    expect(page.get_by_text("is agreed")).to_be_visible()
    assert request.offers.agreed().get().starts_at == time.starts_at


def tab_to(page, locator):
    """Go to a control as the keyboard does, and see it there: what no Tab reaches, or nobody sees, fails."""
    expect(locator).to_be_visible()
    for _tab in range(120):
        page.keyboard.press("Tab")
        if locator.evaluate("element => element === document.activeElement"):
            assert locator.evaluate("element => getComputedStyle(element).outlineStyle") != "none"
            return
    pytest.fail(f"No Tab leads to {locator}.")


def press(page, locator):
    """Go to a control by keyboard and press it."""
    tab_to(page, locator)
    page.keyboard.press("Enter")


def fold(page, label):
    """Return the part of the sheet that opens under this label."""
    return page.locator("details.move").filter(has=page.locator("summary", has_text=label))
