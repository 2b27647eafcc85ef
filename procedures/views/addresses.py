"""Where a page stands in each language, and where an address of another language leads."""

from django.conf import settings
from django.http import Http404
from django.shortcuts import redirect
from django.utils.translation import get_language

from procedures.around import address_in


def moved(model, slug, to=""):
    """Lead an address of another language to the same page in the reader's, for good; 404 where there is none.

    `to` names an address about the page, where that is not the page itself.
    """
    same_thing = {f"{model.kind}__pages__slug": slug, f"{model.kind}__pages__live_version__isnull": False}
    page = model.objects.published().in_language(get_language()).filter(**same_thing).first()
    if page is None:
        raise Http404
    return redirect(f"procedures:{to or model.kind}", page.slug, permanent=True)


def tell_addresses(request, addresses):
    """Tell where this page stands in each language ({code: path}); in the others the list of procedures stands in."""
    lists = {code: address_in(code, "procedures:procedure_list") for code, _name in settings.LANGUAGES}
    request.addresses, request.elsewhere = lists | addresses, lists.keys() - addresses.keys()
