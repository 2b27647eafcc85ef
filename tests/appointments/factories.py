"""Requests in any state, with good defaults, each made by walking the real workflow."""

from appointments import workflow
from appointments.models import DeclineReason, Status
from appointments.references import new_token
from audit.actors import Actor

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
    Status.ANSWERED: ["claim", "answer"],
    Status.DECLINED: ["claim", "decline"],
    Status.CLOSED: ["claim", "answer", "close"],
}
INPUTS = {
    "answer": {"answer": "Telephone us, and we will find a time."},
    "decline": {"decline_reason": DeclineReason.NOT_OFFERED},
}


def make_request(*, status=Status.NEW, by=None, language="en", is_urgent=False, inputs=INPUTS, **changes):
    """Return a request as a patient sends it, walked to `status` by the member of staff `by`.

    `changes` replace single answers, `inputs` what staff type for a move.
    """
    answers = make_answers(is_urgent=is_urgent, **changes)
    request = workflow.submit(answers, token=new_token(), by=Actor.patient(), language=language).request
    for name in WALKS[status]:
        request = moved(request, name, by=by, **inputs.get(name, {}))
    return request


def moved(request, name, *, by, **inputs):
    """Return the request after one move by this member of staff, who has just looked at it."""
    return workflow.move(request, name, by=by.as_actor(), seen_revision=request.revision, **inputs)


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
