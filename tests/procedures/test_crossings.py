"""What meets when several hands work on one page at a time, and what readers find at every address afterwards."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from procedures import publishing
from procedures.desk_addresses import admin_url
from procedures.languages import out_of_date
from procedures.models import Leaflet, ProcedurePage, State
from tests.procedures.desk import press, signed_in
from tests.procedures.factories import (
    COMMAND,
    make_clinician,
    make_live,
    make_page,
    make_procedure,
    make_published,
    make_signed_off,
    save,
)
from tests.procedures.published import NAMES, make_condition, make_place, publish_in_both_languages, publish_page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic")]

HIDDEN = re.compile(r'type="hidden" name="(\w+)" value="([^"]*)"')
IN_TWO_DAYS = {"day": lambda: (timezone.localdate() + timedelta(days=2)).isoformat(), "time": lambda: "12:00"}


def stands(version):
    """Return the version as the database has it, and whether patients can read its page."""
    version = type(version).objects.get(pk=version.pk)
    return version.state, version.publish_at, version.page.is_published


# Between a look and a press


@pytest.mark.parametrize("button", ["publish", "schedule"])
def test_a_page_withdrawn_since_the_look_does_not_come_back_by_a_press(button, manager):
    live = make_published()
    seen = make_signed_off(live.page)
    publishing.withdraw_page(page=live.page, by=COMMAND)
    typed = {name: value() for name, value in IN_TWO_DAYS.items()} if button == "schedule" else {}
    answer = press(signed_in(manager), seen, button, **typed)
    assert answer.status_code == 409
    assert stands(seen) == (State.SIGNED_OFF, None, False)
    # Who has looked again may.
    seen.refresh_from_db()
    assert press(signed_in(manager), seen, button, **typed).status_code == 302


def test_a_page_withdrawn_while_its_draft_is_open_takes_nobodys_words(desk):
    live = make_published()
    draft = publishing.open_draft(page=live.page, by=COMMAND)
    publishing.withdraw_page(page=live.page, by=COMMAND)
    save(draft, "names", NAMES["en"])
    assert stands(draft)[0] == State.DRAFT


@pytest.mark.parametrize("button", ["publish_together", "schedule_together"])
@pytest.mark.parametrize("happens", ["is sent back", "is signed off anew"])
def test_what_goes_together_goes_as_it_was_seen_in_every_language_or_not_at_all(button, happens, manager):
    subject = make_procedure()
    english, spanish = (make_signed_off(make_page(subject, language=language)) for language in ("en", "es"))
    browser = signed_in(manager)
    shown = browser.get(admin_url(english, "change")).content.decode()
    typed = {name: value() for name, value in IN_TWO_DAYS.items()} | carried(shown, button)
    draft = publishing.ask_for_changes(version=spanish, words="Shorten it.", by=COMMAND)
    if happens == "is signed off anew":
        publishing.send_for_review(version=draft, by=COMMAND)
        publishing.sign_off(version=draft, by=COMMAND, reviewer=make_clinician())
    answer = press(browser, english, button, **typed)
    assert answer.status_code == 409
    assert stands(english) == (State.SIGNED_OFF, None, False)
    assert not stands(spanish)[2]


def carried(shown, button):
    """Return the hidden inputs of the form of a button, as the overview shows it."""
    form = shown[shown.index(f"/move/{button}/") :].partition("</form>")[0]
    return dict(HIDDEN.findall(form))


def test_a_confirmation_leaves_what_waits_in_both_languages_as_it_was(reviewer, manager):
    subject = make_procedure()
    pages = [make_page(subject, language=language) for language in ("en", "es")]
    publishing.publish(versions=[make_signed_off(page) for page in pages], by=COMMAND)
    waiting = [make_signed_off(page) for page in pages]
    at = timezone.now() + timedelta(days=1)
    publishing.schedule(versions=waiting, at=at, by=manager.as_actor())
    english = ProcedurePage.objects.get(pk=pages[0].pk)
    publishing.confirm(page=english, by=reviewer.as_actor())
    assert [stands(version) for version in waiting] == [(State.SIGNED_OFF, at, True)] * 2
    # The words are as they were, so the other language does not lag behind.
    assert not out_of_date(ProcedurePage.objects.all()).exists()
    publishing.publish(versions=waiting, by=COMMAND)
    assert not out_of_date(ProcedurePage.objects.all()).exists()


def test_a_time_that_was_set_outlasts_another_address_and_no_restoring(manager, editor):
    first = make_published()
    make_live(save(publishing.open_draft(page=first.page, by=COMMAND), "names", NAMES["en"]))
    waiting = make_signed_off(first.page)
    at = timezone.now() + timedelta(days=1)
    publishing.schedule(versions=[waiting], at=at, by=manager.as_actor())
    publishing.rename(page=first.page, slug="elsewhere", by=editor.as_actor())
    with pytest.raises(publishing.Refused, match="being worked on"):
        publishing.restore(version=first, by=editor.as_actor())
    assert stands(waiting) == (State.SIGNED_OFF, at, True)


def test_a_page_that_others_lead_to_goes_and_comes_back_with_them(client):
    target, gone = make_published().page, make_published().page
    publishing.withdraw_page(page=gone, by=COMMAND, successor=target)
    publishing.rename(page=target, slug="moved", by=COMMAND)
    assert 'href="/procedures/moved/"' in client.get(f"/procedures/{gone.slug}/").content.decode()
    target.refresh_from_db()
    publishing.withdraw_page(page=target, by=COMMAND)
    assert "/procedures/moved/" not in told_gone(client, gone.slug)
    make_live(publishing.open_draft(page=target, by=COMMAND))
    assert 'href="/procedures/moved/"' in told_gone(client, gone.slug)


def told_gone(client, slug):
    response = client.get(f"/procedures/{slug}/")
    assert response.status_code == 410
    return response.content.decode()


def test_a_draft_that_links_to_a_page_withdrawn_meanwhile_is_stopped_before_patients_read_it(manager):
    target = make_published().page
    aim = {"aim": f"See [this](/procedures/{target.slug}/).", "who_may_benefit": "You."}
    aim |= {"who_should_not": "Ask.", "other_choices": "None."}
    version = make_signed_off(sections={"aim": aim})
    publishing.withdraw_page(page=target, by=COMMAND)
    assert press(signed_in(manager), version, "publish").status_code == 409
    assert stands(version) == (State.SIGNED_OFF, None, False)


# What readers find


@pytest.fixture
def everywhere(kyphoplasty):
    """A page that everything around it leads to, in both languages."""
    condition, place = make_condition(), make_place("quay")
    publish_page(condition, slug="fracture", names={"plain_name": "Broken bone"})
    kyphoplasty.conditions.add(condition)
    kyphoplasty.performed_at.add(place)
    publish_in_both_languages(kyphoplasty)
    publish_page(
        make_procedure(key="cement"),
        slug="cement",
        names={"plain_name": "Cement"},
        sections={"related": {"related": [kyphoplasty]}},
    )
    return kyphoplasty.pages.get(language="en")


LEADING = [
    "/",
    "/procedures/",
    "/procedures/?q=kyphoplasty",
    "/conditions/fracture/",
    "/locations/quay/",
    "/procedures/cement/",
    "/sitemap.xml",
    "/procedures/changes.atom",
    "/es/procedures/cifoplastia/",
]


def leading_to(slug):
    """Return the addresses whose pages lead to a procedure's page, as any reader's browser gets them."""
    here = f"/procedures/{slug}/"
    return [path for path in LEADING if here in Client().get(path).content.decode()]


def test_everything_that_leads_to_a_page_stops_when_it_goes_and_begins_again_when_it_is_back(everywhere):
    before = leading_to("kyphoplasty")
    assert set(LEADING) - set(before) <= {"/"}
    publishing.withdraw_page(page=everywhere, by=COMMAND)
    assert leading_to("kyphoplasty") == []
    assert not everywhere.words.exists()
    old = everywhere.versions.get()
    make_live(publishing.restore(version=old, by=COMMAND))
    assert leading_to("kyphoplasty") == before


def test_everything_leads_to_the_new_address_and_nothing_to_the_old(everywhere):
    before = leading_to("kyphoplasty")
    publishing.rename(page=everywhere, slug="balloon", by=COMMAND)
    assert leading_to("balloon") == before
    assert leading_to("kyphoplasty") == []
    leaflet = Client().get("/procedures/balloon/leaflet/").content.decode()
    assert "/procedures/kyphoplasty/" not in leaflet


def test_a_confirmation_is_read_everywhere_at_once(everywhere, reviewer):
    before = leading_to("kyphoplasty")
    publishing.confirm(page=everywhere, by=reviewer.as_actor())
    assert leading_to("kyphoplasty") == before
    today = timezone.localdate().isoformat()
    for path in ("/procedures/kyphoplasty/", "/procedures/kyphoplasty/leaflet/"):
        text = Client().get(path).content.decode()
        assert "Dr. Rhea Rowe" in text
        assert today in text, path
    codes = Leaflet.objects.filter(version__page=everywhere)
    assert codes.count() == 2
