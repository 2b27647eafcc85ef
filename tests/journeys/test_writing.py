"""An editor changes a page, a clinician signs it off, a manager publishes it, and a patient reads it."""

from playwright.sync_api import expect

from procedures.admin.pages import admin_url
from tests.journeys.walking import fits, follow, log_in
from tests.procedures.factories import make_published

PHONE = {"width": 390, "height": 844}


def test_a_change_goes_from_the_editor_to_the_patient(new_context, axe, editor, reviewer, manager):
    # Given a page that patients read, and three members of staff,
    live = make_published(sections={"steps": [{"label": "You lie down", "text": "A nurse helps you."}]})

    # when the editor starts a draft,
    page = new_context().new_page()
    log_in(page, "editor")
    page.goto("/admin/procedures/procedurepage/")
    axe(page)
    follow(page.get_by_role("link", name="Balloon repair"))
    axe(page)
    follow(page.get_by_role("button", name="Start a draft"))
    axe(page)

    # adds a step, moves it up, and is told what is missing,
    follow(page.get_by_role("link", name="Steps"))
    axe(page)
    follow(page.get_by_role("button", name="Add an entry"))
    page.get_by_role("group", name="Entry 2").get_by_label("Label").fill("We clean your skin")
    follow(page.get_by_role("button", name="Move up entry 2"))
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.get_by_role("alert")).to_be_focused()
    axe(page)
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.get_by_role("group", name="Entry 1").get_by_label("What happens")).to_be_focused()
    page.keyboard.type("It feels cold.")
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.get_by_text("“Steps” is saved.")).to_be_visible()

    # looks at it as patients will, and sends it for review,
    follow(page.get_by_role("link", name="See it as patients will"))
    expect(page.get_by_text("It feels cold.")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Send for review").click()
    expect(page.get_by_text("It is with the reviewers now.")).to_be_visible()

    # and the clinician signs it off and the manager publishes it,
    draft = live.page.versions.get(number=2)
    for username, button, done in (
        ("reviewer", "Sign off", "It is signed off."),
        ("manager", "Publish", "It is on the site now."),
    ):
        page = new_context().new_page()
        log_in(page, username)
        page.goto(admin_url(draft, "change"))
        axe(page)
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.get_by_text(done)).to_be_visible()

    # then the next patient reads it.
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"/procedures/{live.page.slug}/")
    expect(page.get_by_text("It feels cold.")).to_be_visible()


def test_a_section_can_be_written_without_a_script_on_a_narrow_screen(new_context, editor):
    live = make_published(sections={"steps": [{"label": "You lie down", "text": "A nurse helps you."}]})
    page = new_context(java_script_enabled=False, viewport=PHONE).new_page()
    log_in(page, "editor")
    page.goto(admin_url(live.page, "change"))
    follow(page.get_by_role("button", name="Start a draft"))
    follow(page.get_by_role("table").get_by_role("link", name="Recovery"))
    page.get_by_label("Kind").select_option("do not")
    page.get_by_label("What", exact=True).fill("Do not drive.")
    follow(page.get_by_role("button", name="Add an entry"))
    follow(page.get_by_role("button", name="Remove entry 2"))
    sources = page.get_by_role("group", name="Entry 1").get_by_label("Sources")
    sources.fill("a")
    sources.press("Enter")
    expect(page.get_by_text("“Recovery” is saved.")).to_be_visible()
    follow(page.get_by_role("table").get_by_role("link", name="Recovery"))
    expect(page.get_by_label("What", exact=True)).to_have_value("Do not drive.")


def test_no_screen_of_the_desk_is_wider_than_a_telephone(new_context, editor):
    live = make_published(sections={"steps": [{"label": "w" * 80, "text": "w" * 400}]})
    page = new_context(viewport=PHONE).new_page()
    log_in(page, "editor")
    page.goto(admin_url(live.page, "change"))
    assert fits(page)
    follow(page.get_by_role("button", name="Start a draft"))
    assert fits(page)
    for name in ("Steps", "Key figures"):
        follow(page.get_by_role("link", name=name))
        assert fits(page)
        page.go_back()
