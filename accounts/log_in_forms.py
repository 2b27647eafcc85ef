"""The forms in which staff prove who they are: the log-in, and a new password of their own."""

from datetime import timedelta

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from accounts import confirming, first_passwords, throttle
from accounts.passwords import LONGEST
from audit.actors import Actor
from audit.models import Event


class LogInForm(AdminAuthenticationForm):
    """Django's log-in, which makes whoever guesses wait. `throttled` is then the wait (MustWait)."""

    throttled = None
    error_messages = {
        **AdminAuthenticationForm.error_messages,
        "invalid_login": _("Username and password do not go together. Check both: capital letters count."),
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["password"].validators.append(MaxLengthValidator(LONGEST))

    @sensitive_variables()
    def clean(self):
        """Check name and password, unless too many tries failed lately."""
        username = self.cleaned_data.get("username")
        if username is None or not self.cleaned_data.get("password"):
            return super().clean()
        try:
            self.attempt = throttle.begin_log_in(self.request, username)
        except throttle.MustWait as wait:
            self.throttled = wait
            raise forms.ValidationError(str(wait), code="throttled") from None
        return super().clean()

    def confirm_login_allowed(self, user):
        """Count a right password as no failure, whatever else is asked. Turn away whose first one is over.

        Whoever typed it right is told why: to anybody else it is a wrong one.
        """
        super().confirm_login_allowed(user)
        self.attempt.succeeded()
        if user.first_password_is_over:
            Event.record("staff.first_password_over", by=Actor.visitor(), about=user)
            words = gettext(
                "This first password was good for %(hours)d hours and is over. Ask a manager for a new one."
            )
            raise forms.ValidationError(words % {"hours": first_passwords.LASTS / timedelta(hours=1)}, code="over")


class OwnPasswordForm(AdminPasswordChangeForm):
    """A new password of one's own, after the old one; wrong ones wait as at the log-in."""

    throttled = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["old_password"].validators.append(MaxLengthValidator(LONGEST))

    @sensitive_variables()
    def clean_old_password(self):
        """Refuse a wrong one, and any that comes too early."""
        return confirming.checked(self, self.user, self.cleaned_data["old_password"])

    @sensitive_variables()
    def clean(self):
        """Refuse the old password as the new one, and any first one, which somebody else knew."""
        values = super().clean()
        new = values.get("new_password1")
        if new and new == values.get("old_password"):
            self.add_error("new_password2", gettext("This is the password you have. Choose another."))
        elif new and first_passwords.is_spelled_like_one(new):
            words = gettext("This is spelled like a first password, which a manager saw. Choose one of your own.")
            self.add_error("new_password2", words)
        return values

    def save(self, commit=True):
        """Write the password, and that it is the person's own; nothing else that changed meanwhile."""
        self.user.set_password(self.cleaned_data["new_password1"])
        self.user.must_change_password, self.user.first_password_ends_at = False, None
        self.user.save(update_fields=["password", "must_change_password", "first_password_ends_at"])
        return self.user
