"""The fact ledger on the desk: every live figure, and one of them with its uses, its history, and a form for it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import prefetch_related_objects
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from clinic.translated import language_choices
from procedures import facts as ledger_of
from procedures import publishing
from procedures.admin.pages import admin_url
from procedures.fact_form import FactForm
from procedures.models import State
from procedures.models.versions import UNPUBLISHED
from procedures.repeated_figures import changed_keys, repeats
from procedures.sections import section_named, sections_of

VIEW = "procedures.view_procedureversion"
A_PAGE, SHOWN_USES, MOST_USES, LONGEST_SEARCH = 50, 6, 200, 120
FILTERS = {
    "contradictions": _("Contradictions"),
    "old": _("Source read more than 2 years ago"),
}


@require_safe
def facts(request, *, site):
    """Show the live figures by fact key, contradictions first, 50 a page."""
    _check_may_read(request)
    search = request.GET.get("q", "")[:LONGEST_SEARCH]
    only = request.GET.get("only", "")
    only = only if only in FILTERS else ""
    found = ledger_of.ledger(request.user, search=search, only=only)
    last = max((len(found) - 1) // A_PAGE + 1, 1)
    number = min(page_number(request), last)
    shown = ledger_of.fill_in(found[(number - 1) * A_PAGE : number * A_PAGE], request.user)
    context = {
        "title": gettext("Facts and figures"),
        "facts": [_line(fact) for fact in shown],
        "total": len(found),
        "search": search,
        "only": only,
        "filters": [
            {"title": title, "url": _list_url(search, name), "is_chosen": name == only}
            for name, title in {"": gettext("All"), **FILTERS}.items()
        ],
        "earlier_url": _list_url(search, only, number - 1) if number > 1 else "",
        "later_url": _list_url(search, only, number + 1) if number < last else "",
        "number": number,
        "last": last,
    }
    return _show(request, site, "facts", context)


def fact(request, *, site):
    """Show one figure: what patients read of it and where, what is being changed, and the form to change it."""
    _check_may_read(request)
    may_change = request.user.has_perm(publishing.EDIT)
    if request.method == "POST" and not may_change:
        raise PermissionDenied
    key = request.POST.get("key", "") or request.GET.get("key", "")
    found = ledger_of.one(key, request.user) if key and "\x00" not in key else None
    if found is None:
        if key:
            messages.info(request, gettext("Patients read this figure on no page."))
        return HttpResponseRedirect(reverse("admin:facts"))
    if request.method != "POST":
        return _show_fact(request, site, found, FactForm(fact=found) if may_change else None)
    form = FactForm(request.POST, fact=found)
    if not form.is_valid():
        return _show_fact(request, site, found, form, status=422)
    try:
        seen = request.POST.get("seen", "")
        drafts = publishing.change_fact(fact_key=key, **form.figure(), by=request.user.as_actor(), seen=seen)
    except publishing.Unfit as refused:
        form.add_error(refused.field, refused.reason)
        return _show_fact(request, site, found, form, status=422)
    except publishing.Refused as refused:
        found = ledger_of.one(key, request.user) or found
        return _show_fact(request, site, found, form, refusal=refused.reason, status=409)
    words = gettext("It is written into %(number)d drafts. Patients read the old figure until they are published.")
    messages.success(request, words % {"number": len(drafts)})
    return HttpResponseRedirect(f"{fact_url(key)}#changing")


def fact_url(key):
    """Return the address of a figure's own screen."""
    return reverse("admin:fact", query={"key": key})


def page_number(request):
    """Return which page of a list an address asks for; 1 for anything that is no number."""
    typed = request.GET.get("page", "")
    return max(int(typed), 1) if typed.isascii() and typed.isdecimal() and len(typed) < 6 else 1


def waiting_elsewhere(version, *, user):
    """Return, for each figure that an open version changes, its words and the other pages that do not tell it yet.

    Each page says where it stands. The rows of the version and of its live one are best prefetched; takes 2 queries
    more, and none where no figure is changed.
    """
    live = version.page.live_version
    keys = changed_keys(version, live)
    if not keys:
        return []
    rows = ledger_of.rows(user=user, version__state__in=(*UNPUBLISHED, State.PUBLISHED), fact_key__in=keys)
    ours = {use.fact_key: use for use in rows if (use.kind, use.version) == (version.page.kind, version.pk)}
    told = []
    for key in keys:
        own = ours.get(key)
        others = [use for use in rows if use.fact_key == key and own and use.where != own.where]
        open_ones = {use.where: use for use in others if use.state != State.PUBLISHED}
        waiting = {
            use.where: _place(open_ones.get(use.where, use))
            for use in others
            if use.state == State.PUBLISHED and use.numbers != own.numbers
        }
        if waiting:
            told.append({"key": key, "url": fact_url(key), "said": own.said, "pages": list(waiting.values())})
    return told


def _check_may_read(request):
    if not request.user.has_perm(VIEW):
        raise PermissionDenied


def _list_url(search, only, number=1):
    query = {"q": search, "only": only, "page": number if number > 1 else ""}
    return reverse("admin:facts", query={name: value for name, value in query.items() if value})


def _line(found):
    places = {}
    for use in found.uses:
        places.setdefault((use.where, use.section), _place(use))
    places = list(places.values())
    return {
        "fact": found,
        "url": fact_url(found.key),
        "places": places[:SHOWN_USES],
        "more": len(places) - SHOWN_USES if len(places) > SHOWN_USES else 0,
        "lacking": _lacking(found),
        "signed": found.signed,
    }


def _place(use):
    model = ledger_of.VERSIONS[use.kind]
    return {
        "name": use.name,
        "language": use.language,
        "language_name": _language_name(use.language),
        "section": section_named(model, use.section).title,
        "words": use.words,
        "said": use.said,
        "state": State(use.state).label,
        "is_live": use.state == State.PUBLISHED,
        "number": use.number,
        "url": reverse(f"admin:procedures_{use.kind}version_change", args=[use.version]),
        "signer": use.signer,
        "signed_on": use.signed_on,
    }


def _language_name(code):
    return str(dict(language_choices()).get(code, code))


def _lacking(found):
    return [
        {"name": use.name, "lang": use.language, "language": _language_name(language)}
        for use, language in found.languages_lacking
    ]


def _show_fact(request, site, found, form, refusal="", status=200):
    drafts = _drafts(found, request.user)
    changed, coming = {each["where"] for each in drafts}, {use.numbers for use in found.brought}
    context = {
        "title": found.key,
        "fact": found,
        "places": [_place(use) for use in found.uses[:MOST_USES]],
        "more": max(len(found.uses) - MOST_USES, 0),
        "lacking": _lacking(found),
        "changing": found.changing(),
        "drafts": drafts,
        "waiting": [
            _place(use) for use in found.uses if drafts and use.where not in changed and use.numbers not in coming
        ][:MOST_USES],
        "history": [
            {
                "since": told.since,
                "said": told.said,
                "places": [_place(use) for use in told.uses[:SHOWN_USES]],
                "more": max(len(told.uses) - SHOWN_USES, 0),
            }
            for told in ledger_of.history(found.key, request.user)[:MOST_USES]
        ],
        "form": form,
        "refusal": refusal,
        "seen": found.fingerprint(),
        "list_url": reverse("admin:facts"),
    }
    return _show(request, site, "fact", context, status=status)


def _drafts(found, user):
    """Return the open versions that change the figure, with the words in each that still give the old one."""
    shown = []
    for kind, model in ledger_of.VERSIONS.items():
        pks = {use.version: use for use in found.brought if use.kind == kind}
        versions = list(
            model.objects.visible_to(user).filter(pk__in=pks).select_related(f"page__{kind}", "page__live_version")
        )
        lives = [version.page.live_version for version in versions if version.page.live_version]
        if versions:
            names = [section.rows for section in sections_of(model) if section.model]
            prefetch_related_objects([*versions, *lives], *names)
        for version in versions:
            use = pks[version.pk]
            own = repeats(version, version.page.live_version)
            shown.append(
                {**_place(use), "where": use.where, "version": (kind, version.pk), "repeats": linked(own, version)}
            )
    order = [(use.kind, use.version) for use in found.brought]
    return sorted(shown, key=lambda each: order.index(each["version"]))


def linked(found, version):
    """Return Repeats with the address of the section in which each can be mended."""
    return [{"repeat": each, "url": admin_url(version, "section", each.section)} for each in found]


def _show(request, site, name, context, status=200):
    request.current_app = site.name
    context = {**site.each_context(request), **context}
    return TemplateResponse(request, f"admin/procedures/{name}.html", context, status=status)
