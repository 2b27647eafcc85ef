"""A manager asks a clinician without an account, who reads, comments and approves on a telephone, without a script."""

import re

from playwright.sync_api import expect

from outbox.models import Message
from procedures.admin.pages import admin_url
from procedures.models import State
from tests.journeys.walking import fits, follow, log_in
from tests.procedures.factories import make_clinician, make_in_review
from tests.procedures.published import make_clinic

PHONE = {"width": 320, "height": 700}


def found(pattern):
    """Return what the newest letter says that matches."""
    return re.search(pattern, Message.objects.order_by("pk").last().text)[1]


def test_a_clinician_without_an_account_approves_a_page(new_context, axe, manager):
    # Given a version in review, which the manager sees as on a phone and on paper,
    make_clinic()
    version, clinician = make_in_review(), make_clinician(name="Dr. Ana Aster")
    page = new_context().new_page()
    log_in(page, "manager")
    for way in ("As on a phone", "As printed"):
        page.goto(admin_url(version, "change"))
        follow(page.get_by_role("link", name=way))
        expect(page.frame_locator("iframe").get_by_text("It is not on the site.")).to_be_visible()
        axe(page)

    # when the manager sends the clinician a link,
    page.goto(admin_url(version, "change"))
    page.get_by_label("Clinician").select_option("Dr. Ana Aster")
    page.get_by_label("Their own email address").fill("ana@surgery.example")
    follow(page.get_by_role("button", name="Send the link"))
    expect(page.get_by_text("The link is on its way.")).to_be_visible()
    axe(page)

    # who opens it, reads, and comments,
    here = f"/review/{found(r'/review/([^/]+)/')}/"
    looked_at = new_context(viewport=PHONE, color_scheme="dark").new_page()
    looked_at.goto(here)
    axe(looked_at)
    page = new_context(java_script_enabled=False, viewport=PHONE).new_page()
    page.goto(here)
    assert fits(page)
    follow(page.get_by_role("link", name="Read it as patients will"))
    expect(page.get_by_text("A balloon lifts the bone.")).to_be_visible()
    follow(page.get_by_role("link", name="Comment on it, or approve it"))
    page.get_by_label("Section").select_option("Names and summary")
    page.get_by_label("Your comment").fill("Well said.")
    page.get_by_label("Your name").fill("Ana Aster")
    follow(page.get_by_role("button", name="Send the comment"))
    expect(page.get_by_text("Your comment is with the editors")).to_be_visible()

    # and approves with the code from the mailbox,
    follow(page.get_by_role("button", name="Send me a code"))
    assert fits(page)
    page.get_by_label("Code from the email").fill(found(r"(\d{8})"))
    follow(page.get_by_role("button", name="I approve this text"))

    # then the page is signed off in the clinician's name.
    expect(page.get_by_text("You approved this text")).to_be_visible()
    version.refresh_from_db()
    assert (version.state, version.reviewed_by) == (State.SIGNED_OFF, clinician)
