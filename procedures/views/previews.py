"""A version as patients will see it, or as they read it once: for staff who may, and never kept.

One that was published is shown as it was frozen. What stands around it (the clinic, the pages beside it) is of today.
"""

from django.contrib.auth.decorators import permission_required
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from clinic.page_cache import private_page
from clinic.staff_only import staff_only
from procedures.around import address_in
from procedures.documents import freeze
from procedures.models import ConditionVersion, ProcedureVersion
from procedures.views.pages import show_condition, show_procedure


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


def _preview(request, model, version_id, show):
    versions = model.objects.visible_to(request.user).select_related("page", "reviewed_by")
    version = get_object_or_404(versions, pk=version_id)
    if version.language != get_language():
        response = redirect(address_in(version.language, f"procedures:{request.resolver_match.url_name}", version_id))
    else:
        response = show(request, version.page, version.document or freeze(version), preview=version)
    return private_page(response)
