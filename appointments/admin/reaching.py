"""The page of a request's messages and calls: what the patient was told, is to be told, and the links they got.

Notes have a page of their own, so that nobody takes the one for the other.
"""

from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext

from appointments.admin import calling, links, sheet
from appointments.admin.readable import if_readable
from appointments.wording import WORDINGS
from audit.models import Event
from clinic.encryption import each_readable
from clinic.log_filters import leave_out_tokens
from outbox.models import Message, State

MESSAGES = "admin:appointments_appointmentrequest_messages"
MESSAGE_TONES = {
    State.WAITING: "waiting",
    State.SENDING: "going",
    State.SENT: "good",
    State.UNDELIVERABLE: "urgent",
    State.CANCELLED: "stopped",
}


class Reaching:
    """The part of the request's admin where messages, calls and private links are read."""

    def get_urls(self):
        page = self.admin_site.admin_view(self.messages_view)
        return [
            path("<path:object_id>/messages/", page, name="appointments_appointmentrequest_messages"),
            *super().get_urls(),
        ]

    @if_readable
    def messages_view(self, request, object_id):
        """Show the page, and record that it was read."""
        asked = self.asked(request, object_id)
        if request.method != "HEAD":
            Event.record(sheet.READ, by=request.user.as_actor(), about=asked)
        messages = each_readable(Message.objects.about(asked).visible_to(request.user))
        context = {
            **self.admin_site.each_context(request),
            **calling.calls(asked, user=request.user, messages=messages),
            "title": gettext("Messages and calls of %(reference)s") % {"reference": asked.reference},
            "is_nav_sidebar_enabled": False,
            "opts": self.opts,
            "preserved_filters": self.get_preserved_filters(request),
            "asked": asked,
            "contacted": calling.contacted(asked),
            "links": links.link_lines(asked),
            "messages_sent": [message_line(message) for message in messages],
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/appointments/appointmentrequest/messages.html", context)


def message_line(message):
    """Return one message to the patient, for the template."""
    return {
        "purpose": WORDINGS[message.purpose].label if message.purpose in WORDINGS else message.purpose,
        "state": message.get_state_display(),
        "tone": MESSAGE_TONES[message.state],
        "when": message.sent_at or message.created_at,
        "is_undeliverable": message.state == State.UNDELIVERABLE,
        "language": message.language,
        "subject": message.subject if message.is_readable else gettext("cannot be read"),
        # Whoever opens the private link in it acts as the patient.
        "text": leave_out_tokens(message.text) if message.is_readable else sheet.CANNOT_BE_READ,
    }
