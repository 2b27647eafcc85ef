"""Two procedures side by side."""

from django.shortcuts import redirect, render
from django.utils.translation import get_language

from clinic.page_cache import public_page
from procedures import comparison, moved, structured_data
from procedures.around import address_in, places_of
from procedures.models import ProcedurePage
from procedures.views.addresses import tell_addresses
from procedures.views.showing import show


@public_page
def compare(request, first, second):
    """Two procedures side by side; either order, and the addresses of another language, lead to the one address."""
    pair = comparison.find_pair((first, second), get_language())
    if len(pair.pages) < 2:
        slugs = [moved.slug_now(ProcedurePage, slug) for slug in (first, second)]
        if slugs != [first, second] and len(set(slugs)) == len(slugs):
            return redirect(comparison.address_of(*slugs), permanent=True)
        return render(request, "procedures/no_comparison.html", {"pages": pair.pages}, status=404)
    slugs = [page.slug for page in pair.pages]
    if slugs != [first, second]:
        return redirect(comparison.address_of(*slugs), permanent=True)
    tell_addresses(request, {code: address_in(code, "procedures:compare", *both) for code, both in pair.slugs.items()})
    places = [list(places_of(page.procedure)) for page in pair.pages]
    groups = comparison.compare(comparison.documents_of(pair.pages), places)
    title = comparison.title_of(*(page.short_name for page in pair.pages))
    context = {
        "pages": pair.pages,
        "title": title,
        "groups": groups,
        "contents": [{"id": group.id, "text": group.title} for group in groups],
    }
    return show(
        request,
        "procedures/comparison.html",
        context,
        lambda clinic: structured_data.of_comparison(clinic, pair.pages, title, path=request.path),
    )
