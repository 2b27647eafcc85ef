"""The patient's request, page by page: nothing is stored before it is sent, and nothing typed is lost."""

import gzip
import json
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client

from appointments.models import AppointmentRequest, TrackingLink
from audit.models import Event
from clinic.models import GeneralWarningSign, Location, OpeningHours
from outbox.models import Message
from procedures.models import ProcedurePage
from tests.appointments.offer import make_procedure, make_sign, offer  # noqa: F401 -- a fixture
from tests.appointments.visitor import ADDRESS, GOOD, Visitor
from tests.at_once import at_once

pytestmark = pytest.mark.usefixtures("offer")

MONDAY = "2026-11-23T09:00:00-08:00"


def stored():
    """Return how many requests, links of forms, events and messages there are."""
    return (
        AppointmentRequest.objects.count(),
        TrackingLink.objects.filter(made_for="form").count(),
        Event.objects.filter(verb="request.received").count(),
        Message.objects.count(),
    )


# From page to page


def test_a_request_is_sent_in_five_pages_and_stored_at_the_last_press():
    visitor = Visitor(query="?procedure=kyphoplasty&location=north")
    titles = [visitor.page.title]
    for number, step in enumerate(GOOD, start=1):
        assert visitor.step == step
        assert f"Step {number} of 5" in visitor.page.text
        assert visitor.fill(step).status_code == 200
        titles.append(visitor.page.title)
    assert len(set(titles)) == 5
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
        "reach_by": "either",
        "leave_message": True,
    }
    assert not request.is_urgent
    assert response["Location"].startswith("/appointments/track/")
    assert request.reference in visitor.client.get(response["Location"]).content.decode()


def test_a_question_is_asked_without_times():
    visitor = Visitor().reach("matter", wish={"wish": "question", "procedure": "not sure", "location": "no preference"})
    assert "What is your question?" in visitor.page.text
    visitor.fill("matter", times=None)
    visitor.reach("check").send()
    request = AppointmentRequest.objects.get()
    assert (request.wish, request.procedure, request.location) == ("question", None, None)


def test_the_page_a_patient_comes_from_fills_in_the_first_answers():
    visitor = Visitor(query="?procedure=kyphoplasty&location=south")
    assert visitor.page.checked == [("procedure", "kyphoplasty"), ("location", "south")]
    assert ("procedure", "kyphoplasty") in Visitor(language="es", query="?procedure=cifoplastia").page.checked
    assert "/es/appointments/request/?procedure=cifoplastia" in visitor.response.content.decode()


@pytest.mark.parametrize(
    "query",
    ["?procedure=cifoplastia", "?procedure=%00", "?location=x&procedure=", "?procedure=<b>", "?location=%FF%FE"],
)
def test_an_unknown_procedure_or_place_in_the_address_is_ignored(query):
    visitor = Visitor(query=query)
    assert visitor.status == 200
    assert visitor.page.checked == []


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
    assert (visitor.status, visitor.step, visitor.page.errors) == (200, "matter", [])
    assert visitor.page.values["matter"] == GOOD["matter"]["matter"]
    visitor.fill("matter")
    assert (visitor.step, visitor.page.errors) == ("person", [])
    assert visitor.page.values["email"] == "not an address"
    assert visitor.page.values["date_of_birth_year"] == "1956"
    for step in ("matter", "signs", "wish", "wish"):
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
        "Monday morning, Wednesday afternoon",
        "Ana O’Brien",
        "Ana@example.org",
        "(206) 555-0123 ext. 4",
        "Either one is fine",
        "March 27, 1956",
        "This is a request, not yet an appointment.",
        "We read it and answer you by 5 p.m. on Monday, November 23.",
        "We erase them 1 year after your request is closed.",
    ):
        assert words in text


def test_times_are_those_of_the_days_on_which_the_clinic_is_open():
    visitor = Visitor().reach("matter")
    assert "Friday afternoon" in visitor.page.text
    assert "Saturday" not in visitor.page.text
    OpeningHours.objects.create(weekday=5, opens="09:00", closes="12:00")
    visitor.press("next")
    assert "Saturday morning" in visitor.page.text


# Errors


@pytest.mark.parametrize(
    ("step", "changes", "sentences"),
    [
        ("wish", {"wish": None}, ["Choose what you would like: an appointment, or an answer to a question."]),
        ("wish", {"procedure": "x"}, ["Choose a treatment from the list, or “I am not sure”."]),
        ("wish", {"location": None}, ["Choose a place, or “I have no preference”."]),
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
            ["Enter the month, day and year you were born, such as 3 27 1956, or leave all 3 boxes empty."],
        ),
        ("person", {"date_of_birth_year": "2999"}, ["Your date of birth must be in the past."]),
        ("person", {"date_of_birth_year": "56"}, ["Enter the year you were born with 4 digits, such as 1956."]),
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


# The gate


def test_an_emergency_ends_with_what_to_do_now_and_stores_nothing():
    visitor = Visitor().reach("signs")
    response = visitor.fill("signs", signs=["numb", "fever"])
    assert (response.status_code, visitor.step) == (200, "emergency")
    assert "Your legs feel numb." in visitor.page.text
    assert 'href="tel:911"' in response.content.decode()
    for go, step in (("next", "emergency"), ("send", "check"), ("change-person", "check"), ("next", "urgent")):
        visitor.press(go, step=step)
        assert visitor.step == "emergency"
    visitor.fill("person")
    assert visitor.step == "emergency"
    assert stored() == (0, 0, 0, 0)


@pytest.mark.parametrize("signs", [["numb"], ["numb", "none of these"]], ids=["list changed", "none of these too"])
def test_an_emergency_comes_before_whatever_else_is_wrong_with_the_page(signs):
    visitor = Visitor().reach("signs")
    if len(signs) == 1:
        make_sign("cold", "urgent", en="Your foot is cold.", es="Tiene el pie frío.")
    visitor.fill("signs", signs=signs)
    assert visitor.step == "emergency"
    visitor.press("next")
    assert visitor.step == "emergency"
    visitor.press("back")
    visitor.fill("signs")
    assert visitor.step == "matter"


def test_an_emergency_is_told_to_a_browser_whose_cookie_is_gone():
    visitor = Visitor(client=Client(enforce_csrf_checks=True))
    seal = Visitor().reach("signs").seal
    visitor.fill("signs", signs=["numb"], seal=seal)
    assert (visitor.status, visitor.step) == (403, "emergency")


def test_an_emergency_ticked_by_mistake_can_be_taken_back():
    visitor = Visitor().reach("signs")
    visitor.fill("signs", signs=["numb"])
    visitor.press("back")
    assert visitor.page.checked == [("signs", "numb")]
    visitor.fill("signs")
    assert visitor.step == "matter"


def test_an_emergency_stays_one_when_the_clinic_empties_its_list():
    make_procedure("vertebroplasty")
    visitor = Visitor().reach("signs", wish={"procedure": "vertebroplasty"})
    visitor.fill("signs", signs=["numb"])
    GeneralWarningSign.objects.all().delete()
    visitor.press("send", step="check")
    assert visitor.step == "emergency"
    visitor.press("back")
    visitor.fill("signs")
    visitor.reach("check").send()
    assert stored() == (1, 1, 1, 1)


def test_an_urgent_sign_shows_whom_to_call_lets_go_on_and_marks_the_request():
    with time_machine.travel(MONDAY, tick=False):
        visitor = Visitor().reach("signs")
        visitor.fill("signs", signs=["kyphoplasty/sudden-pain"])
        assert visitor.step == "urgent"
        assert "(206) 555-0142" in visitor.page.text
        visitor.press("back")
        assert visitor.step == "signs"
        visitor.fill("signs", signs=["kyphoplasty/sudden-pain"])
        visitor.press("next")
        visitor.reach("check")
        assert "by 11 a.m. on Monday, November 23" in visitor.page.text
        visitor.send()
    request = AppointmentRequest.objects.get()
    assert request.is_urgent
    assert request.signs == [
        {"key": "numb", "text": "Your legs feel numb.", "urgency": "emergency", "ticked": False},
        {"key": "fever", "text": "You have a fever.", "urgency": "urgent", "ticked": False},
        {
            "key": "kyphoplasty/sudden-pain",
            "text": "sudden-pain in en",
            "urgency": "urgent",
            "ticked": True,
        },
    ]


def test_only_signs_before_treatment_and_of_that_procedure_are_asked():
    make_procedure("vertebroplasty")
    assert "leak" not in Visitor().reach("signs").page.text
    other = Visitor().reach("signs", wish={"procedure": "vertebroplasty"})
    assert "sudden-pain" not in other.page.text
    assert "You have a fever." in other.page.text


def test_another_procedure_asks_about_its_own_signs():
    make_procedure("vertebroplasty")
    visitor = Visitor().reach("check", wish={"procedure": "vertebroplasty"})
    visitor.press("change-wish")
    visitor.fill("wish", procedure="kyphoplasty")
    assert (visitor.status, visitor.step) == (422, "signs")
    assert visitor.page.errors == ["We have changed this list. Read it once more, then continue."]
    visitor.fill("signs")
    assert visitor.step == "check"


def test_a_clinic_without_signs_asks_about_none():
    make_procedure("vertebroplasty")
    GeneralWarningSign.objects.all().delete()
    visitor = Visitor()
    visitor.fill("wish", procedure="vertebroplasty")
    assert visitor.step == "matter"
    assert "Step 2 of 4" in visitor.page.text
    visitor.reach("check").send()
    assert AppointmentRequest.objects.get().signs == []


# Sending


def test_a_sign_added_meanwhile_is_asked_before_the_request_is_stored():
    visitor = Visitor().reach("check")
    make_sign("cold", "emergency", en="Your foot is cold.", es="Tiene el pie frío.")
    assert visitor.send().status_code == 422
    assert visitor.step == "signs"
    assert "Your foot is cold." in visitor.page.text
    assert visitor.page.errors == ["We have changed this list. Read it once more, then continue."]
    visitor.fill("signs")
    assert visitor.send().status_code == 303


@pytest.mark.parametrize(
    ("change", "step"),
    [
        (lambda: Location.objects.filter(key="north").update(is_open=False), "wish"),
        (lambda: ProcedurePage.objects.filter(procedure__key="kyphoplasty").update(live_version=None), "wish"),
        (lambda: GeneralWarningSign.objects.filter(key="fever").update(urgency="emergency"), "signs"),
        (lambda: GeneralWarningSign.objects.filter(key="fever").update(text={"en": "You shiver."}), "signs"),
        (lambda: OpeningHours.objects.filter(weekday=0).delete(), "matter"),
    ],
    ids=["a place closed", "a procedure withdrawn", "a sign more urgent", "a sign reworded", "a day closed"],
)
def test_all_answers_are_checked_again_when_sent(change, step):
    visitor = Visitor().reach("check")
    change()
    assert visitor.send().status_code == 422
    assert visitor.step == step
    assert stored() == (0, 0, 0, 0)


def test_a_sign_taken_off_the_list_asks_nothing_again():
    visitor = Visitor().reach("check")
    GeneralWarningSign.objects.filter(key="fever").delete()
    assert visitor.send().status_code == 303


def test_sent_again_unchanged_it_is_one_request():
    visitor = Visitor().reach("check")
    first, again = visitor.send(), visitor.send()
    assert first["Location"] == again["Location"]
    assert stored() == (1, 1, 1, 1)
    visitor.press("back")
    visitor.fill("person")
    assert visitor.send()["Location"] == first["Location"]
    assert stored() == (1, 1, 1, 1)


def test_sent_again_with_other_answers_it_changes_the_request_and_says_so():
    visitor = Visitor().reach("check")
    first = visitor.send()
    visitor.press("change-matter")
    visitor.fill("matter", matter="Now my leg hurts too.")
    second, again = visitor.send(), visitor.send()
    assert second["Location"] == first["Location"] + "?sent=amended"
    assert again["Location"] == first["Location"]
    assert stored() == (1, 1, 1, 1)
    assert "We have changed your request" in visitor.client.get(second["Location"]).content.decode()


def test_sent_again_with_other_contact_details_it_is_a_second_request_and_says_so():
    visitor = Visitor().reach("check")
    first = visitor.send()
    visitor.press("change-person")
    visitor.fill("person", full_name="Bea O’Brien")
    second, again = visitor.send(), visitor.send()
    assert first["Location"] != second["Location"] == again["Location"]
    assert "This is a second request" in visitor.client.get(second["Location"]).content.decode()
    assert "This is a second request" not in visitor.client.get(first["Location"]).content.decode()


def test_two_forms_with_the_same_answers_are_two_requests():
    first, second = (Visitor().reach("check").send() for _each in range(2))
    assert first["Location"] != second["Location"]
    assert stored() == (2, 2, 2, 2)


@pytest.mark.django_db(transaction=True)
def test_ten_presses_at_once_are_one_request():
    visitor = Visitor().reach("check")
    data = {"seal": visitor.seal, "step": "check", "go": "send"}

    def press():
        response = Client().post(ADDRESS["en"], data)
        return response.status_code, response["Location"]

    answers = at_once(*[press] * 10)
    assert len(set(answers)) == 1
    assert answers[0][0] == 303
    assert stored() == (1, 1, 1, 1)


def test_a_form_open_for_over_a_day_shows_the_answers_again_instead_of_storing():
    with time_machine.travel(MONDAY, tick=False) as clock:
        visitor = Visitor().reach("check")
        clock.shift(timedelta(hours=25))
        assert visitor.send().status_code == 200
        assert visitor.step == "check"
        assert "open for more than 24 hours" in visitor.page.text
        assert stored() == (0, 0, 0, 0)
        assert visitor.send().status_code == 303
        assert stored() == (1, 1, 1, 1)


def test_a_request_that_was_sent_is_found_again_a_day_later_and_not_called_unsent():
    with time_machine.travel(MONDAY, tick=False) as clock:
        visitor = Visitor().reach("check")
        seal = visitor.seal
        first = visitor.send()
        clock.shift(timedelta(hours=25))
        again = visitor.press("send", step="check", seal=seal)
        assert (again.status_code, again.headers.get("Location")) == (303, first["Location"])
        assert stored() == (1, 1, 1, 1)


# Seals and cookies


@pytest.mark.parametrize("spoil", [lambda seal: seal[:-20], lambda seal: "x", lambda seal: seal.replace("g", "h", 1)])
def test_a_broken_seal_keeps_what_was_typed_and_leads_through_what_is_missing(spoil):
    visitor = Visitor().reach("matter")
    response = visitor.fill("matter", seal=spoil(visitor.seal))
    assert (response.status_code, visitor.step) == (422, "matter")
    assert visitor.page.errors[0].startswith("We could not read the answers from your earlier pages.")
    assert visitor.page.values["matter"] == GOOD["matter"]["matter"]
    assert ("times", "0-morning") in visitor.page.checked
    visitor.fill("matter")
    assert visitor.step == "wish"
    visitor.reach("check").send()
    assert stored() == (1, 1, 1, 1)


def test_a_broken_seal_on_the_check_page_leads_to_the_first_question():
    visitor = Visitor().reach("check")
    assert visitor.press("send", seal="x").status_code == 422
    assert visitor.step == "wish"
    assert visitor.page.errors == [
        "Nothing was sent. We could not read your answers, so we ask for them again. We are sorry."
    ]


def test_a_broken_seal_is_told_though_the_token_is_bad_too():
    visitor = Visitor(client=Client(enforce_csrf_checks=True))
    visitor.fill("matter", seal="x")
    assert (visitor.status, visitor.step) == (403, "matter")
    assert "nothing you typed is lost" not in visitor.page.text
    assert "We could not read the answers from your earlier pages." in visitor.page.text


def test_without_a_good_csrf_token_the_page_comes_back_as_it_was_typed():
    visitor = Visitor(client=Client(enforce_csrf_checks=True))
    response = visitor.fill("wish", wish="question")
    assert (response.status_code, visitor.step) == (403, "wish")
    assert visitor.page.errors[0].startswith("Nothing was sent, and nothing you typed is lost.")
    assert visitor.page.checked == [("wish", "question"), ("procedure", "kyphoplasty"), ("location", "north")]
    assert response["Cache-Control"] == "private, no-cache"
    token = visitor.page.values["csrfmiddlewaretoken"]
    visitor.fill("wish", csrfmiddlewaretoken=token)
    assert visitor.step == "signs"


def test_with_cookies_off_nothing_typed_is_lost_on_any_page():
    visitor = Visitor().reach("check")
    blocked = Client(enforce_csrf_checks=True)
    for step in GOOD:
        visitor.press("change-" + step)
        seal = visitor.seal
        back = Visitor(client=blocked)
        blocked.cookies.clear()
        back.fill(step, seal=seal)
        assert (back.status, back.step) == (403, step)
        assert visitor.page.values.keys() == back.page.values.keys()
        assert visitor.page.checked == back.page.checked
        visitor.fill(step)
    back = Visitor(client=blocked)
    blocked.cookies.clear()
    back.press("send", seal=visitor.seal, step="check")
    assert (back.status, back.step) == (403, "check")
    assert stored() == (0, 0, 0, 0)


def test_the_only_cookie_is_the_one_that_keeps_the_form_safe(settings):
    visitor = Visitor().reach("check")
    visitor.send()
    assert list(visitor.client.cookies) == [settings.CSRF_COOKIE_NAME]


# Languages


def test_changing_the_language_keeps_what_was_typed():
    visitor = Visitor().reach("person")
    visitor.language = "es"
    visitor.press("language", **GOOD["person"] | {"email": "half an"})
    assert (visitor.status, visitor.step) == (200, "person")
    assert visitor.page.values["email"] == "half an"
    visitor.fill("person")
    assert visitor.step == "check"
    assert "Reparación con globo" in visitor.page.text
    assert visitor.send()["Location"].startswith("/es/appointments/track/")
    assert AppointmentRequest.objects.get().language == "es"


@pytest.mark.parametrize("step", ["check", "urgent", "emergency", "nowhere"])
def test_every_page_can_change_its_language(step):
    visitor = Visitor().reach("signs")
    if step != "check":
        visitor.fill("signs", signs=["fever" if step == "urgent" else "numb"])
    else:
        visitor.reach("check")
    visitor.language = "es"
    visitor.press("language", step=step)
    assert visitor.step == ("emergency" if step == "nowhere" else step)


def test_a_procedure_without_a_page_in_this_language_is_offered_and_asked_about_in_the_other():
    ProcedurePage.objects.filter(procedure__key="kyphoplasty", language="es").update(live_version=None)
    visitor = Visitor(language="es").reach("signs")
    assert "sudden-pain in en" in visitor.page.text


@pytest.mark.parametrize("sign", ["numb", "fever"])
def test_what_to_do_about_a_sign_is_said_in_the_language_that_was_changed_to(sign):
    words = {"numb": "Siente las piernas dormidas.", "fever": "Tiene fiebre."}[sign]
    GeneralWarningSign.objects.update(action={"en": "Get help.", "es": "Pida ayuda."})
    visitor = Visitor().reach("signs")
    visitor.fill("signs", signs=[sign])
    visitor.language = "es"
    visitor.press("language")
    assert words in visitor.page.text
    assert "Pida ayuda." in visitor.page.text


def test_the_check_page_names_signs_in_the_readers_language_and_sends_them_as_they_were_shown():
    visitor = Visitor().reach("signs")
    visitor.fill("signs", signs=["fever"])
    visitor.press("next")
    visitor.reach("check")
    visitor.language = "es"
    visitor.press("language")
    assert "Tiene fiebre." in visitor.page.text
    visitor.send()
    assert [sign["text"] for sign in AppointmentRequest.objects.get().signs if sign["ticked"]] == ["You have a fever."]


def test_the_first_page_changes_its_language_without_losing_where_the_patient_came_from():
    ProcedurePage.objects.filter(procedure__key="kyphoplasty", language="es").update(live_version=None)
    html = Visitor(query="?procedure=kyphoplasty&location=north").response.content.decode()
    address = "/es/appointments/request/?procedure=kyphoplasty&amp;location=north"
    assert f'href="{address}"' in html
    visitor = Visitor(language="es", query="?procedure=kyphoplasty&location=north")
    assert visitor.page.checked == [("procedure", "kyphoplasty"), ("location", "north")]
    assert 'href="/es/appointments/request/"' in Visitor(query="?procedure=x&location=y").response.content.decode()


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
    assert max(before.values()) <= 12


def test_only_get_and_post_are_answered(client):
    assert client.put(ADDRESS["en"]).status_code == 405
    assert client.head(ADDRESS["en"]).status_code == 200
    assert client.post(ADDRESS["en"], json.dumps({}), content_type="application/json").status_code == 422
