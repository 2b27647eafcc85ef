"""The manager's screen of who is told by e-mail what cannot wait."""

from django.contrib import admin, messages
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from appointments import alerts
from appointments.models import AlertPerson
from audit.audited_admin import AuditedAdmin
from outbox.models import Message, State


@admin.register(AlertPerson)
class AlertPersonAdmin(AuditedAdmin):
    """People are named and taken off; who is named and cannot be told stands there with the reason."""

    audit_subject = "alert_person"
    tells_of_persons = True
    fields = ["user"]
    list_display = ["user", "address", "state", "added_at"]
    list_select_related = ["user"]
    list_per_page = 50
    sortable_by = ()
    show_facets = admin.ShowFacets.NEVER

    def get_queryset(self, request):
        """Those that this member of staff may see."""
        return super().get_queryset(request).visible_to(request.user).prefetch_related("user__role_assignments")

    def has_change_permission(self, request, obj=None):
        """Who is named is taken off again, and somebody else named."""
        return False

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        """Offer those who can be told and are not named yet."""
        kwargs["queryset"] = alerts.may_be_told().filter(alertperson=None).order_by("username")
        kwargs["help_text"] = _("Staff who answer requests and whose account has an email address.")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_fields(self, request, obj=None):
        """Show of somebody who is named also whether they are told."""
        return self.fields if obj is None else ["user", "address", "state", "added_at"]

    def get_readonly_fields(self, request, obj=None):
        """Who is named stays as they are named."""
        return () if obj is None else self.get_fields(request, obj)

    def record(self, request, row, what, **details):
        """Record whom it is about, too."""
        return super().record(request, row, what, staff=row.user_id, **details)

    def changelist_view(self, request, extra_context=None):
        """List them, with a warning where nobody is told."""
        if request.method == "GET" and self.has_view_permission(request) and not alerts.people_to_tell():
            messages.warning(request, gettext("Nobody is told by email when a request cannot wait. Add somebody."))
        return super().changelist_view(request, extra_context)

    @admin.display(description=_("e-mail"))
    def address(self, person):
        """Where the digests go."""
        return person.user.email

    @admin.display(description=_("state"))
    def state(self, person):
        """Whether this person is told, else why not (1 query)."""
        if reason := alerts.why_not_told(person.user):
            return reason
        last = Message.objects.about(person).values_list("state", flat=True).last()
        return gettext("The last email could not be sent") if last == State.UNDELIVERABLE else gettext("Is told")
