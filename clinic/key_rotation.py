"""Re-encrypts what is stored with the newest key, and computes keyed indexes anew, while the site goes on.

Rows are taken in batches by primary key. What is computed from a row is written in a short transaction that locks the
row, and only where the row is still as it was read: a value written meanwhile is never replaced by an older one. What
is under the newest key, in the newest form, is left alone, so that a run which was killed is run again, and two at
once do no harm. Look-ups try every key meanwhile (`encryption.index_candidates`).

Some keyed values are left to die with their key: counts for limits (two days), what tells a form sent twice (`answers_
index`; the answers in the form are sealed with the same key, and go stale in a day), and missed searches of which only
the index is kept (90 days).
"""

from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import TextField, Value
from django.db.models.functions import Cast

from audit.models import Event
from clinic.encryption import EncryptedTextField, KeyedIndexField, Unreadable, index_of, key_names
from clinic.models import KeyInUse
from clinic.personal_data import our_models

BATCH = 200
# So often a row is read again that was written between its being read and its being locked.
TRIES = 5

_others = []


class SealedRow:
    """One row as it is stored: its primary key, and how to write what is due. `due` maps columns to what they become.

    `unreadable` names the encrypted fields that no key opens.
    """

    def __init__(self, pk):
        self.pk, self.due, self.unreadable = pk, {}, []


class Rows:
    """What is rotated together: rows of one model, and what is due of each. Rooms register what no field tells."""

    label = ""

    def stored(self):
        """Return the queryset of all rows as dictionaries, raw, each with `pk`."""
        raise NotImplementedError

    def look(self, batch):
        """Return a SealedRow for each dictionary of a batch."""
        raise NotImplementedError

    def write(self, row):
        """Write what is due of a SealedRow, whose row is locked."""
        raise NotImplementedError


def register(rows):
    """Add Rows that hold keyed values beside fields. Called from `AppConfig.ready()`."""
    _others[:] = [other for other in _others if other.label != rows.label] + [rows]


def sealed(name):
    """Return an expression for an encrypted column as it is stored."""
    return Cast(name, TextField())


class FieldsOf(Rows):
    """The encrypted fields of one model, and the keyed indexes over them."""

    def __init__(self, model):
        fields = model._meta.concrete_fields
        self.model, self.label = model, model._meta.label
        self.sealed = [each for each in fields if isinstance(each, EncryptedTextField)]
        self.indexes = [each for each in fields if isinstance(each, KeyedIndexField)]

    def stored(self):
        shut = {f"sealed_{each.name}": sealed(each.name) for each in self.sealed}
        indexes = [each.name for each in self.indexes]
        return self.model._base_manager.order_by("pk").annotate(**shut).values("pk", *shut, *indexes)

    def look(self, batch):
        return [self._look(stored) for stored in batch]

    def _look(self, stored):
        row, opened = SealedRow(stored["pk"]), {}
        for each in self.sealed:
            text = stored[f"sealed_{each.name}"]
            try:
                opened[each.name], is_newest = each.look_into(text)
            except Unreadable:
                row.unreadable.append(each.name)
                continue
            if not is_newest:
                row.due[each.name] = Value(each.shut(opened[each.name]), output_field=TextField())
        for each in self.indexes:
            if each.source in opened:
                source = self.model._meta.get_field(each.source)
                value = source.open(opened[each.source]) if opened[each.source] else ""
                wanted = index_of(each.normalise(value), each.source)
                if wanted != stored[each.name]:
                    row.due[each.name] = wanted
        return row

    def write(self, row):
        self.model._base_manager.filter(pk=row.pk).update(**row.due)


def every_rows():
    """Return all Rows: those of each model with encrypted fields, then what rooms registered."""
    models = [FieldsOf(model) for model in our_models()]
    return [rows for rows in models if rows.sealed] + _others


@dataclass
class Outcome:
    """What came of a rotation: rows looked at, rows written, and rows still due; (label, pk, field) that none opens."""

    looked_at: int = 0
    written: int = 0
    left: int = 0
    unreadable: list = field(default_factory=list)
    no_longer_needed: list = field(default_factory=list)


def rotate(*, by, progress=lambda label, done, total: None):
    """Bring all that is stored under the newest key for the Actor `by`, then look whether all is; return an Outcome.

    `progress` is called after each batch. Old keys under which nothing is left are no longer asked for at the start.
    """
    outcome = Outcome()
    for rows in every_rows():
        total = rows.stored().count()
        done = 0
        for batch in _batches(rows):
            outcome.written += rewrite(rows, batch)
            done += len(batch)
            progress(rows.label, done, total)
        outcome.looked_at += done
    for rows in every_rows():
        for batch in _batches(rows):
            for row in rows.look(batch):
                outcome.left += bool(row.due)
                outcome.unreadable += [(rows.label, row.pk, name) for name in row.unreadable]
    _finish(outcome, by=by)
    return outcome


def _batches(rows):
    last = None
    while batch := list((rows.stored() if last is None else rows.stored().filter(pk__gt=last))[:BATCH]):
        yield batch
        last = batch[-1]["pk"]


def rewrite(rows, batch):
    """Write what is due of a batch; return how many rows that was. What changes meanwhile is looked at again."""
    written = 0
    for _try in range(TRIES):
        due = {row.pk: row for row in rows.look(batch) if row.due}
        if not due:
            break
        was = {stored["pk"]: stored for stored in batch}
        with transaction.atomic():
            now = list(rows.stored().select_for_update(no_key=True).filter(pk__in=due))
            same = [stored["pk"] for stored in now if stored == was[stored["pk"]]]
            for pk in same:
                rows.write(due[pk])
        written += len(same)
        batch = [stored for stored in now if stored["pk"] not in same]
    return written


@transaction.atomic
def _finish(outcome, *, by):
    newest, *old = key_names()
    if not outcome.left:
        outcome.no_longer_needed = old
        KeyInUse.objects.filter(name__in=old).delete()
    KeyInUse.objects.get_or_create(name=newest)
    Event.record(
        "keys.rotated",
        by=by,
        newest=newest,
        written=outcome.written,
        left=outcome.left,
        unreadable=len({each[:2] for each in outcome.unreadable}),
        no_longer_needed=outcome.no_longer_needed,
    )


@transaction.atomic
def give_up(name, *, by):
    """Let the site start without a lost key: what it encrypted stays as it is, and cannot be read.

    Returns False where no such key is asked for, or FIELD_KEYS has it.
    """
    if name in key_names():
        return False
    gone, _each = KeyInUse.objects.filter(name=name).delete()
    if gone:
        # Without any, the next start would look whether the newest rows can be read.
        KeyInUse.objects.get_or_create(name=key_names()[0])
        Event.record("keys.given_up", by=by, key=name)
    return bool(gone)
