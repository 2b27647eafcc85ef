"""The auditor's screens: what happened, who did it and when. They change nothing, and each look is recorded."""

from django.contrib import admin
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from audit import trail
from audit.actors import STAFF, kind_words
from audit.audited_admin import AuditedAdmin
from audit.event_words import words_for
from audit.models import Event
from audit.reading import record_list
from audit.trail_form import TrailForm

LIST, SHEET, EXPORT = (f"admin:audit_event_{name}" for name in ("changelist", "change", "export"))
EXPORTED = "audit.exported"


@admin.register(Event)
class EventAdmin(AuditedAdmin):
    """A list and a sheet; nothing can be added, changed or removed."""

    audit_subject = "audit"
    tells_of_persons = True
    change_form_template = "admin/audit/event/change_form.html"
    fieldsets = (
        (None, {"fields": ("when", "what", "thing", "details")}),
        (_("Who did it"), {"fields": ("who", "actor_role")}),
        (
            _("Place in the chain"),
            {
                "fields": ("position", "mac"),
                "description": _("Each event is linked to the one before it, so that a change to either shows."),
            },
        ),
    )

    def get_queryset(self, request):
        """Give each event the log-in name of the member of staff, in the same query."""
        return trail.with_names(super().get_queryset(request).visible_to(request.user))

    def get_urls(self):
        """Add the address that hands out a file."""
        export = self.admin_site.admin_view(require_POST(self.export_view))
        return [path("export/", export, name="audit_event_export"), *super().get_urls()]

    # The list

    def changelist_view(self, request, extra_context=None):
        """Show a page of events. What is looked for is posted, and answered under an address that holds ids alone."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            if not request.GET.keys() <= {*trail.NAMES, "after", "before"}:
                raise BadRequest
            filters = _filters(request.GET)
            return self._list(request, filters, TrailForm.over(filters))
        form = TrailForm(request.POST)
        if form.is_valid():
            return HttpResponseRedirect(reverse(LIST, query=form.filters.query or None))
        return self._list(request, trail.Filters(), form, status=422)

    def _list(self, request, filters, form, *, status=200):
        rows = trail.with_names(filters.rows().visible_to(request.user))
        keys = {name: _number(request.GET.get(name, "")) for name in ("after", "before")}
        page = trail.page_of(rows, **keys) if status == 200 else trail.Page([])
        if request.method != "HEAD":
            self._record(request, [event.pk for event in page.events], filters, search=getattr(form, "searches", ""))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Audit trail"),
            "opts": self.opts,
            "is_nav_sidebar_enabled": False,
            "form": form,
            "filters": filters,
            "lines": [self._line(event) for event in page.events],
            "chosen": _chosen(filters),
            "with_lists": reverse(LIST, query=filters.query | {"lists": "on"}) if filters.about else "",
            "days_of_lists": trail.DAYS_OF_LISTS,
            "newer": page.newer and reverse(LIST, query=filters.query | {"after": page.newer}),
            "older": page.older and reverse(LIST, query=filters.query | {"before": page.older}),
            "list_url": reverse(LIST),
            "export_url": reverse(EXPORT),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/audit/event/list.html", context, status=status)

    def _record(self, request, shown, filters, *, search):
        by = request.user.as_actor()
        record_list("audit", by=by, of=Event, shown=shown, filters=filters.query, search=search, **_ids(filters))

    def _line(self, event):
        return {
            "pk": event.pk,
            "url": reverse(SHEET, args=[event.pk]),
            "when": event.happened_at,
            "what": self.what(event),
            "verb": event.verb,
            "thing": self.thing(event),
            "who": self.who(event),
            "roles": event.actor_role,
            "is_linked": event.position is not None,
        }

    # The file

    def export_view(self, request):
        """Hand out what is filtered as a CSV file, a line at a time, and record that it was."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        filters = _filters(request.POST)
        # What happens while the file is on its way is not in it.
        newest = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        rows = filters.rows().visible_to(request.user).filter(pk__lte=newest)
        facts = {"rows": rows.count(), "filters": sorted(filters.query), "newest": newest, **_ids(filters)}
        Event.record(EXPORTED, by=request.user.as_actor(), about=Event, **facts)
        response = StreamingHttpResponse(trail.lines_of(rows), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="audit-{timezone.localdate().isoformat()}.csv"'
        add_never_cache_headers(response)
        return response

    export_view.needs_confirming = True

    # One event

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show one event, with the ways to everything about the same thing, and by the same person."""
        event = self.get_object(request, object_id)
        ways = {"title": self.what(event), "subtitle": None} if event is not None else {}
        if event is not None and event.object_id:
            ways["about_url"] = reverse(LIST, query={"about": f"{event.object_type}:{event.object_id}"})
        if event is not None and event.actor_kind == STAFF:
            ways["person_url"] = reverse(LIST, query={"actor": f"{STAFF}:{event.actor_id}"})
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **ways})

    @admin.display(description=_("when"))
    def when(self, event):
        """The moment, in the clinic's time zone."""
        return date_format(timezone.localtime(event.happened_at), "DATETIME_FORMAT")

    @admin.display(description=_("what"))
    def what(self, event):
        """What happened, in words."""
        return words_for(event.verb)

    @admin.display(description=_("to what"))
    def thing(self, event):
        """The kind and number of what it happened to."""
        return f"{event.object_type} {event.object_id}".strip() or "–"

    @admin.display(description=pgettext_lazy("audit", "who"))
    def who(self, event):
        """The log-in name of a member of staff, else the kind of actor."""
        if event.actor_kind == STAFF:
            return event.login or gettext("staff number %(number)s") % {"number": event.actor_id}
        return event.actor_words

    def has_add_permission(self, request):
        """Nobody adds an event by hand."""
        return False

    def has_change_permission(self, request, obj=None):
        """Nobody changes one."""
        return False

    def has_delete_permission(self, request, obj=None):
        """Nobody removes one."""
        return False


def _filters(data):
    try:
        return trail.Filters.read(data)
    except trail.NoFilter:
        raise BadRequest from None


def _number(typed):
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 19 else None


def _ids(filters):
    """Return whom and what a look was about, as an event holds it: kinds and ids."""
    return {name: value for name, value in (("whose", filters.actor), ("thing", filters.about)) if value}


def _chosen(filters):
    """Return each filter in words, with the address of the list without it."""
    words = {
        "verb": lambda: words_for(filters.verb),
        "actor": lambda: _actor_words(filters.actor),
        "about": lambda: gettext("About %(thing)s") % {"thing": filters.about.replace(":", " ")},
        "lists": lambda: gettext("Lists in which it stood, too"),
        "since": lambda: gettext("From %(day)s") % {"day": filters.since},
        "until": lambda: gettext("To %(day)s") % {"day": filters.until},
    }
    query = filters.query
    goes_too = {"about": {"about", "lists"}}
    return [
        {
            "words": words[name](),
            "url": reverse(LIST, query={k: v for k, v in query.items() if k not in goes_too.get(name, {name})} or None),
        }
        for name in query
    ]


def _actor_words(actor):
    kind, _mark, number = actor.partition(":")
    return gettext("Staff number %(number)s") % {"number": number} if number else kind_words(kind)
