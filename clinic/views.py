"""The clinic's own pages, the health addresses, and what a visitor sees when something fails."""

import ipaddress

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import Error
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.template import TemplateDoesNotExist, loader
from django.urls import Resolver404, resolve
from django.utils.translation import get_language_from_path, gettext_lazy, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from audit.reading import record_refusal
from clinic import retention, status
from clinic.context_processors import read_clinic, remembered_clinic
from clinic.markdown import render_markdown
from clinic.page_cache import public_page
from clinic.refusals import Gone
from clinic.staff_only import is_let_in, staff_only
from clinic.styleguide import samples

FORM_NOT_CHECKED = gettext_lazy(
    "Nothing was sent, and nothing you typed is lost. We could not check that this form came from your own browser. "
    "Try once more. If it happens again, allow cookies for this site: we use 1, to keep your form safe."
)


@public_page
def privacy(request):
    """What is kept of a patient, why, and for how long."""
    rules = [rule for rule in retention.rules() if rule.holding.is_told]
    kept = [{"label": rule.holding.what, "value": f"{rule.lasts}.\n{rule.why}"} for rule in rules]
    return _clinic_text(request, "clinic/privacy.html", "privacy", kept=kept)


@public_page
def accessibility(request):
    """How well the site works for everybody, honestly."""
    return _clinic_text(request, "clinic/accessibility.html", "accessibility")


def _clinic_text(request, template, field, **also):
    clinic = read_clinic()
    text = getattr(clinic, field)
    context = {"clinic": clinic, "words": render_markdown(str(text)), "words_language": text.language()}
    return render(request, template, context | also)


@require_safe
@never_cache
@staff_only
def styleguide(request):
    """Every component in each of its states, for staff."""
    return render(request, "styleguide.html", {"samples": samples()})


@require_safe
@never_cache
def healthz(request):
    """The process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request):
    """This process can serve; 503 and why otherwise."""
    try:
        trouble = status.why_not_ready()
    except Error:
        trouble = "The database does not answer."
    return HttpResponse(f"{trouble or 'ready'}\n", content_type="text/plain", status=503 if trouble else 200)


@require_safe
@never_cache
def statusz(request):
    """How every part is; 503 when any is wrong. Names of the parts for staff and this machine only."""
    try:
        parts = status.parts()
    except Error:
        parts = [status.PartStatus("database", "The database does not answer.")]
    is_well = not any(part.trouble for part in parts)
    answer = {"status": "ok" if is_well else "wrong"}
    if _may_know_parts(request):
        answer["parts"] = {part.name: part.trouble or "ok" for part in parts}
    return JsonResponse(answer, status=200 if is_well else 503)


def _may_know_parts(request):
    if _is_this_machine(request):
        return True
    try:
        return is_let_in(request.user)
    except Error:
        return False


def _is_this_machine(request):
    """Say whether the request was made on this machine, and not by a proxy that stands on it."""
    if settings.TRUSTED_PROXIES or "X-Forwarded-For" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def bad_request(request, exception):
    """Answer a request whose body or address cannot be read. Looks at neither."""
    if isinstance(exception, RequestDataTooBig):
        return failure_page(request, "413.html", 413)
    return failure_page(request, "400.html", 400)


def permission_denied(request, exception):
    """Answer somebody who may not see this page, and record which member of staff that was."""
    record_refusal(request, answer=403)
    return failure_page(request, "403.html", 403)


def page_not_found(request, exception):
    """Answer an address that is none of ours, or whose row was erased.

    Where it leads staff to a row that is not theirs, it is recorded.
    """
    if isinstance(exception, Gone):
        return failure_page(request, exception.template, 410)
    if request.resolver_match and "admin" in request.resolver_match.namespaces:
        record_refusal(request, answer=404)
    return failure_page(request, "404.html", 404)


def server_error(request):
    """Answer after an error of our own, without trusting anything that may be broken."""
    return failure_page(request, "500.html", 500)


def csrf_failure(request, reason=""):
    """Answer a form that came without a valid token.

    A view that can show again what was typed says so with a `csrf_failure` attribute; others get a plain page.
    """
    try:
        match = resolve(request.path_info)
    except Resolver404:
        return page_not_found(request, None)
    show_again = getattr(match.func, "csrf_failure", None)
    if show_again is not None:
        return show_again(request, *match.args, **match.kwargs)
    return failure_page(request, "403_csrf.html", 403)


def failure_page(request, template, code):
    """Return an error page with the clinic's telephone number; the language comes from the address.

    It reads no body, and where the database fails it makes do with what this process remembers of the clinic. After an
    error of our own the database is asked only by a process that remembers nothing.
    """
    language = get_language_from_path(request.path_info) or settings.LANGUAGE_CODE
    clinic = read_clinic() if code < 500 or not remembered_clinic().name else remembered_clinic()
    context = {"clinic": clinic, "LANGUAGE_CODE": language}
    with override(language):
        try:
            response = HttpResponse(loader.render_to_string(template, context), status=code)
        except (TemplateDoesNotExist, ValueError):
            # The release is not whole: files of the look, or the pages themselves, are missing. Words are left.
            sentence = _("Something went wrong. Telephone us: %(telephone)s") % {"telephone": clinic.telephone}
            response = HttpResponse(sentence, status=code, content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = "private, no-cache"
    return response
