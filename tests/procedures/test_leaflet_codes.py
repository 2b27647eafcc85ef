"""A code typed from paper: whether that leaflet is current and, if not, what has changed since."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from clinic.codes import new_code
from clinic.models import ClinicProfile
from procedures import publishing
from procedures.changes_since import changes
from procedures.models import Leaflet
from tests.procedures.published import BY, every_section, publish_page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic")]

ADDRESS = "/procedures/leaflet/"


def publish(procedure, **sections):
    """Publish the page with these sections (the others stay as they were) and return the code of its leaflet."""
    page = publish_page(procedure, sections=sections)
    return page.live_version.leaflet.code


def ask(client, code, prefix=""):
    return client.get(f"{prefix}{ADDRESS}", {"code": code})


def sentences(old, new):
    """Return {heading: sentences} of what a change of one section tells."""
    return {str(group.title): group.sentences for group in changes(old, new)}


# Typing the code


def test_the_page_asks_for_a_code_by_a_form_that_changes_nothing(client):
    response = client.get(ADDRESS)
    assertContains(response, "<h1>Is your leaflet current?</h1>", html=True)
    assertContains(response, '<form action="/procedures/leaflet/">')
    assert not response.cookies
    assert response["Cache-Control"] == "public, no-cache"
    assert client.post(ADDRESS, {"code": "x"}).status_code == 405
    assert client.post(f"{ADDRESS}?code=x").status_code == 405


@pytest.mark.parametrize(
    "typed",
    [
        "7K4M",
        "0000-0000",
        "x" * 5000,
        "\x00",
        "２２２２-２２２２",
        "' OR 1=1 --",
        "<script>",
        "🦴" * 8,
        "7K4M-Q2XD-9",
        "ſſſſ-ſſſſ",
    ],
)
def test_what_cannot_be_a_code_is_asked_for_again(client, typed, django_assert_max_num_queries):
    with django_assert_max_num_queries(2):
        response = ask(client, typed)
    assertContains(response, "Type the 8 letters and digits of the code again", count=2)
    assertContains(response, 'aria-invalid="true"')
    assertContains(response, "<title>Error: ")
    assertNotContains(response, "<script>")


def test_a_code_that_we_never_printed_is_not_to_be_relied_on(client):
    response = ask(client, code := new_code())
    assertContains(response, "We do not know this code")
    assertContains(response, code)
    assertContains(response, "(206) 555-0142")


def test_an_answer_is_kept_by_nobody_but_the_readers_browser(client, kyphoplasty):
    response = ask(client, publish(kyphoplasty))
    assert response["Cache-Control"] == "private, no-cache"
    assert not response.cookies


@pytest.mark.parametrize(
    "spell",
    [
        str.lower,
        lambda code: code.replace("-", " "),
        lambda code: f" {code}.",
        lambda code: f"Leaflet code: {code}",
    ],
)
def test_the_code_of_a_current_leaflet_is_known_in_any_spelling(client, kyphoplasty, spell):
    code = publish(kyphoplasty)
    response = ask(client, spell(code))
    assertContains(response, "Your leaflet is current")
    assertContains(response, 'href="/procedures/kyphoplasty/"')
    assertNotContains(response, "What has changed")


def test_a_current_leaflet_may_name_an_old_telephone_so_the_answer_names_the_one_of_today(client, kyphoplasty):
    code = publish(kyphoplasty)
    ClinicProfile.objects.update(telephone="(206) 555-0199")
    response = ask(client, code)
    assertContains(response, "Your leaflet is current")
    told = response.content.decode().partition("<main")[2].partition("</main>")[0]
    assert "where to find us" in told
    assert "(206) 555-0199" in told


def test_a_leaflet_is_looked_up_in_its_own_language(client, kyphoplasty):
    page = publish_page(kyphoplasty, language="es", slug="cifoplastia")
    code = page.live_version.leaflet.code
    assertRedirects(ask(client, code.lower()), f"/es/procedures/leaflet/?code={code}")
    assertContains(ask(client, code, prefix="/es"), 'href="/es/procedures/cifoplastia/"')


def test_a_current_leaflet_past_its_review_date_says_so(client, kyphoplasty):
    page = publish_page(kyphoplasty, next_review_due=timezone.localdate() + timedelta(days=1))
    with time_machine.travel(timezone.now() + timedelta(days=3), tick=False):
        response = ask(client, page.live_version.leaflet.code)
    assertContains(response, "Your leaflet is current")
    assertContains(response, "was due for review")


def test_an_older_leaflet_leads_to_the_newer_one_and_names_each_fact_that_changed(client, kyphoplasty):
    rows = every_section()
    code = publish(kyphoplasty, **rows)
    slower = [rows["figures"][0] | {"low": 7, "high": 20}]
    stricter = [rows["milestones"][0] | {"to_day": 14}, rows["milestones"][1]]
    publish(kyphoplasty, figures=slower, milestones=stricter, warning_signs=rows["warning_signs"][1:])
    response = ask(client, code)
    assertContains(response, "There is a newer leaflet")
    assertContains(response, 'href="/procedures/kyphoplasty/leaflet/"')
    assertContains(response, "“How long 0: 5 to 10 minutes” Now we say: “How long 0: 7 to 20 minutes”")
    assertContains(response, "“For the first week: No driving.” Now we say: “For the first 2 weeks: No driving.”")
    assertContains(response, "“Sign 0. Do 0.” We no longer say this.")


def test_an_older_leaflet_whose_facts_still_hold_says_so(client, kyphoplasty):
    code = publish(kyphoplasty, **every_section())
    publish(kyphoplasty, aim={"aim": "It eases much pain."})
    response = ask(client, code)
    assertContains(response, "There is a newer leaflet")
    assertContains(response, "Only other words have changed.")
    assertNotContains(response, "What has changed")


def test_every_older_leaflet_is_compared_with_the_page_of_today(client, kyphoplasty):
    figures = every_section()["figures"]
    first = publish(kyphoplasty, **every_section())
    publish(kyphoplasty, figures=[figures[0] | {"high": 30}])
    publish(kyphoplasty, figures=figures)
    assertContains(ask(client, first), "Only other words have changed.")


def test_the_leaflet_of_a_withdrawn_page_is_not_to_be_relied_on(client, kyphoplasty):
    code = publish(kyphoplasty)
    publishing.withdraw_page(page=kyphoplasty.pages.get(), by=BY)
    response = ask(client, code)
    assertContains(response, "Do not rely on this leaflet any more")
    assertNotContains(response, "/leaflet/kyphoplasty")


# What has changed


@pytest.fixture
def compared(kyphoplasty):
    """Publish a page twice and return what is told of the change of one section."""

    def compare(section, old, new):
        publish(kyphoplasty, **(every_section() | {section: old}))
        publish(kyphoplasty, **{section: new})
        later, earlier = Leaflet.objects.order_by("-id")[:2]
        return sentences(earlier.version.document, later.version.document)

    return compare


FIGURE, SIGN = every_section()["figures"][0], every_section()["warning_signs"][0]
RULE = {"kind": "restricted", "from_day": 0, "to_day": 7, "text": "No driving.", "sources": ["a"]}
LIFTING = RULE | {"text": "Do not lift much.", "fact_key": "lifting", "low": 5, "high": 10, "unit": "lb"}
RISK = {"key": "bleeding", "name": "Bleeding", "sources": ["a"]}
COUNTED = RISK | {"fact_key": "bleeding", "low": 1, "high": 2, "unit": "per-100"}


@pytest.mark.parametrize(
    ("section", "old", "new", "told"),
    [
        ("figures", [FIGURE], [FIGURE], {}),
        ("figures", [FIGURE], [FIGURE | {"note": "More for two bones."}], {}),
        (
            "figures",
            [FIGURE],
            [FIGURE, FIGURE | {"fact_key": "stay", "label": "You stay", "unit": "hours"}],
            {"Figures": ["New since your leaflet: “You stay: 5 to 10 hours”"]},
        ),
        (
            "warning_signs",
            [SIGN],
            [SIGN | {"urgency": "emergency"}],
            {
                "Warning signs": [
                    "Your leaflet says: “Sign 0. Do 0. (Ask us, after treatment)” "
                    "Now we say: “Sign 0. Do 0. (Emergency: call the emergency number now, after treatment)”"
                ]
            },
        ),
        (
            "milestones",
            [LIFTING],
            [LIFTING | {"high": 20}],
            {
                "What not to do": [
                    "Your leaflet says: “For the first week: Do not lift much. (5 to 10 lb)” "
                    "Now we say: “For the first week: Do not lift much. (5 to 20 lb)”"
                ]
            },
        ),
        (
            "milestones",
            [RULE],
            [RULE, RULE | {"kind": "allowed", "text": "Walk."}],
            {"What you may do": ["New since your leaflet: “For the first week: Walk.”"]},
        ),
        (
            "preparation",
            [{"when": "On the day", "text": "Eat nothing."}],
            [{"when": "Before the day", "text": "Eat nothing."}],
            {
                "How to get ready": [
                    "Your leaflet says: “On the day: Eat nothing.” Now we say: “Before the day: Eat nothing.”"
                ]
            },
        ),
        (
            "risks",
            [RISK],
            [COUNTED],
            {"Risks": ["Your leaflet says: “Bleeding” Now we say: “Bleeding: 1 to 2 in 100 people”"]},
        ),
    ],
)
def test_a_change_is_told_as_a_sentence_in_its_place(compared, section, old, new, told):
    assert compared(section, old, new) == told
