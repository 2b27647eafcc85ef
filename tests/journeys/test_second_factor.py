"""A member of staff sets up a second factor at a narrow window, and logs in with it."""

from playwright.sync_api import expect

from tests.journeys.walking import fits
from tests.second_factor import code_of
from tests.staff import PASSWORD


def show_password(page):
    page.goto("/admin/login/?next=/admin/second-factor/")
    page.get_by_label("Username").fill("reception")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def test_setting_up_a_second_factor_and_logging_in_with_it(page, axe, required, reception):
    page.set_viewport_size({"width": 390, "height": 844})
    show_password(page)
    expect(page.get_by_role("heading", level=1, name="Set up your second factor")).to_be_visible()
    expect(page.get_by_role("img", name="Square code for your app.")).not_to_have_js_property("naturalWidth", 0)
    axe(page)
    assert fits(page)
    secret = "".join(page.locator(".secret span").all_text_contents())
    page.get_by_label("Code").fill(code_of(secret))
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_label("Recovery codes")).to_be_visible()
    axe(page)
    assert fits(page)
    codes = page.get_by_label("Recovery codes").input_value().split()
    page.get_by_role("button", name="I have kept them: go on").click()
    expect(page.get_by_text("You have 10 recovery codes that are not used yet.")).to_be_visible()
    axe(page)
    assert fits(page)
    page.get_by_role("button", name="Log out").click()
    show_password(page)
    expect(page.get_by_label("Code")).to_be_focused()
    axe(page)
    assert fits(page)
    page.get_by_role("button", name="Use a recovery code instead").click()
    page.get_by_label("Recovery code").fill(codes[0])
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_text("You have 9 recovery codes that are not used yet.")).to_be_visible()
