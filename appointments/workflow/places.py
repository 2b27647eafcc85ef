"""The limit to locations: who works for some of them changes no request of another, on whatever path it is tried."""

from django.utils.translation import gettext_lazy as _

from audit.actors import STAFF
from clinic.refusals import Refused


def check_place(request, *, by):
    """Raise Refused when `by` is a member of staff who does not work for the location of the request."""
    if by.kind == STAFF and not request.is_at_a_place_of(by.user):
        raise Refused(_("This request is for a location that you do not work for."))
