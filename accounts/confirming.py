"""Asks somebody who is logged in for their password again, before what cannot be taken back.

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

from accounts import throttle
from accounts.passwords import LONGEST
from audit.models import Event

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


@sensitive_variables("password", "code")
def is_right(user, password, code=""):
    """Say whether this is the password of this person."""
    return user.check_password(password)


class ConfirmForm(forms.Form):
    """The password, once more. `throttled` is set to the wait (MustWait) of a try that came too early."""

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

    @sensitive_variables()
    def clean_password(self):
        """Refuse a wrong password, and any that comes too early; record either answer."""
        return checked(self, self.user, self.cleaned_data["password"])


@sensitive_variables("password", "code")
def checked(form, user, password, code=""):
    """Return a password that is right, for the field of a form. Raises ValidationError, and records either answer."""
    try:
        attempt = throttle.begin_confirming(user)
    except throttle.MustWait as wait:
        form.throttled = wait
        raise forms.ValidationError(str(wait), code="throttled") from None
    if not is_right(user, password, code):
        Event.record("staff.log_in_not_confirmed", by=user.as_actor(), about=user)
        raise forms.ValidationError(gettext("That is not your password. Type it again."), code="wrong")
    attempt.succeeded()
    Event.record("staff.log_in_confirmed", by=user.as_actor(), about=user)
    return password
