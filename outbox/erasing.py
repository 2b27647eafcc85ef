"""What the outbox holds of a person: messages about what is theirs, and others that were sent to them or name them."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.encryption import each_readable
from clinic.erasure import Place
from clinic.marks import folded
from clinic.refusals import Refused
from outbox.models import CLAIM_LASTS, Message, State

LABEL = Message._meta.label_lower
STEP = 200


def find(person):
    """Return {label: queryset} of the messages that go.

    Of what is about nothing of theirs, that is what was addressed to them, and what named their references and has
    left: news to staff that has yet to leave tells of others too.
    """
    about = Message.objects.none()
    for label, keys in person.rows.items():
        about = about | Message.objects.filter(about_type=label, about_id__in=[str(key) for key in keys])
    others = list(_others(person))
    return {LABEL: about | Message.objects.filter(pk__in=others)}


def _others(person):
    """Yield the keys of messages of other kinds that are to the person or name them, a few in memory at a time."""
    rows, last = Message.objects.exclude(about_type__in=person.rows).order_by("pk"), 0
    emails = {folded(each).strip() for each in person.marks.emails}
    references = person.marks.references
    while step := each_readable(rows.filter(pk__gt=last).only("pk", "state", "recipient", "subject", "text")[:STEP]):
        last = step[-1].pk
        for message in step:
            if not message.is_readable:
                continue
            names_them = any(each in text for each in references for text in (message.subject, message.text))
            has_left = message.state not in (State.WAITING, State.SENDING)
            if folded(message.recipient).strip() in emails or (names_them and has_left):
                yield message.pk


def remove(person):
    """Delete them, and return {label: number}. Raises Refused while one is leaving: none may leave afterwards.

    The sender claims a message by an UPDATE, which waits for this lock and then finds no message.
    """
    rows = find(person)[LABEL]
    now = timezone.now()
    locked = list(rows.select_for_update().order_by("pk").values_list("pk", "state", "claimed_at"))
    if any(state == State.SENDING and abs(now - claimed) < CLAIM_LASTS for _pk, state, claimed in locked):
        raise Refused(
            _("A message to this person is leaving at this moment, so nothing was erased. Try again in some minutes.")
        )
    Message.objects.filter(pk__in=[pk for pk, _state, _claimed in locked]).only("pk").delete()
    return {LABEL: len(locked)}


def owner(message):
    """Return "model/number" of what a message is about."""
    return f"{message.about_type}/{message.about_id}" if message.about_type else ""


PLACE = Place("messages", (LABEL,), find, remove, owner)
