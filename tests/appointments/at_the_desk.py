"""The sheet as a browser opens it, and presses a button on it."""

from django.urls import reverse

from appointments.admin import sheet
from appointments.models import AppointmentRequest
from audit.models import Event
from audit.reading import REFUSED
from outbox.models import Message


def address(request):
    return reverse("admin:appointments_appointmentrequest_change", args=[request.pk])


def messages_of(request):
    """The page of its messages and calls."""
    return reverse("admin:appointments_appointmentrequest_messages", args=[request.pk])


def press(client, request, name, *, filters="", seen=None, **data):
    """Open the sheet, press the button of a move as a browser does, and return the answer.

    `seen` is the context of a sheet that was opened earlier.
    """
    seen = seen or client.get(address(request)).context
    hidden = {"seen_revision": seen["seen_revision"], "snapshot": seen["snapshot"]}
    move = reverse("admin:appointments_appointmentrequest_move", args=[request.pk, name])
    return client.post(f"{move}{filters}", hidden | data)


def state_of(request):
    """Return what must not change when a move is refused."""
    request = AppointmentRequest.objects.get(pk=request.pk)
    events = Event.objects.about(request).exclude(verb__in=(sheet.READ, REFUSED)).count()
    return request.status, request.holder_id, request.revision, request.answer, events, Message.objects.count()
