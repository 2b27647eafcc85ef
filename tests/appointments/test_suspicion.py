"""What is held as spam, and that nobody who sends a request can tell: held ones look like all others."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import desk as desk_lines
from appointments.models import AppointmentRequest, HeldBecause
from appointments.sealed import Draft
from appointments.suspicion import A_CONTACT_A_DAY
from appointments.views.asking import DECOY
from audit.models import Event
from clinic.models import ClinicProfile, Tally
from outbox.models import Message
from tests.appointments.factories import make_request
from tests.appointments.offer import offer  # noqa: F401 -- a fixture
from tests.appointments.visitor import GOOD, Visitor

pytestmark = pytest.mark.usefixtures("offer")

MONDAY = "2026-11-23T09:00:00-08:00"


def send(number=1, **changes):
    """Let somebody with contact details of their own send a request; return its row."""
    own = {"email": f"p{number}@example.org", "phone": f"206 555 {number:04}"}
    return send_from(Visitor(), **own | changes)


def send_from(visitor, **person):
    visitor.reach("check", person=person).send()
    assert visitor.status == 303
    return AppointmentRequest.objects.latest("id")


def reasons():
    return list(AppointmentRequest.objects.order_by("id").values_list("held_because", flat=True))


# The decoy


def test_a_request_whose_hidden_box_is_filled_in_is_held():
    assert send(**{DECOY: "Buy now"}).held_because == HeldBecause.DECOY
    assert "Buy now" not in str(AppointmentRequest.objects.values())


def test_somebody_who_empties_the_box_again_is_not_held():
    visitor = Visitor().reach("person")
    visitor.fill("person", **{DECOY: "what is this?", "full_name": ""})
    assert visitor.status == 422
    assert DECOY in visitor.page.values
    assert visitor.page.values[DECOY] == ""
    assert send_from(visitor).held_because == ""


@pytest.mark.parametrize("step", ["wish", "matter"])
def test_the_box_counts_on_its_own_page_alone(step):
    visitor = Visitor().reach(step)
    visitor.fill(step, **{DECOY: "x"})
    assert send_from(visitor).held_because == ""


def test_nobody_meets_the_box_by_eye_by_key_or_by_ear_and_no_browser_fills_it_in():
    html = Visitor().reach("person").response.content.decode()
    box = re.search(r"<p hidden aria-hidden=\"true\">.*?</p>", html, re.DOTALL)[0]
    for part in ("Leave this box empty", 'autocomplete="off"', 'tabindex="-1"', f'name="{DECOY}"'):
        assert part in box
    assert html.count(f'name="{DECOY}"') == 1
    for known in ("name", "mail", "tel", "phone", "address", "street", "city", "zip", "postal", "country", "url"):
        assert known not in DECOY


# The time it took


def test_a_form_that_is_filled_in_faster_than_anybody_reads_is_held(settings):
    settings.FASTEST_FORM = timedelta(seconds=3)
    with time_machine.travel(MONDAY, tick=False) as clock:
        assert send(1).held_because == HeldBecause.TOO_FAST
        visitor = Visitor()
        clock.shift(timedelta(seconds=3))
        assert send_from(visitor).held_because == ""


def test_a_clock_that_was_set_back_and_a_form_of_before_hold_nobody(settings):
    settings.FASTEST_FORM = timedelta(seconds=3)
    with time_machine.travel(MONDAY, tick=False) as clock:
        visitor = Visitor()
        clock.shift(timedelta(hours=-1))
        assert send_from(visitor).held_because == ""
        visitor = Visitor().reach("person")
        draft = Draft.opened(visitor.seal)
        draft.opened_at = None
        visitor.page.values["seal"] = draft.sealed()
        assert send_from(visitor).held_because == ""


# Limits


def test_above_the_limit_of_a_network_requests_are_held_for_the_hour(settings):
    settings.REQUEST_LIMITS = 2
    with time_machine.travel(MONDAY, tick=False) as clock:
        for number in range(4):
            send(number)
        assert reasons() == ["", "", *[HeldBecause.MANY_FROM_ADDRESS] * 2]
        clock.shift(timedelta(hours=1))
        assert send(5).held_because == ""


def test_no_limit_counts_no_network(settings):
    settings.REQUEST_LIMITS = 0
    send()
    assert Tally.objects.count() == 2


def test_pressing_twice_or_changing_an_answer_counts_once(settings):
    settings.REQUEST_LIMITS = 1
    visitor = Visitor().reach("check")
    for _press in range(3):
        visitor.send()
    visitor.press("change-matter")
    visitor.fill("matter", matter="It hurts less.")
    assert visitor.send()["Location"].endswith("?sent=amended")
    assert reasons() == [""]
    assert sorted(Tally.objects.values_list("count", flat=True)) == [1, 1, 1]


def test_nothing_is_counted_before_it_is_sent():
    Visitor().reach("check")
    assert not Tally.objects.exists()


@pytest.mark.parametrize(
    "spelled",
    [
        {"email": " ANA@example.ORG ", "phone": "206 555 {number:04}"},
        {"email": "p{number}@example.org", "phone": "+1 (206) 555-0123"},
    ],
)
def test_above_the_limit_of_a_contact_requests_are_held(settings, spelled):
    settings.REQUEST_LIMITS = 0
    for number in range(A_CONTACT_A_DAY):
        send(number, email="ana@example.org", phone="2065550123")
    request = send(77, **{name: text.format(number=77) for name, text in spelled.items()})
    assert request.held_because == HeldBecause.MANY_FROM_CONTACT
    assert send(78).held_because == ""


def test_what_borrows_an_address_does_not_count_against_its_owner(settings):
    settings.REQUEST_LIMITS = 0
    for number in range(A_CONTACT_A_DAY + 1):
        send(number, email="ana@example.org", **{DECOY: "x"})
    assert send(99, email="ana@example.org").held_because == ""


# The daily number


def test_above_the_daily_number_requests_are_held_until_the_next_day_of_the_clinic():
    ClinicProfile.objects.update(daily_number=2)
    with time_machine.travel("2026-11-23T15:30:00-08:00", tick=False) as clock:
        for number in range(3):
            send(number)
        clock.shift(timedelta(hours=1))  # the next day in UTC
        send(4)
        assert reasons() == ["", "", *[HeldBecause.MANY_TODAY] * 2]
        clock.shift(timedelta(hours=8))
        assert send(5).held_because == ""


def test_what_is_urgent_is_never_held_for_the_number_that_came():
    ClinicProfile.objects.update(daily_number=1)
    send(1)
    visitor = Visitor().reach("signs")
    visitor.fill("signs", signs=["fever"])
    visitor.press("next")
    request = send_from(visitor)
    assert (request.is_urgent, request.held_because) == (True, "")


def test_spam_does_not_use_up_the_daily_number():
    ClinicProfile.objects.update(daily_number=1)
    send(1, **{DECOY: "x"})
    assert send(2).held_because == ""


@pytest.mark.parametrize("email", ["desk@clinic.example", ""])
def test_the_manager_is_told_once_a_day_by_message_and_at_the_desk(manager, reception, email):
    ClinicProfile.objects.update(daily_number=1, email=email)
    with time_machine.travel(MONDAY, tick=False) as clock:
        for number in range(4):
            send(number)
        clock.shift(timedelta(days=1))
        for number in range(4, 7):
            send(number)
    told = Message.objects.filter(purpose="daily_number")
    assert [message.recipient for message in told] == ([email] * 2 if email else [])
    for message in told:
        assert "Look at what is held:\nhttps://clinic.example/admin/" in message.text
        assert "view=held" in message.text
        assert "Ana" not in message.text
    lines = [line["sentence"] for line in desk_lines.waiting_for(manager)]
    assert "5 requests came above your daily number, and are held." in lines
    assert not any("daily number" in line["sentence"] for line in desk_lines.waiting_for(reception))


# Nobody can tell


def test_a_held_request_answers_like_any_other_to_the_byte(settings, client):
    with time_machine.travel(MONDAY, tick=False):
        pages = []
        for decoy in ("", "x"):
            visitor = Visitor(client=client).reach("check", person={DECOY: decoy})
            answer = visitor.send()
            address = answer["Location"]
            page = client.get(address)
            token = address.split("/")[-2]
            reference = AppointmentRequest.objects.latest("id").reference
            headers = {name: value for name, value in answer.items() if name != "Location"}
            body = page.content.decode().replace(token, "T").replace(reference, "R")
            pages.append((answer.status_code, answer.content, address.replace(token, "T"), headers, page.headers, body))
    assert reasons() == ["", HeldBecause.DECOY]
    assert pages[0] == pages[1]


def test_a_held_request_is_stored_whole_and_gets_no_message():
    request = send(**{DECOY: "x"})
    assert request.matter == GOOD["matter"]["matter"]
    assert not Message.objects.exists()
    assert not request.phone_tasks.exists()
    verbs = Event.objects.about(request).values_list("verb", flat=True)
    assert set(verbs) == {"request.received", "request.held_as_spam"}


def test_holding_a_request_takes_no_longer_than_storing_one():
    asked = []
    for decoy in ("", "x"):
        visitor = Visitor().reach("check", person={DECOY: decoy})
        with CaptureQueriesContext(connection) as queries:
            visitor.send()
        asked.append(len(queries))
    assert asked[1] <= asked[0]


def test_what_staff_or_the_demonstration_make_is_never_held():
    for _each in range(A_CONTACT_A_DAY + 2):
        assert make_request().held_because == ""
