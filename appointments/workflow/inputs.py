"""What is typed or chosen for a move: how each kind of input is checked, written down, and known again."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments.models import Amendment, AmendmentKind, ClinicQuestion, DeclineReason, Note, NoteKind
from appointments.replies import open_names
from appointments.workflow import times
from appointments.workflow.promise import hurried
from appointments.workflow.table import TRIAGE
from clinic.refusals import Refused, Unfit

TEXT_LENGTH = 4000


@dataclass(frozen=True)
class Input:
    """One kind of input.

    `read` makes a typed value fit to keep or raises Unfit; `apply` writes it down and returns details for the event
    (ids and names of fields, never a value); `was_applied` says whether a request holds this very value already, so
    that the same press twice is one move.
    """

    read: Any
    apply: Any
    was_applied: Any = lambda request, value: False


def _text(field, empty):
    def read(value):
        text = value.strip()
        if not text:
            raise Unfit(empty, field=field)
        if len(text) > TEXT_LENGTH:
            raise Unfit(_("Shorten the text to 4,000 characters."), field=field)
        return text

    return read


def _letter(field, empty):
    """Return how words to the patient are read: as they are, once no name in curly brackets is left in them."""
    read = _text(field, empty)

    def read_filled_in(value):
        text = read(value)
        if names := open_names(text):
            reason = _("Write what %(names)s stands for, or take it out: the patient would read it as it is.")
            raise Unfit(reason % {"names": ", ".join(names)}, field=field)
        return text

    return read_filled_in


def _column(field):
    """Return what an input does that is simply a field of the request."""

    def apply(request, value, *, by):
        setattr(request, field, value)
        request.save(update_fields=[field])

    return apply, lambda request, value: getattr(request, field) == value


def _read_reason(value):
    if value not in DeclineReason.values:
        raise Unfit(_("Choose a reason; the patient will read it."), field="decline_reason")
    return value


def _read_times(value):
    times.check_times(value, field="times")
    return value


def _read_time(value):
    times.check_times([value] if value else [], field="time")
    return value


def _offer_times(request, value, *, by):
    return {"offers": [offer.pk for offer in times.propose(request, value, by=by)]}


def _agree_time(request, value, *, by):
    return {"offer": times.agree(request, value, by=by).pk}


def _same_times(request, value):
    return {(time.clinician.pk, time.location.pk, time.starts_at, time.ends_at) for time in value} == {
        (offer.clinician_id, offer.location_id, offer.starts_at, offer.ends_at) for offer in request.offers.open()
    }


def _accept(request, value, *, by):
    offer = request.offers.filter(pk=value).first()
    if offer is None:
        raise Refused(_("This time is no longer offered. Look at what is left, or ask us for other times."))
    return {"offer": times.accept(request, offer).pk}


def _ask(request, value, *, by):
    return {"question": ClinicQuestion.objects.create(request=request, text=value, asked_by=by.user).pk}


def _reply(request, value, *, by):
    question = request.clinic_questions.open().last()
    if question is None:
        raise Refused(_("The clinic has no question open. You can still add something to your request."))
    question.reply, question.replied_at = value, timezone.now()
    question.save(update_fields=["reply", "replied_at"])
    return {"question": question.pk}


def _same_reply(request, value):
    question = request.clinic_questions.last()
    return question is not None and question.reply == value


def _add(request, value, *, by):
    return {"amendment": Amendment.objects.create(request=request, kind=AmendmentKind.ADDED, words=value).pk}


def _same_words(request, value):
    last = request.amendments.last()
    return last is not None and last.kind == AmendmentKind.ADDED and last.words == value


def _prefer(request, value, *, by):
    before = request.preferences or {}
    changed = {name for name in value if value[name] != before.get(name)}
    amendment = Amendment.objects.create(
        request=request,
        kind=AmendmentKind.PREFERENCES,
        before={name: before.get(name) for name in changed},
        after={name: value[name] for name in changed},
    )
    request.preferences = before | value
    request.wants_sooner = bool(request.preferences.get("sooner"))
    request.save(update_fields=["preferences", "wants_sooner"])
    return {"amendment": amendment.pk, "changed": sorted(changed)}


def _same_preferences(request, value):
    kept = request.preferences or {}
    return all(kept.get(name) == value[name] for name in value)


# Who takes a request over, how urgent it is, and until when it is put aside: each may say why, in a note.


class Level(models.TextChoices):
    """How urgent staff say a request is."""

    DANGER = "danger", _("Dangerous: look at it first")
    URGENT = "urgent", _("Urgent")
    ORDINARY = "ordinary", _("Not urgent")


def _note(request, kind, text, *, by):
    return [Note.objects.create(request=request, kind=kind, text=text, written_by=by.user).pk] if text else []


def _short_text(value, field):
    text = (value or "").strip()
    if len(text) > TEXT_LENGTH:
        raise Unfit(_("Shorten the text to 4,000 characters."), field=field)
    return text


def _read_colleague(value):
    value = value or {}
    colleague, why = value.get("colleague"), _short_text(value.get("why"), "why")
    if colleague is None or not colleague.is_active or not colleague.has_perm(TRIAGE):
        raise Unfit(_("Choose a colleague who answers requests."), field="colleague")
    return {"colleague": colleague, "why": why}


def _hand_over(request, value, *, by):
    if value["colleague"].pk == request.holder_id:
        raise Unfit(_("This colleague has it already."), field="colleague")
    if not request.is_at_a_place_of(value["colleague"]):
        raise Unfit(_("This colleague does not work for the location of this request."), field="colleague")
    request.holder, request.held_since = value["colleague"], timezone.now()
    return {"colleague": value["colleague"].pk, "notes": _note(request, NoteKind.HAND_OVER, value["why"], by=by)}


def level_of(request):
    """Return how urgent a request is, as a Level."""
    if request.is_danger:
        return Level.DANGER
    return Level.URGENT if request.is_urgent else Level.ORDINARY


def _read_urgency(value):
    value = value or {}
    if value.get("level") not in Level.values:
        raise Unfit(_("Choose how urgent it is."), field="level")
    why = _short_text(value.get("why"), "why")
    if not why:
        raise Unfit(_("Write why, for your colleagues."), field="why")
    return {"level": Level(value["level"]), "why": why}


def _set_urgency(request, value, *, by):
    if value["level"] == level_of(request):
        raise Unfit(_("It is marked so already. Choose another, or leave it."), field="level")
    was_urgent = request.is_urgent
    request.is_danger = value["level"] == Level.DANGER
    request.is_urgent = value["level"] != Level.ORDINARY
    if request.is_urgent != was_urgent:
        hurried(request, timezone.now())
    request.save(update_fields=["is_danger", "is_urgent", "promise_minutes", "due_at"])
    return {"level": str(value["level"]), "notes": _note(request, NoteKind.URGENCY, value["why"], by=by)}


LONGEST_SNOOZE = timedelta(days=92)


def _read_until(value):
    value = value or {}
    why = _short_text(value.get("why"), "why")
    check_until(value.get("until"))
    return {"until": value["until"], "why": why}


def check_until(until):
    """Raise Unfit unless a request can be put aside until this moment (aware, or None)."""
    now = timezone.now()
    if until is None:
        raise Unfit(_("Enter the day and the time."), field="until")
    if until <= now:
        raise Unfit(_("Enter a time that is still to come."), field="until")
    if until > now + LONGEST_SNOOZE:
        raise Unfit(_("Enter a day within the next 92 days."), field="until")


def _snooze(request, value, *, by):
    request.snoozed_until = value["until"]
    return {"notes": _note(request, NoteKind.SNOOZE, value["why"], by=by)}


INPUTS = {
    "colleague": Input(_read_colleague, _hand_over, lambda request, value: request.holder_id == value["colleague"].pk),
    "urgency": Input(_read_urgency, _set_urgency, lambda request, value: level_of(request) == value["level"]),
    "until": Input(_read_until, _snooze, lambda request, value: request.snoozed_until == value["until"]),
    "answer": Input(_letter("answer", _("Write the answer that the patient will read.")), *_column("answer")),
    "decline_reason": Input(_read_reason, *_column("decline_reason")),
    "question": Input(
        _letter("question", _("Write the question that the patient will read.")),
        _ask,
        lambda request, value: request.clinic_questions.last().text == value,
    ),
    "times": Input(_read_times, _offer_times, _same_times),
    "time": Input(_read_time, _agree_time, times.is_agreed),
    "offer": Input(
        lambda value: value, _accept, lambda request, value: request.offers.agreed().filter(pk=value).exists()
    ),
    "reply": Input(_text("reply", _("Write your answer.")), _reply, _same_reply),
    "words": Input(_text("words", _("Write what you want to add.")), _add, _same_words),
    "preferences": Input(lambda value: value, _prefer, _same_preferences),
    "wants_reminders": Input(bool, *_column("wants_reminders")),
    "wants_details": Input(bool, *_column("wants_details")),
}
