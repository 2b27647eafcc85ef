"""Carrying out a move of the table: who may, on what they saw, and what is written down with it."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments import messages
from appointments.models import HeldBecause, Note, Status
from appointments.wording import WORDINGS
from appointments.workflow import danger, times
from appointments.workflow.first_answer import is_told_now, note_first_answer
from appointments.workflow.inputs import INPUTS
from appointments.workflow.locking import locked
from appointments.workflow.merging import locked_where_it_leads
from appointments.workflow.news import note_news
from appointments.workflow.places import check_place
from appointments.workflow.promise import LEAST_AFTER_REPLY, due_of, pause, run_anew, run_on
from appointments.workflow.table import (
    ANYBODY,
    BEGINS_ANEW,
    HELD_ALONE,
    MOVES,
    NEVER_HELD,
    NOBODY,
    THE_CHOSEN,
    THE_HOLDER,
    THE_ONE_WHO_MOVES,
)
from appointments.workflow.undoing import CHANGED_MEANWHILE, Memory
from audit.actors import PATIENT, STAFF
from audit.models import Event
from clinic.refusals import Refused, Stale, Unfit

# After these no time that was offered, or agreed, stays the patient's.
LETS_TIMES_GO = (Status.ANSWERED, Status.DECLINED, Status.WITHDRAWN)
LETS_TIMES_GO_BY_NAME = ("cancel_time", "stop_waiting", "retract", "other_times", "reopen", "suspect")
# What is typed or chosen here takes the place of the times that stood until then.
SETS_TIMES = ("times", "time", "offer")
# After these the patient's calendar must forget the time that was agreed.
CANCELS = ("cancel_time", "withdraw")
# These make a calendar file that must count as newer than the one before it.
CHANGES_CALENDAR = ("agree", "accept", "change_time", *CANCELS)

# What the patient was still to be told is not said any more after these.
MAKES_MOOT = {
    "reply": ("question",),
    "retract": ("question",),
    "withdraw": ("question",),
    "reopen": ("answered", "declined", "withdrawn"),
    "suspect": tuple(WORDINGS),
}


def check_move(request, name, *, by):
    """Raise Refused with the reason when `by` may not make this move on the request as it stands."""
    row = MOVES[name]
    if by.kind != row.made_by:
        raise Refused(
            _("Only the patient can do this.") if row.made_by == PATIENT else _("Only the clinic can do this.")
        )
    if by.kind == STAFF:
        _check_staff(request, row, by)
    if row.spam == NEVER_HELD and request.held_because:
        raise Refused(_("This request is held as spam. Say first whether it is."))
    if row.spam == HELD_ALONE and not request.held_because:
        raise Refused(_("This request is not held as spam."))
    if request.status not in row.allowed_from:
        raise Refused(
            _("This request is “%(status)s”, so this cannot be done now.") % {"status": request.get_status_display()}
        )
    if by.kind == STAFF:
        _check_holder(request, row, by)
    if request.merged_into_id:
        raise Refused(_("This request is joined with another one. Work on that one."))
    if name == "wake" and not request.is_snoozed():
        raise Refused(_("This request is not put aside."))
    if name == "snooze" and request.is_danger:
        raise Refused(_("What may be dangerous is not put aside."))
    if row.leads_to == Status.CLOSED and times.has_its_time_to_come(request):
        # Once it is closed the patient could no longer cancel on the private page.
        raise Refused(_("The agreed time is still to come. Close the request after it, or cancel the time."))
    if name == "cancel_time" and not times.has_its_time_to_come(request):
        # The patient would read that an appointment is cancelled which they had.
        raise Refused(_("The agreed time is over. Close the request, or change the time to agree on another."))


def _check_staff(request, row, by):
    if not by.user.has_perm(row.permission):
        raise Refused(_("Your role does not allow this."))
    check_place(request, by=by)
    if request.status == Status.NEW and Status.IN_PROGRESS in row.allowed_from and Status.NEW not in row.allowed_from:
        raise Refused(_("Claim the request first."))


def _check_holder(request, row, by):
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
    gives_it_up = row.held_after in (NOBODY, THE_CHOSEN)
    return gives_it_up and (by.user.has_perm("appointments.release_others") or _is_left_behind(request, row))


def _is_left_behind(request, row):
    """Say whether its holder left, or no longer answers such requests: it must not wait for a manager."""
    return not (request.holder.has_perm(row.permission) and request.is_at_a_place_of(request.holder))


def can_move(request, name, *, by):
    """Say whether `by` may make this move now."""
    try:
        check_move(request, name, by=by)
    except Refused:
        return False
    return True


@transaction.atomic
def move(request, name, *, by, seen_revision, **typed):
    """Make one move of the table for a member of staff, and return the request as it then stands.

    `seen_revision` is the revision that the person looked at, `typed` holds the value of the move's input under its
    name. Raises Stale when the request changed since, Refused when the table says no, Unfit when what was typed must be
    mended. The same press twice is one move.
    """
    request = locked(request)
    if request.revision != seen_revision:
        if request.revision == seen_revision + 1 and _was_just_done(request, name, typed, by=by):
            return request
        raise Stale(CHANGED_MEANWHILE)
    return _carried_out(request, name, typed, by=by)


@transaction.atomic
def move_by_patient(request, name, *, by, **typed):
    """Make one move of the table for the patient, and return the request as it then stands.

    `by` is the patient through a link; of a request that is joined with another one, that one moves. Raises Refused,
    kindly, when it cannot be done any more, and Unfit when what was typed must be mended. The same press twice is one
    move.
    """
    request = locked_where_it_leads(request)
    if _was_just_done(request, name, typed, by=by):
        return request
    return _carried_out(request, name, typed, by=by)


def _was_just_done(request, name, typed, *, by):
    """Say whether the last thing that happened to the request is this very move."""
    row = MOVES[name]
    last = Event.objects.about(request).filter(verb__in=[each.event for each in MOVES.values()]).first()
    if last is None or last.details.get("revision") != request.revision:
        return False
    if (last.verb, last.actor_kind, last.actor_id) != (row.event, by.kind, by.id):
        return False
    try:
        return not row.input or INPUTS[row.input].was_applied(request, _read(row, typed))
    except Unfit:
        return False


def _read(row, typed):
    return INPUTS[row.input].read(typed.get(row.input, ""))


def _carried_out(request, name, typed, *, by):
    check_move(request, name, by=by)
    row, before, details = MOVES[name], request.status, {}
    memory = Memory.of(request) if by.kind == STAFF else None
    if row.input:
        details = INPUTS[row.input].apply(request, _read(row, typed), by=by) or {}
    found_danger = row.made_by == PATIENT and row.input in danger.SAYS and danger.heed(request, typed[row.input])
    cancelled = request.offers.agreed().filter(ends_at__gt=timezone.now()).first() if name in CANCELS else None
    lets_times_go = row.leads_to in LETS_TIMES_GO or name in LETS_TIMES_GO_BY_NAME
    if lets_times_go:
        times.release_all(request)
    about_times = messages.OF_TIMES if lets_times_go or row.input in SETS_TIMES else ()
    taken = messages.take_back(request, {*about_times, *MAKES_MOOT.get(name, ())})
    if taken.messages:
        details |= {"taken_back": list(taken.messages)}
    if name == "retract":
        details |= {"questions": _take_questions_back(request)}
    if name == "reopen":
        details |= {"notes": _set_answer_aside(request, by=by)}
    if name in CHANGES_CALENDAR:
        request.calendar_sequence += 1
    if is_told_now(request, name):
        note_first_answer(request, timezone.now())
    _apply(request, row, by=by)
    facts = {"from": before, "to": request.status, "revision": request.revision}
    event = Event.record(row.event, by=by, about=request, **facts, **details)
    if found_danger:
        danger.note_danger(request)
    told = None
    if row.message and not (name == "not_spam" and messages.was_told(request, row.message)):
        told = messages.write(request, row.message, cancelled=cancelled, may_be_undone=by.kind == STAFF)
    if memory:
        memory.keep(request, name, by=by, event=event, taken=taken, told=told)
    return request


def _take_questions_back(request):
    """Take back what the patient was asked and has not answered; return the questions' keys."""
    questions = request.clinic_questions.open()
    keys = list(questions.values_list("pk", flat=True))
    questions.update(taken_back_at=timezone.now())
    return keys


def _set_answer_aside(request, *, by):
    """Take the answer, or why it was declined, off the request, unsaved, and keep it in a note; return its key."""
    words = []
    if request.answer:
        words += [_("Our answer, until this was opened again:"), request.answer]
    if request.decline_reason:
        reason = request.get_decline_reason_display()
        words.append(_("Why we declined, until this was opened again: %(reason)s.") % {"reason": reason})
    request.answer = request.decline_reason = ""
    if not words:
        return []
    return [Note.objects.create(request=request, text="\n\n".join(map(str, words)), written_by=by.user).pk]


def _apply(request, row, *, by):
    now, waited = timezone.now(), request.waits_for_clinic
    if row.held_after == THE_ONE_WHO_MOVES:
        request.holder, request.held_since = by.user, now
    elif row.held_after == NOBODY:
        request.holder, request.held_since = None, None
    if row.frees:
        request.held_because = ""
    if row.holds:
        request.held_because = HeldBecause.STAFF
    if row.leads_to and request.status != row.leads_to:
        request.status, request.status_since = row.leads_to, now
    _set_clock(request, row, now, waited=waited)
    if row.wakes or row.leads_to:
        request.snoozed_until = None
    note_news(request, row.event)
    request.revision += 1
    request.save(
        update_fields=[
            "status",
            "status_since",
            "holder",
            "held_since",
            "held_because",
            "promised_from",
            "promise_minutes",
            "due_at",
            "snoozed_until",
            "news_since",
            "is_danger",
            "is_urgent",
            "danger_because",
            "decline_reason",
            "answer",
            "revision",
            "calendar_sequence",
            "first_answered_at",
            "first_answer_minutes",
        ]
    )


def _set_clock(request, row, now, *, waited):
    """Stop the promise of a request, unsaved, while the next move is the patient's, and let it go on afterwards.

    What is held as spam has no such turns: its promise was given when it came, and stands if it was held by mistake.
    """
    if row.frees:
        request.due_at = due_of(request)
    elif request.held_because or request.waits_for_clinic == waited:
        return
    elif waited:
        pause(request, now)
    elif row.promise == BEGINS_ANEW:
        run_anew(request, now)
    else:
        run_on(request, now, least=LEAST_AFTER_REPLY if row.made_by == PATIENT else 0)
