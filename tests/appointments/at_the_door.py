"""A member of staff who writes a request down on the screen for it."""

from datetime import timedelta

from django.utils import timezone

from appointments.models import AppointmentRequest
from audit.models import Event
from outbox.models import Message
from tests.appointments.visitor import GOOD

ENTER = "/admin/appointments/appointmentrequest/enter/"


def asked_at(*, ago=timedelta(hours=2)):
    """Return what is typed for when the patient asked."""
    moment = timezone.localtime(timezone.now() - ago)
    return {"asked_at_0": f"{moment:%Y-%m-%d}", "asked_at_1": f"{moment:%H:%M}"}


def typed(**changes):
    """Return what is typed on the whole screen; `changes` replace single inputs (None leaves one out)."""
    door = {"source": "telephone", "language": "en", "tells_patient": "on", **asked_at()}
    everything = {name: value for step in GOOD.values() for name, value in step.items()} | door | changes
    return {name: value for name, value in everything.items() if value is not None}


def opened(client, **changes):
    """Open the screen, choose what the patient would like, and return its seal once it shows the questions for that."""
    seal = client.get(ENTER).context["seal"]
    return client.post(ENTER, {"_seal": seal, "go": "show"} | typed(**changes)).context["seal"]


def save(client, *, go="save", seal=None, **changes):
    """Open the screen, unless `seal` is of one that is open, fill it in and press a button; return the answer."""
    seal = seal or opened(client, **changes | {"signs": ["none of these"]})
    return client.post(ENTER, {"_seal": seal, "go": go} | typed(**changes))


def stored():
    """How many requests of any kind, events of entering, and messages there are."""
    entered = Event.objects.filter(verb="request.entered").count()
    return AppointmentRequest.of_every_kind.count(), entered, Message.objects.count()
