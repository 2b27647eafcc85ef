"""Calls on the sheet: what to say to a patient who was not written to, and the presses that say how it went."""

from django.utils.translation import get_language_info, gettext, ngettext

from appointments import workflow
from appointments.messages import words_to_say
from appointments.models import CallBecause
from appointments.wording import WORDINGS
from appointments.workflow.table import TRIAGE


def calls(asked, *, user):
    """Return the template context of the calls of one request."""
    to_make, made = workflow.calls_about(asked)
    return {
        "calls_to_make": [_line(asked, call) | {"say": _what_to_say(asked, call)} for call in to_make],
        "calls_made": [_line(asked, call) for call in made],
        "may_press": user.has_perm(TRIAGE),
        "call_language": get_language_info(asked.language)["name_translated"],
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


def _called(asked, data, by):
    number = workflow.call_made(asked, set(data.getlist("call")), by=by)
    if not number:
        return gettext("A colleague was quicker: these calls are no longer to be made.")
    return ngettext("%(number)d call is done.", "%(number)d calls are done.", number) % {"number": number}


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


PRESSES = {"called": _called, "not-called": _not_called, "came-back": _came_back, "arrives": _arrives}
