"""The form of the audit trail: who, what, about what, and when."""

from django import forms
from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _

from audit import trail
from audit.actors import STAFF
from audit.event_words import words_for
from audit.finding import finders


class TrailForm(forms.Form):
    """What an auditor looks for. It is posted, and its answer stands under an address that holds ids alone."""

    person = forms.CharField(
        label=_("Member of staff"), help_text=_("The whole log-in name."), max_length=150, required=False
    )
    verb = forms.ChoiceField(label=_("What happened"), required=False)
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    until = forms.DateField(
        label=_("To and including"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    about = forms.CharField(required=False, widget=forms.HiddenInput)
    lists = forms.CharField(required=False, widget=forms.HiddenInput)
    actor = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        shown = sorted(((verb, f"{words_for(verb)} ({verb})") for verb in trail.verbs()), key=lambda each: each[1])
        self.fields["verb"].choices = [("", _("everything")), *shown]
        for finder in finders():
            self.fields[finder.field] = forms.CharField(label=finder.label, max_length=60, required=False)
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "off"

    @classmethod
    def over(cls, filters):
        """Return the form as these filters fill it in; whose log-in name it is, is looked up (1 query)."""
        kind, _mark, number = filters.actor.partition(":")
        user = get_user_model()._default_manager.filter(pk=number).first() if number else None
        person = {"person": user.get_username(), "actor": ""} if kind == STAFF and user else {}
        return cls(initial=filters.query | person)

    def clean(self):
        """Look up whom and what is meant; `self.filters` then holds the filters."""
        found = dict(self.cleaned_data)
        if name := found.pop("person", ""):
            users = get_user_model()
            user = users._default_manager.filter(**{f"{users.USERNAME_FIELD}__iexact": name}).first()
            if user is None:
                self.add_error("person", _("No member of staff has this log-in name."))
            else:
                found["actor"] = f"{STAFF}:{user.pk}"
        for finder in finders():
            if typed := found.pop(finder.field, ""):
                keys = finder.find(typed)
                if not keys:
                    self.add_error(finder.field, finder.nothing)
                found["about"] = f"{finder.kind}:{','.join(map(str, keys))}"
        try:
            self.filters = trail.Filters.read({name: str(value) for name, value in found.items() if value})
        except trail.NoFilter:
            if not self.errors:
                self.add_error(None, _("This cannot be looked for. Fill in the form again."))
        if found.get("since") and found.get("until") and found["since"] > found["until"]:
            self.add_error("until", _("Choose a day that is not before the first one."))
        return self.cleaned_data

    @property
    def searches(self):
        """By what things were looked for, in a word each."""
        return " ".join(finder.kind for finder in finders() if self.data.get(finder.field))
