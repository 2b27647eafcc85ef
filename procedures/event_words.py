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
    "version.signed_off": _("Signed a version off"),
    "review_link.made": _("Sent a link to a reviewer"),
    "review_link.revoked": _("Revoked a reviewer’s link"),
    "review_link.opened": _("Opened a reviewer’s link"),
    "review_link.code_sent": _("Asked for a code to approve a version"),
    "review_link.code_wrong": _("Typed a wrong code"),
    "version.published": _("Published a version"),
    "version.superseded": _("A newer version took its place"),
    "page.withdrawn": _("Withdrew a page"),
    "feedback.received": _("Said what is missing on a page"),
    "feedback.done": _("Marked feedback as done"),
    "feedback.opened_again": _("Opened feedback again"),
    "feedback.forgotten": _("Deleted old feedback"),
}
