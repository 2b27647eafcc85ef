"""One move on many requests: the same move, with the same rules, on each by itself."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from appointments.workflow.moving import move
from clinic.encryption import Unreadable
from clinic.refusals import Refused

MOST_AT_ONCE = 100


@dataclass(frozen=True)
class Moved:
    """What came of it: the requests that were moved, and the others, each with the reason."""

    done: list
    not_done: list


def move_many(seen, name, *, by, **typed):
    """Make a move of the table on each of these requests for a member of staff, and return Moved.

    `seen` holds pairs of a request and the revision of it that the person looked at, 100 at most; `typed` is as `move`
    takes it. Each has a transaction, an event and a message of its own: one that is refused stops none of the others.
    The same press twice is one move of each. Raises Refused, before anything is done, for more.
    """
    if len(seen) > MOST_AT_ONCE:
        raise Refused(_("Choose 100 requests at most."))
    moved = Moved([], [])
    for request, revision in seen:
        try:
            moved.done.append(move(request, name, by=by, seen_revision=revision, **typed))
        except Refused as refused:
            moved.not_done.append((request, refused.reason))
        except Unreadable:
            moved.not_done.append((request, _("This request cannot be read with this site’s keys.")))
    return moved
