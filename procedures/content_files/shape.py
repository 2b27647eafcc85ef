"""What the file of a page says and in which order: the same for a version that goes out and for a file that comes in.

`docs/how-to/share-content.md` names each key for those who write such files by hand.
"""

import re
from decimal import Decimal

from django.db.models import TextField

from procedures.content_files import toml
from procedures.models import (
    Condition,
    ConditionPage,
    ConditionVersion,
    Procedure,
    ProcedurePage,
    ProcedureVersion,
)
from procedures.sections import sections_of

FORMAT = 1
CONTENT, FILES = "content.toml", "files"
KINDS = {
    "procedure": (Procedure, ProcedurePage, ProcedureVersion),
    "condition": (Condition, ConditionPage, ConditionVersion),
}
# The folder of each kind of page, so that a procedure and a condition may have the same key.
FOLDERS = {"procedure": "procedures", "condition": "conditions"}
# Names of fields in the file, where they are others than those of the version.
NAMES = {"plain": "plain_name", "medical": "medical_name", "synonyms": "synonyms"}
# What says which row it is comes first.
FIRST = ("fact_key", "glance", "label", "low", "high", "unit", "note", "sources")
PREFIX = re.compile(r"^[0-9a-f]{12}-")


class BrokenFile(Exception):
    """Content files that cannot be brought in; each problem is a sentence with the file and the line or key to mend."""

    def __init__(self, *problems):
        super().__init__("\n".join(problems))
        self.problems = problems


class StoppedHalfway(BrokenFile):
    """Something changed between trying and writing: what came in before is whole, and stays."""


def file_name(stored):
    """Return the name of a stored file in the folder: the same for the same bytes and name, and safe on any disk."""
    name = re.sub(r"[^a-z0-9.]+", "-", stored.name.lower()).strip(".-")
    return f"{FILES}/{stored.hash[:12]}-{name or 'file'}"


def row_fields(section):
    """Return the fields of a section's rows in the order of the file."""
    return FIRST if section.key == "figures" else section.fields


def page_table(*, kind, key, language, values, slug="", former_slugs=(), review=None, name_file=file_name):
    """Return what a page's file says, as a dictionary in the order of the file.

    `values` is what each section holds ({section key: fields, or rows}), `review` {reviewed_by, reviewed_on,
    next_review_due}, and `name_file` says how a stored file is named.
    """
    version_model = KINDS[kind][2]
    sections = {section.key: section for section in sections_of(version_model)}
    fields = {}
    for section in sections.values():
        if section.model is None:
            fields |= values.get(section.key) or {}
    table = {"kind": kind, "key": key, "language": language, "slug": slug, "former_slugs": sorted(former_slugs)}
    table |= review or {}
    table["related"] = sorted(fields.pop("related", ()))
    table["drawing"] = fields.pop("drawing", "")
    table["names"] = {name: _plain(fields.pop(field, "")) for name, field in NAMES.items()}
    table["text"] = {"summary": _plain(fields.pop("summary", ""))}
    table["text"] |= {field: toml.Prose(_plain(fields.pop(field, ""))) for field in version_model.markdown_fields}
    for section in sections.values():
        if section.model is not None:
            table[section.key] = [_row_table(section, row, name_file) for row in values.get(section.key) or ()]
    return table


def _row_table(section, row, name_file):
    table = {}
    for name in row_fields(section):
        field = section.model._meta.get_field(name)
        value = row[name] if name in row else field.get_default()
        if field.is_relation:
            table[name] = name_file(value) if value is not None else None
        elif name in ("answer", "transcript") and isinstance(field, TextField):
            table[name] = toml.Prose(_plain(value))
        else:
            table[name] = _plain(value)
    return table


def _plain(value):
    """Return a value as a file keeps it: texts without space around them, and with one sign for a line's end."""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").strip()
    if isinstance(value, list):
        return [_plain(word) for word in value]
    return Decimal(value) if isinstance(value, float) else value


def version_values(version):
    """Return what each section of a version holds; costs nothing where its rows were fetched before."""
    values = {}
    for section in sections_of(version):
        if section.model is not None:
            rows = getattr(version, section.rows).all()
            values[section.key] = [{field: getattr(row, field) for field in section.fields} for row in rows]
        elif section.key == "related":
            values["related"] = {"related": [procedure.key for procedure in version.related.all()]}
        else:
            values[section.key] = {field: getattr(version, field) for field in section.fields}
    return values


def version_table(version, *, with_page=True, name_file=file_name):
    """Return what the file of a version says; without its page's addresses and its review where those are not asked."""
    page = version.page
    head = {}
    if with_page:
        head["slug"] = page.slug
        head["former_slugs"] = [former.slug for former in page.former_addresses.all() if former.slug != page.slug]
        if version.reviewed_by is not None:
            head["review"] = {
                "reviewed_by": version.reviewed_by.key,
                "reviewed_on": version.reviewed_on,
                "next_review_due": version.next_review_due,
            }
    values = version_values(version)
    return page_table(
        kind=page.kind, key=page.subject.key, language=page.language, values=values, name_file=name_file, **head
    )


def by_hash(stored):
    """Name a stored file by what it holds, to compare two pages."""
    return stored.hash
