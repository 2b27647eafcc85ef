"""Messages as tests need them."""

from clinic.models import Location
from outbox.models import Message


def make_message(**values):
    """Return a message, saved and due, written about some row of the site."""
    told = {
        "about": Location.objects.get_or_create(key="cause", defaults={"name": "Cause", "address": "1 Street"})[0],
        "recipient": "patient@example.org",
        "language": "en",
        "subject": "About your request",
        "text": "We have your request.\n",
    }
    return Message.write(values.pop("purpose", "received"), **told | values)


def given_up(message):
    """Return the message as it stands after its last try."""
    Message.objects.filter(pk=message.pk).update(state="undeliverable", attempts=10, last_error="SMTPDataError 550")
    message.refresh_from_db()
    return message
