"""Words that still give a figure which the same version changed: a label, a note, a sentence of the text. Advice only.

Looked for is the number with its unit as people write them in the page's language: "45 minutes", "5 to 10 lb".
"""

import re
from dataclasses import dataclass

from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy, override

from procedures import wording
from procedures.facts import numbers
from procedures.models.rows import Unit
from procedures.sections import sections_of

FACTS = ("figures", "milestones", "risks")
# What names and addresses sources, and what is chosen or keyed, is no wording.
NO_WORDS = ("key", "fact_key", "url", "drawing")
_RANGE = r"(?:\s*(?:[-–]|to|and|or|a|y|o)\s*\d[\d.,]*)?"
_AROUND = 40


@dataclass(frozen=True)
class Repeat:
    """One place that may have to be mended: its section and field, the words round it, and what the figure was."""

    section: str
    title: str
    label: str
    words: str
    was: str


def repeats(version, live):
    """Return the Repeats of a version whose figures differ from those of `live`, the version that patients read.

    Asks for every row of both; give them prefetched.
    """
    gone = _gone(_facts(live), _facts(version)) if live is not None else []
    if not gone:
        return []
    with override(version.page.language):
        patterns = [_pattern(number, unit) for number, unit in gone]
        texts = [(section, label, text) for section in sections_of(version) for label, text in _texts(section, version)]
    told = [wording.figure(number, None, unit) for number, unit in gone]
    return [
        Repeat(section.key, section.title, str(capfirst(label)), _round(match), was)
        for section, label, text in texts
        for pattern, was in zip(patterns, told, strict=True)
        if (match := pattern.search(text))
    ]


def _facts(version):
    found = {}
    for section in sections_of(version):
        for row in getattr(version, section.rows).all() if section.key in FACTS else ():
            if row.fact_key and row.low is not None and row.unit in Unit:
                found.setdefault(row.fact_key, numbers(row.low, row.high, row.unit))
    return found


def changed_keys(version, live):
    """Return the fact keys to which a version gives other numbers than `live` does, or that only it tells."""
    before = _facts(live) if live is not None else {}
    return sorted(key for key, told in _facts(version).items() if before.get(key) != told)


def _gone(before, now):
    """Return (number, unit) of what was told before and is not any more."""
    found = {}
    for key in before:
        if key in now and now[key] != before[key]:
            (low, high, unit), (*kept, other) = before[key], now[key]
            for number in (low, high):
                if number not in kept or unit != other:
                    found[number, unit] = None
    return list(found)


def _pattern(number, unit):
    written = {wording.number(number), f"{number:f}", f"{number:f}".replace(".", ",")}
    units = {str(wording.VALUES[unit] % {"value": "", "count": count}).strip() for count in (1, 2)} | {
        str(Unit(unit).label)
    }
    # "1 in 100" is said without "people" too.
    units |= {match.group() for words in units if (match := re.match(r".*\d[\d.,]*", words))}
    numbers_, units_ = ("|".join(map(re.escape, sorted(each, key=len, reverse=True))) for each in (written, units))
    return re.compile(rf"(?<![\w.,])(?:{numbers_}){_RANGE}[\s-]*(?:{units_})(?!\w)", re.IGNORECASE)


def _texts(section, version):
    """Yield (label, text) of each wording of a section, and of the days of the recovery in words."""
    if section.key == "sources":
        return
    for row in [version] if section.model is None else getattr(version, section.rows).all():
        for name in section.fields:
            column = row._meta.get_field(name)
            is_text = isinstance(column, models.CharField | models.TextField) and not column.choices
            if is_text and name not in NO_WORDS:
                yield column.verbose_name, getattr(row, name)
        if "from_day" in section.fields:
            yield gettext_lazy("days"), wording.days(row.from_day, row.to_day)


def _round(match):
    text, start, end = match.string, max(match.start() - _AROUND, 0), match.end() + _AROUND
    words = " ".join(text[start:end].split())
    return f"{'…' if start else ''}{words}{'…' if end < len(text) else ''}"
