"""A copy of all that the clinic holds of one person: for machines as JSON, to read and print as plain text.

Neither can hold anything active. Staff stand in it by their role alone. A request is read, written and forgotten before
the next one.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from textwrap import indent

from django.db import transaction
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role
from appointments import workflow
from appointments.admin import amendments, links, queue, sheet
from appointments.models import AppointmentRequest
from appointments.opened import READ, roles_in_words
from appointments.wording import WORDINGS
from audit.actors import STAFF, kind_words
from audit.models import Event
from clinic.encryption import each_readable
from clinic.log_filters import leave_out_tokens
from clinic.models import ClinicProfile
from clinic.refusals import Refused
from clinic.typed_text import shown
from outbox.models import Message

JSON, TEXT = "json", "text"
EXPORTED = "person.exported"

LABELS = {
    "made_at": _("Made on"),
    "clinic": _("Clinic"),
    "about": _("What this is"),
    "notes_left_out": _("Notes left out"),
    "also_about": _("Also about"),
    "kept_besides": _("What is kept besides"),
    "reference": _("Reference"),
    "status": _("Status"),
    "received": _("Received"),
    "came_by": _("How they asked"),
    "language": _("Language"),
    "wish": _("Would like"),
    "procedure": _("Procedure"),
    "location": _("Location"),
    "urgent": _("Urgent"),
    "name": _("Name"),
    "email": _("Email"),
    "telephone": _("Telephone"),
    "date_of_birth": _("Date of birth"),
    "matter": _("In the patient’s own words"),
    "preferences": _("When and how"),
    "messages_may_name_the_treatment": _("Messages may name the treatment"),
    "warning_signs": _("Warning signs"),
    "asked_by": _("Somebody else asks for the patient"),
    "words_of_danger": _("Words that made it urgent"),
    "answer": _("Our answer"),
    "decline_reason": _("Why we declined"),
    "joined_with": _("Joined with"),
    "changes": _("Changes by the patient"),
    "before": _("Before"),
    "after": _("Afterwards"),
    "words": _("Words"),
    "questions": _("Questions"),
    "question": _("Question"),
    "reply": _("Reply"),
    "times": _("Times"),
    "starts": _("starts"),
    "ends": _("ends"),
    "clinician": _("Clinician"),
    "state": _("State"),
    "calls": _("Calls"),
    "calls_to_make": _("Calls to make"),
    "outcome": _("How it went"),
    "messages": _("Messages"),
    "to": _("To"),
    "subject": _("Subject"),
    "text": _("Text"),
    "calendar": _("Calendar file"),
    "sent": _("Sent"),
    "notes": _("Notes of the staff"),
    "private_links": _("Private links"),
    "expires": _("Expires"),
    "revoked": _("Revoked"),
    "happened": _("What happened"),
    "opened_by_staff": _("Times that staff opened it"),
    "when": _("When"),
    "what": _("What"),
    "who": _("Who"),
    "request": _("Request"),
    "cannot_be_read": _("Cannot be read"),
}


@dataclass(frozen=True)
class Said:
    """A value that machines know by a code, and people by words."""

    code: object
    words: object


@dataclass(frozen=True)
class Form:
    """One form of the copy: its name, type and ending, and how its pieces are made."""

    label: str
    content_type: str
    ending: str
    pieces: Callable


# What is in it


def _choice(row, name):
    code = getattr(row, name)
    return Said(code, capfirst(str(getattr(row, f"get_{name}_display")()))) if code else None


def _rows(rows):
    """Return rows of the sheet, in words."""
    return {row["label"]: row["value"] for row in rows}


def head(requests, *, with_notes):
    """Return what stands before the requests: who made this copy, what it is, and who else it tells of."""
    return {
        "made_at": timezone.now(),
        "clinic": ClinicProfile.current().name,
        "about": gettext(
            "All that this clinic holds of the person of these requests. Staff are named by their role. Private links "
            "are left out of messages, as each of them opens a request."
        ),
        "notes_left_out": not with_notes,
        "also_about": _others(requests),
        "kept_besides": gettext(
            "A record of who did what and when, with the numbers of the requests and without their words; and backups, "
            "until they are deleted."
        ),
    }


def _others(requests):
    """Return who else's data stand in the requests: whoever asked for the patient."""
    helpers = [request.helper for request in requests if request.is_readable and request.helper]
    names = dict.fromkeys(who.get("full_name", "") for who in helpers)
    return [gettext("%(name)s, who asked for the patient") % {"name": name} for name in names if name]


def request_in_full(request, *, with_notes):
    """Return all that is held of one request, in the active language."""
    if not request.is_readable:
        return {"reference": request.reference, "cannot_be_read": str(sheet.CANNOT_BE_READ)}
    words = amendments.Words(sheet.in_words)
    messages = each_readable(Message.objects.about(request))
    events = Event.objects.about(request)
    found = {
        "reference": request.reference,
        "status": _choice(request, "status"),
        "received": request.created_at,
        "came_by": _choice(request, "source"),
        "language": Said(request.language, get_language_info(request.language)["name_translated"]),
        "wish": _choice(request, "wish"),
        "procedure": str(request.procedure or ""),
        "location": str(request.location or ""),
        "urgent": request.is_urgent,
        "name": request.full_name,
        "email": request.email,
        "telephone": request.phone,
        "date_of_birth": request.date_of_birth,
        "asked_by": Said(request.helper, _rows(sheet.helper(request.helper or {}))),
        "matter": request.matter,
        "preferences": Said(request.preferences, _rows(sheet.in_words(request.preferences or {}))),
        "messages_may_name_the_treatment": request.wants_details,
        "warning_signs": [Said(sign, _sign(sign)) for sign in request.signs or []],
        "words_of_danger": Said(request.danger_because, queue.why_it_cannot_wait(request.danger_because, None)),
        "answer": request.answer,
        "decline_reason": _choice(request, "decline_reason"),
        "joined_with": request.merged_into.reference if request.merged_into else "",
        "changes": [_change(each, words) for each in each_readable(request.amendments.all())],
        "questions": [_question(each) for each in each_readable(request.clinic_questions.all())],
        "times": [_time(each) for each in request.offers.select_related("location", "clinician")],
        "calls": [
            {"when": each.made_at, "outcome": _choice(each, "outcome")} for each in request.contact_attempts.all()
        ],
        "calls_to_make": [
            {"when": each.made_at, "what": Said(each.purpose, _about(each.purpose))}
            for each in request.phone_tasks.all()
        ],
        "messages": [_message(each) for each in messages],
        "private_links": [
            {
                "what": Said(each.made_for, links.in_words(each.made_for)),
                "when": each.made_at,
                "expires": each.expires_at,
                "revoked": each.revoked_at,
            }
            for each in request.tracking_links.order_by("pk")
        ],
        "happened": [_event(each) for each in events.exclude(verb=READ).order_by("pk")],
        "opened_by_staff": events.filter(verb=READ).count(),
    }
    if with_notes:
        found["notes"] = [_note(each) for each in each_readable(request.notes.select_related("written_by"))]
    return found


def _sign(sign):
    return f"{sign['text']} {gettext('Yes') if sign['ticked'] else gettext('No')}"


def _shut(**known):
    return known | {"cannot_be_read": str(sheet.CANNOT_BE_READ)}


def _change(each, words):
    if not each.is_readable:
        return _shut(when=each.made_at)
    versions = {
        name: Said(value, _rows(words.rows(value))) for name in ("before", "after") if (value := getattr(each, name))
    }
    return {"when": each.made_at, "what": _choice(each, "kind"), **versions, "words": each.words}


def _question(each):
    if not each.is_readable:
        return _shut(when=each.asked_at)
    return {"when": each.asked_at, "question": each.text, "reply": each.reply}


def _time(each):
    return {
        "starts": each.starts_at,
        "ends": each.ends_at,
        "location": str(each.location),
        "clinician": str(each.clinician),
        "state": _choice(each, "state"),
    }


def _message(each):
    known = {"when": each.created_at, "sent": each.sent_at, "state": _choice(each, "state")}
    if not each.is_readable:
        return _shut(**known)
    return known | {
        "to": each.recipient,
        "subject": each.subject,
        "text": leave_out_tokens(each.text),
        "calendar": each.calendar,
    }


def _note(each):
    known = {"when": each.written_at, "who": _roles(each.written_by.role_names)}
    return known | {"what": _choice(each, "kind"), "text": each.text} if each.is_readable else _shut(**known)


def _about(purpose):
    return WORDINGS[purpose].label if purpose in WORDINGS else purpose


def _roles(names):
    return roles_in_words(" ".join(sorted(Role(name) for name in names))) or gettext("A member of staff")


def _event(each):
    who = (
        roles_in_words(each.actor_role) or kind_words(each.actor_kind) if each.actor_kind == STAFF else each.actor_words
    )
    return {
        "when": each.happened_at,
        "what": Said(each.verb, sheet.WHAT_HAPPENED.get(each.verb, each.verb)),
        "who": who,
    }


# As JSON


def _plain(value):
    if isinstance(value, Said):
        return value.code
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _dump(value):
    # Escaped beyond ASCII, so that no sign in it can turn the words around it.
    return json.dumps(value, default=_plain, indent=2, ensure_ascii=True)


def _as_json(before, requests):
    yield _dump(before)[:-2] + ',\n  "requests": ['
    for number, request in enumerate(requests):
        yield (",\n" if number else "\n") + indent(_dump(request()), "    ")
    yield "\n  ]\n}\n"


# As text


def _as_text(before, requests):
    yield "\n".join(_lines(before)) + "\n"
    for request in requests:
        yield "\n" + "=" * 72 + "\n\n" + "\n".join(_lines(request())) + "\n"


def _lines(said):
    """Yield the lines of a dictionary, each value under its label; what is empty is left out."""
    for name, value in said.items():
        words = _words(value)
        if not words:
            continue
        label = LABELS.get(name, name)
        if isinstance(words, str) and "\n" not in words:
            yield f"{label}: {words}"
        else:
            yield f"{label}:"
            yield from indent(words if isinstance(words, str) else "\n".join(words), "    ").split("\n")


def _words(value):
    """Return a value as a text, or as a list of lines."""
    if isinstance(value, Said):
        value = value.words
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "DATETIME_FORMAT")
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    if isinstance(value, dict):
        return list(_lines(value))
    if isinstance(value, list | tuple):
        return [line for each in value for line in _item(_words(each))]
    return "" if value is None else shown(str(value))


def _item(words):
    first, *rest = words if isinstance(words, list) else str(words).split("\n")
    return [f"- {first}", *(f"  {line}" for line in rest)]


FORMS = {
    TEXT: Form(_("text to read and print"), "text/plain; charset=utf-8", "txt", _as_text),
    JSON: Form(_("a file for other programs (JSON)"), "application/json", "json", _as_json),
}


@transaction.atomic
def export(requests, *, kind, with_notes, by):
    """Return the pieces of the file (text), in the language of the first request, and record that it was made.

    Raises Refused for who may not.
    """
    workflow.check_may_erase(requests, by=by)
    if not requests:
        raise Refused(_("Choose at least one request."))
    keys = [request.pk for request in requests]
    for request in requests:
        others = [key for key in keys if key != request.pk]
        Event.record(EXPORTED, by=by, about=request, others=others, form=kind, notes=with_notes)
    language = requests[0].language
    with translation.override(language):
        before = head(requests, with_notes=with_notes)
    each = [partial(_read, key, with_notes=with_notes) for key in keys]
    return _in_language(FORMS[kind].pieces(before, each), language)


def _read(key, *, with_notes):
    rows = AppointmentRequest.of_every_kind.select_related("procedure", "location", "merged_into").filter(pk=key)
    found = each_readable(rows)
    # It may have been erased since the file was begun.
    return request_in_full(found[0], with_notes=with_notes) if found else {}


def _in_language(pieces, language):
    """Make each piece in a language, which is not left set for whoever sends it."""
    while True:
        with translation.override(language):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece
