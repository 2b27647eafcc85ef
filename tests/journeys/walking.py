"""What every journey does: load the demonstration, log in, and look whether a page fits its window."""

import pytest
from django.conf import settings

from accounts.demonstration import PASSWORD as DEMONSTRATION_PASSWORD
from clinic.demo import loaders
from tests.staff import PASSWORD


@pytest.fixture
def demonstration(transactional_db, settings):
    """Load the demonstration, its requests aside."""
    settings.DEMO = True
    for loader in loaders():
        if loader.name != "requests":
            loader.load(0)


def fits(page):
    """Say whether nothing has to be scrolled sideways, once the page that a press led to is all there."""
    page.wait_for_load_state()
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def log_in(page, username):
    """Sign in at the clinic desk, as one of the staff of the tests or of the demonstration, whichever is there."""
    page.goto("/admin/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(DEMONSTRATION_PASSWORD if settings.DEMO else PASSWORD)
    page.get_by_role("button", name="Log in").click()
