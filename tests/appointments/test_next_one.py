"""Next for me: one press claims the request that comes first, and two people never get the same one."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from appointments import workflow
from appointments.models import AppointmentRequest, HeldBecause, Kind, Status
from audit.actors import Actor
from audit.models import Event
from tests.appointments.at_the_desk import address
from tests.appointments.factories import claimed_request, make_request, moved
from tests.at_once import at_once

QUEUE = reverse("admin:appointments_appointmentrequest_changelist")
NEXT = reverse("admin:appointments_appointmentrequest_next")


@pytest.fixture
def desk(client, reception):
    """Reception's browser, signed in."""
    client.force_login(reception)
    return client


def change(request, **columns):
    AppointmentRequest.of_every_kind.filter(pk=request.pk).update(**columns)


def soon(request, hours):
    change(request, due_at=timezone.now() + timedelta(hours=hours))
    return request


@pytest.mark.django_db
def test_one_press_claims_the_request_that_comes_first_and_leads_to_its_sheet(desk, reception):
    soon(make_request(), 1)
    first = make_request(is_urgent=True)
    answer = desk.post(NEXT, follow=True)
    assert answer.redirect_chain[-1][0] == address(first)
    assert f"You have request {first.reference} now." in answer.content.decode()
    first.refresh_from_db()
    assert (first.status, first.holder) == (Status.IN_PROGRESS, reception)
    assert Event.objects.about(first).filter(verb="request.claimed", actor_id=reception.pk).count() == 1


@pytest.mark.django_db
def test_pressed_again_it_gives_the_next_one_until_nothing_is_left(desk, reception):
    requests = [soon(make_request(), hours) for hours in (5, 6)]
    for request in requests:
        assert desk.post(NEXT)["Location"] == address(request)
    answer = desk.post(NEXT, follow=True)
    assert answer.redirect_chain[-1][0] == QUEUE
    assert "Nothing is left to claim" in answer.content.decode()
    assert AppointmentRequest.objects.filter(holder=reception).count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "columns",
    [
        {"held_because": HeldBecause.DECOY},
        {"kind": Kind.PRACTICE},
        {"kind": Kind.HEARTBEAT},
        {"snoozed_until": timezone.now() + timedelta(days=1)},
        {"status": Status.CLOSED},
    ],
)
def test_what_is_held_as_spam_put_aside_practice_or_closed_is_never_next(reception, columns):
    change(make_request(), **columns)
    assert workflow.claim_next(by=reception.as_actor()).request is None


@pytest.mark.django_db
def test_what_was_put_aside_until_a_moment_ago_is_next(reception):
    request = make_request()
    change(request, snoozed_until=timezone.now() - timedelta(seconds=1))
    assert workflow.claim_next(by=reception.as_actor()).request == request


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"is_urgent": True}, "it is urgent"),
        ({"is_danger": True, "is_urgent": True}, "it is urgent"),
        ({"due_at": timezone.now() - timedelta(days=300)}, "it is overdue"),
    ],
)
def test_who_holds_something_pressing_is_led_to_it_first_and_told_why(desk, reception, columns, words):
    mine = claimed_request(reception)
    change(mine, **columns)
    other = make_request()
    before = Event.objects.count()
    answer = desk.post(NEXT)
    assert answer["Location"] == address(mine)
    assert Event.objects.count() == before
    assert words in desk.get(answer["Location"]).content.decode()
    other.refresh_from_db()
    assert other.holder is None


@pytest.mark.django_db
def test_what_is_more_pressing_than_what_somebody_holds_comes_before_it(reception):
    soon(claimed_request(reception), -5)
    danger = make_request(matter="I cannot pass urine.")
    found = workflow.claim_next(by=reception.as_actor())
    assert (found.request, found.was_mine) == (danger, False)


@pytest.mark.django_db
@pytest.mark.parametrize("status", [Status.WAITING, Status.AGREED])
def test_what_its_patient_has_to_answer_keeps_nobody_from_the_next(reception, status):
    change(make_request(status=status, by=reception), is_urgent=True)
    request = make_request(email="next@example.org")
    assert workflow.claim_next(by=reception.as_actor()).request == request


@pytest.mark.django_db
def test_what_somebody_else_holds_or_is_in_time_or_put_aside_keeps_nobody(reception, reception2):
    soon(claimed_request(reception2), -5)
    claimed_request(reception)
    aside = soon(claimed_request(reception), -5)
    change(aside, snoozed_until=timezone.now() + timedelta(days=1))
    request = make_request()
    assert workflow.claim_next(by=reception.as_actor()).request == request


@pytest.mark.django_db
def test_what_was_released_is_claimed_again(reception, reception2):
    request = moved(claimed_request(reception2), "release", by=reception2)
    assert workflow.claim_next(by=reception.as_actor()).request == request


@pytest.mark.django_db
def test_looking_at_the_address_changes_nothing_and_leads_back(desk):
    request = make_request()
    assert desk.get(NEXT)["Location"] == QUEUE
    request.refresh_from_db()
    assert request.status == Status.NEW


@pytest.mark.django_db
def test_the_filters_come_along(desk):
    make_request()
    page = desk.get(QUEUE, {"view": "mine", "soon": "urgent"}).content.decode()
    assert f'action="{NEXT}?_changelist_filters=view%3Dmine%26soon%3Durgent"' in page
    answer = desk.post(f"{NEXT}?_changelist_filters=view%3Dmine")
    assert answer["Location"].endswith("?_changelist_filters=view%3Dmine")


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["editor", "reviewer", "auditor"])
def test_others_are_given_nothing(client, request, role):
    user = request.getfixturevalue(role)
    client.force_login(user)
    waiting = make_request()
    assert client.post(NEXT).status_code == 403
    with pytest.raises(workflow.Refused):
        workflow.claim_next(by=user.as_actor())
    with pytest.raises(workflow.Refused):
        workflow.claim_next(by=Actor.command("x"))
    waiting.refresh_from_db()
    assert waiting.holder is None


@pytest.mark.django_db(transaction=True)
def test_two_who_press_at_once_get_two_different_ones(reception, reception2, nurse):
    requests = {make_request(email=f"{number}@example.org") for number in range(2)}
    staff = (reception, reception2, nurse)
    found = at_once(*(lambda user=user: workflow.claim_next(by=user.as_actor()).request for user in staff))
    assert set(found) == requests | {None}
    assert Event.objects.filter(verb="request.claimed").count() == 2
    assert set(AppointmentRequest.objects.values_list("holder", flat=True)) <= {user.pk for user in staff}
    assert len(set(AppointmentRequest.objects.values_list("holder", flat=True))) == 2
