"""Audit events as tests need them, and a hand in the database that asks nobody."""

import time_machine
from django.db import connection

from audit import chain
from audit.actors import Actor
from audit.models import Event, SealedMonth


def happen(count=1, **details):
    """Record events that nobody has linked yet; return them in order."""
    return [Event.record("thing.happened", by=Actor.command("test"), **details) for _ in range(count)]


def linked_events(count):
    """Return the numbers of events that the sender has linked."""
    numbers = [event.pk for event in happen(count)]
    chain.link()
    return numbers


def linked_on(*days):
    """Record an event on each of these days, in this order, and link them; return their numbers."""
    for day in days:
        with time_machine.travel(f"{day}T12:00:00+00:00", tick=False):
            happen()
    chain.link()
    return list(Event.objects.order_by("-id").values_list("pk", flat=True)[: len(days)])[::-1]


def by_hand(statement, *values):
    """Run a statement on the database, as its owner would who goes around the site and takes its triggers off."""
    tables = [Event._meta.db_table, SealedMonth._meta.db_table] if connection.vendor == "postgresql" else []
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, values)
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
