"""Procedures and conditions on the desk: what belongs to them in every language."""

from django.contrib import admin
from django.forms import CheckboxSelectMultiple
from django.utils.translation import gettext_lazy as _

from audit.models import Event
from clinic.models import PageStamp
from procedures.models import Condition, Procedure


class SubjectAdmin(admin.ModelAdmin):
    """What procedures and conditions share: named by their pages, never deleted, every change recorded."""

    list_display = ["key", "page_names"]
    actions = None
    show_full_result_count = False

    def get_queryset(self, request):
        """Those that this member of staff may see, with their pages."""
        return self.model.objects.visible_to(request.user).prefetch_related("pages")

    def get_readonly_fields(self, request, obj=None):
        """The key stands in files, so it stays."""
        return ["key"] if obj else []

    def has_delete_permission(self, request, obj=None):
        """What was published is never lost; a page is withdrawn instead."""
        return False

    @admin.display(description=_("pages"))
    def page_names(self, subject):
        """The names of its pages, one a language."""
        return ", ".join(str(page) for page in subject.pages.all()) or "–"

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        """Choices as boxes to tick, all in view."""
        return super().formfield_for_manytomany(db_field, request, widget=CheckboxSelectMultiple(), **kwargs)

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        """Leave out the links that would open another form from within this one."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        for link in ("add", "change", "delete", "view"):
            if hasattr(field.widget, f"can_{link}_related"):
                setattr(field.widget, f"can_{link}_related", False)
        return field

    def save_related(self, request, form, formsets, change):
        """Record what changed, and tell kept pages that they are old, in the transaction of the change."""
        super().save_related(request, form, formsets, change)
        if not form.changed_data:
            return
        verb = "subject.changed" if change else "subject.added"
        Event.record(verb, by=request.user.as_actor(), about=form.instance, fields=sorted(form.changed_data))
        PageStamp.move()


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


@admin.register(Condition)
class ConditionAdmin(SubjectAdmin):
    """What is wrong with the patient."""

    fieldsets = [
        (None, {"fields": ["key", "order"], "description": _("The key is used in files. A lower order stands first.")}),
    ]
