"""A log-in that is about to end says so in time, goes on in one press, and asks once more before what matters."""

from datetime import timedelta

from tests.staff import PASSWORD


def test_somebody_is_warned_stays_and_confirms(page, axe, manager, settings):
    page.clock.install()
    page.goto("/admin/")
    page.get_by_label("Username").fill("manager")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    settings.LOG_IN_IDLE = timedelta(minutes=15)
    page.goto("/admin/my-log-in/")
    warning = page.get_by_text("Your log-in ends in 2 minutes.")
    page.clock.fast_forward("12:50")
    assert not warning.is_visible()
    page.clock.fast_forward("00:20")
    warning.wait_for()
    axe(page)
    page.get_by_role("form", name="End of the log-in").get_by_role("button", name="Stay logged in").click()
    warning.wait_for(state="hidden")
    settings.CONFIRMED_FOR *= 0
    page.goto("/admin/accounts/user/add/")
    page.get_by_role("heading", name="Confirm your password").wait_for()
    axe(page)
    settings.CONFIRMED_FOR = settings.LOG_IN_IDLE
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Username").fill("newcomer")
    axe(page)
    page.get_by_role("button", name="Save").click()
    page.get_by_text("This is shown only now.").wait_for()
    axe(page)
