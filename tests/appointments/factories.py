"""Requests in any state, with good defaults, each made by walking the real workflow."""

from datetime import timedelta
from itertools import pairwise

from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from appointments import workflow
from appointments.models import AppointmentRequest, DeclineReason, Status, TimeOffer, TrackingLink
from appointments.references import new_token
from audit.actors import PATIENT, Actor
from audit.models import Event
from audit.reading import REFUSED
from clinic.models import Clinician, Location
from outbox.models import Message, State
from tests.staff import make_staff

SIGNS = [
    {"key": "numb", "text": "Your legs feel numb.", "urgency": "emergency", "ticked": False},
    {"key": "fever", "text": "You have a fever.", "urgency": "urgent", "ticked": False},
]


def make_answers(*, is_urgent=False, **changes):
    """Return the answers of a filled-in form; `changes` replace single ones."""
    signs = [sign | {"ticked": is_urgent and sign["urgency"] == "urgent"} for sign in SIGNS]
    return {
        "wish": "appointment",
        "procedure": "",
        "location": "",
        "signs": signs,
        "matter": "My back hurts since I fell.",
        "full_name": "Ana O’Brien",
        "email": "ana@example.org",
        "phone": "(206) 555-0123",
        "date_of_birth": "",
        "preferences": {"times": ["any"], "reach_by": "either", "leave_message": False},
    } | changes


WALKS = {
    Status.NEW: [],
    Status.IN_PROGRESS: ["claim"],
    Status.WAITING: ["claim", "offer"],
    Status.AGREED: ["claim", "agree"],
    Status.WITHDRAWN: ["claim", "withdraw"],
    Status.ANSWERED: ["claim", "answer"],
    Status.DECLINED: ["claim", "decline"],
    Status.CLOSED: ["claim", "answer", "close"],
}


def make_time(*, days=7, minutes=30, clinician="cora", location="northside", hour=10):
    """Return a proposed time some days from now, at a place and with a clinician that are made where they are not."""
    place, _is_new = Location.objects.get_or_create(
        key=location, defaults={"name": location.title(), "address": "1 A St"}
    )
    who, _is_new = Clinician.objects.get_or_create(key=clinician, defaults={"name": f"Dr. {clinician.title()}"})
    day = timezone.localtime() + timedelta(days=days)
    starts_at = day.replace(hour=hour, minute=0, second=0, microsecond=0)
    return workflow.ProposedTime(place, who, starts_at, minutes)


def submit(answers=None, *, token=None):
    """Send a form as the request page does, and return what came of it."""
    return workflow.submit(answers or make_answers(), token=token or new_token(), by=Actor.patient(), language="en")


def stored():
    """How many requests, events of changes and messages there are."""
    events = Event.objects.exclude(verb__in=("request.listed", "request.searched", REFUSED)).count()
    return (AppointmentRequest.of_every_kind.count(), events, Message.objects.count())


def inputs_of(name, request):
    """Return what is typed for a move of this name."""
    typed = INPUTS.get(name)
    return typed(request) if typed else {}


def a_colleague():
    """Return a member of staff who answers requests, made where there is none of this name."""
    found = User.objects.filter(username="colleague").first()
    return found or make_staff("colleague", Role.RECEPTION, first_name="Cleo", last_name="Cole")


INPUTS = {
    "answer": lambda _request: {"answer": "Telephone us, and we will find a time."},
    "decline": lambda _request: {"decline_reason": DeclineReason.NOT_OFFERED},
    "ask": lambda _request: {"question": "Have you had a scan?"},
    "offer": lambda _request: {"times": [make_time(days=7), make_time(days=8)]},
    "agree": lambda _request: {"time": make_time(days=7)},
    "change_time": lambda _request: {"time": make_time(days=9)},
    "accept": lambda request: {"offer": getattr(request.offers.open().first(), "pk", 0)},
    "reply": lambda _request: {"reply": "Yes, in May."},
    "add": lambda _request: {"words": "I also walk with a stick."},
    "prefer": lambda _request: {"preferences": {"times": ["0-morning"]}},
    "set_reminders": lambda _request: {"wants_reminders": False},
    "set_details": lambda _request: {"wants_details": True},
    "other_times": lambda _request: {"preferences": {"times": ["1-morning"]}},
    "set_urgency": lambda request: {
        "urgency": {"level": "ordinary" if request.is_urgent else "urgent", "why": "They called."}
    },
    "snooze": lambda _request: {"until": {"until": timezone.now() + timedelta(days=2), "why": ""}},
    "hand_over": lambda _request: {"colleague": {"colleague": a_colleague(), "why": ""}},
}


def let_undo_time_pass():
    """Let every message leave that waits only because its move may be undone."""
    Message.objects.filter(state=State.WAITING, not_before__gt=timezone.now()).update(not_before=timezone.now())


def make_request(*, status=Status.NEW, by=None, language="en", is_urgent=False, inputs=None, **changes):
    """Return a request as a patient sends it, walked to `status` by the member of staff `by`.

    `changes` replace single answers, `inputs` what staff type for a move.
    """
    answers = make_answers(is_urgent=is_urgent, **changes)
    request = workflow.submit(answers, token=new_token(), by=Actor.patient(), language=language).request
    for name in WALKS[status]:
        request = moved(request, name, by=by, **((inputs or {}).get(name) or inputs_of(name, request)))
    return request


def moved(request, name, *, by, **inputs):
    """Return the request after one move by this member of staff, who has just looked at it, or by the patient."""
    if workflow.MOVES[name].made_by == PATIENT:
        return workflow.move_by_patient(request, name, by=Actor.patient(), **inputs)
    return workflow.move(request, name, by=by.as_actor(), seen_revision=request.revision, **inputs)


def reached(request, calls, *, by):
    """Log that `by` reached the patient and said what these calls (their keys) were for; return how many that ends."""
    return workflow.log_call(request, "reached", by=by.as_actor(), token=new_token(), said=calls)


def link_to(request):
    """Return the token of a new link to a request."""
    token = new_token()
    TrackingLink.make(request, token=token, made_for="test")
    return token


def claimed_request(by, **changes):
    """Return a request that `by` holds."""
    return make_request(status=Status.IN_PROGRESS, by=by, **changes)


def answered_request(by, *, answer="Telephone us, and we will find a time.", **changes):
    """Return a request that `by` answered."""
    return make_request(status=Status.ANSWERED, by=by, inputs={"answer": {"answer": answer}}, **changes)


def declined_request(by, *, decline_reason=DeclineReason.NOT_OFFERED, **changes):
    """Return a request that `by` declined."""
    inputs = {"decline": {"decline_reason": decline_reason}}
    return make_request(status=Status.DECLINED, by=by, inputs=inputs, **changes)


def closed_request(by, **changes):
    """Return a request that `by` answered and closed."""
    return make_request(status=Status.CLOSED, by=by, **changes)


def is_doubly_booked():
    """Say whether a clinician has two agreed times at once."""
    times = list(TimeOffer.objects.agreed().order_by("clinician", "starts_at"))
    pairs = pairwise(times)
    return any(a.clinician_id == b.clinician_id and b.starts_at < a.ends_at for a, b in pairs)
