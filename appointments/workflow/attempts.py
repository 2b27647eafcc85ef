"""Calls to a patient, logged in one press: how each went, what was said in it, and when the patient was told last."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Subquery
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _

from appointments.models import AppointmentRequest, CallOutcome, ContactAttempt, PhoneTask, number_of
from appointments.references import hash_of
from appointments.workflow import calling
from appointments.workflow.first_answer import ANSWERS
from appointments.workflow.locking import locked
from appointments.workflow.places import check_may_triage
from audit.models import Event
from clinic.refusals import Refused, Unfit
from outbox.models import Message, State

CALLED, TAKEN_BACK = "request.called", "request.call_taken_back"
CAN_BE_TAKEN_BACK_FOR = timedelta(minutes=10)
# After these the patient knows what there was to say: they heard it, or their machine keeps it for them.
IS_SAID = (CallOutcome.REACHED, CallOutcome.MESSAGE_LEFT)


@dataclass(frozen=True)
class Contact:
    """The last time that the patient was told something: by a message (its purpose), or in a call (its outcome)."""

    when: datetime
    purpose: str = ""
    outcome: str = ""


def may_leave_message(request):
    """Say whether the patient allows a message to be left."""
    return bool((request.preferences or {}).get("leave_message"))


@transaction.atomic
def log_call(request, outcome, *, by, token, said=()):
    """Log how a call to the patient went, whether or not one was to be made; return how many calls to make it ends.

    `said` are the keys of the calls to make whose words the caller had in view: they are made when the patient was
    reached or a message left, and wait on when nobody answered. `token` tells one press from the next. Raises Refused.
    """
    check_may_triage(request, by=by)
    request, now = locked(request), timezone.now()
    if Event.objects.about(request).filter(verb=CALLED, details__press=hash_of(token)).exists():
        return 0
    if outcome not in CallOutcome.values:
        raise Unfit(_("Choose how the call went."), field="outcome")
    if outcome == CallOutcome.MESSAGE_LEFT and not may_leave_message(request):
        raise Refused(_("This patient wants no message left. Log that nobody answered, and call again."))
    attempt = ContactAttempt.objects.create(request=request, outcome=outcome, made_by=by.user, made_at=now)
    done = calling.end_calls(request, said, now, by=by) if outcome in IS_SAID else []
    Event.record(
        CALLED, by=by, about=request, attempt=attempt.pk, outcome=str(outcome), calls=done, press=hash_of(token)
    )
    return len(done)


@transaction.atomic
def take_back_call(request, key, *, by):
    """Strike out a call for whoever logged it just now, and let what was said in it wait again. Raises Refused."""
    check_may_triage(request, by=by)
    request = locked(request)
    attempt = request.contact_attempts.filter(pk=key).first()
    if attempt is None or attempt.made_by_id != by.id:
        raise Refused(_("Only who logged a call can take it back."))
    if attempt.taken_back_at is not None:
        return
    if not can_be_taken_back(attempt, by=by.user):
        raise Refused(_("A call can be taken back for 10 minutes. Write a note instead."))
    attempt.taken_back_at = timezone.now()
    attempt.save(update_fields=["taken_back_at"])
    calls = [call for call in calling.calls_about(request)[1] if was_made_in(call, attempt)]
    Event.record(TAKEN_BACK, by=by, about=request, attempt=attempt.pk, calls=[call.task.pk for call in calls])
    for call in calls:
        calling.wait_again(request, call)


def can_be_taken_back(attempt, *, by):
    """Say whether this user can still take back a logged call."""
    is_mine = attempt.made_by_id == by.pk and attempt.taken_back_at is None
    return is_mine and timezone.now() - attempt.made_at <= CAN_BE_TAKEN_BACK_FOR


def was_made_in(call, attempt):
    """Say whether a call to make was made by what was logged in this press."""
    return (call.task.done_at, call.task.done_by_id) == (attempt.made_at, attempt.made_by_id)


def with_contact(requests):
    """Give requests what `last_contact` reads, and `calls_waiting`: how many calls are to be made.

    A message counts once the mail server took it, and when the clinic says something with it: a receipt or a reminder
    does not.
    """
    messages = Message.objects.filter(
        about_type=AppointmentRequest._meta.label_lower, about_id=Cast(OuterRef("pk"), CharField())
    )
    told = messages.filter(state=State.SENT, purpose__in=ANSWERS).order_by("-sent_at")
    calls = ContactAttempt.objects.filter(request=OuterRef("pk"), outcome__in=IS_SAID, taken_back_at=None)
    calls = calls.order_by("-made_at")
    lost = messages.undeliverable().exclude(Exists(PhoneTask.objects.filter(message=OuterRef("pk"))))
    tasks = PhoneTask.objects.filter(request=OuterRef("pk"), done_at=None)
    return requests.annotate(
        told_at=Subquery(told.values("sent_at")[:1]),
        told_by=Subquery(told.values("purpose")[:1]),
        called_at=Subquery(calls.values("made_at")[:1]),
        called_with=Subquery(calls.values("outcome")[:1]),
        calls_waiting=number_of(tasks, "request") + number_of(lost, "about_id"),
    )


def last_contact(row):
    """Return the last Contact with a patient whose request comes `with_contact`; None while nobody reached them."""
    told = [Contact(row.told_at, purpose=row.told_by)] if row.told_at else []
    told += [Contact(row.called_at, outcome=row.called_with)] if row.called_at else []
    return max(told, key=lambda contact: contact.when, default=None)
