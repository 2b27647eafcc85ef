"""On PostgreSQL the database refuses too: to its owner by triggers, and to the role of the site by its rights."""

from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from audit import chain, pruning, rights
from audit.models import Event, SealedMonth
from audit.verifying import verify
from tests.audit.factories import happen, linked_events, linked_on

pytestmark = pytest.mark.django_db
MAY = datetime(2026, 5, 1, 7, tzinfo=UTC)


def run(statement):
    """Run a statement as whoever is connected, and undo it where it is refused."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def postgresql(db):
    if connection.vendor != "postgresql":
        pytest.skip("this is about PostgreSQL")


@pytest.fixture
def role(postgresql):
    """Go on as a role that owns nothing, with the rights that the command prints."""
    run("CREATE ROLE clinic_site_of_tests")
    for statement in rights.statements("clinic_site_of_tests"):
        run(statement)
    linked_on("2026-03-02", "2026-04-15", "2026-05-05")
    run("SET ROLE clinic_site_of_tests")
    yield
    run("RESET ROLE")


CHANGES = [
    "UPDATE audit_event SET verb = 'other'",
    "UPDATE audit_event SET happened_at = now()",
    "UPDATE audit_event SET position = position + 100",
    "UPDATE audit_event SET position = NULL, mac = ''",
    "UPDATE audit_event SET mac = 'ff'",
    "DELETE FROM audit_event",
]


@pytest.mark.parametrize("change", CHANGES)
def test_no_statement_changes_or_deletes_an_event(postgresql, change):
    linked_events(2)
    with pytest.raises(DatabaseError, match="never changed, and never deleted but by whole sealed months"):
        run(change)
    assert list(verify()) == []


def test_an_event_changes_in_nothing_else_while_it_is_linked(postgresql):
    happen()
    with pytest.raises(DatabaseError, match="never changed"):
        run("UPDATE audit_event SET position = 1, mac = 'x', verb = 'other'")
    assert chain.link() == 1


def test_only_the_events_of_sealed_months_may_go(postgresql):
    linked_on("2026-03-02", "2026-05-05")
    pruning.prune(before=MAY)
    with pytest.raises(DatabaseError, match="never deleted"):
        run("DELETE FROM audit_event WHERE position = 2")
    for change in ("UPDATE audit_sealedmonth SET last_position = 2", "DELETE FROM audit_sealedmonth"):
        with pytest.raises(DatabaseError, match="Sealed months"):
            run(change)
    run("SELECT audit_remove_sealed()")
    assert Event.objects.linked().count() == 1


@pytest.mark.parametrize(
    "change",
    [
        *CHANGES,
        "TRUNCATE audit_event",
        "ALTER TABLE audit_event DISABLE TRIGGER USER",
        "DROP TRIGGER audit_keep ON audit_event",
        "DROP TABLE audit_event",
        "DELETE FROM audit_sealedmonth",
        "UPDATE audit_sealedmonth SET mac = ''",
        "TRUNCATE audit_sealedmonth",
        "DELETE FROM audit_chainhead",
        "DELETE FROM django_migrations",
        "CREATE OR REPLACE FUNCTION audit_keep_event() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
    ],
)
def test_the_role_of_the_site_cannot_alter_or_empty_the_trail(role, change):
    with pytest.raises(DatabaseError):
        run(change)
    assert Event.objects.linked().count() == 3


def test_the_role_of_the_site_adds_links_verifies_and_prunes(role):
    happen(2)
    assert chain.link() == 2
    assert pruning.prune(before=MAY) == 2
    chain.link()
    assert list(verify()) == []
    assert SealedMonth.objects.count() == 2


def test_the_rights_may_be_granted_again_after_a_release(postgresql, capsys):
    run("CREATE ROLE clinic_site_of_tests")
    call_command("audit_rights", "clinic_site_of_tests")
    printed = capsys.readouterr().out
    for _time in range(2):
        run(printed)


@pytest.mark.parametrize("role", ['a"; DROP TABLE audit_event; --', "", "Clinic", "x" * 64])
def test_what_is_no_name_of_a_role_is_refused(postgresql, role):
    with pytest.raises(CommandError, match="A role is named"):
        call_command("audit_rights", role)


def test_another_database_has_no_roles():
    if connection.vendor == "postgresql":
        pytest.skip("this is about other databases")
    with pytest.raises(CommandError, match="Only PostgreSQL has roles"):
        call_command("audit_rights", "clinic")
