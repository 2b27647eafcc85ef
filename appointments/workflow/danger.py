"""Danger: what patients write is looked through for words of danger, and what becomes urgent comes to the clinic."""

from django.utils import timezone

from appointments import sign_words
from appointments.models import Status
from appointments.workflow.promise import hurried, run_anew
from audit.actors import Actor
from audit.models import Event

FOUND = "request.danger_found"
# What a patient types in these inputs of a move is looked through.
SAYS = ("words", "reply")


def danger_in(text):
    """Return the columns of a new request that say whether its text holds words of danger, and which."""
    found = sign_words.found_in(text)
    return {"is_danger": bool(found), "danger_because": found or None}


def heed(request, text):
    """Mark a request, unsaved, as dangerous for words of danger that were not found in it before; return whether it is.

    What was found before is no news: staff may have looked into it and said that it is none.
    """
    known = request.danger_because or []
    fresh = [each for each in sign_words.found_in(text) if each["sign"] not in {old["sign"] for old in known}]
    if not fresh:
        return False
    was_urgent = request.is_urgent
    request.is_danger = request.is_urgent = True
    request.danger_because = [*known, *fresh]
    hurry(request, was_urgent=was_urgent)
    return True


def hurry(request, *, was_urgent):
    """Bring a request, unsaved, before the clinic, also where the patient had the next move or it was put aside."""
    now = timezone.now()
    request.snoozed_until = None
    if request.status == Status.WAITING:
        request.status, request.status_since = Status.IN_PROGRESS, now
        run_anew(request, now)
    elif request.waits_for_clinic and not was_urgent:
        hurried(request, now)


def note_danger(request):
    """Record that words of danger were found in a saved request."""
    Event.record(FOUND, by=Actor.command(""), about=request, to=request.status, revision=request.revision)
