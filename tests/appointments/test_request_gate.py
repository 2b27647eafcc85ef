"""The gate of the request form: warning signs come before everything else."""

import pytest
import time_machine
from django.test import Client

from appointments.models import AppointmentRequest
from clinic.models import GeneralWarningSign
from tests.appointments.offer import make_procedure, make_sign, offer  # noqa: F401 -- a fixture
from tests.appointments.visitor import MONDAY, Visitor, stored

pytestmark = pytest.mark.usefixtures("offer")


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
    assert "Step 2 of 5" in visitor.page.text
    visitor.reach("check").send()
    assert AppointmentRequest.objects.get().signs == []
