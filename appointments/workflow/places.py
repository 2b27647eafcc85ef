"""The limit to locations: who works for some of them changes no request of another, on whatever path it is tried."""

from django.utils.translation import gettext_lazy as _

from appointments.workflow.table import TRIAGE
from audit.actors import STAFF
from clinic.refusals import Refused


def check_place(request, *, by):
    """Raise Refused when `by` is a member of staff who does not work for the location of the request."""
    if by.kind == STAFF and not request.is_at_a_place_of(by.user):
        raise Refused(_("This request is for a location that you do not work for."))


def check_may_triage(*requests, by):
    """Raise Refused for who may not answer these requests: for the role, or for the locations worked for."""
    if by.user is None or not by.user.has_perm(TRIAGE):
        raise Refused(_("Your role does not allow this."))
    for request in requests:
        check_place(request, by=by)
