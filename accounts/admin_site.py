"""The admin site: the staff's side of the house."""

from functools import wraps

from django.contrib.admin import AdminSite
from django.core.exceptions import BadRequest
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import desk
from audit.models import Event

# What most people come for stands first.
ORDER = ("appointments", "procedures", "outbox", "clinic", "accounts", "audit")


class ClinicAdminSite(AdminSite):
    """Django's admin in the clinic's words; staff only, never kept by a cache."""

    site_title = _("Clinic desk")
    site_header = _("Clinic desk")
    index_title = _("What waits for you")
    site_url = "/"

    def admin_view(self, view, cacheable=False):
        """Guard a screen as Django does, and refuse addresses with a NUL, which no text in PostgreSQL may hold."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def screen(request, *args, **kwargs):
            if "%00" in request.META["QUERY_STRING"]:
                raise BadRequest
            return guarded(request, *args, **kwargs)

        return screen

    def index(self, request, extra_context=None):
        """Show what waits for this member of staff, above the screens that their roles open."""
        return super().index(request, {"tasks": desk.waiting_for(request.user), **(extra_context or {})})

    def get_app_list(self, request, app_label=None):
        """Return the rooms that this member of staff may enter, in the order of their day's work."""
        rooms = super().get_app_list(request, app_label)
        return sorted(
            rooms, key=lambda room: ORDER.index(room["app_label"]) if room["app_label"] in ORDER else len(ORDER)
        )

    @transaction.atomic
    def password_change(self, request, extra_context=None):
        """Let staff change their own password, and record that they did."""
        response = super().password_change(request, extra_context)
        if request.method == "POST" and response.status_code == 302:
            Event.record("staff.password_changed", by=request.user.as_actor(), about=request.user)
        return response
