"""Brings pages in from files the way staff would: as a draft for review, or signed off by the clinician they name.

What staff wrote is never replaced by a file: an open version that is theirs, and a published one when a file would
take its place, stay as they are, and the outcome says why.
"""

from dataclasses import dataclass, replace
from itertools import groupby

from django.core.exceptions import ValidationError
from django.core.files import File
from django.db import transaction
from django.db.models import Max

from clinic import stored_files
from clinic.models import Clinician, Location, StoredFile
from procedures import content_checks, publishing
from procedures.content_files.shape import KINDS, PREFIX, BrokenFile, StoppedHalfway, by_hash, version_table
from procedures.content_files.toml import written
from procedures.models import Condition, Procedure, State
from procedures.publishing.moving import lock
from procedures.sections import sections_of

PUBLISHED, DRAFTED, SAME, LEFT = "published", "drafted", "same", "left"


@dataclass(frozen=True)
class Outcome:
    """What became of a file: published, brought in as a draft, the same as before, or left out with the reason why.

    `remarks` say what else of the file was left out; `version` is the one that came in, if one did.
    """

    file: object
    what: str
    why: str = ""
    remarks: tuple = ()
    version: object = None


class _Rehearsed(Exception):
    """Ends a transaction that was only tried."""


def bring_in(folder, *, by, is_published=False, dry_run=False, progress=lambda done, total: None):
    """Bring in a folder that was read (Folder), each subject in one transaction; return (outcomes, remarks).

    Everything is tried first and taken back, so that BrokenFile, with all problems of all files, comes before the
    first write; a dry run ends there. Stopped half-way it leaves whole pages, and goes on the next time; raises
    StoppedHalfway where somebody else's change meanwhile is why.
    """
    _check(folder, is_published=is_published)
    subjects = _by_subject(folder)
    problems, outcomes, total = [], [], len(subjects) * (1 if dry_run else 2)
    for done, files in enumerate(subjects, start=1):
        try:
            outcomes += _rehearsed(folder, files, by=by, is_published=is_published)
        except BrokenFile as broken:
            problems += broken.problems
        progress(done, total)
    if problems:
        raise BrokenFile(*problems)
    remarks = [*folder.remarks, *_strangers(folder)]
    if dry_run:
        return outcomes, remarks
    outcomes = []
    relate(folder)
    for done, files in enumerate(subjects, start=len(subjects) + 1):
        try:
            outcomes += import_pages(files, by=by, is_published=is_published)
        except BrokenFile as broken:
            raise StoppedHalfway(*broken.problems) from broken
        progress(done, total)
    return outcomes, remarks


@transaction.atomic
def publish_all(folder, *, by):
    """Publish the pages of a folder that was read, all or none; return the outcomes. Raises BrokenFile."""
    _check(folder, is_published=True)
    relate(folder)
    return [outcome for files in _by_subject(folder) for outcome in import_pages(files, by=by, is_published=True)]


def _by_subject(folder):
    files = sorted(folder.pages, key=lambda file: (file.kind, file.key, file.language))
    return [list(languages) for _subject, languages in groupby(files, key=lambda file: (file.kind, file.key))]


def _rehearsed(folder, files, *, by, is_published):
    needed = {files[0].key, *(key for file in files for key in file.related)}
    try:
        with transaction.atomic():
            relate(folder, only=needed)
            outcomes = import_pages(files, by=by, is_published=is_published, is_rehearsal=True)
            raise _Rehearsed
    except _Rehearsed:
        return outcomes


# What files name


def _check(folder, *, is_published):
    """Raise BrokenFile for each thing that a file names and that neither the site nor the folder has."""
    problems = list(_unknown_subjects(folder))
    if is_published:
        clinicians = set(Clinician.objects.values_list("key", flat=True))
        problems += _strangers(folder)
        problems += [_no_clinician(file) for file in folder.pages if file.review.get("reviewed_by") not in clinicians]
    if problems:
        raise BrokenFile(*problems)


def _unknown_subjects(folder):
    conditions, procedures = (
        {row["key"] for row in rows}
        | {file.key for file in folder.pages if file.kind == model._meta.model_name}
        | set(model.objects.values_list("key", flat=True))
        for model, rows in ((Condition, folder.conditions), (Procedure, folder.procedures))
    )
    for number, row in enumerate(folder.procedures, start=1):
        for key in row["conditions"]:
            if key not in conditions:
                place = ("procedures", number, "conditions")
                yield folder.problem(place, f'there is no condition with the key "{key}"')
    for file in folder.pages:
        for key in file.related:
            if key not in procedures:
                yield file.problem(("related",), f'there is no procedure with the key "{key}"')


def _no_clinician(file):
    if not file.review:
        return file.problem(("reviewed_by",), "this key is missing; only a reviewed page is published")
    key = file.review["reviewed_by"]
    return file.problem(("reviewed_by",), f'there is no clinician with the key "{key}" in this clinic')


def _strangers(folder):
    """Return a sentence for each place and clinician of a new procedure that this clinic does not have."""
    there = set(Procedure.objects.values_list("key", flat=True))
    places = set(Location.objects.values_list("key", flat=True))
    known = {
        "performed_at": places,
        "evaluated_at": places,
        "clinicians": set(Clinician.objects.values_list("key", flat=True)),
    }
    return [
        folder.problem(("procedures", number, name), f"there is no {key} in this clinic; add it, or take it out here")
        for number, row in enumerate(folder.procedures, start=1)
        if row["key"] not in there
        for name, keys in known.items()
        for key in row[name]
        if key not in keys
    ]


@transaction.atomic
def relate(folder, *, only=None):
    """Make the conditions and procedures of a folder that are not there yet, with what belongs to each.

    What staff changed of those that are there is theirs. Places and clinicians that this clinic does not have are
    left out. `only` are the keys that are needed now.
    """
    new = []
    for kind, model, rows in (("condition", Condition, folder.conditions), ("procedure", Procedure, folder.procedures)):
        listed = {row["key"] for row in rows}
        unlisted = dict.fromkeys(file.key for file in folder.pages if file.kind == kind and file.key not in listed)
        rows = [*rows, *({"key": key} for key in unlisted)]
        there = set(model.objects.values_list("key", flat=True))
        order = (model.objects.aggregate(last=Max("order"))["last"] or 0) + 1 if there else 0
        rows = [row for row in rows if row["key"] not in there and (only is None or row["key"] in only)]
        for place, row in enumerate(rows):
            new.append((model.objects.create(key=row["key"], order=order + place), row))
    for subject, row in new:
        if isinstance(subject, Procedure):
            subject.conditions.set(Condition.objects.filter(key__in=row.get("conditions", ())))
            subject.performed_at.set(Location.objects.filter(key__in=row.get("performed_at", ())))
            subject.evaluated_at.set(Location.objects.filter(key__in=row.get("evaluated_at", ())))
            subject.clinicians.set(Clinician.objects.filter(key__in=row.get("clinicians", ())))


# Pages


@transaction.atomic
def import_pages(files, *, by, is_published, is_rehearsal=False):
    """Bring in files (PageFile) of one subject together, as drafts or before patients; return their outcomes.

    Raises BrokenFile when a file names what is not there, or when the pages could not be published; then nothing of
    them comes in. A rehearsal keeps no bytes of pictures.
    """
    outcomes, problems = [], []
    for file in files:
        try:
            outcomes.append(_outcome(file, by=by, is_published=is_published, is_rehearsal=is_rehearsal))
        except BrokenFile as broken:
            problems += broken.problems
    if problems:
        raise BrokenFile(*problems)
    versions = {outcome.file.name: outcome.version for outcome in outcomes if outcome.what == PUBLISHED}
    if versions:
        try:
            live = publishing.publish(versions=list(versions.values()), by=by)
        except publishing.Refused as refused:
            raise BrokenFile(f"{' and '.join(versions)} cannot be published: {refused.reason}") from refused
        versions = dict(zip(versions, live, strict=True))
    return [replace(each, version=versions.get(each.file.name, each.version)) for each in outcomes]


def _outcome(file, *, by, is_published, is_rehearsal):
    page, is_new = _page_of(file)
    what, why = (PUBLISHED if is_published else DRAFTED, "") if is_new else _decision(file, page, is_published)
    if what in (SAME, LEFT):
        return Outcome(file, what, why)
    remarks = _former_addresses(file, page) if is_new or is_published else []
    if is_published:
        _move_page(file, page)
    elif page.slug != file.slug:
        remarks.append(file.problem(("slug",), f'the page keeps the address "{page.slug}" until staff change it'))
    version = _draft(file, page, by=by, is_rehearsal=is_rehearsal)
    if is_published:
        version = _signed_off(file, version, by=by)
    return Outcome(file, what, remarks=tuple(remarks), version=version)


def _page_of(file):
    """Return the page of a file, and whether it is new."""
    subject_model, page_model, _version_model = KINDS[file.kind]
    subject = subject_model.objects.filter(key=file.key).first() or _saved(subject_model(key=file.key), file)
    # Whoever saves or publishes meanwhile waits, so that what is decided here still holds when it is written.
    lock([subject])
    page = subject.pages.filter(language=file.language).select_related("live_version").first()
    if page is not None:
        return page, False
    return _saved(page_model(language=file.language, slug=file.slug, **{file.kind: subject}), file), True


def _saved(row, file):
    try:
        row.full_clean()
    except ValidationError as error:
        field, sentences = next(iter(error.message_dict.items()))
        raise BrokenFile(file.problem(("slug" if field == "__all__" else field,), sentences[0])) from error
    row.save()
    return row


def _decision(file, page, is_published):
    """Return what to do with the file of a page that is there, and why."""
    live, open_version = page.live_version, page.open_version()
    if live is None and page.last_read() is not None:
        return LEFT, "staff took this page off the site"
    if open_version is not None and not (open_version.state == State.DRAFT and _is_from_file(open_version)):
        if _content_of(open_version) == file.content() and not is_published:
            return SAME, ""
        return LEFT, f"staff are working on version {open_version.number} of this page"
    if is_published:
        if open_version is not None and (open_version.changes_wanted or open_version.comments.open().exists()):
            return LEFT, f"staff are working on version {open_version.number} of this page"
        if open_version is None and live is not None and _is_as_published(file, live):
            return SAME, ""
        if live is not None and not _is_from_file(live):
            return LEFT, "staff have written on this page since"
        return PUBLISHED, ""
    newest = open_version or live
    if newest is not None and _content_of(newest) == file.content():
        return SAME, ""
    came = page.versions.exclude(imported_hash="").order_by("-number").first()
    if came is not None and came.imported_hash == file.hash:
        return LEFT, "it came in before, and staff have written on this page since"
    return DRAFTED, ""


def _is_from_file(version):
    """Whether nobody but a file has written it."""
    return bool(version.imported_hash) and not version.authors.exists()


def _content_of(version):
    return written(version_table(version, with_page=False, name_file=by_hash))


def _is_as_published(file, live):
    if live.imported_hash == file.hash:
        return True
    signature = {
        "reviewed_by": live.reviewed_by.key,
        "reviewed_on": live.reviewed_on,
        "next_review_due": live.next_review_due,
    }
    return signature == file.review and live.page.slug == file.slug and _content_of(live) == file.content()


def _former_addresses(file, page):
    """Let addresses that the page once had lead to it; return a sentence for each that leads elsewhere here."""
    remarks = []
    for slug in file.former_slugs:
        is_taken = type(page).objects.filter(language=page.language, slug=slug).exclude(pk=page.pk).exists()
        known = page.former_addresses.model.objects.filter(language=page.language, slug=slug).first()
        if is_taken or (known is not None and known.page_id != page.pk):
            remarks.append(file.problem(("former_slugs",), f'"{slug}" leads to another page here; it was left out'))
        elif known is None:
            page.former_addresses.create(language=page.language, slug=slug)
    return remarks


def _move_page(file, page):
    """Give a page the address of its file, unless staff have moved it away from there."""
    before = page.slug
    if file.slug == before or page.former_addresses.filter(slug=file.slug).exists():
        return
    page.slug = file.slug
    _saved(page, file)
    page.keep_address(before)


def _draft(file, page, *, by, is_rehearsal):
    """Return the open version of a page, with all that the file says."""
    values = dict(file.values)
    if file.kind == "procedure":
        found = {procedure.key: procedure for procedure in Procedure.objects.filter(key__in=file.related)}
        for key in file.related:
            if key not in found:
                raise BrokenFile(file.problem(("related",), f'there is no procedure with the key "{key}"'))
        values["related"] = {"related": [found[key] for key in file.related]}
    for section in sections_of(KINDS[file.kind][2]):
        if section.takes_files:
            values[section.key] = [_with_files(row, file, is_rehearsal) for row in values[section.key]]
    try:
        version = page.open_version() or publishing.open_draft(page=page, by=by)
        version = fill(version, values, by=by)
    except publishing.Refused as refused:
        raise BrokenFile(file.problem((), refused.reason)) from refused
    version.imported_hash = file.hash
    version.save(update_fields=["imported_hash"])
    return version


def _with_files(row, file, is_rehearsal):
    return {
        field: _kept(value, file, is_rehearsal) if isinstance(value, StoredFile) else value
        for field, value in row.items()
    }


def _kept(stored, file, is_rehearsal):
    known = StoredFile.objects.filter(hash=stored.hash).first()
    if known is not None and (is_rehearsal or stored_files.is_on_disk(known)):
        return known
    path = file.uploads[stored.hash]
    if is_rehearsal:
        values = ("hash", "name", "content_type", "size", "width", "height")
        return StoredFile.objects.create(**{field: getattr(stored, field) for field in values})
    try:
        with path.open("rb") as opened:
            return stored_files.store(File(opened, name=PREFIX.sub("", path.name)))
    except (ValidationError, OSError) as error:
        reason = error.messages[0] if isinstance(error, ValidationError) else error.strerror
        raise BrokenFile(file.problem((), f"{path.name}: {reason}")) from error


def _signed_off(file, version, *, by):
    reviewer = Clinician.objects.filter(key=file.review.get("reviewed_by")).first()
    if reviewer is None:
        raise BrokenFile(_no_clinician(file))
    if findings := content_checks.errors(version):
        raise BrokenFile(*(file.problem((finding.section,), finding) for finding in findings))
    try:
        version = publishing.send_for_review(version=version, by=by)
        return publishing.sign_off(
            version=version,
            by=by,
            reviewer=reviewer,
            reviewed_on=file.review["reviewed_on"],
            next_review_due=file.review["next_review_due"],
        )
    except publishing.Refused as refused:
        raise BrokenFile(file.problem((), refused.reason)) from refused


def fill(version, values, *, by):
    """Save each section of a draft that `values` names ({section key: clean values}); return the version."""
    for section in sections_of(version):
        if section.key in values:
            version = publishing.save_section(
                version=version,
                section=section,
                values=values[section.key],
                by=by,
                seen_revision=version.revision,
            )
    return version
