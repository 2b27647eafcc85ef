"""The private links of a request: a new one for whoever lost theirs, and the end of one that came into other hands."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments import messages
from appointments.models import AppointmentRequest, TrackingLink
from appointments.workflow.table import TRIAGE
from audit.actors import STAFF
from audit.models import Event
from clinic.refusals import Refused


@transaction.atomic
def send_link(*, reference, contact, by):
    """Send a new private link to the request's own address, if the reference and one of its contacts are these.

    `contact` is an e-mail address or a telephone number as it was typed. Nothing comes back: whoever asks must not
    learn whether there is such a request. A patient without e-mail is called, once however often they ask.
    """
    request = AppointmentRequest.objects.filter(reference=reference, **_whose(contact)).first()
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
    if by.kind != STAFF or not by.user.has_perm(TRIAGE):
        raise Refused(_("Your role does not allow this."))
    if not TrackingLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now()):
        raise Refused(_("This link was revoked already."))
    Event.record("request.link_revoked", by=by, about=link.request, link=link.pk)
