"""How a text is built: the order of its headings, pictures that do not belong into it, and what was left over."""

import re

from django.utils.translation import gettext as _

from procedures.content_checks.content import Finding, excerpt, place_of

# The page sets these texts under a heading 2; every other text stands under a heading 3 of its own.
UNDER_HEADING_2 = {"aim", "what_it_is", "symptoms", "causes", "diagnosis", "treatments", "when_to_seek_help", "answer"}
LAST_LEVEL = 4
# In Spanish "todo" is a word, so there it is a note only with a colon.
LEFTOVERS = {
    "en": re.compile(r"\b(?:TODO|FIXME|TBD|TKTK|X{3,})\b|\[(?:…|\.{2,})\]|\?{3}|(?i:lorem ipsum)"),
    "es": re.compile(r"\b(?:TODO:|FIXME\b|TBD\b|X{3,}\b)|\[(?:…|\.{2,})\]|\?{3}|(?i:lorem ipsum)"),
}


def headings_out_of_order(content):
    """Find headings that rank above the page's own, jump a level, or say nothing."""
    for passage in content.passages:
        if passage.is_markdown:
            found = _heading_out_of_order(passage)
            if found:
                yield passage.finding(found)


def _heading_out_of_order(passage):
    """Return a sentence on the first heading of a text that is wrong, or ""."""
    first = 3 if passage.field in UNDER_HEADING_2 else LAST_LEVEL
    lowest = first
    for block in passage.blocks:
        if not block.level:
            continue
        if not block.text.strip():
            return _("A heading is empty. Give it words, or take its # signs away.")
        if not first <= block.level <= min(lowest, LAST_LEVEL):
            sentence = _("Begin the heading “%(heading)s” with %(marks)s: here it stands too high or too low.")
            return sentence % {"heading": excerpt(block.text), "marks": "#" * min(max(block.level, first), lowest, 4)}
        lowest = block.level + 1
    return ""


def pictures_in_the_text(content):
    """Find pictures that were written into a text, where nobody asks what they show."""
    for passage in content.passages:
        if any(block.has_picture for block in passage.blocks):
            yield passage.finding(_("A picture cannot stand in a text. Add it under “Pictures and films”."))


def leftovers(content):
    """Find notes to oneself and filling that were left standing."""
    pattern = LEFTOVERS.get(content.language, LEFTOVERS["en"])
    for passage in content.passages:
        if match := pattern.search(passage.text):
            yield passage.finding(_left(match))
    for number, source in enumerate(content.rows["sources"]):
        for field in ("title", "publisher"):
            if match := pattern.search(getattr(source, field)):
                yield Finding("sources", _left(match), place_of(field, number))


def _left(match):
    return _("“%(words)s” was left over. Write what belongs there.") % {"words": match[0]}


CHECKS = (headings_out_of_order, pictures_in_the_text, leftovers)
