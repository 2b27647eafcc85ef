"""Notes that staff write for each other about a request: written once, struck out by whoever wrote them."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from appointments.models import AppointmentRequest, Note
from appointments.references import hash_of
from appointments.workflow.inputs import TEXT_LENGTH
from appointments.workflow.locking import Erased
from audit.models import Event
from clinic.refusals import Refused, Unfit

WRITTEN, TAKEN_BACK = "request.note_written", "request.note_taken_back"


@transaction.atomic
def write_note(request, text, *, by, token):
    """Keep a note about a request in any state; return it, or None when this press kept it already.

    `token` tells one press from the next. Raises Unfit for what must be mended, Refused for who may not see it.
    """
    request = _locked(request, by=by)
    if Event.objects.about(request).filter(verb=WRITTEN, details__press=hash_of(token)).exists():
        return None
    text = text.strip()
    if not text:
        raise Unfit(_("Write the note first."), field="text")
    if len(text) > TEXT_LENGTH:
        raise Unfit(_("Shorten the text to 4,000 characters."), field="text")
    note = Note.objects.create(request=request, text=text, written_by=by.user)
    Event.record(WRITTEN, by=by, about=request, note=note.pk, press=hash_of(token))
    return note


@transaction.atomic
def take_back_note(request, key, *, by):
    """Strike out a note of a request for whoever wrote it; return whether it was not before. Raises Refused."""
    request = _locked(request, by=by)
    # What it says is not needed, and may be unreadable.
    note = request.notes.defer("text").filter(pk=key).first()
    if note is None:
        raise Refused(_("This note is not about this request."))
    if note.written_by_id != by.id:
        raise Refused(_("Only who wrote a note can take it back."))
    if note.taken_back_at is not None:
        return False
    note.taken_back_at = timezone.now()
    note.save(update_fields=["taken_back_at"])
    Event.record(TAKEN_BACK, by=by, about=request, note=note.pk)
    return True


def _locked(request, *, by):
    """Return the request, locked, for somebody who may see it. Raises Refused."""
    seen = AppointmentRequest.of_every_kind.visible_to(by.user) if by.user else AppointmentRequest.objects.none()
    # A note needs nothing that the patient wrote.
    found = seen.select_for_update(of=("self",)).only("pk").filter(pk=request.pk).first()
    if found is None and not AppointmentRequest.of_every_kind.filter(pk=request.pk).exists():
        raise Erased
    if found is None:
        raise Refused(_("Your role does not allow this."))
    return found
