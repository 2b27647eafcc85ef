"""Events are only ever added, hold no value that a person typed, and live and die with what they record."""

import pytest
from django.db import IntegrityError, transaction

from audit.actors import Actor
from audit.models import AppendOnly, Event
from tests.audit.factories import by_hand, happen
from tests.outbox.factories import make_message

pytestmark = pytest.mark.django_db

WAYS_TO_CHANGE = {
    "save": lambda event: event.save(),
    "update": lambda event: Event.objects.filter(pk=event.pk).update(verb="other"),
    "bulk_update": lambda event: Event.objects.bulk_update([event], ["verb"]),
    "update_or_create": lambda event: Event.objects.update_or_create(pk=event.pk, defaults={"verb": "other"}),
    "upsert": lambda event: Event.objects.bulk_create(
        [event], update_conflicts=True, update_fields=["verb"], unique_fields=["id"]
    ),
    "create over": lambda event: Event.objects.create(pk=event.pk, verb="other"),
    "delete": lambda event: event.delete(),
    "delete many": lambda event: Event.objects.all().delete(),
    "delete through a filter": lambda event: Event.objects.about(event).delete(),
}


@pytest.mark.parametrize("way", WAYS_TO_CHANGE)
def test_no_way_of_the_site_changes_or_deletes_an_event(way):
    [event] = happen()
    with pytest.raises(AppendOnly, match=r"never (changed|deleted)"):
        WAYS_TO_CHANGE[way](event)
    assert Event.objects.get().verb == "thing.happened"


def test_an_event_says_who_did_what_to_which_row(reception):
    message = make_message()
    Event.record("message.read", by=reception.as_actor(), about=message, fields=["text"])
    event = Event.objects.about(message).get()
    assert (event.actor_kind, event.actor_id, event.actor_role) == ("staff", reception.pk, "reception")
    assert (event.verb, event.object_type, event.details) == ("message.read", "outbox.message", {"fields": ["text"]})


@pytest.mark.parametrize(
    ("actor", "kind", "number", "name"),
    [
        (Actor.patient(7), "patient", 7, ""),
        (Actor.patient(), "patient", None, ""),
        (Actor.command("purge"), "command", None, "purge"),
        (Actor.visitor(), "visitor", None, ""),
    ],
)
def test_an_actor_need_not_be_staff(actor, kind, number, name):
    event = Event.record("thing.happened", by=actor)
    assert (event.actor_kind, event.actor_id, event.actor_name) == (kind, number, name)


def test_an_event_goes_with_the_change_that_was_undone():
    with transaction.atomic():
        happen()
        transaction.set_rollback(True)
    assert not Event.objects.exists()


def test_events_are_seen_by_those_who_may_see_them(auditor, manager):
    happen()
    assert Event.objects.visible_to(auditor).count() == 1
    assert Event.objects.visible_to(manager).count() == 0


def test_the_database_refuses_an_event_that_is_linked_by_half():
    [event] = happen()
    with pytest.raises(IntegrityError), transaction.atomic():
        by_hand("UPDATE audit_event SET position = 1 WHERE id = %s", event.pk)
    by_hand("UPDATE audit_event SET position = 1, mac = 'x' WHERE id = %s", event.pk)
