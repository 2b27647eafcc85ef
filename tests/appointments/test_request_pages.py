"""The pages of the request form: one leads to the next, and none loses what was typed."""

import gzip
import json

import pytest
import time_machine
from django.db import connection
from django.utils.html import escape

from appointments.models import AppointmentRequest
from clinic.models import Location, OpeningHours
from procedures.models import Procedure, ProcedureVersion
from tests.appointments.offer import make_procedure, make_sign, offer  # noqa: F401 -- a fixture
from tests.appointments.visitor import ADDRESS, GOOD, MONDAY, Visitor, stored
from tests.matrices import first
from tests.procedures.published import make_draft, publish_page

AT_FIRST = [("wish", "appointment"), ("for_whom", "me")]
NO_PLACE = ("location", "no preference")

pytestmark = pytest.mark.usefixtures("offer")


# From page to page


def test_a_request_is_sent_in_six_pages_and_stored_at_the_last_press():
    visitor = Visitor(query="?procedure=kyphoplasty&location=north")
    titles = [visitor.page.title]
    for number, step in enumerate(GOOD, start=1):
        assert visitor.step == step
        assert f"Step {number} of 6" in visitor.page.text
        assert visitor.fill(step).status_code == 200
        titles.append(visitor.page.title)
    assert len(set(titles)) == 6
    assert not any("Ana" in title for title in titles)
    assert stored() == (0, 0, 0, 0)

    response = visitor.send()
    assert response.status_code == 303
    assert stored() == (1, 1, 1, 1)
    request = AppointmentRequest.objects.get()
    assert (request.wish, request.procedure.key, request.location.key) == ("appointment", "kyphoplasty", "north")
    assert (request.full_name, request.email, request.phone) == (
        "Ana O’Brien",
        "Ana@example.org",
        "(206) 555-0123 ext. 4",
    )
    assert request.date_of_birth.isoformat() == "1956-03-27"
    assert request.preferences == {
        "times": ["0-morning", "2-afternoon"],
        "sooner": True,
        "reach_by": "either",
        "reach_when": ["afternoon"],
        "leave_message": True,
        "interpreter": "es",
        "step_free": True,
        "other_needs": "Large print.",
        "records": ["letter"],
    }
    assert (request.helper, request.wants_details) == (None, True)
    assert not request.is_urgent
    assert response["Location"].startswith("/appointments/track/")
    assert request.reference in visitor.client.get(response["Location"]).content.decode()


def test_a_question_is_asked_without_times():
    visitor = Visitor().reach("matter", wish={"wish": "question", "procedure": "not sure", "location": "no preference"})
    assert "What is your question?" in visitor.page.text
    assert "When can you come?" not in visitor.page.text
    visitor.fill("matter", times=None)
    assert visitor.step == "person"
    visitor.reach("check").send()
    request = AppointmentRequest.objects.get()
    assert (request.wish, request.procedure, request.location) == ("question", None, None)


def test_the_page_a_patient_comes_from_fills_in_the_first_answers():
    visitor = Visitor(query="?procedure=kyphoplasty&location=south")
    assert visitor.page.checked == [*AT_FIRST, ("procedure", "kyphoplasty"), ("location", "south")]
    assert ("procedure", "kyphoplasty") in Visitor(language="es", query="?procedure=cifoplastia").page.checked
    assert "/es/appointments/request/?procedure=cifoplastia" in visitor.response.content.decode()


@pytest.mark.parametrize(
    "query",
    ["?procedure=cifoplastia", "?procedure=%00", "?location=x&procedure=", "?procedure=<b>", "?location=%FF%FE"],
)
def test_an_unknown_procedure_or_place_in_the_address_is_ignored(query):
    visitor = Visitor(query=query)
    assert visitor.status == 200
    assert visitor.page.checked == [*AT_FIRST, NO_PLACE]


def test_who_comes_from_a_procedure_has_few_presses_and_fields_before_sending():
    visitor = Visitor(query="?procedure=kyphoplasty")
    opened = dict(visitor.page.checked)
    for typed in (opened, {"signs": "none of these"}, {"matter": "My back hurts.", "times": "any"}, {}):
        visitor.press(**typed)
    visitor.press(full_name="Ana", email="ana@example.org", **dict(visitor.page.checked))
    assert visitor.step == "check"
    assert visitor.send().status_code == 303


@pytest.mark.parametrize(
    ("given", "reach_by"),
    [({"phone": ""}, "email"), ({"email": ""}, "phone"), ({}, "either")],
)
def test_who_gives_one_way_to_be_reached_is_reached_that_way(given, reach_by):
    visitor = Visitor().reach("check", person={"reach_by": "either", **given})
    visitor.send()
    assert AppointmentRequest.objects.get().preferences["reach_by"] == reach_by


def test_a_place_that_only_examines_says_so_before_and_after_it_is_chosen():
    assert "Southside (examinations only)" in Visitor().page.text
    make_procedure("vertebroplasty")
    visitor = Visitor()
    assert "Southside (examinations only for: Balloon repair)" in visitor.page.text
    assert "Northside (" not in visitor.page.text
    visitor.reach("check", wish={"location": "south"})
    assert "At Southside we examine you for this treatment." in visitor.page.text


def test_no_other_place_is_promised_for_a_treatment_that_none_in_use_performs():
    Location.objects.filter(key="north").update(is_open=False)
    visitor = Visitor().reach("check", wish={"location": "south"})
    assert "At Southside we examine you for this treatment." in visitor.page.text
    assert "another of our places" not in visitor.page.text


def test_back_keeps_what_was_typed_even_when_it_is_wrong_or_half_done():
    visitor = Visitor().reach("person")
    visitor.fill("person", "back", email="not an address", reach_by=None)
    assert (visitor.status, visitor.step, visitor.page.errors) == (200, "needs", [])
    assert visitor.page.values["other_needs"] == GOOD["needs"]["other_needs"]
    visitor.fill("needs")
    assert (visitor.step, visitor.page.errors) == ("person", [])
    assert visitor.page.values["email"] == "not an address"
    assert visitor.page.values["date_of_birth_year"] == "1956"
    for step in ("needs", "matter", "signs", "wish", "wish"):
        visitor.press("back", **GOOD[visitor.step])
        assert visitor.step == step


def test_a_change_from_the_check_page_leads_back_to_it():
    visitor = Visitor().reach("check")
    visitor.press("change-matter")
    visitor.fill("matter", matter="It hurts less now.")
    assert visitor.step == "check"
    assert "It hurts less now." in visitor.page.text


def test_a_change_asks_only_what_it_makes_new():
    visitor = Visitor().reach("check", wish={"wish": "question"}, matter={"times": None})
    visitor.press("change-wish")
    visitor.fill("wish")
    assert (visitor.status, visitor.step) == (422, "matter")
    assert visitor.page.errors == ["Tick when you can come, or “Any time”."]
    visitor.fill("matter")
    assert visitor.step == "needs"
    visitor.fill("needs")
    assert visitor.step == "check"


def test_a_later_page_leads_to_the_first_unanswered_one():
    visitor = Visitor()
    visitor.press("send", step="check")
    assert visitor.step == "wish"
    visitor.fill("wish")
    visitor.fill("person")
    assert visitor.step == "signs"
    assert "One answer is missing." in visitor.page.text
    visitor.fill("signs")
    visitor.fill("matter")
    visitor.fill("needs")
    assert visitor.page.values["full_name"] == GOOD["person"]["full_name"]
    for hostile in ("change-check", "change-", "change-person", "send", "", "\x00", "x" * 200_000):
        assert Visitor().press(hostile, step="check").status_code in (200, 422)


def test_the_check_page_shows_every_answer_and_what_happens_next():
    with time_machine.travel(MONDAY, tick=False):
        visitor = Visitor().reach("check")
    text = visitor.page.text
    for words in (
        "An appointment",
        "Balloon repair",
        "Northside",
        "None of these",
        "My back hurts since I fell.",
        "Letter or scan A letter from a doctor",
        "Monday morning, Wednesday afternoon",
        "We tell you of an earlier time Yes",
        "Interpreter Spanish",
        "A way in without steps Yes",
        "Large print.",
        "Ana O’Brien",
        "Ana@example.org",
        "(206) 555-0123 ext. 4",
        "Either one is fine",
        "When we may telephone Afternoon",
        "We may leave a message Yes",
        "Messages may name the treatment Yes",
        "March 27, 1956",
        "This is a request, not yet an appointment.",
        "We read it and answer you by 5 p.m. on Monday, November 23.",
        "We erase them 13 months after your request ended.",
    ):
        assert words in text


def test_the_first_page_says_what_it_is_and_by_when_the_clinic_answers():
    with time_machine.travel(MONDAY, tick=False):
        text = Visitor().page.text
    assert "This is a request, not yet an appointment" in text
    assert "We read your request and answer you by 5 p.m. on Monday, November 23." in text


def test_a_change_of_mind_and_back_loses_nothing_that_was_typed():
    visitor = Visitor().reach("check")
    visitor.press("change-wish")
    visitor.fill("wish", wish="question")
    assert visitor.step == "check"
    assert "Large print." not in visitor.page.text
    visitor.press("change-matter")
    visitor.press("next", matter=GOOD["matter"]["matter"])
    visitor.press("change-wish")
    visitor.fill("wish")
    assert visitor.step == "check"
    for words in ("Monday morning, Wednesday afternoon", "Large print."):
        assert words in visitor.page.text


def test_times_are_those_of_the_days_on_which_the_clinic_is_open():
    visitor = Visitor().reach("matter")
    assert "Friday afternoon" in visitor.page.text
    assert "Saturday" not in visitor.page.text
    OpeningHours.objects.create(weekday=5, opens="09:00", closes="12:00")
    visitor.press("next")
    assert "Saturday morning" in visitor.page.text


# The version of the page that the patient had read


def read_version(query, *, language="en"):
    """Return what the request keeps as read, when it is sent from the form under this address."""
    Visitor(language=language, query=query).reach("check").send()
    version = AppointmentRequest.objects.get().page_version
    return version and (version.page.procedure.key, version.page.language, version.number)


def test_the_version_of_the_page_that_was_read_is_kept_with_the_request(client):
    page = client.get("/procedures/kyphoplasty/").content.decode()
    assert 'href="/appointments/request/?procedure=kyphoplasty&amp;version=1"' in page
    assert read_version("?procedure=kyphoplasty&version=1") == ("kyphoplasty", "en", 1)


def test_a_version_that_was_replaced_meanwhile_is_kept_too():
    publish_page(Procedure.objects.get())
    assert ProcedureVersion.objects.filter(page__language="en", state="superseded", number=1).exists()
    assert read_version("?procedure=kyphoplasty&version=1") == ("kyphoplasty", "en", 1)


def test_the_language_that_a_page_was_read_in_is_kept_when_the_form_changes_its_own():
    html = Visitor(query="?procedure=kyphoplasty&version=1").response.content.decode()
    query = "?procedure=cifoplastia&version=en-1"
    assert f'href="/es/appointments/request/{escape(query)}"' in html
    there = Visitor(language="es", query=query).response.content.decode()
    assert 'href="/appointments/request/?procedure=kyphoplasty&amp;version=en-1"' in there
    assert read_version(query, language="es") == ("kyphoplasty", "en", 1)


@pytest.mark.parametrize(
    "version",
    first(
        ["%00", "xx-1", "1" * 5000, "", "0", "2", "-1", "1.0", "en-%00", "en-", "٣", "²", "en-1-1", "<b>"],
        kept=3,
    ),
)
def test_a_version_that_nobody_could_read_is_ignored(version):
    make_draft(Procedure.objects.get())
    assert read_version(f"?procedure=kyphoplasty&version={version}") is None


@pytest.mark.parametrize("query", ["?version=1", "?procedure=vertebroplasty-en&version=1"])
def test_a_version_is_ignored_unless_it_is_of_the_procedure_that_is_asked_for(query):
    make_procedure("vertebroplasty")
    assert read_version(query) is None


# What the pages cost, and what they say to the browser


def test_every_page_may_be_kept_by_this_browser_only():
    visitor = Visitor()
    responses = [visitor.response, visitor.press("next")]
    for step in GOOD:
        visitor.fill(step)
        responses.append(visitor.response)
    responses.append(visitor.send())
    for response in responses:
        assert response["Cache-Control"] == "private, no-cache"
        assert response["Referrer-Policy"] == "same-origin"
        assert response["X-Robots-Tag"] == "noindex"


def test_every_page_is_small():
    visitor = Visitor()
    long = {"matter": {"matter": "".join(f"It hurt on day {day}. " for day in range(250))[:4000]}}
    for step in GOOD:
        visitor.fill(step, **long.get(step, {}))
        assert len(gzip.compress(visitor.response.content)) < 30_000


def test_the_number_of_queries_stays_when_the_clinic_grows(django_assert_num_queries):
    def count(step):
        visitor = Visitor().reach(step)
        with connection.execute_wrapper(lambda execute, *args: (counted.append(args[0]), execute(*args))[1]):
            counted.clear()
            visitor.fill(step)
        return len(counted)

    counted = []
    before = {step: count(step) for step in GOOD}
    for number in range(6):
        place = Location.objects.create(key=f"place-{number}", name=f"Place {number}", address="Street")
        make_sign(f"sign-{number}", "urgent", en=f"Sign {number}", es=f"Signo {number}")
        make_procedure(f"procedure-{number}", signs={"odd": ("urgent", "both")}).evaluated_at.add(place)
    assert {step: count(step) for step in GOOD} == before
    assert max(before.values()) <= 13


def test_only_get_and_post_are_answered(client):
    assert client.put(ADDRESS["en"]).status_code == 405
    assert client.head(ADDRESS["en"]).status_code == 200
    assert client.post(ADDRESS["en"], json.dumps({}), content_type="application/json").status_code == 422
