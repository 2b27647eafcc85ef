"""Reads a folder of pages, and says all that is wrong in it at once, each with its line."""

import re
import tomllib
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from hashlib import sha256
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.validators import validate_slug
from django.db import models

from clinic import stored_files
from clinic.typed_text import MARK, is_hiding, is_refused, kept
from procedures.content_files.shape import (
    CONTENT,
    FILES,
    FOLDERS,
    FORMAT,
    KINDS,
    NAMES,
    PREFIX,
    BrokenFile,
    by_hash,
    page_table,
)
from procedures.content_files.toml import Lines, written
from procedures.forms import SHORT_TEXT
from procedures.sections import sections_of

HEAD = {"kind": str, "key": str, "language": str, "slug": str}
REVIEW = {"reviewed_by": str, "reviewed_on": date, "next_review_due": date}
# What belongs to a procedure in every language.
BELONGINGS = ("conditions", "performed_at", "evaluated_at", "clinicians")
TYPE_WORDS = {
    str: "a text in quotation marks",
    date: "a date such as 2026-09-14",
    int: "a whole number",
    list: "a list in brackets",
    dict: "a table",
}
LARGEST = 1024 * 1024
# Hidden characters that are named at once, as a file that is no text may be full of them; and choices to choose from.
MOST_NAMED = 20
AT_LINE = re.compile(r" \(at line (\d+), column \d+\)$")
FILE = re.compile(rf"{FILES}/[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class PageFile:
    """A file that was read and holds together; `values` is what each section of the version gets.

    Stored files among the values are not saved yet; `uploads` says where each lies, by its hash. `review` is empty
    where the file names no reviewer.
    """

    name: str
    kind: str
    key: str
    language: str
    slug: str
    former_slugs: tuple
    review: dict
    related: tuple
    values: dict
    uploads: dict
    hash: str
    lines: Lines

    def problem(self, place, what):
        """Return the sentence about a place of the file."""
        return sentence(self.name, self.lines, place, what)

    def content(self):
        """Return what the page says, its addresses and review aside, as text to compare."""
        values = self.values | {"related": {"related": self.related}}
        table = page_table(kind=self.kind, key=self.key, language=self.language, values=values, name_file=by_hash)
        return written(table)


@dataclass(frozen=True)
class Folder:
    """Content that was read: pages, and the rows of `content.toml` in their order; `remarks` are no errors."""

    pages: tuple
    conditions: tuple
    procedures: tuple
    lines: Lines
    remarks: tuple = ()

    def problem(self, place, what):
        """Return the sentence about a place of `content.toml`."""
        return sentence(CONTENT, self.lines, place, what)


def sentence(name, lines, place, what):
    """Return "file, line, place: what to do."; a place is () for the whole file."""
    line = lines.of(place) if lines else None
    words = []
    for part in place:
        if isinstance(part, int):
            words.append(f"row {part}")
        elif words and not words[-1].startswith("row "):
            words[-1] = f"{words[-1]}.{part}"
        else:
            words.append(part)
    where = [name, *([f"line {line}"] if line else []), *words]
    return f"{', '.join(where)}: {str(what).rstrip('.')}."


# A file


def read_text(path, name=""):
    """Return a file's text as it is compared: with one sign for a line's end; raise BrokenFile for what is no text."""
    name = name or Path(path).name
    try:
        if Path(path).is_symlink() or not Path(path).is_file():
            raise BrokenFile(f"{name}: the file cannot be opened (there is none, or it is a link).")
        with Path(path).open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except OSError as error:
        raise BrokenFile(f"{name}: the file cannot be opened ({error.strerror}).") from error
    if len(content) > LARGEST:
        raise BrokenFile(f"{name}: the file is too big for a page (1 MB at most).")
    try:
        text = content.decode("utf-8").removeprefix("\N{BOM}").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BrokenFile(f"{name}, line {line}: save the file as UTF-8.") from error
    if hidden := list(islice(_hidden_signs(text, name), MOST_NAMED)):
        raise BrokenFile(*hidden)
    return text


def _hidden_signs(text, name):
    for number, line in enumerate(text.split("\n"), start=1):
        hidden = "" if line.isprintable() and MARK not in line else line.replace("\t", "")
        if sign := next(filter(is_refused, hidden), ""):
            yield f"{name}, line {number}: delete the hidden character U+{ord(sign):04X}."


def parsed(text, name):
    """Return what a TOML text says; raise BrokenFile with the line that cannot be read."""
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except RecursionError as error:
        raise BrokenFile(f"{name}: too many brackets stand in each other.") from error
    except ValueError as error:
        found = AT_LINE.search(str(error))
        line = f", line {found[1]}" if found else f", line {len(text.splitlines())}" if "end of" in str(error) else ""
        raise BrokenFile(f"{name}{line}: this is not TOML: {AT_LINE.sub('', str(error))}.") from error


def read_table(path):
    """Return what a TOML file says; raise BrokenFile with the line that cannot be read."""
    return parsed(read_text(path), Path(path).name)


def read_page(path, *, root=None, name=""):
    """Return the PageFile of a path; raise BrokenFile with all that a page cannot be made of. Asks no database.

    Pictures and documents lie below `root`, the folder of the file unless given; `name` is what messages call the file.
    """
    path = Path(path)
    text = read_text(path, name)
    table = parsed(text, name or path.name)
    reader = _PageReader(name or path.name, Lines(text), root or path.parent)
    file = reader.page(table, path.name)
    if reader.problems:
        raise BrokenFile(*reader.problems)
    return replace(file, hash=sha256(text.encode()).hexdigest())


def _one_of(names):
    return " or ".join(f'"{name}"' for name in names)


class _Reader:
    """Takes values out of a table, and notes what is missing, of another type, unknown or not valid."""

    def __init__(self, name, lines):
        self.name, self.lines, self.problems = name, lines, []

    def refuse(self, place, what):
        self.problems.append(sentence(self.name, self.lines, place, what))

    def take(self, table, key, kind, *, default=None, place=()):
        """Take a text, a date, a table or a list of texts out of `table`; with a `default` it may be missing.

        Returns an empty value where there is none to be had, which was noted.
        """
        place = (*place, key)
        if key not in table:
            if default is None:
                self.refuse(place, "this key is missing")
            return kind() if default is None and kind is not date else default
        value = table.pop(key)
        if type(value) is not kind:
            self.refuse(place, f"write {TYPE_WORDS[kind]}")
            return kind() if kind is not date else None
        if kind is list and not all(isinstance(word, str) for word in value):
            self.refuse(place, "write texts in quotation marks, with commas between them")
            return []
        return self.clean(value, place, is_long=place[0] == "text")

    def clean(self, value, place, *, is_long):
        """Return a text, or a list of texts, as the desk would keep it."""
        if isinstance(value, list):
            return [self.clean(word, place, is_long=False) for word in value]
        if not isinstance(value, str):
            return value
        value = kept(value, is_long=is_long).strip()
        if (not value.isprintable() or MARK in value) and is_hiding(value, is_long=is_long):
            self.refuse(place, "a hidden character, or a line break where none can be; delete it")
        return value

    def refuse_rest(self, table, place=()):
        for key in table:
            self.refuse((*place, key), "this key is not known here")

    def check_slug(self, value, place):
        try:
            validate_slug(value)
        except ValidationError:
            self.refuse(place, "write letters, digits and hyphens")


class _PageReader(_Reader):
    """Reads the file of a page."""

    def __init__(self, name, lines, root):
        super().__init__(name, lines)
        self.root, self.uploads = root, {}

    def page(self, table, file_name):
        head = {key: self.take(table, key, kind) for key, kind in HEAD.items()}
        if head["kind"] not in KINDS:
            self.refuse(("kind",), f"write {_one_of(KINDS)}")
            return None
        if head["language"] not in dict(settings.LANGUAGES):
            self.refuse(("language",), f"write {_one_of(dict(settings.LANGUAGES))}")
        if file_name != f"{head['key']}.{head['language']}.toml":
            self.refuse(("key",), f"the file must be named {head['key']}.{head['language']}.toml")
        self.check_slug(head["slug"], ("slug",))
        former = self.take(table, "former_slugs", list, default=[])
        for slug in former:
            self.check_slug(slug, ("former_slugs",))
        review = self.review(table)
        version_model = KINDS[head["kind"]][2]
        has_related = any(section.key == "related" for section in sections_of(version_model))
        related = self.take(table, "related", list, default=[]) if has_related else []
        values = self.sections(table, version_model, is_reviewed=bool(review))
        self.refuse_rest(table)
        return PageFile(
            name=self.name,
            former_slugs=tuple(slug for slug in former if slug != head["slug"]),
            review=review,
            related=tuple(dict.fromkeys(related)),
            values=values,
            uploads=self.uploads,
            hash="",
            lines=self.lines,
            **head,
        )

    def review(self, table):
        """Return who reviewed it, when, and when it is due again; {} where the file says nothing of a review."""
        if not any(key in table for key in REVIEW):
            return {}
        review = {key: self.take(table, key, kind) for key, kind in REVIEW.items()}
        reviewed, due = review["reviewed_on"], review["next_review_due"]
        if reviewed and due and due <= reviewed:
            self.refuse(("next_review_due",), "choose a day after reviewed_on")
        return review

    def sections(self, table, version_model, *, is_reviewed):
        """Return {section key: clean values} and take them out of the table. A draft may lack its name."""
        names, text = self.take(table, "names", dict), self.take(table, "text", dict)
        places = {field: ("names", name) for name, field in NAMES.items()}
        fields = {
            "plain_name": self.take(names, "plain", str, default=None if is_reviewed else "", place=("names",)),
            "medical_name": self.take(names, "medical", str, default="", place=("names",)),
            "synonyms": self.take(names, "synonyms", list, default=[], place=("names",)),
        }
        for key in ("summary", *version_model.markdown_fields):
            fields[key] = self.take(text, key, str, default="", place=("text",))
            places[key] = ("text", key)
        self.refuse_rest(names, ("names",))
        self.refuse_rest(text, ("text",))
        if any("drawing" in section.fields for section in sections_of(version_model) if section.model is None):
            fields["drawing"] = self.take(table, "drawing", str, default="")
        said = {field for field, value in fields.items() if value or (is_reviewed and field == "summary")}
        self.check(version_model(**fields), said, lambda field: places.get(field, (field,)))
        values = {}
        for section in sections_of(version_model):
            if section.model is not None:
                values[section.key] = self.rows(table, section)
            elif section.key != "related":
                values[section.key] = {field: fields[field] for field in section.fields}
        return values

    def rows(self, table, section):
        rows = table.pop(section.key, [])
        if not isinstance(rows, list):
            self.refuse((section.key,), f"write [[{section.key}]] above each row")
            return []
        if len(rows) > section.most_rows:
            self.refuse((section.key,), f"at most {section.most_rows} rows fit")
            return []
        clean = [self.row(row, section, number) for number, row in enumerate(rows, start=1)]
        if "key" in section.fields:
            keys = [row.get("key") for row in clean]
            for number, key in enumerate(keys, start=1):
                if key and key in keys[: number - 1]:
                    self.refuse((section.key, number, "key"), f'2 rows have the key "{key}"')
        return clean

    def row(self, row, section, number):
        place = (section.key, number)
        if not isinstance(row, dict):
            self.refuse(place, f"write [[{section.key}]] above each row")
            return {}
        values, wrong = {}, set()
        for key, value in row.items():
            if key not in section.fields:
                self.refuse((*place, key), f"this key is not known here; known are {', '.join(section.fields)}")
                continue
            column = section.model._meta.get_field(key)
            if what := _misfit(column, value):
                self.refuse((*place, key), what)
                wrong.add(key)
            elif column.is_relation:
                values[key] = self.stored(value, (*place, key), captions=key == "captions")
            else:
                is_long = isinstance(column, models.TextField) or (column.max_length or 0) > SHORT_TEXT
                values[key] = self.clean(value, (*place, key), is_long=is_long)
        if section.takes_files and "file" not in row:
            self.refuse((*place, "file"), "this key is missing")
        fields = {name for name in section.fields if not section.model._meta.get_field(name).is_relation}
        self.check(section.model(**values), fields - wrong, lambda field: (*place, field))
        return values

    def check(self, instance, fields, place_of):
        others = {field.name for field in instance._meta.fields} - set(fields)
        try:
            instance.full_clean(exclude=others, validate_unique=False)
        except ValidationError as error:
            for field, messages in error.message_dict.items():
                place = place_of(field)
                self.refuse(place[:-1] if field == "__all__" else place, messages[0])

    def stored(self, words, place, *, captions):
        """Return the unsaved StoredFile of "files/…", judged as an upload is; None where it cannot be one."""
        path = self.root / words
        if not FILE.fullmatch(words):
            self.refuse(place, f"write {FILES}/ and the name of a file there: letters, digits, dots and hyphens")
        elif path.parent.is_symlink() or path.is_symlink():
            self.refuse(place, "this is a link; put the file itself there")
        elif not path.is_file():
            self.refuse(place, f"there is no file {words}")
        else:
            try:
                with path.open("rb") as opened:
                    stored = stored_files.examined(File(opened, name=PREFIX.sub("", path.name)))
            except ValidationError as error:
                self.refuse(place, f"{words}: {error.messages[0]}")
            except OSError as error:
                self.refuse(place, f"{words} cannot be opened ({error.strerror})")
            else:
                is_captions = stored.content_type == stored_files.CAPTIONS.content_type
                if captions != is_captions and place[0] == "media":
                    self.refuse(place, "captions are a WebVTT file, and no other file is")
                self.uploads[stored.hash] = path
                return stored
        return None


def _misfit(column, value):
    """Return what to write instead of a value that is none for a column; "" where it fits."""
    if isinstance(column, models.JSONField):
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            return "write texts in quotation marks, in brackets, with commas between them"
    elif isinstance(column, models.CharField | models.TextField) or column.is_relation:
        if not isinstance(value, str):
            return f"write {TYPE_WORDS[str]}"
        if column.choices and value.strip() and value.strip() not in (known := dict(column.flatchoices)):
            advice = f"; write {_one_of(known)}" if len(known) <= MOST_NAMED else ""
            return f'"{value}" is not known{advice}'
    elif isinstance(column, models.BooleanField):
        if not isinstance(value, bool):
            return "write true or false"
    elif isinstance(column, models.PositiveSmallIntegerField):
        if type(value) is not int:
            return "write a number" if not isinstance(value, Decimal) else f"write {TYPE_WORDS[int]}"
    elif isinstance(column, models.DecimalField):
        if type(value) not in (int, Decimal) or not Decimal(value).is_finite():
            return "write a number"
    elif isinstance(column, models.DateField) and type(value) is not date:
        return f"write {TYPE_WORDS[date]}"
    return ""


# A folder


def read_folder(root, *, progress=lambda done, total: None):
    """Return the Folder of a path; raise BrokenFile with every problem of every file. Asks no database."""
    root = Path(root)
    if not root.is_dir():
        raise BrokenFile(f"{root}: there is no such folder.")
    problems, content = [], None
    try:
        content = _read_content(root / CONTENT)
    except BrokenFile as broken:
        problems += broken.problems
    problems += [
        f"{path.name}: put it into {' or '.join(FOLDERS.values())}."
        for path in sorted(root.glob("*.toml"))
        if path.name != CONTENT
    ]
    pages, paths = [], []
    for kind, name in FOLDERS.items():
        if (root / name).is_symlink():
            problems.append(f"{name}: this is a link; put the folder itself there.")
        elif (root / name).is_dir():
            paths += [(kind, path) for path in sorted((root / name).glob("*.toml")) if not path.name.startswith(".")]
    for done, (kind, path) in enumerate(paths, start=1):
        name = f"{FOLDERS[kind]}/{path.name}"
        try:
            page = read_page(path, root=root, name=name)
        except BrokenFile as broken:
            problems += broken.problems
        else:
            pages.append(page)
            if page.kind != kind:
                problems.append(page.problem(("kind",), f"a {page.kind} stands in {FOLDERS[page.kind]}"))
        progress(done, len(paths))
    problems += _shared_addresses(pages)
    if problems:
        raise BrokenFile(*problems)
    return replace(content, pages=tuple(pages), remarks=tuple(_unused_files(root, pages)))


def _shared_addresses(pages):
    seen = {}
    for page in pages:
        other = seen.setdefault((page.kind, page.language, page.slug), page)
        if other is not page:
            yield page.problem(("slug",), f"{other.name} has this address too")


def _unused_files(root, pages):
    used = {path.name for page in pages for path in page.uploads.values()}
    if (root / FILES).is_dir():
        for path in sorted((root / FILES).iterdir()):
            if path.name not in used and not path.name.startswith("."):
                yield f"{FILES}/{path.name}: no page shows this file; it was left out."


def _read_content(path):
    text = read_text(path)
    table = parsed(text, CONTENT)
    reader = _Reader(CONTENT, Lines(text))
    number = reader.take(table, "format", int)
    if number != FORMAT and not reader.problems:
        reader.refuse(("format",), f"this site reads format {FORMAT}")
    rows = {name: _subjects(reader, table, name) for name in FOLDERS.values()}
    reader.refuse_rest(table)
    if reader.problems:
        raise BrokenFile(*reader.problems)
    return Folder(pages=(), lines=reader.lines, **rows)


def _subjects(reader, table, name):
    rows = table.pop(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        reader.refuse((name,), f"write [[{name}]] above each row")
        return ()
    found = []
    for number, row in enumerate(rows, start=1):
        place = (name, number)
        subject = {"key": reader.take(row, "key", str, place=place)}
        if subject["key"]:
            reader.check_slug(subject["key"], (*place, "key"))
        if any(subject["key"] == other["key"] for other in found):
            reader.refuse((*place, "key"), f'2 rows have the key "{subject["key"]}"')
        if name == FOLDERS["procedure"]:
            subject |= {each: tuple(reader.take(row, each, list, default=[], place=place)) for each in BELONGINGS}
        reader.refuse_rest(row, place)
        found.append(subject)
    return tuple(found)
