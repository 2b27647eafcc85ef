"""What happens to what readers say about a page: it is taken without a name, worked off by editors, and deleted.

Each function writes the row and its audit event in one transaction. No event holds a word of it.
"""

from datetime import timedelta
from hashlib import sha256

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.actors import COMMAND, STAFF, Actor
from audit.models import Event
from clinic.models import ClinicProfile
from clinic.refusals import Refused
from procedures.models import Feedback

KEPT_FOR = timedelta(days=90)
# More about one page in a day is no reader; what an honest one wrote by then stays on their screen.
MOST_A_DAY = 40
CLOSE = "procedures.close_feedback"


@transaction.atomic
def leave(*, page, is_helpful, words, token, by):
    """Store what a reader said about a page that they have read, and return it. The same form sent twice is one row.

    The page may have been withdrawn while they wrote.

    `words` may be empty, `token` was drawn when the form was opened. A page that helped, without a word more, leaves
    nothing to do. Raises Refused once a page has had as much as a day brings at most.
    """
    sent_hash = sha256(f"{token} {is_helpful} {words}".encode()).hexdigest()
    if known := Feedback.objects.filter(sent_hash=sent_hash).first():
        return known
    now = timezone.now()
    if Feedback.objects.about(page).filter(made_at__gt=now - timedelta(days=1)).count() >= MOST_A_DAY:
        raise Refused(_full() % {"telephone": ClinicProfile.current().telephone})
    said = {
        "page": page,
        "version": page.last_read().number,
        "language": page.language,
        "is_helpful": is_helpful,
        "words": words,
        "made_at": now,
        "done_at": None if words or not is_helpful else now,
    }
    feedback, is_new = Feedback.objects.get_or_create(sent_hash=sent_hash, defaults=said)
    if is_new:
        about = {page._meta.model_name: page.pk, "version": feedback.version}
        Event.record("feedback.received", by=by, about=feedback, **about)
    return feedback


def _full():
    return gettext(
        "We have had more answers about this page today than we can read, so we did not keep yours. "
        "Call us at %(telephone)s, or send it tomorrow."
    )


def mark_done(*, feedback, by):
    """Mark that nothing more is to be done. Raises Refused, also when a colleague was quicker."""
    waits, nothing_left = Feedback.objects.open(), _("This was marked as done already.")
    _mark(waits, feedback, "feedback.done", by=by, refusal=nothing_left, done_at=timezone.now(), done_by=by.user)


def open_again(*, feedback, by):
    """Take a mark back, so that it waits for an editor once more. Raises Refused, also when a colleague was quicker."""
    done, is_open = Feedback.objects.done(), _("This was opened again already.")
    _mark(done, feedback, "feedback.opened_again", by=by, refusal=is_open, done_at=None, done_by=None)


@transaction.atomic
def _mark(among, feedback, event, *, by, refusal, **values):
    if by.kind != COMMAND and not (by.kind == STAFF and by.user.has_perm(CLOSE)):
        raise Refused(_("Your role does not allow this."))
    if not among.filter(pk=feedback.pk).update(**values):
        raise Refused(refusal)
    Event.record(event, by=by, about=feedback)


@transaction.atomic
def forget_old():
    """Delete what was said more than 90 days ago, done or not; return how much. The event says how much, not what."""
    gone, _models = Feedback.objects.filter(made_at__lt=timezone.now() - KEPT_FOR).delete()
    if gone:
        Event.record("feedback.forgotten", by=Actor.command("forget feedback"), count=gone)
    return gone
