"""Filters of the queue: which view, and which of its requests."""

from django.contrib import admin
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from appointments.admin.queue.views import OPENS_ON, VIEWS
from clinic.models import Location
from procedures.models import Procedure, ProcedurePage


class OneOf(admin.SimpleListFilter):
    """A filter that leaves the queue as it is when the address holds none of its choices."""

    template = "admin/appointments/appointmentrequest/filter.html"

    def value(self):
        """Return the choice in the address, or None."""
        value = super().value()
        return value if value in {choice for choice, _label in self.lookup_choices} else None


class ViewFilter(OneOf):
    """Whose turn it is. The queue opens on what waits for the clinic; a search looks through everything."""

    title = _("whose turn it is")
    parameter_name = "view"

    def __init__(self, request, *args):
        self.user, self.is_search = request.user, bool(request.GET.get("q"))
        super().__init__(request, *args)

    def lookups(self, request, model_admin):
        return [(name, view.label) for name, view in VIEWS.items()]

    def value(self):
        """Return the view in the address, else the one the queue opens on."""
        return super().value() or OPENS_ON

    def queryset(self, request, queryset):
        return queryset if self.is_search else VIEWS[self.value()].keep(queryset, self.user)


class HolderFilter(OneOf):
    """Who has it."""

    title = _("who has it")
    parameter_name = "holder"

    def lookups(self, request, model_admin):
        return [("me", _("Mine")), ("nobody", _("Nobody’s"))]

    def queryset(self, request, queryset):
        holders = {"me": {"holder": request.user}, "nobody": {"holder": None}}
        return queryset.filter(**holders.get(self.value(), {}))


class HurryFilter(OneOf):
    """What cannot wait."""

    title = _("how soon")
    parameter_name = "soon"

    def lookups(self, request, model_admin):
        return [("urgent", _("Urgent")), ("overdue", _("Overdue"))]

    def queryset(self, request, queryset):
        if self.value() == "urgent":
            return queryset.filter(Q(is_urgent=True) | Q(is_danger=True))
        return queryset.overdue() if self.value() == "overdue" else queryset


class ProcedureFilter(OneOf):
    """Which procedure it is about."""

    title = _("procedure")
    parameter_name = "procedure"

    def lookups(self, request, model_admin):
        pages = ProcedurePage.objects.in_language(get_language()).select_related("procedure")
        return [*((page.procedure.key, page.plain_name or page.slug) for page in pages), ("none", _("Not sure"))]

    def queryset(self, request, queryset):
        if self.value() == "none":
            return queryset.filter(procedure=None)
        if self.value() is None:
            return queryset
        # Looked up on the way: a join would have the database sort all requests of the procedure.
        return queryset.filter(procedure=Procedure.objects.filter(key=self.value()).values("pk")[:1])


class LocationFilter(OneOf):
    """Where."""

    title = _("location")
    parameter_name = "location"

    def lookups(self, request, model_admin):
        return [*Location.objects.values_list("key", "name"), ("none", _("No preference"))]

    def queryset(self, request, queryset):
        if self.value() == "none":
            return queryset.filter(location=None)
        if self.value() is None:
            return queryset
        return queryset.filter(location=Location.objects.filter(key=self.value()).values("pk")[:1])


FILTERS = [ViewFilter, HolderFilter, HurryFilter, ProcedureFilter, LocationFilter]
