"""What an auditor reads of the events of this room."""

from django.utils.translation import gettext_lazy as _

WORDS = {
    "version.started": _("Started a draft"),
    "version.saved": _("Saved a draft"),
    "version.sent_for_review": _("Sent a draft for review"),
    "version.changes_asked": _("Asked for changes"),
    "version.signature_voided": _("Made a signature void by a clinical change"),
    "version.confirmed": _("Reviewed a page that needs no change"),
    "version.commented": _("Commented on a section"),
    "version.comment_answered": _("Answered a comment"),
    "version.comment_settled": _("Settled a comment"),
    "version.matches": _("Said that it says the same as the page in the leading language"),
    "version.fact_changed": _("Wrote another figure into a draft, from the fact ledger"),
    "version.signed_off": _("Signed a version off"),
    "version.published": _("Published a version"),
    "version.superseded": _("A newer version took its place"),
    "page.withdrawn": _("Withdrew a page"),
    "feedback.received": _("Said what is missing on a page"),
    "feedback.done": _("Marked feedback as done"),
    "feedback.opened_again": _("Opened feedback again"),
    "feedback.forgotten": _("Deleted old feedback"),
}
