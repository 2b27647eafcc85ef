"""The fact ledger: every figure that patients read, by its fact key, whichever page, language and section it stands in.

A fact is told by key figures, recovery milestones and risks. All of them are read at once, of any number of pages.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from itertools import groupby

from django.db.models import CharField, F, Value
from django.utils import timezone

from procedures import wording
from procedures.languages import leading
from procedures.models import (
    ConditionFigure,
    ConditionPage,
    ConditionSource,
    ConditionVersion,
    Figure,
    Milestone,
    ProcedurePage,
    ProcedureVersion,
    Risk,
    Source,
    State,
)
from procedures.models.rows import Unit
from procedures.models.versions import UNPUBLISHED

VERSIONS = {"procedure": ProcedureVersion, "condition": ConditionVersion}
PAGES = {"procedure": ProcedurePage, "condition": ConditionPage}
SOURCES = {"procedure": Source, "condition": ConditionSource}
# Where a fact may stand: its rows, the kind of page, the section, and what names the row there.
PLACES = (
    (Figure, "procedure", "figures", "label"),
    (Milestone, "procedure", "milestones", "text"),
    (Risk, "procedure", "risks", "name"),
    (ConditionFigure, "condition", "figures", "label"),
)
OLD = timedelta(days=2 * 365)


@dataclass(frozen=True)
class Use:
    """One row that tells a fact: where it stands, what it says, and how far its version is."""

    row: int
    fact_key: str
    low: object
    high: object
    unit: str
    sources: list
    kind: str
    section: str
    words: str
    version: int
    number: int
    state: str
    published_at: object
    signer: str
    signed_on: object
    page: int
    subject: int
    language: str
    name: str

    @property
    def numbers(self):
        """What two uses of a fact must agree in."""
        return numbers(self.low, self.high, self.unit)

    @property
    def said(self):
        """The numbers in words."""
        return said(*self.numbers)

    @property
    def where(self):
        """What tells its page from others."""
        return self.kind, self.page


@dataclass(frozen=True)
class Cited:
    """A source as a page names it."""

    title: str
    publisher: str
    url: str
    read_on: object

    @property
    def identity(self):
        """What makes it the same source on another page, and in another language."""
        return self.title.strip().casefold(), self.url

    @property
    def is_old(self):
        """Whether it was read too long ago; a source without a day was."""
        return self.read_on is None or self.read_on < timezone.localdate() - OLD


@dataclass
class Fact:
    """A fact with all that patients read of it. `coming` are rows of open versions that say something else."""

    key: str
    uses: list
    languages_lacking: list = field(default_factory=list)
    cited: list = field(default_factory=list)
    coming: list = field(default_factory=list)
    has_old_source: bool = False

    @property
    def numbers(self):
        """The different numbers that patients read of it, most used first."""
        found = [use.numbers for use in self.uses]
        return sorted(set(found), key=lambda each: (-found.count(each), str(each)))

    @property
    def said(self):
        """Those numbers in words."""
        return [said(*each) for each in self.numbers]

    @property
    def is_contradicted(self):
        """Whether patients read other numbers, or another unit, elsewhere."""
        return len(self.numbers) > 1

    @property
    def pages(self):
        """What tells the pages apart on which patients read it."""
        return {use.where for use in self.uses}

    @property
    def brought(self):
        """The rows of open versions that change it; a new page that tells it as it is changes nothing."""
        return [use for use in self.coming if use.where in self.pages or use.numbers not in self.numbers]

    def changing(self):
        """Return, for each figure that open versions bring: its words, how many pages say so, and of how many."""
        concerned = len(self.pages | {use.where for use in self.brought})
        return [
            {
                "said": said(*each),
                "live": len({use.where for use in self.uses if use.numbers == each}),
                "pages": concerned,
            }
            for each in dict.fromkeys(use.numbers for use in self.brought)
        ]

    @property
    def signed(self):
        """Who signed it, and when, newest first."""
        found = {(use.signed_on, use.signer) for use in self.uses}
        return [{"name": name, "day": day} for day, name in sorted(found, key=str, reverse=True)]

    def fingerprint(self):
        """Return what a form carries, to notice that a page was published or a draft written meanwhile."""
        seen = sorted(
            (use.kind, use.version, use.section, use.state, *map(str, use.numbers), *use.sources)
            for use in (*self.uses, *self.coming)
        )
        return sha256(repr(seen).encode()).hexdigest()[:20]


def numbers(low, high, unit):
    """Return numbers and unit as they are compared: 5 alone is 5 to 5."""
    return low.normalize(), (low if high is None else high).normalize(), unit


def said(low, high, unit):
    """Return numbers in words, in the active language."""
    return wording.figure(low, high, unit) if unit in Unit else f"{low:f}–{high:f}"


def rows(*, user=None, **where):
    """Return a Use for each row that gives numbers to a fact key, of the versions that `where` filters (1 query).

    `user` is who looks; None stands for a command. `where` names fields of the rows.
    """
    found = None
    for model, kind, section, words in PLACES:
        each = model.objects.filter(low__isnull=False, **where).exclude(fact_key="")
        if user is not None:
            each = each.filter(version__in=VERSIONS[kind].objects.visible_to(user))
        each = each.order_by().values_list(
            "pk",
            "fact_key",
            "low",
            "high",
            "unit",
            "sources",
            Value(kind, output_field=CharField()),
            Value(section, output_field=CharField()),
            F(words),
            "version_id",
            "version__number",
            "version__state",
            "version__published_at",
            "version__reviewed_by__name",
            "version__reviewed_on",
            "version__page_id",
            f"version__page__{kind}_id",
            "version__page__language",
            F("version__plain_name"),
        )
        found = each if found is None else found.union(each, all=True)
    return [Use(*row) for row in found]


def ledger(user, *, search="", only=""):
    """Return the live Facts that `search` and `only` ("contradictions", "old") leave; contradictions first.

    They have no sources and nothing of what is coming yet (`fill_in`). Takes 5 queries, however many there are.
    """
    by_key = defaultdict(list)
    for use in rows(user=user, version__state=State.PUBLISHED):
        by_key[use.fact_key].append(use)
    languages, old = _languages_on_the_site(), _old_sources()
    found = [
        Fact(
            key,
            _sorted(uses),
            languages_lacking=_lacking(uses, languages),
            has_old_source=any((use.kind, use.version, source) in old for use in uses for source in use.sources),
        )
        for key, uses in by_key.items()
        if _matches(key, uses, search)
    ]
    if only == "contradictions":
        found = [fact for fact in found if fact.is_contradicted]
    elif only == "old":
        found = [fact for fact in found if fact.has_old_source]
    return sorted(found, key=lambda fact: (not fact.is_contradicted, fact.key))


def fill_in(found, user):
    """Give facts (a screenful) their sources and what is being changed of them (2 queries)."""
    cited = _cited({(use.kind, use.version) for fact in found for use in fact.uses})
    coming = defaultdict(list)
    live = {(use.where, use.fact_key, use.section): use.numbers for fact in found for use in fact.uses}
    keys = [fact.key for fact in found]
    for use in rows(user=user, version__state__in=UNPUBLISHED, fact_key__in=keys):
        if live.get((use.where, use.fact_key, use.section)) != use.numbers:
            coming[use.fact_key].append(use)
    for fact in found:
        fact.coming = _sorted(coming[fact.key])
        fact.cited = _once(fact.uses, cited)
    return found


def one(key, user=None):
    """Return the Fact with this key as patients read it now, filled in; None where no live page tells it."""
    uses = rows(user=user, version__state=State.PUBLISHED, fact_key=key)
    if not uses:
        return None
    fact = Fact(key, _sorted(uses), languages_lacking=_lacking(uses, _languages_on_the_site()))
    fill_in([fact], user)
    fact.has_old_source = any(source.is_old for source in fact.cited)
    return fact


@dataclass(frozen=True)
class Told:
    """From when on patients read some numbers of a fact, and on which pages (Uses)."""

    since: object
    said: str
    uses: list


def history(key, user):
    """Return what patients have read of a fact, newest first: one Told for each time it came or changed (1 query)."""
    told = rows(user=user, version__published_at__isnull=False, fact_key=key)
    told.sort(key=lambda use: (use.published_at, use.kind, use.page))
    last, changed = {}, []
    for use in told:
        place = (use.where, use.section)
        if last.get(place) != use.numbers:
            changed.append(use)
        last[place] = use.numbers
    groups = groupby(changed, key=lambda use: (use.published_at.replace(second=0, microsecond=0), use.numbers))
    found = [Told(moment, said(*values), list(uses)) for (moment, values), uses in groups]
    return found[::-1]


def _sorted(uses):
    first = leading()
    return sorted(uses, key=lambda use: (use.kind, use.subject, use.language != first, use.language, use.section))


def _matches(key, uses, search):
    words = search.casefold().split()
    if not words:
        return True
    text = " ".join([key, *(f"{use.words} {use.name}" for use in uses)]).casefold()
    return all(word in text for word in words)


def _languages_on_the_site():
    found = defaultdict(set)
    for kind, model in PAGES.items():
        for subject, language in model.objects.published().order_by().values_list(f"{kind}_id", "language"):
            found[kind, subject].add(language)
    return found


def _lacking(uses, languages):
    """Return (a use, the language without it) where patients read a page in a language that does not tell the fact."""
    told = defaultdict(set)
    first = {}
    for use in uses:
        told[use.kind, use.subject].add(use.language)
        first.setdefault((use.kind, use.subject), use)
    return [(first[subject], language) for subject in told for language in sorted(languages[subject] - told[subject])]


def _old_sources():
    found = set()
    for kind, model in SOURCES.items():
        before = timezone.localdate() - OLD
        named = model.objects.filter(version__state=State.PUBLISHED, read_on__lt=before)
        named = named | model.objects.filter(version__state=State.PUBLISHED, read_on=None)
        found |= {(kind, *row) for row in named.order_by().values_list("version_id", "key")}
    return found


def _once(uses, cited):
    """Return each source of some uses once: a key names the same source in every language of a page."""
    seen, found = set(), {}
    for use in sorted(uses, key=lambda use: use.language != leading()):
        for key in use.sources:
            source = cited.get((use.kind, use.version, key))
            if source is not None and (use.kind, use.subject, key) not in seen:
                seen.add((use.kind, use.subject, key))
                other = found.setdefault(source.identity, source)
                if str(source.read_on or "") > str(other.read_on or ""):
                    found[source.identity] = source
    return sorted(found.values(), key=lambda source: source.title)


def _cited(versions):
    found = {}
    for kind, model in SOURCES.items():
        named = model.objects.filter(version__in=[pk for each, pk in versions if each == kind])
        for version, key, *rest in named.order_by().values_list("version_id", "key", *Cited.__annotations__):
            found[kind, version, key] = Cited(*rest)
    return found
