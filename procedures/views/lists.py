"""The home page, and the lists of what the clinic does and treats: all of it, or what answers a search."""

from contextlib import suppress

from django.db import Error
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from clinic.context_processors import read_clinic
from clinic.markdown import render_markdown
from clinic.models import Accreditation, Location
from clinic.page_cache import public_page, typed_page
from procedures import structured_data
from procedures.around import card_of
from procedures.models import ConditionPage, ProcedurePage
from procedures.models.search import LONGEST_QUERY
from procedures.search import count_miss, search


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
