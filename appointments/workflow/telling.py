"""Telling patients that a warning which they read has changed, or writing down why they need not be told."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appointments import messages, who_read
from appointments.models import AppointmentRequest, NotToldBecause, ToldOfChange
from appointments.workflow.locking import locked
from appointments.workflow.places import check_may_triage
from audit.models import Event
from clinic.refusals import Refused, Stale, Unfit
from procedures.safety import changes_of_safety, documents_of

PAGE_CHANGED = "page_changed"
TOLD, NOT_TOLD = "request.told_of_change", "request.not_told_of_change"


@transaction.atomic
def tell_of_change(request, *, version, by):
    """Tell the patient that the page they read has changed, and return the ToldOfChange.

    `version` is the primary key of the live version, as the person who presses saw it. The same press twice, by whoever
    it is, is one message. Raises Stale when something else is live by now, Refused where there is nothing to tell.
    """
    row, is_new = _decided(request, version, by=by)
    if is_new:
        messages.write(row.request, PAGE_CHANGED)
        Event.record(TOLD, by=by, about=row.request, known=row.known_id, version=row.version_id)
    return row


@transaction.atomic
def need_not_tell(request, *, version, because, by):
    """Write down why the patient need not be told of what changed, and return the ToldOfChange. Raises as above, and
    Unfit without a reason.
    """
    if because not in NotToldBecause.values:
        raise Unfit(_("Choose why no message is needed."), field="because")
    row, is_new = _decided(request, version, by=by, not_told_because=because)
    if is_new:
        facts = {"known": row.known_id, "version": row.version_id, "because": because}
        Event.record(NOT_TOLD, by=by, about=row.request, **facts)
    return row


def _decided(request, version, *, by, **how):
    """Return the ToldOfChange of a request and a version, and whether it was made now."""
    check_may_triage(request, by=by)
    request = locked(request)
    if done := request.told_of_changes.filter(version=version).first():
        if done.not_told_because != how.get("not_told_because", ""):
            raise Refused(_("A colleague has decided otherwise meanwhile."))
        return done, False
    if not request.is_open or request.held_because or request.is_practice:
        raise Refused(_("Nobody waits for an answer to this request."))
    row = who_read.with_an_old_page(AppointmentRequest.objects.filter(pk=request.pk)).values("known", "live").first()
    if row is None:
        raise Refused(_("The patient knows what the page says now."))
    if row["live"] != version:
        raise Stale(_("The page was published again meanwhile. Look at what changed, then decide again."))
    documents = documents_of(row.values())
    if not changes_of_safety(documents[row["known"]], documents[version]):
        raise Refused(_("Nothing that the page warns of has changed."))
    made = {"request": request, "known_id": row["known"], "version_id": version, "made_by": by.user}
    return ToldOfChange.objects.create(**made, **how), True
