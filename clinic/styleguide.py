"""Made-up data for the gallery, so that each component can be looked at in all its states without a database.

The words are examples, in English only.
"""

from datetime import date, datetime, time

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Submit
from django import forms
from django.utils import timezone


class DayMonthYear(forms.MultiWidget):
    """Three short text inputs, since people know a date of birth by heart and a calendar slows them down."""

    def __init__(self, attrs=None):
        super().__init__([forms.TextInput(attrs={"inputmode": "numeric"}) for _part in range(3)], attrs)

    def decompress(self, value):
        return [value.day, value.month, value.year] if value else ["", "", ""]


class SampleDateField(forms.MultiValueField):
    """A date whose parts have labels of their own, as the form pack draws them."""

    widget = DayMonthYear

    def __init__(self, **kwargs):
        parts = [forms.IntegerField(label="Day"), forms.IntegerField(label="Month")]
        super().__init__([*parts, forms.IntegerField(label="Year")], **kwargs)

    def compress(self, values):
        return date(*reversed(values)) if values else None


class SampleForm(forms.Form):
    """A field of each kind that the form pack draws."""

    name = forms.CharField(
        label="Your name",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Enter your name."},
    )
    telephone = forms.CharField(
        label="Telephone number",
        help_text="We call between 8 a.m. and 5 p.m. on working days.",
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
        error_messages={"required": "Enter a telephone number."},
    )
    email = forms.EmailField(
        label="Email address", required=False, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    born = SampleDateField(
        label="Date of birth",
        help_text="For example, 27 3 1956.",
        error_messages={"required": "Enter your date of birth."},
    )
    wish = forms.ChoiceField(
        label="What would you like?",
        choices=[("appointment", "An appointment"), ("question", "An answer to a question")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what you would like."},
    )
    times = forms.MultipleChoiceField(
        label="When suits you?",
        help_text="Choose all that suit you.",
        choices=[("morning", "Mornings"), ("afternoon", "Afternoons")],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least 1 time."},
    )
    location = forms.ChoiceField(
        label="Where?", choices=[("", "Anywhere"), ("north", "Northside"), ("lake", "Lakeside")], required=False
    )
    matter = forms.CharField(
        label="What is the matter?",
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": "Tell us what is the matter."},
    )
    letter = forms.FileField(
        label="A letter from your doctor", help_text="A PDF or a photo, at most 2 MB.", required=False
    )
    may_call = forms.BooleanField(
        label="You may leave a message on my telephone",
        error_messages={"required": "Tick the box, or choose another way to reach you."},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_method = "get"
        self.helper.add_input(Submit("send", "Send your request", css_id=self.add_prefix("send")))


SampleFormSet = forms.formset_factory(
    type("SampleEntry", (forms.Form,), {"note": forms.CharField(label="Note")}), extra=1
)


def samples():
    """Return what the gallery shows, by name: the data of each component, an empty form, and one that was refused."""
    moment = datetime(2026, 9, 14, 10, 30, tzinfo=timezone.get_default_timezone())
    long_word = "Vertebroplastykyphoplastyvertebroplastykyphoplasty"
    return {
        "blank_form": SampleForm(),
        "refused_form": SampleForm({"refused-name": "Ana O’Brien", "refused-email": "ana"}, prefix="refused"),
        "formset": SampleFormSet(),
        "languages": [
            {"code": "en", "name": "English", "url": "/styleguide/", "is_current": True},
            {"code": "es", "name": "Español", "url": "/es/styleguide/", "is_current": False},
        ],
        "signs": [
            {"text": "Your legs feel numb or weak.", "action": "Lie still until help comes."},
            {"text": "You cannot hold your urine or stool."},
        ],
        "figures": [
            {"label": "How long it takes", "value": "45 to 60 minutes", "note": "For 1 bone.", "sources": ["a", "c"]},
            {"label": "How long you stay", "value": "1 day"},
            {"label": "Back to light activity", "value": "2 to 3 days", "note": "Your team will tell you."},
        ],
        "steps": [
            {"label": "You lie on your front", "text": "Soft pads hold you, and a nurse stays beside you."},
            {"label": "We numb your back", "text": "You feel a short sting."},
            {"label": long_word, "text": "A very long word stays inside its box."},
        ],
        "line": {"unit": "weeks", "marks": [{"at": f"{11.9 * week:.1f}", "label": week} for week in range(0, 9, 2)]},
        "restricted": [
            {
                "when": "On the day of your procedure",
                "points": [{"text": "Do not drive."}],
                "bar": {"at": "0.0", "width": "1.7", "goes_on": False},
            },
            {
                "when": "For the first 6 weeks",
                "bar": {"at": "0.0", "width": "71.4", "goes_on": False},
                "points": [
                    {"text": "Do not lift more than 10 lb (4.5 kg).", "sources": ["b"]},
                    {"text": "Do not swim."},
                ],
            },
            {
                "when": "Until your team says you may",
                "points": [{"text": "Do not run."}],
                "bar": {"at": "0.0", "width": "100.0", "goes_on": True},
            },
        ],
        "allowed": [
            {"when": "For the first day", "points": [{"text": "Walk about your home."}]},
            {
                "when": "From week 4",
                "points": [{"text": "Swim."}],
                "bar": {"at": "47.6", "width": "52.4", "goes_on": True},
            },
        ],
        "risks": [
            {"name": "Cement leaks out of the bone", "how_often": "Rare", "text": "Most leaks do no harm."},
            {
                "name": "A new break in the next bone",
                "how_often": "Within 6 months",
                "chance": {
                    "often": "7 to 40 in 100 people",
                    "both_ways": "Of 100 people, 7 to 40 had it and 60 to 93 did not.",
                    "marks": {
                        "words": "100 marks: 7 full, 33 half full, 60 empty",
                        "full": "M0 0H20V20H10V50H0",
                        "half": "M0 0H80V50H0",
                    },
                },
            },
            {"name": "Infection", "text": "We give you medicine to prevent it.", "sources": ["c"]},
        ],
        "preparation": [
            {"when": "Before the day", "points": [{"text": "Tell us about every medicine you take."}]},
            {"when": "On the day", "points": [{"text": "Do not eat."}, {"text": "Bring someone to take you home."}]},
        ],
        "questions": [
            {"question": "Will it hurt?", "text": "You may be sore for a few days."},
            {"question": "Can I eat before?", "html": "<p>No. Ask us <strong>when</strong> to stop.</p>"},
        ],
        "sources": [
            {"key": "a", "title": "A patient page", "publisher": "A spine clinic", "read_on": date(2026, 8, 3)},
            {"key": "b", "title": "A handout", "publisher": "A hospital", "read_on": date(2026, 8, 3)},
            {"key": "c", "title": "A guideline", "url": "https://example.org/", "read_on": date(2026, 8, 4)},
        ],
        "answers": [
            {"label": "Your name", "value": "Nguyễn Thị Ánh", "step": "who"},
            {"label": "What is the matter?", "value": "My back hurts.\nIt began in May.", "step": "matter"},
            {"label": "Email address", "value": "", "step": "who"},
        ],
        "tags": [
            {"text": "New", "tone": "new"},
            {"text": "In progress", "tone": "going"},
            {"text": "Waiting for you", "tone": "waiting"},
            {"text": "Time agreed", "tone": "good"},
            {"text": "Urgent", "tone": "urgent"},
            {"text": "Closed", "tone": "stopped"},
        ],
        "cards": [
            {"url": "#cards", "title": "Balloon repair of a broken back bone", "other_name": "Kyphoplasty"},
            {"url": "#cards", "title": "Cement repair", "text": "Cement holds the bone.", "tag": "At 1 location"},
            {"url": "#cards", "title": long_word, "text": "A very long word stays inside its box."},
        ],
        "days": [
            {"name": "Monday", "periods": [{"opens": time(8), "closes": time(12, 30)}]},
            {
                "name": "Tuesday",
                "periods": [{"opens": time(8), "closes": time(12)}, {"opens": time(13), "closes": time(17)}],
            },
            {"name": "Sunday", "periods": []},
        ],
        "closures": [{"date": date(2026, 12, 25), "reason": "Christmas Day"}],
        "today": moment.date(),
        "moment": moment,
        "changes": [
            {"label": "Telephone", "original": "(206) 555-0142", "theirs": "(206) 555-0143", "mine": "(206) 555-0144"},
            {"label": "Note", "original": "", "theirs": "Called at noon.", "mine": "Called.\nNo answer."},
        ],
        "events": [
            {"when": moment, "what": "Request sent", "who": "the patient"},
            {"when": moment, "what": "Answered", "who": "reception", "text": "We can see you on Monday."},
        ],
        "contents": [{"id": "buttons", "text": "Buttons"}, {"id": "forms", "text": "Forms"}],
    }
