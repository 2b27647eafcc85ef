"""What is answered in the request form: what is taken, and what is said when it cannot be."""

import re

import pytest
from django.http import QueryDict

from appointments import workflow
from appointments.changes import CHANGES
from appointments.forms import PreferencesForm
from appointments.models import AppointmentRequest
from audit.actors import Actor
from tests.appointments.factories import make_request
from tests.appointments.offer import offer  # noqa: F401 -- a fixture
from tests.appointments.visitor import FOR_ANOTHER, GOOD, Visitor

pytestmark = pytest.mark.usefixtures("offer")


@pytest.mark.parametrize(
    ("step", "changes", "sentences"),
    [
        ("wish", {"wish": None}, ["Choose what you would like: an appointment, or an answer to a question."]),
        ("wish", {"procedure": "x"}, ["Choose a treatment from the list, or “I am not sure”."]),
        ("wish", {"location": None}, ["Choose a place, or “I am not sure, or I have no preference”."]),
        ("signs", {"signs": None}, ["Tick the signs that you have, or “None of these”."]),
        (
            "signs",
            {"signs": ["fever", "none of these"]},
            ["You ticked a sign and “None of these”. Tick only what is true for you."],
        ),
        ("matter", {"matter": " "}, ["Tell us what is the matter, in a few words."]),
        ("matter", {"times": ["6-night"]}, ["Tick times from the list, or “Any time”."]),
        (
            "matter",
            {"matter": "a" * 4001},
            ["“What is the matter?” can hold 4,000 characters, and you have 4,001. Make it shorter."],
        ),
        ("wish", {"for_whom": "nobody"}, ["Choose who it is for: you, or someone else."]),
        ("matter", {"records": ["blood"]}, ["Tick what you have from the list, or nothing."]),
        ("needs", {"interpreter": "tlh"}, ["Choose a language from the list, or “No”."]),
        ("needs", {"interpreter": "other", "other_needs": " "}, ["Write here which language it is."]),
        (
            "needs",
            {"other_needs": "a" * 501},
            ["“What else would help you? (optional)” can hold 500 characters, and you have 501. Make it shorter."],
        ),
        ("person", {"reach_when": ["night"]}, ["Tick times from the list, or none."]),
        ("person", {"full_name": ""}, ["Enter your full name."]),
        ("person", {"email": "ana"}, ["Enter an email address such as name@example.com."]),
        ("person", {"phone": "555 012"}, ["Enter your telephone number with its area code."]),
        ("person", {"email": None, "phone": None}, ["Enter an email address, a telephone number, or both."]),
        (
            "person",
            {"email": "", "reach_by": "email"},
            ["Enter your email address, or choose to be reached by telephone."],
        ),
        (
            "person",
            {"phone": "", "reach_by": "phone"},
            ["Enter your telephone number, or choose to be reached by email."],
        ),
        ("person", {"reach_by": None}, ["Choose how we should reach you."]),
        (
            "person",
            {"date_of_birth_day": "31", "date_of_birth_month": "2"},
            ["Enter the month, day and year of birth, such as 3 27 1956, or leave all 3 boxes empty."],
        ),
        ("person", {"date_of_birth_year": "2999"}, ["The date of birth must be in the past."]),
        ("person", {"date_of_birth_year": "56"}, ["Enter the year of birth with 4 digits, such as 1956."]),
    ],
)
def test_an_answer_that_cannot_be_taken_says_what_to_do(step, changes, sentences):
    visitor = Visitor().reach(step)
    response = visitor.fill(step, **changes)
    assert (response.status_code, visitor.step, visitor.page.errors) == (422, step, sentences)
    assert visitor.page.title.startswith("Error: ")
    typed = {name: value or "" for name, value in (GOOD[step] | changes).items()}
    kept = {name: value for name, value in visitor.page.values.items() if name in typed}
    assert kept == {name: typed[name] for name in kept}


def test_a_month_may_be_a_word_in_either_language():
    for language, month in (("en", "March"), ("en", "mar."), ("es", "marzo"), ("es", "March")):
        visitor = Visitor(language=language)
        slug = {"wish": {"procedure": "kyphoplasty"}}
        visitor.reach("check", **slug, person={"date_of_birth_month": month})
        assert "1956" in visitor.page.text


@pytest.mark.parametrize(
    ("language", "month"), [("en", "Sept."), ("en", "febr"), ("es", "sept"), ("es", "Setiembre"), ("es", "dic.")]
)
def test_a_month_may_be_shortened_as_people_do(language, month):
    visitor = Visitor(language=language).reach("check", person={"date_of_birth_month": month})
    assert "1956" in visitor.page.text


@pytest.mark.parametrize("month", ["j", "ma", "juxe", "13", "marchtober"])
def test_a_month_that_could_be_several_or_none_is_asked_again(month):
    visitor = Visitor().reach("person")
    visitor.fill("person", date_of_birth_month=month)
    assert (visitor.status, visitor.page.values["date_of_birth_month"]) == (422, month)


def test_a_date_of_birth_may_be_left_out():
    empty = {"date_of_birth_day": "", "date_of_birth_month": "", "date_of_birth_year": None}
    Visitor().reach("check", person=empty).send()
    assert AppointmentRequest.objects.get().date_of_birth is None


def test_what_is_optional_may_be_left_out():
    nothing = dict.fromkeys(("records", "sooner", "reach_when", "leave_message", "wants_details"))
    visitor = Visitor().reach("needs", matter=nothing)
    visitor.press("next", interpreter="", other_needs="")
    visitor.reach("check", person=nothing).send()
    request = AppointmentRequest.objects.get()
    chosen = request.preferences
    assert not any(chosen[name] for name in ("sooner", "reach_when", "leave_message", "records"))
    assert not any(chosen[name] for name in ("interpreter", "step_free", "other_needs"))
    assert not request.wants_details


def test_a_page_of_needs_without_any_answer_is_answered():
    visitor = Visitor().reach("needs")
    visitor.press("next")
    assert visitor.step == "person"
    visitor.fill("person")
    assert visitor.step == "check"


def test_any_time_stands_for_all_the_others():
    Visitor().reach("check", matter={"times": ["any", "0-morning"]}).send()
    assert AppointmentRequest.objects.get().preferences["times"] == ["any"]


def test_a_form_that_was_opened_before_it_asked_for_whom_is_for_the_one_who_fills_it_in():
    Visitor().reach("check", wish={"for_whom": None}).send()
    assert AppointmentRequest.objects.get().helper is None


# For oneself, or for someone else


def test_whoever_asks_for_someone_else_gives_both_names_and_whom_to_call():
    visitor = Visitor().reach("check", **FOR_ANOTHER)
    for words in (
        "It is for Someone else",
        "Full name of the patient Zoë O’Brien",
        "Date of birth of the patient May 4, 2015",
        "Your full name Ana O’Brien",
        "Who you are to the patient A parent or guardian: the patient is a child",
        "We call or write to Me",
    ):
        assert words in visitor.page.text
    visitor.send()
    request = AppointmentRequest.objects.get()
    assert (request.full_name, request.date_of_birth.isoformat()) == ("Zoë O’Brien", "2015-05-04")
    assert request.helper == {"full_name": "Ana O’Brien", "relation": "guardian", "call": "helper"}


def test_the_pages_speak_of_the_patient_to_whoever_asks_for_someone_else():
    visitor = Visitor()
    words = {
        "signs": "Does the patient have any of these now?",
        "matter": "When can the patient come?",
        "needs": "Does the patient need an interpreter?",
        "person": "Email address of the person we contact",
    }
    for step, sentence in words.items():
        visitor.reach(step, **FOR_ANOTHER)
        assert sentence in visitor.page.text


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({"patient_name": " "}, ["Enter the full name of the patient."]),
        ({"full_name": None}, ["Enter your full name."]),
        ({"relation": None}, ["Choose who you are to the patient."]),
        ({"relation": "boss"}, ["Choose from the list who you are to the patient."]),
        ({"call": None}, ["Choose whom we should call or write to: you, or the patient."]),
        ({"call": "patient"}, ["We call or write to the parent or guardian of a child. Choose “Me”."]),
        ({"email": None, "phone": None}, ["Enter an email address, a telephone number, or both."]),
        (
            {"email": None, "reach_by": "email"},
            ["Enter the email address of the person we contact, or choose “By telephone”."],
        ),
        (
            {"phone": None, "reach_by": "phone"},
            ["Enter the telephone number of the person we contact, or choose “By email”."],
        ),
        ({"reach_by": None}, ["Choose from the list how we should reach this person."]),
        ({"patient_born_year": "2999"}, ["The date of birth must be in the past."]),
    ],
)
def test_whoever_asks_for_someone_else_is_told_what_is_missing(changes, sentences):
    visitor = Visitor().reach("person", **FOR_ANOTHER)
    visitor.fill("person", **FOR_ANOTHER["person"] | changes)
    assert (visitor.status, visitor.page.errors) == (422, sentences)


def autofilled(visitor):
    """Return what a browser may fill in by itself, by name of the input."""
    html = visitor.response.content.decode()
    inputs = [dict(re.findall(r'([a-z-]+)="([^"]*)"', tag)) for tag in re.findall(r"<input[^>]*>", html)]
    return {each["name"]: each["autocomplete"] for each in inputs if each.get("autocomplete", "off") != "off"}


def test_a_browser_fills_in_only_what_is_its_own_users():
    assert autofilled(Visitor().reach("person")).keys() == {
        *("full_name", "email", "phone"),
        *(f"date_of_birth_{part}" for part in ("day", "month", "year")),
    }
    assert autofilled(Visitor().reach("person", **FOR_ANOTHER)) == {"full_name": "name"}


def test_a_change_of_who_it_is_for_puts_nobody_in_the_place_of_another():
    visitor = Visitor().reach("check")
    visitor.press("change-wish")
    visitor.fill("wish", **FOR_ANOTHER["wish"])
    assert (visitor.status, visitor.step) == (422, "person")
    assert (visitor.page.values["full_name"], visitor.page.values["patient_name"]) == ("Ana O’Brien", "")
    visitor.fill("person", **FOR_ANOTHER["person"])
    visitor.press("change-wish")
    visitor.fill("wish")
    assert visitor.step == "check"
    assert "Zoë" not in visitor.page.text
    assert "March 27, 1956" in visitor.page.text


def test_the_same_form_for_another_patient_is_another_request():
    visitor = Visitor().reach("check", **FOR_ANOTHER)
    first = visitor.send()
    visitor.press("change-person")
    visitor.fill("person", **FOR_ANOTHER["person"] | {"patient_name": "Ida O’Brien"})
    assert visitor.send()["Location"].partition("?")[0] != first["Location"]
    assert AppointmentRequest.objects.count() == 2


# Preferences that are changed later


def preferences_form(asked, **typed):
    data = QueryDict(mutable=True)
    for name, value in typed.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return PreferencesForm(data or None, asked=asked, weekdays=range(5))


def test_preferences_are_opened_as_they_are_and_cleaned_for_the_workflow():
    Visitor().reach("check").send()
    asked = AppointmentRequest.objects.get()
    html = preferences_form(asked).as_p()
    assert html.count("checked") == 6
    form = preferences_form(asked, times=["1-morning", "2-morning"], reach_by="phone", reach_when=["morning"])
    assert form.is_valid(), form.errors
    workflow.move_by_patient(asked, "prefer", by=Actor.patient(), preferences=form.cleaned_data)
    asked.refresh_from_db()
    assert (asked.preferences["times"], asked.preferences["sooner"]) == (["1-morning", "2-morning"], False)
    assert asked.preferences["other_needs"] == "Large print."


@pytest.mark.parametrize(
    ("wish", "left_out", "asked_for"),
    [
        ("question", None, ["reach_by", "reach_when", "leave_message"]),
        ("question", "email", ["reach_when", "leave_message"]),
        ("question", "phone", []),
        ("appointment", "phone", ["times", "sooner"]),
    ],
)
def test_preferences_ask_only_for_what_can_be_chosen(client, wish, left_out, asked_for):
    visitor = Visitor().reach("matter", wish={"wish": wish})
    token = visitor.reach("check", person={left_out: None} if left_out else {}).send()["Location"]
    assert list(preferences_form(AppointmentRequest.objects.get()).fields) == asked_for
    # And nobody is led to a page that asks nothing.
    assert ("Change what suits you" in client.get(token).content.decode()) == bool(asked_for)


def test_who_wants_other_times_is_asked_when_they_can_come_and_nothing_else():
    for wish in ("question", "appointment"):
        asked = make_request(wish=wish, phone="")
        assert list(CHANGES["other-times"].form_for(asked).fields) == ["times", "sooner"]
