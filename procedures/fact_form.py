"""The form in which an editor changes a figure for all pages that tell it: its numbers, its unit and its sources."""

from hashlib import sha256

from django import forms
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from clinic.typed_text import PlainForm
from procedures.facts import Cited
from procedures.forms import Day
from procedures.models.rows import SourceRow, Unit

NEW_SOURCE = ("title", "publisher", "url", "read_on")


def _label(name):
    return capfirst(SourceRow._meta.get_field(name).verbose_name)


class FactForm(PlainForm, forms.Form):
    """A figure as it is to be. Sources that pages name already are ticked; one more can be added."""

    low = forms.DecimalField(
        label=_("From, or the only number"),
        max_digits=9,
        decimal_places=2,
        min_value=0,
        error_messages={"required": _("Write the number.")},
    )
    high = forms.DecimalField(
        label=_("To, if it is a range"),
        max_digits=9,
        decimal_places=2,
        min_value=0,
        required=False,
    )
    unit = forms.ChoiceField(
        label=_("Unit"), error_messages=dict.fromkeys(("required", "invalid_choice"), _("Choose the unit."))
    )
    sources = forms.MultipleChoiceField(
        label=_("Where it comes from"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        error_messages={"invalid_choice": _("Choose sources of the list, or add one.")},
    )
    title = forms.CharField(
        label=_("Another source"), help_text=_("Its title. It is added to each page."), max_length=200, required=False
    )
    publisher = forms.CharField(max_length=200, required=False)
    url = forms.URLField(required=False, assume_scheme="https", max_length=200)
    read_on = forms.DateField(required=False, widget=Day())

    def __init__(self, data=None, *, fact):
        use = fact.uses[0]
        own = {_name(source): source for source in fact.cited}
        first = {"low": _plain(use.low), "high": _plain(use.high), "unit": use.unit, "sources": list(own)}
        super().__init__(data, initial=first)
        self.known = own
        self.fields["unit"].choices = [("", "–"), *Unit.choices]
        self.fields["sources"].choices = [(name, _told(source)) for name, source in own.items()]
        for name in ("publisher", "url", "read_on"):
            self.fields[name].label = _label(name)

    def clean(self):
        """Refuse a range that runs downward, a figure without any source, and a source without its title or day."""
        values = super().clean()
        low, high = values.get("low"), values.get("high")
        if low is not None and high is not None and high < low:
            self.add_error("high", _("The range must run from the lower to the higher number."))
        is_new = any(values.get(name) for name in NEW_SOURCE)
        if is_new and not values.get("title") and "title" not in self.errors:
            self.add_error("title", _("Write the title of the source."))
        if is_new and "read_on" not in self.errors:
            if values.get("read_on") is None:
                self.add_error("read_on", _("Say on which day you read it."))
            elif values["read_on"] > timezone.localdate():
                self.add_error("read_on", _("This day is still to come."))
        if not values.get("sources") and not is_new and "sources" not in self.errors:
            self.add_error("sources", _("Say where the figure comes from: choose a source, or add one."))
        return values

    def figure(self):
        """Return what `publishing.change_fact` is told, of a valid form."""
        values = self.cleaned_data
        sources = [self.known[name] for name in values["sources"]]
        if values["title"]:
            sources.append(Cited(*(values[name] for name in NEW_SOURCE)))
        return {"low": values["low"], "high": values["high"], "unit": values["unit"], "sources": sources}


def _name(source):
    return sha256(repr(source.identity).encode()).hexdigest()[:12]


def _told(source):
    return ", ".join(filter(None, (source.title, source.publisher)))


def _plain(number):
    return "" if number is None else f"{number.normalize():f}"
