"""The admin site: the staff's side of the house."""

import re
from functools import wraps

from django.contrib.admin import AdminSite
from django.core.exceptions import BadRequest
from django.db import transaction
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import desk
from audit.models import Event
from clinic.views import failure_page

# What most people come for stands first.
ORDER = ("appointments", "procedures", "outbox", "clinic", "accounts", "audit")


# What a form sends along that nobody typed, and what must not be shown.
NOT_TYPED = re.compile(
    r"csrfmiddlewaretoken|snapshot|seen|seen_revision|action|colleague|index|select_across|go|_.*|.*_FORMS|.*password.*"
)


def typed_words(data):
    """Return the words that a post brought, one value after the other; "" when there are none."""
    values = [value for name, typed in data.lists() if not NOT_TYPED.fullmatch(name) for value in typed]
    return "\n\n".join(value for value in values if value.strip())


def _screens(urls):
    """Yield the view of every address but the log-in, where nothing is typed that may be shown."""
    for each in urls:
        if hasattr(each, "url_patterns"):
            yield from _screens(each.url_patterns)
        elif each.name != "login":
            yield each.callback


class ClinicAdminSite(AdminSite):
    """Django's admin in the clinic's words; staff only, never kept by a cache."""

    site_title = _("Clinic desk")
    site_header = _("Clinic desk")
    index_title = _("What waits for you")
    site_url = "/"

    def admin_view(self, view, cacheable=False):
        """Guard a screen as Django does, keeping what somebody typed whose log-in ended meanwhile.

        Addresses with a NUL are refused: no text in PostgreSQL may hold one.
        """
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def screen(request, *args, **kwargs):
            if "%00" in request.META["QUERY_STRING"]:
                raise BadRequest
            if request.method == "POST" and not self.has_permission(request) and (words := typed_words(request.POST)):
                return self.logged_out_meanwhile(request, words)
            return guarded(request, *args, **kwargs)

        return screen

    def get_urls(self):
        """Give every screen that has no answer of its own one to a form that comes without a good CSRF token."""
        urls = super().get_urls()
        for screen in _screens(urls):
            if not hasattr(screen, "csrf_failure"):
                screen.csrf_failure = self.without_token
        return urls

    def logged_out_meanwhile(self, request, words):
        """Show what was typed, to be copied, and the way to the log-in; nothing was done with it."""
        log_in_url = reverse("admin:login", query={"next": request.path})
        return self._words_to_copy(request, words, title=gettext("You were logged out"), log_in_url=log_in_url)

    def without_token(self, request, *args, **kwargs):
        """Show what was typed into a form that was open too long; nothing was done with it."""
        words = typed_words(request.POST)
        if not words:
            return failure_page(request, "403_csrf.html", 403)
        if not self.has_permission(request):
            return self.logged_out_meanwhile(request, words)
        return self._words_to_copy(request, words, title=gettext("This page was open too long"))

    def _words_to_copy(self, request, words, **also):
        context = {**self.each_context(request), "words": words, **also}
        request.current_app = self.name
        response = TemplateResponse(request, "admin/words_to_copy.html", context, status=403)
        add_never_cache_headers(response)
        # No middleware renders what the check of tokens answers.
        return response.render()

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
