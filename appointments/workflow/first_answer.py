"""The first answer: when the clinic first told a patient what it says, and how much working time that took.

It is written with the move, as the hours stood then: later closures and other opening hours change no figure of the
past. Claims and the receipt are no answer.
"""

from appointments.workflow.table import MOVES
from clinic.hours import working_minutes
from clinic.models import reception_hours

# The messages by which staff answer: who cannot be written to is answered once a call says the same.
ANSWERS = frozenset(row.message for row in MOVES.values() if row.is_answer)
# Here the patient is on the telephone already.
ON_THE_TELEPHONE = ("agree",)


def is_told_now(request, name):
    """Say whether a move by this name tells the patient something at once, and not only once somebody has called."""
    return MOVES[name].is_answer and (request.can_be_written_to or name in ON_THE_TELEPHONE)


def note_first_answer(request, now):
    """Write on the request, unsaved, that it was answered `now` (aware), unless it was before; say whether it was not.

    A request that nobody answered yet has neither the moment nor the minutes.
    """
    if request.first_answered_at is not None:
        return False
    request.first_answered_at = now
    request.first_answer_minutes = working_minutes(reception_hours(), request.created_at, now)
    return True
