"""What is typed or chosen for a move: how each kind of input is checked, written down, and known again."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments.models import Amendment, AmendmentKind, ClinicQuestion, DeclineReason
from appointments.workflow import times
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
    question = request.clinic_questions.filter(replied_at=None).last()
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
    request.save(update_fields=["preferences"])
    return {"amendment": amendment.pk, "changed": sorted(changed)}


def _same_preferences(request, value):
    kept = request.preferences or {}
    return all(kept.get(name) == value[name] for name in value)


INPUTS = {
    "answer": Input(_text("answer", _("Write the answer that the patient will read.")), *_column("answer")),
    "decline_reason": Input(_read_reason, *_column("decline_reason")),
    "question": Input(
        _text("question", _("Write the question that the patient will read.")),
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
