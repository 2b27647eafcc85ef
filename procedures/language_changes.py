"""What changed in the leading language since a page was written against it, beside what that page says.

Only sections, fields and rows that differ are told, in words. Rows are paired by the key that all languages share, by
their fact, or by their place.
"""

from dataclasses import dataclass
from datetime import date

from django.db.models import Model, prefetch_related_objects
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext

from procedures import wording
from procedures.models.rows import Unit
from procedures.sections import FILES, sections_of

KEYS = ("key", "fact_key")
FIGURE = ("low", "high", "unit")


@dataclass(frozen=True)
class Change:
    """One field or row: what the leading language said then, what it says now, and what the other says."""

    label: str
    then: str
    now: str
    ours: str


@dataclass(frozen=True)
class SectionChanges:
    """A section that differs; with no `changes` its rows only stand in another order."""

    key: str
    title: str
    changes: list


def changes(then, now, ours):
    """Return the SectionChanges from version `then` to version `now` of the leading page, beside `ours`.

    `then` is None where nobody said what `ours` was written against; `ours` is None where nothing is written yet. A
    fixed number of queries.
    """
    versions = [version for version in (then, now, ours) if version is not None]
    rows = [section.rows for section in sections_of(now) if section.model]
    files = [f"{section.rows}__{name}" for section in sections_of(now) for name in FILES if name in section.fields]
    prefetch_related_objects(versions, *rows, *files)
    told = []
    for section in sections_of(now):
        if then is not None and section.read(then) == section.read(now):
            continue
        found = [each and _words(section, each) for each in (then, now, ours)]
        before, after, own = (each or {} for each in found)
        names = [name for name in {**after, **before} if before.get(name) != after.get(name)]
        shown = [
            Change(
                (after.get(name) or before[name])[0],
                before.get(name, ("", ""))[1],
                after.get(name, ("", ""))[1],
                own.get(name, ("", ""))[1],
            )
            for name in names
        ]
        if shown or then is not None:
            told.append(SectionChanges(section.key, section.title, shown))
    return told


def _words(section, version):
    """Return {what pairs it: (label, words)} of the fields or rows of a section that are filled in."""
    if section.model is None:
        found = {name: (_label(version, name), _value(version, name)) for name in section.fields}
        return {name: said for name, said in found.items() if said[1]}
    found = {}
    for place, row in enumerate(getattr(version, section.rows).all(), start=1):
        name = next((getattr(row, each) for each in KEYS if getattr(row, each, "")), place)
        if name in found:
            name = (name, place)
        found[name] = (gettext("Entry %(number)d") % {"number": place}, _row(section, row))
    return found


def _row(section, row):
    lines = []
    for name in section.fields:
        if name == "low" and row.low is not None and row.unit in Unit:
            lines.append(wording.figure(row.low, row.high, row.unit))
        elif name not in (*KEYS, *FIGURE) and (words := _value(row, name)):
            lines.append(f"{_label(row, name)}: {words}")
    return "\n".join(lines)


def _label(row, name):
    return str(capfirst(row._meta.get_field(name).verbose_name))


def _value(row, name):
    value, column = getattr(row, name), row._meta.get_field(name)
    if column.many_to_many:
        return ", ".join(str(each) for each in value.all())
    if isinstance(value, bool):
        return gettext("yes") if value else ""
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, date):
        return date_format(value)
    if isinstance(value, Model):
        return value.name
    if column.choices and value:
        return str(dict(column.flatchoices).get(value, value))
    return "" if value is None else str(value)
