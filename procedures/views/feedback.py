"""What readers say about a page: the form, and the thanks."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from audit.actors import Actor
from clinic.context_processors import languages_here
from clinic.page_cache import asking_page, typed_page
from clinic.refusals import Refused
from clinic.views import FORM_NOT_CHECKED
from procedures import feedback, moved
from procedures.around import addresses_about
from procedures.feedback_form import FeedbackForm, token_of
from procedures.views.addresses import tell_addresses


@require_http_methods(["GET", "HEAD", "POST"])
def feedback_form(request, model, slug):
    """Ask a reader whether a page answered their question, and take what they say; never who they are."""
    page = _asked_about(request, model, slug, "feedback")
    if page is None:
        return moved.answer(request, model, slug, to=f"{model.kind}_feedback")
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
    thanks = reverse(f"procedures:{model.kind}_feedback_thanks", args=[page.slug])
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
        return moved.answer(request, model, slug, to=f"{model.kind}_feedback_thanks")
    return typed_page(render(request, "procedures/feedback_thanks.html", {"page": page}))


def _asked_about(request, model, slug, name):
    """Return the page that an address is about, or None; tell where that address stands in each language."""
    pages = model.objects.published().in_language(get_language()).select_related("live_version", model.kind)
    page = pages.defer("live_version__document").filter(slug=slug).first()
    if page is None and (request.method == "POST" or name == "feedback_thanks"):
        # It moved, or was withdrawn, while the reader wrote: no word of theirs is lost.
        page = moved.page_once_at(model, slug)
    if page is not None:
        tell_addresses(request, addresses_about(page, name))
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
