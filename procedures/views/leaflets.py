"""Leaflets: on the screen, as a PDF, and what the code of a printed one tells."""

from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from clinic.codes import LONGEST_TYPED, read_code
from clinic.context_processors import read_clinic
from clinic.media import stored_file
from clinic.page_cache import public_page, typed_page
from procedures import changes_since, moved
from procedures.anatomy import review_of
from procedures.around import address_in
from procedures.leaflets import leaflet_of
from procedures.models import Leaflet, ProcedurePage


@public_page
def leaflet(request, slug):
    """A procedure's page as a leaflet: all of it open, black on white, with the code that tells if it is current."""
    page = _for_leaflet(slug)
    if page is None:
        return moved.answer(request, ProcedurePage, slug, to="leaflet")
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
    if page is None:
        return moved.answer(request, ProcedurePage, slug, to="leaflet_pdf")
    made = getattr(page.live_version, "leaflet", None)
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
            "successor": page.leads_on_to() if live is None else None,
            "is_current": live == found.version,
            "review": review_of(live.document) if live else None,
            "groups": changes_since.changes(found.version.document, live.document) if live else [],
            "was_checked": review_of(found.version.document)["on"],
        }
    return typed_page(render(request, "procedures/leaflet_code.html", context | {"is_known": found is not None}))
