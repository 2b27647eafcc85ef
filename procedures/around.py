"""What stands around a page: itself in the other languages, and the pages of what it treats or relates to."""

from dataclasses import dataclass, replace

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, Value
from django.urls import reverse
from django.utils.translation import override

from clinic.models import Location
from procedures.comparison import address_of, title_of
from procedures.models import ConditionPage, Procedure, ProcedurePage


@dataclass(frozen=True)
class Around:
    """Published pages around one, asked for in one query.

    `addresses` says where the page stands in each language; in a language that it does not have (`elsewhere`) that is
    the list of procedures. `cards` are the other pages in its own language, under "procedure" and "condition".
    """

    addresses: dict
    elsewhere: set
    cards: dict
    comparisons: list


def around_procedure(page, document):
    """Return what stands around a procedure's page: related procedures in the document's order, and conditions."""
    related = document["related"]
    procedures, conditions = ProcedurePage.objects.published(), ConditionPage.objects.published()
    itself = _selected(procedures.filter(procedure=page.procedure), "procedure", is_itself=True)
    others = procedures.filter(language=page.language, procedure__key__in=related)
    treated = conditions.filter(language=page.language, condition__procedures=page.procedure)
    rows = list(itself.union(_selected(others, "procedure"), _selected(treated, "condition")))
    around = _around(rows, order=related)
    return replace(around, comparisons=_comparisons(rows, page.language, related))


def around_condition(page):
    """Return what stands around a condition's page: the procedures that may help."""
    itself = _selected(ConditionPage.objects.published().filter(condition=page.condition), "condition", is_itself=True)
    procedures = ProcedurePage.objects.published().filter(language=page.language, procedure__conditions=page.condition)
    return _around(itself.union(_selected(procedures, "procedure")))


def card_of(page):
    """Return a page as a card of a list."""
    return _card(page.get_absolute_url(), page.plain_name, page.medical_name, page.summary)


def cards_of(pages):
    """Return the cards of pages named by (kind, id), in the order given; those that are withdrawn are left out."""
    ids = {subject: [pk for kind, pk in pages if kind == subject] for subject in ("procedure", "condition")}
    procedures = ProcedurePage.objects.published().filter(pk__in=ids["procedure"])
    conditions = ConditionPage.objects.published().filter(pk__in=ids["condition"])
    found = _selected(procedures, "procedure").union(_selected(conditions, "condition"))
    rows = {(row["kind"], row["id"]): row for row in found}
    return [_card_of_row(rows[page]) for page in pages if page in rows]


def places_of(procedure):
    """Return the places in use where a procedure is performed (`performs`) or patients are only examined for it."""
    performed, evaluated = Procedure.performed_at.through.objects, Procedure.evaluated_at.through.objects
    here = {"procedure": procedure, "location": OuterRef("pk")}
    places = Location.objects.filter(is_open=True).annotate(performs=Exists(performed.filter(**here)))
    return places.filter(Q(performs=True) | Exists(evaluated.filter(**here)))


def address_in(language, name, *args):
    """Return the path of a named address in a language."""
    with override(language):
        return reverse(name, args=args)


def addresses_about(page, name):
    """Return where an address about a page, such as its "feedback", stands in each language that the page has.

    The address is named "procedures:procedure_<name>" or "procedures:condition_<name>"; returns {language: path}.
    """
    pages = type(page).objects.published().filter(**{page.kind: page.subject})
    rows = pages.order_by().values_list("language", "slug")
    return {language: address_in(language, f"procedures:{page.kind}_{name}", slug) for language, slug in rows}


def _selected(pages, subject, *, is_itself=False):
    """Select the same columns from pages of either kind, so that they can come in one query."""
    return pages.order_by().values(
        "id",
        "language",
        "slug",
        "plain_name",
        "medical_name",
        "summary",
        kind=Value(subject),
        is_itself=Value(is_itself),
        place=F(f"{subject}__order"),
        key=F(f"{subject}__key"),
    )


def _around(rows, order=()):
    addresses = {code: address_in(code, "procedures:procedure_list") for code, _name in settings.LANGUAGES}
    around = Around(addresses, elsewhere=set(addresses), cards={"procedure": [], "condition": []}, comparisons=[])
    ranks = {key: rank for rank, key in enumerate(order)}
    for row in sorted(rows, key=lambda row: (ranks.get(row["key"], len(ranks)), row["place"], row["key"])):
        if row["is_itself"]:
            around.addresses[row["language"]] = _address_of(row)
            around.elsewhere.discard(row["language"])
        else:
            around.cards[row["kind"]].append(_card_of_row(row))
    return around


def _address_of(row):
    return address_in(row["language"], f"procedures:{row['kind']}", row["slug"])


def _card_of_row(row):
    return _card(_address_of(row), row["plain_name"], row["medical_name"], row["summary"])


def _comparisons(rows, language, order):
    """Return the ways to compare a procedure with each of `order` (keys): none while it is not published itself."""
    own = next((row for row in rows if row["is_itself"] and row["language"] == language), None)
    others = {row["key"]: row for row in rows if row["kind"] == "procedure" and not row["is_itself"]}
    pairs = [sorted((own, others[key]), key=_place) for key in order if own and key in others]
    return [
        {"url": address_of(*(row["slug"] for row in pair)), "text": title_of(*map(_short_name, pair))} for pair in pairs
    ]


def _place(row):
    return row["place"], row["key"]


def _short_name(row):
    return row["medical_name"] or row["plain_name"]


def _card(url, plain_name, medical_name, summary):
    return {"url": url, "title": plain_name, "other_name": medical_name, "text": summary}
