"""When it suits a patient, and how to reach them: asked in the request form, and again on its private page."""

from crispy_forms.helper import FormHelper
from django import forms
from django.db import models
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext_lazy as _

from appointments.models import Wish
from clinic.models import Weekday

# No weekday is called so.
ANY_TIME = "any"

PARTS_OF_DAY = {"morning": _("morning"), "afternoon": _("afternoon")}


class ReachBy(models.TextChoices):
    """How the patient likes to be reached."""

    PHONE = "phone", _("By telephone")
    EMAIL = "email", _("By email")
    EITHER = "either", _("Either one is fine")


def time_choices(weekdays):
    """Return the choices of when it suits: any time, then each part of these weekdays (0 is Monday)."""
    return [
        (ANY_TIME, _("Any time")),
        *(
            (f"{day}-{part}", format_lazy("{day} {part}", day=Weekday(day).label, part=words))
            for day in weekdays
            for part, words in PARTS_OF_DAY.items()
        ),
    ]


def times_in_words(times):
    """Return what a patient chose of `time_choices` in words, such as "Monday morning, Tuesday afternoon"."""
    words = dict(time_choices(Weekday.values))
    return ", ".join(str(words[chosen]) for chosen in times if chosen in words)


def parts_in_words(parts):
    """Return parts of the day in words, such as "morning, afternoon"; "any time" when there is none."""
    chosen = [str(words) for part, words in PARTS_OF_DAY.items() if part in parts]
    return capfirst(", ".join(chosen)) or str(_("Any time"))


class TimesQuestions(forms.Form):
    """When the patient can come."""

    times = forms.MultipleChoiceField(
        label=_("When can you come?"),
        help_text=_("Tick all that suit you. We look for a time with you, so this does not fix one."),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Tick when you can come, or “Any time”."),
            "invalid_choice": _("Tick times from the list, or “Any time”."),
            "invalid_list": _("Tick times from the list, or “Any time”."),
        },
    )
    sooner = forms.BooleanField(label=_("Tell me if an earlier time comes free (optional)"), required=False)

    def offer_times(self, weekdays):
        """Let the patient choose from these weekdays (0 is Monday)."""
        self.fields["times"].choices = [(key, capfirst(words)) for key, words in time_choices(weekdays)]

    def clean_times(self):
        times = self.cleaned_data["times"]
        return [ANY_TIME] if ANY_TIME in times else times


class ReachQuestions(forms.Form):
    """How and when the clinic may reach the patient."""

    no_email = _("Enter your email address, or choose to be reached by telephone.")
    no_phone = _("Enter your telephone number, or choose to be reached by email.")

    reach_by = forms.ChoiceField(
        label=_("How should we reach you?"),
        choices=ReachBy,
        initial=ReachBy.EITHER,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose how we should reach you."),
            "invalid_choice": _("Choose from the list how we should reach you."),
        },
    )
    reach_when = forms.MultipleChoiceField(
        label=_("When may we telephone? (optional)"),
        help_text=_("Tick nothing if any time is fine."),
        choices=[(part, capfirst(words)) for part, words in PARTS_OF_DAY.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        error_messages={
            "invalid_choice": _("Tick times from the list, or none."),
            "invalid_list": _("Tick times from the list, or none."),
        },
    )
    leave_message = forms.BooleanField(
        label=_("You may leave a message on my telephone (optional)"),
        help_text=_("We say who we are and ask you to call back. We do not say what it is about."),
        required=False,
    )

    def refuse_what_is_missing(self, *, email, phone, beside_email, beside_phone):
        """Say that the way to be reached needs an address or a number, beside the inputs of these names."""
        reach_by = self.cleaned_data.get("reach_by")
        if not email and reach_by == ReachBy.EMAIL:
            self.add_error(beside_email, self.no_email)
        elif not phone and reach_by == ReachBy.PHONE:
            self.add_error(beside_phone, self.no_phone)


class AskedAgain(forms.Form):
    """Preferences of a request that was sent, to be changed.

    `asked` is the request, `weekdays` are those on which the clinic is open. What is cleaned is what
    `workflow.move_by_patient(asked, …, preferences=…)` takes.
    """

    def __init__(self, *args, asked, weekdays, **kwargs):
        super().__init__(*args, initial=asked.preferences or {}, **kwargs)
        self.offer_times(weekdays)
        self.helper = FormHelper()
        self.helper.form_tag, self.helper.disable_csrf, self.helper.hide_optional = False, True, True


class OtherTimesForm(AskedAgain, TimesQuestions):
    """When the patient can come, as no time that was offered suits them."""


class PreferencesForm(AskedAgain, TimesQuestions, ReachQuestions):
    """When the patient can come, and how to reach them. Contact details stay as they are.

    A question has no times, and nobody is asked about a telephone or an address that the clinic does not have.
    """

    field_order = ("times", "sooner", "reach_by", "reach_when", "leave_message")

    def __init__(self, *args, asked, **kwargs):
        super().__init__(*args, asked=asked, **kwargs)
        if asked.wish == Wish.QUESTION:
            del self.fields["times"], self.fields["sooner"]
        if not (asked.email and asked.phone):
            del self.fields["reach_by"]
        if not asked.phone:
            del self.fields["reach_when"], self.fields["leave_message"]


def has_preferences(asked):
    """Say whether the patient of a request has any preference to change."""
    return asked.wish != Wish.QUESTION or bool(asked.phone)
