"""What a procedure's page warns of, and what of it has changed from one published version to a later one.

Warning signs, who should not have it, and what not to do afterwards. Rows are paired as in `changes_since.py`; nothing
that two rows have in common (a key, the same words) hides one of them.
"""

import re
from collections import Counter
from dataclasses import dataclass
from html import unescape

from django.utils import translation
from django.utils.html import strip_tags
from django.utils.translation import gettext_lazy as _

from procedures.changes_since import Said, rules, signs
from procedures.models import Milestone, ProcedureVersion

# All that is read of a document here.
PARTS = ("language", "names", "text", "warning_signs", "milestones")
NOTHING = Said("")
END_OF_LINE = re.compile(r"</(?:p|li|h\d|tr|blockquote)>|<br\s*/?>")


@dataclass(frozen=True)
class SafetyChange:
    """One warning as it was and as it is now, in the words of the page; "" where there was, or is, none."""

    title: str
    old: str
    new: str


def documents_of(versions):
    """Return the PARTS of the documents of published versions, by primary key (1 query)."""
    rows = ProcedureVersion.objects.filter(pk__in=versions, document__isnull=False)
    rows = rows.values_list("pk", *(f"document__{part}" for part in PARTS))
    return {pk: dict(zip(PARTS, parts, strict=True)) for pk, *parts in rows}


def changes_of_safety(old, new):
    """Return the SafetyChanges from one document of a page to a later one, in the order of the page; [] for none."""
    with translation.override(new["language"]):
        return [
            SafetyChange(title, *words)
            for title, say in KINDS.items()
            for words in _changed(_by_key(say(old)), _by_key(say(new)))
        ]


def _by_key(rows):
    """Return rows by their key and how often it came before: no row takes the place of another."""
    seen, found = Counter(), {}
    for key, said in rows:
        found[key, seen[key]] = said
        seen[key] += 1
    return found


def _changed(old, new):
    """Yield (old words, new words) of each row that is not the same in both; a new key alone changes nothing."""
    pairs = [(old.get(key, NOTHING), new.get(key, NOTHING)) for key in dict.fromkeys([*old, *new])]
    went = {before for before, after in pairs if after == NOTHING}
    stayed = went & {after for before, after in pairs if before == NOTHING}
    for before, after in pairs:
        if before != after and not {before, after} & stayed:
            yield _in_words(before, after), _in_words(after, before)


def _in_words(said, other):
    return said.words if said.detail in ("", other.detail) else f"{said.words} ({said.detail})"


def _who_should_not(document):
    if html := document["text"].get("who_should_not", ""):
        lines = unescape(strip_tags(END_OF_LINE.sub("\n", html))).splitlines()
        yield "", Said("\n".join(filter(None, (" ".join(line.split()) for line in lines))))


KINDS = {
    _("Who should not have it"): _who_should_not,
    _("What not to do"): rules(Milestone.Kind.RESTRICTED),
    _("Warning signs"): signs,
}
