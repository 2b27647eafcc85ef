"""One procedure and one condition, each from its frozen document and what stands around it."""

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import get_language

from clinic.page_cache import public_page
from procedures import moved, structured_data
from procedures.anatomy import CONDITION_PARTS, PROCEDURE_PARTS, content_of, parts_with_content, review_of
from procedures.around import around_condition, around_procedure, places_of
from procedures.models import ConditionPage, ProcedurePage
from procedures.read_then import days_of
from procedures.views.showing import show


@public_page
def procedure(request, slug):
    """A procedure's published page."""
    page = _published(ProcedurePage, slug)
    if page is None:
        return moved.answer(request, ProcedurePage, slug, to="procedure")
    return show_procedure(request, page, page.live_version.document)


@public_page
def condition(request, slug):
    """A condition's published page."""
    page = _published(ConditionPage, slug)
    if page is None:
        return moved.answer(request, ConditionPage, slug, to="condition")
    return show_condition(request, page, page.live_version.document)


def _published(model, slug):
    """Return the page of this address with its document, or None."""
    pages = model.objects.published().in_language(get_language()).select_related("live_version", model.kind)
    return pages.only("slug", "language", "live_version__document", f"{model.kind}__key").filter(slug=slug).first()


def show_procedure(request, page, document, preview=None):
    """Return a procedure's page as its frozen document says; `preview` is the version, on the desk."""
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
    return show(
        request,
        "procedures/procedure.html",
        context,
        lambda clinic: structured_data.of_procedure(clinic, document, path=request.path),
    )


def show_condition(request, page, document, preview=None):
    """Return a condition's page as its frozen document says; `preview` is the version, on the desk."""
    around = around_condition(page)
    request.addresses, request.elsewhere = around.addresses, around.elsewhere
    content = content_of(document) | {"procedures": around.cards["procedure"]}
    context = _page(page, CONDITION_PARTS, document, content, preview)
    return show(
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
        "feedback_url": "" if preview else reverse(f"procedures:{page.kind}_feedback", args=[page.slug]),
        "preview": preview,
        "days_on_the_site": days_of(preview) if preview is not None and preview.published_at else "",
        **({"canonical_url": ""} if preview else {}),
    }
