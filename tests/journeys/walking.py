"""What every journey does: load the demonstration, log in, and look whether a page fits its window."""

import pytest
from django.conf import settings
from playwright.sync_api import expect

from accounts.demonstration import PASSWORD as DEMONSTRATION_PASSWORD
from tests.demonstration import load_all_but_requests
from tests.staff import PASSWORD

# One look a story in `make test`; the others belong to the matrices of `make test-wide`.
SCHEMES = ["light", pytest.param("dark", marks=pytest.mark.wide)]


@pytest.fixture
def demonstration(transactional_db, settings):
    """Load the demonstration, its requests aside."""
    settings.DEMO = True
    load_all_but_requests()


def fits(page):
    """Say whether nothing of the page that is open has to be scrolled sideways. After a press, `follow` it first."""
    page.wait_for_load_state()
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def log_in(page, username):
    """Sign in at the clinic desk, as one of the staff of the tests or of the demonstration, whichever is there."""
    page.goto("/admin/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(DEMONSTRATION_PASSWORD if settings.DEMO else PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def follow(locator):
    """Press what leads to another page, and return once that one is all there to be looked at."""
    with locator.page.expect_navigation():
        locator.click()
