"""Undoing: the last move of a request is taken back by whoever made it, with all that it wrote, as if it had not been.

A move keeps what that takes in a LastMove, which the sender deletes once it is too late.
"""

from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments import messages
from appointments.models import ClinicQuestion, LastMove, Note, PhoneTask, Status, TimeOffer
from appointments.workflow import calling, times
from appointments.workflow.locking import locked
from appointments.workflow.places import check_may_triage
from appointments.workflow.promise import due_of
from audit.actors import STAFF
from audit.models import Event
from clinic.refusals import Refused, Stale
from outbox.models import Message, State

CHANGED_MEANWHILE = _("Somebody changed this request while you had it open. Look at what changed, then decide again.")

# For so long a move can be undone that told the patient nothing; one that does, until its message leaves.
UNDO_FOR = timedelta(minutes=10)
UNDONE = "request.undone"

ANSWERED = ("first_answered_at", "first_answer_minutes")
COLUMNS = (
    *("status", "status_since", "holder", "held_since", "held_because", "snoozed_until", "is_danger", "is_urgent"),
    *("promised_from", "promise_minutes", "due_at", *ANSWERED),
    *("news_since", "decline_reason", "answer", "calendar_sequence"),
)
# What a move makes, by the names under which its event tells the keys.
MADE = {"offers": TimeOffer, "offer": TimeOffer, "question": ClinicQuestion, "notes": Note}


@dataclass(frozen=True)
class Memory:
    """A request, and its times, as they are before a move."""

    columns: dict
    offers: dict

    @classmethod
    def of(cls, request):
        """Remember a request (1 query)."""
        return cls(_columns(request), dict(request.offers.current().values_list("pk", "state")))

    def keep(self, request, name, *, by, event, taken, told):
        """Store what undoing the move takes: its event, what was `taken` back, and what the patient is `told` by."""
        LastMove.objects.filter(request=request).delete()
        message = told if isinstance(told, Message) else None
        LastMove.objects.create(
            request=request,
            name=name,
            revision=request.revision,
            message=message,
            made_by=by.user,
            before={
                "columns": self.columns,
                "answered": _columns(request)["first_answered_at"],
                "offers": self.offers,
                "event": event.pk,
                "made": {made: event.details[made] for made in MADE if made in event.details},
                "questions": event.details.get("questions", []),
                "call": told.pk if isinstance(told, PhoneTask) else None,
                "link": _link_in(request, message),
                "taken": _in_json(taken),
            },
        )


def _columns(request):
    fields = {name: request._meta.get_field(name) for name in COLUMNS}
    values = {name: field.value_from_object(request) for name, field in fields.items()}
    return {name: None if value is None else fields[name].value_to_string(request) for name, value in values.items()}


def _link_in(request, message):
    """Return the key of the private link in a message that was just written."""
    if message is None:
        return None
    links = request.tracking_links.filter(made_for=f"message:{message.purpose}")
    return links.order_by("-id").values_list("pk", flat=True).first()


def _in_json(taken):
    calls = [values | {"made_at": values["made_at"].isoformat()} for values in taken.calls]
    return asdict(taken) | {"calls": calls}


def _from_json(taken):
    calls = [values | {"made_at": datetime.fromisoformat(values["made_at"])} for values in taken["calls"]]
    return messages.TakenBack({int(pk): state for pk, state in taken["messages"].items()}, calls)


def undo_until(last):
    """Return until when (aware) a LastMove can be undone, if nothing happens in between."""
    return last.made_at + (messages.HELD_BACK if last.message_id else UNDO_FOR)


@transaction.atomic
def undo(request, *, by, seen_revision):
    """Take back the last move of a request for the member of staff who made it, and return the request.

    Everything is as it was before it; only the revision goes up, and the calendar's number where a file may have been
    fetched. Raises Stale when the request changed since `seen_revision`, Refused when it is too late, when the message
    has left, or when it was somebody else's move. The same press twice is one undoing.
    """
    request = locked(request)
    if request.revision != seen_revision:
        if request.revision == seen_revision + 1 and _was_just_undone(request, by=by):
            return request
        raise Stale(CHANGED_MEANWHILE)
    last = LastMove.objects.select_related("made_by").filter(request=request).first()
    check_undo(request, last, by=by)
    _stop_telling(request, last)
    _unmake(request, last)
    was = request.status
    _restore(request, last)
    if request.bounced_at:
        calling.call_instead(request)
    facts = {"undone": last.before["event"], "from": was, "to": request.status, "revision": request.revision}
    Event.record(UNDONE, by=by, about=request, **facts)
    last.delete()
    return request


def check_undo(request, last, *, by):
    """Raise Refused with the reason when `by` cannot undo a LastMove (None: there is none) of the request."""
    if by.kind != STAFF:
        raise Refused(_("Only the clinic can do this."))
    if last is None or last.revision != request.revision:
        raise Refused(_("There is nothing to undo here any more."))
    check_may_triage(request, by=by)
    if last.made_by_id != by.id:
        raise Refused(_("Only %(name)s can undo this.") % {"name": last.made_by})
    if request.merged_into_id:
        raise Refused(_("This request is joined with another one. Work on that one."))
    if timezone.now() >= undo_until(last):
        raise Refused(_("It is too late to undo this."))


def _was_just_undone(request, *, by):
    last = Event.objects.about(request).filter(verb=UNDONE).first()
    return last is not None and (last.details["revision"], last.actor_id) == (request.revision, by.id)


def _stop_telling(request, last):
    """Stop the message of a move, or the call in its place, and end its private link: nobody has it yet."""
    if last.message_id:
        # The sender claims a message by such an UPDATE too: whichever comes first, the other finds nothing.
        waiting = Message.objects.filter(pk=last.message_id, state=State.WAITING, attempts=0)
        if not waiting.update(state=State.CANCELLED):
            raise Refused(_("The message has left, so this cannot be undone."))
        request.tracking_links.filter(pk=last.before["link"]).delete()
    elif (call := last.before["call"]) and not request.phone_tasks.filter(pk=call, done_at=None).delete()[0]:
        raise Refused(_("The patient was called about this already, so it cannot be undone."))


def _unmake(request, last):
    """Delete what a move wrote, and bring back what it ended."""
    made = defaultdict(list)
    for name, keys in last.before["made"].items():
        made[MADE[name]] += keys if isinstance(keys, list) else [keys]
    for model, keys in made.items():
        model.objects.filter(request=request, pk__in=keys).delete()
    request.clinic_questions.filter(pk__in=last.before["questions"]).update(taken_back_at=None)
    if made[TimeOffer]:
        # It may have been written of a time that there is no more.
        messages.take_back(request, ("reminder",))
    times.give_back(request, {int(pk): state for pk, state in last.before["offers"].items()})
    messages.give_back(request, _from_json(last.before["taken"]))


def _restore(request, last):
    fetched = request.calendar_sequence if request.status == Status.AGREED else None
    columns = dict(last.before["columns"])
    if _columns(request)["first_answered_at"] != last.before["answered"]:
        # A call answered the patient since, or one that had was taken back.
        columns = {name: value for name, value in columns.items() if name not in ANSWERED}
    for name, value in columns.items():
        field = request._meta.get_field(name)
        setattr(request, field.attname, None if value is None else field.to_python(value))
    if fetched is not None:
        # Whoever fetched the calendar file meanwhile must be able to get a newer one.
        request.calendar_sequence = fetched + 1
    if request.waits_for_clinic:
        # The opening hours may have changed since.
        request.due_at = due_of(request)
    request.revision += 1
    request.save(update_fields=[*COLUMNS, "revision"])


def forget_last_moves():
    """Delete what could be undone once it is too late; return how much. A chore."""
    return LastMove.objects.filter(made_at__lt=timezone.now() - UNDO_FOR).delete()[0]
