"""Two procedures side by side: which two an address names, and the rows of their comparison.

The rows are made from the two frozen documents, so that a comparison says what the procedures' own pages say.
"""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from procedures import wording
from procedures.anatomy import content_of, review_of
from procedures.chances import chance
from procedures.models import ProcedurePage, ProcedureVersion
from procedures.models.procedures import Risk
from procedures.models.rows import Glance

IS_IT_FOR_YOU = {
    "who_may_benefit": _("Who it may help"),
    "who_should_not": _("Who should not have it"),
    "timing": _("When it works best"),
}
ON_THE_DAY = {"anaesthesia": _("Your anesthetic"), "setting": _("Where you have it")}
# A figure of this kind may be the time to wait before, too.
GLANCE_TITLES = {Glance.TIMING: _("Timing"), Glance.OTHER: _("Other figures")}


@dataclass(frozen=True)
class Row:
    """A question that is answered for both.

    A cell of `cells` holds what is known of `html` (frozen), `facts` ({value, label, note} each), `steps` (words),
    `days` (as the timeline has them), `places`, `checked_on` and `was_due` (dates); `is_empty` where the procedure's
    own page says nothing of it.
    """

    title: str
    cells: list


@dataclass(frozen=True)
class Group:
    """Rows under one heading; `advice` is how to read them."""

    id: str
    title: str
    rows: list
    advice: str = ""


@dataclass(frozen=True)
class Pair:
    """The published pages that two slugs name: those in the reader's language, two or fewer, and both slugs in each
    language that has both.
    """

    pages: list
    slugs: dict


def title_of(first, second):
    """Return the heading of a comparison, from two names."""
    return gettext("Compare %(first)s and %(second)s") % {"first": first, "second": second}


def address_of(first, second):
    """Return the path of the comparison of two slugs, in the language that is active."""
    return reverse("procedures:compare", args=[first, second])


def find_pair(slugs, language):
    """Return the Pair that two slugs of any language name, in the order of the clinic's list (one query)."""
    named = ProcedurePage.objects.published().filter(slug__in=slugs)
    pages = list(
        ProcedurePage.objects.published()
        .filter(procedure__in=named.values("procedure"))
        .select_related("procedure")
        .only("slug", "language", "plain_name", "medical_name", "live_version_id", "procedure__key")
    )
    wanted = {_procedure_named(slug, pages, language) for slug in slugs} - {None}
    groups = {}
    for page in pages:
        if page.procedure in wanted:
            groups.setdefault(page.language, []).append(page)
    both = {code: [page.slug for page in group] for code, group in groups.items() if len(group) == len(slugs)}
    return Pair(groups.get(language, []), both)


def _procedure_named(slug, pages, language):
    """Return the procedure of this slug; a slug of the reader's own language goes before the same of another."""
    own_first = sorted(pages, key=lambda page: page.language != language)
    return next((page.procedure for page in own_first if page.slug == slug), None)


def documents_of(pages):
    """Return the published documents of pages, in their order (one query)."""
    versions = ProcedureVersion.objects.in_bulk([page.live_version_id for page in pages])
    return [versions[page.live_version_id].document for page in pages]


def compare(documents, places):
    """Return the Groups that compare two documents; `places` are each one's locations, as the pages show them."""
    contents = [content_of(document) for document in documents]
    reviews = [review_of(document) for document in documents]
    groups = [
        Group("at-a-glance", _("At a glance"), _glances(documents)),
        Group("what-it-is-for", _("What it is for"), _texts(contents, {"aim": _("What it is for")})),
        Group("is-it-for-you", _("Is it for you?"), _texts(contents, IS_IT_FOR_YOU)),
        Group("on-the-day", _("On the day"), [*_texts(contents, ON_THE_DAY), *_steps(documents)]),
        Group(
            "recovery",
            _("Your recovery"),
            _recovery(contents),
            _("Day 0 is the day of your procedure. If your own team tells you something else, follow your team."),
        ),
        Group("risks", _("Risks"), _risks(documents), _("A risk that a page does not name may still happen. Ask us.")),
        Group("where", _("Where"), _where(places)),
        Group("checks", _("How current this is"), [Row(_("Last checked"), [_checked(review) for review in reviews])]),
    ]
    return [group for group in groups if group.rows]


def _glances(documents):
    titles = {glance: GLANCE_TITLES.get(glance, capfirst(glance.label)) for glance in Glance}
    return _answered(
        (title, [_cell(facts=_figures(document, glance, title)) for document in documents])
        for glance, title in titles.items()
    )


def _figures(document, glance, title):
    """Return the figures of one kind; a label that only says the title again is left out."""
    rows = [row for row in document["figures"] if row["glance"] == glance]
    return [
        {
            "label": "" if row["label"] == title else row["label"],
            "value": "" if row["low"] is None else wording.figure(row["low"], row["high"], row["unit"], glance),
            "note": row["note"],
        }
        for row in rows
    ]


def _texts(contents, titles):
    return _answered((title, [_cell(html=content.get(name)) for content in contents]) for name, title in titles.items())


def _steps(documents):
    return _answered(
        [(_("Step by step"), [_cell(steps=[row["label"] for row in each["steps"]]) for each in documents])]
    )


def _recovery(contents):
    titles = {"restricted": _("Do not"), "allowed": _("You may")}
    return _answered((title, [_cell(days=content[name]) for content in contents]) for name, title in titles.items())


def _risks(documents):
    """Return a row a risk, by its key: those of this procedure first, then those of any."""
    named = [{risk["key"]: risk for risk in document["risks"]} for document in documents]
    every = sorted((risk for risks in named for risk in risks.values()), key=_is_general)
    names = {risk["key"]: risk["name"] for risk in reversed(every)}
    return _answered(
        (names[key], [_cell(facts=[_risk(risks[key], names[key])] if key in risks else []) for risks in named])
        for key in dict.fromkeys(risk["key"] for risk in every)
    )


def _is_general(risk):
    return risk["scope"] == Risk.Scope.GENERAL


def _risk(risk, name):
    figure = "" if risk["low"] is None else chance(risk["low"], risk["high"], risk["unit"]).often
    how_often = ": ".join(filter(None, [risk["how_often"], figure])) or gettext("Our sources give no figure.")
    return {"label": "" if risk["name"] == name else risk["name"], "value": how_often, "note": risk["text"]}


def _where(places):
    performed = [[place for place in own if place.performs] for own in places]
    evaluated = [[place for place in own if not place.performs] for own in places]
    rows = ((_("Where we do it"), performed), (_("Where we only examine you"), evaluated))
    return _answered((title, [_cell(places=own) for own in each]) for title, each in rows)


def _checked(review):
    return _cell(checked_on=review["on"], was_due=review["was_due"])


def _cell(**what):
    return what | {"is_empty": not any(what.values())}


def _answered(rows):
    """Return the rows, (title, cells) each, that at least one of the two answers."""
    return [Row(title, cells) for title, cells in rows if not all(cell["is_empty"] for cell in cells)]
