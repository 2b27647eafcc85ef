"""A page beside itself in the other languages: what one tells and the other does not. Advice only.

The other language is looked at as it will be next: its version that is being worked on, else the live one. Figures must
agree before a page is published; publishing sees to that.
"""

import re
from collections import Counter

from django.db.models import Q
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from procedures.content_checks.content import Content, Finding, excerpt, place_of
from procedures.models import State
from procedures.models.versions import UNPUBLISHED
from procedures.sections import read_at_once, sections_of

# By which fields a row of one language is the same as a row of the other. Where there are none, rows are counted.
SAME = {
    "figures": ("fact_key", "glance"),
    "milestones": ("kind", "from_day", "to_day", "fact_key"),
    "warning_signs": ("key",),
    "risks": ("key",),
    "sources": ("key",),
    "media": ("file_id",),
    "documents": ("file_id",),
    "steps": ("drawing",),
}
COUNTED = ("preparation", "steps", "questions", "documents")
# "1,000" and "1.000" are the same to readers, and so are "4.5" and "4,5".
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
THOUSANDS = re.compile(r"[.,](?=\d{3}(?!\d))")
MOST_NAMED = 5


def out_of_step(content):
    """Advise on what the other languages of the page tell and this one does not, and the other way round."""
    for other in _others(content.version):
        yield from _unlike_fields(content, other)
        for section, rows in content.rows.items():
            if section in ("media", "documents"):
                # Pictures with words in them, and documents, are of one language.
                continue
            found = _unlike_rows(content, other, section)
            yield from found
            if not found and len(rows) == len(other.rows[section]):
                yield from _unlike_numbers(content, other, section)


def _others(version):
    """Return the Content of each other language that the page has (a fixed number of queries)."""
    siblings = type(version).objects.filter(**{f"page__{version.page.kind}": version.page.subject})
    versions = siblings.exclude(page=version.page_id).filter(Q(state=State.PUBLISHED) | Q(state__in=UNPUBLISHED))
    newest = {}
    for other in versions.select_related("page").order_by("number"):
        newest[other.page.language] = other
    found = [newest[language] for language in sorted(newest)]
    read_at_once(found)
    return [Content(other) for other in found]


def _language(other):
    return other.version.page.get_language_display()


def _unlike_fields(content, other):
    """Yield the fields that are written in one language alone, or that name other numbers."""
    theirs = {passage.field: passage for passage in other.passages if passage.row is None}
    ours = {passage.field: passage for passage in content.passages if passage.row is None}
    for section in sections_of(content.version):
        for field in section.fields if section.model is None else ():
            if field in theirs and field not in ours:
                sentence = _("The page in %(language)s has words here: “%(words)s”.")
                words = {"language": _language(other), "words": excerpt(theirs[field].text)}
                yield Finding(section.key, sentence % words, place_of(field), is_error=False)
            elif field in ours and field not in theirs and field != "medical_name":
                sentence = _("The page in %(language)s has nothing here. Take this away, or add it there.")
                yield ours[field].finding(sentence % {"language": _language(other)}, is_error=False)
            elif field in ours and (sentence := _other_numbers(ours[field].text, theirs[field].text, other)):
                yield ours[field].finding(sentence, is_error=False)


def _unlike_rows(content, other, section):
    """Return what is told of the rows of a section: those missing here, those missing there, another order."""
    ours, theirs = content.rows[section], other.rows[section]
    if section in COUNTED and len(ours) != len(theirs):
        sentence = _("There are %(ours)d entries here and %(theirs)d on the page in %(language)s.")
        words = {"ours": len(ours), "theirs": len(theirs), "language": _language(other)}
        return [Finding(section, sentence % words, is_error=False)]
    fields = SAME.get(section)
    if fields is None:
        return []
    our_keys, their_keys = ([tuple(getattr(row, name) for name in fields) for row in rows] for rows in (ours, theirs))
    found = []
    if lacking := _left(theirs, their_keys, our_keys):
        sentence = _("The page in %(language)s has these entries and this one does not: %(rows)s.")
        found.append(Finding(section, sentence % _named(other, lacking), is_error=False))
    if extra := _left(ours, our_keys, their_keys):
        sentence = _("This page has these entries and the one in %(language)s does not: %(rows)s.")
        place = place_of("", ours.index(extra[0]))
        found.append(Finding(section, sentence % _named(other, extra), place, is_error=False))
    if not found and our_keys != their_keys and section != "sources":
        sentence = _("The entries stand in another order on the page in %(language)s.")
        first = next(number for number, pair in enumerate(zip(our_keys, their_keys, strict=True)) if pair[0] != pair[1])
        found.append(Finding(section, sentence % {"language": _language(other)}, place_of("", first), is_error=False))
    return found


def _left(rows, keys, others):
    """Return those rows whose key the others do not have, or not as often."""
    left, found = Counter(others), []
    for row, key in zip(rows, keys, strict=True):
        left[key] -= 1
        if left[key] < 0:
            found.append(row)
    return found


def _named(other, rows):
    names = [f"“{excerpt(str(row))}”" for row in rows[:MOST_NAMED]]
    if len(rows) > MOST_NAMED:
        names.append(_("%(number)d more") % {"number": len(rows) - MOST_NAMED})
    return {"language": _language(other), "rows": get_text_list(names, _("and"))}


def _unlike_numbers(content, other, section):
    """Yield the rows whose words name other numbers than the same row in the other language."""
    ours, theirs = _words_of_rows(content, section), _words_of_rows(other, section)
    for row, passages in ours.items():
        said = [" ".join(each.text for each in group) for group in (passages, theirs.get(row, ()))]
        if sentence := _other_numbers(*said, other):
            yield passages[-1].finding(sentence, is_error=False)


def _words_of_rows(content, section):
    found = {}
    for passage in content.passages:
        if passage.section == section:
            found.setdefault(passage.row, []).append(passage)
    return found


def _other_numbers(ours, theirs, other):
    """Return a sentence on the numbers that only one of two texts names, or ""."""
    here, there = _numbers(ours), _numbers(theirs)
    if here == there:
        return ""
    sentence = _("The numbers in the words differ from the page in %(language)s: %(here)s here, %(there)s there.")
    words = {"here": _listed(here - there), "there": _listed(there - here)}
    return sentence % {"language": _language(other), **words}


def _numbers(text):
    return {THOUSANDS.sub("", number).replace(",", ".") for number in NUMBER.findall(text)}


def _listed(numbers):
    named = sorted(numbers)
    return ", ".join(named[:MOST_NAMED]) + ("…" if len(named) > MOST_NAMED else "") or _("none")


CHECKS = (out_of_step,)
