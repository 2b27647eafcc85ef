"""The screen of one section: what it shows, what was typed into it, and what happens when somebody else saved first."""

from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from django.utils.translation import gettext

from clinic import stale
from clinic.models import StoredFile
from clinic.stored_files import CAPTIONS, store
from procedures import publishing
from procedures.admin import deciding
from procedures.forms import (
    NUL,
    UploadForm,
    form_field,
    rearranged,
    rows_form,
    section_form,
    stored_form,
    typed_rows,
    unjudged_form,
)
from procedures.sections import Section, plain

REARRANGING = ("add", "remove", "up", "down")
# How often somebody else may save between two looks of ours before the writer is asked to press again.
MEETINGS = 3


@dataclass
class Screen:
    """A section of a version as one person sees it.

    `seen_revision` and `original` are what the section was when that person opened it; the browser carries them, the
    second one signed. `original` is None when nobody can vouch for it. `data` is the post, None before there is one.
    `conflicts` are what both changed, as they are asked; `taken` is what only somebody else did, and was saved as well.
    `look` is the section as patients will see it, where somebody asked for that.
    """

    version: object
    section: Section
    form: object
    seen_revision: int
    original: dict | list | None
    data: object = None
    upload: UploadForm | None = None
    refusal: str = ""
    compared: list = field(default_factory=list)
    conflicts: list = field(default_factory=list)
    taken: list = field(default_factory=list)
    look: str = ""
    status: int = 200

    @classmethod
    def stored(cls, version, section):
        """Return the section as it is stored."""
        form, original = stored_form(version, section), section.read(version)
        upload = UploadForm() if section.takes_files else None
        return cls(version, section, form, version.revision, original, upload=upload)

    @classmethod
    def typed(cls, version, section, data, files):
        """Return the section as it was typed into a post."""
        form = section_form(version, section, data)
        original = stale.read_snapshot(data.get("snapshot", ""), of=_name(version, section))
        upload = UploadForm(files=files or None) if section.takes_files else None
        seen = stale.read_revision(data.get("seen_revision", ""))
        conflicts = deciding.read_conflicts(data.get("asked", ""), of=_name_of_asked(version, section))
        return cls(version, section, form, seen, original, data, upload, conflicts=conflicts)

    @property
    def snapshot(self):
        """What the section was when it was opened, signed, for the browser to carry."""
        return stale.snapshot(self.original, of=_name(self.version, self.section))

    @property
    def may_add(self):
        """Whether another row fits."""
        return len(self.form.forms) < self.section.most_rows

    @property
    def takes_markdown(self):
        """Whether one of its fields takes Markdown."""
        return bool({*self.version.markdown_fields, "answer", "transcript"} & set(self.section.fields))

    @property
    def has_typed(self):
        """Whether it shows what was typed and is not saved yet."""
        return self.data is not None or bool(self.conflicts)

    # What both changed

    @property
    def signed_conflicts(self):
        """What is asked, signed, for the browser to carry."""
        return deciding.signed(self.conflicts, of=_name_of_asked(self.version, self.section))

    @cached_property
    def asked(self):
        """The conflicts as the screen asks them."""
        rows = [] if self.section.model is None else [_row_values(form) for form in self.form.forms]
        return deciding.asked(self.section, self.version, self.conflicts, rows, self.data)

    def decide(self):
        """Take in what was chosen; return False where a choice would throw away what was typed, which asks again."""
        if not self.conflicts:
            return True
        if deciding.clashing(self.section, self.conflicts, self.data):
            self.set_aside(gettext("You chose one text and wrote another. Look at each choice again."))
            return False
        self.data = deciding.decided(self.section, self.conflicts, self.data)
        self.form, self.conflicts = section_form(self.version, self.section, self.data), []
        return True

    # Pressing

    def rearranges(self, press):
        """Say whether a button moves rows about, or brings a file, instead of saving."""
        if self.section.model is None:
            return False
        return press.partition("-")[0] in REARRANGING or self._has_file

    @property
    def _has_file(self):
        return self.upload is not None and self.upload.is_bound

    def rearrange(self, press):
        """Move the rows about, or add one; they are shown as typed and not judged yet."""
        rows = typed_rows(self.section, self.data)
        is_for_file = self._has_file or (self.section.takes_files and press == "add")
        rows = self._with_file(rows) if is_for_file else rearranged(self.section, rows, press)
        self.form = rows_form(self.version, self.section, rows)

    def _with_file(self, rows):
        if not self.upload.is_bound:
            self.upload = UploadForm(files={})
        try:
            self.upload.full_clean()
            if not self.upload.is_valid() or not self.may_add:
                self.status = 422
                return rows
            stored = store(self.upload.cleaned_data["upload"])
        except ValidationError as error:
            self.upload.add_error("upload", error)
            self.status = 422
            return rows
        if "captions" in self.section.fields and stored.content_type == CAPTIONS.content_type:
            return self._with_captions(rows, stored)
        self.upload = UploadForm()
        return [*rows, {"file": stored.hash}]

    def _with_captions(self, rows, stored):
        """Give captions to the last film above; they are no entry of their own."""
        hashes = [row["file"].replace(NUL, "") for row in rows if row.get("file")]
        films = StoredFile.objects.filter(hash__in=hashes, content_type__startswith="video/")
        known = set(films.values_list("hash", flat=True))
        for row in reversed(rows):
            if row.get("file") in known:
                row["captions"] = stored.hash
                self.upload = UploadForm()
                return rows
        self.upload.add_error("upload", gettext("Add the film first, then its captions."))
        self.status = 422
        return rows

    def set_aside(self, reason):
        """Show what was typed as if nobody had looked at it yet, with the reason why it was not saved."""
        self.form = unjudged_form(self.version, self.section, self.data)
        self.refusal = reason

    # Saving

    def is_valid(self):
        """Say whether what was typed can be saved."""
        return self.form.is_valid()

    @property
    def values(self):
        """The clean values, as `save_section` takes them."""
        return self.form.cleaned_data if self.section.model is None else self.form.rows()

    def save(self, *, by):
        """Save what was typed, with what others saved meanwhile where nobody need be asked; return the version.

        Raises what `save_section` raises, Stale where both changed the same, each in their own way.
        """
        for _meeting in range(MEETINGS):
            try:
                return self._save(by=by)
            except publishing.Stale:
                current = type(self.version).objects.select_related("page").get(pk=self.version.pk)
                if not self._meets(current):
                    raise
        return self._save(by=by)

    def _meets(self, current):
        """Take in what others saved; return False where that needs an answer, or nobody knows what was opened."""
        if self.original is None:
            return False
        theirs = self.section.read(current)
        if theirs != self.original:
            merged = self.section.merge(self.original, theirs, self._mine)
            form = section_form(current, self.section, deciding.post_of(self.section, merged.values))
            if merged.conflicts or not form.is_valid():
                return False
            self.form, self.original = form, theirs
            self.taken += merged.taken
        self.seen_revision = current.revision
        return True

    @property
    def taken_in_words(self):
        """What came from others, in words."""
        return deciding.taken_in_words(self.section, self.version, self.taken)

    @property
    def _mine(self):
        if self.section.model is None:
            return {name: plain(value) for name, value in self.values.items()}
        return [{name: plain(row[name]) for name in self.section.fields} for row in self.values]

    def _save(self, *, by):
        return publishing.save_section(
            version=self.version, section=self.section, values=self.values, by=by, seen_revision=self.seen_revision
        )

    def refuse(self, version, refused):
        """Take in why it was not saved; after a stale save, also what others saved into `version`.

        Saving again from there is a decision made in knowledge of theirs, so it carries the newer revision.
        """
        self.refusal = refused.reason
        if isinstance(refused, publishing.Stale):
            theirs = self.section.read(version)
            if self._asks(version, theirs):
                self.refusal = gettext(
                    "Someone changed the same after you opened it. Choose for each, then save. What you wrote stands "
                    "in the form below."
                )
            else:
                self.compared = self._compared(theirs)
            self.version, self.seen_revision, self.original = version, version.revision, theirs

    def _asks(self, version, theirs):
        """Ask field by field, with everything else merged in the form; return False where that cannot be done."""
        if self.original is None:
            return False
        merged = self.section.merge(self.original, theirs, self._mine)
        fits = self.section.model is None or len(merged.values) <= self.section.most_rows
        if not fits or not 0 < len(merged.conflicts) <= deciding.MOST:
            return False
        self.data, self.conflicts = None, merged.conflicts
        self.form = unjudged_form(version, self.section, deciding.post_of(self.section, merged.values))
        self.taken += merged.taken
        return True

    def _compared(self, theirs):
        labels, mine = deciding.labels_of(self.section, self.version), self._mine
        if self.section.model is None:
            versions = [_words(values) for values in (self.original or {}, theirs, mine)]
        else:
            versions = [_rows_in_words(rows, labels) for rows in (self.original or [], theirs, mine)]
            numbers = range(max(map(len, versions)))
            labels = {number: gettext("Entry %(number)d") % {"number": number + 1} for number in numbers}
        return [row for row in stale.compare(labels, *versions) if row.changed_by != stale.ChangedBy.NOBODY]


def spared_labels(version, section):
    """Return the labels of the fields of a section that no signature is bound to."""
    model = section.model or type(version)
    return [str(form_field(model._meta.get_field(name)).label) for name in section.fields if name in section.spared]


def _words(values):
    return {name: deciding.in_words(value) for name, value in values.items()}


def _rows_in_words(rows, labels):
    return {number: deciding.row_in_words(row, labels) for number, row in enumerate(rows)}


def _row_values(form):
    return {name: form[name].value() for name in form.fields}


def _name(version, section):
    return f"{version._meta.label}/{version.pk}/{section.key}"


def _name_of_asked(version, section):
    return f"{_name(version, section)}/asked"
