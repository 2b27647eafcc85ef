"""Erasing one person: their requests and every trace of them, in one transaction, with a receipt that names nobody.

Events stay: they hold ids alone. What a backup brings back is erased again, by the keys of the references.
"""

import logging

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from appointments.models import AppointmentRequest
from appointments.same_person import joined_with, marks_of
from appointments.workflow.locking import Erased
from appointments.workflow.places import check_place
from audit.actors import STAFF
from audit.models import Event
from clinic import erasure
from clinic.codes import new_code
from clinic.encryption import each_readable
from clinic.marks import Marks
from clinic.models import ErasedBecause, ErasedReference, Erasure
from clinic.refusals import Refused, Unfit

logger = logging.getLogger(__name__)

ERASE = "appointments.erase_person"
REQUEST_ERASED, PERSON_ERASED = "request.erased", "person.erased"
LABEL = AppointmentRequest._meta.label_lower


class StillOpen(Refused):
    """Raised when something the clinic still owes an answer, or a time that was agreed, would go without a yes."""


def check_may_erase(requests, *, by):
    """Raise Refused for a member of staff who may not erase, or export, the person of these requests."""
    if by.kind != STAFF:
        return
    if not by.user.has_perm(ERASE):
        raise Refused(_("Your role does not allow this."))
    for request in requests:
        check_place(request, by=by)


@transaction.atomic
def erase(requests, *, reason, by, with_open=False, left=()):
    """Erase the person whose requests these are, with all that is joined with them, and return the Erasure.

    `with_open` says yes to what is still open. `left` are primary keys of requests that share an address or a number
    and stay, so that a re-scan can tell them apart. Raises Unfit without a reason, Erased when somebody was quicker,
    StillOpen, and Refused for who may not, or while a message to the person is leaving.
    """
    if reason not in set(ErasedBecause.values) - {ErasedBecause.RESTORED}:
        raise Unfit(_("Choose why."), field="reason")
    keys = {request.pk for request in requests}
    rows = _locked_with_joined(keys)
    check_may_erase(rows, by=by)
    if not with_open and any(row.is_open for row in rows):
        raise StillOpen(_("Some of these requests are still open. Say that they are to go all the same."))
    return _erase(rows, reason=reason, by=by, left=sorted(set(left) - {row.pk for row in rows}))


def _locked_with_joined(keys):
    """Return the rows, locked. What was joined with them since they were looked for goes along."""
    wanted = set(AppointmentRequest.of_every_kind.filter(joined_with(keys)).values_list("pk", flat=True))
    rows = _locked(wanted | keys, needed=keys)
    joined = set(AppointmentRequest.of_every_kind.filter(joined_with(keys)).values_list("pk", flat=True))
    if joined - rows.keys():
        raise Refused(_("Somebody joined requests at this moment. Look again, then decide."))
    return [row for key, row in rows.items() if key in joined]


def _locked(keys, *, needed):
    """Lock by key alone: what no key opens can be erased like anything else."""
    which = AppointmentRequest.of_every_kind.filter(pk__in=keys)
    found = list(which.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    if not set(found) >= needed:
        raise Erased
    return {row.pk: row for row in each_readable(which.order_by("pk"))}


def _erase(rows, *, reason, by, left=(), number=None):
    person = erasure.Person({LABEL: [row.pk for row in rows]}, Marks.of(**marks_of(rows)))
    for row in rows:
        Event.record(REQUEST_ERASED, by=by, about=row, status=row.status)
    made = _keep_receipt(
        number=number or new_code(),
        reason=reason,
        references=[erasure.key_of(row.reference) for row in rows],
        actor_kind=by.kind,
        actor_id=by.id,
        actor_role=by.role,
        actor_name=by.name,
        removed=erasure.remove(person),
        left=[f"{LABEL}/{key}" for key in left],
        looking_for=person.marks.as_json(),
    )
    Event.record(PERSON_ERASED, by=by, about=made, reason=reason, requests=person.rows[LABEL])
    return made


def _keep_receipt(*, references, **columns):
    made = Erasure.objects.create(**columns)
    ErasedReference.objects.bulk_create(ErasedReference(erasure=made, key=key) for key in references)
    transaction.on_commit(_write_outside)
    return made


def _write_outside():
    try:
        erasure.write_outside()
    except OSError as error:
        # The sender tries again.
        logger.error("The file of erasures could not be written (%s).", type(error).__name__)


def was_erased(key):
    """Say whether the request with this primary key (text) was erased; whatever is no number never was one."""
    return key.isdecimal() and Event.objects.filter(object_type=LABEL, object_id=key, verb=REQUEST_ERASED).exists()


# After a backup was restored


def erase_again(*, by):
    """Erase once more what a restored backup brought back, and return the erasures that this took.

    Both the database and the file beside the audit's head are asked. What the file alone knows is known again.
    """
    _know_again()
    known = dict(ErasedReference.objects.order_by("-pk").values_list("key", "erasure__number"))
    found = {}
    references = AppointmentRequest.of_every_kind.order_by("pk").values_list("pk", "reference")
    for pk, reference in references.iterator(chunk_size=2000):
        if number := known.get(erasure.key_of(reference)):
            found.setdefault(number, []).append(pk)
    return [_once_more(keys, by=by) for _number, keys in sorted(found.items())]


@transaction.atomic
def _once_more(keys, *, by):
    rows = list(_locked(set(keys), needed=set()).values())
    return _erase(rows, reason=ErasedBecause.RESTORED, by=by)


@transaction.atomic
def _know_again():
    """Keep what the file knows and the database does not, since that is older."""
    numbers = set(Erasure.objects.values_list("number", flat=True))
    for said in erasure.read_outside():
        if said["number"] in numbers:
            continue
        numbers.add(said["number"])
        at = said["erased_at"]
        reason = said["reason"] if said["reason"] in ErasedBecause.values else ErasedBecause.ASKED
        made = Erasure.objects.create(
            number=said["number"],
            erased_at=at,
            reason=reason,
            actor_kind="command",
            actor_name="erase --again",
            written_outside_at=at,
            looked_through_at=at,
        )
        ErasedReference.objects.bulk_create(
            [ErasedReference(erasure=made, key=key) for key in sorted(set(said["keys"]))]
        )
