"""What is typed for a move on the sheet: a form a kind of input, in which nothing that was typed is lost."""

import re
from datetime import datetime, timedelta
from datetime import time as clock

from django import forms
from django.db.models import Exists, OuterRef, TextChoices
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from appointments import workflow
from appointments.admin import names
from appointments.admin.names import named
from appointments.models import DeclineReason, OfferState, ReplyFor, SavedReply
from appointments.workflow.table import TRIAGE
from clinic.hours import NeverOpen, SkippedTime, moment_of
from clinic.models import Clinician, Location, hours_at, reception_hours
from clinic.typed_text import PlainForm, for_each_text, is_typed, kept, shown
from procedures.models import Procedure

NOT_CHOSEN = re.compile(r"[\x00-\x1f\x7f]")
FAR = timedelta(days=365)
USUAL_MINUTES = 30


class Choices:
    """What the forms of a request let staff choose from; it is read once for all of them, when the first one asks."""

    def __init__(self, asked):
        self.asked = asked

    @cached_property
    def _named(self):
        performing = Procedure.clinicians.through.objects.filter(
            procedure=self.asked.procedure_id, clinician=OuterRef("pk")
        )
        colleagues = User.objects.who_may(TRIAGE).exclude(pk=self.asked.holder_id).with_name()
        replies = SavedReply.objects.filter(language=self.asked.language)
        return names.read(
            named(Location.objects.filter(is_open=True), "place", order="order"),
            named(Clinician.objects.filter(is_shown=True), "clinician", order="order", mark=Exists(performing)),
            named(colleagues, "colleague", key="pk"),
            named(replies.filter(used_for=ReplyFor.QUESTION), ReplyFor.QUESTION, key="pk"),
            named(replies.filter(used_for=ReplyFor.ANSWER), ReplyFor.ANSWER, key="pk"),
        )

    def of(self, kind):
        """Return the names of one kind of thing by their keys."""
        return {each.key: each.name for each in self._named.get(kind, ())}

    @property
    def fit(self):
        """The keys of the clinicians who perform the procedure that is asked for."""
        return [each.key for each in self._named.get("clinician", ()) if each.mark]


class MoveForm(PlainForm, forms.Form):
    """A move for which nothing is typed, and what the forms of all moves have in common.

    `asked` is the request, `name` the move. `doubts` are sentences about what is odd but may be right: a second press,
    whose `accepted` names the same ones, goes ahead.
    """

    # Whether somebody came to the sheet for it.
    is_opened = False

    accepted = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data=None, *, asked, name, choices=None):
        super().__init__(auto_id="id_%s")
        self.asked, self.move, self.choices = asked, name, choices or Choices(asked)
        self.build()
        if data is not None:
            self.data = {name: _taken(data.get(name, ""), field) for name, field in self.fields.items()}
            self.is_bound = True
        self.doubts, self.doubted = [], []

    @property
    def open_doubts(self):
        """The doubts, unless the press accepts them all."""
        return [] if set(self.doubted) <= set(self.data.get("accepted", "").split()) else self.doubts

    def build(self):
        """Add the fields that depend on the request."""

    def inputs(self):
        """Return what the workflow takes, of a form that is valid."""
        return {}

    def facts(self):
        """Return the facts of the request that it would change, for a comparison (`moving.compared`)."""
        return {}

    @property
    def in_words(self):
        """What was typed, as a text to copy; "" when it is nothing but a choice."""
        return ""

    @property
    def typed(self):
        """What was typed as (label, text), for a comparison."""
        return _("What you typed"), self.in_words

    @property
    def rows(self):
        """The visible fields by groups, as (legend or "", fields)."""
        return [("", [field for field in self if not field.is_hidden])]

    @property
    def answered(self):
        """The doubts that a next press accepts, for its hidden field."""
        return " ".join(self.doubted)

    def take(self, refused):
        """Put the reason for which the workflow sent it back beside the field it is about."""
        self.add_error(refused.field if refused.field in self.fields else None, refused.reason)


def _taken(text, field):
    """Return what came for a field: words as they are kept, a choice without what no key of ours holds."""
    return for_each_text(text, field.widget, kept) if is_typed(field.widget) else NOT_CHOSEN.sub("", text)


class WordsForm(MoveForm):
    """A form with one field, named as the input of its move."""

    @property
    def field_name(self):
        """The name of its one field."""
        return workflow.MOVES[self.move].input

    def inputs(self):
        """Return the words as they were typed; the workflow judges them."""
        return {self.field_name: self.data[self.field_name]}

    @property
    def in_words(self):
        """The words that were typed."""
        return shown(self.data.get(self.field_name, ""))

    @property
    def typed(self):
        """What was typed, a choice too."""
        return self.fields[self.field_name].label, shown(self.data.get(self.field_name, ""))


class LetterForm(WordsForm):
    """Words to the patient, which a saved reply may begin. `rehearsal` is how the patient would read them."""

    replies, names_to_fill_in, was_put, rehearsal = (), (), False, None

    def build(self):
        """Add the field for a saved reply, under a name of its own, as two such forms stand on one sheet."""
        self.fields[f"reply_{self.field_name}"] = forms.CharField(
            label=_("Saved reply"), widget=forms.Select, required=False
        )

    @property
    def reply(self):
        """The field for a saved reply."""
        return self[f"reply_{self.field_name}"]

    def offer(self, replies):
        """Let one of these saved replies, as (key, name), be chosen."""
        self.replies = replies
        self.reply.field.widget.choices = [("", _("Choose a saved reply")), *replies]

    @property
    def rows(self):
        """The words alone: the saved reply stands apart, with a button of its own."""
        return [("", [self[self.field_name]])]


class AnswerForm(LetterForm):
    """The words that the patient will read."""

    answer = forms.CharField(
        label=_("Your answer"),
        help_text=_("The patient reads it on the private page of this request. Write it in their language."),
        widget=forms.Textarea(attrs={"rows": 8, "dir": "auto"}),
        strip=False,
        required=False,
    )


class QuestionForm(LetterForm):
    """What the clinic wants to know before it can go on."""

    question = forms.CharField(
        label=_("Your question"),
        help_text=_(
            "The patient reads and answers it on the private page of this request. Write it in their language."
        ),
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
        strip=False,
        required=False,
    )


class DeclineForm(WordsForm):
    """Why the clinic cannot help."""

    decline_reason = forms.CharField(
        label=_("Reason"),
        help_text=_("The patient reads it on the private page of this request."),
        widget=forms.Select(choices=[("", _("Choose a reason")), *DeclineReason.choices]),
        required=False,
    )

    @property
    def in_words(self):
        """Nothing: a choice is soon made again."""
        return ""


# What is for colleagues


class ForColleaguesForm(MoveForm):
    """A choice, with words that colleagues read and the patient never does."""

    reason_label = _("Why? (optional)")

    def build(self):
        """Add the words under a name of their own, as several of these forms stand on one page."""
        self.auto_id = f"id_{self.move}_%s"
        self.fields["why"] = forms.CharField(
            label=self.reason_label,
            help_text=_("Your colleagues read it. The patient does not."),
            widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
            strip=False,
            required=False,
        )

    def chosen(self):
        """Return what was chosen, by the names of the input."""
        return {}

    def inputs(self):
        """Return the choice and the words; the workflow judges them."""
        return {workflow.MOVES[self.move].input: {**self.chosen(), "why": self.data["why"]}}

    @property
    def in_words(self):
        """The words that were typed."""
        return shown(self.data.get("why", ""))


class ColleagueForm(ForColleaguesForm):
    """Who takes it over."""

    reason_label = _("What should they know? (optional)")

    def build(self):
        """Add the colleagues who answer requests, but for whoever has this one."""
        colleagues = self.choices.of("colleague")
        self.fields["colleague"] = forms.CharField(
            label=_("To whom?"),
            widget=forms.Select(choices=[("", _("Choose a colleague")), *colleagues.items()]),
            required=False,
        )
        super().build()

    def chosen(self):
        """Return the colleague, None for none of these."""
        key = self.data["colleague"]
        is_one = key in self.choices.of("colleague")
        return {"colleague": User.objects.filter(pk=key).first() if is_one else None}

    def facts(self):
        """Return who would have it."""
        colleague = self.chosen()["colleague"]
        return {"holder": colleague.pk} if colleague else {}


class UrgencyForm(ForColleaguesForm):
    """How urgent it is, and why."""

    reason_label = _("Why?")

    def build(self):
        """Add the levels that it does not have."""
        now = workflow.level_of(self.asked)
        self.fields["level"] = forms.CharField(
            label=_("How urgent is it?"),
            help_text=_("Now: %(level)s.") % {"level": now.label},
            widget=forms.RadioSelect(choices=[(level.value, level.label) for level in workflow.Level if level != now]),
            required=False,
        )
        super().build()

    def chosen(self):
        """Return the level as it was sent."""
        return {"level": self.data["level"]}

    def facts(self):
        """Return how urgent it would be."""
        return {"hurry": self.data["level"]}


MORNING = clock(9)
A_WEEK = 7


class Ready(TextChoices):
    """Moments that are chosen in one press. The morning is when reception opens."""

    TOMORROW = "tomorrow", _("Tomorrow morning")
    WORKING_DAY = "working_day", _("The morning of the next working day")
    WEEK = "week", _("In a week, in the morning")

    def moment(self, now):
        """Return it (aware), chosen at `now` (aware, clinic time)."""
        hours = reception_hours()
        day = now.date() + timedelta(days=A_WEEK if self == Ready.WEEK else 1)
        spans = hours.on(day)
        if self == Ready.WORKING_DAY and hours.spans:
            midnight = datetime.combine(day, clock(), tzinfo=now.tzinfo)
            return hours.add(midnight, timedelta())
        return spans[0][0] if spans else datetime.combine(day, MORNING, tzinfo=now.tzinfo)


class UntilForm(ForColleaguesForm):
    """Until when it is put aside: a ready moment, or one typed as clocks at the clinic show it."""

    def build(self):
        """Add the ready moments, and the boxes for any other."""
        self.fields["ready"] = forms.CharField(
            label=_("Until when?"),
            widget=forms.RadioSelect(choices=[*Ready.choices, ("", _("Another time:"))]),
            required=False,
        )
        typed = _row_fields([], [])
        self.fields |= {"day": typed["day"], "time": typed["time"]}
        self.fields["time"].label = _("Time")
        self.fields["time"].error_messages["invalid"] = _("Enter the time, such as 14:30.")
        super().build()

    def clean(self):
        """Make it a moment, with a sentence beside what must be mended."""
        self.until, now = None, timezone.localtime()
        if self.data["ready"] in Ready.values:
            try:
                self.until = Ready(self.data["ready"]).moment(now)
            except NeverOpen:
                self.add_error("ready", _("No working day is known. Enter the day and the time."))
        elif not self.errors:
            self._read_typed()
        return self.cleaned_data

    def _read_typed(self):
        day, at = self.cleaned_data["day"], self.cleaned_data["time"]
        if not day:
            self.add_error("day", MISSING["day"])
        if not at:
            self.add_error("time", _("Enter the time."))
        if not (day and at):
            return
        try:
            zone = timezone.get_default_timezone()
            self.until, _is_twice = moment_of(day, at.replace(second=0, microsecond=0), zone=zone)
            workflow.check_until(self.until)
        except SkippedTime:
            reason = _("Clocks skip this time on that day, as they are put forward. Choose another time.")
            self.add_error("time", reason)
        except OverflowError:
            self.add_error("day", _("Enter a day within the next 92 days."))
        except workflow.Unfit as refused:
            self.add_error("day", refused.reason)

    def chosen(self):
        """Return the moment."""
        return {"until": self.until}

    def facts(self):
        """Return until when it would be put aside."""
        until = getattr(self, "until", None)
        return {"aside": until.isoformat()} if until else {}


# Times

PARTS = ("location", "clinician", "day", "time", "minutes")
MISSING = {
    "location": _("Choose a place."),
    "clinician": _("Choose a clinician."),
    "day": _("Enter the day."),
    "time": _("Enter when it starts."),
    "minutes": _("Enter how many minutes it takes."),
}
LEGENDS = (_("First time"), _("Second time (optional)"), _("Third time (optional)"))


class TimesForm(MoveForm):
    """Up to three times, typed as clocks at the clinic show them. A row without a day and a time is left out."""

    how_many = 3

    def build(self):
        """Add the fields of each row: places and clinicians in use, those who do what is asked for first."""
        self.auto_id = f"id_{self.move}_%s"
        self.places, self.clinicians, fit = self.choices.of("place"), self.choices.of("clinician"), self.choices.fit
        for number in range(1, self.how_many + 1):
            places = [("", _("Choose a place")), *self.places.items()]
            fields = _row_fields(places, self._clinician_choices(fit))
            self.fields |= {f"{part}_{number}": fields[part] for part in PARTS}
            place = self.asked.location.key if self.asked.location else ""
            self.initial |= {f"location_{number}": place, f"minutes_{number}": USUAL_MINUTES}
            self.initial[f"clinician_{number}"] = fit[0] if len(fit) == 1 else ""

    def fill_in(self, time):
        """Let the first row start from a TimeOffer."""
        local = timezone.localtime(time.starts_at)
        self.initial |= {"location_1": time.location.key, "clinician_1": time.clinician.key}
        self.initial |= {"day_1": local.date(), "time_1": local.time(), "minutes_1": time.minutes}

    def _clinician_choices(self, fit):
        empty, every = ("", _("Choose a clinician")), list(self.clinicians.items())
        if not fit:
            return [empty, *every]
        groups = [
            (_("For this treatment"), [(key, name) for key, name in every if key in fit]),
            (_("Others"), [(key, name) for key, name in every if key not in fit]),
        ]
        return [empty, *((label, rows) for label, rows in groups if rows)]

    @property
    def rows(self):
        """The fields of each time under its legend."""
        legends = LEGENDS if self.how_many > 1 else ("",)
        return [(legends[number - 1], [self[f"{part}_{number}"] for part in PARTS]) for number in self._numbers]

    @property
    def _numbers(self):
        return range(1, self.how_many + 1)

    @property
    def in_words(self):
        """A line for each row that was filled in."""
        return "\n".join(self._line(number) for number in self._numbers if self._is_filled_in(number))

    def _line(self, number):
        location, clinician, day, time, minutes = (self.data.get(f"{part}_{number}", "") for part in PARTS)
        who_and_where = (self.places.get(location, ""), self.clinicians.get(clinician, ""))
        return ", ".join(word for word in (*who_and_where, day, time, f"{minutes} min" if minutes else "") if word)

    def _is_filled_in(self, number):
        return bool(self.data.get(f"day_{number}") or self.data.get(f"time_{number}"))

    def clean(self):
        """Make the rows proposed times, with a sentence beside what must be mended, or about what is odd."""
        self.proposed = {}
        for number in self._numbers:
            if self._is_filled_in(number):
                self._read(number)
        if not self.proposed and not self.errors:
            self.add_error("day_1", _("Enter a day and a time."))
        return self.cleaned_data

    def _read(self, number):
        typed = {part: self.cleaned_data.get(f"{part}_{number}") for part in PARTS}
        typed["location"] = Location.objects.filter(is_open=True, key=typed["location"]).first()
        typed["clinician"] = Clinician.objects.filter(is_shown=True, key=typed["clinician"]).first()
        for part in PARTS:
            if not typed[part] and f"{part}_{number}" not in self.errors:
                self.add_error(f"{part}_{number}", MISSING[part])
        if all(f"{part}_{number}" not in self.errors for part in PARTS):
            self._propose(number, typed)

    def _propose(self, number, typed):
        at, zone = typed["time"].replace(second=0, microsecond=0), timezone.get_default_timezone()
        try:
            starts_at, is_twice = moment_of(typed["day"], at, zone=zone)
            time = workflow.ProposedTime(typed["location"], typed["clinician"], starts_at, typed["minutes"])
            workflow.check_times([time], field="times")
        except SkippedTime:
            reason = _("Clocks skip this time on that day, as they are put forward. Choose another time.")
            self.add_error(f"time_{number}", reason)
        except OverflowError:
            self.add_error(f"day_{number}", _("Choose a time within the next 3 years."))
        except workflow.Unfit as refused:
            self.add_error(self._field_of(number), refused.reason)
        else:
            self.proposed[number] = time
            self._doubt(time, is_twice=is_twice)

    def _field_of(self, number):
        """Return the field that a refusal of the workflow is shown beside."""
        is_short_enough = 0 < self.cleaned_data[f"minutes_{number}"] <= workflow.LONGEST_MINUTES
        return f"day_{number}" if is_short_enough else f"minutes_{number}"

    def _doubt(self, time, *, is_twice):
        """Note what is odd about a time but may be meant."""
        hours = hours_at(time.location)
        local = timezone.localtime(time.starts_at)
        facts = {
            "place": time.location.name,
            "day": date_format(local, "DATE_FORMAT"),
            "time": date_format(local, "TIME_FORMAT"),
        }
        doubts = []
        if is_twice:
            doubts.append(
                ("twice", _("Clocks show %(time)s twice on %(day)s, as they are put back. We take the first."))
            )
        if local.date() in hours.closed:
            doubts.append(("closed", _("%(place)s is closed on %(day)s.")))
        elif hours.spans and not hours.cover(time.starts_at, time.ends_at):
            doubts.append(("hours", _("%(place)s is not open for all of this time: %(day)s, %(time)s.")))
        if time.starts_at > timezone.now() + FAR:
            doubts.append(("far", _("%(day)s is more than a year away.")))
        where_and_when = f"{time.location.key}/{time.starts_at:%Y%m%dT%H%M}/{time.minutes}"
        self.doubts += [str(words) % facts for _kind, words in doubts]
        self.doubted += [f"{kind}/{where_and_when}" for kind, _words in doubts]

    def inputs(self):
        """Return the times that were typed."""
        return {"times": list(self.proposed.values())}

    def take(self, refused):
        """Put the reason beside the row that it is about."""
        number = list(self.proposed)[refused.number] if isinstance(refused, workflow.UnfitTime) else 1
        self.add_error(f"day_{number}", refused.reason)


class TimeForm(TimesForm):
    """One time; where one is agreed already, it is where the change starts from."""

    how_many = 1

    def build(self):
        """Add the fields, filled in with the time that is agreed."""
        super().build()
        agreed = next((offer for offer in self.asked.offers.all() if offer.state == OfferState.AGREED), None)
        if agreed is not None:
            self.fill_in(agreed)

    def inputs(self):
        """Return the time that was typed."""
        return {"time": next(iter(self.proposed.values()), None)}


def _row_fields(places, clinicians):
    return {
        "location": forms.CharField(label=_("Place"), widget=forms.Select(choices=places), required=False),
        "clinician": forms.CharField(label=_("Clinician"), widget=forms.Select(choices=clinicians), required=False),
        "day": forms.DateField(
            label=_("Day"),
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            error_messages={"invalid": _("Enter the day, such as 2026-12-31.")},
            required=False,
        ),
        "time": forms.TimeField(
            label=_("Starts at"),
            widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
            error_messages={"invalid": _("Enter when it starts, such as 14:30.")},
            required=False,
        ),
        "minutes": forms.IntegerField(
            label=_("Minutes"),
            widget=forms.TextInput(attrs={"inputmode": "numeric", "size": 4}),
            error_messages={"invalid": _("Enter how many minutes it takes, such as 30.")},
            required=False,
        ),
    }


FORMS = {
    "": MoveForm,
    "answer": AnswerForm,
    "decline_reason": DeclineForm,
    "question": QuestionForm,
    "colleague": ColleagueForm,
    "urgency": UrgencyForm,
    "until": UntilForm,
    "times": TimesForm,
    "time": TimeForm,
}
