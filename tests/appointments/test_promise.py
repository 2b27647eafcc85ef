"""The promise clock: worked cases over evenings, weekends, closures and changes of the clock, paused and begun anew."""

from datetime import date, datetime

import pytest
import time_machine

from appointments import workflow
from appointments.models import AppointmentRequest, ClinicQuestion, Status
from appointments.references import new_token
from audit.actors import Actor
from clinic.models import Closure, OpeningHours
from tests.appointments.arrivals import PACIFIC, local
from tests.appointments.factories import link_to, make_answers, make_request, make_time, moved
from tests.clinic.factories import make_closure, make_hours, make_profile

pytestmark = pytest.mark.django_db

# What is done in a case: moves by name, and what is not a move.
URGENT, ORDINARY = ({"urgency": {"level": level, "why": "They called."}} for level in ("urgent", "ordinary"))
INPUTS = {
    "ask": {"question": "Which leg?"},
    "reply": {"reply": "The left one."},
    "answer": {"answer": "Call us."},
    "decline": {"decline_reason": "not_offered"},
    "other_times": {"preferences": {"times": ["1-morning"]}},
}


@pytest.fixture(autouse=True)
def clinic(db):
    """Promises 8 working hours, 4 for what is urgent; reception answers from Monday to Friday, 8 to 17."""
    make_profile(promise_hours=8, urgent_promise_hours=4)
    make_hours()


def at(text):
    return time_machine.travel(datetime.fromisoformat(text).replace(tzinfo=PACIFIC), tick=False)


def walked(reception, came, steps, *, is_urgent=False):
    """Return a request that came at a wall time, after steps such as "2026-11-18 09:00 claim"."""
    with at(came):
        request = make_request(is_urgent=is_urgent)
    assert workflow.recompute_due() == 0
    for step in steps:
        when, name = step.rsplit(" ", 1)
        with at(when):
            request = done(request, name, by=reception)
            request.refresh_from_db()
            assert workflow.recompute_due() == 0, f"the stored date is another one after {step}"
    return request


def done(request, name, *, by):
    if name in ("urgent", "ordinary"):
        return moved(request, "set_urgency", by=by, **(URGENT if name == "urgent" else ORDINARY))
    if name == "closed":
        Closure.objects.create(date=date(2026, 11, 20))
        workflow.recompute_due()
        return request
    if name == "shorter":
        OpeningHours.objects.update(closes="12:00")
        workflow.recompute_due()
        return request
    inputs = {"offer": {"times": [make_time(days=20)]}, "agree": {"time": make_time(days=20)}}.get(name)
    return moved(request, name, by=by, **(inputs or INPUTS.get(name, {})))


# 2026-11-18 is a Wednesday; the clocks go back on 2026-11-01 and forward on 2026-03-08, both Sundays.
CASES = {
    "within a day": ("2026-11-18 08:30", [], "2026-11-18 16:30"),
    "over an evening": ("2026-11-18 15:00", [], "2026-11-19 14:00"),
    "sent at night": ("2026-11-18 23:00", [], "2026-11-19 16:00"),
    "over a weekend": ("2026-11-20 16:00", [], "2026-11-23 15:00"),
    "sent on a Sunday": ("2026-11-22 10:00", [], "2026-11-23 16:00"),
    "over a closure": ("2026-11-25 16:00", [], "2026-11-27 15:00"),
    "the clocks go forward": ("2026-03-06 16:00", [], "2026-03-09 15:00"),
    "the clocks go back": ("2026-10-30 16:00", [], "2026-11-02 15:00"),
    "a claim changes nothing": ("2026-11-18 09:00", ["2026-11-18 10:00 claim"], "2026-11-18 17:00"),
    "a question stops it until the reply": (
        "2026-11-18 09:00",
        ["2026-11-18 10:00 claim", "2026-11-18 11:00 ask", "2026-11-20 09:00 reply"],
        "2026-11-20 15:00",
    ),
    "a reply on a Saturday": (
        "2026-11-18 09:00",
        ["2026-11-18 10:00 claim", "2026-11-18 11:00 ask", "2026-11-21 09:00 reply"],
        "2026-11-23 14:00",
    ),
    "asked over the change of the clocks": (
        "2026-10-30 09:00",
        ["2026-10-30 10:00 claim", "2026-10-30 16:00 ask", "2026-11-02 16:30 reply"],
        "2026-11-03 08:30",
    ),
    "asked twice, stopped once": (
        "2026-11-18 09:00",
        ["2026-11-18 10:00 claim", "2026-11-18 11:00 ask", "2026-11-18 15:00 ask", "2026-11-19 09:00 reply"],
        "2026-11-19 15:00",
    ),
    "asked, answered, asked and answered": (
        "2026-11-18 09:00",
        [
            *("2026-11-18 10:00 claim", "2026-11-18 11:00 ask", "2026-11-18 12:00 reply"),
            *("2026-11-18 14:00 ask", "2026-11-19 09:00 reply"),
        ],
        "2026-11-19 13:00",
    ),
    "a reply to what was asked late leaves an hour": (
        "2026-11-18 09:00",
        ["2026-11-18 10:00 claim", "2026-11-19 11:00 ask", "2026-11-19 12:00 reply"],
        "2026-11-19 13:00",
    ),
    "what the clinic takes back itself runs on": (
        "2026-11-18 09:00",
        ["2026-11-18 10:00 claim", "2026-11-18 11:00 ask", "2026-11-18 13:00 stop_waiting"],
        "2026-11-19 10:00",
    ),
    "what is taken back late is late": (
        "2026-11-18 09:00",
        ["2026-11-18 10:00 claim", "2026-11-19 11:00 ask", "2026-11-19 12:00 retract"],
        "2026-11-19 12:00",
    ),
    "taken back with a message": (
        "2026-11-18 09:00",
        ["2026-11-18 10:00 claim", "2026-11-18 11:00 offer", "2026-11-18 13:00 retract"],
        "2026-11-19 10:00",
    ),
    "other times are asked for anew": (
        "2026-11-18 09:00",
        ["2026-11-18 10:00 claim", "2026-11-18 11:00 offer", "2026-11-19 10:00 other_times"],
        "2026-11-20 09:00",
    ),
    "a cancelled appointment begins anew": (
        "2026-11-18 09:00",
        ["2026-11-18 10:00 claim", "2026-11-18 11:00 agree", "2026-11-19 10:00 cancel_time"],
        "2026-11-20 09:00",
    ),
    "opened again after an answer": (
        "2026-11-18 09:00",
        ["2026-11-18 10:00 claim", "2026-11-18 16:00 answer", "2026-11-20 16:00 reopen"],
        "2026-11-23 15:00",
    ),
    "opened again after it was closed": (
        "2026-11-18 09:00",
        [
            *("2026-11-18 10:00 claim", "2026-11-18 11:00 decline"),
            *("2026-11-18 12:00 close", "2026-11-19 09:00 reopen"),
        ],
        "2026-11-19 17:00",
    ),
    "put aside, it is due as before": (
        "2026-11-18 09:00",
        ["2026-11-18 10:00 claim", "2026-11-18 11:00 release"],
        "2026-11-18 17:00",
    ),
    "urgent from now": ("2026-11-18 09:00", ["2026-11-18 10:00 urgent"], "2026-11-18 14:00"),
    "urgent at night": ("2026-11-18 16:00", ["2026-11-18 20:00 urgent"], "2026-11-19 12:00"),
    "urgent never makes it later": ("2026-11-18 09:00", ["2026-11-18 15:00 urgent"], "2026-11-18 17:00"),
    "urgent and back": (
        "2026-11-18 09:00",
        ["2026-11-18 10:00 urgent", "2026-11-18 12:00 ordinary"],
        "2026-11-18 17:00",
    ),
    "urgent, back, and urgent": (
        "2026-11-18 09:00",
        ["2026-11-18 10:00 urgent", "2026-11-18 11:00 ordinary", "2026-11-18 12:00 urgent"],
        "2026-11-18 16:00",
    ),
    "urgent while the patient is asked": (
        "2026-11-18 09:00",
        ["2026-11-18 09:30 claim", "2026-11-18 10:00 ask", "2026-11-18 12:00 urgent", "2026-11-19 09:00 reply"],
        "2026-11-19 13:00",
    ),
    "urgent and back while the patient is asked": (
        "2026-11-18 09:00",
        [
            *("2026-11-18 09:30 claim", "2026-11-18 10:00 ask", "2026-11-18 12:00 urgent"),
            *("2026-11-18 13:00 ordinary", "2026-11-19 09:00 reply"),
        ],
        "2026-11-19 16:00",
    ),
    "less than the urgent promise was left": (
        "2026-11-18 09:00",
        ["2026-11-18 09:30 claim", "2026-11-18 15:00 ask", "2026-11-18 16:00 urgent", "2026-11-19 09:00 reply"],
        "2026-11-19 11:00",
    ),
    "a day is closed while it runs": ("2026-11-19 16:00", ["2026-11-19 16:30 closed"], "2026-11-23 15:00"),
    "a day is closed while it is stopped": (
        "2026-11-19 09:00",
        ["2026-11-19 10:00 claim", "2026-11-19 11:00 ask", "2026-11-19 12:00 closed", "2026-11-19 16:00 reply"],
        "2026-11-23 13:00",
    ),
    "the hours get shorter while it is stopped": (
        "2026-11-18 09:00",
        ["2026-11-18 09:30 claim", "2026-11-18 10:00 ask", "2026-11-18 11:00 shorter", "2026-11-19 08:00 reply"],
        "2026-11-20 11:00",
    ),
    "said to be spam by mistake": (
        "2026-11-18 09:00",
        ["2026-11-18 10:00 claim", "2026-11-18 11:00 suspect", "2026-11-18 12:00 not_spam"],
        "2026-11-18 17:00",
    ),
    "said to be spam by mistake after a reply": (
        "2026-11-18 09:00",
        [
            *("2026-11-18 10:00 claim", "2026-11-18 11:00 ask", "2026-11-19 09:00 reply"),
            *("2026-11-19 10:00 suspect", "2026-11-20 10:00 not_spam"),
        ],
        "2026-11-19 15:00",
    ),
}


@pytest.mark.parametrize(("came", "steps", "due"), CASES.values(), ids=CASES)
def test_a_request_is_due_as_it_was_worked_out_by_hand(reception, came, steps, due):
    make_closure(date(2026, 11, 26))
    assert walked(reception, came, steps).due_at == local(due)


def test_what_came_as_urgent_and_is_not_is_due_as_if_it_had_never_been(reception):
    came, steps = "2026-11-18 09:00", ["2026-11-18 10:00 ordinary"]
    assert walked(reception, came, [], is_urgent=True).due_at == local("2026-11-18 13:00")
    assert walked(reception, came, steps, is_urgent=True).due_at == local("2026-11-18 17:00")


def test_without_opening_hours_a_day_is_given_and_every_hour_counts(reception):
    OpeningHours.objects.all().delete()
    steps = ["2026-11-18 10:00 claim", "2026-11-18 15:00 ask", "2026-11-20 09:00 reply"]
    assert walked(reception, "2026-11-18 09:00", steps[:1]).due_at == local("2026-11-19 09:00")
    assert walked(reception, "2026-11-18 09:00", steps).due_at == local("2026-11-21 03:00")
    assert walked(reception, "2026-11-18 09:00", ["2026-11-18 10:00 urgent"]).due_at == local("2026-11-19 09:00")


def test_other_answers_that_make_it_urgent_bring_it_forward_and_never_back(reception):
    for came, again, due in (("09:00", "10:00", "14:00"), ("09:00", "15:00", "17:00")):
        token = new_token()
        with at(f"2026-11-18 {came}"):
            sent = workflow.submit(make_answers(), token=token, by=Actor.patient(), language="en")
        with at(f"2026-11-18 {again}"):
            sent = workflow.submit(make_answers(is_urgent=True), token=token, by=Actor.patient(), language="en")
        assert sent.request.due_at == local(f"2026-11-18 {due}")
        assert workflow.recompute_due() == 0


def test_a_request_that_waited_before_clocks_could_be_stopped_begins_anew(reception):
    request = walked(reception, "2026-11-18 09:00", ["2026-11-18 10:00 claim", "2026-11-18 11:00 ask"])
    AppointmentRequest.objects.update(promise_minutes=None)
    request.refresh_from_db()
    with at("2026-11-19 09:00"):
        assert moved(request, "reply", by=reception, reply="Left").due_at == local("2026-11-19 17:00")


@pytest.mark.parametrize(
    ("asked", "now", "due"),
    [
        ("2026-11-18 11:00", "2026-11-20 09:00", "2026-11-20 15:00"),
        ("2026-11-19 11:00", "2026-11-20 09:00", "2026-11-20 10:00"),
    ],
)
def test_the_private_page_says_by_when_a_reply_is_answered_as_it_then_is(client, reception, asked, now, due):
    request = walked(reception, "2026-11-18 09:00", ["2026-11-18 10:00 claim", f"{asked} ask"])
    token = link_to(request)
    with at(now):
        page = client.get(f"/appointments/track/{token}/").content.decode()
        hour = datetime.fromisoformat(due).strftime("%-I %p").replace("AM", "a.m.").replace("PM", "p.m.")
        assert f"If you answer now, we get back to you by {hour} on Friday, November 20." in page
        assert moved(request, "reply", by=reception, reply="Left").due_at == local(due)


def test_where_the_clinic_is_late_with_an_open_question_no_past_moment_is_promised(client, reception):
    request = walked(reception, "2026-11-18 09:00", ["2026-11-18 10:00 claim"])
    ClinicQuestion.objects.create(request=request, text="Which leg?", asked_by=reception)
    with at("2026-11-20 09:00"):
        page = client.get(f"/appointments/track/{link_to(request)}/").content.decode()
    assert "Read our question" in page
    assert "If you answer now" not in page
    assert request.status == Status.IN_PROGRESS
