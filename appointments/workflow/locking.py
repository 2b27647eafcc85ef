"""The lock that every change of a request begins with."""

from django.utils.translation import gettext_lazy as _

from appointments.models import AppointmentRequest
from clinic.refusals import Refused


class Erased(Refused):
    """Raised for a request that was erased, or deleted as practice, since whoever tries this had seen it."""

    def __init__(self, reason=None):
        super().__init__(reason or _("This request was erased meanwhile. Nothing was done."))


def locked(request):
    """Return a request, of any kind, as it is now, with its row locked until the transaction ends.

    Raises Erased when there is none any more.
    """
    rows = AppointmentRequest.of_every_kind.select_for_update(of=("self",))
    try:
        return rows.get(pk=request.pk)
    except AppointmentRequest.DoesNotExist:
        raise Erased from None


def all_locked(which, *, needed=()):
    """Return {primary key: request}, locked, the lowest key first as everywhere. `which` is a Q.

    Raises Erased when one of those `needed` (primary keys) is not there any more.
    """
    rows = AppointmentRequest.of_every_kind.select_for_update(of=("self",)).filter(which).order_by("pk")
    found = {row.pk: row for row in rows}
    if not found.keys() >= set(needed):
        raise Erased
    return found
