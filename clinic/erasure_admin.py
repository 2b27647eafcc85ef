"""The receipts of erasures: a list, and each as a page to print and a text to keep."""

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from audit.audited_admin import AuditedAdmin
from clinic import receipts
from clinic.models import Erasure


@admin.register(Erasure)
class ErasureAdmin(AuditedAdmin):
    """Receipts are read here; an erasure begins on the sheet of a request."""

    list_display = ["number", "erased_at", "reason", "is_looked_through"]
    list_per_page = 50
    sortable_by = ()

    def has_add_permission(self, request):
        """A receipt is written by an erasure alone."""
        return False

    def has_change_permission(self, request, obj=None):
        """What happened is not changed."""
        return False

    def has_delete_permission(self, request, obj=None):
        """A receipt is what is left to show."""
        return False

    def get_queryset(self, request):
        """The receipts that this member of staff may see; the marks that are looked for stay shut."""
        return super().get_queryset(request).visible_to(request.user).defer("looking_for")

    @admin.display(description=_("looked through"), boolean=True)
    def is_looked_through(self, row):
        """Whether the search for what is left is over."""
        return row.looked_through_at is not None

    def get_urls(self):
        """Add the text of a receipt."""
        text = self.admin_site.admin_view(require_safe(self.text_view))
        return [path("<path:object_id>/receipt.txt", text, name="clinic_erasure_text"), *super().get_urls()]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show a receipt."""
        row = self._receipt(request, object_id)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Receipt %(number)s") % {"number": row.number},
            "opts": self.opts,
            "is_nav_sidebar_enabled": False,
            "row": row,
            "facts": [{"label": label, "value": value} for label, value in receipts.facts(row)],
            "removed": [{"label": kind, "value": number} for kind, number in receipts.removed(row)],
            "stays": receipts.stays(),
            "looked": receipts.looked(row),
            "findings": receipts.findings(row),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/clinic/erasure/receipt.html", context)

    def text_view(self, request, object_id):
        """Give a receipt as a text file."""
        row = self._receipt(request, object_id)
        response = HttpResponse(receipts.as_text(row), content_type="text/plain; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="receipt-{row.number}.txt"'
        add_never_cache_headers(response)
        return response

    def _receipt(self, request, object_id):
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        return row
