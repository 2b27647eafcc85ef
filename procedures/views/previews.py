"""A version as patients will see it, or as they read it once: for staff who may, and never kept.

One that was published is shown as it was frozen. What stands around it (the clinic, the pages beside it) is of today.
"""

from csp.decorators import csp_replace
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from clinic.page_cache import private_page
from clinic.staff_only import staff_only
from procedures.around import address_in
from procedures.documents import freeze
from procedures.models import ConditionVersion, ProcedureVersion
from procedures.preview_ways import WAYS
from procedures.print_styles import print_styles
from procedures.views.pages import show_condition, show_procedure

FRAMED = "'self'"


def _framed_by_us(view):
    """Let a page of this site, and no other, show this one in a frame."""
    return xframe_options_sameorigin(csp_replace({"frame-ancestors": [FRAMED]})(view))


@require_safe
@staff_only
@permission_required("procedures.view_procedureversion", raise_exception=True)
def preview_procedure(request, version_id):
    """A version of a procedure's page as patients will see it, for those who write and check it."""
    return _preview(request, ProcedureVersion, version_id, show_procedure)


@require_safe
@staff_only
@permission_required("procedures.view_conditionversion", raise_exception=True)
def preview_condition(request, version_id):
    """A version of a condition's page as patients will see it, for those who write and check it."""
    return _preview(request, ConditionVersion, version_id, show_condition)


@require_safe
@staff_only
@permission_required("procedures.view_procedureversion", raise_exception=True)
def preview_procedure_as(request, version_id, way):
    """A version of a procedure's page in a frame of a certain width."""
    return _frame(request, ProcedureVersion, version_id, way)


@require_safe
@staff_only
@permission_required("procedures.view_conditionversion", raise_exception=True)
def preview_condition_as(request, version_id, way):
    """A version of a condition's page in a frame of a certain width."""
    return _frame(request, ConditionVersion, version_id, way)


@require_safe
@staff_only
def preview_styles(request):
    """The stylesheet as paper gets it."""
    return private_page(HttpResponse(print_styles(), content_type="text/css; charset=utf-8"))


def _version_or_404(request, model, version_id):
    versions = model.objects.visible_to(request.user).select_related("page", "reviewed_by")
    return get_object_or_404(versions, pk=version_id)


def _preview(request, model, version_id, show):
    version = _version_or_404(request, model, version_id)
    if version.language != get_language():
        response = redirect(address_in(version.language, f"procedures:{request.resolver_match.url_name}", version_id))
    else:
        request.as_printed = request.GET.get("as") == "print"
        document = version.document or freeze(version)
        response = _framed_by_us(show)(request, version.page, document, preview=version)
    return private_page(response)


def _frame(request, model, version_id, way):
    version = _version_or_404(request, model, version_id)
    if way not in WAYS:
        raise Http404
    title, width, height = WAYS[way]
    kind = version.page.kind
    framed = address_in(version.language, f"procedures:preview_{kind}", version.pk)
    context = {
        "version": version,
        "title": title,
        "width": width,
        "height": height,
        "framed": f"{framed}?as=print" if way == "print" else framed,
        "ways": [
            {
                "text": words,
                "url": reverse(f"procedures:preview_{kind}_as", args=[version.pk, name]),
                "is_here": name == way,
            }
            for name, (words, *_size) in WAYS.items()
        ],
        "overview_url": reverse(f"admin:procedures_{version._meta.model_name}_change", args=[version.pk]),
    }
    with_frame = csp_replace({"frame-src": [FRAMED]})(render)
    return private_page(with_frame(request, "procedures/preview_frame.html", context))
