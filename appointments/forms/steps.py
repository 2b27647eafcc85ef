"""The questions of the request form, a page each."""

from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from appointments.fields import BirthdateField, EmailField, PhoneField
from appointments.forms.preferences import ReachBy, ReachQuestions, TimesQuestions
from appointments.models import Wish
from clinic.models import SpokenLanguage
from clinic.typed_text import LongTextField, PlainTextField, ShownInput, ShownTextarea

# No key of a procedure or place holds a space, so these can be told from all of them.
NOT_SURE, NO_PREFERENCE, NONE_OF_THESE = "not sure", "no preference", "none of these"

TEXT_LENGTH, NEEDS_LENGTH, NAME_LENGTH, EMAIL_LENGTH, PHONE_LENGTH = 4000, 500, 200, 254, 100


class ForWhom(models.TextChoices):
    """Who is the patient: the one who fills in the form, or somebody else."""

    ME = "me", _("For me")
    SOMEONE_ELSE = "someone else", _("For my child, or for someone else")


class Relation(models.TextChoices):
    """Who asks for somebody else."""

    GUARDIAN = "guardian", _("A parent or guardian: the patient is a child")
    PARTNER = "partner", _("The husband, wife or partner")
    CHILD = "child", _("A son or daughter")
    OTHER = "other", _("Another relative, or a friend")
    CARER = "carer", _("Somebody who cares for the patient as a job")


class ToContact(models.TextChoices):
    """Whom the clinic calls and writes to when somebody asks for somebody else."""

    HELPER = "helper", pgettext_lazy("whom we contact", "Me")
    PATIENT = "patient", pgettext_lazy("whom we contact", "The patient")


class Record(models.TextChoices):
    """What other doctors have written or made of the problem."""

    LETTER = "letter", _("A letter from a doctor")
    SCAN = "scan", _("A scan or an X-ray")


ANOTHER_LANGUAGE = "other"


def interpreter_choices():
    """Return the choices of an interpreter's language: none (""), those that are spoken often, another one."""
    return [("", _("No")), *SpokenLanguage.choices, (ANOTHER_LANGUAGE, _("Another language: I write it below"))]


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
                    field = max((field for field in self.fields if name.startswith(field)), key=len)
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
        initial=Wish.APPOINTMENT,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose what you would like: an appointment, or an answer to a question."),
            "invalid_choice": _("Choose what you would like: an appointment, or an answer to a question."),
        },
    )
    for_whom = forms.ChoiceField(
        label=_("Who is it for?"),
        choices=ForWhom,
        initial=ForWhom.ME,
        # A form that was opened before we asked is for the one who filled it in.
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Choose who it is for: you, or someone else.")},
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
        initial=NO_PREFERENCE,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose a place, or “I am not sure, or I have no preference”."),
            "invalid_choice": _("Choose a place from the list, or “I am not sure, or I have no preference”."),
        },
    )

    def ask(self):
        self.fields["procedure"].choices = [*self.offered.procedures.items(), (NOT_SURE, _("I am not sure"))]
        self.fields["location"].choices = [
            *self.offered.places.items(),
            (NO_PREFERENCE, _("I am not sure, or I have no preference")),
        ]

    def clean_for_whom(self):
        return self.cleaned_data["for_whom"] or ForWhom.ME


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
        if self.answers.is_for_someone_else:
            self.fields["signs"].label = _("Does the patient have any of these now?")
            self.fields["signs"].help_text = _(
                "Tick all that the patient has. We ask because some signs cannot wait for an answer to this form."
            )
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


class MatterForm(StepForm, TimesQuestions):
    """What is the matter, and when it suits."""

    title = _("About the problem")
    long_field = "matter"
    field_order = ("matter", "records", "times", "sooner")

    matter = LongTextField(
        label=_("What is the matter?"),
        help_text=_("Tell us in your own words. For example: where it hurts, since when, and what you have tried."),
        longest=TEXT_LENGTH,
        widget=ShownTextarea(attrs={"rows": 7, "dir": "auto"}),
        error_messages={"required": _("Tell us what is the matter, in a few words.")},
    )
    records = forms.MultipleChoiceField(
        label=_("Do you have any of these? (optional)"),
        help_text=_("We only ask if they exist. Do not send them now. Bring them when you come."),
        choices=Record,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        error_messages={
            "invalid_choice": _("Tick what you have from the list, or nothing."),
            "invalid_list": _("Tick what you have from the list, or nothing."),
        },
    )

    def ask(self):
        if self.answers.wish == Wish.QUESTION:
            self.title = _("Your question")
            self.fields["matter"].label = _("What is your question?")
            self.fields["matter"].help_text = _("Ask in your own words.")
            self.fields["matter"].error_messages["required"] = _("Write your question.")
            for name in ("records", "times", "sooner"):
                del self.fields[name]
            return
        self.offer_times(self.offered.weekdays)
        if self.answers.is_for_someone_else:
            self.fields["times"].label = _("When can the patient come?")


class NeedsForm(StepForm):
    """What the clinic prepares for a visit. A question is answered without one."""

    title = _("What helps you")
    long_field = "other_needs"

    interpreter = forms.ChoiceField(
        label=_("Do you need an interpreter?"),
        help_text=_("Choose the language in which you want to talk with us."),
        required=False,
        error_messages={"invalid_choice": _("Choose a language from the list, or “No”.")},
    )
    step_free = forms.BooleanField(
        label=_("I need a way in without steps (optional)"),
        help_text=_("For example, because you use a wheelchair or a walker."),
        required=False,
    )
    other_needs = LongTextField(
        label=_("What else would help you? (optional)"),
        help_text=_("For example: more time to talk, large print, or a quiet place to wait."),
        longest=NEEDS_LENGTH,
        required=False,
        widget=ShownTextarea(attrs={"rows": 3, "dir": "auto"}),
    )

    def ask(self):
        self.fields["interpreter"].choices = interpreter_choices()
        if self.answers.is_for_someone_else:
            self.title = _("What helps the patient")
            self.fields["interpreter"].label = _("Does the patient need an interpreter?")
            self.fields["interpreter"].help_text = _("Choose the language in which the patient wants to talk with us.")
            self.fields["step_free"].label = _("The patient needs a way in without steps (optional)")
            self.fields["step_free"].help_text = _("For example, because of a wheelchair or a walker.")
            self.fields["other_needs"].label = _("What else would help the patient? (optional)")

    def clean(self):
        cleaned = super().clean()
        is_silent = "other_needs" not in self.errors and not cleaned.get("other_needs")
        if cleaned.get("interpreter") == ANOTHER_LANGUAGE and is_silent:
            self.add_error("other_needs", _("Write here which language it is."))
        return cleaned


class PersonForm(StepForm, ReachQuestions):
    """Who the patient is, who asks for them, and how to reach whom.

    The inputs of the one who fills in the form and those of a patient who is somebody else have different names, so
    that neither a browser nor a change of mind puts the one into the boxes of the other.
    """

    title = _("About you")
    long_field = "full_name"
    field_order = (
        *("patient_name", "patient_born", "full_name", "relation", "call", "email", "phone"),
        *("reach_by", "reach_when", "leave_message", "date_of_birth", "wants_details"),
    )
    of_helper = ("patient_name", "relation", "call")

    patient_name = PlainTextField(
        label=_("Full name of the patient"),
        longest=NAME_LENGTH,
        widget=ShownInput(attrs={"autocomplete": "off", "dir": "auto", "spellcheck": "false"}),
        error_messages={"required": _("Enter the full name of the patient.")},
    )
    full_name = PlainTextField(
        label=_("Your full name"),
        longest=NAME_LENGTH,
        widget=ShownInput(attrs={"autocomplete": "name", "dir": "auto", "spellcheck": "false"}),
        error_messages={"required": _("Enter your full name.")},
    )
    relation = forms.ChoiceField(
        label=_("Who are you to the patient?"),
        choices=Relation,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose who you are to the patient."),
            "invalid_choice": _("Choose from the list who you are to the patient."),
        },
    )
    call = forms.ChoiceField(
        label=_("Whom should we call or write to?"),
        help_text=_("We tell this person about the request, and nobody else."),
        choices=ToContact,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose whom we should call or write to: you, or the patient."),
            "invalid_choice": _("Choose whom we should call or write to: you, or the patient."),
        },
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
    wants_details = forms.BooleanField(
        label=_("Your messages may name the treatment (optional)"),
        help_text=_("If you do not tick this, our messages say nothing about your health. Others may see your screen."),
        required=False,
    )

    def ask(self):
        self.fields["email"].widget.attrs |= {"autocomplete": "email", "spellcheck": "false"}
        if self.answers.is_for_someone_else:
            self._ask_for_someone_else()
        else:
            self.fields["date_of_birth"] = BirthdateField(
                label=_("Your date of birth (optional)"),
                help_text=_("It helps us find your record and tell you from someone with the same name."),
                required=False,
            )
            for name in self.of_helper:
                del self.fields[name]
        self.order_fields(self.field_order)

    def _ask_for_someone_else(self):
        self.title = _("About the patient and you")
        self.fields["patient_born"] = BirthdateField(
            label=_("Date of birth of the patient (optional)"),
            help_text=_("It helps us find the right record among people with the same name."),
            required=False,
            is_own=False,
        )
        # The browser knows its own user, and whose address is asked for here it cannot know.
        for name in ("email", "phone"):
            self.fields[name].widget.attrs["autocomplete"] = "off"
        self.fields["email"].label = _("Email address of the person we contact")
        self.fields["email"].help_text = _("We need an email address, a telephone number, or both.")
        self.fields["phone"].label = _("Telephone number of the person we contact")
        self.fields["phone"].help_text = _("Write it as you like, with an extension if there is one.")
        self.fields["reach_by"].label = _("How should we reach this person?")
        for code in ("required", "invalid_choice"):
            self.fields["reach_by"].error_messages[code] = _("Choose from the list how we should reach this person.")
        self.fields["leave_message"].label = _("You may leave a message on this telephone (optional)")
        self.fields["wants_details"].help_text = _(
            "If you do not tick this, our messages say nothing about the patient’s health. Others may see the screen."
        )
        self.no_email = _("Enter the email address of the person we contact, or choose “By telephone”.")
        self.no_phone = _("Enter the telephone number of the person we contact, or choose “By email”.")

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("relation") == Relation.GUARDIAN and cleaned.get("call") == ToContact.PATIENT:
            self.add_error("call", _("We call or write to the parent or guardian of a child. Choose “Me”."))
        given = {name: bool(cleaned.get(name)) or name in self.errors for name in ("email", "phone")}
        if not any(given.values()):
            self.add_error("email", _("Enter an email address, a telephone number, or both."))
        else:
            self.refuse_what_is_missing(**given, beside_email="email", beside_phone="phone")
            if cleaned.get("reach_by") == ReachBy.EITHER and not all(given.values()):
                cleaned["reach_by"] = ReachBy.EMAIL if given["email"] else ReachBy.PHONE
        return cleaned


FORMS = {"wish": WishForm, "signs": SignsForm, "matter": MatterForm, "needs": NeedsForm, "person": PersonForm}
