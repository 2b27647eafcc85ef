"""A nurse sees whose patients read a warning that has changed, tells them, and offers a time that came free."""

from playwright.sync_api import expect

from appointments.models import AppointmentRequest, Status
from outbox.models import Message
from procedures.models import ProcedurePage
from tests.appointments.factories import make_request, moved
from tests.appointments.offer import make_offer
from tests.journeys.walking import fits, follow, log_in
from tests.procedures.published import publish_page


def test_a_nurse_tells_of_a_changed_warning_and_offers_a_free_time(new_context, transactional_db, axe, nurse):
    # Given a patient who read a page whose warning signs have changed since, would come sooner,
    make_offer()
    live = ProcedurePage.objects.get(language="en").live_version
    sooner = {"times": ["any"], "sooner": True, "reach_by": "either", "leave_message": False}
    asked = make_request(status=Status.IN_PROGRESS, by=nurse, procedure="kyphoplasty", preferences=sooner)
    AppointmentRequest.objects.filter(pk=asked.pk).update(page_version=live)
    sign = {
        "key": "sudden-pain",
        "text": "Sudden pain",
        "action": "Call 911.",
        "urgency": "emergency",
        "applies": "before",
    }
    publish_page(live.page.procedure, sections={"warning_signs": [sign]})
    # and another who has just cancelled,
    moved(make_request(status=Status.AGREED, by=nurse), "withdraw", by=None)

    # when the nurse opens the desk, narrow and dark, and looks at the message,
    page = new_context(viewport={"width": 390, "height": 844}, color_scheme="dark").new_page()
    log_in(page, "nurse")
    axe(page)
    follow(page.get_by_role("link", name="1 patient read a warning that has changed since."))
    axe(page)
    assert fits(page)
    follow(page.get_by_role("button", name="See the message to those chosen"))
    expect(page.get_by_role("alert")).to_contain_text("Choose at least one request.")
    axe(page)
    page.get_by_label(asked.reference, exact=True).check()
    page.keyboard.press("Tab")
    follow(page.get_by_role("button", name="See the message to those chosen"))
    expect(page.get_by_text("Nothing is sent yet")).to_be_visible()
    axe(page)
    assert fits(page)

    # then one press tells the patient, who leaves the list,
    follow(page.get_by_role("button", name="Tell this patient"))
    expect(page.get_by_text("Nobody is to be told of a change")).to_be_visible()
    axe(page)
    assert Message.objects.about(asked).filter(purpose="page_changed").count() == 1

    # and the free time is offered on a sheet that knows it already.
    page.goto("/admin/")
    follow(page.get_by_role("link", name="1 time came free for which somebody waits."))
    axe(page)
    assert fits(page)
    follow(page.get_by_role("link", name=f"Offer it to {asked.reference}"))
    axe(page)
    follow(page.get_by_role("button", name="Offer times"))
    expect(page.get_by_text(f"The patient of {asked.reference} can choose a time now.")).to_be_visible()
    assert asked.offers.open().count() == 1
