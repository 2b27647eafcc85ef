"""Reads what each model declares about the persons it holds.

Every model of our rooms says `personal_data`: the names of its fields that hold something about a person, all of them
encrypted or keyed indexes, or a dictionary of names with the reason why a field is kept in clear. A test finds the
model, or the encrypted field, that forgot.
"""

from django.apps import apps

ROOMS = ("audit", "clinic", "outbox", "accounts", "procedures", "appointments")


def our_models():
    """Return every concrete model of our rooms."""
    return [model for room in ROOMS for model in apps.get_app_config(room).get_models()]


def personal_fields(model):
    """Return the names of a model's personal fields."""
    return tuple(model.personal_data)


def kept_in_clear(model):
    """Return the personal fields kept in clear, each with its reason."""
    return dict(model.personal_data) if isinstance(model.personal_data, dict) else {}
