"""The forms of the log-in and of the second factor."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from accounts import confirming
from accounts.log_in_forms import LogInForm
from accounts.passwords import LONGEST


class Due(Exception):
    """Raised instead of logging somebody in whose password is right, and who has more to show."""

    def __init__(self, user):
        super().__init__()
        self.user = user


class PasswordForm(LogInForm):
    """The first step. Raises Due for whom there is a second one."""

    def confirm_login_allowed(self, user):
        """Let in those of whom no more is asked."""
        super().confirm_login_allowed(user)
        if user.needs_second_factor():
            raise Due(user)


class CodeForm(forms.Form):
    """A code that the app shows."""

    code = forms.CharField(
        label=_("Code"),
        help_text=_("The six digits that the app on your phone shows now. Spaces do not matter."),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True, "spellcheck": "false"}
        ),
        error_messages={"required": _("Type the code.")},
    )


class RecoveryCodeForm(CodeForm):
    """A recovery code, for somebody without the phone."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        code = self.fields["code"]
        code.label = _("Recovery code")
        code.help_text = _("One of the codes that you kept when you set up the second factor, in any spelling.")
        code.widget.attrs |= {"inputmode": "text", "autocomplete": "off", "autocapitalize": "characters"}


class PasswordAndCodeForm(CodeForm):
    """Both at once, from somebody logged in who is about to change what the log-in asks."""

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        max_length=LONGEST,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": _("Type your password.")},
    )
    field_order = ("password", "code")
    throttled = None

    def __init__(self, *args, request, **kwargs):
        super().__init__(*args, **kwargs)
        self.request = request
        del self.fields["code"].widget.attrs["autofocus"]

    @sensitive_variables()
    def clean_password(self):
        """Refuse another password than theirs, and any that comes too early; record either answer."""
        return confirming.checked(self, self.request.user, self.cleaned_data["password"])


class EitherCodeForm(PasswordAndCodeForm):
    """The password, and a code of either kind: whoever gets a new phone may have the old one no more."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        code = self.fields["code"]
        code.help_text = _("The six digits that the app shows now, or a recovery code.")
        code.widget.attrs["inputmode"] = "text"


class FirstCodeForm(PasswordAndCodeForm):
    """The first code of a new second factor; the password too, unless it was typed a moment ago."""

    def __init__(self, *args, asks_password, **kwargs):
        super().__init__(*args, **kwargs)
        if not asks_password:
            del self.fields["password"]
