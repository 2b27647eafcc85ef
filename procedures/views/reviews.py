"""The page behind the private link to a version: read it, comment on it, and approve it with a code from the mailbox.

The link alone opens it, and every link that opens nothing is answered the same. A look changes nothing but the events:
programs that look through mail follow links too.
"""

from functools import wraps

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from audit.actors import Actor
from clinic import limits
from clinic.context_processors import languages_here
from clinic.page_cache import private_asking_page, private_page
from clinic.stale import read_revision
from clinic.views import FORM_NOT_CHECKED, failure_page
from procedures import publishing
from procedures.around import address_in
from procedures.changed_sections import changed_sections
from procedures.documents import freeze
from procedures.models import ConditionVersion, ReviewInvitation, State
from procedures.review_forms import CodeForm, LinkCommentForm
from procedures.sections import sections_of
from procedures.views.pages import show_condition, show_procedure

# So many addresses that open nothing may be tried from one network in an hour; a link that opens something always does.
MOST_MISSES = 30
DONE = {"commented", "sent", "approved"}


def behind_link(*methods):
    """Make a view one behind a private link: it gets the ReviewInvitation in place of the token."""

    def made(view):
        @require_http_methods(methods)
        @wraps(view)
        def answer(request, token):
            invitation = ReviewInvitation.objects.opened_by(token)
            return view(request, invitation) if invitation else nothing_here(request)

        return answer

    return made


def nothing_here(request):
    """Answer a link that opens nothing: made up, run out, revoked, or to what was published since."""
    misses = limits.count("review link that opens nothing", limits.network_of(request), span=limits.HOUR)
    if misses > MOST_MISSES:
        return private_page(failure_page(request, "429.html", 429))
    return private_page(failure_page(request, "procedures/no_such_review.html", 404))


@behind_link("GET", "HEAD", "POST")
def review(request, invitation):
    """Show what is to be checked, or take what was pressed."""
    if request.method == "POST" and request.POST.get("go") in PRESSES:
        return PRESSES[request.POST["go"]](request, invitation)
    if request.method == "GET":
        publishing.note_opened(invitation=invitation)
    return _show(request, invitation, comment=_comment_form(invitation, initial=request.POST.dict()))


def _without_token(request, token):
    """Show what was typed again, after a press that came without a good CSRF token. Changes nothing."""
    invitation = ReviewInvitation.objects.opened_by(token)
    if invitation is None:
        return nothing_here(request)
    comment = _comment_form(invitation, initial=request.POST.dict())
    return _show(request, invitation, comment=comment, problem=FORM_NOT_CHECKED, status=403)


review.csrf_failure = _without_token


@behind_link("GET", "HEAD")
def review_page(request, invitation):
    """Show the version as patients will see it, in its own language."""
    version = invitation.version
    if version.language != get_language():
        token = request.resolver_match.kwargs["token"]
        return private_page(redirect(address_in(version.language, "procedures:review_page", token)))
    request.review_url = reverse("procedures:review", args=[request.resolver_match.kwargs["token"]])
    show = show_condition if isinstance(version, ConditionVersion) else show_procedure
    response = show(request, version.page, freeze(version), preview=version)
    return private_page(response)


# What is pressed


def _comment(request, invitation):
    form = _comment_form(invitation, request.POST)
    if not form.is_valid():
        return _show(request, invitation, comment=form, form=form, status=422)
    return _try(
        request,
        invitation,
        lambda by: publishing.comment_by_link(invitation=invitation, **form.cleaned_data, by=by),
        done="commented",
        comment=form,
    )


def _ask_code(request, invitation):
    seen = read_revision(request.POST.get("seen_revision", ""))
    return _try(
        request,
        invitation,
        lambda by: publishing.ask_code(invitation=invitation, by=by, seen_revision=seen),
        done="sent",
    )


def _approve(request, invitation):
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _show(request, invitation, code=form, form=form, status=422)
    return _try(
        request,
        invitation,
        lambda by: publishing.approve_by_link(invitation=invitation, code=form.cleaned_data["code"], by=by),
        done="approved",
        code=form,
    )


PRESSES = {"comment": _comment, "code": _ask_code, "approve": _approve}


def _try(request, invitation, change, *, done, **forms):
    """Do it and lead back to the page; or show the page as it now stands, with the reason why not."""
    try:
        change(Actor.reviewer(invitation.pk))
    except publishing.Unfit as refused:
        form = next((each for each in forms.values() if refused.field in each.fields), None)
        again = ReviewInvitation.objects.opened_by(request.resolver_match.kwargs["token"])
        if form is None or again is None:
            return _refused(request, refused, forms)
        form.add_error(refused.field, refused.reason)
        return _show(request, again, form=form, status=422, **forms)
    except publishing.Refused as refused:
        return _refused(request, refused, forms)
    token, place = request.resolver_match.kwargs["token"], "approve" if done == "sent" else ""
    here = reverse("procedures:review", args=[token], query={"done": done}, fragment=place)
    return private_page(HttpResponse(status=303, headers={"Location": here}))


def _refused(request, refused, forms):
    again = ReviewInvitation.objects.opened_by(request.resolver_match.kwargs["token"])
    if again is None:
        return nothing_here(request)
    return _show(request, again, problem=refused.reason, status=409, **forms)


# The page


def _comment_form(invitation, data=None, **options):
    return LinkCommentForm(data, sections=sections_of(invitation.version), auto_id="comment_%s", **options)


def _show(request, invitation, *, comment=None, code=None, form=None, problem="", status=200):
    """Return the page; `form` is the one that was not taken, `problem` why nothing was done."""
    version = invitation.version
    done = request.GET.get("done", "") if request.method != "POST" else ""
    context = {
        "invitation": invitation,
        "token": request.resolver_match.kwargs["token"],
        "version": version,
        "done": done if done in DONE and (done != "approved" or invitation.approved_at) else "",
        "changed": changed_sections(version),
        "why_not": _why_not(version, invitation),
        "waits_for_editors": version.state == State.DRAFT,
        "comment_form": comment or _comment_form(invitation),
        "code_form": code or (CodeForm() if invitation.has_code else None),
        "form": form,
        "problems": [{"text": problem, "target": ""}] if problem else [],
        "has_errors": bool(problem),
        "canonical_url": "",
    }
    if request.method == "POST":
        # A link would lose what was typed, so the language is changed by a button of the form.
        context |= {"languages_here": [], "languages": languages_here(request)}
    return private_asking_page(render(request, "procedures/review.html", context, status=status))


def _why_not(version, invitation):
    """Return why nothing can be approved now; "" where it can."""
    try:
        publishing.check_approve(version, invitation)
    except publishing.Refused as refused:
        return refused.reason
    return ""
