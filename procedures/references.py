"""What refers to a page, for whoever is about to take it off the site: texts, lists and leaflets, never patients.

Rooms above this one have texts too that may lead to a page; they fill in a register (`register`), and tell the names of
those texts alone.
"""

import re
from dataclasses import dataclass, field

from django.db.models import Q
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from clinic.models import Clinician, Location
from procedures.desk_addresses import admin_url
from procedures.models import (
    ConditionPage,
    ConditionQuestion,
    ConditionVersion,
    Leaflet,
    MediaItem,
    ProcedurePage,
    ProcedureVersion,
    Question,
    State,
)
from procedures.models.versions import UNPUBLISHED

# So many of one kind are named; a page has had so many addresses at most that are looked for.
MOST_NAMED, MOST_SLUGS = 50, 20
READ_OR_WRITTEN = (*UNPUBLISHED, State.PUBLISHED)

_register = {}


def register(title, find):
    """Have texts of another room looked through: `find(address)` yields the names of those that lead to an Address."""
    _register[title] = find


@dataclass(frozen=True)
class Address:
    """The addresses of a page in its language, of now and before."""

    kind: str
    slugs: tuple

    def where(self, *fields):
        """Return the Q of rows in whose text fields one of the slugs stands; `stands_in` then looks closely."""
        found = Q(pk__in=())
        for name in fields:
            for slug in self.slugs:
                found |= Q(**{f"{name}__icontains": slug})
        return found

    def stands_in(self, text):
        """Say whether a text links to the page: by its path, or from a page beside it."""
        slugs = "|".join(map(re.escape, self.slugs))
        before = rf"(?:{self.kind}s/(?:compare/(?:[\w-]+/)?)?|\.\./)"
        return re.search(rf"{before}(?:{slugs})(?![\w-])", text, re.IGNORECASE) is not None


@dataclass(frozen=True)
class Reference:
    """One thing that refers to a page: its name, and where it can be mended, where whoever reads this may go."""

    text: str
    url: str = ""


@dataclass(frozen=True)
class Group:
    """References of one kind, under a heading, with what becomes of them; `more` are not named."""

    title: str
    note: str
    references: list = field(default_factory=list)
    more: int = 0


def references_to(page):
    """Return the Groups of what refers to a page, those that hold something (a fixed number of queries)."""
    address = address_of(page)
    groups = [
        _group(
            _("Links in other pages"),
            _("Readers who follow them are told that this page was taken off. Change them."),
            _linking(page, address),
        ),
        _group(
            _("Pages that name it as related"), _("They no longer show it, nor the comparison with it."), _related(page)
        ),
        _group(_("Pages that list it"), _("They no longer list it."), _listing(page)),
        _group(
            _("Pages that were withdrawn and lead here"),
            _("They lead on to what you choose. Choose nothing, and they lead nowhere."),
            _predecessors(page),
        ),
        _group(_("Places and people whose pages list it"), _("They no longer list it."), _clinic_pages(page)),
        _group(
            _("Leaflets"),
            _("Whoever looks up the code of one is told that the page was taken off, and what to read instead."),
            _leaflets(page),
        ),
        *(
            _group(
                title,
                _("The link in it then leads to the words that the page was taken off."),
                map(Reference, find(address)),
            )
            for title, find in _register.items()
        ),
    ]
    return [group for group in groups if group.references]


def address_of(page):
    """Return the Address of a page (1 query)."""
    former = page.former_addresses.order_by("-id").values_list("slug", flat=True)[: MOST_SLUGS - 1]
    return Address(page.kind, tuple({page.slug.lower(): 0, **dict.fromkeys(slug.lower() for slug in former)}))


def _group(title, note, references):
    references = list(references)
    return Group(title, note, references[:MOST_NAMED], max(len(references) - MOST_NAMED, 0))


def _linking(page, address):
    found = {}
    for model in (ProcedureVersion, ConditionVersion):
        texts = ("summary", *model.markdown_fields)
        for version in _open_or_live(model.objects, page).filter(address.where(*texts)):
            if any(address.stands_in(getattr(version, name)) for name in texts):
                found[model, version.pk] = version
    for model, name in ((Question, "answer"), (ConditionQuestion, "answer"), (MediaItem, "transcript")):
        rows = model.objects.filter(address.where(name), version__state__in=READ_OR_WRITTEN)
        for row in rows.select_related("version__page"):
            if row.version.page != page and address.stands_in(getattr(row, name)):
                found[type(row.version), row.version_id] = row.version
    return map(_version, found.values())


def _open_or_live(versions, page):
    others = versions.filter(state__in=READ_OR_WRITTEN).select_related("page")
    return others.exclude(page=page) if versions.model is page.versions.model else others


def _version(version):
    words = gettext("%(page)s, version %(number)d (%(state)s)") % {
        "page": version.page,
        "number": version.number,
        "state": version.get_state_display(),
    }
    return Reference(words, admin_url(version, "change"))


def _related(page):
    if page.kind != "procedure":
        return []
    versions = _open_or_live(ProcedureVersion.objects, page).filter(page__language=page.language)
    return map(_version, versions.filter(related=page.procedure))


def _listing(page):
    if page.kind == "procedure":
        pages = ConditionPage.objects.filter(condition__procedures=page.procedure)
    else:
        pages = ProcedurePage.objects.filter(procedure__conditions=page.condition)
    return map(_page, pages.published().in_language(page.language))


def _predecessors(page):
    here = {f"successor_{page.kind}": page}
    return [
        _page(each)
        for model in (ProcedurePage, ConditionPage)
        for each in model.objects.filter(live_version=None, **here)
    ]


def _page(page):
    return Reference(str(page), admin_url(page, "change"))


def _clinic_pages(page):
    if page.kind != "procedure":
        return []
    places = Location.objects.filter(is_open=True)
    places = places.filter(Q(procedures_performed=page.procedure) | Q(procedures_evaluated=page.procedure)).distinct()
    people = Clinician.objects.filter(procedures=page.procedure, is_shown=True)
    return [Reference(str(each)) for each in (*places, *people)]


def _leaflets(page):
    if page.kind != "procedure":
        return []
    count = Leaflet.objects.filter(version__page=page).count()
    words = ngettext("%(count)d version has a leaflet", "%(count)d versions have a leaflet", count) % {"count": count}
    return [Reference(words)] if count else []
