"""The private links of a request: a new one for whoever lost theirs, and the end of one that came into other hands."""

import logging

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments import messages
from appointments.models import AppointmentRequest, LinkAsked, TrackingLink
from appointments.workflow.locking import Erased
from appointments.workflow.merging import locked_where_it_leads
from appointments.workflow.places import check_may_triage
from audit.actors import Actor
from audit.models import Event
from clinic.encryption import Unreadable
from clinic.refusals import Refused

logger = logging.getLogger(__name__)

LOOKED_AT_IN_A_TURN = 50


def ask_for_link(*, reference, contact):
    """Note that somebody asked for a new private link, with the reference and an address or number as it was typed.

    The sender looks whether there is such a request: here both would take their time, and tell which it was.
    """
    LinkAsked.objects.create(reference=reference, contact=contact)


def send_links_asked_for():
    """Look at what was asked for, and send a new link where there is such a request; return how many. A chore."""
    waiting = LinkAsked.objects.order_by("id").values_list("pk", flat=True)
    return sum(_send_asked_for(pk) for pk in list(waiting[:LOOKED_AT_IN_A_TURN]))


@transaction.atomic
def _send_asked_for(pk):
    """Look at one and forget it, in one transaction; return whether it was still there for this sender."""
    rows = LinkAsked.objects.filter(pk=pk)
    try:
        asked = rows.first()
        # The request is locked first: whoever erases it deletes this row too, and two must not wait for each other.
        request = _locked_request(asked.reference, asked.contact) if asked else None
        if not rows.delete()[0]:
            return False
        _write_link(request, by=Actor.visitor())
    except Unreadable:
        logger.error("A new link that was asked for cannot be sent: it cannot be read with these keys.")
        rows.only("pk").delete()
    return True


@transaction.atomic
def send_link(*, reference, contact, by):
    """Send a new private link to the request's own address, if the reference and one of its contacts are these.

    `contact` is an e-mail address or a telephone number as it was typed. Nothing comes back: whoever asks must not
    learn whether there is such a request. A patient without e-mail is called, once however often they ask.
    """
    _write_link(_locked_request(reference, contact), by=by)


def _locked_request(reference, contact):
    """Return the request that somebody asks about, or the one that it is joined with, locked; None for none."""
    found = AppointmentRequest.objects.filter(reference=reference, **_whose(contact)).first()
    try:
        return found and locked_where_it_leads(found)
    except Erased:
        return None


def _write_link(request, *, by):
    if request is None or request.held_because:
        return
    if not request.can_be_written_to and request.phone_tasks.filter(purpose="link", done_at=None).exists():
        return
    Event.record("request.link_asked_for", by=by, about=request)
    messages.write(request, "link")


def _whose(contact):
    """Return the lookup of requests with this e-mail address or telephone number; an empty one is nobody's."""
    index = AppointmentRequest._meta.get_field("email_index" if "@" in contact else "phone_index")
    return {f"{index.name}__in": index.candidates(contact)}


@transaction.atomic
def revoke_link(link, *, by):
    """Make a private link open nothing any more. Raises Refused, also when a colleague was quicker."""
    check_may_triage(link.request, by=by)
    if not TrackingLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now()):
        raise Refused(_("This link was revoked already."))
    Event.record("request.link_revoked", by=by, about=link.request, link=link.pk)
