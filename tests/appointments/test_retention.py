"""What is removed at which age, and what is never removed: whatever somebody has still to do, it stays."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from appointments import figures
from appointments.models import (
    OPEN,
    AlertPerson,
    AppointmentRequest,
    HeldBecause,
    Kind,
    PhoneTask,
    Status,
    TimeOffer,
    TrackingLink,
)
from appointments.workflow import Erased
from clinic.models import Unit
from clinic.retention import Span, change_rule, holding_of
from outbox.models import Message, State
from tests.appointments.factories import claimed_request, closed_request, link_to, make_request, moved, reached
from tests.appointments.offer import offer  # noqa: F401 -- a fixture
from tests.appointments.test_removing import joined
from tests.appointments.visitor import Visitor
from tests.at_once import at_once
from tests.matrices import crossed

pytestmark = pytest.mark.django_db

LONG_AGO = timedelta(days=20 * 365)
ENDED = sorted(set(Status) - set(OPEN))


def made_old(*requests, by=LONG_AGO):
    """Let all about these requests have happened so long ago, their messages have left and their times be over."""
    then = timezone.now() - by
    for asked in requests:
        AppointmentRequest.of_every_kind.filter(pk=asked.pk).update(created_at=then, status_since=then)
        asked.offers.update(starts_at=then - timedelta(hours=1), ends_at=then, made_at=then)
        Message.objects.about(asked).exclude(state=State.UNDELIVERABLE).update(
            state=State.SENT, sent_at=then, created_at=then
        )
        asked.refresh_from_db()
    return requests[0]


def gone(code="requests", *, before=None, at_most=100):
    """Remove what is past its time at a moment, and return the keys."""
    holding = holding_of(code)
    before = before or timezone.now() - timedelta(days=400)
    number = holding.count(before)
    removed = holding.remove(before, at_most)
    assert at_most < 100 or removed.number == number
    return set(removed.keys)


# By state


@pytest.mark.parametrize("status", ENDED)
def test_what_has_ended_goes_when_it_is_old_enough(reception, status):
    asked = made_old(make_request(status=status, by=reception), by=timedelta(days=401))
    assert gone(before=timezone.now() - timedelta(days=402)) == set()
    assert gone() == {asked.pk}
    assert not AppointmentRequest.of_every_kind.exists()


@pytest.mark.parametrize("status", [Status.NEW, Status.IN_PROGRESS, Status.WAITING])
def test_what_goes_on_is_never_removed(reception, status):
    made_old(make_request(status=status, by=reception))
    assert gone() == gone("spam") == set()


def test_an_agreed_time_counts_from_when_it_is_over(reception):
    asked = made_old(make_request(status=Status.AGREED, by=reception))
    TimeOffer.objects.update(ends_at=timezone.now() - timedelta(days=399))
    assert gone() == set()
    TimeOffer.objects.update(ends_at=timezone.now() - timedelta(days=401))
    assert gone() == {asked.pk}


def test_an_agreed_time_to_come_is_never_removed(reception):
    made_old(make_request(status=Status.AGREED, by=reception))
    TimeOffer.objects.update(ends_at=timezone.now() + timedelta(days=1))
    assert gone() == set()


def test_what_is_agreed_without_a_time_is_left_to_people(reception):
    made_old(make_request(status=Status.AGREED, by=reception))
    TimeOffer.objects.update(state="released")
    assert gone() == set()


# What somebody has still to do


def with_news(asked):
    AppointmentRequest.objects.filter(pk=asked.pk).update(news_since=asked.status_since)


def put_aside(asked):
    AppointmentRequest.objects.filter(pk=asked.pk).update(snoozed_until=timezone.now() + timedelta(days=1))


def with_a_call_to_make(asked):
    PhoneTask.objects.create(request=asked, purpose="agreed", because="bounced", made_at=asked.status_since)


def with_message(state):
    def make(asked):
        message = Message.objects.about(asked).first()
        claimed = {"claimed_at": timezone.now()} if state == State.SENDING else {}
        Message.objects.filter(pk=message.pk).update(state=state, sent_at=None, **claimed)

    make.__name__ = f"with_message_{state}"
    return make


UNFINISHED = [
    with_news,
    put_aside,
    with_a_call_to_make,
    with_message(State.WAITING),
    with_message(State.SENDING),
    with_message(State.UNDELIVERABLE),
]


@pytest.mark.parametrize(
    ("unfinished", "status"),
    crossed(UNFINISHED, [*ENDED, Status.AGREED]),
    ids=lambda each: getattr(each, "__name__", None),
)
def test_what_somebody_has_still_to_do_keeps_a_request_whatever_its_age(reception, status, unfinished):
    asked = made_old(make_request(status=status, by=reception))
    unfinished(asked)
    assert gone() == gone("spam") == gone("messages") == set()
    assert Message.objects.about(asked).exists()


def test_a_message_that_could_not_be_sent_and_was_said_by_telephone_keeps_nothing(reception):
    asked = made_old(closed_request(reception))
    with_message(State.UNDELIVERABLE)(asked)
    reached(asked, [f"message-{Message.objects.undeliverable().get().pk}"], by=reception)
    assert gone() == {asked.pk}


# Spam


def test_spam_that_nobody_has_judged_is_never_removed():
    asked = made_old(make_request())
    AppointmentRequest.objects.update(held_because=HeldBecause.DECOY)
    assert asked.status == Status.NEW
    assert gone() == gone("spam") == set()


@pytest.mark.parametrize("status", [Status.CLOSED, Status.WITHDRAWN])
def test_spam_that_was_judged_or_withdrawn_goes_by_its_own_time(reception, status):
    asked = made_old(make_request(status=status, by=reception))
    AppointmentRequest.objects.update(held_because=HeldBecause.STAFF)
    assert gone() == set()
    assert gone("spam") == {asked.pk}


def test_practice_is_not_its_business(reception):
    made_old(closed_request(reception))
    AppointmentRequest.objects.update(kind=Kind.PRACTICE)
    assert gone() == gone("spam") == set()


# What is joined


@pytest.fixture
def pair(reception):
    kept, merged = claimed_request(reception), claimed_request(reception)
    joined(kept, merged, reception)
    made_old(kept, merged)
    return kept, merged


def ended(asked, **values):
    AppointmentRequest.objects.filter(pk=asked.pk).update(**{"status": "closed"} | values)


def test_what_is_joined_to_an_open_request_stays(pair):
    assert gone() == set()


def test_what_is_joined_goes_at_once(pair):
    ended(pair[0])
    assert gone(at_most=1) == {each.pk for each in pair}


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("unfinished", [with_a_call_to_make, with_message(State.UNDELIVERABLE)])
def test_what_waits_about_one_of_two_that_are_joined_keeps_both(pair, which, unfinished):
    ended(pair[0])
    unfinished(pair[which])
    assert gone() == set()


def test_two_joined_lately_stay_though_one_ended_long_ago(pair):
    ended(pair[0], status_since=timezone.now())
    assert gone() == set()


# Batches, and two at once


def test_batches_leave_the_rest_for_the_next(reception):
    made_old(*(closed_request(reception) for _each in range(3)))
    assert len(gone(at_most=2)) == 2
    assert len(gone(at_most=2)) == 1
    assert gone() == set()


def removing(before, at_most):
    with transaction.atomic():
        return holding_of("requests").remove(before, at_most)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_remove_each_request_once(reception):
    rows = [closed_request(reception) for _each in range(4)]
    made_old(*rows)
    before = timezone.now() - timedelta(days=400)
    first, second = at_once(*[lambda: removing(before, 2)] * 2)
    assert not set(first.keys) & set(second.keys)
    assert AppointmentRequest.of_every_kind.count() == 4 - first.number - second.number


@pytest.mark.django_db(transaction=True)
def test_what_is_opened_again_at_that_moment_stays_or_is_found_gone(reception):
    asked = made_old(closed_request(reception))
    before = timezone.now() - timedelta(days=400)
    removed, opened = at_once(lambda: removing(before, 2), lambda: moved(asked, "reopen", by=reception))
    if removed.number:
        assert isinstance(opened, Erased)
    else:
        assert AppointmentRequest.objects.get().status == Status.IN_PROGRESS


# Messages and links


def test_messages_go_before_their_request_and_the_request_stays(reception):
    asked = made_old(closed_request(reception), by=timedelta(days=200))
    assert Message.objects.about(asked).exists()
    assert gone("messages", before=timezone.now() - timedelta(days=201)) == set()
    assert Message.objects.about(asked).exists()
    holding_of("messages").remove(timezone.now() - timedelta(days=180), 100)
    assert not Message.objects.about(asked).exists()
    assert AppointmentRequest.objects.get() == asked


def test_what_was_said_of_a_request_that_goes_on_stays(pair):
    assert holding_of("messages").count(timezone.now()) == 0


def test_mail_to_staff_goes_though_it_could_not_be_sent(manager):
    person = AlertPerson.objects.create(user=manager)
    message = Message.write("x", about=person, recipient="m@example.org", language="en", subject="x", text="x")
    Message.objects.update(state=State.UNDELIVERABLE, created_at=timezone.now() - timedelta(days=40))
    assert holding_of("messages").remove(timezone.now() - timedelta(days=30), 10).number == 1
    assert not Message.objects.filter(pk=message.pk).exists()


def test_a_private_link_goes_some_time_after_it_ended(reception):
    asked = make_request()
    TrackingLink.objects.all().delete()
    for _each in range(3):
        link_to(asked)
    open_one, expired, revoked = TrackingLink.objects.order_by("pk")
    then = timezone.now() - timedelta(days=31)
    TrackingLink.objects.filter(pk=expired.pk).update(expires_at=then)
    TrackingLink.objects.filter(pk=revoked.pk).update(revoked_at=then)
    assert holding_of("links").count(then - timedelta(days=1)) == 0
    assert holding_of("links").remove(timezone.now() - timedelta(days=30), 10).number == 2
    assert TrackingLink.objects.get() == open_one


# What patients read, and the figures


def test_the_last_page_of_the_form_says_how_long_it_is_kept(offer, client, manager):  # noqa: F811
    why = {"en": "Because.", "es": "Porque sí."}
    change_rule("requests", span=Span(2, Unit.YEARS), why=why, by=manager.as_actor())
    page = Visitor(client=client).reach("check").page
    assert "We erase them 2 years after your request ended." in page.text


def test_no_request_that_the_figures_count_can_be_removed():
    now = timezone.now()
    for day in range(7):
        moment = now + timedelta(days=day)
        for period in figures.PERIODS.values():
            assert holding_of("requests").least.before(moment) < period.span(moment).since
