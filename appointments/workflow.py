"""Every way a request can change: one table of moves, and the functions that carry them out.

Each function runs in one transaction and writes the request, its audit event and the message to the patient together.
"""

import base64
import hmac
import json
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments import messages
from appointments.models import (
    WAITS_FOR_CLINIC,
    AppointmentRequest,
    DeclineReason,
    Status,
    TrackingLink,
)
from appointments.references import hash_of, new_reference
from audit.actors import PATIENT, STAFF
from audit.models import Event
from clinic.encryption import index_candidates, index_of
from clinic.hours import NeverOpen
from clinic.models import ClinicProfile, Location, Urgency, reception_hours
from clinic.refusals import Refused, Stale, Unfit
from procedures.models import Procedure

TRIES = 5
ANSWER_LENGTH = 4000
WITHOUT_OPENING_HOURS = timedelta(days=1)

NOBODY, THE_ONE_WHO_MOVES, AS_BEFORE = "nobody", "by", "as before"
ANYBODY, THE_HOLDER = "anybody", "the holder"


@dataclass(frozen=True)
class Move:
    """One row of the table: what staff press, from which states, by whom, and what it leads to."""

    label: str
    allowed_from: tuple
    leads_to: str
    may_be_held_by: tuple
    held_after: str
    permission: str
    event: str
    message: str = ""
    input: str = ""


TRIAGE = "appointments.triage_appointmentrequest"

MOVES = {
    "claim": Move(
        label=_("Claim"),
        allowed_from=WAITS_FOR_CLINIC,
        leads_to=Status.IN_PROGRESS,
        may_be_held_by=(NOBODY,),
        held_after=THE_ONE_WHO_MOVES,
        permission=TRIAGE,
        event="request.claimed",
    ),
    "release": Move(
        label=_("Release to the queue"),
        allowed_from=(Status.IN_PROGRESS,),
        leads_to=Status.IN_PROGRESS,
        may_be_held_by=(THE_HOLDER,),
        held_after=NOBODY,
        permission=TRIAGE,
        event="request.released",
    ),
    "answer": Move(
        label=_("Send the answer"),
        allowed_from=(Status.IN_PROGRESS,),
        leads_to=Status.ANSWERED,
        may_be_held_by=(THE_HOLDER,),
        held_after=AS_BEFORE,
        permission=TRIAGE,
        event="request.answered",
        message="answered",
        input="answer",
    ),
    "decline": Move(
        label=_("Decline"),
        allowed_from=(Status.IN_PROGRESS,),
        leads_to=Status.DECLINED,
        may_be_held_by=(THE_HOLDER,),
        held_after=AS_BEFORE,
        permission=TRIAGE,
        event="request.declined",
        message="declined",
        input="decline_reason",
    ),
    "close": Move(
        label=_("Close"),
        allowed_from=(Status.ANSWERED, Status.DECLINED, Status.AGREED, Status.WITHDRAWN),
        leads_to=Status.CLOSED,
        may_be_held_by=(NOBODY, ANYBODY),
        held_after=AS_BEFORE,
        permission=TRIAGE,
        event="request.closed",
    ),
}


def state_arrows():
    """Return the arrows of the state diagram: (from, to, label), None standing for "not there yet"."""
    moves = [(start, row.leads_to, row.label) for row in MOVES.values() for start in row.allowed_from]
    return [(None, Status.NEW, _("The patient sends it")), *moves]


# Submitting


@dataclass(frozen=True)
class Submitted:
    """What came of sending: the request, the token of its private page, and whether it was made just now."""

    request: AppointmentRequest
    token: str
    is_new: bool


def submit(answers, *, token, by, language):
    """Store a request with its event and its first message, and return Submitted.

    `answers` are the cleaned answers of the form, `token` was drawn when the form was opened. The same token and the
    same answers always lead to the same request, however often and from however many processes they are sent.
    The same token with other answers makes a second request, under a token drawn from both.
    Raises Refused when an emergency sign is ticked.
    """
    if any(sign["ticked"] and sign["urgency"] == Urgency.EMERGENCY for sign in answers["signs"]):
        raise Refused(_("Get emergency help now. This form is too slow for an emergency."))
    text = json.dumps(answers, sort_keys=True)
    for _try in range(TRIES):
        request, place = _place_of(text, token)
        if request is not None:
            return Submitted(request, place, is_new=False)
        try:
            return Submitted(_store(answers, text, token=place, by=by, language=language), place, is_new=True)
        except IntegrityError:
            # The same form arrived twice at once, or a reference was drawn a second time: look again.
            continue
    raise IntegrityError("The request could not be stored: no free reference was found.")


def was_sent(answers, *, token):
    """Say whether the form whose token this is was sent before with the same answers."""
    request, _place = _place_of(json.dumps(answers, sort_keys=True), token)
    return request is not None


def _place_of(text, token):
    """Return the request that these answers of a form made, and its token; or None, and the token it would have."""
    while link := TrackingLink.objects.filter(token_hash=hash_of(token)).select_related("request").first():
        if link.request.answers_index in index_candidates(text, "answers"):
            return link.request, token
        token = _token_for_other_answers(token, text)
    return None, token


def _token_for_other_answers(token, text):
    """Return the token under which the same form with other answers is stored, the same one at every press."""
    digest = hmac.new(token.encode(), text.encode(), sha256).digest()
    return base64.urlsafe_b64encode(digest[:24]).decode()


@transaction.atomic
def _store(answers, text, *, token, by, language):
    now = timezone.now()
    is_urgent = any(sign["ticked"] and sign["urgency"] == Urgency.URGENT for sign in answers["signs"])
    born = answers.get("date_of_birth")
    request = AppointmentRequest.objects.create(
        reference=new_reference(),
        language=language,
        wish=answers["wish"],
        procedure=Procedure.objects.filter(key=answers.get("procedure") or None).first(),
        location=Location.objects.filter(key=answers.get("location") or None).first(),
        is_urgent=is_urgent,
        created_at=now,
        status_since=now,
        due_at=due_from(now, urgent=is_urgent),
        full_name=answers["full_name"],
        email=answers.get("email", ""),
        phone=answers.get("phone", ""),
        date_of_birth=date.fromisoformat(born) if born else None,
        matter=answers["matter"],
        preferences=answers.get("preferences", {}),
        signs=answers["signs"],
        answers_index=index_of(text, "answers"),
    )
    request.make_link(token=token, made_for="form")
    Event.record("request.received", by=by, about=request, to=request.status, revision=request.revision)
    messages.write(request, "received")
    return request


# The promise


def due_from(moment, *, urgent, hours=None, profile=None):
    """Return by when (UTC) the clinic promised to answer what came at `moment` (aware).

    Without opening hours there is no working time to count: a day is given, so that no request is without a date.
    """
    promise = (profile or ClinicProfile.current()).promise(urgent=urgent)
    try:
        return (hours or reception_hours()).add(moment, promise)
    except NeverOpen:
        return moment + WITHOUT_OPENING_HOURS


@transaction.atomic
def recompute_due():
    """Set anew by when each waiting request is due, after hours, closures or the promise changed.

    Returns how many dates moved.
    """
    hours, profile, moved = reception_hours(), ClinicProfile.current(), 0
    for request in AppointmentRequest.of_every_kind.waiting_for_clinic().only(
        "id", "created_at", "is_urgent", "due_at"
    ):
        due_at = due_from(request.created_at, urgent=request.is_urgent, hours=hours, profile=profile)
        if due_at != request.due_at:
            moved += AppointmentRequest.of_every_kind.filter(pk=request.pk).update(due_at=due_at)
    return moved


# Moving


def check_move(request, name, *, by):
    """Raise Refused with the reason when `by` may not make this move on the request as it stands."""
    row = MOVES[name]
    if by.kind == STAFF and not by.user.has_perm(row.permission):
        raise Refused(_("Your role does not allow this."))
    if by.kind == PATIENT:
        raise Refused(_("Only the clinic can do this."))
    if request.status == Status.NEW and Status.IN_PROGRESS in row.allowed_from and Status.NEW not in row.allowed_from:
        raise Refused(_("Claim the request first."))
    if request.status not in row.allowed_from:
        raise Refused(
            _("This request is “%(status)s”, so this cannot be done now.") % {"status": request.get_status_display()}
        )
    if request.holder_id is None:
        if NOBODY not in row.may_be_held_by:
            raise Refused(_("Claim the request first."))
    elif not _may_with_holder(row, request, by):
        raise Refused(_("%(name)s holds this request.") % {"name": request.holder})


def _may_with_holder(row, request, by):
    if ANYBODY in row.may_be_held_by:
        return True
    if THE_HOLDER not in row.may_be_held_by:
        return False
    if request.holder_id == by.id:
        return True
    # What somebody held who left, or who no longer answers requests, must not wait for a manager.
    is_release, is_left_behind = row.held_after == NOBODY, not request.holder.has_perm(row.permission)
    return is_release and (is_left_behind or by.user.has_perm("appointments.release_others"))


def can_move(request, name, *, by):
    """Say whether `by` may make this move now."""
    try:
        check_move(request, name, by=by)
    except Refused:
        return False
    return True


@transaction.atomic
def move(request, name, *, by, seen_revision, answer="", decline_reason=""):
    """Make one move of the table and return the request as it then stands.

    `seen_revision` is the revision that the person looked at. Raises Stale when the request changed since, Refused when
    the table says no, Unfit when the answer or the reason is missing. The same press twice is one move.
    """
    row = MOVES[name]
    request = AppointmentRequest.of_every_kind.select_for_update(of=("self",)).get(pk=request.pk)
    values = {"answer": answer.strip()} if row.input == "answer" else {}
    values |= {"decline_reason": decline_reason} if row.input == "decline_reason" else {}
    if request.revision != seen_revision:
        if _was_just_done(request, row, values, by=by, seen_revision=seen_revision):
            return request
        raise Stale(_("Somebody changed this request while you had it open. Look at what changed, then decide again."))
    check_move(request, name, by=by)
    _check_input(values)
    before = request.status
    _apply(request, row, values, by=by)
    Event.record(
        row.event, by=by, about=request, **{"from": before, "to": request.status, "revision": request.revision}
    )
    if row.message:
        messages.write(request, row.message)
    return request


def _was_just_done(request, row, values, *, by, seen_revision):
    last = Event.objects.about(request).filter(verb__in=[move.event for move in MOVES.values()]).first()
    return (
        last is not None
        and request.revision == seen_revision + 1 == last.details.get("revision")
        and (last.verb, last.actor_kind, last.actor_id) == (row.event, by.kind, by.id)
        and all(getattr(request, field) == value for field, value in values.items())
    )


def _check_input(values):
    if "answer" in values:
        if not values["answer"]:
            raise Unfit(_("Write the answer that the patient will read."), field="answer")
        if len(values["answer"]) > ANSWER_LENGTH:
            raise Unfit(_("Shorten the answer to 4,000 characters."), field="answer")
    if "decline_reason" in values and values["decline_reason"] not in DeclineReason.values:
        raise Unfit(_("Choose a reason; the patient will read it."), field="decline_reason")


def _apply(request, row, values, *, by):
    now = timezone.now()
    for field, value in values.items():
        setattr(request, field, value)
    if row.held_after == THE_ONE_WHO_MOVES:
        request.holder, request.held_since = by.user, now
    elif row.held_after == NOBODY:
        request.holder, request.held_since = None, None
    if request.status != row.leads_to:
        request.status, request.status_since = row.leads_to, now
    request.revision += 1
    request.save(update_fields=["status", "status_since", "holder", "held_since", "revision", *values])
