"""Times: a clinician is never in two places at once, whoever presses first, and nobody loses a time half-way."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
import time_machine
from django.db import DatabaseError
from django.db.models import F
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appointments import workflow
from appointments.models import AppointmentRequest, OfferState, Status, TimeOffer
from appointments.workflow import MOVES, Refused, Stale, Taken, Unfit
from audit.actors import Actor
from audit.models import Event
from clinic.models import Clinician, Location
from outbox.models import Message
from tests.appointments.factories import inputs_of, is_doubly_booked, make_request, make_time, moved, stored
from tests.at_once import at_once


def offered(by, *times, **changes):
    """Return a request whose patient is offered these times."""
    return make_request(status=Status.WAITING, by=by, inputs={"offer": {"times": list(times)}}, **changes)


def agreed(by, time, **changes):
    """Return a request with this time agreed."""
    return make_request(status=Status.AGREED, by=by, inputs={"agree": {"time": time}}, **changes)


def accept(request, number=0):
    """Accept an open time of the request, as the patient does."""
    offer = list(request.offers.open())[number]
    return moved(request, "accept", by=None, offer=offer.pk)


def agreed_starts(request):
    return list(request.offers.agreed().values_list("starts_at", flat=True))


# One after the other


def test_the_accepted_time_is_agreed_and_the_others_are_let_go(db, reception):
    request = accept(offered(reception, make_time(days=7), make_time(days=8), make_time(days=9)), number=1)
    assert request.status == Status.AGREED
    states = list(request.offers.values_list("state", flat=True))
    assert states == [OfferState.RELEASED, OfferState.AGREED, OfferState.RELEASED]
    event = Event.objects.about(request).first()
    assert (event.verb, event.details["offer"]) == ("request.time_accepted", request.offers.agreed().get().pk)


def test_an_offered_time_is_not_held_and_the_second_patient_hears_it_kindly(db, reception):
    time, later = make_time(days=7), make_time(days=8)
    elsewhere = make_time(days=7, location="southside")
    first, second = offered(reception, time), offered(reception, elsewhere, later)
    accept(first)
    assert [offer.starts_at for offer in workflow.free_offers(second)] == [later.starts_at]
    before = stored()
    with pytest.raises(Taken, match="somebody else took this time"):
        accept(second)
    assert stored() == before
    second.refresh_from_db()
    assert second.status == Status.WAITING
    assert second.offers.open().count() == 2
    assert accept(second, number=1).status == Status.AGREED


@pytest.mark.parametrize(
    ("hour", "minutes", "is_free"), [(9, 60, True), (9, 61, False), (10, 5, False), (11, 30, True)]
)
def test_times_may_touch_and_may_not_overlap(db, reception, hour, minutes, is_free):
    agreed(reception, make_time(hour=10, minutes=60))
    request = offered(reception, make_time(days=8))
    inputs = {"times": [make_time(hour=hour, minutes=minutes, location="southside")]}
    if is_free:
        moved(request, "offer", by=reception, **inputs)
    else:
        with pytest.raises(
            Unfit, match=r"Dr\. Cora has another appointment then.*10:00 a\.m\. – 11:00 a\.m\., Northside"
        ):
            moved(request, "offer", by=reception, **inputs)
        assert moved(request, "offer", by=reception, times=[make_time(hour=hour, clinician="bea")])


def test_new_offers_take_the_place_of_the_old(db, reception):
    request = offered(reception, make_time(days=7), make_time(days=8))
    request = moved(request, "offer", by=reception, times=[make_time(days=9)])
    assert [offer.starts_at for offer in request.offers.open()] == [make_time(days=9).starts_at]
    with pytest.raises(Refused, match="no longer offered"):
        moved(request, "accept", by=None, offer=request.offers.filter(state=OfferState.RELEASED).first().pk)


@pytest.mark.parametrize("whose", ["another's", "nobody's", "past"])
def test_a_time_that_is_not_offered_to_this_patient_cannot_be_accepted(db, reception, whose):
    request, other = offered(reception, make_time(days=7)), offered(reception, make_time(days=8))
    if whose == "past":
        request.offers.update(starts_at=F("starts_at") - timedelta(days=8))
    pk = {"another's": other.offers.get().pk, "nobody's": 0, "past": request.offers.get().pk}[whose]
    with pytest.raises(Refused, match="no longer offered"):
        moved(request, "accept", by=None, offer=pk)
    assert not TimeOffer.objects.agreed().exists()


@pytest.mark.parametrize(
    ("times", "number", "words"),
    [
        ([{"days": 7}, {"days": -1}], 1, "still to come"),
        ([{"days": 3 * 365 + 2}], 0, "within the next 3 years"),
        ([{"minutes": 0}], 0, "how long"),
        ([{"minutes": 721}], 0, "how long"),
        ([{"minutes": 10**20}], 0, "how long"),
        ([{}, {"location": "southside"}], 1, "twice"),
    ],
)
def test_a_time_that_cannot_be_meant_is_sent_back_and_names_its_row(db, reception, times, number, words):
    request = make_request(status=Status.IN_PROGRESS, by=reception)
    with pytest.raises(Unfit, match=words) as refused:
        moved(request, "offer", by=reception, times=[make_time(**time) for time in times])
    assert (refused.value.field, refused.value.number) == ("times", number)
    assert not request.offers.exists()


def test_three_times_at_most_and_one_at_least(db, reception):
    request = make_request(status=Status.IN_PROGRESS, by=reception)
    for times in ([], [make_time(days=day) for day in (4, 5, 6, 7)]):
        with pytest.raises(Unfit):
            moved(request, "offer", by=reception, times=times)


def test_a_changed_time_takes_the_place_of_the_agreed_one(db, reception):
    request = agreed(reception, make_time(days=7))
    request = moved(request, "change_time", by=reception, time=make_time(days=9))
    assert agreed_starts(request) == [make_time(days=9).starts_at]
    assert Message.objects.about(request).last().purpose == "time_changed"
    # The old one is free for others.
    assert agreed(reception, make_time(days=7)).status == Status.AGREED


def test_a_change_to_the_same_time_is_sent_back(db, reception):
    request = agreed(reception, make_time(days=7))
    with pytest.raises(Unfit, match="agreed already"):
        moved(request, "change_time", by=reception, time=make_time(days=7))
    assert moved(request, "change_time", by=reception, time=make_time(days=7, minutes=45)).status == Status.AGREED


def test_a_change_that_cannot_be_had_leaves_the_agreed_time(db, reception):
    agreed(reception, make_time(days=9, location="southside"))
    request = agreed(reception, make_time(days=7))
    with pytest.raises(Unfit, match="another appointment"):
        moved(request, "change_time", by=reception, time=make_time(days=9))
    assert agreed_starts(request) == [make_time(days=7).starts_at]


@pytest.mark.parametrize("name", ["offer", "agree", "accept", "change_time", "cancel_time", "withdraw", "stop_waiting"])
def test_a_failure_in_the_middle_leaves_every_time_as_it_was(db, reception, monkeypatch, name):
    is_agreed = Status.AGREED in MOVES[name].allowed_from and name != "withdraw"
    request = make_request(status=Status.AGREED if is_agreed else Status.WAITING, by=reception)
    inputs, before = inputs_of(name, request), (stored(), list(TimeOffer.objects.values().order_by("pk")))

    def fail(*args, **kwargs):
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(Event, "record", fail)
    with pytest.raises(DatabaseError):
        moved(request, name, by=reception, **inputs)
    monkeypatch.undo()
    assert (stored(), list(TimeOffer.objects.values().order_by("pk"))) == before
    assert AppointmentRequest.objects.get(pk=request.pk).revision == request.revision


def test_a_request_is_not_closed_before_its_time_is_over(db, reception):
    request = agreed(reception, make_time(days=7))
    with pytest.raises(Refused, match="still to come"):
        moved(request, "close", by=reception)
    request.offers.update(starts_at=F("starts_at") - timedelta(days=8), ends_at=F("ends_at") - timedelta(days=8))
    assert moved(request, "close", by=reception).status == Status.CLOSED


def test_a_colleague_changes_and_cancels_a_time_that_was_agreed_with_whoever_left(db, reception, nurse):
    request = agreed(reception, make_time(days=7))
    request = moved(request, "change_time", by=nurse, time=make_time(days=8))
    assert request.holder == reception
    request = moved(request, "cancel_time", by=nurse)
    assert (request.status, request.holder) == (Status.IN_PROGRESS, nurse)


def test_a_time_that_the_patient_accepts_after_the_release_can_still_be_cancelled(db, reception, nurse):
    request = offered(reception, make_time(days=7))
    request = moved(moved(request, "ask", by=reception, question="Which leg?"), "reply", by=None, reply="Left")
    request = accept(moved(request, "release", by=reception))
    assert (request.status, request.holder) == (Status.AGREED, None)
    assert moved(request, "cancel_time", by=nurse).holder == nurse


# At once

at_the_same_time = pytest.mark.django_db(transaction=True)


def outcomes(came_of):
    """Return what each press came to: the status it led to, or the name of the refusal."""
    return [result.status if isinstance(result, AppointmentRequest) else type(result) for result in came_of]


def accepting(request, number=0):
    """Return a press of the patient on an offered time."""
    offer = list(request.offers.open())[number]
    return lambda: workflow.move_by_patient(request, "accept", by=Actor.patient(), offer=offer.pk)


def pressing(request, name, *, by, **inputs):
    """Return a press of a member of staff on the request as it is now."""
    seen, actor = request.revision, by.as_actor()
    return lambda: workflow.move(request, name, by=actor, seen_revision=seen, **inputs)


@at_the_same_time
def test_of_patients_who_accept_overlapping_times_at_different_places_one_wins(reception):
    places = ("northside", "southside", "eastside", "westside")
    requests = [offered(reception, make_time(location=place, minutes=30 + 5 * n)) for n, place in enumerate(places)]
    came_of = outcomes(at_once(*map(accepting, requests)))
    assert sorted(map(str, came_of)) == sorted(map(str, [Status.AGREED, Taken, Taken, Taken]))
    assert TimeOffer.objects.agreed().count() == 1
    assert Message.objects.filter(purpose="agreed").count() == 1
    loser = requests[came_of.index(Taken)]
    loser.refresh_from_db()
    assert (loser.status, workflow.free_offers(loser)) == (Status.WAITING, [])


@at_the_same_time
def test_one_patient_who_presses_on_two_times_at_once_has_one(reception):
    request = offered(reception, make_time(days=7), make_time(days=8))
    came_of = outcomes(at_once(accepting(request), accepting(request, number=1), accepting(request)))
    assert Status.AGREED in came_of
    assert set(came_of) <= {Status.AGREED, Refused}
    assert request.offers.agreed().count() == 1
    assert Message.objects.filter(purpose="agreed").count() == 1


@at_the_same_time
@pytest.mark.parametrize("name", ["stop_waiting", "offer", "agree", "ask"])
def test_when_staff_and_the_patient_press_at_once_one_of_them_hears_it(reception, name):
    request = offered(reception, make_time(days=7))
    inputs = {"offer": {"times": [make_time(days=8)]}, "agree": {"time": make_time(days=9)}}.get(
        name, inputs_of(name, request)
    )
    staff, patient = outcomes(at_once(pressing(request, name, by=reception, **inputs), accepting(request)))
    request.refresh_from_db()
    if staff == Stale:
        assert (patient, agreed_starts(request)) == (Status.AGREED, [make_time(days=7).starts_at])
    elif name == "ask":
        # A question leaves the times open, so the patient may accept after it.
        assert (patient, request.status) == (Status.AGREED, Status.AGREED)
    else:
        assert patient == Refused
        assert request.status == MOVES[name].leads_to
        assert agreed_starts(request) == ([make_time(days=9).starts_at] if name == "agree" else [])


@at_the_same_time
def test_a_withdrawal_at_the_moment_of_acceptance_leaves_no_time(reception):
    request = offered(reception, make_time(days=7))
    withdrawal = lambda: workflow.move_by_patient(request, "withdraw", by=Actor.patient())  # noqa: E731
    outcomes(at_once(accepting(request), withdrawal))
    request.refresh_from_db()
    assert request.status == Status.WITHDRAWN
    assert not request.offers.current().exists()


@at_the_same_time
def test_a_change_of_time_and_an_acceptance_of_that_time_leave_one_of_them(reception):
    moving = agreed(reception, make_time(days=7))
    choosing = offered(reception, make_time(days=9, location="southside"))
    change = pressing(moving, "change_time", by=reception, time=make_time(days=9))
    changed, accepted = outcomes(at_once(change, accepting(choosing)))
    assert (accepted == Taken) is (changed == Status.AGREED)
    assert not is_doubly_booked()
    # Whoever lost, the patient whose time was to be changed has one.
    assert agreed_starts(moving) == [make_time(days=9 if changed == Status.AGREED else 7).starts_at]


@at_the_same_time
def test_two_clinicians_who_swap_times_lock_nobody_out(reception):
    first = [agreed(reception, make_time(days=day, clinician="cora")) for day in (7, 8, 9)]
    second = [agreed(reception, make_time(days=day, clinician="bea")) for day in (7, 8, 9)]
    presses = [
        pressing(request, "change_time", by=reception, time=make_time(days=day + 3, clinician=clinician))
        for requests, clinician in ((first, "bea"), (second, "cora"))
        for request, day in zip(requests, (7, 8, 9), strict=True)
    ]
    assert outcomes(at_once(*presses)) == [Status.AGREED] * 6
    assert not is_doubly_booked()


@at_the_same_time
def test_offers_with_the_same_clinicians_in_any_order_never_wait_for_each_other_in_a_ring(reception):
    times = [make_time(days=20, clinician=clinician) for clinician in ("ada", "bea", "cora")]
    presses = [
        pressing(make_request(status=Status.IN_PROGRESS, by=reception), "offer", by=reception, times=list(order))
        for order in permutations(times)
    ]
    assert outcomes(at_once(*presses)) == [Status.WAITING] * 6


# The whole table


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(walk=st.lists(st.tuples(st.sampled_from(sorted(MOVES)), st.integers(0, 1)), max_size=14))
def test_however_moves_follow_each_other_what_must_hold_holds(db, reception, walk):
    pair = [make_request(), make_request()]
    for name, which in walk:
        request = AppointmentRequest.objects.get(pk=pair[which].pk)
        try:
            moved(request, name, by=reception, **inputs_of(name, request))
        except Refused:
            assert AppointmentRequest.objects.get(pk=request.pk).revision == request.revision
        for each in AppointmentRequest.objects.filter(pk__in=[one.pk for one in pair]):
            _check(each)
    assert not is_doubly_booked()
    TimeOffer.objects.all().delete()
    AppointmentRequest.objects.all().delete()


def _check(request):
    """Assert what every state of a request must fulfil."""
    agreed = request.offers.agreed().count()
    assert agreed == (request.status == Status.AGREED)
    assert request.status in (Status.WAITING, Status.IN_PROGRESS) or not request.offers.open().exists()
    assert request.status != Status.NEW or request.holder_id is None
    assert not request.waits_for_clinic or request.due_at > timezone.now() - timedelta(minutes=1)
    assert request.is_open or not request.offers.current().exists()


# What happens to places, clinicians and clocks meanwhile


@pytest.mark.parametrize("gone", ["place", "clinician"])
def test_a_time_at_a_place_or_with_a_clinician_no_longer_in_use_can_not_be_chosen(db, reception, gone):
    request = offered(reception, make_time(days=7), make_time(days=8, location="southside", clinician="bea"))
    if gone == "place":
        Location.objects.filter(key="southside").update(is_open=False)
    else:
        Clinician.objects.filter(key="bea").update(is_shown=False)
    assert [offer.location.key for offer in workflow.free_offers(request)] == ["northside"]
    with pytest.raises(Refused, match="no longer offered"):
        accept(request, number=1)
    assert accept(request).status == Status.AGREED


@pytest.mark.parametrize("starts_at", ["2026-11-01T00:30", "2027-03-14T01:30"])
def test_a_time_takes_the_minutes_it_takes_while_the_clocks_change(db, reception, starts_at):
    starts_at = datetime.fromisoformat(starts_at).replace(tzinfo=timezone.get_default_timezone())
    place, who = make_time().location, make_time().clinician
    with time_machine.travel(datetime(2026, 10, 5, 17, 0, tzinfo=UTC), tick=False):
        time = workflow.ProposedTime(place, who, starts_at, 120)
        offer = agreed(reception, time).offers.get()
    assert (offer.minutes, offer.ends_at - offer.starts_at) == (120, timedelta(minutes=120))


def test_a_time_that_is_over_cannot_be_cancelled_any_more(db, reception):
    request = agreed(reception, make_time(days=7))
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        with pytest.raises(Refused, match="is over"):
            moved(request, "cancel_time", by=reception)
        request = moved(request, "withdraw", by=None)
    message = Message.objects.about(request).last()
    assert ("cancelled" in message.text, message.calendar) == (False, "")
