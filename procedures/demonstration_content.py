"""Brings in the demonstration pages from `procedures/demonstration/`; what staff wrote since is left as it is."""

from itertools import groupby
from pathlib import Path

from django.db import transaction

from audit.actors import Actor
from clinic.models import Clinician, Location
from procedures import search_index
from procedures.content_files import BrokenFile, import_pages, read_page, read_table
from procedures.models import Condition, IndexedWord, Procedure

FOLDER = Path(__file__).parent / "demonstration"
RELATIONS = "procedures.toml"


@transaction.atomic
def load(requests=0, *, folder=FOLDER):
    """Publish the pages of a folder, all languages of one subject together; return a sentence that says how many.

    May be run again: a file that did not change does nothing, a changed one becomes a new version, and a page that
    staff have written on since is left alone. Raises BrokenFile, and then brings nothing in.
    """
    _relate(folder / RELATIONS)
    files = sorted(
        (read_page(path) for path in folder.glob("*.toml") if path.name != RELATIONS),
        key=lambda file: (file.kind, file.key, file.language),
    )
    by = Actor.command("load_demo")
    published = [
        version
        for _subject, languages in groupby(files, key=lambda file: (file.kind, file.key))
        for version in import_pages(list(languages), by=by)
    ]
    if not IndexedWord.objects.exists():
        search_index.rebuild()
    return f"{len(published)} of {len(files)} pages published"


def _relate(path):
    """Make the conditions and procedures that are not there yet, with what belongs to each."""
    table = read_table(path)
    for order, row in enumerate(_rows(path, table, "conditions")):
        Condition.objects.get_or_create(key=row["key"], defaults={"order": order})
    for order, row in enumerate(_rows(path, table, "procedures")):
        procedure, is_new = Procedure.objects.get_or_create(key=row["key"], defaults={"order": order})
        if is_new:
            procedure.conditions.set(_found(path, Condition, row, "conditions"))
            procedure.performed_at.set(_found(path, Location, row, "performed_at"))
            procedure.evaluated_at.set(_found(path, Location, row, "evaluated_at"))
            procedure.clinicians.set(_found(path, Clinician, row, "clinicians"))


def _rows(path, table, name):
    rows = table.get(name, [])
    if not all(isinstance(row, dict) and row.get("key") for row in rows):
        raise BrokenFile(f"{path.name}, {name}: give each row its key.")
    return rows


def _found(path, model, row, name):
    keys = row.get(name, [])
    found = list(model.objects.filter(key__in=keys))
    missing = set(keys) - {thing.key for thing in found}
    if missing:
        raise BrokenFile(f"{path.name}, {row['key']}, {name}: there is no {sorted(missing)[0]}.")
    return found
