"""Saved replies, for managers: in a list, each seen with made-up values before it is saved; others read them."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from appointments import workflow
from appointments.models import SavedReply
from appointments.replies import REPLY_NAMES, example, fit_reply
from appointments.wording import TEXT_LENGTH
from appointments.workflow.saved_replies import FIELDS
from audit.audited_admin import AuditedAdmin
from clinic.refusals import Unfit
from clinic.stale_forms import CarefulForm

LIST, ADD, CHANGE, DELETE = (
    f"admin:appointments_savedreply_{name}" for name in ("changelist", "add", "change", "delete")
)


class ReplyForm(CarefulForm):
    """One saved reply."""

    class Meta:
        model = SavedReply
        fields = FIELDS
        widgets = {
            "name": forms.TextInput(attrs={"dir": "auto"}),
            "text": forms.Textarea(attrs={"rows": 10, "dir": "auto", "maxlength": TEXT_LENGTH}),
        }
        help_texts = {"name": _("Staff choose it by this name. Patients do not see it.")}

    def clean_text(self):
        """Say what must be mended about the words before they are saved or shown."""
        try:
            return fit_reply(self.cleaned_data["text"])
        except Unfit as unfit:
            raise forms.ValidationError(unfit.reason) from unfit


@admin.register(SavedReply)
class SavedReplyAdmin(AuditedAdmin):
    """What staff put into the box of a question or an answer."""

    audit_subject = "saved_reply"
    list_display = ["name", "used_for", "language", "changed_at", "changed_by"]
    list_filter = ["used_for", "language"]
    list_select_related = ["changed_by"]
    list_per_page = 50
    list_max_show_all = 0
    sortable_by = ()
    show_facets = admin.ShowFacets.NEVER

    def get_queryset(self, request):
        """Those that this member of staff may see."""
        return super().get_queryset(request).visible_to(request.user)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """Show, preview or save a saved reply. A preview saves nothing."""
        row = self._row(request, object_id)
        if row is None:
            return self._gone(request, object_id)
        if request.method != "POST":
            return self._screen(request, row, ReplyForm(instance=row))
        if not self._may_keep(request, row):
            raise PermissionDenied
        form = ReplyForm(request.POST, instance=row)
        status, is_preview = 200, "preview" in request.POST
        if form.is_valid() and not is_preview:
            try:
                kept = workflow.keep_reply(row.pk, by=request.user.as_actor(), **form.cleaned_data)
            except workflow.Refused as refused:
                form.add_error(getattr(refused, "field", None), refused.reason)
            else:
                messages.success(request, gettext("The saved reply is kept."))
                return HttpResponseRedirect(reverse(CHANGE, args=[kept.pk]))
        if form.errors:
            status = 409 if form.compared else 422
        return self._screen(request, self._row(request, object_id) or row, form, status=status)

    def _row(self, request, object_id):
        """Return the row that an address names, unsaved for a new one; None where there is none."""
        if object_id is None:
            if not self.has_add_permission(request):
                raise PermissionDenied
            return SavedReply()
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self.get_object(request, unquote(object_id))

    def _gone(self, request, object_id):
        """Answer about a row that is none: what was typed for one that is deleted can be saved as a new one."""
        if request.method != "POST" or not self.has_add_permission(request):
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        form = ReplyForm(request.POST, instance=SavedReply())
        form.add_error(None, gettext("Somebody deleted this saved reply meanwhile. Save it as a new one."))
        return self._screen(request, SavedReply(), form, status=409)

    def _may_keep(self, request, row):
        return self.has_add_permission(request) if row.pk is None else self.has_change_permission(request, row)

    def _screen(self, request, row, form, *, status=200):
        is_preview = form.is_bound and not form.errors
        shown = form.cleaned_data if is_preview else {name: getattr(row, name) for name in FIELDS}
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "is_nav_sidebar_enabled": False,
            "title": row.name or gettext("New saved reply"),
            "form": form,
            "row": row,
            "may_keep": self._may_keep(request, row),
            "names": [{"name": f"{{{name}}}", "meaning": meaning} for name, meaning in REPLY_NAMES.items()],
            "is_preview": is_preview,
            "language": shown["language"],
            "preview": example(shown["text"], shown["language"]) if shown["text"] else "",
            "list_url": reverse(LIST),
            "save_url": reverse(CHANGE, args=[row.pk]) if row.pk else reverse(ADD),
            "delete_url": reverse(DELETE, args=[row.pk]) if row.pk and self.has_delete_permission(request, row) else "",
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/appointments/savedreply/reply.html", context, status=status)
