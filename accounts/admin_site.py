"""The admin site: the staff's side of the house."""

import re
from copy import copy
from functools import partial, wraps

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import BadRequest
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import Resolver404, path, resolve, reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import desk, ended_session, second_step, second_step_pages
from accounts.ended_session import Kept
from accounts.own_log_in import OwnLogIn, throttled
from accounts.second_factor_pages import OwnSecondFactor
from accounts.second_step_forms import Due, PasswordForm
from clinic.staff_only import is_let_in
from clinic.views import failure_page

# What most people come for stands first.
ORDER = ("appointments", "procedures", "outbox", "clinic", "accounts", "audit")


# What a form sends along that nobody typed, and what must not be shown.
# Hidden fields, choices and secrets: nobody misses their text.
NOT_TYPED = re.compile(
    r"csrfmiddlewaretoken|token|code|snapshot|seen|seen_revision|seen_other|accepted|attempt|call|known|live|other|period"
    r"|request|time|action|colleague|index|select_across|go|kept|next|_.*|.*_FORMS|.*password.*"
)


def typed_words(data):
    """Return the words that a post brought, one value after the other; "" when there are none."""
    values = [value for name, typed in data.lists() if not NOT_TYPED.fullmatch(name) for value in typed]
    return "\n\n".join(value for value in values if value.strip())


def _screens(urls):
    """Yield the view of every address but the log-in, which has its own answer."""
    for each in urls:
        if hasattr(each, "url_patterns"):
            yield from _screens(each.url_patterns)
        elif each.name != "login":
            yield each.callback


class ClinicAdminSite(OwnLogIn, AdminSite):
    """Django's admin in the clinic's words; staff only, never kept by a cache."""

    site_title = _("Clinic desk")
    site_header = _("Clinic desk")
    index_title = _("What waits for you")
    site_url = "/"
    typed_words = staticmethod(typed_words)
    login_form = PasswordForm

    def has_permission(self, request):
        """Let in staff who have shown all that the log-in asks, second factor included."""
        return is_let_in(request.user)

    def admin_view(self, view, cacheable=False):
        """Guard a screen as Django does, keeping what somebody typed whose log-in ended meanwhile.

        Addresses with a NUL are refused: no text in PostgreSQL may hold one.
        """
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def screen(request, *args, **kwargs):
            if "%00" in request.META["QUERY_STRING"]:
                raise BadRequest
            if not self.has_permission(request):
                if request.method == "POST" and (words := typed_words(request.POST)):
                    return self.logged_out_meanwhile(request, words)
                return guarded(request, *args, **kwargs)
            response = self.what_comes_first(request, view) or guarded(request, *args, **kwargs)
            if self.has_permission(request):
                self.remember_browser(request, response)
            return response

        return screen

    def get_urls(self):
        """Give every screen that has no answer of its own one to a form that comes without a good CSRF token."""

        @wraps(self.login)
        def log_in(request):
            halfway = second_step.whose_turn(request) if request.method in ("GET", "HEAD") else None
            if halfway is not None:
                return second_step.lead_there(request, halfway, goes_to=request.GET.get("next"))
            return self.login(request)

        log_in.csrf_failure = self.login_without_token
        own = self.admin_view(OwnSecondFactor.as_view(site=self))
        urls = [
            *second_step_pages.urls(self),
            path("second-factor/", own, name="second_factor"),
            *self.own_log_in_urls(),
            *(
                path(route, self.admin_view(partial(view, site=self)), name=name)
                for name, route, view in desk.screens()
            ),
            *super().get_urls(),
        ]
        for screen in _screens(urls):
            if not hasattr(screen, "csrf_failure"):
                screen.csrf_failure = self.without_token
        return [path("login/", log_in, name="login"), *urls]

    # A log-in that ended while somebody typed

    def logged_out_meanwhile(self, request, words):
        """Keep what was typed, sealed in the log-in page; where it cannot be kept so, show it to be copied."""
        user = ended_session.drawn_for(request)
        if user is not None and not request.user.is_authenticated:
            try:
                return self.log_in_page(request, Kept.of(request, user=user).sealed(), request.get_full_path())
            except ended_session.TooLong:
                pass
        log_in_url = reverse("admin:login", query={"next": request.path})
        return self.words_to_copy(request, words, title=gettext("You were logged out"), log_in_url=log_in_url)

    def login(self, request, extra_context=None):
        """Log somebody in; then show again, unsent, what they had typed when their last log-in ended."""
        kept = request.POST.get(ended_session.FIELD, "")[: ended_session.SEAL_LENGTH]
        try:
            response = super().login(request, {"kept": kept, **(extra_context or {})})
        except Due as due:
            return second_step_pages.ask(request, due.user, site=self)
        if request.method == "POST" and response.status_code == 302:
            return self.lead_on(request, response, kept)
        if request.method == "POST":
            throttled(response.context_data["form"], response)
        return response

    def lead_on(self, request, response, kept):
        """Answer whoever has just logged in: with what they typed before (sealed), or else with `response`."""
        response = (kept and self.typed_before(request, kept)) or response
        self.remember_browser(request, response)
        return response

    def login_without_token(self, request):
        """Answer a log-in that came twice, or from a page open too long: nothing that was typed is lost by it."""
        kept = request.POST.get(ended_session.FIELD, "")[: ended_session.SEAL_LENGTH]
        if not kept:
            return failure_page(request, "403_csrf.html", 403)
        goes_to = request.GET.get("next", "")
        if not self.has_permission(request):
            return self.log_in_page(request, kept, goes_to)
        return self.typed_before(request, kept) or HttpResponseRedirect(reverse("admin:index"))

    def log_in_page(self, request, kept, goes_to):
        """Return the log-in page, over a post that was not taken."""
        opened = copy(request)
        opened.method = "GET"
        address = reverse("admin:login", query={"next": goes_to})
        response = self.login(opened, {"kept": kept, "next": goes_to, "app_path": address})
        response.status_code = 403
        return response

    def typed_before(self, request, sealed, *, why=ended_session.LOG_IN_HAD_ENDED):
        """Return the screen with what was typed before something came between, and `why`; None where it is not shown.

        Each screen shows it as after a form that came without a good token, which changes nothing.
        """
        try:
            kept = Kept.opened(sealed)
            match = resolve(kept.path)
        except (ended_session.Broken, Resolver404):
            messages.warning(request, gettext("What was typed before the log-in ended could not be kept."))
            return None
        if kept.user != request.user.pk:
            words = gettext(
                "Somebody else typed something here before their log-in ended. It was not sent, and only they can see "
                "it: when they log in."
            )
            messages.warning(request, words)
            return None
        kept.put_into(request, why=why)
        request.resolver_match = match
        response = match.func.csrf_failure(request, *match.args, **match.kwargs)
        if response.status_code == 403:
            response.status_code = 200
        add_never_cache_headers(response)
        return response

    def without_token(self, request, *args, **kwargs):
        """Show what was typed into a form that was open too long; nothing was done with it."""
        words = typed_words(request.POST)
        if not words:
            return failure_page(request, "403_csrf.html", 403)
        if not self.has_permission(request):
            return self.logged_out_meanwhile(request, words)
        is_shown_again = ended_session.is_shown_again(request)
        title = gettext("You were logged out") if is_shown_again else gettext("This page was open too long")
        return self.words_to_copy(request, words, title=title)

    def words_to_copy(self, request, words, **also):
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
