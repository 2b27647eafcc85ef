"""The screen of one section: what it shows, what was typed into it, and what happens when somebody else saved first."""

from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from clinic import stale
from clinic.models import StoredFile
from clinic.stored_files import CAPTIONS, store
from procedures import publishing
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


@dataclass
class Screen:
    """A section of a version as one person sees it.

    `seen_revision` and `original` are what the section was when that person opened it; the browser carries them, the
    second one signed. `original` is None when nobody can vouch for it. `data` is the post, None before there is one.
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
        return cls(version, section, form, stale.read_revision(data.get("seen_revision", "")), original, data, upload)

    @property
    def snapshot(self):
        """What the section was when it was opened, signed, for the browser to carry."""
        return stale.snapshot(self.original, of=_name(self.version, self.section))

    @property
    def may_add(self):
        """Whether another row fits."""
        return len(self.form.forms) < self.section.most_rows

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
        """Save what was typed and return the version; raise what `save_section` raises.

        Where somebody else saved another section of this version meanwhile, this one is as it was, and no one is asked.
        """
        try:
            return self._save(by=by)
        except publishing.Stale:
            current = type(self.version).objects.select_related("page").get(pk=self.version.pk)
            if self.original is None or self.section.read(current) != self.original:
                raise
            self.seen_revision = current.revision
            return self._save(by=by)

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
            self.compared = self._compared(theirs)
            self.version, self.seen_revision, self.original = version, version.revision, theirs

    def _compared(self, theirs):
        labels = {name: str(form_field(_column(self, name)).label) for name in self.section.fields}
        if self.section.model is None:
            mine = {name: plain(value) for name, value in self.values.items()}
            versions = [_words(values) for values in (self.original or {}, theirs, mine)]
        else:
            mine = [{name: plain(value) for name, value in row.items()} for row in self.values]
            versions = [_rows_in_words(rows, labels) for rows in (self.original or [], theirs, mine)]
            numbers = range(max(map(len, versions)))
            labels = {number: gettext("Entry %(number)d") % {"number": number + 1} for number in numbers}
        return [row for row in stale.compare(labels, *versions) if row.changed_by != stale.ChangedBy.NOBODY]


def spared_labels(version, section):
    """Return the labels of the fields of a section that no signature is bound to."""
    model = section.model or type(version)
    return [str(form_field(model._meta.get_field(name)).label) for name in section.fields if name in section.spared]


def _column(screen, name):
    return (screen.section.model or type(screen.version))._meta.get_field(name)


def _words(values):
    return {name: _text(value) for name, value in values.items()}


def _rows_in_words(rows, labels):
    return {
        number: "\n".join(f"{labels[name]}: {_text(value)}" for name, value in row.items() if _text(value))
        for number, row in enumerate(rows)
    }


def _text(value):
    if isinstance(value, list):
        return "\n".join(value)
    if isinstance(value, bool):
        return gettext("yes") if value else ""
    return "" if value is None else str(value)


def _name(version, section):
    return f"{version._meta.label}/{version.pk}/{section.key}"
