"""The forms in which staff prove who they are: the log-in, and a new password of their own."""

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from accounts import confirming, throttle
from accounts.passwords import LONGEST


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
        """Count a right password as no failure, whatever else is asked."""
        super().confirm_login_allowed(user)
        self.attempt.succeeded()


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
        """Refuse the old password as the new one."""
        values = super().clean()
        new = values.get("new_password1")
        if new and new == values.get("old_password"):
            self.add_error("new_password2", gettext("This is the password you have. Choose another."))
        return values

    def save(self, commit=True):
        """Write the password, and that it is the person's own; nothing else that changed meanwhile."""
        self.user.set_password(self.cleaned_data["new_password1"])
        self.user.must_change_password = False
        self.user.save(update_fields=["password", "must_change_password"])
        return self.user
