"""Calls in place of messages: which wait, how they end and wait again, and that a patient's e-mail comes back."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _

from appointments import messages
from appointments.models import AppointmentRequest, CallBecause, LastMove, PhoneTask, Status
from appointments.workflow.first_answer import ANSWERS, note_first_answer
from appointments.workflow.locking import locked
from appointments.workflow.places import check_may_triage
from audit.models import Event
from clinic.refusals import Refused
from outbox.models import Message, State

FIRST_ANSWER = ["first_answered_at", "first_answer_minutes"]
# These are told though the request was joined with another one since: they are not about where it stands.
TOLD_ALL_THE_SAME = ("page_changed", "link")


@dataclass(frozen=True)
class Call:
    """A call to make, or made: a PhoneTask, or a message that could not be sent and has no PhoneTask yet.

    What a message says is not read for it.
    """

    key: str
    purpose: str
    because: str
    since: datetime
    message: Message | None = None
    task: PhoneTask | None = None


def calls_about(request, messages=None):
    """Return (calls to make, calls made) about a request, each oldest first.

    `messages` are all messages about it, where they are read already. 2 queries, 1 with them.
    """
    tasks = list(request.phone_tasks.select_related("done_by"))
    with_task = {task.message_id for task in tasks} - {None}
    if messages is None:
        messages = Message.objects.about(request).undeliverable().only("state", "purpose", "created_at")
    lost = [message for message in messages if message.state == State.UNDELIVERABLE and message.pk not in with_task]
    to_make = [_of_task(task) for task in tasks if task.done_at is None] + [_of_message(message) for message in lost]
    return sorted(to_make, key=lambda call: call.since), [_of_task(task) for task in tasks if task.done_at]


def _of_task(task):
    return Call(f"task-{task.pk}", task.purpose, task.because, task.made_at, task=task)


def _of_message(message):
    key, because = f"message-{message.pk}", CallBecause.UNDELIVERABLE
    return Call(key, message.purpose, because, message.created_at, message=message)


def to_be_called(requests):
    """Keep the requests about which a call waits (no query): found from the calls, however many requests there are."""
    lost = Message.objects.undeliverable().filter(about_type=AppointmentRequest._meta.label_lower)
    lost = lost.exclude(pk__in=PhoneTask.objects.filter(message__isnull=False).values("message"))
    numbers = lost.order_by().values_list(Cast("about_id", AppointmentRequest._meta.pk))
    tasks = PhoneTask.objects.filter(done_at=None).order_by().values_list("request")
    return requests.filter(pk__in=tasks.union(numbers))


def end_calls(request, keys, now, *, by):
    """End those calls to make about a locked request that have these keys, and return the keys of their PhoneTasks.

    What was done already, or is no call of this request, is left as it is.
    """
    done = []
    for call in calls_about(request)[0]:
        if call.key not in keys:
            continue
        task = call.task or PhoneTask(
            request=request, purpose=call.purpose, because=call.because, message=call.message, made_at=call.since
        )
        task.done_at, task.done_by = now, by.user
        task.save()
        done.append(task.pk)
        if call.purpose in ANSWERS and note_first_answer(request, now):
            request.save(update_fields=FIRST_ANSWER)
    return done


@transaction.atomic
def call_not_made(request, key, *, by):
    """Let a call that was marked as made wait again; return whether there was one. Raises Refused."""
    check_may_triage(request, by=by)
    request = locked(request)
    for call in calls_about(request)[1]:
        if call.key == key:
            Event.record("request.call_undone", by=by, about=request, calls=[call.task.pk])
            wait_again(request, call)
            return True
    return False


def wait_again(request, call):
    """Let a call that was made wait again; `request` is locked."""
    if request.first_answered_at == call.task.done_at:
        request.first_answered_at = request.first_answer_minutes = None
        request.save(update_fields=FIRST_ANSWER)
    if not still_stands(request, call.purpose):
        # Nor can what was done since be undone: then it would stand again, and nobody say it.
        LastMove.objects.filter(request=request).delete()
        Message.objects.undeliverable().filter(pk=call.task.message_id).update(state=State.CANCELLED)
        call.task.delete()
    elif call.task.because == CallBecause.UNDELIVERABLE:
        # It waits by itself, for as long as its message could not be sent.
        call.task.delete()
    else:
        call.task.done_at = call.task.done_by = None
        call.task.save(update_fields=["done_at", "done_by"])


def still_stands(request, purpose):
    """Say whether what a message of this purpose tells is so: not of times, questions or answers that were let go."""
    if request.held_because or (request.merged_into_id and purpose not in TOLD_ALL_THE_SAME):
        return False
    if purpose == "offer":
        return request.offers.open().exists()
    if purpose in messages.OF_TIMES:
        return request.offers.agreed().exists()
    if purpose == "question":
        return request.clinic_questions.open().exists()
    if purpose == "withdrawn":
        return request.status in (Status.WITHDRAWN, Status.CLOSED)
    return bool({"answered": request.answer, "declined": request.decline_reason}.get(purpose, True))


@transaction.atomic
def email_came_back(request, *, by):
    """Write down that e-mail does not reach the patient. What they did not get waits to be said by telephone.

    That is the last message that left, and those that have yet to leave: they are stopped. Raises Refused.
    """
    check_may_triage(request, by=by)
    request = locked(request)
    if not request.email:
        raise Refused(_("This patient gave no e-mail address."))
    if request.bounced_at is not None:
        return
    request.bounced_at = timezone.now()
    request.save(update_fields=["bounced_at"])
    not_got = call_instead(request)
    Event.record("request.email_came_back", by=by, about=request, messages=[message.pk for message in not_got])


def call_instead(request):
    """Let what a patient did not get, whose e-mail comes back, wait to be said; return the messages. Said once, it is.

    That is the last message that left, as far as it still stands, and those that have yet to leave: they are stopped.
    """
    # Nothing of what they say is needed here, and one that cannot be read keeps none of the others.
    about = Message.objects.about(request).only("id", "purpose")
    not_got = list(about.unsent())
    about.unsent().filter(pk__in=[message.pk for message in not_got]).update(state=State.CANCELLED)
    last = about.filter(state=State.SENT).order_by("-sent_at", "-id").first()
    if last and still_stands(request, last.purpose):
        not_got.insert(0, last)
    for message in not_got:
        if not PhoneTask.objects.filter(message=message).exists():
            PhoneTask.objects.create(
                request=request, purpose=message.purpose, because=CallBecause.BOUNCED, message=message
            )
    return not_got


@transaction.atomic
def email_arrives(request, *, by):
    """Take back that e-mail does not reach the patient: what was stopped and not yet said leaves after all. Refused."""
    check_may_triage(request, by=by)
    request = locked(request)
    if request.bounced_at is None:
        return
    request.bounced_at = None
    request.save(update_fields=["bounced_at"])
    undone = request.phone_tasks.filter(because=CallBecause.BOUNCED, done_at=None, message__isnull=False)
    stopped = Message.objects.filter(pk__in=undone.values("message"), state=State.CANCELLED)
    stopped.update(state=State.WAITING, attempts=0, not_before=timezone.now())
    undone.delete()
    Event.record("request.email_arrives", by=by, about=request)
