"""Audit events as tests need them, and a hand in the database that asks nobody."""

from django.db import connection

from audit import chain
from audit.actors import Actor
from audit.models import Event


def happen(count=1, **details):
    """Record events that nobody has linked yet; return them in order."""
    return [Event.record("thing.happened", by=Actor.command("test"), **details) for _ in range(count)]


def linked_events(count):
    """Return the numbers of events that the sender has linked."""
    numbers = [event.pk for event in happen(count)]
    chain.link()
    return numbers


def by_hand(statement, *values):
    """Run a statement on the database, as somebody would who goes around the site."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
