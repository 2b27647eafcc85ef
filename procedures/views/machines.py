"""For feed readers and search engines: what has changed, what there is, and what to leave alone."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.utils.translation import get_language, gettext

from clinic.context_processors import read_clinic
from clinic.models import Location
from clinic.page_cache import public_page
from procedures import structured_data
from procedures.around import address_in
from procedures.models import ConditionPage, ProcedurePage

KINDS = (ProcedurePage, ConditionPage)
CHANGES_TOLD = 30
PAGES_OF_THE_HOUSE = (
    "home",
    "procedures:procedure_list",
    "procedures:location_list",
    "procedures:team",
    "procedures:contact",
    "clinic:privacy",
    "clinic:accessibility",
)


@public_page
def changes(request):
    """The pages in the reader's language that changed last, newest first, as an Atom feed."""
    clinic = read_clinic()
    path = reverse("procedures:procedure_list")
    feed = Atom1Feed(
        title=gettext("Changed pages of %(clinic)s") % {"clinic": clinic.name},
        link=structured_data.absolute(path),
        description=gettext("Which pages about procedures and conditions are new or have changed."),
        language=get_language(),
        author_name=clinic.name,
        feed_url=structured_data.absolute(request.path),
    )
    for page in _changed_last():
        link = structured_data.absolute(page.get_absolute_url())
        changed = page.live_version.published_at
        # A summary in a feed is read as HTML, a title is not.
        feed.add_item(page.plain_name, link, escape(page.summary), unique_id=link, updateddate=changed)
    return HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)


def _changed_last():
    pages = []
    for model in KINDS:
        shown = model.objects.published().in_language(get_language()).select_related("live_version")
        fields = ("slug", "plain_name", "summary", "live_version__published_at")
        pages += shown.only(*fields).order_by("-live_version__published_at")[:CHANGES_TOLD]
    return sorted(pages, key=lambda page: page.live_version.published_at, reverse=True)[:CHANGES_TOLD]


@public_page
def sitemap(request):
    """Every public page in every language, each with its addresses in the others."""
    entries = [_everywhere(name) for name in PAGES_OF_THE_HOUSE]
    entries += [_everywhere("procedures:location", place.key) for place in Location.objects.filter(is_open=True)]
    for model in KINDS:
        groups = {}
        rows = model.objects.published().values_list(model.kind, "language", "slug", "live_version__published_at")
        for key, language, slug, published_at in rows:
            url = _absolute(language, f"procedures:{model.kind}", slug)
            groups.setdefault(key, {})[language] = {"url": url, "changed": published_at, "slug": slug}
        entries += groups.values()
        if model is ProcedurePage:
            entries += _comparisons(groups)
    return render(request, "sitemap.xml", {"entries": entries}, content_type="application/xml")


def _comparisons(procedures):
    """Yield the entries of the comparisons that pages lead to; `procedures` are by id, in the clinic's order."""
    places = {procedure: place for place, procedure in enumerate(procedures)}
    related = ProcedurePage.objects.published().order_by().values_list("procedure", "live_version__related")
    pairs = {tuple(sorted(pair, key=places.get)) for pair in related if places.keys() >= set(pair)}
    for first, second in sorted(pairs, key=lambda pair: [places[procedure] for procedure in pair]):
        addresses = {}
        for language, entry in procedures[first].items():
            if other := procedures[second].get(language):
                changed = max(entry["changed"], other["changed"])
                url = _absolute(language, "procedures:compare", entry["slug"], other["slug"])
                addresses[language] = {"url": url, "changed": changed}
        if addresses:
            yield addresses


@public_page
def robots(request):
    """What search engines leave alone: staff screens, previews and patients' own pages."""
    prefixes = [address_in(code, "home").rstrip("/") for code, _name in settings.LANGUAGES]
    context = {"prefixes": prefixes, "sitemap": f"{settings.SITE_URL}{reverse('sitemap')}"}
    return render(request, "robots.txt", context, content_type="text/plain")


def _everywhere(name, *args):
    return {code: {"url": _absolute(code, name, *args)} for code, _language in settings.LANGUAGES}


def _absolute(language, name, *args):
    return f"{settings.SITE_URL}{address_in(language, name, *args)}"
