"""The other doors: the screen on which staff write down who telephoned, came or wrote, and the way to practise."""

from dataclasses import replace
from itertools import zip_longest

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import get_language, get_language_info, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt

from accounts.ended_session import why_not_taken
from appointments import practice, workflow
from appointments.admin.closing import moment_field
from appointments.answers import CHECK, Answers
from appointments.forms import FORMS, NONE_OF_THESE
from appointments.models import Kind, Source
from appointments.sealed import LAST_STEP, Broken, Draft, TooLong
from appointments.workflow import Outcome
from appointments.workflow.table import TRIAGE
from clinic.models import Urgency
from clinic.templatetags.components import problems

ENTER = "admin:appointments_appointmentrequest_enter"
QUEUE = "admin:appointments_appointmentrequest_changelist"
SHEET = "admin:appointments_appointmentrequest_change"

# What is not asked of everybody has inputs that no form declares.
SOMETIMES_ASKED = {
    "person": [f"{field}_{part}" for field in ("date_of_birth", "patient_born") for part in ("year", "month", "day")]
}
DONE = {
    Outcome.NEW: _("%(reference)s is written down."),
    Outcome.SAME: _(
        "%(reference)s was saved from this page before, with the same answers. It stands there once. "
        "How and when they asked stays as you saved it first."
    ),
    Outcome.AMENDED: _(
        "%(reference)s was saved from this page before. Its answers are now what you typed. "
        "How and when they asked stays as you saved it first."
    ),
    Outcome.ANOTHER: _("%(reference)s is written down too, beside the one that you saved before from this page."),
}
OPEN_TOO_LONG = _("This page was open too long, so nothing was saved. What you typed is still here. Save it again.")
SEAL_IS_LOST = _("Nothing was saved, because this page was changed on its way. Check every answer, then save again.")
SECTIONS = {
    "wish": _("What they would like"),
    "signs": _("Signs that need help fast"),
    "matter": _("About the problem"),
    "needs": _("What helps the patient"),
    "person": _("Who the patient is, and how to reach them"),
}


class DoorForm(forms.Form):
    """How and when the patient asked, and what is to become of it."""

    source = forms.ChoiceField(
        label=_("How did the patient ask?"),
        choices=[
            (Source.TELEPHONE, pgettext_lazy("how a patient asked", "By telephone")),
            (Source.WALK_IN, pgettext_lazy("how a patient asked", "In person")),
            (Source.PAPER, pgettext_lazy("how a patient asked", "On paper")),
        ],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose how the patient asked."),
            "invalid_choice": _("Choose how the patient asked."),
        },
    )
    asked_at = moment_field(_("When did the patient ask?"), _("Our promise runs from then. Clinic time."))
    language = forms.ChoiceField(
        label=_("In which language do we write to the patient?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose a language from the list."),
            "invalid_choice": _("Choose a language from the list."),
        },
    )
    tells_patient = forms.BooleanField(
        label=_("Write to the patient that we have the request, with the private link"),
        help_text=_("Only if they gave an email address, and want it."),
        initial=True,
        required=False,
    )
    is_practice = forms.BooleanField(
        label=_("This is practice"),
        help_text=_("For training: nobody is written to, it is never counted, and it is deleted after 30 days."),
        required=False,
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [
            (code, get_language_info(code)["name_translated"]) for code, _name in settings.LANGUAGES
        ]

    @classmethod
    def opened(cls, source=""):
        """Return the form as it is opened: the patient asks now."""
        now = timezone.localtime().replace(second=0, microsecond=0)
        return cls(initial={"source": source, "asked_at": now, "language": get_language()})

    @classmethod
    def shown(cls, data):
        """Return the form with what was typed, not judged yet."""
        form = cls()
        form.initial = {name: field.widget.value_from_datadict(data, {}, name) for name, field in form.fields.items()}
        return form

    def clean_asked_at(self):
        """Check it as the workflow does, so that what is wrong is said beside its box."""
        asked_at = self.cleaned_data["asked_at"]
        try:
            workflow.check_asked_at(asked_at)
        except workflow.Unfit as unfit:
            raise forms.ValidationError(unfit.reason) from unfit
        return asked_at

    def how(self):
        """Return what `workflow.enter` is told of how it was asked."""
        how = {name: self.cleaned_data[name] for name in ("source", "asked_at", "language", "tells_patient")}
        return how | {"kind": Kind.PRACTICE if self.cleaned_data["is_practice"] else Kind.REAL}


class AnswersSoFar(Answers):
    """Answers of one screen: a good one counts, though another beside it is still missing."""

    def _cleaned(self, step, name, default):
        form = self.read(step)
        if form is None:
            return default
        form.full_clean()
        return form.cleaned_data.get(name, default)


class Entry:
    """The whole request form on one screen: the same questions and rules as patients meet, and how it was asked."""

    def __init__(self, draft, door, *, is_judged=False):
        self.draft, self.door, self.is_judged = draft, door, is_judged
        self.answers = AnswersSoFar(draft)

    @classmethod
    def opened(cls, source=""):
        """Return an empty screen."""
        return cls(Draft.begun(), DoorForm.opened(source))

    @classmethod
    def posted(cls, data, *, is_judged):
        """Return the screen with what was typed on it. Raises Broken for a seal that is not ours."""
        return cls(Draft.opened(data.get("_seal", "")), _door(data, is_judged), is_judged=is_judged)._filled(data)

    @classmethod
    def without_seal(cls, data):
        """Return the screen with what was typed on it, as one that was never saved."""
        return cls(Draft.begun(), _door(data, is_judged=False))._filled(data)

    def _filled(self, data):
        for step, form in FORMS.items():
            # What was not on the screen was sealed, and is kept: another change of mind may bring it back.
            typed = {
                name: data.getlist(name)
                if isinstance(form.base_fields.get(name), forms.MultipleChoiceField)
                else data[name]
                for name in (*form.base_fields, *SOMETIMES_ASKED.get(step, ()))
                if name in data
            }
            self.draft.typed[step] = self.draft.typed.get(step, {}) | typed
        return self

    def emergency(self):
        """Return the signs that were ticked and cannot wait, in the words that whoever asks is told."""
        return self.answers.in_readers_language(self.answers.ticked(Urgency.EMERGENCY))

    def is_whole(self):
        """Say whether all that is asked is answered well."""
        return self.door.is_valid() and self.answers.first_missing() is None

    def save(self, *, by):
        """Store the request, and return Submitted. Raises what `workflow.enter` does."""
        return workflow.enter(self.answers.to_send(), token=self.draft.token, by=by, **self.door.how())

    def context(self):
        """Return what the template shows: each section with its form, judged or not, and what must be mended."""
        # The signs stand first: whoever has one that cannot wait is told at once.
        asked = sorted(self.answers.steps, key=lambda step: step != "signs")
        shown = {step: self._form(step) for step in asked if step != CHECK}
        forms_shown = [*([shown["signs"]] if "signs" in shown else []), self.door]
        forms_shown += [form for step, form in shown.items() if step != "signs"]
        return {
            "door": self.door,
            "signs": self._signs(shown.pop("signs", None)),
            "sections": [{"step": step, "title": SECTIONS[step], "form": form} for step, form in shown.items()],
            "mend": [each for form in forms_shown for each in problems(form)],
            "emergency": self.emergency(),
            "seal": self._seal(forms_shown),
        }

    def _form(self, step):
        form = self.answers.read(step) if self.is_judged else self.answers.opened(step)
        if self.is_judged:
            # Now, before the signs that are shown next are taken for those that were.
            form.full_clean()
        elif step == "signs" and not self.answers.signs_are_current:
            # Signs came onto the list: “None of these” was said of fewer.
            form.initial["signs"] = [key for key in form.initial.get("signs", ()) if key != NONE_OF_THESE]
        for field in form.fields.values():
            # The browser knows its own user, who is not the patient.
            for widget in getattr(field.widget, "widgets", [field.widget]):
                widget.attrs["autocomplete"] = "off"
        return form

    def _signs(self, form):
        """Return the question about signs: its form, and each sign that can be ticked with what to say."""
        if form is None:
            return None
        self.answers.show_signs(form)
        return {"form": form, "rows": list(zip_longest(form["signs"], self.draft.signs))}

    def _seal(self, forms_shown):
        """Return the token, the signs that were shown, and what was typed but is not on the screen, sealed."""
        on_screen = {name for form in forms_shown if form is not self.door for name in form.input_names()}
        hidden = {
            step: {name: value for name, value in typed.items() if name not in on_screen}
            for step, typed in self.draft.typed.items()
        }
        try:
            return replace(self.draft, typed={LAST_STEP: {}} | hidden).sealed()
        except TooLong:
            return replace(self.draft, typed={LAST_STEP: {}}).sealed()


def _door(data, is_judged):
    return DoorForm(data) if is_judged else DoorForm.shown(data)


class Doors:
    """The part of the request's admin that stands at the other doors."""

    def get_urls(self):
        enter = self.admin_site.admin_view(self.enter_view)
        enter.csrf_failure = self.admin_site.admin_view(self.enter_without_token_view)
        name = "appointments_appointmentrequest"
        return [
            path("enter/", enter, name=f"{name}_enter"),
            path("practice/", self.admin_site.admin_view(self.practice_view), name=f"{name}_practice"),
            *super().get_urls(),
        ]

    def enter_view(self, request):
        """Show the screen, or save what was typed on it; a refusal shows it again."""
        _check_may(request)
        if request.method != "POST":
            return self._screen(request, Entry.opened(request.GET.get("source", "")))
        try:
            entry = Entry.posted(request.POST, is_judged=request.POST.get("go") != "show")
        except Broken:
            return self._screen(request, Entry.without_seal(request.POST), refusal=SEAL_IS_LOST, status=422)
        if entry.emergency():
            return self._screen(request, Entry.posted(request.POST, is_judged=False), status=422)
        if entry.is_judged and not entry.is_whole():
            return self._screen(request, entry, status=422)
        if not entry.is_judged:
            return self._screen(request, entry)
        try:
            entered = entry.save(by=request.user.as_actor())
        except workflow.Refused as refused:
            return self._screen(request, entry, refusal=refused.reason, status=409)
        messages.success(request, DONE[entered.outcome] % {"reference": entered.request.reference})
        if request.POST.get("go") == "another":
            source = {"source": entered.request.source}
            return HttpResponseRedirect(reverse(ENTER, query=source))
        # Whoever writes it down may not work for its location.
        is_theirs = entered.request.is_at_a_place_of(request.user)
        return HttpResponseRedirect(reverse(SHEET, args=[entered.request.pk]) if is_theirs else reverse(QUEUE))

    @csrf_exempt
    def enter_without_token_view(self, request):
        """Show the screen with what was typed again, after a form that came without a valid token. Saves nothing."""
        _check_may(request)
        try:
            entry = Entry.posted(request.POST, is_judged=False)
        except Broken:
            entry = Entry.without_seal(request.POST)
        return self._screen(request, entry, refusal=why_not_taken(request, OPEN_TOO_LONG), status=403)

    def _screen(self, request, entry, *, refusal="", status=200):
        context = {
            **self.admin_site.each_context(request),
            **entry.context(),
            "title": gettext("Write down a request"),
            "refusal": refusal,
            "opts": self.opts,
            "is_nav_sidebar_enabled": False,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/appointments/appointmentrequest/enter.html", context, status=status)

    def practice_view(self, request):
        """Lead to the request form as patients meet it, marked as practice."""
        _check_may(request)
        return HttpResponseRedirect(reverse("appointments:request", query={"practice": practice.new_marker()}))


def may_enter(request):
    """Say whether whoever is signed in may write requests down, and practise."""
    return request.user.has_perm(TRIAGE)


def _check_may(request):
    if not may_enter(request):
        raise PermissionDenied
