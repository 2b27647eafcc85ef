"""An admin whose log is the audit: each save and removal is one event, in its transaction, with field names only.

Where rows tell something about a person, each look at the list, at a row and at its history is one event too.

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
from audit.event_words import words_for
from audit.models import Event
from audit.reading import record_list, record_refusal

SHOWN = 200


class AuditedAdmin(admin.ModelAdmin):
    """Django's admin, without bulk actions or pop-up forms; records `<subject>.added`, `.changed` and `.removed`.

    With `tells_of_persons` it also records `.listed` or `.searched`, `.read` and `.history_read`.
    """

    audit_subject = None
    tells_of_persons = False
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
        response = super().changelist_view(request, {"title": title, **(extra_context or {})})
        shown = getattr(response, "context_data", None) or {}
        if "cl" in shown:
            self.record_list(request, shown["cl"])
        return response

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        """Show the form of a row, and record that it was read."""
        if obj is not None:
            self.record_reading(request, obj, "read")
        return super().render_change_form(request, context, add, change, form_url, obj)

    def record_list(self, request, changelist):
        """Insert the event of a list, where it tells of persons (1 query)."""
        if not self.tells_of_persons or request.method == "HEAD":
            return
        record_list(
            self.audit_subject or self.opts.app_label,
            by=Actor.staff(request.user),
            of=self.model,
            shown=[row.pk for row in changelist.result_list],
            filters=changelist.get_filters_params(),
            search=self.kind_of_search(changelist.query) if changelist.query else "",
            **self.facts_of_list(changelist),
        )

    def kind_of_search(self, typed):
        """Return what kind of thing was searched for, in one word."""
        return "words"

    def facts_of_list(self, changelist):
        """Return what else the event of a list says: names and numbers."""
        return {}

    def record_reading(self, request, row, what):
        """Insert the event of a look at one row, where it tells of a person."""
        if self.tells_of_persons and request.method != "HEAD":
            self.record(request, row, what)

    def _get_obj_does_not_exist_redirect(self, request, opts, object_id):
        """Lead away from a row that is not there for this member of staff, and record that they asked for it."""
        record_refusal(request, answer=404)
        return super()._get_obj_does_not_exist_redirect(request, opts, object_id)

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
        self.record_reading(request, row, "history_read")
        events = list(Event.objects.about(row)[:SHOWN])
        staff = get_user_model()._default_manager.in_bulk({event.actor_id for event in events if event.actor_id})
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("What happened: %(row)s") % {"row": row},
            "opts": self.opts,
            "object": row,
            "events": [
                (event, staff.get(event.actor_id) if event.actor_kind == STAFF else None, words_for(event.verb))
                for event in events
            ],
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/event_history.html", context)
