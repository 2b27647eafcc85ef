"""The lock that every change of a request begins with."""

from appointments.models import AppointmentRequest


def locked(request):
    """Return a request, of any kind, as it is now, with its row locked until the transaction ends."""
    return AppointmentRequest.of_every_kind.select_for_update(of=("self",)).get(pk=request.pk)
