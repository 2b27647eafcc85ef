"""The chain: whatever is done to the events behind the site's back is found, and each broken row is named."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from audit import chain
from audit.actors import Actor
from audit.models import ChainHead, Event
from audit.verifying import MOST_NAMED, verify
from tests.at_once import at_once
from tests.audit.factories import by_hand, happen, linked_events

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def head(settings, tmp_path):
    settings.AUDIT_HEAD = tmp_path / "outside" / "audit-head.json"
    return settings.AUDIT_HEAD


def findings():
    """Return what verification finds, as sentences."""
    return list(verify())


def test_the_sender_links_what_was_committed_and_no_event_twice():
    happen(3)
    assert (chain.link(), chain.link()) == (3, 0)
    happen(1)
    assert chain.link() == 1
    assert list(Event.objects.linked().values_list("position", flat=True)) == [1, 2, 3, 4]
    assert findings() == []


def test_more_events_than_one_batch_are_linked_in_one_go(monkeypatch):
    monkeypatch.setattr(chain, "BATCH", 2)
    happen(5)
    assert chain.link() == 5
    assert findings() == []


def test_the_newest_link_is_written_outside_the_database(head):
    number = linked_events(2)[-1]
    newest = Event.objects.get(pk=number)
    assert json.loads(head.read_text()) == {"position": 2, "mac": newest.mac}
    assert [path.name for path in head.parent.iterdir()] == [head.name]


def test_the_chain_hangs_on_a_key_that_is_not_in_the_database(settings):
    linked_events(1)
    settings.AUDIT_KEY = "another key, of at least thirty-two characters"
    assert len(findings()) == 1


@pytest.mark.parametrize(
    "change",
    [
        "verb = 'other'",
        "actor_id = 99",
        "actor_role = 'manager'",
        "object_id = '2'",
        "details = '{\"fields\": []}'",
        "happened_at = '2020-01-01 00:00:00+00:00'",
        "mac = 'ff'",
    ],
)
def test_an_altered_event_is_named(change):
    numbers = linked_events(4)
    by_hand(f"UPDATE audit_event SET {change} WHERE id = %s", numbers[1])  # noqa: S608
    assert findings() == [f"Event {numbers[1]} is not what was linked at place 2."]


def test_a_removed_event_is_named_by_its_place():
    numbers = linked_events(4)
    by_hand("DELETE FROM audit_event WHERE id = %s", numbers[1])
    assert findings() == [f"A link is missing at place 2 of the chain, before event {numbers[2]}."]


def test_two_swapped_events_are_found():
    first, second, *_rest = linked_events(3)
    by_hand("UPDATE audit_event SET position = 90 WHERE id = %s", first)
    by_hand("UPDATE audit_event SET position = 1 WHERE id = %s", second)
    by_hand("UPDATE audit_event SET position = 2 WHERE id = %s", first)
    assert findings() == [f"Events {second} and {first} at places 1 and 2 are swapped."]


def test_two_events_that_swapped_all_but_their_numbers_are_found():
    first, _second, third = linked_events(3)
    Event.record("thing.other", by=Actor.command("test"), number=4)
    chain.link()
    fourth = Event.objects.latest("pk").pk
    for columns in ("verb", "details", "happened_at"):
        mine, theirs = (Event.objects.filter(pk=pk).values_list(columns, flat=True).get() for pk in (first, fourth))
        for pk, value in ((first, theirs), (fourth, mine)):
            value = json.dumps(value) if columns == "details" else value
            by_hand(f"UPDATE audit_event SET {columns} = %s WHERE id = %s", value, pk)  # noqa: S608
    assert findings() == [f"Events {first} and {fourth} at places 1 and 4 are swapped."]
    assert third


def test_two_numbers_that_were_swapped_are_found():
    first, second, *_rest = linked_events(3)
    for number, other in ((first, 900), (second, first), (900, second)):
        by_hand("UPDATE audit_event SET id = %s WHERE id = %s", other, number)
    assert findings() == [
        f"Event {second} was linked at place 1 under another number: {first}.",
        f"Event {first} was linked at place 2 under another number: {second}.",
    ]


def test_events_that_changed_places_in_a_ring_are_each_named():
    first, second, third = linked_events(3)
    for number, place in ((first, 90), (second, 1), (third, 2), (first, 3)):
        by_hand("UPDATE audit_event SET position = %s WHERE id = %s", place, number)
    assert findings()[:3] == [
        f"Event {second} at place 1 was linked at place 2.",
        f"Event {third} at place 2 was linked at place 3.",
        f"Event {first} at place 3 was linked at place 1.",
    ]


def test_an_event_put_back_under_another_number_is_named():
    numbers = linked_events(3)
    by_hand("UPDATE audit_event SET id = %s WHERE id = %s", 900, numbers[1])
    assert findings() == ["Event 900 is not what was linked at place 2."]


def test_several_broken_rows_are_all_named():
    numbers = linked_events(9)
    by_hand("UPDATE audit_event SET verb = 'other' WHERE id = %s", numbers[1])
    by_hand("UPDATE audit_event SET mac = 'ff' WHERE id = %s", numbers[3])
    by_hand("DELETE FROM audit_event WHERE id IN (%s, %s)", numbers[5], numbers[6])
    assert findings() == [
        f"Links are missing at places 6 to 7 of the chain, before event {numbers[7]}.",
        f"Event {numbers[1]} is not what was linked at place 2.",
        f"Event {numbers[3]} is not what was linked at place 4.",
    ]


def test_after_twenty_broken_rows_it_says_so_and_stops(settings):
    numbers = linked_events(MOST_NAMED + 5)
    settings.AUDIT_KEY = "another key, of at least thirty-two characters"
    found = findings()
    assert len(found) == MOST_NAMED + 1
    assert found[0] == f"Event {numbers[0]} is not what was linked at place 1."
    assert found[-1] == "More may be broken: after 20 rows this stops. Is AUDIT_KEY the key of this chain?"


def test_a_head_in_the_database_that_was_set_back_is_found():
    numbers = linked_events(4)
    ChainHead.objects.update(position=2, mac=Event.objects.get(pk=numbers[1]).mac)
    assert findings() == ["The chain goes on to place 4, but the head kept in the database is at 2."]
    ChainHead.objects.all().delete()
    assert findings() == ["The chain goes on to place 4, but the head kept in the database is at 0."]


def test_a_head_in_the_database_whose_link_was_altered_is_found():
    numbers = linked_events(2)
    ChainHead.objects.update(mac="ff")
    assert findings() == [f"Event {numbers[1]} differs from the head kept in the database."]


def test_the_chain_is_read_in_as_many_queries_however_long_it_is(django_assert_max_num_queries):
    linked_events(3)
    with django_assert_max_num_queries(7):
        assert findings() == []
    linked_events(30)
    with django_assert_max_num_queries(7):
        assert findings() == []


def test_a_forged_event_in_the_chain_is_found():
    linked_events(2)
    [forged] = happen(1)
    by_hand("UPDATE audit_event SET position = 3, mac = %s WHERE id = %s", "0" * 64, forged.pk)
    assert findings() == [
        f"Event {forged.pk} is not what was linked at place 3.",
        "The chain goes on to place 3, but the head kept in the database is at 2.",
    ]


def test_an_event_taken_out_and_linked_again_leaves_its_gap():
    numbers = linked_events(3)
    by_hand("UPDATE audit_event SET position = NULL, mac = '' WHERE id = %s", numbers[0])
    chain.link()
    assert findings() == [f"A link is missing at place 1 of the chain, before event {numbers[1]}."]


def test_a_cut_tail_is_found_by_the_head_in_the_database():
    numbers = linked_events(4)
    by_hand("DELETE FROM audit_event WHERE id >= %s", numbers[2])
    assert findings() == [
        "The chain ends at place 2, but the head kept in the database is at 4.",
        "The chain ends at place 2, but the head kept outside the database is at 4.",
    ]


def cut_neatly(numbers):
    """Cut the last two events off, and set the database's own head back to match."""
    kept = Event.objects.get(pk=numbers[1])
    by_hand("DELETE FROM audit_event WHERE id >= %s", numbers[2])
    ChainHead.objects.update(position=2, mac=kept.mac)


def test_a_neatly_cut_tail_is_found_by_the_head_outside():
    cut_neatly(linked_events(4))
    assert findings() == ["The chain ends at place 2, but the head kept outside the database is at 4."]
    assert (
        chain.trouble() == "The audit head kept outside the database is not in the chain. Run manage.py verify_audit."
    )


def test_events_linked_after_a_cut_do_not_wipe_out_its_trace(head):
    cut_neatly(linked_events(4))
    before = head.read_text()
    numbers = linked_events(5)
    assert head.read_text() == before
    assert findings() == [f"Event {numbers[1]} differs from the head kept outside the database."]


def test_a_spoilt_head_is_found_and_not_quietly_replaced(head):
    linked_events(2)
    head.write_text("{}")
    linked_events(1)
    assert head.read_text() == "{}"
    assert findings() == ["The head kept outside the database cannot be read."]
    assert chain.trouble()


def test_a_head_that_could_not_be_written_is_written_in_the_next_turn(head):
    linked_events(1)
    head.unlink()
    chain.link()
    assert json.loads(head.read_text())["position"] == 1


def test_events_that_nobody_links_are_reported_after_a_minute():
    happen(2)
    assert findings() == []
    assert chain.trouble() is None
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        assert chain.trouble() == "2 audit events wait to be linked."
        assert findings() == [
            f"Event {Event.objects.earliest('id').pk} is older than a minute and not linked: is the sender running?"
        ]


def test_the_command_says_that_all_is_well_or_ends_with_1(capsys):
    numbers = linked_events(2)
    call_command("verify_audit")
    assert capsys.readouterr().out == "The audit chain is whole: 2 events.\n"
    by_hand("UPDATE audit_event SET verb = 'other' WHERE id = %s", numbers[0])
    with pytest.raises(CommandError, match=f"Event {numbers[0]} is not what was linked") as failure:
        call_command("verify_audit")
    assert failure.value.returncode == 1


@pytest.mark.django_db(transaction=True)
def test_two_senders_link_into_one_chain():
    happen(40)
    assert sum(at_once(chain.link, chain.link)) == 40
    assert Event.objects.linked().count() == 40
    assert findings() == []


@pytest.mark.django_db(transaction=True)
def test_senders_that_share_a_process_number_write_the_head_side_by_side(head):
    linked_events(3)
    for _round in range(30):
        head.unlink()
        assert at_once(*[chain.write_head] * 6) == [None] * 6
        assert [path.name for path in head.parent.iterdir()] == [head.name]
    assert findings() == []


@pytest.mark.parametrize(
    "spoilt", ['{"position": 0, "mac": ""}', '{"position": -2, "mac": "a"}', '{"position": 1e999, "mac": ""}']
)
def test_a_head_that_claims_an_impossible_place_is_found_and_not_quietly_replaced(head, spoilt):
    linked_events(2)
    head.write_text(spoilt)
    happen(1)
    chain.link()
    assert findings() == ["The head kept outside the database cannot be read."]
    assert head.read_text() == spoilt
    assert "not in the chain" in chain.trouble()


def test_a_head_that_cannot_be_written_shows_on_the_status_page(head):
    linked_events(1)
    kept = head.read_text()
    linked_events(1)
    head.write_text(kept)
    assert chain.trouble() is None
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        assert "cannot be written" in chain.trouble()


def test_a_wrong_key_links_nothing_and_the_right_one_goes_on(settings):
    linked_events(5)
    right, settings.AUDIT_KEY = settings.AUDIT_KEY, "another key, of at least thirty-two characters"
    happen(1)
    with pytest.raises(chain.WrongKey):
        chain.link()
    settings.AUDIT_KEY = right
    assert chain.link() == 1
    assert findings() == []
