"""An editor writes a section with scripts: sees it as patients will, drags an entry, and is asked before leaving."""

from playwright.sync_api import expect

from procedures.admin.pages import admin_url
from tests.journeys.walking import fits, log_in
from tests.procedures.factories import make_draft

STEPS = [{"label": label, "text": f"{label} is done."} for label in ("Wash", "Cut", "Close")]


def test_an_editor_sees_what_they_write_and_drags_an_entry(new_context, axe, editor):
    # Given a draft with 3 steps,
    draft = make_draft(sections={"steps": STEPS})
    page = new_context(viewport={"width": 1280, "height": 2400}).new_page()
    log_in(page, "editor")
    page.goto(admin_url(draft, "section", "steps"))

    # when the editor writes, the section stands beside the form as patients will see it,
    page.get_by_role("group", name="Entry 1").get_by_label("Label").fill("Wash your skin")
    look = page.get_by_role("region", name="As patients will see it")
    expect(look.get_by_role("heading", name="Wash your skin")).to_be_visible()
    axe(page)

    # and when they drag the first entry to the end,
    handle, last = page.locator(".drag-handle").first, page.get_by_role("group", name="Entry 3")
    handle.hover()
    page.mouse.down()
    last.hover()
    page.mouse.up()
    expect(page.get_by_text("Moved to place 3 of 3.")).to_be_attached()
    expect(page.get_by_role("group", name="Entry 3")).to_be_focused()
    expect(page.get_by_role("group", name="Entry 3").get_by_label("Label")).to_have_value("Wash your skin")
    expect(page.get_by_role("button", name="Move up entry 1")).to_have_count(0)
    expect(page.get_by_role("button", name="Move up entry 3")).to_have_count(1)
    expect(look.get_by_role("listitem").last).to_contain_text("Wash your skin")

    # then they are asked before they leave,
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("link", name="Leave without saving").click(no_wait_after=True)
    expect(page.get_by_role("group", name="Entry 3").get_by_label("Label")).to_have_value("Wash your skin")

    # and Save keeps the order.
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.get_by_text("“Steps” is saved.")).to_be_visible()
    assert [step.label for step in draft.steps.all()] == ["Cut", "Close", "Wash your skin"]


def test_a_look_without_scripts_fits_a_narrow_telephone(new_context, editor):
    draft = make_draft(sections={"aim": {"aim": "### Less pain\n\n- " + "w" * 80}})
    page = new_context(java_script_enabled=False, viewport={"width": 320, "height": 700}).new_page()
    log_in(page, "editor")
    page.goto(admin_url(draft, "section", "aim"))
    page.get_by_role("button", name="Look at it").first.click()
    expect(page.get_by_role("heading", name="Less pain")).to_be_visible()
    assert fits(page)
