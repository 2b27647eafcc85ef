"""Reception moves many requests at once, with the keyboard alone and without a script, on a narrow window too."""

from playwright.sync_api import expect

from tests.appointments.factories import claimed_request, make_request
from tests.journeys.walking import fits, log_in


def test_many_are_handed_over_with_the_keyboard_and_without_scripts(new_context, reception, nurse):
    mine, new = [claimed_request(reception) for _each in range(2)], make_request()
    page = new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False).new_page()
    log_in(page, "reception")
    page.goto("/admin/appointments/appointmentrequest/")
    for request in (*mine, new):
        page.get_by_role("row").filter(has_text=request.reference).get_by_role("checkbox").focus()
        page.keyboard.press("Space")
    page.get_by_label("With the requests that are ticked").focus()
    page.keyboard.type("Hand")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Hand over")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text=new.reference)).to_contain_text("Claim the request first.")
    page.get_by_label("Colleague", exact=True).focus()
    page.keyboard.type("Nora")
    page.keyboard.press("Tab")
    page.keyboard.type("I leave at noon.")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_text("2 requests are handed over.")).to_be_visible()
    for request in mine:
        expect(page.get_by_role("row").filter(has_text=request.reference)).to_contain_text("Nora Ng")


def test_the_queue_with_its_boxes_and_the_page_that_asks_first_are_accessible(page, axe, reception, reception2):
    requests = [make_request(is_urgent=True), claimed_request(reception2)]
    page.set_viewport_size({"width": 390, "height": 844})
    log_in(page, "reception")
    page.goto("/admin/appointments/appointmentrequest/")
    for request in requests:
        page.get_by_role("row").filter(has_text=request.reference).get_by_role("checkbox").check()
    expect(page.get_by_role("status")).to_have_text("2 of 2 selected")
    axe(page)
    assert fits(page)
    page.get_by_label("With the requests that are ticked").select_option("claim")
    with page.expect_navigation():
        page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name="Claim (1 request)")).to_be_visible()
    axe(page)
    assert fits(page)
