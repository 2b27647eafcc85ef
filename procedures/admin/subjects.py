"""Procedures and conditions on the desk: what belongs to them in every language."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from clinic.admin import HouseAdmin
from procedures import search_index
from procedures.models import Condition, Procedure


class SubjectAdmin(HouseAdmin):
    """What procedures and conditions share: named by their pages, never deleted."""

    audit_subject = "subject"
    list_display = ["key", "page_names"]

    def get_queryset(self, request):
        """Those that this member of staff may see, with their pages."""
        return self.model.objects.visible_to(request.user).prefetch_related("pages")

    def has_delete_permission(self, request, obj=None):
        """What was published is never lost; a page is withdrawn instead."""
        return False

    @admin.display(description=_("pages"))
    def page_names(self, subject):
        """The names of its pages, one a language."""
        return ", ".join(str(page) for page in subject.pages.all()) or "–"


@admin.register(Procedure)
class ProcedureAdmin(SubjectAdmin):
    """What the clinic does, where, and who does it."""

    fieldsets = [
        (None, {"fields": ["key", "order"], "description": _("The key is used in files. A lower order stands first.")}),
        (
            _("What belongs to it"),
            {
                "fields": ["conditions", "performed_at", "evaluated_at", "clinicians"],
                "description": _("The same in every language. Patients see it on the page and in the request form."),
            },
        ),
    ]

    def save_related(self, request, form, formsets, change):
        """Finish the save; the names of its conditions find its pages."""
        super().save_related(request, form, formsets, change)
        search_index.index_subjects([form.instance])


@admin.register(Condition)
class ConditionAdmin(SubjectAdmin):
    """What is wrong with the patient."""

    fieldsets = [
        (None, {"fields": ["key", "order"], "description": _("The key is used in files. A lower order stands first.")}),
    ]
