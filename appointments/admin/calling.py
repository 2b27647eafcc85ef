"""Calls on the sheet: those to make with what to say, those made, and the presses that say how one went."""

from django.utils.text import capfirst
from django.utils.translation import get_language_info, gettext, ngettext

from appointments import workflow
from appointments.admin import queue
from appointments.messages import words_to_say
from appointments.models import CallBecause, CallOutcome
from appointments.references import new_token
from appointments.wording import WORDINGS
from appointments.workflow.attempts import can_be_taken_back, was_made_in
from appointments.workflow.table import TRIAGE
from clinic import stale


def calls(asked, *, user, messages):
    """Return the template context of the calls of one request; `messages` are all that are about it.

    2 queries, and some more for what is to be said in each call that is to be made.
    """
    to_make, made = workflow.calls_about(asked, messages)
    attempts = list(asked.contact_attempts.select_related("made_by"))
    logged = {attempt: [call for call in made if was_made_in(call, attempt)] for attempt in attempts}
    with_attempt = {call.key for said in logged.values() for call in said}
    return {
        **press(asked, user=user),
        "calls_to_make": [_line(asked, call) | {"say": _what_to_say(asked, call)} for call in to_make],
        "calls_logged": [_logged_line(asked, attempt, said, user=user) for attempt, said in logged.items()],
        "calls_made": [_line(asked, call) for call in made if call.key not in with_attempt],
        "call_language": get_language_info(asked.language)["name_translated"],
    }


def press(asked, *, user):
    """Return the template context of the press by which a call is logged (no query)."""
    may_leave_message = workflow.may_leave_message(asked)
    return {
        "outcomes": [
            {"value": outcome.value, "label": capfirst(outcome.label)}
            for outcome in CallOutcome
            if may_leave_message or outcome != CallOutcome.MESSAGE_LEFT
        ],
        "may_leave_message": may_leave_message,
        "call_token": new_token(),
        "may_press": user.has_perm(TRIAGE),
    }


def contacted(asked):
    """Return whether, how and when the patient was last told something, in words (no query)."""
    contact = workflow.last_contact(asked)
    if contact is None:
        return gettext("Not contacted yet")
    words = {
        "": gettext("Message “%(message)s”, accepted for delivery %(when)s"),
        CallOutcome.REACHED: gettext("Reached by telephone, %(when)s"),
        CallOutcome.MESSAGE_LEFT: gettext("Message left by telephone, %(when)s"),
    }[contact.outcome]
    message = WORDINGS[contact.purpose].label if contact.purpose in WORDINGS else contact.purpose
    return words % {"message": message, "when": queue.exactly(contact.when)}


def _logged_line(asked, attempt, said, *, user):
    return {
        "pk": attempt.pk,
        "outcome": capfirst(attempt.get_outcome_display()),
        "who": attempt.made_by,
        "when": attempt.made_at,
        "taken_back_at": attempt.taken_back_at,
        "can_be_taken_back": can_be_taken_back(attempt, by=user),
        "said": [_line(asked, call) for call in said],
    }


def _line(asked, call):
    return {
        "key": call.key,
        "about": WORDINGS[call.purpose].label if call.purpose in WORDINGS else call.purpose,
        "because": CallBecause(call.because).label,
        "since": call.since,
        "done_at": call.task.done_at if call.task else None,
        "done_by": call.task.done_by if call.task else None,
    }


def _what_to_say(asked, call):
    """Return the words of the message that did not arrive, as they are true now."""
    return words_to_say(asked, call.purpose) if call.purpose in WORDINGS else ""


# What can be pressed, by its name in the address


def _logged(asked, data, by):
    token, said = data.get("token") or new_token(), set(data.getlist("call"))
    number = workflow.log_call(asked, data.get("outcome", ""), by=by, token=token, said=said)
    if not number:
        return gettext("The call is logged.")
    return ngettext("%(number)d call is done.", "%(number)d calls are done.", number) % {"number": number}


def _taken_back(asked, data, by):
    workflow.take_back_call(asked, stale.read_revision(data.get("attempt", "")), by=by)
    return gettext("The call is struck out. What was said in it is to be said again.")


def _not_called(asked, data, by):
    if not workflow.call_not_made(asked, data.get("call", ""), by=by):
        return gettext("This call is among those to be made already.")
    return gettext("The call is to be made again.")


def _came_back(asked, data, by):
    workflow.email_came_back(asked, by=by)
    return gettext("No more e-mail goes to this patient. What they did not get is among the calls to make.")


def _arrives(asked, data, by):
    workflow.email_arrives(asked, by=by)
    return gettext("E-mail goes to this patient again.")


PRESSES = {
    "log": _logged,
    "take-back": _taken_back,
    "not-called": _not_called,
    "came-back": _came_back,
    "arrives": _arrives,
}
