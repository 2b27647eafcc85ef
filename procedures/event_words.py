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
    "version.restored": _("Started a draft from an old version"),
    "page.withdrawn": _("Withdrew a page"),
    "version.scheduled": _("Set a time to publish a version"),
    "version.unscheduled": _("Took back the time to publish a version"),
    "version.schedule_refused": _("Could not publish a version at its time"),
    "reviews.reminded": _("Reminded staff of reviews"),
    "page.successor_chosen": _("Chose what to read instead of a withdrawn page"),
    "page.renamed": _("Gave a page another address"),
    "feedback.received": _("Said what is missing on a page"),
    "feedback.done": _("Marked feedback as done"),
    "feedback.opened_again": _("Opened feedback again"),
    "feedback.forgotten": _("Deleted old feedback"),
}
