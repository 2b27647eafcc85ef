"""The rows of a version: figures with their number, unit and source, risks on their scale, signs with what to do."""

from collections import defaultdict

from django.utils.translation import gettext as _

from clinic.models import Urgency
from procedures.chances import misfit
from procedures.content_checks.content import Finding, place_of
from procedures.models import Milestone, Risk, State
from procedures.models.rows import Glance
from procedures.models.versions import UNPUBLISHED

# How a restriction begins, by language; a further language is held to nothing until it is added here.
FORBIDDING_WORDS = {"en": ("Do not ", "No "), "es": ("No ",)}
SOURCED = ("figures", "milestones", "warning_signs", "risks")
# What two rows of a section must not share, or readers could not tell them apart. A sign may matter before and after.
NAMES_OF_ROWS = {"figures": "label", "risks": "name", "questions": "question"}


def figures_without_numbers(content):
    """Find figures that lack a number, a unit or a fact key, and rows that have these without a number."""
    for number, figure in enumerate(content.rows["figures"]):
        if figure.glance == Glance.ANAESTHESIA and figure.low is None:
            if not figure.note.strip() or figure.unit or figure.fact_key:
                sentence = _("Say “%(row)s” in its note, and give it no fact key and no unit.")
                yield Finding("figures", sentence % {"row": figure}, place_of("note", number))
        elif figure.low is None or not figure.unit or not figure.fact_key:
            sentence = _("Give “%(row)s” its number, its unit and its fact key.")
            yield Finding("figures", sentence % {"row": figure}, place_of("fact_key", number))
    for section in ("milestones", "risks"):
        for number, row in enumerate(content.rows.get(section, ())):
            if row.low is None and (row.fact_key or row.unit):
                sentence = _("Give “%(row)s” its number, or take away its fact key and its unit.")
                yield Finding(section, sentence % {"row": row}, place_of("low", number))


def risks_on_the_wrong_scale(content):
    """Find risks that are not counted of 100 people where they are common, and of 1,000 where they are rare."""
    for number, risk in enumerate(content.rows.get("risks", ())):
        if risk.low is not None and (sentence := misfit(risk.low, risk.high, risk.unit)):
            yield Finding("risks", sentence % {"row": risk}, place_of("unit", number))


def unknown_sources(content):
    """Find rows that name a source which is not among the sources."""
    known = {source.key for source in content.rows["sources"]}
    for section, number, row in _sourced(content):
        for key in sorted(set(row.sources) - known):
            sentence = _("“%(row)s” names the source “%(key)s”. Add it to the sources, or name another.")
            yield Finding(section, sentence % {"row": row, "key": key}, place_of("sources", number))


def facts_without_source(content):
    """Find figures, milestones and counted risks that no source stands behind."""
    for section, number, row in _sourced(content):
        is_fact = section in ("figures", "milestones") or getattr(row, "low", None) is not None
        if is_fact and not row.sources:
            sentence = _("Say where “%(row)s” comes from: name at least 1 source.")
            yield Finding(section, sentence % {"row": row}, place_of("sources", number))


def contradictions(content):
    """Find facts that the page tells twice with other numbers."""
    seen = defaultdict(set)
    for section, number, row in _sourced(content):
        if getattr(row, "fact_key", ""):
            seen[row.fact_key].add((row.low, row.high, row.unit))
            if len(seen[row.fact_key]) == 2:
                sentence = _("“%(row)s” gives other numbers than another row with the fact key “%(key)s”.")
                yield Finding(section, sentence % {"row": row, "key": row.fact_key}, place_of("low", number))


def restrictions_that_do_not_forbid(content):
    """Find restrictions that somebody in a hurry could read as allowed."""
    beginnings = FORBIDDING_WORDS.get(content.language, ("",))
    for number, row in enumerate(content.rows.get("milestones", ())):
        if row.kind == Milestone.Kind.RESTRICTED and not row.text.startswith(beginnings):
            sentence = _("Begin “%(row)s” with “%(words)s”, so that nobody reads it as allowed.")
            words = {"row": row, "words": beginnings[0].strip()}
            yield Finding("milestones", sentence % words, place_of("text", number))


def emergencies_without_action(content):
    """Find emergencies that do not say what to do."""
    for number, sign in enumerate(content.rows["warning_signs"]):
        if sign.urgency == Urgency.EMERGENCY and not sign.action.strip():
            sentence = _("Say what to do when “%(row)s”.")
            yield Finding("warning_signs", sentence % {"row": sign}, place_of("action", number))


def films_without_words(content):
    """Find films that those who cannot hear or see them get nothing from."""
    for number, film in enumerate(content.rows.get("media", ())):
        if not film.file.content_type.startswith("video/"):
            continue
        if not film.transcript:
            sentence = _("Write the transcript of the film “%(row)s”.")
            yield Finding("media", sentence % {"row": film}, place_of("transcript", number))
        if film.captions_id is None:
            sentence = _("Add the captions of the film “%(row)s”: a WebVTT file.")
            yield Finding("media", sentence % {"row": film}, place_of("", number))


def double_names(content):
    """Find rows of a section that have the same name: readers cannot tell them apart."""
    for section, field in NAMES_OF_ROWS.items():
        seen = set()
        for number, row in enumerate(content.rows.get(section, ())):
            name = " ".join(getattr(row, field).casefold().split())
            if name in seen:
                sentence = _("“%(row)s” is there twice. Take one away, or name each for what it is.")
                yield Finding(section, sentence % {"row": row}, place_of(field, number))
            seen.add(name)


CHECKS = (
    figures_without_numbers,
    risks_on_the_wrong_scale,
    unknown_sources,
    facts_without_source,
    contradictions,
    restrictions_that_do_not_forbid,
    emergencies_without_action,
    films_without_words,
    double_names,
)


def _sourced(content):
    for section in SOURCED:
        for number, row in enumerate(content.rows.get(section, ())):
            yield section, number, row


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
