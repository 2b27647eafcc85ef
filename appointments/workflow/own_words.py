"""The clinic's own words for messages: kept once they are fit, and given up again for ours."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from appointments.models import MessageWording
from appointments.wording import fit_words, our_words
from audit.models import Event
from clinic.refusals import Refused

PERMISSION = "appointments.change_messagewording"


@transaction.atomic
def change_words(purpose, language, *, subject, text, by):
    """Keep a manager's words for one message in one language; return the row, None where they are ours again.

    Raises Unfit for what must be mended, Refused when the role does not allow it.
    """
    _check_may(by)
    subject, text = fit_words(purpose, language, subject=subject, text=text)
    if (subject, text) == our_words(purpose, language):
        _give_up(purpose, language, by=by)
        return None
    # Of two who write the first words at once, one makes the row and the other changes it.
    MessageWording.objects.get_or_create(purpose=purpose, language=language, defaults={"revision": 0})
    row = _row(purpose, language)
    changed = [name for name, value in (("subject", subject), ("text", text)) if getattr(row, name) != value]
    if changed:
        row.subject, row.text, row.revision = subject, text, row.revision + 1
        row.changed_at, row.changed_by = timezone.now(), by.user
        row.save()
        Event.record("message_words.changed", by=by, about=row, fields=changed, purpose=purpose, language=language)
    return row


@transaction.atomic
def back_to_ours(purpose, language, *, by):
    """Let a message say our words again. Raises Refused when the role does not allow it."""
    _check_may(by)
    _give_up(purpose, language, by=by)


def _give_up(purpose, language, *, by):
    if row := _row(purpose, language):
        Event.record("message_words.given_up", by=by, about=row, purpose=purpose, language=language)
        row.delete()


def _row(purpose, language):
    return MessageWording.objects.select_for_update().filter(purpose=purpose, language=language).first()


def _check_may(by):
    if by.user is None or not by.user.has_perm(PERMISSION):
        raise Refused(_("Your role does not allow this."))
