"""Getting back to a request whose private link is lost. The answer never says whether there is such a request."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from appointments import workflow
from appointments.tracking_forms import LostLinkForm
from clinic import limits
from clinic.context_processors import languages_here
from clinic.page_cache import asking_page
from clinic.views import FORM_NOT_CHECKED

# What is asked for more often is answered the same, and does nothing.
MOST_FROM_NETWORK_IN_AN_HOUR = 20
MOST_OF_REFERENCE_IN_A_DAY = 3


@require_http_methods(["GET", "HEAD", "POST"])
def lost_link(request):
    """Ask for a reference and a way to reach the patient; a new link goes to the request's own address."""
    if request.method != "POST":
        if request.GET.get("done") == "sent":
            return asking_page(render(request, "appointments/link_sent.html"))
        return _ask(request, LostLinkForm())
    if request.POST.get("go") == "language":
        return _ask(request, LostLinkForm(initial=request.POST.dict()))
    form = LostLinkForm(request.POST)
    if not form.is_valid():
        return _ask(request, form, status=422)
    _note(request, **form.cleaned_data)
    return asking_page(
        HttpResponse(status=303, headers={"Location": reverse("appointments:lost_link", query={"done": "sent"})})
    )


def _without_token(request):
    """Ask once more, with what was typed, after a press that came without a good CSRF token."""
    return _ask(request, LostLinkForm(initial=request.POST.dict()), problem=FORM_NOT_CHECKED, status=403)


lost_link.csrf_failure = _without_token


def _note(request, *, reference, contact):
    counts = (
        (limits.count("lost link", limits.network_of(request), span=limits.HOUR), MOST_FROM_NETWORK_IN_AN_HOUR),
        (limits.count("lost link of", reference, span=limits.DAY), MOST_OF_REFERENCE_IN_A_DAY),
    )
    if all(number <= most for number, most in counts):
        workflow.ask_for_link(reference=reference, contact=contact)


def _ask(request, form, *, problem="", status=200):
    context = {
        "form": form,
        "problems": [{"text": problem, "target": ""}] if problem else [],
        "has_errors": bool(problem),
    }
    if request.method == "POST":
        # A link would lose what was typed, so the language is changed by a button of the form.
        context |= {"languages_here": [], "languages": languages_here(request)}
    return asking_page(render(request, "appointments/lost_link.html", context, status=status))
