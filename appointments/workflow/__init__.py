"""Every way a request can change: one table of moves, and the functions that carry them out.

Each function runs in one transaction and writes the request, its audit event and the message to the patient together.
"""

from appointments.workflow.closing import CLOSE_FORM, check_closing, close_form, open_form
from appointments.workflow.moving import can_move, check_move, move, move_by_patient
from appointments.workflow.promise import due_from, reads_from, recompute_due
from appointments.workflow.sending import (
    Erased,
    Outcome,
    Submitted,
    answers_of,
    first_sent,
    forget_erased_forms,
    submit,
    was_sent,
)
from appointments.workflow.table import (
    AS_BEFORE,
    HELD_ALONE,
    MOVES,
    NOBODY,
    THE_ONE_WHO_MOVES,
    moves_of,
    state_arrows,
)
from appointments.workflow.times import ProposedTime, Taken, free_offers
from clinic.refusals import Refused, Stale, Unfit

__all__ = [
    "AS_BEFORE",
    "CLOSE_FORM",
    "HELD_ALONE",
    "MOVES",
    "NOBODY",
    "THE_ONE_WHO_MOVES",
    "Erased",
    "Outcome",
    "ProposedTime",
    "Refused",
    "Stale",
    "Submitted",
    "Taken",
    "Unfit",
    "answers_of",
    "can_move",
    "check_closing",
    "check_move",
    "close_form",
    "due_from",
    "first_sent",
    "forget_erased_forms",
    "free_offers",
    "move",
    "move_by_patient",
    "moves_of",
    "open_form",
    "reads_from",
    "recompute_due",
    "state_arrows",
    "submit",
    "was_sent",
]
