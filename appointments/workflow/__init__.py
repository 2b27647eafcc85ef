"""Every way a request can change: one table of moves, and the functions that carry them out.

Each function runs in one transaction and writes the request, its audit event and the message to the patient together.
"""

from appointments.workflow.calling import (
    call_made,
    call_not_made,
    calls_about,
    email_arrives,
    email_came_back,
    to_be_called,
)
from appointments.workflow.closing import CLOSE_FORM, check_closing, close_form, open_form
from appointments.workflow.entering import check_asked_at, enter
from appointments.workflow.inputs import Level, check_until, level_of
from appointments.workflow.links import ask_for_link, revoke_link, send_link, send_links_asked_for
from appointments.workflow.moving import can_move, check_move, move, move_by_patient
from appointments.workflow.news import has_news, news_among, with_news
from appointments.workflow.own_words import back_to_ours, change_words
from appointments.workflow.promise import due_after_reply, due_from, reads_from, recompute_due
from appointments.workflow.sending import (
    Door,
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
from appointments.workflow.times import (
    LONGEST_MINUTES,
    MOST_TIMES,
    ProposedTime,
    Taken,
    UnfitTime,
    check_times,
    free_offers,
    span_in_words,
)
from appointments.workflow.undoing import (
    CHANGED_MEANWHILE,
    UNDO_FOR,
    check_undo,
    forget_last_moves,
    undo,
    undo_until,
)
from clinic.refusals import Refused, Stale, Unfit

__all__ = [
    "AS_BEFORE",
    "CHANGED_MEANWHILE",
    "CLOSE_FORM",
    "HELD_ALONE",
    "LONGEST_MINUTES",
    "MOST_TIMES",
    "MOVES",
    "NOBODY",
    "THE_ONE_WHO_MOVES",
    "UNDO_FOR",
    "Door",
    "Erased",
    "Level",
    "Outcome",
    "ProposedTime",
    "Refused",
    "Stale",
    "Submitted",
    "Taken",
    "Unfit",
    "UnfitTime",
    "answers_of",
    "ask_for_link",
    "back_to_ours",
    "call_made",
    "call_not_made",
    "calls_about",
    "can_move",
    "change_words",
    "check_asked_at",
    "check_closing",
    "check_move",
    "check_times",
    "check_undo",
    "check_until",
    "close_form",
    "due_after_reply",
    "due_from",
    "email_arrives",
    "email_came_back",
    "enter",
    "first_sent",
    "forget_erased_forms",
    "forget_last_moves",
    "free_offers",
    "has_news",
    "level_of",
    "move",
    "move_by_patient",
    "moves_of",
    "news_among",
    "open_form",
    "reads_from",
    "recompute_due",
    "revoke_link",
    "send_link",
    "send_links_asked_for",
    "span_in_words",
    "state_arrows",
    "submit",
    "to_be_called",
    "undo",
    "undo_until",
    "was_sent",
    "with_news",
]
