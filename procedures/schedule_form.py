"""When a version is to be published, typed as clocks at the clinic show it."""

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.hours import SkippedTime, moment_of
from clinic.typed_text import PlainForm
from procedures.forms import Day


class WhenForm(PlainForm, forms.Form):
    """A day and a time of day; clean, they are `at` (aware)."""

    day = forms.DateField(
        label=_("Day"),
        widget=Day(),
        error_messages={"required": _("Enter the day."), "invalid": _("Enter the day, such as 2026-12-31.")},
    )
    time = forms.TimeField(
        label=_("Time at the clinic"),
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        error_messages={"required": _("Enter the time."), "invalid": _("Enter the time, such as 14:30.")},
    )

    def clean(self):
        """Make it one moment, or say why there is none."""
        day, at = self.cleaned_data.get("day"), self.cleaned_data.get("time")
        if day is None or at is None:
            return self.cleaned_data
        zone = timezone.get_default_timezone()
        try:
            moment, is_twice = moment_of(day, at.replace(second=0, microsecond=0), zone=zone)
        except SkippedTime:
            self.add_error(
                "time", _("Clocks skip this time on that day, as they are put forward. Choose another time.")
            )
        except OverflowError:
            self.add_error("day", _("Choose a time within the next 365 days."))
        else:
            if is_twice:
                self.add_error(
                    "time", _("Clocks show this time twice on that day, as they are put back. Choose another time.")
                )
            self.cleaned_data["at"] = moment
        return self.cleaned_data
