"""Asks somebody who is logged in for their password, and second factor, again, before what cannot be taken back.

A screen asks for it by `needs_confirming = True` on its function; `ClinicAdminSite.admin_view` reads that. A log-in
confirms too. Failures are counted and wait as those of log-ins do.
"""

from datetime import UTC, datetime

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from accounts import throttle, two_factor
from accounts.passwords import LONGEST
from audit.models import Event
from clinic.refusals import Unfit

CONFIRMED = "confirmed_at"
HAD_TO_CONFIRM = _(
    "You were asked for your password first, so nothing was sent or saved yet. What you typed is here again."
)


def is_fresh(session):
    """Say whether the person at this log-in confirmed it lately."""
    return abs(timezone.now() - datetime.fromtimestamp(session.get(CONFIRMED, 0), UTC)) < settings.CONFIRMED_FOR


def confirm(session):
    """Write that the person at this log-in is who they say."""
    session[CONFIRMED] = timezone.now().timestamp()


class ConfirmForm(forms.Form):
    """The password once more, and a code of whoever has a second factor.

    `throttled` is set to the wait (MustWait) of a try that came too early.
    """

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        max_length=LONGEST,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
    throttled = None

    def __init__(self, user, data=None):
        super().__init__(data)
        self.user = user
        if user.second_factor is not None:
            self.fields["code"] = forms.CharField(
                label=_("Code of your second factor"),
                max_length=40,
                widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
                error_messages={"required": _("Type the code.")},
            )

    @sensitive_variables()
    def clean_password(self):
        """Refuse a wrong password, and any that comes too early."""
        return checked(self, self.user, self.cleaned_data["password"])

    @sensitive_variables()
    def clean(self):
        """Refuse a wrong code, once the password is right: a code works but once. Record who confirmed."""
        values = super().clean()
        if values.get("code") and not self.errors:
            try:
                two_factor.show(user=self.user, typed=values["code"], by=self.user.as_actor())
            except Unfit as refused:
                self.add_error("code", refused.reason)
        if not self.errors:
            Event.record("staff.log_in_confirmed", by=self.user.as_actor(), about=self.user)
        return values


@sensitive_variables("password")
def checked(form, user, password):
    """Return a password that is right, for the field of a form. Raises ValidationError, and records a wrong one."""
    try:
        attempt = throttle.begin_confirming(user)
    except throttle.MustWait as wait:
        form.throttled = wait
        raise forms.ValidationError(str(wait), code="throttled") from None
    if not user.check_password(password):
        Event.record("staff.log_in_not_confirmed", by=user.as_actor(), about=user)
        raise forms.ValidationError(gettext("That is not your password. Type it again."), code="wrong")
    attempt.succeeded()
    return password
