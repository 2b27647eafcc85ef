"""What staff are written about pages: reviews that come due, and moves that leave something to do for them."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.roles import Role
from audit.models import Event
from clinic.models import Closure, OpeningHours
from outbox.models import Message
from procedures import publishing, reminders
from procedures.models import ProcedureVersion
from tests.at_once import at_once
from tests.procedures.factories import (
    COMMAND,
    make_condition,
    make_draft,
    make_in_review,
    make_page,
    make_published,
    make_signed_off,
)
from tests.staff import make_staff

pytestmark = pytest.mark.django_db

HERE = ZoneInfo("America/Los_Angeles")
DUE = date(2027, 3, 15)


def at(day, hour=10):
    return datetime.combine(day, time(hour), tzinfo=HERE)


@pytest.fixture
def clock():
    with time_machine.travel(at(DUE - timedelta(days=60)), tick=False) as clock:
        yield clock


def make_due(page=None, due=DUE, **values):
    version = make_published(page)
    type(version).objects.filter(pk=version.pk).update(next_review_due=due, **values)
    return version


def told():
    return list(Message.objects.filter(purpose="reviews_due").order_by("pk"))


# Reviews that come due


def test_staff_are_reminded_30_and_7_days_before_on_the_day_and_then_weekly(clock, reviewer):
    make_due()
    days = []
    for day in (-31, -30, -29, -8, -7, -6, -1, 0, 1, 6, 7, 13, 14):
        clock.move_to(at(DUE + timedelta(days=day)))
        days += [day] * (reminders.remind() + reminders.remind())
    assert days == [-30, -7, 0, 7, 14]


def test_a_sender_that_was_down_reminds_once_and_not_of_each_step(clock, reviewer):
    make_due()
    clock.move_to(at(DUE - timedelta(days=5)))
    assert [reminders.remind(), reminders.remind()] == [1, 0]
    clock.move_to(at(DUE - timedelta(days=1)))
    assert reminders.remind() == 0


def test_a_review_that_moves_the_date_begins_anew(clock, reviewer):
    version = make_due(reminded_on=DUE + timedelta(days=3))
    later = DUE + timedelta(days=365)
    ProcedureVersion.objects.filter(pk=version.pk).update(next_review_due=later)
    clock.move_to(at(DUE + timedelta(days=20)))
    assert reminders.remind() == 0
    clock.move_to(at(later - timedelta(days=30)))
    assert reminders.remind() == 1


def test_one_message_a_day_holds_every_page_of_both_kinds(clock, reviewer, manager, editor, reception):
    make_due(due=DUE + timedelta(days=2))
    make_due(make_page(make_condition()), due=DUE - timedelta(days=1))
    make_due()
    clock.move_to(at(DUE))
    assert reminders.remind() == 2
    assert {message.recipient for message in told()} == {reviewer.email, manager.email}
    text = told()[0].text
    assert text.index("overdue since") < text.index("due today") < text.index("March 17, 2027")
    assert "/admin/desk/" in text
    event = Event.objects.get(verb="reviews.reminded")
    assert event.details == {"pages": 3, "staff": [reviewer.pk, manager.pk]}
    make_due()
    assert reminders.remind() == 0
    clock.move_to(at(DUE + timedelta(days=1)))
    assert reminders.remind() == 2


def test_a_message_names_20_pages_and_counts_the_rest(clock, reviewer):
    clock.move_to(at(DUE))
    page = make_due().page
    version = page.live_version
    pages = [make_page(plain_name=f"Page {number}") for number in range(21)]
    for each in pages:
        version.pk, version.page, version.publish_at = None, each, None
        version._state.adding = True
        version.next_review_due = DUE
        version.save()
    reminders.remind()
    assert "and 2 more" in told()[0].text
    assert "22 pages to review" in told()[0].subject


@pytest.mark.parametrize("moment", [at(DUE, hour=7), at(DUE, hour=17), at(DUE - timedelta(days=1)), "closed"])
def test_nobody_is_reminded_while_the_clinic_is_closed(moment, clock, reviewer):
    OpeningHours.objects.create(weekday=DUE.weekday(), opens=time(8), closes=time(17))
    make_due(due=DUE - timedelta(days=1))
    if moment == "closed":
        Closure.objects.create(date=DUE)
        moment = at(DUE)
    clock.move_to(moment)
    assert (reminders.remind(), told()) == (0, [])
    Closure.objects.all().delete()
    clock.move_to(at(DUE))
    assert reminders.remind() == 1


def test_whoever_left_lost_the_role_or_has_no_address_is_not_reminded(clock, manager):
    make_staff("left", Role.REVIEWER, is_active=False)
    make_staff("other", Role.EDITOR)
    silent = make_staff("silent", Role.REVIEWER)
    silent.email = ""
    silent.save()
    make_due()
    clock.move_to(at(DUE))
    assert reminders.remind() == 1
    assert told()[0].recipient == manager.email


def test_a_page_that_was_withdrawn_is_nothing_to_review(clock, reviewer):
    publishing.withdraw_page(page=make_due().page, by=COMMAND)
    clock.move_to(at(DUE))
    assert reminders.remind() == 0


def test_most_turns_of_the_sender_ask_as_much_as_there_are_kinds(clock, reviewer):
    make_due()
    clock.move_to(at(DUE))
    reminders.remind()
    with CaptureQueriesContext(connection) as asked:
        reminders.remind()
    assert len(asked) == 2


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_remind_once(clock, reviewer):
    make_due()
    make_due(make_page(make_condition()))
    clock.move_to(at(DUE))
    at_once(reminders.remind, reminders.remind)
    assert len(told()) == 1


# Moves


def mail():
    """Return who was told what, and forget it."""
    found = {(message.purpose, message.recipient) for message in Message.objects.all()}
    Message.objects.all().delete()
    return found


def test_each_move_is_told_to_those_for_whom_something_is_to_do(editor, editor2, reviewer, manager):
    both = make_staff("both", Role.REVIEWER, Role.EDITOR)
    version = make_draft(by=editor.as_actor())
    version.authors.add(both)
    assert mail() == set()
    version = publishing.send_for_review(version=version, by=editor.as_actor())
    assert mail() == {("page_to_review", reviewer.email)}
    version = publishing.ask_for_changes(version=version, words="Shorter.", by=reviewer.as_actor())
    assert "Shorter" not in Message.objects.first().text
    assert mail() == {("page_changes_asked", editor.email), ("page_changes_asked", both.email)}
    version = publishing.send_for_review(version=version, by=both.as_actor())
    mail()
    version = publishing.sign_off(version=version, by=reviewer.as_actor())
    assert mail() == {("page_to_publish", manager.email)}
    publishing.publish(versions=[version], by=manager.as_actor())
    assert mail() == {("page_published", editor.email), ("page_published", both.email)}


def test_a_message_names_the_page_and_leads_to_its_version(editor, reviewer, settings):
    version = publishing.send_for_review(version=make_draft(by=editor.as_actor()), by=editor.as_actor())
    message = Message.objects.get()
    assert f"{settings.SITE_URL}/admin/procedures/procedureversion/{version.pk}/change/" in message.text
    assert "“Balloon repair” (English)" in message.text
    assert Message.objects.to_staff().get() == message


def test_what_a_command_does_is_told_to_nobody(reviewer, manager, editor):
    make_published(by=editor.as_actor())
    assert {purpose for purpose, _to in mail()} <= {"page_to_review"}
    make_published()
    assert mail() == set()


def test_authors_who_left_are_told_nothing(editor, reviewer):
    version = make_in_review(by=editor.as_actor())
    editor.is_active = False
    editor.save()
    mail()
    publishing.ask_for_changes(version=version, words="Shorter.", by=reviewer.as_actor())
    assert mail() == set()


def test_a_refused_move_tells_nobody(editor, reviewer):
    with pytest.raises(publishing.Refused):
        publishing.sign_off(version=make_signed_off(), by=reviewer.as_actor())
    assert mail() == set()
