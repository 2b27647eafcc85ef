"""Writing: a draft is started, and saved a section at a time."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.actors import STAFF
from audit.models import Event
from clinic.refusals import Stale
from procedures import telling_staff
from procedures.languages import leading_live
from procedures.publishing.checks import check_open_draft, check_save, saving
from procedures.publishing.moving import lock, locked, move
from procedures.publishing.signature import NO_SIGNATURE
from procedures.publishing.table import MOVES, STARTED
from procedures.sections import sections_of


@transaction.atomic
def open_draft(*, page, by):
    """Start a draft of a page from what patients read, or last read, or from nothing; return the new version."""
    lock([page.subject])
    page.refresh_from_db()
    check_open_draft(page, by=by)
    base = page.last_read()
    version = copy_as_draft(page, base)
    Event.record(STARTED, by=by, about=version, number=version.number, started_from=base.pk if base else None)
    return version


def copy_as_draft(page, base):
    """Return a new draft of a page that says what its version `base` says, or nothing where that is None."""
    # What it says is still what its base said, however much the leading language has changed since.
    against = base.written_against if base is not None else leading_live(page)
    version = page.versions.model(page=page, number=page.next_number(), started_from=base, written_against=against)
    version.save()
    if base is not None:
        for section in sections_of(version):
            section.copy(base, version)
    return version


@transaction.atomic
def save_section(*, version, section, values, by, seen_revision):
    """Write one section of a version and return the version as it then stands.

    `values` are clean: a dictionary of the section's fields, or a list of them, one a row, in order. `seen_revision` is
    the revision that the writer opened; raises Stale when the version moved on since, Refused when it cannot be
    changed now, or not by them. The writer becomes an author. What changes nothing leaves no trace. A version that is
    signed off stays so where nothing clinical changes; else it is a draft again, and its signer and the managers are
    told.
    """
    version = locked(version)
    check_save(version, by=by)
    before = section.read(version)
    if version.revision != seen_revision:
        raise Stale(_("Somebody changed this version while you had it open. Compare, then save again."))
    section.write(version, values)
    after = section.read(version)
    if after == before:
        return version
    name = saving(version)
    version.revision += 1
    version.save(update_fields=["revision"])
    if by.kind == STAFF:
        version.authors.add(by.user)
    Event.record(
        MOVES[name].event,
        by=by,
        about=version,
        section=section.key,
        fields=_changed_fields(before, after),
        revision=version.revision,
    )
    if name == "save_signed" and section.clinical(after) != section.clinical(before):
        signer = version.signed_off_by
        move(version, "void_signature", by=by, **NO_SIGNATURE)
        telling_staff.signature_voided(version, signer=signer, by=by)
    return version


def _changed_fields(before, after):
    if isinstance(after, dict):
        return sorted(field for field in after if after[field] != before[field])
    return []
