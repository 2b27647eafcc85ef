"""Facts that another page tells with other numbers: readers who compare two pages would trust neither."""

from django.db.models import CharField, Exists, F, OuterRef, Value
from django.utils.translation import gettext as _

from procedures import wording
from procedures.content_checks.content import Finding, place_of
from procedures.models import ConditionFigure, ConditionPage, Figure, Milestone, ProcedurePage, Risk, State
from procedures.models.rows import Unit
from procedures.models.versions import UNPUBLISHED

MODELS = {Figure: "procedure", Milestone: "procedure", Risk: "procedure", ConditionFigure: "condition"}
PAGES = {"procedure": ProcedurePage, "condition": ConditionPage}


def contradictions_with_other_pages(content):
    """Find facts that a live page of another subject, or this one in another language, tells with other numbers.

    It is an error, but where that would keep both pages from being mended: the other page is being given these very
    numbers, or is about to tell the fact no more, or is this page in another language, which publishing holds to the
    same figures.
    """
    ours = _facts(content)
    others = _others(content.version, set(ours)) if ours else []
    coming = {(row["fact_key"], *_where(row), *_numbers(row)) for row in others if row["state"] != State.PUBLISHED}
    telling = {(row["fact_key"], _where(row)) for row in others if row["state"] != State.PUBLISHED}
    told = set()
    for row in others:
        key, where = row["fact_key"], _where(row)
        if row["state"] != State.PUBLISHED or (key, where) in told:
            continue
        section, number, our_row = ours[key]
        our_numbers = our_row.low, our_row.high if our_row.high is not None else our_row.low, our_row.unit
        if _numbers(row) == our_numbers:
            continue
        told.add((key, where))
        kind, subject, _language, name = where
        is_same = (kind, subject) == (content.version.page.kind, content.version.page.subject.pk)
        sentence = _("“%(row)s” says %(ours)s here, and %(theirs)s on the page “%(page)s” (fact key “%(key)s”).")
        words = {"row": our_row, "ours": _said(*our_numbers), "theirs": _said(*_numbers(row)), "page": name, "key": key}
        is_coming = (key, *where, *our_numbers) in coming
        is_leaving = row["is_changing"] and (key, where) not in telling
        is_error = not (is_same or is_coming or is_leaving)
        yield Finding(section, sentence % words, place_of("low", number), is_error=is_error)


def _facts(content):
    """Return {fact key: (section, number of the row, row)} of the facts that the version tells."""
    found = {}
    for section in ("figures", "milestones", "risks"):
        for number, row in enumerate(content.rows.get(section, ())):
            if row.fact_key and row.low is not None:
                found.setdefault(row.fact_key, (section, number, row))
    return found


def _others(version, keys):
    """Return the rows with these fact keys that other pages tell, or are about to (1 query)."""
    found = []
    for model, kind in MODELS.items():
        versions = PAGES[kind]._meta.get_field("versions").related_model.objects
        open_ones = versions.filter(page=OuterRef("version__page"), state__in=UNPUBLISHED)
        rows = model.objects.filter(fact_key__in=keys, version__state__in=(State.PUBLISHED, *UNPUBLISHED))
        rows = rows.exclude(version__page=version.page_id) if kind == version.page.kind else rows
        found.append(
            rows.order_by().values(
                "fact_key",
                "low",
                "high",
                "unit",
                state=F("version__state"),
                subject=F(f"version__page__{kind}"),
                language=F("version__page__language"),
                page_name=F("version__page__plain_name"),
                about=Value(kind, output_field=CharField()),
                is_changing=Exists(open_ones),
            )
        )
    first, *rest = found
    return sorted(
        first.filter(low__isnull=False).union(*(rows.filter(low__isnull=False) for rows in rest)),
        key=lambda row: (row["fact_key"], row["page_name"], row["language"]),
    )


def _where(row):
    return row["about"], row["subject"], row["language"], row["page_name"]


def _numbers(row):
    return row["low"], row["high"] if row["high"] is not None else row["low"], row["unit"]


def _said(low, high, unit):
    return wording.figure(low, high, unit) if unit in Unit else f"{low}–{high}"


def names_of_other_pages(content):
    """Advise against a name that another live page of this language has (2 queries)."""
    page = content.version.page
    for kind, model in PAGES.items():
        pages = model.objects.published().filter(language=page.language, plain_name__iexact=content.version.plain_name)
        pages = pages.exclude(**{kind: page.subject}) if kind == page.kind else pages
        if content.version.plain_name.strip() and (other := pages.order_by("pk").first()):
            sentence = _("Another page is named “%(name)s” too (%(address)s). Readers cannot tell them apart.")
            words = {"name": other.plain_name, "address": other.slug}
            yield Finding("names", sentence % words, place_of("plain_name"), is_error=False)


CHECKS = (contradictions_with_other_pages,)
ADVISING = (names_of_other_pages,)
