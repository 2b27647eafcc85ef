"""The pages that patients read, in both languages. They read published documents only, and write nothing.

Each page asks the database a fixed number of times, at most six, however much the clinic holds.
"""

from contextlib import suppress
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_required, permission_required
from django.db import Error
from django.db.models import Exists, OuterRef, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_http_methods, require_safe

from audit.actors import Actor
from clinic.codes import LONGEST_TYPED, read_code
from clinic.context_processors import languages_here, read_clinic
from clinic.markdown import render_markdown
from clinic.media import stored_file
from clinic.models import Accreditation, Clinician, Closure, Location, OpeningHours, Weekday
from clinic.page_cache import asking_page, private_page, public_page, typed_page
from clinic.refusals import Refused
from clinic.views import FORM_NOT_CHECKED
from procedures import changes_since, comparison, feedback, structured_data, wording
from procedures.anatomy import CONDITION_PARTS, PROCEDURE_PARTS, content_of, parts_with_content, review_of
from procedures.around import address_in, addresses_about, around_condition, around_procedure, card_of, places_of
from procedures.documents import freeze
from procedures.feedback_form import FeedbackForm, token_of
from procedures.leaflets import leaflet_of
from procedures.models import ConditionPage, ConditionVersion, Leaflet, Procedure, ProcedurePage, ProcedureVersion
from procedures.models.search import LONGEST_QUERY
from procedures.search import count_miss, search

SUBJECT = {ProcedurePage: "procedure", ConditionPage: "condition"}
CLOSURES_SHOWN = 5
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


# The home page and the lists


@public_page
def home(request):
    """What the clinic does, the way to each procedure, how to ask, where it is and why to trust it."""
    clinic = read_clinic()
    places = Location.objects.filter(is_open=True)
    context = {
        "clinic": clinic,
        "procedures": _cards(ProcedurePage),
        "conditions": _cards(ConditionPage),
        "locations": places,
        "accreditations": Accreditation.objects.select_related("picture"),
        "about": render_markdown(str(clinic.about)),
        "structured_data": structured_data.as_json(structured_data.of_home(clinic, places)),
    }
    return render(request, "procedures/home.html", context)


def procedure_list(request):
    """Every procedure and condition that has a page in the reader's language; with `?q=`, those that answer it."""
    if typed := request.GET.get("q", "").strip():
        return _found(request, typed)
    return _everything(request)


@public_page
def _everything(request):
    context = {"procedures": _cards(ProcedurePage), "conditions": _cards(ConditionPage)}
    return render(request, "procedures/procedure_list.html", context)


@require_safe
def _found(request, typed):
    answer = search(typed, get_language())
    if not answer.cards and request.method == "GET":
        # An answer matters more than the count of it.
        with suppress(Error):
            count_miss(answer.words, get_language())
    context = {"typed": typed[:LONGEST_QUERY], "results": answer.cards, "is_close": answer.is_close}
    return typed_page(render(request, "procedures/search.html", context))


def _cards(model):
    pages = model.objects.published().in_language(get_language())
    return [card_of(page) for page in pages.only("slug", "plain_name", "medical_name", "summary")]


# One procedure, one condition


@public_page
def procedure(request, slug):
    """A procedure's published page."""
    page = _published(ProcedurePage, slug)
    if page is None:
        return _moved(ProcedurePage, slug)
    return _procedure(request, page, page.live_version.document)


@public_page
def condition(request, slug):
    """A condition's published page."""
    page = _published(ConditionPage, slug)
    if page is None:
        return _moved(ConditionPage, slug)
    return _condition(request, page, page.live_version.document)


@require_safe
@login_required
@permission_required("procedures.view_procedureversion", raise_exception=True)
def preview_procedure(request, version_id):
    """A version of a procedure's page as patients will see it, for those who write and check it."""
    return _preview(request, ProcedureVersion, version_id, _procedure)


@require_safe
@login_required
@permission_required("procedures.view_conditionversion", raise_exception=True)
def preview_condition(request, version_id):
    """A version of a condition's page as patients will see it, for those who write and check it."""
    return _preview(request, ConditionVersion, version_id, _condition)


def _preview(request, model, version_id, show):
    versions = model.objects.visible_to(request.user).select_related("page", "reviewed_by")
    version = get_object_or_404(versions, pk=version_id)
    if version.language != get_language():
        response = redirect(address_in(version.language, f"procedures:{request.resolver_match.url_name}", version_id))
    else:
        response = show(request, version.page, freeze(version), preview=version)
    return private_page(response)


def _published(model, slug):
    """Return the page of this address with its document, or None."""
    subject = SUBJECT[model]
    pages = model.objects.published().in_language(get_language()).select_related("live_version", subject)
    return pages.only("slug", "language", "live_version__document", f"{subject}__key").filter(slug=slug).first()


def _moved(model, slug, to=""):
    """Lead an address of another language to the same page in the reader's, for good; 404 where there is none.

    `to` names an address about the page, where that is not the page itself.
    """
    subject = SUBJECT[model]
    same_thing = {f"{subject}__pages__slug": slug, f"{subject}__pages__live_version__isnull": False}
    page = model.objects.published().in_language(get_language()).filter(**same_thing).first()
    if page is None:
        raise Http404
    return redirect(f"procedures:{to or subject}", page.slug, permanent=True)


def _procedure(request, page, document, preview=None):
    around = around_procedure(page, document)
    request.addresses, request.elsewhere = around.addresses, around.elsewhere
    places = places_of(page.procedure)
    content = content_of(document) | {
        "conditions": around.cards["condition"],
        "related": around.cards["procedure"],
        "comparisons": around.comparisons,
        "performed": [place for place in places if place.performs],
        "evaluated": [place for place in places if not place.performs],
        "clinicians": page.procedure.clinicians.filter(is_shown=True),
    }
    context = _page(page, PROCEDURE_PARTS, document, content, preview)
    # The request form keeps which version the patient had read.
    context["asks_about"] = urlencode({"procedure": page.slug, "version": document["number"]})
    return _show(
        request,
        "procedures/procedure.html",
        context,
        lambda clinic: structured_data.of_procedure(clinic, document, path=request.path),
    )


def _condition(request, page, document, preview=None):
    around = around_condition(page)
    request.addresses, request.elsewhere = around.addresses, around.elsewhere
    content = content_of(document) | {"procedures": around.cards["procedure"]}
    context = _page(page, CONDITION_PARTS, document, content, preview)
    return _show(
        request,
        "procedures/condition.html",
        context,
        lambda clinic: structured_data.of_condition(
            clinic, document, path=request.path, procedures=content["procedures"]
        ),
    )


def _page(page, parts, document, content, preview):
    shown = parts_with_content(parts, content)
    return {
        **content,
        "names": document["names"],
        "summary": document["summary"],
        "parts": shown,
        "contents": [{"id": part.id, "text": part.title} for part in shown],
        "review": review_of(document),
        "slug": page.slug,
        "feedback_url": "" if preview else reverse(f"procedures:{SUBJECT[type(page)]}_feedback", args=[page.slug]),
        "preview": preview,
    }


def _show(request, template, context, told):
    """Render a page with what it tells machines: the nodes that `told` returns for the clinic. A preview tells none."""
    clinic = read_clinic()
    nodes = [] if context.get("preview") else told(clinic)
    data = structured_data.as_json(nodes) if nodes else ""
    return render(request, template, {**context, "clinic": clinic, "structured_data": data})


# Leaflets


@public_page
def leaflet(request, slug):
    """A procedure's page as a leaflet: all of it open, black on white, with the code that tells if it is current."""
    page = _for_leaflet(slug)
    if page is None:
        return _moved(ProcedurePage, slug, "leaflet")
    content = leaflet_of(page, read_clinic())
    elsewhere = request.elsewhere = content["around"].elsewhere
    request.addresses = {
        code: address if code in elsewhere else f"{address}leaflet/"
        for code, address in content["around"].addresses.items()
    }
    return render(request, "procedures/leaflet.html", content)


@require_safe
def leaflet_pdf(request, slug):
    """A procedure's leaflet as a PDF; 404 until the sender has made it."""
    page = _for_leaflet(slug)
    made = getattr(page.live_version, "leaflet", None) if page else None
    if made is None or made.file is None:
        raise Http404
    response = stored_file(request, made.file.hash, made.file.name)
    # The file never changes, but which file stands at this address does.
    response["Cache-Control"] = "public, no-cache"
    # A search leads to the page, which is never older than what is found there.
    response["X-Robots-Tag"] = "noindex"
    return response


def _for_leaflet(slug):
    return ProcedurePage.objects.for_leaflet().in_language(get_language()).filter(slug=slug).first()


def leaflet_code(request):
    """Where the code of a leaflet is typed; with `?code=`, whether that leaflet is current and what has changed."""
    if typed := request.GET.get("code", "").strip():
        return _leaflet_with(request, typed)
    return _no_code_yet(request)


@public_page
def _no_code_yet(request):
    return render(request, "procedures/leaflet_code.html")


@require_safe
def _leaflet_with(request, typed):
    code = read_code(typed)
    found = Leaflet.objects.by_code(code) if code else None
    if found is not None and found.version.language != get_language():
        # What it says is compared in its own words.
        address = address_in(found.version.language, "procedures:leaflet_code")
        return typed_page(redirect(f"{address}?code={code}"))
    context = {"typed": typed[:LONGEST_TYPED], "code": code, "has_errors": code is None}
    if found is not None:
        page, live = found.version.page, found.version.page.live_version
        context |= {
            "page": page,
            "is_withdrawn": live is None,
            "is_current": live == found.version,
            "review": review_of(live.document) if live else None,
            "groups": changes_since.changes(found.version.document, live.document) if live else [],
            "was_checked": review_of(found.version.document)["on"],
        }
    return typed_page(render(request, "procedures/leaflet_code.html", context | {"is_known": found is not None}))


# Two procedures side by side


@public_page
def compare(request, first, second):
    """Two procedures side by side; either order, and the addresses of another language, lead to the one address."""
    pair = comparison.find_pair((first, second), get_language())
    if len(pair.pages) < 2:
        return render(request, "procedures/no_comparison.html", {"pages": pair.pages}, status=404)
    slugs = [page.slug for page in pair.pages]
    if slugs != [first, second]:
        return redirect(comparison.address_of(*slugs), permanent=True)
    _stand_in(request, {code: address_in(code, "procedures:compare", *both) for code, both in pair.slugs.items()})
    places = [list(places_of(page.procedure)) for page in pair.pages]
    groups = comparison.compare(comparison.documents_of(pair.pages), places)
    title = comparison.title_of(*(page.short_name for page in pair.pages))
    context = {
        "pages": pair.pages,
        "title": title,
        "groups": groups,
        "contents": [{"id": group.id, "text": group.title} for group in groups],
    }
    return _show(
        request,
        "procedures/comparison.html",
        context,
        lambda clinic: structured_data.of_comparison(clinic, pair.pages, title, path=request.path),
    )


def _stand_in(request, addresses):
    """Tell where this page stands in each language ({code: path}); in the others the list of procedures stands in."""
    lists = {code: address_in(code, "procedures:procedure_list") for code, _name in settings.LANGUAGES}
    request.addresses, request.elsewhere = lists | addresses, lists.keys() - addresses.keys()


# What readers say about a page


@require_http_methods(["GET", "HEAD", "POST"])
def feedback_form(request, model, slug):
    """Ask a reader whether a page answered their question, and take what they say; never who they are."""
    page = _asked_about(request, model, slug, "feedback")
    if page is None:
        return _moved(model, slug, to=f"{SUBJECT[model]}_feedback")
    if request.method != "POST":
        return _ask(request, page, FeedbackForm())
    if request.POST.get("go") == "language":
        return _ask(request, page, FeedbackForm(initial=request.POST.dict()))
    form = FeedbackForm(request.POST)
    if not form.is_valid():
        return _ask(request, page, form, status=422)
    try:
        feedback.leave(page=page, **form.cleaned_data, token=token_of(request.POST), by=Actor.visitor())
    except Refused as refused:
        return _ask(request, page, form, problem=refused.reason, status=429)
    thanks = reverse(f"procedures:{SUBJECT[model]}_feedback_thanks", args=[slug])
    return asking_page(HttpResponse(status=303, headers={"Location": thanks}))


def _csrf_failure(request, model, slug):
    """Answer a form without a good CSRF token: the same page, with what was typed, and a fresh token."""
    page = _asked_about(request, model, slug, "feedback")
    if page is None:
        raise Http404
    return _ask(request, page, FeedbackForm(initial=request.POST.dict()), problem=FORM_NOT_CHECKED, status=403)


feedback_form.csrf_failure = _csrf_failure


@require_safe
def feedback_thanks(request, model, slug):
    """Thank a reader, and say what becomes of their words."""
    page = _asked_about(request, model, slug, "feedback_thanks")
    if page is None:
        return _moved(model, slug, to=f"{SUBJECT[model]}_feedback_thanks")
    return typed_page(render(request, "procedures/feedback_thanks.html", {"page": page}))


def _asked_about(request, model, slug, name):
    """Return the published page that an address is about, or None; tell where that address stands in each language."""
    pages = model.objects.published().in_language(get_language()).select_related("live_version", SUBJECT[model])
    page = pages.defer("live_version__document").filter(slug=slug).first()
    if page is not None:
        _stand_in(request, addresses_about(page, name))
    return page


def _ask(request, page, form, *, problem="", status=200):
    """Return the page with the form. `problem` is a sentence that says why nothing was kept."""
    context = {
        "page": page,
        "form": form,
        "token": token_of(request.POST),
        "problems": [{"text": problem, "target": ""}] if problem else [],
        "has_errors": bool(problem),
    }
    if request.method == "POST":
        # A link would lose what was typed, so the language is changed by a button of the form.
        languages = [language for language in languages_here(request) if language["is_same"]]
        context |= {"languages_here": [], "languages": languages}
    return asking_page(render(request, "procedures/feedback.html", context, status=status))


# Where, who, and how to reach the clinic


@public_page
def location_list(request):
    """Every place where the clinic sees patients."""
    return render(request, "procedures/location_list.html", {"locations": Location.objects.filter(is_open=True)})


@public_page
def location(request, slug):
    """One place: address, hours, how to get there, what is done there and what is only examined there."""
    place = get_object_or_404(Location, key=slug, is_open=True)
    pages = _pages_at(place)
    hours = list(OpeningHours.objects.filter(location=place))
    performed = [card_of(page) for page in pages if page.performs]
    context = {
        "location": place,
        "days": _week(hours),
        "closures": _closures(Q(location=None) | Q(location=place)),
        "getting_there": render_markdown(str(place.getting_there)),
        "performed": performed,
        "evaluated": [card_of(page) for page in pages if not page.performs],
    }
    return _show(
        request,
        "procedures/location.html",
        context,
        lambda clinic: structured_data.of_place(clinic, place, path=request.path, hours=hours, performed=performed),
    )


@public_page
def team(request):
    """Who treats patients: registration, languages, places, and the procedures of each."""
    clinicians = list(Clinician.objects.filter(is_shown=True).select_related("picture").prefetch_related("locations"))
    pages = ProcedurePage.objects.published().in_language(get_language())
    names = pages.values_list("procedure__clinicians", "slug", "medical_name", "plain_name")
    performs = {}
    for clinician, slug, medical_name, plain_name in names:
        procedure = {"url": reverse("procedures:procedure", args=[slug]), "name": medical_name or plain_name}
        performs.setdefault(clinician, []).append(procedure)
    context = {
        "people": [_person(clinician, performs.get(clinician.pk, [])) for clinician in clinicians],
        "accreditations": Accreditation.objects.select_related("picture"),
    }
    return render(request, "procedures/team.html", context)


def _person(clinician, procedures):
    return {
        "clinician": clinician,
        "languages": wording.in_a_row(clinician.language_names),
        "locations": wording.in_a_row(place.name for place in clinician.locations.all() if place.is_open),
        "biography": render_markdown(str(clinician.biography)),
        "procedures": procedures,
    }


@public_page
def contact(request):
    """How to reach the clinic, and when reception answers."""
    hours = list(OpeningHours.objects.filter(location=None))
    context = {
        "days": _week(hours),
        "closures": _closures(Q(location=None)),
        "locations": Location.objects.filter(is_open=True),
    }
    return _show(request, "procedures/contact.html", context, lambda clinic: structured_data.of_contact(clinic, hours))


def _pages_at(place):
    performed, evaluated = Procedure.performed_at.through.objects, Procedure.evaluated_at.through.objects
    here = {"location": place, "procedure": OuterRef("procedure")}
    pages = ProcedurePage.objects.published().in_language(get_language())
    pages = pages.annotate(performs=Exists(performed.filter(**here)))
    return pages.filter(Q(performs=True) | Exists(evaluated.filter(**here)))


def _week(hours):
    """Return the seven days from Monday with their spans of opening; none at all where no hours are known."""
    spans = {}
    for row in hours:
        spans.setdefault(row.weekday, []).append(row)
    return [{"name": day.label, "periods": spans.get(day.value, [])} for day in Weekday] if spans else []


def _closures(where):
    """Return the next days on which it is closed, today included."""
    closures = Closure.objects.filter(where, date__gte=timezone.localdate())
    return [{"date": day.date, "reason": str(day.reason)} for day in closures[:CLOSURES_SHOWN]]


# For feed readers and search engines


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
    for model in SUBJECT:
        shown = model.objects.published().in_language(get_language()).select_related("live_version")
        fields = ("slug", "plain_name", "summary", "live_version__published_at")
        pages += shown.only(*fields).order_by("-live_version__published_at")[:CHANGES_TOLD]
    return sorted(pages, key=lambda page: page.live_version.published_at, reverse=True)[:CHANGES_TOLD]


@public_page
def sitemap(request):
    """Every public page in every language, each with its addresses in the others."""
    entries = [_everywhere(name) for name in PAGES_OF_THE_HOUSE]
    entries += [_everywhere("procedures:location", place.key) for place in Location.objects.filter(is_open=True)]
    for model, subject in SUBJECT.items():
        groups = {}
        rows = model.objects.published().values_list(subject, "language", "slug", "live_version__published_at")
        for key, language, slug, published_at in rows:
            entry = {"url": _absolute(language, f"procedures:{subject}", slug), "changed": published_at, "slug": slug}
            groups.setdefault(key, {})[language] = entry
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
