"""What is acknowledged is on disk, and many writers wait for each other instead of failing."""

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.utils import ConnectionHandler

from clinic.models import PageStamp
from clinic.settings import SQLITE_OPTIONS
from tests.at_once import at_once

on_sqlite = pytest.mark.skipif("sqlite" not in settings.DATABASES["default"]["ENGINE"], reason="about SQLite alone")


@on_sqlite
def test_sqlite_keeps_what_it_acknowledged_and_waits_for_other_writers(db, tmp_path):
    # The tests themselves run with synchronous=OFF: what the site sets is tried on a database of its own.
    full = 2
    options = {"timeout": SQLITE_OPTIONS["timeout"], "init_command": SQLITE_OPTIONS["init_command"]}
    beside = settings.DATABASES["default"] | {"NAME": str(tmp_path / "kept.sqlite3"), "OPTIONS": options}
    connections = ConnectionHandler({"default": beside})
    with connections["default"].cursor() as cursor:
        names = ("journal_mode", "synchronous", "busy_timeout")
        found = [cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
    connections.close_all()
    assert found == ["wal", full, 20_000]


@on_sqlite
@pytest.mark.django_db(transaction=True)
def test_a_transaction_takes_the_write_lock_when_it_begins():
    with transaction.atomic():
        PageStamp.current()
        assert _another_writer_must_wait()


def _another_writer_must_wait():
    """Say whether a second connection is refused the write lock at once, when told not to wait."""

    def try_to_write():
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 0")
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("ROLLBACK")

    [outcome] = at_once(try_to_write)
    return isinstance(outcome, DatabaseError) and str(outcome) == "database is locked"


def test_connections_are_kept_and_pages_take_no_lock():
    database = settings.DATABASES["default"]
    assert database["CONN_MAX_AGE"] is None
    assert not database.get("ATOMIC_REQUESTS")


@pytest.mark.django_db(transaction=True)
def test_many_writers_at_once_all_succeed():
    PageStamp.move()
    before = PageStamp.current()

    def write():
        for _turn in range(5):
            with transaction.atomic():
                PageStamp.current()
                PageStamp.move()

    assert at_once(*[write] * 8) == [None] * 8
    assert PageStamp.current() == before + 40
