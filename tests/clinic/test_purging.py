"""The purge: nothing goes before a manager looked, nothing while the clock seems wrong, and what goes is recorded."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import desk as desk_lines
from appointments.models import AppointmentRequest
from audit.models import Event
from clinic import purging, retention
from clinic.models import PurgeRun, RefusedBecause, RetentionRule, Unit
from clinic.purging import PURGE, ClockJumped
from clinic.refusals import Refused
from clinic.retention import Span, change_rule
from outbox import chores
from tests.appointments.factories import closed_request, make_request
from tests.appointments.test_retention import made_old
from tests.at_once import at_once
from tests.staff import make_staff

pytestmark = pytest.mark.django_db

SCREEN = reverse("admin:clinic_retentionrule_purge")
COUNT = reverse("admin:clinic_retentionrule_count")
NOON = datetime(2026, 11, 20, 12, tzinfo=ZoneInfo("America/Los_Angeles"))


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def old(clock, reception):
    """Three requests that are past their time."""
    rows = [closed_request(reception) for _each in range(3)]
    made_old(*rows)
    return rows


@pytest.fixture
def let(old, manager):
    """The purge may remove what is old."""
    return purging.release(purging.dry_run(by=PURGE), by=manager.as_actor())


@pytest.fixture
def desk(client, manager, clock):
    client.force_login(manager)
    return client


def release_url(run):
    return reverse("admin:clinic_retentionrule_release", args=[run.pk])


def purge(*options):
    """Run the command; return what it said last."""
    said = []

    class Out:
        def write(self, text):
            said.append(text)

        def flush(self):
            pass

    call_command("purge", *options, stdout=Out())
    return said[-1].strip()


def requests_left():
    return AppointmentRequest.of_every_kind.count()


def a_night_passes(clock, *, nights=1):
    """Let the sender do what it does each night, batch after batch."""
    for _night in range(nights):
        clock.shift(timedelta(days=1))
        while purging.do_at_night():
            pass
        purging.do_at_night()


def change_table(manager, number=20):
    why = {"en": "Because.", "es": "Porque sí."}
    change_rule("spam", span=Span(number, Unit.DAYS), why=why, by=manager.as_actor())


# A dry run, and a look at it


def test_a_dry_run_says_what_would_go_and_writes_one_row_alone(old):
    events = Event.objects.count()
    # Messages go by a rule of their own, before their requests would take them along.
    assert purge("--dry-run").startswith("Would go: requests 3, messages ")
    assert requests_left() == 3
    assert (PurgeRun.objects.count(), Event.objects.count()) == (1, events)
    assert PurgeRun.objects.get().counts["requests"] == 3


def test_nothing_goes_before_a_manager_has_looked(old):
    with pytest.raises(CommandError, match="nobody has looked yet at what would go"):
        purge()
    purge("--dry-run")
    with pytest.raises(CommandError, match="nobody has looked yet"):
        purge()
    assert requests_left() == 3


def test_what_a_manager_let_go_goes_with_an_event_a_batch(old, let):
    asked = make_request()
    said = purge()
    assert said.startswith("Removed: requests 3")
    assert AppointmentRequest.of_every_kind.get() == asked
    event = Event.objects.get(verb="retention.removed", details__kind="requests")
    assert event.details == {"kind": "requests", "number": 3, "keys": [each.pk for each in old]}
    assert event.actor_name == "purge"
    assert purge() == "Removed: nothing."


def test_a_changed_table_waits_for_another_look(old, let, manager):
    change_table(manager)
    with pytest.raises(CommandError, match="nobody has looked yet"):
        purge()
    purging.release(purging.dry_run(by=PURGE), by=manager.as_actor())
    assert purge().startswith("Removed: requests 3")


def test_a_table_that_is_as_it_was_when_looked_at_needs_no_other_look(old, let, manager):
    for number in (20, 30):
        change_table(manager, number)
    assert purge().startswith("Removed: requests 3")


def test_letting_it_go_is_recorded_once(old, let, manager):
    purging.release(let, by=manager.as_actor())
    event = Event.objects.get(verb="retention.released")
    assert (event.actor_id, event.object_id, event.details["counts"]["requests"]) == (manager.pk, str(let.pk), 3)


@pytest.mark.parametrize("role", ["reception", "nurse", "editor", "reviewer", "auditor"])
def test_others_let_nothing_go(clock, role):
    run = purging.dry_run(by=PURGE)
    for by in (make_staff("x", role).as_actor(), PURGE):
        with pytest.raises(Refused):
            purging.release(run, by=by)
    assert not PurgeRun.objects.exclude(released_at=None).exists()


def test_what_was_counted_too_long_ago_by_other_times_or_not_at_all_is_not_let_go(clock, old, manager):
    by = manager.as_actor()
    run = purging.dry_run(by=PURGE)
    clock.shift(timedelta(days=7))
    with pytest.raises(Refused, match="too long ago"):
        purging.release(run, by=by)
    run = purging.dry_run(by=PURGE, the_clock_is_right=True)
    change_table(manager)
    with pytest.raises(Refused, match="were changed since"):
        purging.release(run, by=by)
    with pytest.raises(Refused, match="counted nothing"):
        purging.release(PurgeRun.objects.create(table=run.table), by=by)


def test_the_database_lets_only_a_dry_run_be_released(db):
    with pytest.raises(IntegrityError), transaction.atomic():
        PurgeRun.objects.create(released_at=timezone.now())


# The screen


def test_a_manager_counts_looks_and_lets_it_go(desk, old):
    assert "It has not been counted yet" in desk.get(SCREEN).content.decode()
    page = desk.post(COUNT, follow=True).content.decode()
    assert "<td>3</td>" in page
    assert "Nothing is removed yet." in page
    page = desk.post(release_url(PurgeRun.objects.get()), follow=True).content.decode()
    assert "The purge does this each night." in page
    assert release_url(PurgeRun.objects.get()) not in page
    purge()
    assert "rows were removed." in desk.get(SCREEN).content.decode()


def test_looking_at_the_screen_counts_and_lets_go_nothing(desk, old):
    run = purging.dry_run(by=PURGE)
    for address in (SCREEN, COUNT, release_url(run)):
        desk.get(address)
    assert list(PurgeRun.objects.values_list("released_at", flat=True)) == [None]


def test_what_cannot_be_let_go_says_why(desk, old, manager):
    run = purging.dry_run(by=PURGE)
    change_table(manager)
    assert "were changed since" in desk.post(release_url(run), follow=True).content.decode()
    assert desk.post(reverse("admin:clinic_retentionrule_release", args=[10**15])).status_code == 404
    assert desk.post(COUNT, {"accepted": ["x", "\x00"]}).status_code == 302


def test_the_desk_tells_managers_that_the_purge_waits_for_them(old, manager, reception):
    def lines(user):
        return [each["url"] for each in desk_lines.waiting_for(user)]

    assert SCREEN not in lines(manager)
    run = purging.dry_run(by=PURGE)
    assert SCREEN in lines(manager)
    assert SCREEN not in lines(reception)
    purging.release(run, by=manager.as_actor())
    assert SCREEN not in lines(manager)


def test_nothing_to_remove_asks_for_no_look(clock, manager):
    purging.dry_run(by=PURGE)
    assert purging.waits_for_a_look_since() is None


# The clock


def test_a_clock_set_back_is_refused(let, clock):
    clock.shift(timedelta(days=-1))
    with pytest.raises(CommandError, match=r"written down at 2026-11-20 12:00 already\. Nothing was removed\. Put"):
        purge()
    assert requests_left() == 3


@pytest.mark.parametrize("alive", [False, True])
def test_a_clock_set_ahead_is_refused_also_when_it_has_run_on_since(let, clock, alive):
    clock.shift(timedelta(days=30))
    if alive:
        Event.record("thing.happened", by=PURGE)
        clock.shift(timedelta(days=1))
        Event.record("thing.happened", by=PURGE)
    with pytest.raises(CommandError, match="nothing at all was written down"):
        purge()
    with pytest.raises(CommandError, match="nothing at all was written down"):
        purge("--dry-run")
    assert requests_left() == 3


def test_a_wrong_day_that_was_put_right_is_found_as_well(let, clock):
    clock.shift(timedelta(days=-400))
    Event.record("thing.happened", by=PURGE)
    clock.shift(timedelta(days=400))
    with pytest.raises(ClockJumped):
        purging.begin(by=PURGE)


def test_a_site_with_signs_of_life_is_purged_as_seldom_as_its_clinic_likes(let, clock):
    for _day in range(10):
        clock.shift(timedelta(days=2))
        Event.record("thing.happened", by=PURGE)
    assert purge().startswith("Removed: requests 3")


@pytest.mark.parametrize("jump", [timedelta(days=-2), timedelta(days=30)])
def test_whoever_says_that_the_clock_is_right_is_believed_once_and_recorded(let, clock, jump):
    clock.shift(jump)
    assert purge("--the-clock-is-right").startswith("Removed: requests 3")
    assert Event.objects.filter(verb="retention.clock_confirmed").count() == 1
    assert purge() == "Removed: nothing."
    clock.shift(timedelta(days=30))
    with pytest.raises(CommandError):
        purge()


def test_saying_so_needlessly_is_nothing(let):
    purge("--the-clock-is-right")
    assert not Event.objects.filter(verb="retention.clock_confirmed").exists()


def test_a_manager_says_on_the_screen_that_the_clock_is_right(let, clock, desk, manager):
    clock.shift(timedelta(days=30))
    PurgeRun.objects.update(newest_event=Event.objects.latest("id").pk)
    desk.force_login(manager)
    page = desk.get(SCREEN).content.decode()
    assert "the clock seems to have jumped" in page
    assert "Nothing was removed." in desk.post(COUNT, follow=True).content.decode()
    assert desk.post(COUNT, {"accepted": "clock"}).status_code == 302
    assert "requests 3" in purge()


# By itself


def test_each_night_it_does_what_a_manager_let_it_do(let, clock):
    a_night_passes(clock)
    assert requests_left() == 0
    run = PurgeRun.objects.get(night="2026-11-21")
    assert (run.counts["requests"], bool(run.finished_at)) == (3, True)
    a_night_passes(clock, nights=2)
    assert PurgeRun.objects.exclude(night=None).count() == 3


def test_until_then_it_only_counts_each_night(old, clock):
    a_night_passes(clock, nights=2)
    assert requests_left() == 3
    assert list(PurgeRun.objects.values_list("is_dry", flat=True)) == [True, True]


def test_it_begins_nothing_before_two_in_the_night(let, clock):
    clock.move_to(datetime(2026, 11, 21, 1, 59, tzinfo=NOON.tzinfo))
    assert purging.do_at_night() == 0
    assert not PurgeRun.objects.exclude(night=None).exists()
    clock.shift(timedelta(minutes=1))
    assert purging.do_at_night() == 3


def test_it_is_among_the_chores_of_the_sender_a_batch_a_turn(let, clock):
    clock.shift(timedelta(days=1))
    chore = dict(chores.chores())["purge"]
    assert chore() == 3
    assert not PurgeRun.objects.get(night="2026-11-21").finished_at


def test_what_was_stopped_half_way_goes_on(let, clock):
    run = purging.begin(by=PURGE)
    assert purging.step(run, at_most=2).number == 2
    assert requests_left() == 1
    assert [purging.step(run, at_most=2).number for _each in range(2)] == [1, 0]
    run.refresh_from_db()
    assert run.counts["requests"] == 3


def test_a_table_that_is_changed_meanwhile_ends_the_turn(let, manager):
    run = purging.begin(by=PURGE)
    purging.step(run, at_most=2)
    change_table(manager)
    assert purging.step(run) == purging.Step(goes_on=False)
    run.refresh_from_db()
    assert (run.refused_because, requests_left()) == (RefusedBecause.TABLE_CHANGED, 1)


def test_what_fails_leaves_the_batch_whole(let, monkeypatch):
    run = purging.begin(by=PURGE)
    broken = retention.holding_of("requests")

    def remove(before, at_most):
        broken.remove(before, at_most)
        raise RuntimeError

    monkeypatch.setitem(retention._holdings, "requests", replace(broken, remove=remove))
    with pytest.raises(RuntimeError):
        purging.step(run)
    run.refresh_from_db()
    assert (requests_left(), run.counts) == (3, {})
    assert not Event.objects.filter(verb="retention.removed").exists()


@pytest.mark.django_db(transaction=True)
def test_two_senders_begin_one_turn_a_night(reception, manager):
    made_old(closed_request(reception))
    purging.release(purging.dry_run(by=PURGE), by=manager.as_actor())
    done = at_once(purging.do_at_night, purging.do_at_night)
    assert not [each for each in done if isinstance(each, Exception)]
    if timezone.localtime().hour >= purging.NIGHT:
        assert PurgeRun.objects.exclude(night=None).count() == 1
        assert requests_left() == 0


# The status page


def test_the_status_page_says_nothing_of_a_new_site_and_of_a_purge_that_runs(let, clock):
    assert purging.trouble() is None
    a_night_passes(clock, nights=5)
    assert purging.trouble() is None
    PurgeRun.objects.all().delete()
    assert purging.trouble() is None


def test_the_status_page_turns_red_when_the_clock_jumped(let, clock):
    a_night_passes(clock)
    clock.shift(timedelta(days=9))
    a_night_passes(clock, nights=2)
    assert "clock" in purging.trouble()
    purge("--the-clock-is-right")
    a_night_passes(clock)
    assert purging.trouble() is None


def test_the_status_page_turns_red_when_it_has_not_run_for_3_days(let, clock):
    clock.shift(timedelta(days=3, minutes=1))
    assert "has not run for 3 days" in purging.trouble()


def test_the_status_page_turns_red_when_nobody_looks_for_3_days(old, clock):
    a_night_passes(clock, nights=3)
    assert purging.trouble() is None
    a_night_passes(clock, nights=2)
    assert "nobody has looked" in purging.trouble()


def test_what_is_stored_of_a_turn_is_not_lost_by_a_rule_of_no_holding(let):
    RetentionRule.objects.create(code="gone", number=1, unit=Unit.DAYS, why={})
    assert purge().startswith("Removed: requests 3")
