"""The sections of a version, one a screen of the desk: which fields or rows each holds, and what it holds now."""

import dataclasses
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Model, Prefetch, prefetch_related_objects
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinic.merging import merge_fields, merge_rows
from procedures.models import (
    ConditionFigure,
    ConditionQuestion,
    ConditionSource,
    ConditionVersion,
    ConditionWarningSign,
    Figure,
    MediaItem,
    Milestone,
    PreparationItem,
    PrintDocument,
    ProcedureVersion,
    Question,
    Risk,
    Source,
    Step,
    WarningSign,
)

MOST_ROWS = 30
# A form posts at most 300 fields; these are left for what is not a row.
FIELDS_FOR_ROWS = 290
FILES = ("file", "captions")
# Fields of a version that hold rows of another table, not a value.
MANY = ("related",)


@dataclass(frozen=True)
class Section:
    """A part of a version that is written on one screen and saved whole.

    `fields` are those of the version; or those of a row where `model` is given, `rows` being the version's accessor.
    Every field is clinical, so that a signature is bound to it, but those that `spared` names, each with the reason.
    Whatever a patient may act on is clinical: a picture's caption and its words for the blind are.
    """

    key: str
    title: Promise
    advice: Promise
    fields: tuple
    model: type[Model] | None = None
    rows: str = ""
    spared: dict = dataclasses.field(default_factory=dict, hash=False)

    @property
    def most_rows(self):
        """How many rows fit: 30, fewer where a row has many fields."""
        return min(MOST_ROWS, FIELDS_FOR_ROWS // len(self.fields))

    @property
    def takes_files(self):
        """Whether a row starts with an uploaded file."""
        return "file" in self.fields

    @property
    def together(self):
        """The groups of its fields that mean something only with each other."""
        return tuple(names for names in TOGETHER if set(names) <= set(self.fields))

    def merge(self, original, theirs, mine):
        """Return what two people made of the section, Merged; all three as `read` returns it."""
        if self.model is None:
            return merge_fields(original, theirs, mine)
        return merge_rows(original, theirs, mine, keys=KEYS, together=self.together)

    def read(self, version):
        """Return what the section holds, as plain JSON values: a dictionary of fields, or a list of them, one a row."""
        if self.model is None:
            return _plain_values(version, self.fields)
        return [_plain_values(row, self.fields) for row in self.rows_of(version)]

    @property
    def files(self):
        """The fields of a row that name files."""
        return tuple(field for field in FILES if field in self.fields)

    def rows_of(self, version):
        """Return the rows of a version with their files: those that `read_at_once` read, where it did."""
        rows = getattr(version, self.rows)
        is_read = self.rows in getattr(version, "_prefetched_objects_cache", ())
        return rows.select_related(*self.files) if self.takes_files and not is_read else rows.all()

    def clinical(self, values):
        """Return what a signature is bound to of `values`, as `read` returns them.

        What is empty is left out, so that a field which a later release adds voids no signature.
        """
        if isinstance(values, list):
            return [self.clinical(row) for row in values]
        return {name: value for name, value in values.items() if name not in self.spared and not _is_empty(value)}

    def write(self, version, values):
        """Let the section of a saved version hold `values`, clean ones: a dictionary of fields, or a list of rows."""
        if self.model is None:
            _write_fields(version, values)
            return
        getattr(version, self.rows).all().delete()
        self.model.objects.bulk_create(
            self.model(**row, version=version, order=order) for order, row in enumerate(values)
        )

    def copy(self, base, version):
        """Let the section of a saved version hold what that of `base`, an earlier version, holds."""
        if self.model is None:
            _write_fields(version, {field: getattr(base, field) for field in self.fields})
            return
        rows = list(getattr(base, self.rows).all())
        for row in rows:
            row.pk, row.version = None, version
        self.model.objects.bulk_create(rows)


def _is_empty(value):
    return value is None or value is False or value in ("", [])


def _write_fields(version, values):
    for field, value in values.items():
        if field in MANY:
            getattr(version, field).set(value.all() if hasattr(value, "all") else value)
        else:
            setattr(version, field, value)
    version.save(update_fields=[field for field in values if field not in MANY])


def _plain_values(row, fields):
    return {field: plain(getattr(row, field)) for field in fields}


def plain(value):
    """Return the value of a field as JSON can hold it: numbers and dates as text, files and procedures by their key."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "hash"):
        return value.hash
    if hasattr(value, "all"):
        return [row.key for row in value.all()]
    return value


FACT = ("fact_key", "low", "high", "unit", "sources")
# What means something only with each other: two people who change parts of one are asked.
TOGETHER = (FACT, ("kind", "from_day", "to_day", "until"), ("alternative_text", "is_decorative"))
# What a row is known by, whatever else in it changes.
KEYS = ("key", "fact_key", "file")
SIGN = ("key", "text", "action", "urgency", "applies", "sources")

NAMES = Section(
    "names",
    _("Names and summary"),
    _("What patients call it, what doctors call it, and what it is in a sentence or two."),
    ("plain_name", "medical_name", "synonyms", "summary"),
    spared={"synonyms": "They bring a search to the page, and give no advice."},
)


def _sources(model):
    advice = _("Where the facts come from. Other sections name a source by its key, so write the sources first.")
    spared = {
        "publisher": "Which source it is, its title tells.",
        "url": "A source that moves to another address stays the same; its title and the day it was read are bound.",
    }
    fields = ("key", "title", "publisher", "url", "read_on")
    return Section("sources", _("Sources"), advice, fields, model, "sources", spared)


def _figures(model):
    advice = _("The numbers that patients look for first. Every language gives the same numbers from the same sources.")
    return Section("figures", _("Key figures"), advice, ("label", "note", "glance", *FACT), model, "figures")


def _warning_signs(model):
    advice = _("When to get help, and how fast. Signs that matter before treatment are also asked in the request form.")
    return Section("warning_signs", _("Warning signs"), advice, SIGN, model, "warningsigns")


def _questions(model):
    advice = _("What patients ask you most, in their own words, with short answers.")
    return Section("questions", _("Questions and answers"), advice, ("question", "answer"), model, "questions")


SECTIONS = {
    ProcedureVersion: (
        NAMES,
        Section(
            "aim",
            _("What it is for"),
            _("Help patients to see whether it may be for them. Name the other choices fairly."),
            ("aim", "who_may_benefit", "who_should_not", "other_choices"),
        ),
        Section(
            "day",
            _("How it is done"),
            _("When it works best, which anesthetic is given, how patients lie, and where they stay."),
            ("timing", "anaesthesia", "position", "setting"),
        ),
        Section(
            "afterwards",
            _("Afterwards"),
            _("What patients notice straight after, and what follows in the weeks to come."),
            ("straight_after", "follow_up"),
        ),
        _sources(Source),
        _figures(Figure),
        Section(
            "preparation",
            _("Preparation"),
            _("A checklist. Rows with the same “when” stand together under one heading."),
            ("when", "text"),
            PreparationItem,
            "preparationitems",
        ),
        Section(
            "steps",
            _("Steps"),
            _("What happens, in order, as the patient lives it: a short label, then 1 to 3 sentences."),
            ("label", "text", "drawing"),
            Step,
            "steps",
        ),
        Section(
            "milestones",
            _("Recovery"),
            _("What patients may and must not do, and from which day to which. Day 0 is the day of the procedure."),
            ("kind", "from_day", "to_day", "until", "text", *FACT),
            Milestone,
            "milestones",
        ),
        _warning_signs(WarningSign),
        Section(
            "risks",
            _("Risks"),
            _("What can go wrong and how often. Give a number only where a source gives one."),
            ("key", "name", "text", "scope", "how_often", *FACT),
            Risk,
            "risks",
        ),
        _questions(Question),
        Section(
            "media",
            _("Pictures and films"),
            _("Describe each picture, or mark it decorative. A film needs a transcript and captions (WebVTT)."),
            ("file", "alternative_text", "is_decorative", "caption", "transcript", "captions"),
            MediaItem,
            "mediaitems",
        ),
        Section(
            "documents",
            _("Documents to print"),
            _("Files that patients read or print at home. Keep them short; the page itself can be printed."),
            ("file", "title"),
            PrintDocument,
            "printdocuments",
            {"title": "It names a file that is bound itself, by its content."},
        ),
        Section(
            "related",
            _("Related procedures"),
            _("Other procedures that a reader of this page may want to compare."),
            ("related",),
            spared={"related": "It leads to pages that are signed off themselves."},
        ),
    ),
    ConditionVersion: (
        NAMES,
        Section(
            "about",
            _("What it is"),
            _("What is wrong, what patients feel, why it happens and how you find it."),
            ("what_it_is", "symptoms", "causes", "diagnosis"),
        ),
        Section(
            "drawing",
            _("Drawing"),
            _("One of ours that shows what is wrong. It stands with what it is, and brings its own words."),
            ("drawing",),
        ),
        Section(
            "care",
            _("Treatment and help"),
            _("How it is treated, without promising anything, and when to seek help."),
            ("treatments", "when_to_seek_help"),
        ),
        _sources(ConditionSource),
        _figures(ConditionFigure),
        _warning_signs(ConditionWarningSign),
        _questions(ConditionQuestion),
    ),
}


def sections_of(version):
    """Return the sections of a version, or of a kind of version, in the order of the desk."""
    return SECTIONS[version if isinstance(version, type) else type(version)]


def read_at_once(versions):
    """Read all that the sections of some versions of one kind hold: a query a section, however many versions."""
    sections = sections_of(versions[0]) if versions else ()
    rows = (
        Prefetch(section.rows, section.model.objects.select_related(*section.files) if section.files else None)
        for section in sections
        if section.model
    )
    many = (field for section in sections for field in section.fields if section.model is None and field in MANY)
    prefetch_related_objects(versions, *rows, *many)


def section_named(version, key):
    """Return the section with this key, or None."""
    return next((section for section in sections_of(version) if section.key == key), None)
