"""What an editor is told before a page may go to review: each finding is a sentence that says what to do."""

from collections import defaultdict
from dataclasses import dataclass

from django.utils.translation import gettext as _

from clinic.models import Urgency
from procedures.chances import misfit
from procedures.models import Milestone, Risk, State
from procedures.models.rows import Glance
from procedures.models.versions import UNPUBLISHED
from procedures.sections import section_named, sections_of

# How a restriction begins, by language; a further language is held to nothing until it is added here.
FORBIDDING_WORDS = {"en": ("Do not ", "No "), "es": ("No ",)}


@dataclass(frozen=True)
class Finding:
    """One thing to mend: the key of its section, and the sentence."""

    section: str
    sentence: str

    def __str__(self):
        return self.sentence


def errors(version):
    """Return the findings that stop a version from being reviewed (a fixed number of queries)."""
    rows = {
        section.key: list(getattr(version, section.rows).all()) for section in sections_of(version) if section.model
    }
    return [
        *_missing_names(version),
        *_figures_without_numbers(rows),
        *_risks_on_the_wrong_scale(rows),
        *_unknown_sources(rows),
        *_facts_without_source(rows),
        *_contradictions(rows),
        *_restrictions_that_do_not_forbid(version, rows),
        *_emergencies_without_action(rows),
        *_films_without_words(version),
    ]


def _missing_names(version):
    if not version.plain_name.strip():
        yield Finding("names", _("Write the plain name: what a patient would call it."))
    if not version.summary.strip():
        yield Finding("names", _("Write the summary: 1 or 2 sentences that say what it is."))


def _figures_without_numbers(rows):
    for figure in rows["figures"]:
        if figure.glance == Glance.ANAESTHESIA and figure.low is None:
            if not figure.note.strip() or figure.unit or figure.fact_key:
                sentence = _("Say “%(row)s” in its note, and give it no fact key and no unit.")
                yield Finding("figures", sentence % {"row": figure})
        elif figure.low is None or not figure.unit or not figure.fact_key:
            yield Finding("figures", _("Give “%(row)s” its number, its unit and its fact key.") % {"row": figure})
    for section in ("milestones", "risks"):
        for row in rows.get(section, ()):
            if row.low is None and (row.fact_key or row.unit):
                sentence = _("Give “%(row)s” its number, or take away its fact key and its unit.")
                yield Finding(section, sentence % {"row": row})


def _risks_on_the_wrong_scale(rows):
    for risk in rows.get("risks", ()):
        if risk.low is not None and (sentence := misfit(risk.low, risk.high, risk.unit)):
            yield Finding("risks", sentence % {"row": risk})


def _unknown_sources(rows):
    known = {source.key for source in rows["sources"]}
    for section, row in _sourced(rows):
        for key in sorted(set(row.sources) - known):
            sentence = _("“%(row)s” names the source “%(key)s”. Add it to the sources, or name another.")
            yield Finding(section, sentence % {"row": row, "key": key})


def _facts_without_source(rows):
    for section, row in _sourced(rows):
        is_fact = section in ("figures", "milestones") or getattr(row, "low", None) is not None
        if is_fact and not row.sources:
            yield Finding(section, _("Say where “%(row)s” comes from: name at least 1 source.") % {"row": row})


def _contradictions(rows):
    seen = defaultdict(set)
    for section, row in _sourced(rows):
        if getattr(row, "fact_key", ""):
            seen[row.fact_key].add((row.low, row.high, row.unit))
            if len(seen[row.fact_key]) == 2:
                sentence = _("“%(row)s” gives other numbers than another row with the fact key “%(key)s”.")
                yield Finding(section, sentence % {"row": row, "key": row.fact_key})


def _restrictions_that_do_not_forbid(version, rows):
    beginnings = FORBIDDING_WORDS.get(version.page.language, ("",))
    for row in rows.get("milestones", ()):
        if row.kind == Milestone.Kind.RESTRICTED and not row.text.startswith(beginnings):
            sentence = _("Begin “%(row)s” with “%(words)s”, so that nobody reads it as allowed.")
            yield Finding("milestones", sentence % {"row": row, "words": beginnings[0].strip()})


def _emergencies_without_action(rows):
    for sign in rows["warning_signs"]:
        if sign.urgency == Urgency.EMERGENCY and not sign.action.strip():
            yield Finding("warning_signs", _("Say what to do when “%(row)s”.") % {"row": sign})


def _films_without_words(version):
    if section_named(version, "media") is None:
        return
    for film in version.mediaitems.filter(file__content_type__startswith="video/"):
        if not film.transcript:
            yield Finding("media", _("Write the transcript of the film “%(row)s”.") % {"row": film})
        if film.captions_id is None:
            yield Finding("media", _("Add the captions of the film “%(row)s”: a WebVTT file.") % {"row": film})


def _sourced(rows):
    for section in ("figures", "milestones", "warning_signs", "risks"):
        for row in rows.get(section, ()):
            yield section, row


def risks_left_out(version):
    """Return the risks with a source that this version does not name, though others of its procedure do (1 query).

    Looked at are what patients read now and what is being written, in every language. Each is told once, in the
    version's own language where there are words for it. Leaving one out is allowed; whoever signs is told.
    """
    named = {risk.key for risk in version.risks.all()}
    others = Risk.objects.exclude(version=version).filter(version__page__procedure=version.page.procedure_id)
    others = others.filter(version__state__in=(*UNPUBLISHED, State.PUBLISHED)).select_related("version__page")
    found = {}
    for risk in others.order_by("order", "id"):
        if risk.sources and risk.key not in named and _is_closer(risk, found.get(risk.key), version.page):
            found[risk.key] = risk
    return list(found.values())


def _is_closer(risk, other, page):
    return other is None or (risk.version.page_id == page.pk and other.version.page_id != page.pk)
