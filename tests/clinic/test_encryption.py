"""What a stolen database does not say: encrypted fields, their keys, and the keyed index."""

import json
from datetime import date

import pytest
from cryptography.fernet import Fernet
from django.core import serializers
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from hypothesis import given
from hypothesis import strategies as st

from appointments.models import AppointmentRequest
from clinic.cipher import cipher, derived_key
from clinic.encryption import (
    EncryptedDateField,
    EncryptedJSONField,
    EncryptedTextField,
    KeyedIndexField,
    Unreadable,
    index_of,
)
from clinic.personal_data import our_models
from outbox.models import Message
from tests.appointments.factories import make_request
from tests.clinic.old_form import in_old_form
from tests.outbox.factories import make_message


def stored(message, column="subject"):
    """Return what the database holds in a column of a message."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM outbox_message WHERE id = %s", [message.pk])  # noqa: S608
        return cursor.fetchone()[0]


def read_back(field, value):
    """Return `value` after a way through what the database would hold of a message."""
    field.model, field.name = Message, "text"
    return field.from_db_value(field.get_prep_value(value), None, None)


@given(st.text(min_size=1))
def test_any_text_comes_back_as_it_was(text):
    assert read_back(EncryptedTextField(), text) == text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (EncryptedTextField(), "Nguyễn 山田 O'Brien 👩🏽‍⚕️\r\n"),
        (EncryptedTextField(), ""),
        (EncryptedTextField(null=True), None),
        (EncryptedDateField(), date(1944, 2, 29)),
        (EncryptedDateField(), None),
        (EncryptedJSONField(), {"signs": [{"key": "fever", "ticked": True}], "words": "ñ"}),
        (EncryptedJSONField(), []),
        (EncryptedJSONField(), None),
    ],
)
def test_each_kind_of_field_gives_back_its_value(field, value):
    assert read_back(field, value) == value


def test_the_database_holds_no_readable_text_and_equal_texts_differ(db):
    first, second = make_message(subject="About your back"), make_message(subject="About your back")
    assert Message.objects.get(pk=first.pk).subject == "About your back"
    assert "back" not in stored(first)
    assert stored(first) != stored(second)


def test_a_wrong_key_stops_with_advice_and_shows_nothing_garbled(db, settings):
    message = make_message(subject="About your back")
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(Unreadable, match=r"outbox\.Message\.\w+ cannot be read .* into FIELD_KEYS"):
        Message.objects.get(pk=message.pk)


def write(message, text, column="subject"):
    """Write what the database holds in a column of a message."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE outbox_message SET {column} = %s WHERE id = %s", [text, message.pk])  # noqa: S608


def test_an_altered_value_is_not_read(db):
    message = make_message()
    write(message, stored(message)[:-4] + "AAA=")
    with pytest.raises(Unreadable):
        Message.objects.get(pk=message.pk)


def test_a_value_that_was_copied_from_another_column_is_not_read(db):
    message = make_message(subject="About your back", text="We look forward to seeing you.")
    write(message, stored(message, "text"))
    with pytest.raises(Unreadable, match=r"outbox\.Message\.subject"):
        Message.objects.get(pk=message.pk)


def test_what_was_stored_in_the_old_form_is_read(db):
    message = make_message()
    write(message, in_old_form(b"About your knee"))
    assert Message.objects.get(pk=message.pk).subject == "About your knee"


# What stored values are bound to. A name that changes here would make every stored value of that column unreadable:
# whoever renames a model or a field gives the name that stands here as `sealed_as`.
BOUND_TO = [
    "accounts.authenticator.secret",
    "accounts.emergencyaccess.asked_by",
    "accounts.emergencyaccess.reason",
    "appointments.amendment.after",
    "appointments.amendment.before",
    "appointments.amendment.words",
    "appointments.appointmentrequest.answer",
    "appointments.appointmentrequest.danger_because",
    "appointments.appointmentrequest.date_of_birth",
    "appointments.appointmentrequest.email",
    "appointments.appointmentrequest.full_name",
    "appointments.appointmentrequest.helper",
    "appointments.appointmentrequest.matter",
    "appointments.appointmentrequest.phone",
    "appointments.appointmentrequest.preferences",
    "appointments.appointmentrequest.signs",
    "appointments.clinicquestion.reply",
    "appointments.clinicquestion.text",
    "appointments.lastmove.before",
    "appointments.linkasked.contact",
    "appointments.merge.before",
    "appointments.note.text",
    "clinic.erasure.looking_for",
    "outbox.message.calendar",
    "outbox.message.html",
    "outbox.message.recipient",
    "outbox.message.subject",
    "outbox.message.text",
    "procedures.feedback.words",
    "procedures.reviewinvitation.email",
]


def test_what_stored_values_are_bound_to_never_changes():
    sealed = [
        field.bound_to
        for model in our_models()
        for field in model._meta.concrete_fields
        if isinstance(field, EncryptedTextField)
    ]
    assert len(sealed) == len(set(sealed))
    assert sorted(sealed) == BOUND_TO


def test_a_field_that_was_renamed_reads_what_was_stored_under_its_old_name():
    old, new = EncryptedTextField(), EncryptedTextField(sealed_as="outbox.message.body")
    old.model, old.name = Message, "body"
    new.model, new.name = Message, "text"
    assert new.opened(old.get_prep_value("words")) == "words"
    assert new.clone().sealed_as == "outbox.message.body"
    assert "sealed_as" not in old.deconstruct()[3]


def test_a_migration_reads_and_writes_what_the_site_does(db):
    request = make_request(full_name="Ana O’Brien")
    historic = MigrationExecutor(connection).loader.project_state().apps.get_model("appointments", "AppointmentRequest")
    row = historic._base_manager.get(pk=request.pk)
    assert row.full_name == "Ana O’Brien"
    row.full_name = "Ana Quill"
    row.save(update_fields=["full_name"])
    assert AppointmentRequest.objects.get(pk=request.pk).full_name == "Ana Quill"


def test_after_a_rotation_old_rows_are_read_and_new_ones_need_the_new_key(db, settings):
    old_key, new_key = settings.FIELD_KEYS[0], Fernet.generate_key().decode()
    before = make_message(subject="before")
    settings.FIELD_KEYS = [new_key, old_key]
    after = make_message(subject="after")
    assert {message.subject for message in Message.objects.all()} == {"before", "after"}
    settings.FIELD_KEYS = [new_key]
    assert Message.objects.get(pk=after.pk).subject == "after"
    with pytest.raises(Unreadable):
        Message.objects.get(pk=before.pk)


def test_after_a_rotation_a_keyed_index_is_found_under_the_old_key_too(settings):
    field = KeyedIndexField(source="email", normalise=str.lower)
    old = index_of("rosa@example.org", "email")
    settings.FIELD_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_KEYS]
    new = index_of("rosa@example.org", "email")
    assert old != new
    assert field.candidates("Rosa@Example.org") == [new, old]


def test_an_index_of_nothing_is_empty_and_finds_nothing():
    assert index_of("", "email") == ""
    assert KeyedIndexField(source="email", normalise=str.lower).candidates("") == []


def test_one_text_has_another_index_in_another_field():
    assert index_of("5550142", "phone") != index_of("5550142", "email")


def test_what_is_sealed_for_one_purpose_is_not_read_for_another():
    field = Message._meta.get_field("text")
    with pytest.raises(Unreadable):
        field.opened(cipher("sealed answers").seal(b"words", about=field.bound_to))


def test_no_purpose_uses_a_field_key_as_it_is(settings):
    key = settings.FIELD_KEYS[0]
    assert len({derived_key(key, "field"), derived_key(key, "index:email"), derived_key(key, "sealed answers")}) == 3


@pytest.mark.parametrize("lookup", ["subject", "subject__contains", "subject__in", "subject__lower", "text__regex"])
def test_an_encrypted_field_cannot_be_searched(db, lookup):
    with pytest.raises(FieldError, match="is encrypted and cannot be searched"):
        Message.objects.filter(**{lookup: "a"}).exists()


def test_an_encrypted_field_can_be_asked_whether_it_is_null(db):
    make_message()
    assert Message.objects.filter(subject__isnull=False).count() == 1


def test_a_key_that_is_none_stops_the_start_with_advice(settings):
    settings.FIELD_KEYS = ["too short"]
    with pytest.raises(ImproperlyConfigured, match="FIELD_KEYS holds something that is not a key"):
        cipher()


@pytest.mark.parametrize("how", ["json", "xml", "jsonl"])
def test_what_django_writes_down_of_a_row_is_sealed_and_comes_back(db, how):
    request = make_request(date_of_birth="1944-02-29", matter="My back hurts <b>")
    Message.objects.all().delete()
    written = serializers.serialize(how, [request])
    for clear in ("Brien", "ana@example", "1944", "hurts", "reach_by"):
        assert clear not in written
    (read,) = serializers.deserialize(how, written)
    for name in ("full_name", "email", "date_of_birth", "matter", "preferences", "signs", "helper", "answer"):
        assert getattr(read.object, name) == getattr(request, name), name
    read.save()
    assert AppointmentRequest.objects.get(pk=request.pk).matter == "My back hurts <b>"


@pytest.mark.parametrize("text", ["encrypted:", "encrypted:gAAAAA", "encrypted:2.AAAA"])
def test_a_text_that_only_looks_sealed_is_a_text(db, text):
    message = make_message(subject=text)
    message.subject = Message._meta.get_field("subject").clean(message.subject, message)
    message.save()
    assert Message.objects.get(pk=message.pk).subject == text


def test_what_was_written_down_in_the_old_form_comes_back(db):
    message = make_message()
    (written,) = json.loads(serializers.serialize("json", [message]))
    assert written["fields"]["subject"].startswith("encrypted:2.")
    written["fields"]["subject"] = "encrypted:" + in_old_form(b"About your knee")
    (read,) = serializers.deserialize("json", json.dumps([written]))
    assert read.object.subject == "About your knee"
