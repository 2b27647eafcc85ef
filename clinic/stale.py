"""Compares, field by field, what somebody opened, what another saved meanwhile, and what the first wants to save.

What was opened travels in the form: as a revision, and as a snapshot that is signed, so that nobody can make one up.
Nothing is merged: a person looks at the rows (`templates/_components/stale.html`) and saves again knowingly.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.core import signing

from clinic import forgeries

SALT = "clinic.stale"
# The revision of what nobody ever saw: rows begin with 1.
UNSEEN = 0


def read_revision(text):
    """Return the revision that a hidden field tells, UNSEEN for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else UNSEEN


def snapshot(values, *, of):
    """Return what somebody was shown (JSON values) of the thing named `of`, signed, for the browser to carry."""
    return signing.dumps({"of": of, "values": values}, salt=SALT, compress=True)


def read_snapshot(text, *, of):
    """Return the values of a snapshot that came back; None when it was altered, or is of another thing."""
    try:
        told = signing.loads(text, salt=SALT)
    except signing.BadSignature:
        told = {"of": None}
    if told["of"] == of:
        return told["values"]
    if text:
        forgeries.note(forgeries.HIDDEN, where="snapshot")
    return None


class ChangedBy(StrEnum):
    """Who changed a field since it was opened. `BOTH` also when they changed it to the same."""

    NOBODY = "none"
    THEM = "theirs"
    ME = "mine"
    BOTH = "both"


@dataclass(frozen=True)
class Row:
    """One field: its label, and its value when it was opened, as it was saved since, and as it is to be saved."""

    label: str
    original: object
    theirs: object
    mine: object

    @property
    def changed_by(self):
        """Who changed it, as a ChangedBy."""
        they, i = self.theirs != self.original, self.mine != self.original
        return {
            (False, False): ChangedBy.NOBODY,
            (True, False): ChangedBy.THEM,
            (False, True): ChangedBy.ME,
            (True, True): ChangedBy.BOTH,
        }[they, i]


def compare(labels, original, theirs, mine):
    """Return a Row for each name in `labels` ({name: label}), in its order.

    The three versions are dictionaries by the same names; a name that one lacks counts as an empty text there. Values
    are compared as they are, so give all three in one form: texts as typed, dates as dates.
    """
    return [
        Row(label, *(version.get(name, "") for version in (original, theirs, mine))) for name, label in labels.items()
    ]
