"""How a page changes: drafts, review, sign-off and publication. One table of moves, and the functions that make them.

Each function runs in one transaction and writes the version, the page and the audit event together. All of them first
lock what the page is about, so that two people, or two languages, never publish past each other.
"""

from clinic.refusals import Refused, Stale, Unfit
from procedures.publishing.by_link import approve_by_link, ask_code, check_approve, comment_by_link, note_opened
from procedures.publishing.checks import (
    can_comment,
    can_confirm,
    can_move,
    can_open_draft,
    can_save,
    can_say_matches,
    can_settle,
    can_withdraw,
    check_change_facts,
    check_choose_successor,
    check_comment,
    check_confirm,
    check_move,
    check_open_draft,
    check_publish,
    check_rename,
    check_restore,
    check_save,
    check_say_matches,
    check_settle,
    check_withdraw,
)
from procedures.publishing.comments import answer_comment, comment, settle_comment
from procedures.publishing.confirming import confirm
from procedures.publishing.drafts import open_draft, save_section
from procedures.publishing.facts import change_fact
from procedures.publishing.going_live import choose_successor, publish, withdraw_page
from procedures.publishing.inviting import check_invite, invite_reviewer, revoke_invitation
from procedures.publishing.matching import say_matches
from procedures.publishing.renaming import former_holder, rename, whose_it_was
from procedures.publishing.restoring import restore, what_is_gone
from procedures.publishing.review import REVIEW_LASTS, ask_for_changes, send_for_review, sign_off
from procedures.publishing.schedule import (
    check_schedule,
    check_unschedule,
    publish_due,
    schedule,
    schedule_trouble,
    unschedule,
)
from procedures.publishing.table import EDIT, MOVES, PUBLISH, SIGN_OFF, state_arrows

__all__ = [
    "EDIT",
    "MOVES",
    "PUBLISH",
    "REVIEW_LASTS",
    "SIGN_OFF",
    "Refused",
    "Stale",
    "Unfit",
    "answer_comment",
    "approve_by_link",
    "ask_code",
    "ask_for_changes",
    "can_comment",
    "can_confirm",
    "can_move",
    "can_open_draft",
    "can_save",
    "can_say_matches",
    "can_settle",
    "can_withdraw",
    "change_fact",
    "check_approve",
    "check_change_facts",
    "check_choose_successor",
    "check_comment",
    "check_confirm",
    "check_invite",
    "check_move",
    "check_open_draft",
    "check_publish",
    "check_rename",
    "check_restore",
    "check_save",
    "check_say_matches",
    "check_schedule",
    "check_settle",
    "check_unschedule",
    "check_withdraw",
    "choose_successor",
    "comment",
    "comment_by_link",
    "confirm",
    "former_holder",
    "invite_reviewer",
    "note_opened",
    "open_draft",
    "publish",
    "publish_due",
    "rename",
    "restore",
    "revoke_invitation",
    "save_section",
    "say_matches",
    "schedule",
    "schedule_trouble",
    "send_for_review",
    "settle_comment",
    "sign_off",
    "state_arrows",
    "unschedule",
    "what_is_gone",
    "whose_it_was",
    "withdraw_page",
]
