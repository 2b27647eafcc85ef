"""What the clinic writes to a patient, in the patient's language. Discreet: no procedure, no free text, no full name.

Each message draws its own private link, so that one that leaks can be revoked without the others.
"""

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import pgettext

from appointments.references import new_token
from clinic.models import ClinicProfile
from outbox.models import Message

PURPOSES = ("received", "answered", "declined")


def write(request, purpose):
    """Put one message about the request into the outbox, in the caller's transaction, and return it.

    `purpose` is one of PURPOSES. Returns None for a patient without e-mail, whom the clinic telephones instead.
    """
    if not request.email:
        return None
    token = new_token()
    request.make_link(token=token, made_for=f"message:{purpose}")
    with translation.override(request.language):
        context = {
            "request": request,
            "clinic": ClinicProfile.current(),
            "due": in_words(request.due_at),
            "link": settings.SITE_URL + reverse("appointments:track", args=[token]),
        }
        subject, text, html = (_render(purpose, part, context) for part in ("subject.txt", "txt", "html"))
    return Message.write(
        purpose,
        about=request,
        recipient=request.email,
        language=request.language,
        subject=" ".join(subject.split()),
        text=text.strip() + "\n",
        html=html,
    )


def _render(purpose, part, context):
    return render_to_string(f"appointments/messages/{purpose}.{part}", context)


def in_words(moment):
    """Return an aware moment as patients read it, in the clinic's time zone: "11 a.m. on Monday, November 23"."""
    return date_format(timezone.localtime(moment), pgettext("date and time in a sentence", r"P \o\n l, F j"))
