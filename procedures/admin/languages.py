"""Languages on the desk: the pages that lag behind the leading language, each beside what it was written from."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from clinic.translated import language_choices
from procedures import publishing
from procedures.admin.ledger import A_PAGE, VIEW, page_number
from procedures.admin.pages import admin_url
from procedures.language_changes import changes
from procedures.languages import PAGES, leading, leading_page, missing, out_of_date

AGAINST = "live_version__written_against"
# All that a line says: versions are long.
READ = ("language", "slug", "plain_name", "live_version__number", f"{AGAINST}__number")
KINDS = {model.kind: model for model in PAGES}


@require_safe
def languages(request, *, site):
    """Show the pages that are out of date, longest first, and what is on the site in some language and not in another.

    Both in pages of 50.
    """
    _check_may_read(request)
    behind = [
        page
        for model in PAGES
        for page in out_of_date(model.objects.visible_to(request.user)).select_related(AGAINST).only(*READ)
    ]
    behind.sort(key=lambda page: (page.out_of_date_since, page.kind, page.pk))
    lacking = missing(request.user)
    last = max((len(behind) - 1) // A_PAGE + 1, (len(lacking) - 1) // A_PAGE + 1, 1)
    number = min(page_number(request), last)
    shown = slice((number - 1) * A_PAGE, number * A_PAGE)
    context = {
        "title": gettext("Languages"),
        "leading": _name(leading()),
        "behind": [
            {
                "page": page,
                "language": page.get_language_display(),
                "url": pair_url(page),
                "against": page.live_version.written_against,
            }
            for page in behind[shown]
        ],
        "behind_total": len(behind),
        "missing": [
            {
                "told": each,
                "language": _name(each.language),
                "url": admin_url(each.page, "change")
                if each.page
                else reverse(f"admin:procedures_{each.kind}page_add")
                + f"?{each.kind}={each.subject_id}&language={each.language}",
            }
            for each in lacking[shown]
        ],
        "missing_total": len(lacking),
        "earlier_url": _list_url(number - 1) if number > 1 else "",
        "later_url": _list_url(number + 1) if number < last else "",
        "number": number,
        "last": last,
    }
    return _show(request, site, "languages", context)


def language_pair(request, *, site, kind, pk):
    """Show what changed in the leading language beside a page in another, and take in that it says the same now."""
    _check_may_read(request)
    model = KINDS.get(kind)
    page = model and model.objects.visible_to(request.user).select_related("live_version", kind).filter(pk=pk).first()
    first = page and leading_page(page)
    if first is None or first.live_version is None:
        raise Http404
    ours = page.open_version() or page.live_version
    if request.method == "POST":
        return _take(request, site, page, first, ours)
    return _show_pair(request, site, page, first, ours)


def pair_url(page):
    """Return the address at which a page is shown beside the leading language."""
    return reverse("admin:language_pair", args=[page.kind, page.pk])


def _take(request, site, page, first, ours):
    if not request.user.has_perm(publishing.EDIT):
        raise PermissionDenied
    versions = {str(version.pk): version for version in page.versions.all()}
    version = versions.get(request.POST.get("version", ""))
    other = {str(each.pk): each for each in first.versions.all()}.get(request.POST.get("other", ""))
    if version is None or other is None:
        return HttpResponseRedirect(pair_url(page))
    try:
        publishing.say_matches(version=version, other=other, by=request.user.as_actor())
    except publishing.Refused as refused:
        return _show_pair(request, site, page, first, ours, refusal=refused.reason, status=409)
    words = gettext("Noted: version %(ours)d says the same as version %(theirs)d in %(language)s.")
    messages.success(
        request, words % {"ours": version.number, "theirs": other.number, "language": first.get_language_display()}
    )
    return HttpResponseRedirect(pair_url(page))


def _show_pair(request, site, page, first, ours, refusal="", status=200):
    then, now = ours and ours.written_against, first.live_version
    is_same = then is not None and (then.pk == now.pk or then.words_hash == now.words_hash)
    may_write = ours is not None and publishing.can_save(ours, by=request.user.as_actor())
    context = {
        "title": gettext("%(page)s beside %(language)s") % {"page": page, "language": first.get_language_display()},
        "page": page,
        "page_url": admin_url(page, "change"),
        "first": first,
        "first_url": admin_url(now, "change"),
        "ours": ours,
        "ours_url": ours and admin_url(ours, "change"),
        "then": then,
        "now": now,
        "language": page.get_language_display(),
        "leading": first.get_language_display(),
        "is_same": is_same,
        "sections": [
            {"change": each, "url": admin_url(ours, "section", each.key) if may_write else ""}
            for each in ([] if is_same else changes(then, now, ours))
        ],
        "may_match": ours is not None and publishing.can_say_matches(ours, by=request.user.as_actor()),
        "is_noted": then is not None and then.pk == now.pk,
        "refusal": refusal,
        "list_url": reverse("admin:languages"),
    }
    return _show(request, site, "language_pair", context, status=status)


def _check_may_read(request):
    if not request.user.has_perm(VIEW):
        raise PermissionDenied


def _name(code):
    return str(dict(language_choices()).get(code, code))


def _list_url(number):
    return reverse("admin:languages", query={"page": number} if number > 1 else {})


def _show(request, site, name, context, status=200):
    request.current_app = site.name
    context = {**site.each_context(request), **context}
    return TemplateResponse(request, f"admin/procedures/{name}.html", context, status=status)
