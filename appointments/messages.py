"""What the clinic writes to a patient, in the patient's language; by telephone where there is no e-mail address.

Discreet unless the patient asked for details: no treatment, no specialty, no free text, no full name. Each message
draws its own private link, so that one that leaks can be revoked without the others.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext

from appointments.calendar_files import calendar_of
from appointments.models import CallBecause, DeclineReason, MessageWording, OfferState, PhoneTask, TrackingLink
from appointments.names import clinic_name, plain_name
from appointments.references import new_token
from appointments.who_read import last_told_in_words
from appointments.wording import FOOT, WORDINGS, blocks, filled
from clinic.encryption import each_readable
from clinic.models import ClinicProfile, Location
from outbox.models import Message, State
from procedures.models import ProcedurePage

# These messages put the agreed time into the patient's calendar, move it, or take it out.
CANCELLING = ("time_cancelled", "withdrawn")
# These tell of times that may have changed by the time they are read.
OF_TIMES = ("offer", "agreed", "time_changed", "reminder")
# What a member of staff makes the site say waits so long, as it may be taken back until then (workflow/undoing.py).
HELD_BACK = timedelta(seconds=60)
WITH_CALENDAR = ("agreed", "time_changed", *CANCELLING)


def write(request, purpose, *, cancelled=None, may_be_undone=False):
    """Tell the patient something about the request, in the caller's transaction.

    `purpose` is a name in WORDINGS, `cancelled` the agreed time that this ends; what `may_be_undone` leaves a minute
    later. Returns the Message; for a patient who cannot be written to the PhoneTask; None for what is held as spam, as
    it may come from nobody, and for practice.
    """
    if request.held_because or request.is_practice:
        return None
    if not request.can_be_written_to:
        because = CallBecause.BOUNCED if request.email else CallBecause.NO_EMAIL
        return PhoneTask.objects.create(request=request, purpose=purpose, because=because)
    token = new_token()
    TrackingLink.make(request, token=token, made_for=f"message:{purpose}")
    with translation.override(request.language):
        values = values_of(request, token=token, cancelled=cancelled)
        subject, text = in_words_of(purpose, request.language, values)
        html = formatted(subject, text)
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
        not_before=timezone.now() + (HELD_BACK if may_be_undone else timedelta()),
    )


@dataclass(frozen=True)
class TakenBack:
    """What the patient was still to be told, and now is not: the state of each message, and the values of each call."""

    messages: dict = field(default_factory=dict)
    calls: list = field(default_factory=list)


def take_back(request, purposes):
    """Stop what the patient was still to be told of these purposes, which no longer stands, and return a TakenBack.

    A mail server that is away, or a call not made yet, must not tell the patient tomorrow what was changed today.
    """
    late = Message.objects.about(request).filter(purpose__in=purposes)
    stopped = dict(late.exclude(state__in=(State.SENT, State.CANCELLED)).values_list("pk", "state"))
    Message.objects.filter(pk__in=stopped).exclude(state=State.SENT).update(state=State.CANCELLED)
    calls = request.phone_tasks.filter(purpose__in=purposes, done_at=None)
    values = list(calls.values("id", "purpose", "because", "message_id", "made_at"))
    calls.delete()
    return TakenBack(stopped, values)


def give_back(request, taken):
    """Let the patient be told after all what was taken back (a TakenBack), each as it stood; what left has left."""
    for pk, state in taken.messages.items():
        Message.objects.filter(pk=pk, state=State.CANCELLED).update(state=state)
    PhoneTask.objects.bulk_create(PhoneTask(request=request, **values) for values in taken.calls)


def was_told(request, purpose):
    """Say whether the patient was told this already, by a message that was not taken back or by a call."""
    written = Message.objects.about(request).filter(purpose=purpose).exclude(state=State.CANCELLED)
    return written.exists() or request.phone_tasks.filter(purpose=purpose, done_at__isnull=False).exists()


def calendar_for(request, purpose, *, cancelled=None):
    """Return the calendar file that goes with a message; "" where none does."""
    if purpose not in WITH_CALENDAR or (purpose in CANCELLING and cancelled is None):
        return ""
    return calendar_of(request, cancelled=cancelled, attendee=request.email)


def in_words_of(purpose, language, values):
    """Return the subject and the text of a message: the clinic's own wording where there is one, else ours."""
    wording = _words_of(purpose, language)
    subject = filled(wording.subject, values)
    return " ".join(subject.split()), filled(f"{wording.text}\n\n{FOOT}", values)


def _words_of(purpose, language):
    return MessageWording.objects.filter(purpose=purpose, language=language).first() or WORDINGS[purpose]


def values_of(request, *, token, cancelled=None):
    """Return what fills in the names of a wording, in the active language (6 queries at most)."""
    profile = ClinicProfile.current()
    agreed = cancelled or request.offers.agreed().select_related("location").first()
    offered = request.offers.free()
    details = request.wants_details
    return {
        "reference": request.reference,
        "link": settings.SITE_URL + reverse("appointments:track", args=[token]) if token else "",
        "clinic": clinic_name(profile, details=details),
        "telephone": profile.telephone,
        "due": _promised(request),
        "times": "\n".join(f"- {in_words(offer.starts_at)}" for offer in offered),
        "time": in_words(agreed.starts_at) if agreed else "",
        "place": f"{agreed.location.name}\n{agreed.location.address}" if agreed else "",
        "reason": request.get_decline_reason_display() if request.decline_reason else "",
        "treatment": plain_name(request.procedure_id) if details else "",
        "preparation": preparation(request) if details else "",
    }


def _promised(request):
    """Return by when the clinic answers, in words; "" where it does not, or is late: no promise can lie behind us."""
    if not request.waits_for_clinic or request.is_overdue():
        return ""
    return in_words(request.due_at)


def formatted(subject, text):
    """Return the formatted message, in the active language: the same words, nothing fetched from anywhere."""
    return render_to_string("appointments/messages/message.html", {"subject": subject, "blocks": blocks(text)})


def preparation(request):
    """Return how to prepare, as patients can read it on the page in their language; "" where there is none."""
    page = ProcedurePage.objects.filter(procedure=request.procedure_id, language=request.language)
    return preparation_in_words(page.values_list("live_version__document", flat=True).first() or {})


def preparation_in_words(document):
    """Return the preparation list of a published page as lines, in the active language."""
    lines = []
    for group in document.get("preparation", ()):
        lines += ["", group["when"], *(f"- {point['text']}" for point in group["points"])]
    return "\n".join([gettext("How to prepare"), *lines]) if lines else ""


def in_words(moment):
    """Return an aware moment as patients read it, in the clinic's time zone: "11 a.m. on Monday, November 23"."""
    return date_format(timezone.localtime(moment), pgettext("date and time in a sentence", r"P \o\n l, F j"))


def words_to_say(request, purpose, *, further=None):
    """Return what a message would say now, for a call in its place: without the private link, which none can say.

    What the patient would read on the private page comes after it: `further`, else the question, the answer, or what
    changed on the page.
    """
    with translation.override(request.language):
        cancelled = _last_let_go(request) if purpose in CANCELLING else None
        values = values_of(request, token="", cancelled=cancelled)  # nosec B106  # no link, so no token
        wording = _words_of(purpose, request.language)
        text = filled(getattr(wording, "said", "") or wording.text, values)
    further = _further(request, purpose) if further is None else further
    return "\n\n".join(filter(None, [text, further]))


def _further(request, purpose):
    """Return what is kept off the message itself: the answer, the last question, or what changed on the page."""
    if purpose == "question":
        return next((each.text for each in each_readable(request.clinic_questions.all())[-1:] if each.is_readable), "")
    if purpose == "page_changed":
        return last_told_in_words(request)
    return request.answer if purpose == "answered" else ""


def _last_let_go(request):
    return request.offers.filter(agreed_at__isnull=False, state=OfferState.RELEASED).order_by("agreed_at").last()


# What staff see before they send, and what a manager sees before saving

LINK_TO_COME = "example"


def as_written(request, purpose):
    """Return a message as `write` would write it now and the mail program would get it, but for the private link.

    Each message draws a link of its own: one that opens nothing stands in its place. Keys as in `preview`.
    """
    with translation.override(request.language):
        values = values_of(request, token=LINK_TO_COME)
        subject, text = in_words_of(purpose, request.language, values)
    sender, language = values["clinic"], request.language
    return {"subject": subject, "text": text, "blocks": blocks(text), "sender": sender, "language": language}


def preview(purpose, language, *, subject, text, details):
    """Return a message with made-up values as the mail program gets it: `subject`, `text` and `blocks` (4 queries)."""
    with translation.override(language):
        values = example_values(details=details)
        subject, text = filled(subject, values), filled(f"{text}\n\n{FOOT}", values)
    return {"subject": subject, "text": text, "blocks": blocks(text), "sender": values["clinic"], "language": language}


def example_values(*, details):
    """Return values for every name of every message, from this clinic's own places and pages where it has some."""
    profile, place = ClinicProfile.current(), Location.objects.first()
    pages = ProcedurePage.objects.published().in_language(translation.get_language())
    page = pages.exclude(live_version__document__preparation=[]).select_related("live_version").first()
    now = timezone.localtime().replace(hour=10, minute=30)
    days = [in_words(now + timedelta(days=days)) for days in (7, 8, 9)]
    return {
        "reference": "ABCD-EFGH",
        "link": settings.SITE_URL + reverse("appointments:track", args=[LINK_TO_COME]),
        "clinic": clinic_name(profile, details=details),
        "telephone": profile.telephone,
        "due": in_words(now + timedelta(days=1)),
        "times": "\n".join(f"- {day}" for day in days),
        "time": days[0],
        "place": f"{place.name}\n{place.address}" if place else gettext("The name and address of the place"),
        "reason": str(DeclineReason.REFERRAL_NEEDED.label),
        "treatment": page.plain_name if page and details else "",
        "preparation": preparation_in_words(page.live_version.document) if page and details else "",
    }
