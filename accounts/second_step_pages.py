"""The pages of the second step of the log-in: a box for a code, or setting a second factor up.

They are for those whose password was right. What was typed before a log-in ended travels in them, sealed.
"""

from copy import copy

import segno
from django.contrib import auth, messages
from django.contrib.auth.views import RedirectURLMixin
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext
from django.views import View

from accounts import ended_session, two_factor
from accounts.models import User
from accounts.second_step import (
    PENDING,
    begin,
    has_just_set_up,
    is_replacing,
    lead_there,
    log_in,
    secret_of,
    secret_or_new,
    stay_logged_in,
    whose_turn,
)
from accounts.second_step_forms import CodeForm, FirstCodeForm, RecoveryCodeForm
from clinic.refusals import Refused, Unfit
from clinic.staff_only import is_let_in

GROUP = 4


def ask(request, user, *, site):
    """Answer somebody whose password is right with the page on which they show more."""
    begin(request, user)
    if not request.POST.get(ended_session.FIELD):
        return lead_there(request, user, goes_to=request.POST.get("next") or request.GET.get("next"))
    # What was typed before travels in the pages alone, so this one is drawn at once.
    opened = copy(request)
    opened.method = "GET"
    view = ShowSecondFactor if user.second_factor else SetUpSecondFactor
    return view.as_view(site=site)(opened)


class Step(RedirectURLMixin, View):
    """What both pages have in common: whose turn it is, where it leads, and what was typed before a log-in ended."""

    site = None
    next_page = "admin:index"
    http_method_names = ("get", "head", "post")

    def dispatch(self, request, *args, **kwargs):
        """Serve whose turn it is; nobody else sees anything here."""
        self.kept = request.POST.get(ended_session.FIELD, "")[: ended_session.SEAL_LENGTH]
        if request.method == "POST" and "again" in request.POST:
            auth.logout(request)
            response = self.to_the_password()
        else:
            self.person = self.whose_turn()
            response = super().dispatch(request, *args, **kwargs) if self.person else self.nobodys_turn()
        add_never_cache_headers(response)
        return response

    def whose_turn(self):
        """Return for whom this page is."""
        return whose_turn(self.request)

    def nobodys_turn(self):
        """Lead on who has shown all already, and back who took too long."""
        if is_let_in(self.request.user):
            return self.lead_on()
        if self.request.session.pop(PENDING, None):
            messages.warning(self.request, gettext("That took too long. Log in again."))
        return self.to_the_password()

    def to_the_password(self):
        """Return to the first step, with what was typed before a log-in ended."""
        goes_to = self.get_redirect_url()
        if self.kept:
            return self.site.log_in_page(self.request, self.kept, goes_to)
        return HttpResponseRedirect(reverse("admin:login", query={"next": goes_to} if goes_to else None))

    def lead_on(self):
        """Go where the log-in was to lead, or show again what was typed before the last one ended."""
        return self.site.lead_on(self.request, HttpResponseRedirect(self.get_success_url()), self.kept)

    def page(self, template, *, status=200, **context):
        """Return a page of the admin that carries on what the log-in brought."""
        self.request.current_app = self.site.name
        carried = {"next": self.get_redirect_url(), "kept": self.kept}
        context = {**self.site.each_context(self.request), **carried, **context}
        return TemplateResponse(self.request, template, context, status=status)


class ShowSecondFactor(Step):
    """Asks for a code of the app, or for a recovery code."""

    form_class, is_recovery = CodeForm, False

    def get(self, request):
        """Show the box."""
        if self.person.second_factor is None or has_just_set_up(request):
            return HttpResponseRedirect(reverse("admin:second_factor_set_up", query=request.GET))
        return self.form_page(self.form_class())

    def post(self, request):
        """Log in whose code is right."""
        if "other" in request.POST:
            return self.form_page(self.form_class())
        form = self.form_class(request.POST)
        if not form.is_valid():
            return self.form_page(form)
        try:
            shown = two_factor.show(user=self.person, typed=form.cleaned_data["code"], by=self.person.as_actor())
        except Unfit as refused:
            form.add_error("code", refused.reason)
            return self.form_page(form)
        log_in(request, self.person)
        if words := two_factor.few_left_words(shown.codes_left):
            messages.warning(request, words)
        return self.lead_on()

    def form_page(self, form):
        """Return the page with its box."""
        title = gettext("Recovery code") if self.is_recovery else gettext("Code of your second factor")
        return self.page("admin/second_step.html", title=title, form=form, is_recovery=self.is_recovery)


class SetUpSecondFactor(Step):
    """Shows a new secret to the person's app, asks for its first code, then shows the recovery codes, once."""

    def whose_turn(self):
        """Return who logs in without a second factor yet, or is logged in and wants one, or another."""
        return super().whose_turn() or (self.request.user if is_let_in(self.request.user) else None)

    def dispatch(self, request, *args, **kwargs):
        """Lead those who have one, and did not just show it in order to replace it, to where it is shown."""
        user = self.whose_turn()
        if user and user.second_factor and not has_just_set_up(request) and not self.replaces(user):
            if is_let_in(user):
                return HttpResponseRedirect(reverse("admin:second_factor"))
            if "again" not in request.POST:
                return lead_there(request, user, goes_to=self.get_redirect_url())
        return super().dispatch(request, *args, **kwargs)

    def replaces(self, user):
        """Say whether this session may put another device in the place of the one that there is."""
        return is_let_in(user) and is_replacing(self.request)

    def get_default_redirect_url(self):
        """Lead those who were logged in back to where they came from."""
        return reverse("admin:second_factor") if is_let_in(self.person) else super().get_default_redirect_url()

    def get(self, request):
        """Show the secret and the box for its first code."""
        if has_just_set_up(request):
            return self.codes_page(None)
        return self.form_page(self.form())

    def post(self, request):
        """Take the first code; or lead on who has kept the recovery codes."""
        if has_just_set_up(request):
            if "kept_codes" not in request.POST:
                return self.codes_page(None)
            log_in(request, self.person)
            return self.lead_on()
        form, secret = self.form(request.POST), secret_of(request)
        if secret is None or not form.is_valid():
            return self.form_page(form)
        device, was_let_in = self.person.second_factor, is_let_in(self.person)
        try:
            codes = two_factor.enrol(
                user=self.person,
                secret=secret,
                typed=form.cleaned_data["code"],
                by=self.person.as_actor(),
                instead_of=device.pk if device else None,
            )
        except Unfit as refused:
            form.add_error("code", refused.reason)
            return self.form_page(form)
        except Refused as refused:
            messages.error(request, refused.reason)
            return HttpResponseRedirect(reverse("admin:login"))
        if was_let_in:
            stay_logged_in(request)
        else:
            # They are let in once they say that they have kept the codes.
            user = User.objects.find_with_rights(self.person.pk)
            begin(request, user, device=user.second_factor)
        return self.codes_page(codes)

    def form(self, data=None):
        """Return the form; it asks for the password of a session that did not begin with it a moment ago."""
        asks = self.request.user.is_authenticated and not self.replaces(self.person)
        return FirstCodeForm(data, request=self.request, asks_password=asks)

    def form_page(self, form):
        """Return the page with the secret, as a square and as text."""
        secret = secret_or_new(self.request)
        groups = [secret[at : at + GROUP] for at in range(0, len(secret), GROUP)]
        title = gettext("Set up your second factor")
        return self.page("admin/second_factor_set_up.html", title=title, form=form, groups=groups)

    def codes_page(self, codes):
        """Return the page with the recovery codes; without them (None) where they were shown already."""
        leads_to = self.get_success_url() if is_let_in(self.request.user) else ""
        title = gettext("Your recovery codes")
        return self.page("admin/recovery_codes.html", title=title, codes=codes, leads_to=leads_to)


class Square(SetUpSecondFactor):
    """The square code that an app reads: the secret that this session is setting up, as a picture."""

    http_method_names = ("get", "head")

    def get(self, request):
        """Return the picture."""
        secret = secret_of(request)
        if secret is None or has_just_set_up(request):
            raise Http404
        picture = segno.make(two_factor.otpauth_address(self.person, secret), error="m", micro=False)
        response = HttpResponse(content_type="image/svg+xml")
        picture.save(response, kind="svg", scale=4, border=4, light="#fff", svgclass=None, lineclass=None)
        return response


def _without_token(view):
    """Return the answer to a form that came twice, or from a page open too long: what was typed before is not lost."""

    def show_again(request, *args, **kwargs):
        opened = copy(request)
        opened.method = "GET"
        response = view(opened, *args, **kwargs)
        if response.status_code == 200:
            response.status_code = 403
        # No middleware renders what the check of tokens answers.
        return response.render() if hasattr(response, "render") else response

    return show_again


def urls(site):
    """Return the addresses of the second step, for those who are not logged in yet too."""
    views = {
        "second_step": ("login/code/", ShowSecondFactor.as_view(site=site)),
        "second_step_recovery": (
            "login/recovery-code/",
            ShowSecondFactor.as_view(site=site, form_class=RecoveryCodeForm, is_recovery=True),
        ),
        "second_factor_set_up": ("login/set-up/", SetUpSecondFactor.as_view(site=site)),
        "second_factor_square": ("login/set-up/square.svg", Square.as_view(site=site)),
    }
    for _address, view in views.values():
        view.csrf_failure = _without_token(view)
    return [path(address, view, name=name) for name, (address, view) in views.items()]
