"""What differs between two versions of a page, in words a clinician reads: section by section, field by field.

Any two versions can be compared, drafts too. A version never changes once it was published, so its rows are what was
frozen; what a drawing showed is read from the document, since drawings are part of the site and may change with it.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import models
from django.db.models import prefetch_related_objects
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext

from procedures import drawings, wording
from procedures.models import ProcedureVersion
from procedures.sections import FILES, sections_of
from procedures.word_changes import ADDED, GONE, SAME, Piece, bag, likeness, pieces

NEW, TAKEN_OUT, CHANGED, UNCHANGED = "new", "gone", "changed", "same"

FIGURE, DAYS = ("low", "high", "unit"), ("from_day", "to_day", "until")
# Rows that share less than this of their words are two rows, not one that was changed.
_SAME_ROW = 0.5


@dataclass(frozen=True)
class Said:
    """A field in words, under its label. `key` tells two values apart that read alike."""

    label: str
    words: str
    key: object
    is_prose: bool = False


@dataclass(frozen=True)
class FieldChange:
    """One field in both versions: running text as Pieces, a short value as what it was and what it is."""

    label: str
    was: str
    now: str
    is_changed: bool
    pieces: list = field(default_factory=list)


@dataclass(frozen=True)
class RowChange:
    """One row: NEW, TAKEN_OUT, CHANGED or UNCHANGED; where it stood and stands (from 1), if it was moved."""

    kind: str
    name: str
    fields: list
    moved: tuple = ()


@dataclass(frozen=True)
class SectionChange:
    """A section with the fields or rows that are shown of it."""

    key: str
    title: str
    fields: list
    rows: list
    is_changed: bool


def changes(old, new, *, everything=False):
    """Return a SectionChange for each section in which two versions of a page differ (a fixed number of queries).

    With `everything`, all sections, with what is the same in them too.
    """
    _fetch([old, new])
    sections = [_section(section, old, new, everything) for section in sections_of(new)]
    return [section for section in sections if everything or section.is_changed]


def _fetch(versions):
    names = [section.rows for section in sections_of(versions[0]) if section.model]
    names += [
        f"{section.rows}__{name}"
        for section in sections_of(versions[0])
        for name in FILES
        if section.model and name in section.fields
    ]
    if isinstance(versions[0], ProcedureVersion):
        names.append("related__pages")
    prefetch_related_objects(versions, *names)


def _section(section, old, new, everything):
    if section.model is None:
        fields = _fields(_said(section, old, old), _said(section, new, new))
        changed = [each for each in fields if each.is_changed]
        return SectionChange(section.key, section.title, fields if everything else changed, [], bool(changed))
    rows = _rows(section, old, new, everything)
    changed = [row for row in rows if row.kind != UNCHANGED or row.moved]
    return SectionChange(section.key, section.title, [], rows if everything else changed, bool(changed))


# Fields in words


def _said(section, version, row, place=0):
    """Return {name: Said} of a row of a version, or of the version itself."""
    found = {}
    for name in section.fields:
        if name in FIGURE and "low" in section.fields:
            found.setdefault("figure", _figure(row))
        elif name in DAYS and "from_day" in section.fields:
            found.setdefault("days", _days(row))
        else:
            found[name] = _one(section, version, row, name, place)
    return found


def _figure(row):
    words = ""
    if row.low is not None:
        words = wording.figure(row.low, row.high, row.unit)
    elif row.unit:
        words = row.get_unit_display()
    return Said(gettext("Number"), words, (_plain(row.low), _plain(row.high), row.unit))


def _days(row):
    words = wording.days(row.from_day, row.to_day, row.until)
    return Said(gettext("When"), words, (row.from_day, row.to_day, row.until))


def _one(section, version, row, name, place):
    column = row._meta.get_field(name)
    label, value = capfirst(column.verbose_name), getattr(row, name)
    if name == "sources":
        return Said(label, _sources(version, value), tuple(value))
    if name == "drawing":
        return Said(label, *_drawing(section, version, value, place))
    if column.many_to_many:
        return Said(label, _names(value.all(), version), tuple(each.key for each in value.all()))
    if column.is_relation:
        return Said(label, value.name if value else "", value.hash if value else "")
    if column.choices:
        return Said(label, str(getattr(row, f"get_{name}_display")()), value)
    if isinstance(value, bool):
        return Said(label, gettext("Yes") if value else gettext("No"), value)
    if isinstance(value, list):
        return Said(label, ", ".join(map(str, value)), tuple(map(str, value)))
    if isinstance(value, date):
        return Said(label, date_format(value), value)
    words = str(value) if value is not None else ""
    is_prose = isinstance(column, models.CharField | models.TextField) and not isinstance(
        column, models.SlugField | models.URLField
    )
    return Said(label, words, words, is_prose)


def _plain(number):
    return number.normalize() if isinstance(number, Decimal) else number


def _sources(version, keys):
    titles = {source.key: source.title for source in version.sources.all()}
    return "; ".join(f"{key}: {titles[key]}" if key in titles else key for key in keys)


def _drawing(section, version, key, place):
    """Return a drawing in words, and what tells it from others: what it showed when the version was published."""
    if not key:
        return "", ""
    shown = ""
    if version.document is not None:
        frozen = version.document["drawing"] if section.model is None else _frozen_step(version.document, place)
        shown = frozen["alternative_text"] if frozen else ""
    elif key in drawings.names():
        shown = drawings.alternative_text(key, version.language)
    words = f"{key}: {shown}" if shown else gettext("%(key)s (the site does not show it)") % {"key": key}
    return words, (key, shown)


def _frozen_step(document, place):
    steps = document["steps"]
    return steps[place]["drawing"] if place < len(steps) else None


def _names(procedures, version):
    def name(procedure):
        named = {page.language: page.plain_name for page in procedure.pages.all() if page.plain_name}
        return named.get(version.language) or next(iter(named.values()), procedure.key)

    return "; ".join(map(name, procedures))


def _fields(old, new):
    """Return the FieldChanges of two {name: Said}; what is empty in both is left out."""
    return [_field(old[name], new[name]) for name in new if old[name].words or new[name].words]


def _field(was, now):
    is_changed = was.key != now.key
    if was.is_prose and now.is_prose:
        parts = pieces(was.words, now.words) if is_changed else [Piece(SAME, now.words)]
        return FieldChange(now.label, was.words, now.words, is_changed, parts)
    before, after = was.words, now.words
    if is_changed and before == after:
        before, after = _apart(before, was.key), _apart(after, now.key)
    return FieldChange(now.label, before, after, is_changed)


def _apart(words, key):
    """Return words that read alike in both with what tells them apart: the beginning of a file's content hash."""
    return f"{words} ({key[:8]})" if isinstance(key, str) else f"{words} {key}"


# Rows


def _rows(section, old, new, everything):
    before, after = list(getattr(old, section.rows).all()), list(getattr(new, section.rows).all())
    said_before = [_said(section, old, row, place) for place, row in enumerate(before)]
    said_after = [_said(section, new, row, place) for place, row in enumerate(after)]
    pairs = _pairs(before, after, said_before, said_after, section)
    moved = _moved(pairs)
    found = []
    for place, row in enumerate(after):
        if place not in pairs:
            found.append(RowChange(NEW, str(row), _alone(said_after[place], ADDED)))
            continue
        was = pairs[place]
        fields = _fields(said_before[was], said_after[place])
        changed = [each for each in fields if each.is_changed]
        found.append(
            RowChange(
                CHANGED if changed else UNCHANGED,
                str(row),
                fields if everything else changed,
                (was + 1, place + 1) if place in moved else (),
            )
        )
    gone = set(range(len(before))) - set(pairs.values())
    found += [RowChange(TAKEN_OUT, str(before[place]), _alone(said_before[place], GONE)) for place in sorted(gone)]
    return found


def _alone(said, kind):
    """Return the fields of a row that only one version has; its key says nothing to readers."""
    shown = [each for name, each in said.items() if each.words and name != "key"]
    return [
        FieldChange(each.label, each.words, each.words, is_changed=False, pieces=[Piece(kind, each.words)])
        for each in shown
    ]


def _pairs(before, after, said_before, said_after, section):
    """Return {place in `after`: place in `before`} of the rows that are the same row: by key, else by closeness."""
    pairs = {}
    for tell in (lambda row, said: _key(row, section), lambda row, said: _whole(said)):
        old = _once((tell(row, said_before[place]), place) for place, row in enumerate(before))
        new = _once((tell(row, said_after[place]), place) for place, row in enumerate(after))
        taken = set(pairs.values())
        for key, place in new.items():
            if key in old and place not in pairs and old[key] not in taken:
                pairs[place] = old[key]
    left = [place for place in range(len(after)) if place not in pairs]
    free = [place for place in range(len(before)) if place not in set(pairs.values())]
    bags_before, bags_after = [_bag(said) for said in said_before], [_bag(said) for said in said_after]
    close = sorted(
        (
            (likeness(bags_before[was], bags_after[place]), -abs(was - place), place, was)
            for place in left
            for was in free
        ),
        reverse=True,
    )
    for alike, _near, place, was in close:
        are_free = place not in pairs and was not in pairs.values()
        if are_free and alike >= _SAME_ROW and not _are_two(before[was], after[place], section):
            pairs[place] = was
    return pairs


def _key(row, section):
    for name in ("key", "file", "fact_key"):
        if name in section.fields:
            return getattr(row, name) or None
    return None


def _are_two(old, new, section):
    """Say whether two rows are told apart by keys that all languages share, however alike their words are."""
    shared = [name for name in ("key", "fact_key") if name in section.fields]
    return any(
        getattr(old, name) and getattr(new, name) and getattr(old, name) != getattr(new, name) for name in shared
    )


def _whole(said):
    return tuple(each.key for each in said.values())


def _bag(said):
    return bag(" ".join(each.words for each in said.values()))


def _once(keyed):
    """Return {key: place} of the keys that stand there once; None is no key."""
    found, twice = {}, set()
    for key, place in keyed:
        if key in found:
            twice.add(key)
        found[key] = place
    return {key: place for key, place in found.items() if key is not None and key not in twice}


def _moved(pairs):
    """Return the places of as few rows as can be said to have moved: those beside the longest run in its order."""
    runs = []
    for place in sorted(pairs):
        best = max((run for run in runs if pairs[run[-1]] < pairs[place]), key=len, default=[])
        runs.append([*best, place])
    kept = max(runs, key=len, default=[])
    return {place for place, was in pairs.items() if place not in kept and place != was}
