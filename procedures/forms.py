"""The forms in which editors write a section: its fields, or its rows with buttons that work without a script."""

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.forms.formsets import BaseFormSet, formset_factory
from django.forms.utils import ErrorList
from django.utils import timezone
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.models import StoredFile
from clinic.picture_forms import NAMES_THE_FILE
from clinic.stale_forms import CarefulForm
from clinic.stored_files import is_file_name
from clinic.typed_text import PlainForm
from procedures.models import Procedure
from procedures.publishing import REVIEW_LASTS, former_holder, whose_it_was
from procedures.sections import FILES

ROWS = "rows"
NUL = "\x00"
SHORT_TEXT = 200

# Beside which field a sentence stands that concerns several.
STANDS_BESIDE = {
    "figure_not_whole": "fact_key",
    "range_downward": "high",
    "days_out_of_order": "to_day",
    "alternative_undecided": "alternative_text",
}


# What speaks to the editor beside a field whose column says nothing, by column, or by kind of row and column.
HELP = {
    "medical_name": _("What doctors call it. It stands under the heading."),
    "aim": _("Why it is done, in 2 or 3 sentences. Do not promise that it works."),
    "who_may_benefit": _("Whom it may help. A list reads best."),
    "who_should_not": _("When it must not be done, or only with care."),
    "other_choices": _("What else there is, doing nothing included."),
    "timing": _("When it works best, and what waiting means."),
    "anaesthesia": _("What patients are given, and whether they are awake."),
    "position": _("How patients lie, and for how long."),
    "setting": _("Where it is done, and whether they go home the same day."),
    "straight_after": _("The first hours: what is normal, and what helps."),
    "follow_up": _("When you see them again, and what you look at."),
    "what_it_is": _("What is wrong in the body, in plain words."),
    "symptoms": _("What patients feel and notice. A list reads best."),
    "causes": _("Why it happens. Blame nobody."),
    "diagnosis": _("What you ask and which pictures you take."),
    "treatments": _("What can be done, from the mildest on."),
    "when_to_seek_help": _("What cannot wait, and whom to call."),
    "version.drawing": _("Choose one that shows this very thing, or none."),
    "related": _("Tick those that somebody who reads this page may weigh too."),
    "source.title": _("As it stands on the source itself."),
    "publisher": _("Who answers for it: a journal, an authority, a society."),
    "url": _("Where readers can read it, beginning with https."),
    "read_on": _("The day on which somebody of yours last read it."),
    "figure.label": _("What the number is about, in a few words."),
    "figure.note": _("Words beside the number. Without a number they stand in its place."),
    "glance": _("Leaflets and lists pick figures by this."),
    "low": _("A number. For a single number leave “to” empty."),
    "high": _("The upper end of a range, else empty."),
    "unit": _("What the number counts."),
    "preparationitem.text": _("One thing to do, beginning with a verb."),
    "step.label": _("What happens now, in a few words."),
    "step.text": _("1 to 3 sentences, as the patient lives it."),
    "kind": _("Whether patients may do it in these days, or must not."),
    "from_day": _("Day 0 is the day of the procedure."),
    "to_day": _("The last day on which it holds. Empty: it has none."),
    "milestone.text": _("One thing to do or not to do, such as: lift more than 10 pounds."),
    "warningsign.text": _("One sign, such as: a fever over 101 °F."),
    "action": _("What to do, such as: call us now."),
    "urgency": _("How fast they need help."),
    "applies": _("Signs before treatment are asked in the request form too."),
    "risk.name": _("In plain words, such as: bleeding."),
    "risk.text": _("What it would mean for the patient."),
    "scope": _("Whether it can come with any procedure, or with this one."),
    "how_often": _("Where no source gives a number. Otherwise leave it empty."),
    "question.question": _("As patients ask it, with “I”."),
    "answer": _("Answer in the first sentence. Then say more, if it helps."),
    "caption": _("Words under the picture, for everybody."),
    "transcript": _("All that a film says and shows, or what a difficult picture shows."),
    "printdocument.title": _("What readers will find in it. It is the text of the link."),
}


class LongText(forms.Textarea):
    """Several lines of text. Browsers send two signs for a line's end; one is kept, as in files."""

    def value_from_datadict(self, data, files, name):
        value = super().value_from_datadict(data, files, name)
        return value.replace("\r\n", "\n") if value else value


class FileHash(forms.HiddenInput):
    """Which stored file a row is about. A NUL, which no database can be asked for, is left out."""

    def value_from_datadict(self, data, files, name):
        return (super().value_from_datadict(data, files, name) or "").replace(NUL, "")


class Day(forms.DateInput):
    """A date, chosen or typed; the browser says it in the reader's way."""

    input_type = "date"

    def __init__(self, attrs=None):
        super().__init__(attrs, format="%Y-%m-%d")


class LinesField(forms.CharField):
    """A list of words, one a line."""

    widget = LongText

    def prepare_value(self, value):
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value):
        lines = (line.strip() for line in super().to_python(value).splitlines())
        return list(dict.fromkeys(filter(None, lines)))

    def has_changed(self, initial, data):
        """Compare what both say: nothing typed is the empty list that the model starts from."""
        return not self.disabled and self.to_python(self.prepare_value(initial)) != self.to_python(data)

    def validate(self, value):
        if self.required and not value:
            raise ValidationError(self.error_messages["required"], code="required")

    def run_validators(self, value):
        super().run_validators("\n".join(value))


class KeysField(LinesField):
    """A list of short keys with commas between them; only keys that are `known` are taken."""

    widget = forms.TextInput
    known = ()

    def prepare_value(self, value):
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value):
        return super().to_python((value or "").replace(",", "\n"))

    def run_validators(self, value):
        super().run_validators(value)
        for key in value:
            if key not in self.known:
                raise ValidationError(
                    gettext("“%(key)s” is no source of this page. Its sources are: %(known)s."),
                    code="unknown",
                    params={"key": key, "known": ", ".join(self.known) or gettext("none yet")},
                )


def form_field(column, **options):
    """Return the form field of a model's column, as the desk draws it."""
    field = _list_field(column) or column.formfield(**_options(column), **options)
    if not field.help_text:
        kind = column.model._meta.model_name.removeprefix("condition").removeprefix("procedure")
        field.help_text = HELP.get(f"{kind}.{column.name}") or HELP.get(column.name, "")
    field.error_messages["required"] = format_lazy(_("Fill in “{label}”."), label=field.label)
    return field


def _list_field(column):
    words = {"label": capfirst(column.verbose_name), "help_text": column.help_text, "required": not column.blank}
    if column.name == "synonyms":
        return LinesField(widget=LongText(attrs={"rows": 6}), **words)
    if column.name == "sources":
        return KeysField(**words)
    return None


def _options(column):
    if column.name in FILES:
        return {"widget": FileHash(), "to_field_name": "hash"}
    if column.name == "related":
        return {"widget": forms.CheckboxSelectMultiple()}
    if isinstance(column, models.DateField):
        return {"widget": Day()}
    if isinstance(column, models.URLField):
        return {"assume_scheme": "https"}
    if isinstance(column, models.TextField):
        return {"widget": LongText(attrs={"rows": 3 if column.name == "summary" else 8})}
    if isinstance(column, models.CharField) and (column.max_length or 0) > SHORT_TEXT:
        return {"widget": LongText(attrs={"rows": 2})}
    return {}


class PageForm(CarefulForm):
    """A page's subject, language and address. `takes_over` is asked where readers knew another page by that address."""

    takes_over = forms.BooleanField(
        required=False,
        label=_("Take this address: its readers are led here from now on, and no longer to the page that once had it."),
    )

    def clean_slug(self):
        """Keep an address in small letters: two that differ only by capitals are one to whoever copies them."""
        return self.cleaned_data["slug"].lower()

    def clean(self):
        """Refuse an address that another page of the same language has, whichever of the fields can be changed."""
        values = super().clean()
        language = values.get("language", self.instance.language)
        others = type(self.instance).objects.filter(language=language, slug=values.get("slug", ""))
        if others.exclude(pk=self.instance.pk).exists():
            self.add_error("slug", _("Another page has this address. Choose one of its own."))
        elif "slug" in self.changed_data and values.get("slug") and not values.get("takes_over"):
            page = type(self.instance)(pk=self.instance.pk, language=language)
            if holder := former_holder(page, values["slug"]):
                self.add_error("slug", whose_it_was(holder))
        return values


class FieldsForm(PlainForm, forms.ModelForm):
    """A section that has fields, and no rows."""


class RowForm(PlainForm, forms.ModelForm):
    """One row of a section. `source_keys` are those that it may name; `files` holds StoredFiles by their hash."""

    def __init__(self, *args, source_keys=(), files=None, **kwargs):
        super().__init__(*args, **kwargs)
        if "sources" in self.fields:
            self.fields["sources"].known = source_keys
        if "file" in self.fields:
            self.stored_file = files.get(self["file"].value())
            self.stored_captions = files.get(self["captions"].value()) if "captions" in self.fields else None

    def clean_alternative_text(self):
        """Refuse the name of the file in the place of words for who cannot see it."""
        text = self.cleaned_data["alternative_text"]
        if text and self.stored_file and is_file_name(text, self.stored_file):
            raise ValidationError(NAMES_THE_FILE)
        return text

    def full_clean(self):
        """Put what is wrong between fields beside one of them, so that the summary of errors can lead there."""
        super().full_clean()
        for error in self._errors.pop(NON_FIELD_ERRORS, ErrorList()).as_data():
            self.add_error(STANDS_BESIDE.get(error.code), error)


class BaseRows(BaseFormSet):
    """The rows of a section, in order. A row that nobody filled in is no row."""

    def __init__(self, *args, initial=None, **kwargs):
        super().__init__(*args, initial=initial, **kwargs)
        self.extra = len(initial or ())

    def add_fields(self, form, index):
        """Tell each row its place, for the buttons that move it."""
        super().add_fields(form, index)
        form.place = str(index)

    def initial_form_count(self):
        """Count every row as new: saving a section writes all its rows."""
        return 0

    def clean(self):
        """Refuse a key that two rows have."""
        keys = [row["key"] for row in self.rows() if "key" in row]
        for key in dict.fromkeys(keys):
            if keys.count(key) > 1:
                raise ValidationError(_("Two entries have the key “%(key)s”. Give each its own."), params={"key": key})

    def rows(self):
        """Return the clean values of each row, in order."""
        return [form.cleaned_data for form in self.forms if form.has_changed() and hasattr(form, "cleaned_data")]


def section_form(version, section, data):
    """Return the form or formset of a section with what was typed, to be judged."""
    if section.model is None:
        return _fields_form(version, section, data=data)
    options = _row_options(version, section, typed_rows(section, data))
    return _formset_class(section)(data, prefix=ROWS, form_kwargs=options)


def stored_form(version, section):
    """Return the form or formset of a section as it is stored."""
    if section.model is not None:
        rows = section.read(version)
        return rows_form(version, section, rows if rows or section.takes_files else [{}])
    values = section.read(version)
    if "related" in values:
        values["related"] = list(version.related.all())
    return _fields_form(version, section, initial=values)


def unjudged_form(version, section, data):
    """Return the form or formset of a section with what was typed, as if nobody had looked at it yet."""
    if section.model is not None:
        return rows_form(version, section, typed_rows(section, data))
    typed = _fields_form(version, section, data=data)
    return _fields_form(version, section, initial={name: typed[name].value() for name in section.fields})


def _fields_form(version, section, **options):
    form_class = forms.modelform_factory(
        type(version), form=FieldsForm, fields=section.fields, formfield_callback=form_field
    )
    form = form_class(**options)
    if "related" in form.fields:
        form.fields["related"].queryset = Procedure.objects.exclude(pk=version.page.subject.pk)
    return form


def rows_form(version, section, rows):
    """Return the formset of a section that shows these rows as they are, without judging them yet."""
    return _formset_class(section)(initial=rows, prefix=ROWS, form_kwargs=_row_options(version, section, rows))


def _formset_class(section):
    form_class = forms.modelform_factory(
        section.model, form=RowForm, fields=section.fields, formfield_callback=form_field
    )
    most = section.most_rows
    return formset_factory(form_class, formset=BaseRows, extra=0, max_num=most, absolute_max=most, validate_max=True)


def _row_options(version, section, rows):
    options = {}
    if "sources" in section.fields:
        options["source_keys"] = tuple(version.sources.values_list("key", flat=True))
    if section.takes_files:
        hashes = [row[field].replace(NUL, "") for row in rows for field in FILES if row.get(field)]
        options["files"] = StoredFile.objects.in_bulk(hashes, field_name="hash")
    return options


def typed_rows(section, data):
    """Return the rows as they were typed, as a list of {field: text}."""
    total = data.get(f"{ROWS}-TOTAL_FORMS", "")
    count = int(total) if total.isascii() and total.isdecimal() and len(total) < 4 else 0
    return [
        {field: data.get(f"{ROWS}-{number}-{field}") for field in section.fields}
        for number in range(min(count, section.most_rows))
    ]


def rearranged(section, rows, press):
    """Return the rows after a button was pressed: "add", or "remove-N", "up-N", "down-N" counted from 0.

    A button that the screen could not have shown changes nothing.
    """
    name, _sign, number = press.partition("-")
    rows = list(rows)
    if name == "add" and len(rows) < section.most_rows:
        return [*rows, {}]
    place = int(number) if number.isascii() and number.isdecimal() and len(number) < 4 else len(rows)
    if place >= len(rows):
        return rows
    if name == "remove":
        del rows[place]
    elif name == "up" and place > 0:
        rows[place - 1 : place + 1] = rows[place], rows[place - 1]
    elif name == "down" and place + 1 < len(rows):
        rows[place : place + 2] = rows[place + 1], rows[place]
    return rows


class UploadForm(forms.Form):
    """A file to add to a section of files."""

    upload = forms.FileField(
        label=_("Add a file"),
        error_messages={"required": _("Choose a file first."), "empty": _("This file is empty. Choose another.")},
    )


class NoInput(forms.Form):
    """A button alone."""


class ChangesForm(PlainForm, forms.Form):
    """What the editors should change."""

    words = forms.CharField(
        label=_("What should change?"),
        help_text=_("The editors read it above the draft."),
        widget=LongText(attrs={"rows": 4}),
        max_length=4000,
        required=False,
    )


class CommentForm(PlainForm, forms.Form):
    """A comment on one of the sections of a version."""

    section = forms.ChoiceField(
        label=_("Section"),
        error_messages=dict.fromkeys(("required", "invalid_choice"), _("Choose the section that it is about.")),
    )
    words = forms.CharField(
        label=_("Your comment"),
        help_text=_("Editors and reviewers of this version read it. It stays with the version."),
        widget=LongText(attrs={"rows": 4}),
        max_length=4000,
        error_messages={"required": _("Write your comment.")},
    )

    def __init__(self, *args, sections, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["section"].choices = [("", "–"), *((section.key, section.title) for section in sections)]


class AnswerForm(PlainForm, forms.Form):
    """An answer to a comment; to settle one needs none."""

    words = forms.CharField(label=_("Your answer"), widget=LongText(attrs={"rows": 3}), max_length=4000, required=False)


class SignOffForm(PlainForm, forms.Form):
    """Until when a review is good."""

    next_review_due = forms.DateField(
        label=_("Next review due"),
        widget=Day(),
        error_messages={
            "required": _("Choose the day on which the page must be reviewed again."),
            "invalid": _("Write the day as year, month and day, such as 2027-09-14."),
        },
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["next_review_due"].initial = lambda: timezone.localdate() + REVIEW_LASTS


class SuccessorForm(forms.Form):
    """Which page readers of a withdrawn one should go to instead; `pages` are those that they can read."""

    successor = forms.ChoiceField(
        required=False,
        label=_("What should its readers read instead?"),
        help_text=_("They are not sent there: they read that the page was taken off, with a link to this one."),
        error_messages={"invalid_choice": _("That page is not on the site any more. Choose another.")},
    )

    def __init__(self, *args, pages=(), **kwargs):
        super().__init__(*args, **kwargs)
        self._pages = {f"{page.kind}-{page.pk}": page for page in pages}
        groups = {}
        for name, page in self._pages.items():
            words = f"{page.plain_name} ({page.medical_name})" if page.medical_name else page.plain_name
            groups.setdefault(capfirst(page._meta.verbose_name_plural), []).append((name, words))
        self.fields["successor"].choices = [("", _("No page: they are asked to call")), *groups.items()]

    def clean_successor(self):
        """Return the page, or None."""
        return self._pages.get(self.cleaned_data["successor"])


class WithdrawForm(SuccessorForm):
    """A second thought before a page goes off the site; `others` are its pages in other languages that are on it."""

    others = forms.MultipleChoiceField(
        required=False, label=_("Withdraw these too"), widget=forms.CheckboxSelectMultiple
    )
    is_sure = forms.BooleanField(
        label=_("Take this page off the site now. Its address will say that you took it off."),
        error_messages={"required": _("Tick the box to take the page off the site.")},
    )

    def __init__(self, *args, others=(), **kwargs):
        super().__init__(*args, **kwargs)
        self._others = {str(page.pk): page for page in others}
        self.fields["others"].choices = [
            (pk, f"{page.get_language_display()}: {page.plain_name}") for pk, page in self._others.items()
        ]
        if not self._others:
            del self.fields["others"]

    def clean_others(self):
        """Return the pages."""
        return [self._others[pk] for pk in self.cleaned_data["others"]]
