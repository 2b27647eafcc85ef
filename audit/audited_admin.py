"""An admin whose log is the audit: each save and removal is one event, in its transaction, with field names only.

Django's own admin log would keep names and titles in clear, and lets them be deleted.
"""

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext

from audit.actors import STAFF, Actor
from audit.models import Event

SHOWN = 200


class AuditedAdmin(admin.ModelAdmin):
    """Django's admin, without bulk actions or pop-up forms; records `<subject>.added`, `.changed` and `.removed`."""

    audit_subject = None
    actions = None
    show_full_result_count = False

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        """Leave out the links that would open another form from within this one."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        for link in ("add", "change", "delete", "view"):
            if hasattr(field.widget, f"can_{link}_related"):
                setattr(field.widget, f"can_{link}_related", False)
        return field

    def lookup_allowed(self, lookup, value, request):
        """Only what the list offers as a filter: an address asks the database nothing else of a row."""
        filters = [each if isinstance(each, str) else each.parameter_name for each in self.list_filter]
        is_offered = any(lookup == name or lookup.startswith(f"{name}__") for name in filters)
        return is_offered and super().lookup_allowed(lookup, value, request)

    def changelist_view(self, request, extra_context=None):
        """Name the list for what is in it: Django's title asks to select a row, also where there is none."""
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def save_model(self, request, obj, form, change):
        """Write what was changed and no more: what somebody else wrote since the row was read stays."""
        columns = {field.name for field in self.opts.concrete_fields}
        is_stored = change and not obj._state.adding
        obj.save(update_fields=columns & set(form.changed_data) if is_stored else None)

    def record(self, request, row, what, **details):
        """Insert the event that says what the signed-in member of staff did to `row`."""
        subject = self.audit_subject or self.opts.app_label
        return Event.record(f"{subject}.{what}", by=Actor.staff(request.user), about=row, **details)

    def construct_change_message(self, request, form, formsets, add=False):
        """Return the names of the fields that changed, for `log_addition` and `log_change`."""
        return sorted(form.changed_data)

    def log_addition(self, request, obj, message):
        """Record a new row; called by Django inside the transaction of the save."""
        return self.record(request, obj, "added", fields=message)

    def log_change(self, request, obj, message):
        """Record a changed row; saving without a change is no event."""
        return self.record(request, obj, "changed", fields=message) if message else None

    def log_deletions(self, request, queryset):
        """Record each row about to be removed."""
        return [self.record(request, row, "removed") for row in queryset]

    def history_view(self, request, object_id, extra_context=None):
        """Show the newest events about one row, with who and which fields, to those who may see the row."""
        row = self.get_object(request, unquote(object_id))
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        events = list(Event.objects.about(row)[:SHOWN])
        staff = get_user_model()._default_manager.in_bulk({event.actor_id for event in events if event.actor_id})
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("What happened: %(row)s") % {"row": row},
            "opts": self.opts,
            "object": row,
            "events": [(event, staff.get(event.actor_id) if event.actor_kind == STAFF else None) for event in events],
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/event_history.html", context)
