"""The questions that a patient is asked, a page each, and the sentences said when an answer cannot be taken."""

from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext_lazy as _

from appointments.fields import BirthdateField, EmailField, PhoneField
from appointments.models import Wish
from clinic.models import Weekday
from clinic.typed_text import LongTextField, PlainTextField, ShownInput, ShownTextarea

# No key of a procedure or place holds a space, so these can be told from all of them.
NOT_SURE, NO_PREFERENCE, NONE_OF_THESE, ANY_TIME = "not sure", "no preference", "none of these", "any"

TEXT_LENGTH, NAME_LENGTH, EMAIL_LENGTH, PHONE_LENGTH = 4000, 200, 254, 100


class ReachBy(models.TextChoices):
    """How the patient likes to be reached."""

    PHONE = "phone", _("By telephone")
    EMAIL = "email", _("By email")
    EITHER = "either", _("Either one is fine")


PARTS_OF_DAY = {"morning": _("morning"), "afternoon": _("afternoon")}


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


class StepForm(forms.Form):
    """A page of questions. `offered` says what the clinic offers, `answers` what was answered on other pages."""

    title = ""
    long_field = None

    def __init__(self, *args, offered, answers, **kwargs):
        super().__init__(*args, **kwargs)
        self.offered, self.answers = offered, answers
        self.ask()
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.hide_optional = True

    def ask(self):
        """Fill in what depends on the clinic or on other answers."""

    def input_names(self):
        """Return the names of the inputs, and for each whether it may come several times."""
        names = {}
        for name, field in self.fields.items():
            if isinstance(field.widget, forms.MultiWidget):
                names |= {f"{name}{suffix}": False for suffix in field.widget.widgets_names}
            else:
                names[name] = isinstance(field, forms.MultipleChoiceField)
        return names

    def typed(self):
        """Return what was typed, right or wrong, by name of the input."""
        return {
            name: self.data.getlist(name) if is_several else self.data[name]
            for name, is_several in self.input_names().items()
            if name in self.data
        }

    def clean(self):
        """Refuse an answer that came twice, rather than guess which was meant."""
        if hasattr(self.data, "getlist"):
            for name, is_several in self.input_names().items():
                if not is_several and len(self.data.getlist(name)) > 1:
                    field = next(field for field in self.fields if name.startswith(field))
                    self.add_error(field, _("We got 2 answers to this question. Check it, and continue."))
        return self.cleaned_data

    def refuse_length(self):
        """Say beside the longest text that all answers together are too long."""
        self.add_error(self.long_field, _("Your answers are too long for us to carry. Make them shorter."))


class WishForm(StepForm):
    """What the patient would like, for which procedure, and where."""

    title = _("What you would like")

    wish = forms.ChoiceField(
        label=_("What would you like?"),
        choices=[
            (Wish.APPOINTMENT, _("To ask for an appointment")),
            (Wish.QUESTION, _("To ask a question")),
        ],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose what you would like: an appointment, or an answer to a question."),
            "invalid_choice": _("Choose what you would like: an appointment, or an answer to a question."),
        },
    )
    procedure = forms.ChoiceField(
        label=_("Which treatment is it about?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose a treatment, or “I am not sure”."),
            "invalid_choice": _("Choose a treatment from the list, or “I am not sure”."),
        },
    )
    location = forms.ChoiceField(
        label=_("Where would you like to come?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose a place, or “I have no preference”."),
            "invalid_choice": _("Choose a place from the list, or “I have no preference”."),
        },
    )

    def ask(self):
        self.fields["procedure"].choices = [*self.offered.procedures.items(), (NOT_SURE, _("I am not sure"))]
        self.fields["location"].choices = [*self.offered.places.items(), (NO_PREFERENCE, _("I have no preference"))]


class SignsForm(StepForm):
    """Whether the patient has a warning sign, before anything else is asked."""

    title = _("Signs that need help fast")

    signs = forms.MultipleChoiceField(
        label=_("Do you have any of these now?"),
        help_text=_("Tick all that you have. We ask because some signs cannot wait for an answer to this form."),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Tick the signs that you have, or “None of these”."),
            "invalid_choice": _("Tick signs from the list, or “None of these”."),
            "invalid_list": _("Tick signs from the list, or “None of these”."),
        },
    )

    def ask(self):
        self.fields["signs"].choices = [
            *((sign["key"], sign["text"]) for sign in self.answers.signs_to_show(is_read=self.is_bound)),
            (NONE_OF_THESE, _("None of these")),
        ]

    def clean_signs(self):
        ticked = self.cleaned_data["signs"]
        if NONE_OF_THESE in ticked and len(ticked) > 1:
            raise ValidationError(
                _("You ticked a sign and “None of these”. Tick only what is true for you."), code="both"
            )
        return ticked

    def clean(self):
        if not self.answers.signs_are_current:
            raise ValidationError(_("We have changed this list. Read it once more, then continue."), code="changed")
        return super().clean()


class MatterForm(StepForm):
    """What is the matter, and when it suits."""

    title = _("About your problem")
    long_field = "matter"

    matter = LongTextField(
        label=_("What is the matter?"),
        help_text=_("Tell us in your own words. For example: where it hurts, since when, and what you have tried."),
        longest=TEXT_LENGTH,
        widget=ShownTextarea(attrs={"rows": 7, "dir": "auto"}),
        error_messages={"required": _("Tell us what is the matter, in a few words.")},
    )
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

    def ask(self):
        if self.answers.wish == Wish.QUESTION:
            self.title = _("Your question")
            self.fields["matter"].label = _("What is your question?")
            self.fields["matter"].help_text = _("Ask in your own words.")
            self.fields["matter"].error_messages["required"] = _("Write your question.")
            del self.fields["times"]
        else:
            times = time_choices(self.offered.weekdays)
            self.fields["times"].choices = [(key, capfirst(words)) for key, words in times]

    def clean_times(self):
        times = self.cleaned_data["times"]
        return [ANY_TIME] if ANY_TIME in times else times


class PersonForm(StepForm):
    """Who the patient is, and how to reach them."""

    title = _("About you")

    full_name = PlainTextField(
        label=_("Your full name"),
        longest=NAME_LENGTH,
        widget=ShownInput(attrs={"autocomplete": "name", "dir": "auto", "spellcheck": "false"}),
        error_messages={"required": _("Enter your full name.")},
    )
    email = EmailField(
        label=_("Your email address"),
        help_text=_("We need your email address, your telephone number, or both, so that we can answer you."),
        longest=EMAIL_LENGTH,
        required=False,
        error_messages={"invalid": _("Enter an email address such as name@example.com.")},
    )
    phone = PhoneField(
        label=_("Your telephone number"),
        help_text=_("Write it as you like, with an extension if you have one."),
        longest=PHONE_LENGTH,
        required=False,
        widget=ShownInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    reach_by = forms.ChoiceField(
        label=_("How should we reach you?"),
        choices=ReachBy,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose how we should reach you."),
            "invalid_choice": _("Choose from the list how we should reach you."),
        },
    )
    leave_message = forms.BooleanField(
        label=_("You may leave a message on my telephone (optional)"),
        help_text=_("We say who we are and ask you to call back. We do not say what it is about."),
        required=False,
    )

    def ask(self):
        self.fields["email"].widget.attrs |= {"autocomplete": "email", "spellcheck": "false"}
        self.fields["date_of_birth"] = BirthdateField(
            label=_("Your date of birth (optional)"),
            help_text=_("It helps us find your record and tell you from someone with the same name."),
            required=False,
        )

    def clean(self):
        cleaned = super().clean()
        missing = {name for name in ("email", "phone") if not cleaned.get(name) and name not in self.errors}
        if missing == {"email", "phone"}:
            self.add_error("email", _("Enter an email address, a telephone number, or both."))
        elif "email" in missing and cleaned.get("reach_by") == ReachBy.EMAIL:
            self.add_error("email", _("Enter your email address, or choose to be reached by telephone."))
        elif "phone" in missing and cleaned.get("reach_by") == ReachBy.PHONE:
            self.add_error("phone", _("Enter your telephone number, or choose to be reached by email."))
        return cleaned


FORMS = {"wish": WishForm, "signs": SignsForm, "matter": MatterForm, "person": PersonForm}
