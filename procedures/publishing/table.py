"""The table of moves: what staff can do with a version of a page, from which states, and what it leads to."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from procedures.models import State


@dataclass(frozen=True)
class Move:
    """One row of the table: what staff press, from which states, to which, by whom, and what the audit trail says."""

    label: Promise
    allowed_from: tuple
    leads_to: str
    permissions: tuple
    event: str


EDIT, SIGN_OFF, PUBLISH = "procedures.edit_version", "procedures.sign_off_version", "procedures.publish_version"

MOVES = {
    "save_section": Move(
        label=_("Save"),
        allowed_from=(State.DRAFT,),
        leads_to=State.DRAFT,
        permissions=(EDIT,),
        event="version.saved",
    ),
    "save_signed": Move(
        label=_("Save what is not clinical"),
        allowed_from=(State.SIGNED_OFF,),
        leads_to=State.SIGNED_OFF,
        permissions=(EDIT,),
        event="version.saved",
    ),
    "void_signature": Move(
        label=_("Save a clinical change"),
        allowed_from=(State.SIGNED_OFF,),
        leads_to=State.DRAFT,
        permissions=(EDIT,),
        event="version.signature_voided",
    ),
    "send_for_review": Move(
        label=_("Send for review"),
        allowed_from=(State.DRAFT,),
        leads_to=State.IN_REVIEW,
        permissions=(EDIT,),
        event="version.sent_for_review",
    ),
    "ask_for_changes": Move(
        label=_("Ask for changes"),
        allowed_from=(State.IN_REVIEW, State.SIGNED_OFF),
        leads_to=State.DRAFT,
        permissions=(EDIT, SIGN_OFF, PUBLISH),
        event="version.changes_asked",
    ),
    "sign_off": Move(
        label=_("Sign off"),
        allowed_from=(State.IN_REVIEW,),
        leads_to=State.SIGNED_OFF,
        permissions=(SIGN_OFF,),
        event="version.signed_off",
    ),
    "publish": Move(
        label=_("Publish"),
        allowed_from=(State.SIGNED_OFF,),
        leads_to=State.PUBLISHED,
        permissions=(PUBLISH,),
        event="version.published",
    ),
    "confirm": Move(
        label=_("Reviewed, no change needed"),
        allowed_from=(State.PUBLISHED,),
        leads_to=State.PUBLISHED,
        permissions=(SIGN_OFF,),
        event="version.confirmed",
    ),
    "withdraw": Move(
        label=_("Withdraw the page"),
        allowed_from=(State.PUBLISHED,),
        leads_to=State.SUPERSEDED,
        permissions=(PUBLISH,),
        event="page.withdrawn",
    ),
    "schedule": Move(
        label=_("Set a time to publish"),
        allowed_from=(State.SIGNED_OFF,),
        leads_to=State.SIGNED_OFF,
        permissions=(PUBLISH,),
        event="version.scheduled",
    ),
    "unschedule": Move(
        label=_("Take the time back"),
        allowed_from=(State.SIGNED_OFF,),
        leads_to=State.SIGNED_OFF,
        permissions=(PUBLISH,),
        event="version.unscheduled",
    ),
}
STARTED, SUPERSEDED, RESTORED = "version.started", "version.superseded", "version.restored"
RENAMED, SUCCESSOR_CHOSEN = "page.renamed", "page.successor_chosen"


def state_arrows():
    """Return the arrows of the state diagram: (from, to, label), None standing for "not there yet"."""
    moves = [(start, move.leads_to, move.label) for move in MOVES.values() for start in move.allowed_from]
    return [
        (None, State.DRAFT, _("Start a draft")),
        *moves,
        (State.PUBLISHED, State.SUPERSEDED, _("A newer version is published")),
    ]
