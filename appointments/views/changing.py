"""The changes that a patient makes on the private page: a plain question first, then a press."""

from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from appointments import workflow
from appointments.changes import CHANGES
from appointments.messages import in_words
from appointments.models import AppointmentRequest, Status
from appointments.views.private import behind_link, link_of, nothing_here
from appointments.views.tracking import see_other, status_page
from audit.actors import Actor
from clinic import forgeries
from clinic.context_processors import languages_here
from clinic.page_cache import private_asking_page, private_page
from clinic.refusals import Refused, Unfit
from clinic.views import FORM_NOT_CHECKED, failure_page

LOOK_ONCE_MORE = _("Nothing was done. Your request has changed since you opened this page. Read it once more.")
NO_LONGER_OFFERED = _("This time is no longer offered. Look at what is left, or ask us for other times.")


@behind_link("GET", "HEAD", "POST")
def change(request, link, name, offer=None):
    """Ask whether the patient means it (GET), and make the change (POST); what cannot be done says why."""
    row = _row(name, link.request, offer)
    if row is None:
        forgeries.note(forgeries.MOVE, where="private page")
        return private_page(failure_page(request, "404.html", 404))
    return _made(request, link, row, offer) if request.method == "POST" else _asked(request, link, row, offer)


def _without_token(request, token, name, offer=None):
    """Ask once more, with what was typed, after a press that came without a good CSRF token."""
    link = link_of(token)
    if link is None:
        return nothing_here(request)
    row = _row(name, link.request, offer)
    if row is None:
        return private_page(failure_page(request, "404.html", 404))
    return _ask(
        request,
        link.request,
        row,
        offer,
        row.form_for(link.request, request.POST, is_judged=False),
        problem=FORM_NOT_CHECKED,
        status=403,
    )


change.csrf_failure = _without_token


def _row(name, asked, offer):
    """Return the row of the table that an address names, as the request stands; None for no such address."""
    if name not in CHANGES or (name == "accept") != (offer is not None):
        return None
    if CHANGES[name].move == "withdraw":
        return CHANGES["cancel" if asked.status == Status.AGREED else "withdraw"]
    return CHANGES[name]


def _token(request):
    return request.resolver_match.kwargs["token"]


def _asked(request, link, row, offer):
    if row is CHANGES["reply"]:
        # The question is read first, which takes a press of its own.
        return see_other(reverse("appointments:words", args=[_token(request)]))
    try:
        row.check(link.request)
    except Refused as refused:
        return status_page(request, link, refusal=refused.reason, status=409)
    return _ask(request, link.request, row, offer, row.form_for(link.request))


def _made(request, link, row, offer):
    asked, name = link.request, request.resolver_match.kwargs["name"]
    if request.POST.get("go") == "language":
        return _ask(request, asked, row, offer, row.form_for(asked, request.POST, is_judged=False))
    form = row.form_for(asked, request.POST)
    if row is not CHANGES[name] and not row.is_done(asked, offer):
        return _ask(request, asked, row, offer, form, problem=LOOK_ONCE_MORE, status=409)
    if form and not form.is_valid():
        return _ask(request, asked, row, offer, form, status=422)
    try:
        workflow.move_by_patient(asked, row.move, by=Actor.patient(link.pk), **row.inputs(form, offer))
    except workflow.Erased:
        return nothing_here(request)
    except Unfit as refused:
        form.add_error(refused.field, refused.reason)
        return _ask(request, asked, row, offer, form, status=422)
    except Refused as refused:
        link.request = AppointmentRequest.of_every_kind.select_related("location").get(pk=asked.pk)
        if not row.is_done(link.request, offer):
            if form:
                return _ask(request, link.request, row, offer, form, problem=refused.reason, status=409)
            return status_page(request, link, refusal=refused.reason, status=409)
    return see_other(reverse("appointments:track", args=[_token(request)], query={"done": name}))


def _ask(request, asked, row, offer, form, *, problem="", status=200):
    """Return the page with the plain question. `problem` is a sentence that says why nothing was done."""
    time = None
    if row is CHANGES["accept"]:
        time = next((free for free in workflow.free_offers(asked) if free.pk == offer), None)
        if time is None:
            link = link_of(_token(request))
            return status_page(request, link, refusal=NO_LONGER_OFFERED, status=409)
    elif asked.status == Status.AGREED:
        time = asked.offers.agreed().select_related("location", "clinician").first()
    context = {
        "asked": asked,
        "row": row,
        "token": _token(request),
        "form": form,
        "time": time,
        "starts_at": in_words(time.starts_at) if time else "",
        "action": request.path
        if row.name == "accept"
        else reverse("appointments:change", args=[_token(request), row.name]),
        "problems": [{"text": problem, "target": ""}] if problem else [],
        "has_errors": bool(problem),
        "canonical_url": "",
    }
    if row is CHANGES["reply"]:
        context["question"] = asked.clinic_questions.open().last()
    if request.method == "POST":
        # A link would lose what was typed, so the language is changed by a button of the form.
        context |= {"languages_here": [], "languages": languages_here(request)}
    return private_asking_page(render(request, "appointments/change.html", context, status=status))
