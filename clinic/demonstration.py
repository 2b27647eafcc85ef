"""Fills in the demonstration clinic from `clinic/demonstration/clinic.toml`; what is there already stays."""

import tomllib
from pathlib import Path

from django.db import transaction

from audit.actors import Actor
from audit.models import Event
from clinic.models import (
    Accreditation,
    Clinician,
    ClinicProfile,
    Closure,
    GeneralWarningSign,
    Location,
    OpeningHours,
    PageStamp,
)

FILE = Path(__file__).parent / "demonstration" / "clinic.toml"


@transaction.atomic
def load(requests=0):
    """Fill each table of this room that is still empty; return a sentence that says how many rows were made.

    A table that holds anything is left as it is, so that nothing the staff changed or removed comes back.
    """
    rows = sum(fill(told) for model, fill, told in _plan() if not model.objects.exists())
    if rows:
        PageStamp.move()
        Event.record("clinic.demonstration_loaded", by=Actor.command("load_demo"), rows=rows)
    return f"{rows} rows made"


def _plan():
    """Return (model, function that makes its rows, what the file says of them), in the order they need each other."""
    told = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return [
        (ClinicProfile, _fill_profile, told["profile"]),
        (Location, _fill_locations, told["locations"]),
        (OpeningHours, _fill_by_place(OpeningHours), told["hours"]),
        (Closure, _fill_by_place(Closure), told["closures"]),
        (Clinician, _fill_clinicians, told["clinicians"]),
        (Accreditation, _fill_in_order(Accreditation), told["accreditations"]),
        (GeneralWarningSign, _fill_in_order(GeneralWarningSign), told["warning_signs"]),
    ]


def _fill_profile(row):
    ClinicProfile.objects.create(address="\n".join(row["address_lines"]), **_columns(ClinicProfile, row))
    return 1


def _fill_locations(rows):
    for order, row in enumerate(rows):
        address = "\n".join([*row["address_lines"][:-1], f"{row['address_lines'][-1]} {row['postcode']}"])
        Location.objects.create(address=address, order=order, **_columns(Location, row))
    return len(rows)


def _fill_by_place(model):
    def fill(rows):
        locations = _locations()
        for row in rows:
            model.objects.create(**row | {"location": locations.get(row.get("location"))})
        return len(rows)

    return fill


def _fill_clinicians(rows):
    locations = _locations()
    for order, row in enumerate(rows):
        clinician = Clinician.objects.create(order=order, **_columns(Clinician, row))
        clinician.locations.set(locations[key] for key in row["locations"] if key in locations)
    return len(rows)


def _fill_in_order(model):
    def fill(rows):
        for order, row in enumerate(rows):
            model.objects.create(order=order, **_columns(model, row))
        return len(rows)

    return fill


def _columns(model, row):
    """Return what `row` says about plain columns of `model`."""
    names = {field.name for field in model._meta.concrete_fields}
    return {name: value for name, value in row.items() if name in names}


def _locations():
    return {location.key: location for location in Location.objects.all()}
