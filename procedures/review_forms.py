"""The forms about private links to a version: a manager's, and those of whoever holds one."""

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.models import Clinician
from clinic.typed_text import LongTextField, PlainForm, PlainTextField, ShownTextarea
from procedures.models.invitations import LINK_LASTS, LINK_LASTS_AT_MOST
from procedures.publishing.by_link import CODE_LENGTH, NAME_LENGTH

COMMENT_LENGTH = 4000
CHOOSE_SECTION = _("Choose the section that it is about.")
CHOOSE_DAYS = _("Choose between 1 and 30 days.")


class InviteForm(PlainForm, forms.Form):
    """Who reviews a version by a private link, and where the link and the code go."""

    clinician = forms.ModelChoiceField(
        Clinician.objects.all(),
        empty_label="–",
        label=_("Clinician"),
        help_text=_("The name, role and registration in the team stand under what is approved."),
        error_messages=dict.fromkeys(("required", "invalid_choice"), _("Choose the clinician who reviews it.")),
    )
    email = forms.CharField(
        label=_("Their own email address"),
        help_text=_("Ask them for it yourself. Whoever reads mail there can approve in their name."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        max_length=254,
        error_messages={"required": _("Write the email address in full, such as name@example.com.")},
    )
    days = forms.IntegerField(
        label=_("Days that the link works"),
        initial=LINK_LASTS.days,
        min_value=1,
        max_value=LINK_LASTS_AT_MOST.days,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), CHOOSE_DAYS),
    )


class ByLinkForm(forms.Form):
    """A form of a page that patients' pages look like."""

    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True


class LinkCommentForm(ByLinkForm):
    """A comment on one section, with a name that is typed: anyone may hold the link."""

    section = forms.ChoiceField(
        label=_("Section"), error_messages=dict.fromkeys(("required", "invalid_choice"), CHOOSE_SECTION)
    )
    words = LongTextField(
        label=_("Your comment"),
        longest=COMMENT_LENGTH,
        widget=ShownTextarea(attrs={"rows": 5}),
        error_messages={"required": _("Write your comment.")},
    )
    name = PlainTextField(label=_("Your name"), longest=NAME_LENGTH, error_messages={"required": _("Write your name.")})

    def __init__(self, *args, sections, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["section"].choices = [("", "–"), *((section.key, section.title) for section in sections)]


class CodeForm(ByLinkForm):
    """The code that came by e-mail."""

    code = PlainTextField(
        label=_("Code from the email"),
        help_text=_("8 digits. It works for 10 minutes."),
        longest=4 * CODE_LENGTH,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
        error_messages={"required": _("Type the code from the email.")},
    )
