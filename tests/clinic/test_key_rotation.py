"""Rotating keys: everything is under the newest one at the end, nothing is lost, whatever happens on the way."""

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.roles import Role
from appointments import workflow
from appointments.admin.queue.searching import found_by
from appointments.models import AppointmentRequest, LinkAsked, NameToken, Note, Status
from appointments.models.name_tokens import names_in, tokens_of
from appointments.references import new_token
from appointments.workflow.links import send_link
from audit.actors import Actor
from audit.models import Event
from clinic import key_rotation, keys
from clinic.encryption import KeyedIndexField, key_names
from clinic.models import KeyInUse
from clinic.personal_data import our_models
from outbox.models import Message
from procedures.models import MissedSearch
from procedures.search import count_miss
from tests.appointments.factories import make_answers, make_request, moved, submit
from tests.at_once import at_once
from tests.clinic.old_form import in_old_form
from tests.outbox.factories import make_message
from tests.staff import make_staff

BY = Actor.command("rotate_keys")


@pytest.fixture
def filled(db):
    """A request with something in all that is encrypted beside it."""
    reception = make_staff("rosa", Role.RECEPTION)
    helper = {"full_name": "Bea Well", "relation": "parent", "call": "helper"}
    request = make_request(status=Status.WAITING, by=reception, helper=helper, date_of_birth="1950-02-01")
    request = moved(request, "ask", by=reception, question="Have you had a scan?")
    moved(request, "add", by=reception, words="I also walk with a stick.")
    Note.objects.create(request=request, text="Call in the morning.", written_by=reception)
    LinkAsked.objects.create(reference=request.reference, contact="ana@example.org")
    return AppointmentRequest.objects.get(pk=request.pk)


@pytest.fixture
def with_a_new_key(settings):
    """Put a new key before the old ones, as somebody does who then rotates; return the old ones."""

    def begin():
        old = settings.FIELD_KEYS
        settings.FIELD_KEYS = [Fernet.generate_key().decode(), *old]
        return old

    return begin


def read_all():
    """Return every value of every encrypted model, by model and primary key, the keyed ones aside."""
    found = {}
    for rows in key_rotation.every_rows():
        if isinstance(rows, key_rotation.FieldsOf):
            keyed = {field.name for field in rows.model._meta.fields if isinstance(field, KeyedIndexField)}
            for row in rows.model._base_manager.values():
                found[rows.label, row["id"]] = {name: value for name, value in row.items() if name not in keyed}
    return found


def write_raw(message, text):
    """Write what the database holds of a message's subject."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE outbox_message SET subject = %s WHERE id = %s", [text, message.pk])


def test_every_model_with_something_encrypted_is_visited():
    visited = {rows.label for rows in key_rotation.every_rows()}
    declared = {
        model._meta.label
        for model in our_models()
        if any(hasattr(field, "opened") for field in model._meta.concrete_fields)
    }
    assert declared | {"appointments.NameToken", "procedures.MissedSearch"} == visited


def test_afterwards_the_new_key_alone_reads_and_finds_everything(filled, settings, with_a_new_key, reception):
    before = read_all()
    assert len({label for label, _pk in before}) >= 7
    with_a_new_key()
    outcome = key_rotation.rotate(by=BY)
    assert (outcome.left, outcome.unreadable) == (0, [])
    assert outcome.written == outcome.looked_at > len(before) - 1
    settings.FIELD_KEYS = settings.FIELD_KEYS[:1]
    assert read_all() == before
    every = AppointmentRequest.objects.visible_to(reception)
    for typed in ("ana obr", "bea", "ANA@example.org", "206 555 0123"):
        assert [row.pk for row in found_by(every, typed)[0]] == [filled.pk], typed
    assert set(filled.name_tokens.values_list("token", flat=True)) == tokens_of(*names_in("Ana O’Brien", filled.helper))


def test_everything_is_found_while_it_is_under_both_keys(filled, with_a_new_key, reception):
    with_a_new_key()
    make_request(full_name="Ana O’Brien")
    every = AppointmentRequest.objects.visible_to(reception)
    for typed in ("ana obr", "ana@example.org", "206 555 0123"):
        assert found_by(every, typed)[0].count() == 2
    links = filled.tracking_links.count()
    send_link(reference=filled.reference, contact="Ana@example.org", by=Actor.visitor())
    assert filled.tracking_links.count() == links + 1


def test_a_second_run_writes_nothing(filled, with_a_new_key):
    with_a_new_key()
    key_rotation.rotate(by=BY)
    raw = list(Message.objects.values_list("pk", "subject"))
    assert key_rotation.rotate(by=BY).written == 0
    assert list(Message.objects.values_list("pk", "subject")) == raw


def test_what_is_in_the_old_form_counts_as_left_and_is_brought_into_the_new_one(filled, settings):
    message = make_message(subject="About your knee")
    write_raw(message, in_old_form(b"About your knee"))
    write_raw_again = in_old_form(b"Written by a process of the release before")
    outcome = key_rotation.rotate(by=BY, progress=lambda label, done, total: write_raw(message, write_raw_again))
    assert (outcome.left, outcome.unreadable) == (1, [])
    outcome = key_rotation.rotate(by=BY)
    assert (outcome.written, outcome.left, outcome.unreadable) == (1, 0, [])
    raw = Message.objects.annotate(raw=key_rotation.sealed("subject")).get(pk=message.pk)
    assert (raw.raw[:2], raw.subject) == ("2.", "Written by a process of the release before")


class Killed(Exception):
    """Raised where a run is broken off."""


def test_a_run_that_was_killed_goes_on_where_it_was(filled, settings, with_a_new_key, monkeypatch):
    monkeypatch.setattr(key_rotation, "BATCH", 1)
    for number in range(3):
        make_message(subject=f"About {number}")
    before, batches = read_all(), []
    with_a_new_key()

    def killed(label, done, total):
        batches.append(label)
        if len(batches) == 3:
            raise Killed

    with pytest.raises(Killed):
        key_rotation.rotate(by=BY, progress=killed)
    assert read_all() == before
    outcome = key_rotation.rotate(by=BY)
    assert outcome.written == outcome.looked_at - 3
    settings.FIELD_KEYS = settings.FIELD_KEYS[:1]
    assert read_all() == before


def test_what_is_written_meanwhile_is_never_replaced_by_an_older_value(filled, with_a_new_key):
    with_a_new_key()
    requests, tokens = key_rotation.FieldsOf(AppointmentRequest), key_rotation._others[-1]
    assert tokens.label == "appointments.NameToken"
    for rows in (requests, tokens):
        batch = list(rows.stored())
        changed = AppointmentRequest.objects.get(pk=filled.pk)
        changed.full_name, changed.email = f"Cleo {rows.label}", "cleo@example.org"
        changed.save(update_fields=["full_name", "email", "email_index"])
        key_rotation.rewrite(rows, batch)
        now = AppointmentRequest.objects.get(pk=filled.pk)
        assert (now.full_name, now.email) == (changed.full_name, "cleo@example.org")
        assert now.email_index == changed.email_index
    assert set(now.name_tokens.values_list("token", flat=True)) == tokens_of(*names_in(now.full_name, now.helper))
    assert not [row.due for row in requests.look(requests.stored()) if row.due]


def test_a_row_that_is_deleted_meanwhile_stays_deleted(filled, with_a_new_key):
    with_a_new_key()
    rows = key_rotation.FieldsOf(Note)
    batch = list(rows.stored())
    Note.objects.all().delete()
    assert key_rotation.rewrite(rows, batch) == 0
    assert not Note.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_at_once_and_people_who_write_do_no_harm(settings, monkeypatch):
    monkeypatch.setattr(key_rotation, "BATCH", 2)
    messages = [make_message(subject=f"About {number}") for number in range(9)]
    requests = [make_request(full_name=f"Name{number} Quill") for number in range(3)]
    settings.FIELD_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_KEYS]

    def write():
        for message in messages[::2]:
            Message.objects.filter(pk=message.pk).update(subject="Changed")
        for request in requests:
            row = AppointmentRequest.objects.get(pk=request.pk)
            row.full_name = f"Changed {row.full_name}"
            row.save(update_fields=["full_name"])

    outcomes = at_once(lambda: key_rotation.rotate(by=BY), lambda: key_rotation.rotate(by=BY), write)
    assert outcomes[2] is None
    key_rotation.rotate(by=BY)
    settings.FIELD_KEYS = settings.FIELD_KEYS[:1]
    subjects = Message.objects.filter(pk__in=[message.pk for message in messages]).order_by("pk")
    wanted = ["Changed" if number % 2 == 0 else f"About {number}" for number in range(9)]
    assert [message.subject for message in subjects] == wanted
    for row in AppointmentRequest.objects.all():
        assert row.full_name.startswith("Changed Name")
        assert set(row.name_tokens.values_list("token", flat=True)) == tokens_of(row.full_name)


# What it says


def test_it_says_which_keys_are_no_longer_needed_and_is_audited(filled, with_a_new_key, capsys):
    keys.note_newest()
    (old,) = key_names()
    with_a_new_key()
    call_command("rotate_keys")
    printed = capsys.readouterr()
    assert f"No longer needed: {old}." in printed.out
    assert "older backups still need them" in printed.out
    assert printed.out.count("\n") == 1
    assert "Ana" not in printed.out + printed.err
    assert list(KeyInUse.objects.values_list("name", flat=True)) == key_names()[:1]
    event = Event.objects.get(verb="keys.rotated")
    assert (event.actor_name, event.details["no_longer_needed"]) == ("rotate_keys", [old])


def test_it_counts_and_names_what_cannot_be_read_leaves_it_and_fails(db, with_a_new_key, capsys):
    keys.note_newest()
    whole, broken = make_message(subject="whole"), make_message(subject="broken")
    write_raw(broken, "garbled")
    with_a_new_key()
    with pytest.raises(CommandError, match="1 cannot be read") as failed:
        call_command("rotate_keys")
    assert failed.value.returncode == 1
    assert f"outbox.Message {broken.pk}: no key opens its subject." in capsys.readouterr().err
    assert Message.objects.get(pk=whole.pk).subject == "whole"
    with connection.cursor() as cursor:
        cursor.execute("SELECT subject FROM outbox_message WHERE id = %s", [broken.pk])
        assert cursor.fetchone() == ("garbled",)
    # The rest of the row is under the newest key all the same.
    assert Message.objects.defer("subject").get(pk=broken.pk).text


def test_a_key_under_which_something_was_written_meanwhile_is_still_needed(db, with_a_new_key, capsys):
    message = make_message()
    keys.note_newest()
    under_old = Message._meta.get_field("subject").shut("written by a process with older settings")
    with_a_new_key()
    outcome = key_rotation.rotate(by=BY, progress=lambda label, done, total: write_raw(message, under_old))
    assert (outcome.left, outcome.no_longer_needed) == (1, [])
    assert KeyInUse.objects.count() == 2


def test_it_does_not_begin_while_a_key_is_missing(filled, settings):
    keys.note_newest()
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(CommandError, match="FIELD_KEYS lacks the key"):
        call_command("rotate_keys")


def test_tokens_that_are_missing_are_written(filled):
    NameToken.objects.all().delete()
    key_rotation.rotate(by=BY)
    assert set(filled.name_tokens.values_list("token", flat=True)) == tokens_of(*names_in("Ana O’Brien", filled.helper))


def test_a_missed_search_goes_on_being_counted_as_one(db, settings, with_a_new_key):
    count_miss(("sore", "knee"), "en")
    MissedSearch.objects.update(words="sore knee", days=4)
    with_a_new_key()
    key_rotation.rotate(by=BY)
    settings.FIELD_KEYS = settings.FIELD_KEYS[:1]
    MissedSearch.objects.update(last_day="2026-01-01")
    count_miss(("sore", "knee"), "en")
    assert MissedSearch.objects.get().days == 5


def test_a_form_that_is_sent_again_under_the_new_key_is_the_same_form(db, with_a_new_key):
    answers, token = make_answers(), new_token()
    submit(answers, token=token)
    with_a_new_key()
    key_rotation.rotate(by=BY)
    assert submit(answers, token=token).outcome == workflow.Outcome.SAME
