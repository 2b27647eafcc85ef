"""What the clinic writes to a patient, in the patient's language; by telephone where there is no e-mail address.

Discreet unless the patient asked for details: no treatment, no specialty, no free text, no full name. Each message
draws its own private link, so that one that leaks can be revoked without the others.
"""

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import pgettext

from appointments.calendar_files import calendar_of
from appointments.models import CallBecause, MessageWording, PhoneTask, TrackingLink
from appointments.names import clinic_name, plain_name
from appointments.references import new_token
from appointments.wording import FOOT, WORDINGS, filled
from clinic.models import ClinicProfile
from outbox.models import Message

# These messages put the agreed time into the patient's calendar, move it, or take it out.
WITH_CALENDAR = ("agreed", "time_changed", "time_cancelled", "withdrawn")


def write(request, purpose, *, cancelled=None):
    """Tell the patient something about the request, in the caller's transaction.

    `purpose` is a name in WORDINGS, `cancelled` the agreed time that this ends. Returns the Message; for a patient who
    cannot be written to the PhoneTask; None for what is held as spam, as it may come from nobody.
    """
    if request.held_because:
        return None
    if not request.can_be_written_to:
        because = CallBecause.BOUNCED if request.email else CallBecause.NO_EMAIL
        return PhoneTask.objects.create(request=request, purpose=purpose, because=because)
    token = new_token()
    TrackingLink.make(request, token=token, made_for=f"message:{purpose}")
    with translation.override(request.language):
        values = values_of(request, token=token, cancelled=cancelled)
        subject, text = in_words_of(purpose, request.language, values)
        html = render_to_string("appointments/messages/message.html", {"text": text, "subject": subject})
    return Message.write(
        purpose,
        about=request,
        recipient=request.email,
        language=request.language,
        subject=subject,
        text=text + "\n",
        html=html,
        sender_name=values["clinic"],
        calendar=calendar_for(request, purpose, cancelled=cancelled),
    )


def calendar_for(request, purpose, *, cancelled=None):
    """Return the calendar file that goes with a message; "" where none does."""
    ends = purpose in ("time_cancelled", "withdrawn")
    if purpose not in WITH_CALENDAR or (ends and cancelled is None):
        return ""
    return calendar_of(request, cancelled=cancelled, attendee=request.email)


def in_words_of(purpose, language, values):
    """Return the subject and the text of a message: the clinic's own wording where there is one, else ours."""
    own = MessageWording.objects.filter(purpose=purpose, language=language).first()
    wording = own or WORDINGS[purpose]
    subject = filled(wording.subject, values)
    return " ".join(subject.split()), filled(f"{wording.text}\n\n{FOOT}", values)


def values_of(request, *, token, cancelled=None):
    """Return what fills in the names of a wording, in the active language (5 queries)."""
    profile = ClinicProfile.current()
    agreed = cancelled or request.offers.agreed().select_related("location").first()
    offered = request.offers.open().select_related("location")
    details = request.wants_details
    return {
        "reference": request.reference,
        "link": settings.SITE_URL + reverse("appointments:track", args=[token]),
        "clinic": clinic_name(profile, details=details),
        "telephone": profile.telephone,
        "due": in_words(request.due_at) if request.waits_for_clinic else "",
        "times": "\n".join(f"- {in_words(offer.starts_at)}" for offer in offered),
        "time": in_words(agreed.starts_at) if agreed else "",
        "place": f"{agreed.location.name}\n{agreed.location.address}" if agreed else "",
        "reason": request.get_decline_reason_display() if request.decline_reason else "",
        "treatment": plain_name(request.procedure_id) if details else "",
        "preparation": "",
    }


def in_words(moment):
    """Return an aware moment as patients read it, in the clinic's time zone: "11 a.m. on Monday, November 23"."""
    return date_format(timezone.localtime(moment), pgettext("date and time in a sentence", r"P \o\n l, F j"))
