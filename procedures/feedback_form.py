"""What a reader is asked about a page: whether it helped, and what is missing. Never who they are."""

import re
import secrets

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.translation import gettext_lazy as _

from clinic import forgeries
from clinic.typed_text import LongTextField, ShownTextarea

WORDS_LENGTH = 1000
TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
CHOOSE = _("Choose “Yes” or “No”.")


def token_of(typed):
    """Return the token that a form carries, which tells the same form sent twice; a new one where there is none."""
    token = typed.get("token", "")
    if TOKEN.fullmatch(token):
        return token
    if token:
        forgeries.note(forgeries.HIDDEN, where="token")
    return secrets.token_urlsafe(16)


class FeedbackForm(forms.Form):
    """The two questions. Telling that a page helped is enough; words are the reader's choice."""

    is_helpful = forms.TypedChoiceField(
        label=_("Did this page answer your question?"),
        choices=[("yes", _("Yes")), ("no", _("No"))],
        coerce=lambda chosen: chosen == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": CHOOSE, "invalid_choice": CHOOSE},
    )
    words = LongTextField(
        label=_("What is missing, or hard to understand?"),
        help_text=_("You have room for 1,000 characters. Do not write your name, or how to reach you."),
        longest=WORDS_LENGTH,
        required=False,
        widget=ShownTextarea(attrs={"rows": 6}),
    )

    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
