"""Trouble with the mail server is the sender's alone: a visitor who sends a request never waits for it."""

import pytest

from appointments.models import AppointmentRequest
from outbox import sender
from outbox.models import Message, State
from tests.appointments.offer import offer  # noqa: F401 -- a fixture
from tests.appointments.visitor import Visitor
from tests.outbox.mail_server import SilentServer

pytestmark = pytest.mark.usefixtures("offer")


def test_a_visitor_sends_a_request_past_a_silent_mail_server_without_touching_it(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_TIMEOUT = 0.05
    with SilentServer() as silent:
        settings.EMAIL_HOST, settings.EMAIL_PORT = silent.address
        sent = Visitor(query="?procedure=kyphoplasty").reach("check").send()
        assert sent.status_code == 303
        assert silent.visits() == 0
        assert sender.send_due() == 0
        assert silent.visits() == 1
    request = AppointmentRequest.objects.get()
    message = Message.objects.about(request).get()
    assert (message.state, message.attempts) == (State.WAITING, 1)
