"""Review: a draft goes to the reviewers, comes back with words, or is signed off."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.actors import STAFF
from clinic.refusals import Refused, Unfit
from procedures import telling_staff
from procedures.publishing.checks import check_move
from procedures.publishing.moving import locked, move
from procedures.publishing.signature import NO_SIGNATURE, clinical_hash

REVIEW_LASTS = timedelta(days=365)


@transaction.atomic
def send_for_review(*, version, by, seen_revision=None):
    """Hand a draft to the reviewers; nobody can change it while they look. Refused while it has findings."""
    version = locked(version, seen_revision)
    check_move(version, "send_for_review", by=by)
    telling_staff.sent_for_review(version, by=by)
    return move(version, "send_for_review", by=by, sent_for_review_at=timezone.now())


@transaction.atomic
def ask_for_changes(*, version, words, by, seen_revision=None):
    """Give a version back to its editors as a draft, with the words that say what to change; a signature is void.

    Open comments go with it, and may stand for the words.
    """
    version = locked(version, seen_revision)
    check_move(version, "ask_for_changes", by=by)
    words = words.strip()
    if not words and not version.comments.open().exists():
        raise Unfit(_("Say what should change."), field="words")
    telling_staff.changes_asked(version, by=by)
    return move(version, "ask_for_changes", by=by, changes_wanted=words, **NO_SIGNATURE)


@transaction.atomic
def sign_off(*, version, by, seen_revision=None, reviewed_on=None, next_review_due=None, reviewer=None):
    """Approve a version as it stands, under the name and registration of the signer's clinician.

    The signer is never an author of the version, superusers included. `reviewed_on` is today unless given,
    `next_review_due` a year later. Only a command may name another `reviewer`, whom a content file says approved it.
    """
    version = locked(version, seen_revision)
    check_move(version, "sign_off", by=by)
    telling_staff.signed_off(version, by=by)
    return move(
        version,
        "sign_off",
        by=by,
        **signature(version, by=by, reviewed_on=reviewed_on, next_review_due=next_review_due, reviewer=reviewer),
    )


def signature(version, *, by, reviewed_on=None, next_review_due=None, reviewer=None):
    """Return the fields that a signature fills in; raise Refused or Unfit when it cannot be given so."""
    reviewed_on = reviewed_on or timezone.localdate()
    next_review_due = next_review_due or reviewed_on + REVIEW_LASTS
    if next_review_due <= reviewed_on:
        raise Unfit(_("Choose a day after the day of the review."), field="next_review_due")
    if by.kind == STAFF:
        reviewer = by.user.clinician
    if reviewer is None:
        raise Refused(_("Say which clinician approved it."))
    if version.authors.filter(clinician=reviewer).exists():
        raise Refused(_("%(name)s wrote part of this version, so someone else must approve it.") % {"name": reviewer})
    return {
        "signed_off_at": timezone.now(),
        "signed_off_by": by.user,
        "reviewed_by": reviewer,
        "reviewed_on": reviewed_on,
        "next_review_due": next_review_due,
        "signed_hash": clinical_hash(version),
    }
