"""The auditor's screens: what happened, who did it and when. They read, and change nothing."""

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from audit.actors import STAFF, kind_words
from audit.audited_admin import AuditedAdmin
from audit.models import Event


class VerbFilter(admin.SimpleListFilter):
    """Events of one kind."""

    title = _("what happened")
    parameter_name = "verb"

    def lookups(self, request, model_admin):
        """Offer the verbs that stand in the audit trail."""
        verbs = model_admin.get_queryset(request).order_by("verb").values_list("verb", flat=True).distinct()
        return [(verb, verb) for verb in verbs]

    def queryset(self, request, queryset):
        """Keep the events of the chosen verb."""
        return queryset.filter(verb=self.value()) if self.value() else queryset


class ActorFilter(admin.SimpleListFilter):
    """Events of one kind of actor, or of one member of staff."""

    title = _("who did it")
    parameter_name = "actor"

    def lookups(self, request, model_admin):
        """Offer the kinds of actor, then each member of staff who did something."""
        events = model_admin.get_queryset(request).order_by()
        kinds = events.values_list("actor_kind", flat=True).distinct()
        staff = get_user_model()._default_manager.filter(pk__in=events.filter(actor_kind=STAFF).values("actor_id"))
        return [(kind, kind_words(kind)) for kind in sorted(kinds)] + [
            (f"{STAFF}:{person.pk}", person.get_username()) for person in staff.order_by("pk")
        ]

    def queryset(self, request, queryset):
        """Keep the events of the chosen actor."""
        kind, _mark, number = (self.value() or "").partition(":")
        if kind:
            queryset = queryset.filter(actor_kind=kind)
        return queryset.filter(actor_id=int(number)) if number.isascii() and number.isdecimal() else queryset


@admin.register(Event)
class EventAdmin(AuditedAdmin):
    """A list and a sheet; nothing can be added, changed or removed."""

    list_per_page = 50
    list_display = ("when", "verb", "thing", "who", "actor_role", "is_linked")
    list_filter = (VerbFilter, ActorFilter)
    search_fields = ("=object_id",)
    search_help_text = _("The number of the thing it happened to.")
    fieldsets = (
        (None, {"fields": ("when", "verb", "object_type", "object_id", "details")}),
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
        names = get_user_model()._default_manager.filter(pk=OuterRef("actor_id"))
        login = Subquery(names.values(get_user_model().USERNAME_FIELD)[:1])
        return super().get_queryset(request).visible_to(request.user).annotate(login=login)

    @admin.display(description=_("when"), ordering="id")
    def when(self, event):
        """The moment, which is also the order of the list."""
        return event.happened_at

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

    @admin.display(description=_("sealed"), boolean=True)
    def is_linked(self, event):
        """Whether the sender has put it into the chain."""
        return event.position is not None

    def has_add_permission(self, request):
        """Nobody adds an event by hand."""
        return False

    def has_change_permission(self, request, obj=None):
        """Nobody changes one."""
        return False

    def has_delete_permission(self, request, obj=None):
        """Nobody removes one."""
        return False
