"""Old events go by whole months that were verified; what is left of them keeps the chain whole, and nothing hides."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError, transaction

from audit import chain, pruning
from audit.models import AppendOnly, Event, SealedMonth
from audit.verifying import verify
from tests.at_once import at_once
from tests.audit.factories import by_hand, happen, linked_on

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MAY = datetime(2026, 5, 1, 7, tzinfo=UTC)  # The first of May at midnight in Los Angeles


@pytest.fixture
def spring():
    """Return the numbers of three events of March, two of April and two of May."""
    days = ["2026-03-02", "2026-03-15", "2026-03-30", "2026-04-01", "2026-04-20", "2026-05-05", "2026-05-06"]
    with time_machine.travel(NOW, tick=False):
        yield linked_on(*days)


def standing():
    """Return the numbers of the events that happened to things, in order."""
    return list(Event.objects.filter(verb="thing.happened").order_by("pk").values_list("pk", flat=True))


def test_whole_months_go_and_the_chain_stays_whole(spring):
    assert pruning.count_before(MAY) == 5
    assert pruning.prune(before=MAY) == 5
    assert standing() == spring[5:]
    assert [(str(month), month.count) for month in SealedMonth.objects.all()] == [("2026-03", 3), ("2026-04", 2)]
    chain.link()
    assert list(verify()) == []
    assert (pruning.count_before(MAY), pruning.prune(before=MAY)) == (0, 0)


def test_pruning_is_itself_in_the_trail(spring, manager):
    pruning.prune(before=MAY, by=manager.as_actor())
    events = Event.objects.filter(verb=pruning.PRUNED).order_by("pk")
    assert [event.details for event in events] == [{"month": "2026-03", "events": 3}, {"month": "2026-04", "events": 2}]
    assert {event.actor_id for event in events} == {manager.pk}


@pytest.mark.parametrize(
    ("before", "left"),
    [
        (datetime(2026, 4, 30, 12, tzinfo=UTC), 4),  # April is not over
        (datetime(2026, 5, 1, 6, tzinfo=UTC), 4),  # nor is it in Los Angeles
        (datetime(2026, 3, 31, 12, tzinfo=UTC), 7),
        (datetime(2020, 1, 1, tzinfo=UTC), 7),
        (datetime(2027, 1, 1, tzinfo=UTC), 0),
    ],
)
def test_only_months_wholly_before_the_moment_go(spring, before, left):
    assert pruning.count_before(before) == 7 - left
    pruning.prune(before=before)
    assert len(standing()) == left
    assert list(verify()) == []


def test_an_event_that_was_linked_late_goes_with_the_month_after(spring):
    [late] = linked_on("2026-04-10")
    pruning.prune(before=MAY)
    assert standing() == [*spring[5:], late]
    pruning.prune(before=datetime(2026, 6, 1, 7, tzinfo=UTC))
    assert standing() == []
    assert list(verify()) == []


def test_a_trail_without_events_has_nothing_to_prune():
    assert (pruning.count_before(NOW), pruning.prune(before=NOW)) == (0, 0)


def test_the_chain_goes_on_after_all_its_events_are_gone(spring):
    pruning.prune(before=datetime(2026, 6, 1, 7, tzinfo=UTC))
    assert standing() == []
    assert list(verify()) == []
    assert chain.trouble() is None
    happen(2)
    chain.link()
    assert list(verify()) == []
    assert Event.objects.linked().first().position == 8


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE audit_event SET verb = 'other' WHERE position = 2",
        "DELETE FROM audit_event WHERE position = 2",
        "UPDATE audit_event SET verb = 'other' WHERE position = 7",
        "UPDATE audit_chainhead SET position = 3",
    ],
)
def test_a_broken_chain_is_not_pruned(spring, harm):
    by_hand(harm)
    before = standing()
    with pytest.raises(pruning.NotWhole):
        pruning.prune(before=MAY)
    assert standing() == before
    assert not SealedMonth.objects.exists()


def test_events_that_nobody_linked_keep_all_others(spring):
    with time_machine.travel("2026-04-02T12:00:00+00:00", tick=False):
        happen()
    with pytest.raises(pruning.NotWhole, match="not linked"):
        pruning.prune(before=MAY)


@pytest.mark.parametrize(
    ("harm", "finding"),
    [
        ("UPDATE audit_sealedmonth SET last_mac = 'ff' WHERE first_position = 1", "2026-03 is not what was sealed"),
        ("UPDATE audit_sealedmonth SET month = '2026-02-01' WHERE first_position = 1", "2026-02 is not what was seal"),
        ("UPDATE audit_sealedmonth SET mac = 'ff' WHERE first_position = 4", "2026-04 is not what was sealed"),
        ("UPDATE audit_sealedmonth SET pruned_at = '2020-01-01 00:00:00+00:00'", "2026-03 is not what was sealed"),
        ("DELETE FROM audit_sealedmonth WHERE first_position = 1", "A sealed month is missing before 2026-04"),
        ("DELETE FROM audit_sealedmonth WHERE first_position = 4", "Links are missing at places 4 to 5"),
        ("DELETE FROM audit_sealedmonth", "Links are missing at places 1 to 5"),
        ("UPDATE audit_sealedmonth SET last_position = 6 WHERE first_position = 4", "2026-04 is not what was sealed"),
    ],
)
def test_a_sealed_month_that_was_altered_or_removed_is_found(spring, harm, finding):
    pruning.prune(before=MAY)
    by_hand(harm)
    assert finding in next(verify())


def test_an_event_put_back_into_a_pruned_month_is_found(spring):
    pruning.prune(before=MAY)
    [forged] = happen()
    by_hand("UPDATE audit_event SET position = 2, mac = 'ff' WHERE id = %s", forged.pk)
    assert f"Event {forged.pk} stands at place 2, of which all events were pruned." in list(verify())


def test_a_head_outside_from_before_the_pruning_is_found(spring, settings):
    old = settings.AUDIT_HEAD.read_text().replace('"position": 7', '"position": 3')
    pruning.prune(before=MAY)
    settings.AUDIT_HEAD.write_text(old)
    assert list(verify()) == ["The head kept outside the database is at place 3, which is pruned or not of this chain."]
    assert chain.trouble()


def test_a_sealed_month_is_never_changed_by_the_site(spring):
    pruning.prune(before=MAY)
    month = SealedMonth.objects.first()
    for way in (month.save, month.delete, SealedMonth.objects.all().delete, lambda: SealedMonth.objects.update(mac="")):
        with pytest.raises(AppendOnly):
            way()
    with pytest.raises(IntegrityError), transaction.atomic():
        SealedMonth.objects.create(month="2026-06-01", first_position=9, last_position=8, last_mac="x", mac="x")


def test_the_command_says_how_many_months_are_sealed(spring, capsys):
    pruning.prune(before=MAY)
    chain.link()
    call_command("verify_audit")
    assert capsys.readouterr().out == "The audit chain is whole: 4 events, after 2 sealed months.\n"


@pytest.mark.django_db(transaction=True)
def test_two_that_prune_at_once_remove_each_event_once():
    with time_machine.travel(NOW, tick=False):
        linked_on("2026-03-02", "2026-03-15", "2026-04-01", "2026-05-05")
        came_of = at_once(*[lambda: pruning.prune(before=MAY)] * 2)
    assert sum(each for each in came_of if isinstance(each, int)) == 3
    assert SealedMonth.objects.count() == 2
    chain.link()
    assert list(verify()) == []
