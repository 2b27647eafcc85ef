"""Sending the request form: checked once more, stored once, changed when it is sent with other answers."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from clinic.models import GeneralWarningSign, Location, OpeningHours
from procedures.models import ProcedurePage
from tests.appointments.offer import make_sign, offer  # noqa: F401 -- a fixture
from tests.appointments.visitor import ADDRESS, MONDAY, Visitor, stored
from tests.at_once import at_once

pytestmark = pytest.mark.usefixtures("offer")


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
