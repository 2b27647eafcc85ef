"""Where an address leads once no published page stands there: bookmarks and printed leaflets outlive addresses.

A page that has moved, or that has another address in the reader's language, is led to. One that was withdrawn says so,
since whoever comes back to it may still go by what it said. It may name another page to read instead, but never leads
there unasked: who looked for one treatment would read of another and take it for theirs.
"""

from django.conf import settings
from django.db.models import Q
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language

from procedures.around import address_in


def answer(request, model, slug, *, to):
    """Lead on from an address of a kind of page (`model`), for good; 410 where its page was withdrawn, else 404.

    `to` names the address of the page in `procedures/urls.py`, or one about the page. Whoever copies an address from
    paper may write it in capitals. Caches must ask again: an editor may give the address to another page, or publish
    the page anew.
    """
    known = page_once_at(model, slug)
    stood_here = known is not None and not known.is_published and known.slug.lower() == slug.lower()
    if not stood_here and (page := _page_now(model, slug)) is not None:
        response = redirect(f"procedures:{to}", page.slug, permanent=True)
    elif known is not None:
        response = _withdrawn(request, known)
    else:
        raise Http404
    patch_cache_control(response, public=True, no_cache=True)
    return response


def slug_now(model, slug):
    """Return the address in the reader's language of the page that an address is about; itself where there is none."""
    page = _page_now(model, slug)
    return page.slug if page is not None else slug


def page_once_at(model, slug):
    """Return the page that readers of this language know by this address, published or withdrawn since, or None."""
    pages = model.objects.once_published().in_language(get_language()).select_related(model.kind)
    known = pages.filter(Q(slug__iexact=slug) | Q(former_addresses__slug__iexact=slug))
    # Whose address it is goes before whose it was.
    return min(known, key=lambda page: page.slug.lower() != slug.lower(), default=None)


def _page_now(model, slug):
    """Return the published page in the reader's language that an address of any language and time is about, or None."""
    pages = model.objects.published().in_language(get_language())
    elsewhere = f"{model.kind}__pages"
    now = {f"{elsewhere}__slug__iexact": slug, f"{elsewhere}__live_version__isnull": False}
    once = {f"{elsewhere}__former_addresses__slug__iexact": slug}
    return pages.filter(**now).first() or pages.filter(**once).first()


def _withdrawn(request, page):
    lists = {code: address_in(code, "procedures:procedure_list") for code, _name in settings.LANGUAGES}
    others = page.subject.pages.published()
    live = {other.language: address_in(other.language, f"procedures:{page.kind}", other.slug) for other in others}
    request.addresses, request.elsewhere = lists | live, lists.keys() - live.keys()
    context = {"page": page, "successor": page.leads_on_to()}
    return render(request, "procedures/withdrawn.html", context, status=410)
