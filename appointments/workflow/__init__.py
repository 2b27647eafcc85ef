"""Every way a request can change: one table of moves, and the functions that carry them out.

Each function runs in one transaction and writes the request, its audit event and the message to the patient together.
"""

from appointments.workflow.attempts import last_contact, log_call, may_leave_message, take_back_call, with_contact
from appointments.workflow.calling import (
    call_not_made,
    calls_about,
    email_arrives,
    email_came_back,
    to_be_called,
)
from appointments.workflow.closing import CLOSE_FORM, check_closing, close_form, open_form
from appointments.workflow.entering import check_asked_at, enter
from appointments.workflow.erasing import ERASE, StillOpen, check_may_erase, erase, erase_again, was_erased
from appointments.workflow.freed import put_away
from appointments.workflow.inputs import Level, check_until, level_of
from appointments.workflow.links import ask_for_link, revoke_link, send_link, send_links_asked_for
from appointments.workflow.many import MOST_AT_ONCE, Moved, move_many
from appointments.workflow.merging import (
    CHOSEN,
    MINE,
    OTHER,
    check_merge,
    check_unmerge,
    merge,
    not_duplicate,
    replaced,
    unmerge,
)
from appointments.workflow.moving import can_move, check_move, move, move_by_patient
from appointments.workflow.news import news_among, with_news
from appointments.workflow.next_one import NextOne, claim_next
from appointments.workflow.notes import take_back_note, write_note
from appointments.workflow.own_words import back_to_ours, change_words
from appointments.workflow.promise import due_after_reply, due_from, reads_from, recompute_due
from appointments.workflow.saved_replies import keep_reply
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
from appointments.workflow.telling import need_not_tell, tell_of_change
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
    "CHOSEN",
    "CLOSE_FORM",
    "ERASE",
    "HELD_ALONE",
    "LONGEST_MINUTES",
    "MINE",
    "MOST_AT_ONCE",
    "MOST_TIMES",
    "MOVES",
    "NOBODY",
    "OTHER",
    "THE_ONE_WHO_MOVES",
    "UNDO_FOR",
    "Door",
    "Erased",
    "Level",
    "Moved",
    "NextOne",
    "Outcome",
    "ProposedTime",
    "Refused",
    "Stale",
    "StillOpen",
    "Submitted",
    "Taken",
    "Unfit",
    "UnfitTime",
    "answers_of",
    "ask_for_link",
    "back_to_ours",
    "call_not_made",
    "calls_about",
    "can_move",
    "change_words",
    "check_asked_at",
    "check_closing",
    "check_may_erase",
    "check_merge",
    "check_move",
    "check_times",
    "check_undo",
    "check_unmerge",
    "check_until",
    "claim_next",
    "close_form",
    "due_after_reply",
    "due_from",
    "email_arrives",
    "email_came_back",
    "enter",
    "erase",
    "erase_again",
    "first_sent",
    "forget_erased_forms",
    "forget_last_moves",
    "free_offers",
    "keep_reply",
    "last_contact",
    "level_of",
    "log_call",
    "may_leave_message",
    "merge",
    "move",
    "move_by_patient",
    "move_many",
    "moves_of",
    "need_not_tell",
    "news_among",
    "not_duplicate",
    "open_form",
    "put_away",
    "reads_from",
    "recompute_due",
    "replaced",
    "revoke_link",
    "send_link",
    "send_links_asked_for",
    "span_in_words",
    "state_arrows",
    "submit",
    "take_back_call",
    "take_back_note",
    "tell_of_change",
    "to_be_called",
    "undo",
    "undo_until",
    "unmerge",
    "was_erased",
    "was_sent",
    "with_contact",
    "with_news",
    "write_note",
]
