"""What is typed on the private page of a request, and to get back to it."""

from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from appointments.answers import Offered
from appointments.fields import DIGITS_NEEDED
from appointments.forms import EMAIL_LENGTH, TEXT_LENGTH, OtherTimesForm, PreferencesForm
from appointments.references import read_reference
from clinic.codes import LONGEST_TYPED
from clinic.typed_text import LongTextField, PlainTextField, ShownInput, ShownTextarea


def _helper():
    helper = FormHelper()
    helper.form_tag, helper.disable_csrf, helper.hide_optional = False, True, True
    return helper


class ChangeForm(forms.Form):
    """What is asked before a change of the request `asked`."""

    helper = _helper()

    def __init__(self, *args, asked, **kwargs):
        super().__init__(*args, **kwargs)
        self.asked = asked


def preferences_form(data=None, *, asked):
    """Return the form of when it suits and how to be reached, as the request form asks it."""
    return PreferencesForm(data, asked=asked, weekdays=Offered().weekdays)


def other_times_form(data=None, *, asked):
    """Return the form of when it suits, for a patient whom no offered time suits."""
    return OtherTimesForm(data, asked=asked, weekdays=Offered().weekdays)


class WordsForm(ChangeForm):
    """Something to add to what the request says."""

    words = LongTextField(
        label=_("What do you want to add?"),
        help_text=_("Only our staff who handle requests can read it."),
        longest=TEXT_LENGTH,
        widget=ShownTextarea(attrs={"rows": 7, "dir": "auto"}),
        error_messages={"required": _("Write what you want to add.")},
    )


class ReplyForm(ChangeForm):
    """The answer to what the clinic asked."""

    reply = LongTextField(
        label=_("Your answer"),
        help_text=_("Only our staff who handle requests can read it."),
        longest=TEXT_LENGTH,
        widget=ShownTextarea(attrs={"rows": 7, "dir": "auto"}),
        error_messages={"required": _("Write your answer.")},
    )


class LostLinkForm(forms.Form):
    """What a patient who lost the private link still has."""

    reference = PlainTextField(
        label=_("Your reference"),
        help_text=_("It has 8 letters and numbers. It stands in each message from us."),
        longest=LONGEST_TYPED,
        widget=ShownInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        error_messages={"required": _("Enter your reference. If you do not have it, call us.")},
    )
    contact = PlainTextField(
        label=_("Your email address or telephone number"),
        help_text=_("Give one that you gave us with your request."),
        longest=EMAIL_LENGTH,
        widget=ShownInput(attrs={"autocomplete": "email", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": _("Enter your email address or telephone number.")},
    )
    helper = _helper()

    def clean_reference(self):
        reference = read_reference(self.cleaned_data["reference"])
        if reference is None:
            raise ValidationError(_("Check your reference. One of its letters or numbers is not right."), code="typo")
        return reference

    def clean_contact(self):
        contact = self.cleaned_data["contact"]
        if "@" not in contact and sum(sign.isdecimal() for sign in contact) < DIGITS_NEEDED:
            raise ValidationError(
                _("Enter the whole email address, or the telephone number with its area code."), code="neither"
            )
        return contact
