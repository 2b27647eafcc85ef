"""A figure changed once for all pages that tell it: a draft on each of them, and nothing live before its sign-off."""

import itertools
import string
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from audit.models import Event
from clinic.refusals import Refused, Stale, Unfit
from procedures import facts
from procedures.chances import misfit
from procedures.models import State
from procedures.models.rows import Unit
from procedures.publishing.checks import check_change_facts
from procedures.publishing.drafts import open_draft, save_section
from procedures.publishing.moving import lock
from procedures.sections import section_named

FACT_CHANGED = "version.fact_changed"
SECTIONS = ("figures", "milestones", "risks")
MOST_NAMED = 10


@dataclass
class Wanted:
    """The figure as it is to be: numbers, unit, and sources as facts.Cited."""

    key: str
    low: object
    high: object
    unit: str
    sources: list


@dataclass
class Subject:
    """A procedure or a condition that tells the fact: the version of each page that is to be looked at or written.

    `keys` are those under which its pages name the sources that are wanted; `sources` tells each of them by its key: as
    it was given, and as pages name it in each language.
    """

    row: object
    versions: list = field(default_factory=list)
    keys: list = field(default_factory=list)
    sources: dict = field(default_factory=dict)


@transaction.atomic
def change_fact(*, fact_key, low, high, unit, sources, by, seen=None):
    """Write another figure into a draft of each page that tells this fact, and return the drafts.

    `low` and `high` are Decimals (`high` may be None), `sources` are facts.Cited. A draft that lies open is written on;
    other pages get one. Refused as a whole where a page that must change is in review or signed off: reviewers get what
    they were sent, and a fact that changes on some of its pages alone would contradict itself. `seen` is the
    `fingerprint()` of the fact that the person looked at; raises Stale when a page was published, or another figure
    written, since. What says so already is left alone, so a second press changes nothing.
    """
    check_change_facts(by=by)
    fact = _locked(fact_key)
    wanted = Wanted(fact_key, low, high, unit, list(sources))
    _check_figure(wanted, fact)
    if high in (None, low):
        # 5 alone is stored as 5, or as 5 to 5: as this fact is now, so that what is the same is not changed.
        wanted.high = None if all(use.high is None for use in fact.uses) else low
    subjects = _subjects(fact)
    _find_sources(wanted, subjects)
    to_write = [
        (subject, version)
        for subject in subjects
        for version in subject.versions
        if _is_to_write(wanted, subject, version)
    ]
    if not to_write:
        if not fact.coming:
            raise Unfit(_("This is what patients read already."), field="low")
        return [version for subject in subjects for version in subject.versions if version.state == State.DRAFT]
    if seen is not None and seen != fact.fingerprint():
        raise Stale(
            _("A page that tells this figure was published or changed while you had it open. Look at it, then decide.")
        )
    _check_can_be_written([version for _subject, version in to_write])
    return [_write(wanted, subject, version, by) for subject, version in to_write]


def _locked(key):
    fact = _known(key)
    subjects = _rows_of_subjects(fact)
    lock(subjects)
    fact = _known(key)
    if not set(_rows_of_subjects(fact)) <= set(subjects):
        raise Stale(_("A page that tells this figure was published while you had it open. Look at it, then decide."))
    return fact


def _known(key):
    fact = facts.one(key)
    if fact is None:
        raise Refused(_("Patients read this figure on no page."))
    return fact


def _rows_of_subjects(fact):
    """Return the procedures and conditions that tell the fact, or are about to."""
    told = {(use.kind, use.subject) for use in (*fact.uses, *fact.coming)}
    return [
        row
        for kind, model in facts.PAGES.items()
        for row in model._meta.get_field(kind).related_model.objects.filter(
            pk__in=[subject for each, subject in told if each == kind]
        )
    ]


def _check_figure(wanted, fact):
    if wanted.low is None:
        raise Unfit(_("Write the number."), field="low")
    if wanted.unit not in Unit:
        raise Unfit(_("Choose the unit."), field="unit")
    if wanted.high is not None and wanted.high < wanted.low:
        raise Unfit(_("The range must run from the lower to the higher number."), field="high")
    if not wanted.sources:
        raise Unfit(_("Say where the figure comes from: choose a source, or add one."), field="sources")
    for use in fact.uses:
        if use.section == "risks" and (sentence := misfit(wanted.low, wanted.high, wanted.unit)):
            raise Unfit(sentence % {"row": use.words}, field="unit")


def _subjects(fact):
    """Return the subjects with, of each of their pages that tells the fact, the open version, else the live one."""
    told = {use.where for use in (*fact.uses, *fact.coming)}
    found = []
    for row in _rows_of_subjects(fact):
        subject = Subject(row)
        for page in row.pages.select_related("live_version").order_by("pk"):
            if (page.kind, page.pk) in told:
                version = page.open_version() or page.live_version
                version.page = page
                subject.versions.append(version)
        found.append(subject)
    return found


def _find_sources(wanted, subjects):
    """Find, in each subject, the keys of the sources that are wanted, and which of them it has not got."""
    named = {}
    for subject in subjects:
        for version in subject.versions:
            # Live ones too: a draft may have lost a source that the other language still names.
            for each in filter(None, (version.page.live_version, version)):
                for source in each.sources.all():
                    cited = facts.Cited(source.title, source.publisher, source.url, source.read_on)
                    named.setdefault((subject.row, source.key), {})[version.page.language] = cited
    for subject in subjects:
        taken = {key for row, key in named if row == subject.row}
        free = (key for key in _keys() if key not in taken)
        rows = (row for version in subject.versions for _section, found in _rows(version, wanted.key) for row in found)
        used = {key for row in rows for key in row.sources}
        for source in wanted.sources:
            places = [
                place for place, said in named.items() if source.identity in {each.identity for each in said.values()}
            ]
            own = sorted((key for row, key in places if row == subject.row), key=lambda key: key not in used)
            key = own[0] if own else next(free)
            subject.keys.append(key)
            in_languages = {language: cited for place in places for language, cited in named[place].items()}
            subject.sources[key] = (source, in_languages)


def _keys():
    yield from string.ascii_lowercase
    yield from (f"s{number}" for number in itertools.count(1))


def _rows(version, key):
    for name in SECTIONS:
        section = section_named(version, name)
        if section is not None:
            yield section, [row for row in getattr(version, section.rows).all() if row.fact_key == key]


def _is_to_write(wanted, subject, version):
    has = set(version.sources.values_list("key", flat=True))
    rows = [row for _section, found in _rows(version, wanted.key) for row in found]
    return any(_changed_fields(wanted, subject, row) for row in rows) or (bool(rows) and not has >= set(subject.keys))


def _changed_fields(wanted, subject, row):
    changed = [name for name in ("low", "high", "unit") if getattr(row, name) != getattr(wanted, name)]
    return changed + (["sources"] if sorted(row.sources) != sorted(subject.keys) else [])


def _check_can_be_written(versions):
    blocked = [version for version in versions if version.state in (State.IN_REVIEW, State.SIGNED_OFF)]
    if blocked:
        names = ", ".join(
            gettext("%(page)s: %(state)s") % {"page": version.page, "state": version.get_state_display()}
            for version in blocked[:MOST_NAMED]
        )
        sentence = ngettext(
            "Nothing was changed, since a page that tells this figure is with the reviewers (%(names)s). "
            "Let it be published, or ask for changes on it, then change the figure.",
            "Nothing was changed, since %(count)d pages that tell this figure are with the reviewers (%(names)s). "
            "Let them be published, or ask for changes on them, then change the figure.",
            len(blocked),
        )
        raise Refused(sentence % {"count": len(blocked), "names": names})


def _write(wanted, subject, version, by):
    if version.state != State.DRAFT:
        version = open_draft(page=version.page, by=by)
    version = _with_sources(wanted, subject, version, by)
    fields = set()
    for section, rows in _rows(version, wanted.key):
        if rows:
            values = [_values(section, row) for row in getattr(version, section.rows).all()]
            for row in values:
                if row["fact_key"] == wanted.key:
                    row |= {"low": wanted.low, "high": wanted.high, "unit": wanted.unit, "sources": list(subject.keys)}
            fields |= {name for row in rows for name in _changed_fields(wanted, subject, row)}
            version = save_section(
                version=version, section=section, values=values, by=by, seen_revision=version.revision
            )
    Event.record(FACT_CHANGED, by=by, about=version, fact=wanted.key, fields=sorted(fields))
    return version


def _with_sources(wanted, subject, version, by):
    """Give a draft the sources that it lacks, in its own language where another page names them in it."""
    section = section_named(version, "sources")
    values = [_values(section, row) for row in version.sources.all()]
    has = {row["key"]: row for row in values}
    for key, (source, in_languages) in subject.sources.items():
        if key not in has:
            own = in_languages.get(version.page.language, source)
            said = {"title": own.title, "publisher": own.publisher, "url": own.url, "read_on": source.read_on}
            values.append({"key": key, **said})
        elif source.read_on and (has[key]["read_on"] is None or has[key]["read_on"] < source.read_on):
            # It was read again for this figure.
            has[key]["read_on"] = source.read_on
    if len(values) > section.most_rows:
        raise Refused(
            _("“%(page)s” has %(most)d sources, and no more fit. Take one away there first.")
            % {"page": version.page, "most": section.most_rows}
        )
    return save_section(version=version, section=section, values=values, by=by, seen_revision=version.revision)


def _values(section, row):
    return {name: getattr(row, name) for name in section.fields}
