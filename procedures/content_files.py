"""Reads pages from files, one a page and language, and brings them in the way staff would: draft, review, publication.

A file is TOML. `kind`, `key`, `language`, `slug`, `reviewed_by` (key of a clinician), `reviewed_on`, `next_review_due`
stand at its top, and `related` (keys of procedures) for a procedure, `drawing` for a condition; `[names]` and `[text]`
hold words, each section with rows is a list of tables. It is named `<key>.<language>.toml`. A broken file is refused
with its name, and the line or key to mend.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction

from clinic.models import Clinician
from procedures import publishing
from procedures.models import (
    Condition,
    ConditionPage,
    ConditionVersion,
    Procedure,
    ProcedurePage,
    ProcedureVersion,
)
from procedures.sections import sections_of

KINDS = {
    "procedure": (Procedure, ProcedurePage, ProcedureVersion),
    "condition": (Condition, ConditionPage, ConditionVersion),
}
HEAD = {
    "kind": str,
    "key": str,
    "language": str,
    "slug": str,
    "reviewed_by": str,
    "reviewed_on": date,
    "next_review_due": date,
}
TYPE_WORDS = {
    str: "a text in quotation marks",
    date: "a date such as 2026-09-14",
    list: "a list in brackets",
    dict: "a table",
}


class BrokenFile(Exception):
    """A content file that cannot be brought in; the message names the file and the line or key to mend."""


@dataclass(frozen=True)
class PageFile:
    """A file that was read and holds together; `values` is what each section of the version gets."""

    name: str
    kind: str
    key: str
    language: str
    slug: str
    reviewed_by: str
    reviewed_on: date
    next_review_due: date
    related: tuple
    values: dict
    hash: str


# Reading


def read_table(path):
    """Return what a TOML file says; raise BrokenFile with the line that cannot be read."""
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise BrokenFile(f"{Path(path).name}: the file cannot be opened ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BrokenFile(f"{Path(path).name}, line {line}: save the file as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise BrokenFile(f"{Path(path).name} is not TOML: {error}.") from error


def read_page(path):
    """Return the PageFile of a path; raise BrokenFile for anything a page cannot be made of. Asks no database."""
    path = Path(path)
    table = read_table(path)
    reader = _Reader(path.name)
    head = {key: reader.take(table, key, kind) for key, kind in HEAD.items()}
    if head["kind"] not in KINDS:
        reader.refuse("kind", f"write {_one_of(KINDS)}")
    if head["language"] not in dict(settings.LANGUAGES):
        reader.refuse("language", f"write {_one_of(dict(settings.LANGUAGES))}")
    if path.name != f"{head['key']}.{head['language']}.toml":
        reader.refuse("key", f"the file must be named {head['key']}.{head['language']}.toml")
    if head["next_review_due"] <= head["reviewed_on"]:
        reader.refuse("next_review_due", "choose a day after reviewed_on")
    version_model = KINDS[head["kind"]][2]
    has_related = any(section.key == "related" for section in sections_of(version_model))
    related = reader.take(table, "related", list, default=[]) if has_related else []
    values = reader.sections(table, version_model)
    reader.refuse_rest(table)
    return PageFile(
        name=path.name, related=tuple(related), values=values, hash=sha256(path.read_bytes()).hexdigest(), **head
    )


def _one_of(names):
    return " or ".join(f'"{name}"' for name in names)


class _Reader:
    """Takes values out of a table, and refuses what is missing, of another type, unknown or not valid."""

    def __init__(self, name):
        self.name = name

    def refuse(self, place, what):
        raise BrokenFile(f"{self.name}, {place}: {what}.")

    def take(self, table, key, kind, *, default=None, place=""):
        """Take a text, a date, a table or a list of texts out of `table`; with a `default` it may be missing."""
        place = f"{place}{key}"
        if key not in table:
            if default is None:
                self.refuse(place, "this key is missing")
            return default
        value = table.pop(key)
        if type(value) is not kind:
            self.refuse(place, f"write {TYPE_WORDS[kind]}")
        if kind is list and not all(isinstance(word, str) for word in value):
            self.refuse(place, "write texts in quotation marks, with commas between them")
        return value.strip() if kind is str else value

    def refuse_rest(self, table, place=""):
        for key in table:
            self.refuse(f"{place}{key}", "this key is not known here")

    def sections(self, table, version_model):
        """Return {section key: clean values} and take them out of the table."""
        names, text = self.take(table, "names", dict), self.take(table, "text", dict)
        fields = {
            "plain_name": self.take(names, "plain", str, place="names."),
            "medical_name": self.take(names, "medical", str, default="", place="names."),
            "synonyms": self.take(names, "synonyms", list, default=[], place="names."),
        }
        texts = ("summary", *version_model.markdown_fields)
        fields |= {field: self.take(text, field, str, default="", place="text.") for field in texts}
        self.refuse_rest(names, "names.")
        self.refuse_rest(text, "text.")
        if any("drawing" in section.fields for section in sections_of(version_model) if section.model is None):
            fields["drawing"] = self.take(table, "drawing", str, default="")
        self.check(version_model(**fields), fields, "names or text")
        values = {}
        for section in sections_of(version_model):
            if section.model is not None and not section.takes_files:
                values[section.key] = self.rows(table, section)
            elif section.model is None and section.key != "related":
                values[section.key] = {field: fields[field] for field in section.fields}
        return values

    def rows(self, table, section):
        rows = table.pop(section.key, [])
        if not isinstance(rows, list):
            self.refuse(section.key, f"write [[{section.key}]] above each row")
        if len(rows) > section.most_rows:
            self.refuse(section.key, f"at most {section.most_rows} rows fit")
        clean = [self.row(row, section, number) for number, row in enumerate(rows, start=1)]
        if "key" in section.fields:
            keys = [row["key"] for row in clean]
            for key in {key for key in keys if keys.count(key) > 1}:
                self.refuse(section.key, f'2 rows have the key "{key}"')
        return clean

    def row(self, row, section, number):
        place = f"{section.key}, row {number}"
        if not isinstance(row, dict):
            self.refuse(place, f"write [[{section.key}]] above each row")
        for key, value in row.items():
            if key not in section.fields:
                self.refuse(f"{place}, {key}", f"this key is not known here; known are {', '.join(section.fields)}")
            self.check_type(section.model._meta.get_field(key), value, f"{place}, {key}")
        values = {key: value.strip() if isinstance(value, str) else value for key, value in row.items()}
        self.check(section.model(**values), section.fields, place)
        return values

    def check_type(self, field, value, place):
        if isinstance(field, models.CharField | models.TextField) and not isinstance(value, str):
            self.refuse(place, f"write {TYPE_WORDS[str]}")
        if isinstance(field, models.JSONField) and not (
            isinstance(value, list) and all(isinstance(word, str) for word in value)
        ):
            self.refuse(place, "write texts in quotation marks, in brackets, with commas between them")
        if isinstance(field, models.DecimalField | models.PositiveSmallIntegerField) and (
            isinstance(value, bool) or not isinstance(value, int | Decimal)
        ):
            self.refuse(place, "write a number")
        if isinstance(field, models.DateField) and type(value) is not date:
            self.refuse(place, f"write {TYPE_WORDS[date]}")

    def check(self, instance, fields, place):
        others = {field.name for field in instance._meta.fields} - set(fields)
        try:
            instance.full_clean(exclude=others, validate_unique=False)
        except ValidationError as error:
            field, messages = next(iter(error.message_dict.items()))
            where = place if field == "__all__" else f"{place}, {field}"
            self.refuse(where, messages[0].rstrip("."))


# Bringing in


def import_page(path, *, by):
    """Bring in one file and publish it; return the published version, or None when there is nothing to do."""
    return next(iter(import_pages([read_page(path)], by=by)), None)


@transaction.atomic
def import_pages(files, *, by):
    """Bring in files (PageFile) of one subject and publish their pages together; return the published versions.

    A file that was brought in before and has not changed is left out, and so is one whose page staff have since
    written on, or taken off the site: what people wrote is never replaced by a file. Raises BrokenFile when a file
    names what is not there, or when the page could not be published.
    """
    versions = []
    for file in files:
        page = _page_of(file)
        if _is_to_come_in(file, page):
            versions.append(_signed_off_version(file, page, by=by))
    if not versions:
        return []
    try:
        return publishing.publish(versions=versions, by=by)
    except publishing.Refused as refused:
        names = " and ".join(file.name for file in files)
        raise BrokenFile(f"{names} cannot be published: {refused.reason}") from refused


def _page_of(file):
    subject_model, page_model, _version_model = KINDS[file.kind]
    subject = subject_model.objects.filter(key=file.key).first() or _saved(subject_model(key=file.key), file)
    page = subject.pages.filter(language=file.language).first()
    return page or _saved(page_model(language=file.language, slug=file.slug, **{file.kind: subject}), file)


def _saved(row, file):
    try:
        row.full_clean()
    except ValidationError as error:
        field, sentences = next(iter(error.message_dict.items()))
        place = "slug" if field == "__all__" else field
        raise BrokenFile(f"{file.name}, {place}: {sentences[0]}") from error
    row.save()
    return row


def _is_to_come_in(file, page):
    if page.open_version() is not None:
        return False
    last = page.last_read()
    if last is None:
        return True
    is_untouched = last.pk == page.live_version_id and last.imported_hash
    return bool(is_untouched) and last.imported_hash != file.hash


def _signed_off_version(file, page, *, by):
    reviewer = Clinician.objects.filter(key=file.reviewed_by).first()
    if reviewer is None:
        raise BrokenFile(f'{file.name}, reviewed_by: there is no clinician with the key "{file.reviewed_by}".')
    values = dict(file.values)
    if file.kind == "procedure":
        values["related"] = {"related": _related(file)}
    try:
        version = publishing.open_draft(page=page, by=by)
        version = fill(version, values, by=by)
        version = publishing.send_for_review(version=version, by=by)
        version = publishing.sign_off(
            version=version,
            by=by,
            reviewer=reviewer,
            reviewed_on=file.reviewed_on,
            next_review_due=file.next_review_due,
        )
    except publishing.Refused as refused:
        raise BrokenFile(f"{file.name}: {refused.reason}") from refused
    version.imported_hash = file.hash
    version.save(update_fields=["imported_hash"])
    return version


def fill(version, values, *, by):
    """Save each section of a draft that `values` names ({section key: clean values}); return the version."""
    for section in sections_of(version):
        if section.key in values:
            version = publishing.save_section(
                version=version,
                section=section,
                values=values[section.key],
                by=by,
                seen_revision=version.revision,
            )
    return version


def _related(file):
    found = {procedure.key: procedure for procedure in Procedure.objects.filter(key__in=file.related)}
    for key in file.related:
        if key not in found:
            raise BrokenFile(f'{file.name}, related: there is no procedure with the key "{key}".')
    return [found[key] for key in file.related]
