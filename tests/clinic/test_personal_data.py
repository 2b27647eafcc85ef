"""What each model declares about persons: this finds the model, or the field, that forgot."""

import pytest
from django.db import models
from django.test.utils import isolate_apps

from appointments.models import AppointmentRequest, LinkAsked
from clinic.encryption import EncryptedTextField, KeyedIndexField
from clinic.personal_data import ROOMS, kept_in_clear, our_models, personal_fields
from outbox.models import Message
from procedures.models import Feedback

# A column so named is about a person wherever it stands.
ABOUT_A_PERSON = {"first_name", "last_name", "full_name", "username", "recipient", "phone", "date_of_birth"}


def is_protected(field):
    """Say whether the database holds nothing readable of this field; a column so named holds a keyed index."""
    return isinstance(field, EncryptedTextField | KeyedIndexField) or field.name.endswith("_index")


def slips(model):
    """Return what is wrong with a model's declaration, as sentences."""
    if "personal_data" not in {name for cls in model.__mro__ for name in vars(cls)}:
        return [f"{model.__name__} says nothing about persons"]
    fields = {field.name: field for field in model._meta.concrete_fields}
    declared, in_clear = personal_fields(model), kept_in_clear(model)
    found = [f"{name} is declared and does not exist" for name in declared if name not in fields]
    for name, field in fields.items():
        if is_protected(field) and name not in declared:
            found.append(f"{name} is protected and not declared")
        if name in ABOUT_A_PERSON and name not in declared:
            found.append(f"{name} is about a person and not declared")
        if name in declared and not is_protected(field) and not in_clear.get(name):
            found.append(f"{name} is kept in clear without a reason")
    return found


@pytest.mark.parametrize("model", our_models(), ids=lambda model: model._meta.label)
def test_a_model_declares_what_it_holds_of_persons(model):
    assert slips(model) == []


def test_every_room_is_looked_at(settings):
    assert set(ROOMS) < set(settings.INSTALLED_APPS)
    assert {model._meta.app_label for model in our_models()} == set(ROOMS)


# Text in clear beside a request: none of it is typed by anybody.
IN_CLEAR = {
    "appointments.AppointmentRequest": {"reference"},
    "appointments.LastMove": {"name"},
    "appointments.LinkAsked": {"reference"},
    "appointments.NameToken": {"token"},
    "appointments.PhoneTask": {"purpose"},
    "appointments.SentForm": {"token_hash"},
    "appointments.TrackingLink": {"token_hash", "made_for"},
    "outbox.Message": {
        *("purpose", "about_type", "about_id", "language", "sender_name", "message_id", "claimed_by", "last_error"),
    },
    "procedures.Feedback": {"sent_hash"},
}


def text_in_clear(model):
    """Return the names of a model's columns that may hold any text, readable in the database."""
    texts = (models.CharField, models.TextField, models.JSONField)
    fields = [field for field in model._meta.concrete_fields if isinstance(field, texts) and not field.choices]
    return {field.name for field in fields if not is_protected(field)}


def test_nothing_that_somebody_types_stands_beside_a_request_in_clear():
    about = {LinkAsked, Message, Feedback, AppointmentRequest}
    for model in our_models():
        if any(field.related_model is AppointmentRequest for field in model._meta.concrete_fields):
            about.add(model)
    assert len(about) > 15
    assert {model._meta.label: found for model in about if (found := text_in_clear(model))} == IN_CLEAR


@isolate_apps("clinic")
def test_the_forgotten_declaration_and_the_forgotten_field_are_found():
    class Silent(models.Model):  # noqa: DJ008
        class Meta:
            app_label = "clinic"

    class Careless(models.Model):  # noqa: DJ008
        personal_data = ("gone", "phone")
        phone = models.CharField(max_length=9)
        matter = EncryptedTextField()
        full_name = models.CharField(max_length=9)

        class Meta:
            app_label = "clinic"

    assert slips(Silent) == ["Silent says nothing about persons"]
    assert slips(Careless) == [
        "gone is declared and does not exist",
        "phone is kept in clear without a reason",
        "matter is protected and not declared",
        "full_name is about a person and not declared",
    ]
