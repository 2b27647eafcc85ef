"""The register of what an auditor may look for by a name that stands in no event, such as the reference of a request.

This room knows no other; each room adds how its things are found. What is found is ids, and nothing else is told.
"""

from collections.abc import Callable
from dataclasses import dataclass

_finders = {}


@dataclass(frozen=True)
class Finder:
    """How things of one kind are found.

    `kind` is the label of their model ("accounts.user"), `label` and `nothing` are words: of the box, and for when
    nothing is found. `find(typed)` returns primary keys.
    """

    kind: str
    label: str
    nothing: str
    find: Callable

    @property
    def field(self):
        """The name of its box on a form."""
        return f"find_{self.kind.replace('.', '_')}"


def register(finder):
    """Add a finder. Called from `AppConfig.ready()`."""
    _finders[finder.kind] = finder


def finders():
    """Return the finders in the order in which rooms added them."""
    return list(_finders.values())
