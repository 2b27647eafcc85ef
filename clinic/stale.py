"""Compares, field by field, what somebody opened, what another saved meanwhile, and what the first wants to save.

Nothing is merged: a person looks at the rows (`templates/_components/stale.html`) and saves again knowingly.
"""

from dataclasses import dataclass
from enum import StrEnum


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
