"""A log-in that is about to end says so in time and goes on in one press; one that is over leaves nothing to read."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from clinic.models import ClinicProfile
from tests.journeys.walking import fits, log_in
from tests.staff import PASSWORD

QUARTER, SECRET = timedelta(minutes=15), "The neighbour's spare key is under the pot."


@pytest.fixture
def desk(page, settings):
    """Somebody's page at the desk, whose clock the test turns."""
    settings.LOG_IN_IDLE = QUARTER
    page.clock.install()
    return page


@pytest.fixture
def typing(desk, manager):
    """A page with something typed into it, unsent."""
    ClinicProfile.objects.create(name="Harbour Spine Clinic")
    log_in(desk, "manager")
    desk.goto("/admin/clinic/location/add/")
    desk.get_by_label("Name").first.fill(SECRET)
    return desk


def expire(page, settings):
    settings.LOG_IN_IDLE = timedelta(0)
    with page.expect_response("**/my-log-in/of/**"):
        page.clock.fast_forward("15:10")
    expect(page.get_by_role("heading", name="You were logged out")).to_be_visible()
    settings.LOG_IN_IDLE = QUARTER


def is_empty(page):
    """Say whether nothing of the form that was open is left in the document, seen or unseen."""
    return page.locator("body > *").count() == 1 and not page.locator("form").count()


def test_somebody_is_warned_stays_and_confirms(desk, axe, manager, settings):
    log_in(desk, "manager")
    desk.goto("/admin/my-log-in/")
    warning = desk.get_by_text("Your log-in ends in 2 minutes.")
    desk.clock.fast_forward("12:50")
    expect(warning).to_be_hidden()
    settings.LOG_IN_IDLE = timedelta(seconds=119)
    desk.clock.fast_forward("00:20")
    expect(warning).to_be_visible()
    axe(desk)
    settings.LOG_IN_IDLE = QUARTER
    desk.get_by_role("form", name="End of the log-in").get_by_role("button", name="Stay logged in").click()
    expect(warning).to_be_hidden()
    settings.CONFIRMED_FOR *= 0
    desk.goto("/admin/accounts/user/add/")
    expect(desk.get_by_role("heading", name="Confirm your password")).to_be_visible()
    axe(desk)
    settings.CONFIRMED_FOR = QUARTER
    desk.get_by_label("Your password").fill(PASSWORD)
    desk.get_by_role("button", name="Go on").click()
    desk.get_by_label("Username").fill("newcomer")
    axe(desk)
    desk.get_by_role("button", name="Save", exact=True).click()
    expect(desk.get_by_text("This is shown only now.")).to_be_visible()
    axe(desk)


def test_a_page_whose_log_in_another_window_made_longer_is_neither_warned_of_nor_emptied(typing):
    for turned in ("13:10", "13:10"):
        with typing.expect_response("**/my-log-in/of/**"):
            typing.clock.fast_forward(turned)
    assert typing.evaluate("document.title").startswith("Add ")
    expect(typing.get_by_label("Name").first).to_have_value(SECRET)
    expect(typing.get_by_text("Your log-in ends in 2 minutes.")).to_be_hidden()


def test_a_page_left_open_is_emptied_and_is_its_own_readers_again_after_the_log_in(typing, nurse, axe, settings):
    expire(typing, settings)
    assert typing.title() == "You were logged out"
    assert is_empty(typing)
    assert typing.evaluate("document.activeElement.id") == "log-in-ended"
    expect(typing.get_by_role("status")).to_have_text(
        "What you typed is kept on this page. Log in to go on; then it is shown again."
    )
    assert fits(typing)
    axe(typing)
    again = typing.get_by_role("button", name="Show this page again")
    again.click()
    assert is_empty(typing)

    with typing.context.expect_page() as opened:
        typing.get_by_role("link", name="Log in again").click()
    other = opened.value
    sign_in(other, "nurse")
    again.click()
    expect(typing.get_by_role("status")).to_contain_text("Somebody else is logged in now.")
    expect(typing.get_by_role("link", name="Give up what was typed here")).to_be_visible()
    assert is_empty(typing)
    axe(typing)

    other.locator("#logout-form button").click()
    other.goto("/admin/login/")
    sign_in(other, "manager")
    typing.evaluate("window.dispatchEvent(new Event('focus'))")
    name = typing.get_by_label("Name").first
    expect(name).to_have_value(SECRET)
    expect(name).to_be_focused()
    assert typing.title().startswith("Add ")
    with typing.expect_response(lambda answer: answer.request.method == "POST") as saved:
        typing.get_by_role("button", name="Save", exact=True).click()
    assert saved.value.status == 200


def test_a_page_that_comes_back_is_emptied_until_the_server_has_answered(typing, settings):
    settings.LOG_IN_IDLE = timedelta(0)
    typing.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(typing.get_by_role("status")).to_contain_text("Log in to go on")
    expect(typing.get_by_label("Name").first).to_be_hidden()


def test_a_page_that_gets_no_answer_stays_until_its_end_and_is_emptied_then(typing):
    typing.route("**/my-log-in/of/**", lambda route: route.fulfill(body="Bad gateway"))
    typing.clock.fast_forward("13:10")
    expect(typing.get_by_text("Your log-in ends in 2 minutes.")).to_be_visible()
    typing.clock.fast_forward("02:10")
    expect(typing.get_by_role("status")).to_contain_text("The desk does not answer.")
    expect(typing.get_by_label("Name").first).to_be_hidden()
    typing.unroute("**/my-log-in/of/**")
    typing.get_by_role("button", name="Show this page again").click()
    expect(typing.get_by_label("Name").first).to_have_value(SECRET)


def sign_in(page, username):
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#logout-form button")).to_be_visible()
