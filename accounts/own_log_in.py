"""What the desk asks of somebody who is logged in before it goes on, and the screens about their own log-in.

A part of `ClinicAdminSite`, kept apart as each screen passes through here.
"""

from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponseRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from accounts import confirming, emergency, ended_session, known_browsers, sessions
from accounts.ended_session import Kept
from accounts.log_in_forms import OwnPasswordForm
from accounts.models import EmergencyAccess
from accounts.roles import CHANGE_STAFF
from accounts.throttle import spelled_alike
from audit.models import Event

# Whoever has yet to choose a password gets nowhere else.
BEFORE_OWN_PASSWORD = {"password_change", "password_change_done", "logout", "jsi18n", "stay_logged_in"}


def safe_path(typed):
    """Return an address of this site to go on to; the desk's first page for any other."""
    is_ours = typed.startswith("/") and url_has_allowed_host_and_scheme(typed, allowed_hosts=None)
    return typed if is_ours else reverse("admin:index")


def throttled(form, response):
    """Tell a browser, too, that it came too early (RFC 9110, 10.2.3; RFC 6585, 4)."""
    if form.throttled is not None:
        response.status_code = 429
        response["Retry-After"] = form.throttled.seconds
    return response


class OwnLogIn:
    """The part of the desk that knows when a log-in ends, and what has to be done first."""

    def own_log_in_urls(self):
        """Return the addresses of these screens."""
        confirm = self.admin_view(sensitive_post_parameters()(self.confirm_view))
        confirm.csrf_failure = self.confirm_without_token
        return [
            path("confirm/", confirm, name="confirm"),
            path("my-log-in/", self.admin_view(require_safe(self.my_log_in_view)), name="my_log_in"),
            path("my-log-in/of/<int:number>/", require_safe(self.whose_log_in_view), name="whose_log_in"),
            path("my-log-in/stay/", self.admin_view(self.stay_logged_in_view), name="stay_logged_in"),
            path("my-log-in/end-all/", self.admin_view(self.log_out_everywhere_view), name="end_my_log_ins"),
            path("my-log-in/end-others/", self.admin_view(self.end_other_log_ins_view), name="end_my_other_log_ins"),
            path("my-log-in/end/<int:number>/", self.admin_view(self.end_log_in_view), name="end_my_log_in"),
            path("emergency/", self.admin_view(require_safe(self.emergency_view)), name="emergency"),
            path(
                "emergency/<int:number>/read/",
                self.admin_view(self.emergency_read_view),
                name="emergency_read",
            ),
        ]

    def each_context(self, request):
        """Tell every page when the log-in ends."""
        context = super().each_context(request)
        if context["has_permission"]:
            ends_at = sessions.ends_at(request.session)
            context["log_in_ends_at"] = ends_at
            context["log_in_seconds"] = max(0, int((ends_at - timezone.now()).total_seconds()))
            context["log_in_lasts_until"] = sessions.lasts_until(request.session)
        return context

    def what_comes_first(self, request, view):
        """Return what a person has to do before this screen; None when nothing. It counts as work at the desk."""
        sessions.saw(request.session)
        name = request.resolver_match.url_name if request.resolver_match else ""
        if request.user.must_change_password and name not in BEFORE_OWN_PASSWORD:
            return HttpResponseRedirect(reverse("admin:password_change"))
        if getattr(view, "needs_confirming", False) and not confirming.is_fresh(request.session):
            return self.ask_to_confirm(request)
        return None

    def remember_browser(self, request, response):
        """Let the browser tell later whose pages it was shown, and who logged in with it."""
        ended_session.remember(request, response)
        known_browsers.remember(request, response, spelled_alike(request.user.get_username()))

    # The password, once more

    def ask_to_confirm(self, request):
        """Ask for the password before a screen; what was typed into it is kept, sealed in the page that asks."""
        if request.method != "POST":
            return HttpResponseRedirect(reverse("admin:confirm", query={"next": request.get_full_path()}))
        kept, goes_to = "", self._where_pressed(request)
        try:
            if self.typed_words(request.POST):
                kept = Kept.of(request, user=request.user.pk).sealed()
        except ended_session.TooLong:
            return self.words_to_copy(request, self.typed_words(request.POST), title=gettext("Confirm your password"))
        return self._confirm_page(request, confirming.ConfirmForm(request.user), kept, goes_to, status=403)

    def confirm_view(self, request):
        """Ask for the password; then go on, or show again, unsent, what was typed before."""
        if request.method != "POST":
            goes_to = safe_path(request.GET.get("next", ""))
            return self._confirm_page(request, confirming.ConfirmForm(request.user), "", goes_to)
        form = confirming.ConfirmForm(request.user, request.POST)
        kept = request.POST.get(ended_session.FIELD, "")[: ended_session.SEAL_LENGTH]
        goes_to = safe_path(request.POST.get("next", ""))
        if not form.is_valid():
            return throttled(form, self._confirm_page(request, form, kept, goes_to))
        request.session.cycle_key()
        confirming.confirm(request.session)
        shown = kept and self.typed_before(request, kept, why=confirming.HAD_TO_CONFIRM)
        return shown or HttpResponseRedirect(goes_to)

    def confirm_without_token(self, request):
        """Ask again where the page that asked was open too long; what it kept stays kept."""
        if not self.has_permission(request):
            return HttpResponseRedirect(reverse("admin:login"))
        kept = request.POST.get(ended_session.FIELD, "")[: ended_session.SEAL_LENGTH]
        goes_to = safe_path(request.POST.get("next", ""))
        return self._confirm_page(request, confirming.ConfirmForm(request.user), kept, goes_to, status=403)

    def _confirm_page(self, request, form, kept, goes_to, status=200):
        context = {
            **self.each_context(request),
            "title": gettext("Confirm your password"),
            "form": form,
            "kept": kept,
            "next": goes_to,
            "is_nav_sidebar_enabled": False,
        }
        request.current_app = self.name
        response = TemplateResponse(request, "admin/confirm.html", context, status=status)
        add_never_cache_headers(response)
        return response.render()

    def _where_pressed(self, request):
        """Return the page with the button that was pressed: its own address where that can be opened, else the desk."""
        came_from = urlsplit(request.headers.get("Referer", ""))
        return safe_path(came_from._replace(scheme="", netloc="").geturl())

    # One's own log-in

    def my_log_in_view(self, request):
        """Say until when somebody is logged in, and where else, and offer to end each."""
        request.current_app = self.name
        still_open, over = sessions.log_ins_of(request.user, request.session)
        context = {
            **self.each_context(request),
            "title": gettext("Your log-in"),
            "log_ins": still_open,
            "log_ins_over": over,
        }
        return TemplateResponse(request, "admin/my_log_in.html", context)

    def whose_log_in_view(self, request, number):
        """Tell a page that was drawn for account `number` whether that very person is still logged in, and until when.

        It is no work at the desk: a page left open must not keep its own log-in alive. Whoever has to log in is told so
        here and not led to the log-in, and so is somebody who is halfway through.
        """
        whose = "nobody"
        if self.has_permission(request):
            whose = "same" if request.user.pk == number else "another"
        told = {"whose": whose}
        if whose == "same":
            told |= {**self._until(request), "token": get_token(request)}
        response = JsonResponse(told)
        add_never_cache_headers(response)
        return response

    def _until(self, request):
        ends_at = sessions.ends_at(request.session)
        seconds = max(0, int((ends_at - timezone.now()).total_seconds()))
        return {"seconds": seconds, "until": f"{timezone.localtime(ends_at):%H:%M}"}

    def stay_logged_in_view(self, request):
        """Stay logged in, as by opening any page. A script is told until when."""
        if request.method != "POST":
            return HttpResponseRedirect(reverse("admin:my_log_in"))
        request.session[sessions.SEEN] = timezone.now().timestamp()
        if request.headers.get("Accept") == "application/json":
            return JsonResponse(self._until(request))
        return HttpResponseRedirect(reverse("admin:my_log_in"))

    def log_out_everywhere_view(self, request):
        """End all of one's own log-ins, this one too."""
        if request.method != "POST":
            return HttpResponseRedirect(reverse("admin:my_log_in"))
        sessions.end_sessions(request.user, by=request.user.as_actor())
        request.session.flush()
        messages.success(request, gettext("You are logged out everywhere."))
        return HttpResponseRedirect(reverse("admin:login"))

    def end_log_in_view(self, request, number):
        """End one other log-in of one's own."""
        if request.method == "POST" and number != request.session.get(sessions.ROW):
            if sessions.end_one(request.user, number, by=request.user.as_actor()):
                messages.success(request, gettext("That browser is logged out."))
            else:
                messages.info(request, gettext("That log-in was over already."))
        return HttpResponseRedirect(reverse("admin:my_log_in"))

    def end_other_log_ins_view(self, request):
        """End all of one's own log-ins but this one."""
        if request.method == "POST":
            sessions.end_others(request)
            messages.success(request, gettext("You are logged out everywhere else."))
        return HttpResponseRedirect(reverse("admin:my_log_in"))

    # Whoever finds a desk unlocked shuts nobody out (OWASP ASVS 5.0, 7.5.2).
    log_out_everywhere_view.needs_confirming = True
    end_log_in_view.needs_confirming = end_other_log_ins_view.needs_confirming = True

    @transaction.atomic
    def password_change(self, request, extra_context=None):
        """Let staff change their own password, and record that they did; their other log-ins end with it."""
        must = request.user.must_change_password
        context = {**self.each_context(request), "must_change": must, **(extra_context or {})}
        request.current_app = self.name
        view = PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            success_url=reverse("admin:password_change_done"),
            template_name="admin/own_password.html",
            extra_context=context,
        )
        response = view(request)
        if request.method == "POST" and response.status_code == 302:
            sessions.others_are_over(request)
            Event.record("staff.password_changed", by=request.user.as_actor(), about=request.user)
        elif request.method == "POST":
            throttled(response.context_data["form"], response)
        return response

    # The emergency account

    def emergency_view(self, request):
        """Show managers when the emergency account was open, and what was done with it."""
        self._check_keeps_staff(request)
        request.current_app = self.name
        context = {
            **self.each_context(request),
            "title": gettext("The emergency account"),
            "stories": emergency.stories(),
        }
        return TemplateResponse(request, "admin/emergency.html", context)

    def emergency_read_view(self, request, number):
        """Write that a manager read of it."""
        self._check_keeps_staff(request)
        if request.method != "POST":
            return HttpResponseRedirect(reverse("admin:emergency"))
        try:
            access = get_object_or_404(EmergencyAccess.objects.without_words(), pk=number)
            emergency.acknowledge(access, by=request.user.as_actor())
            messages.success(request, gettext("Noted that you read it."))
        except emergency.CannotAcknowledge as why:
            messages.warning(request, str(why))
        return HttpResponseRedirect(reverse("admin:emergency"))

    def _check_keeps_staff(self, request):
        if not request.user.has_perm(CHANGE_STAFF):
            raise PermissionDenied
