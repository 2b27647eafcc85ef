"""Saved replies: kept once their words are fit, by those who may."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from appointments.models import SavedReply
from appointments.replies import fit_reply
from audit.models import Event
from clinic.refusals import Refused, Unfit

FIELDS = ("name", "used_for", "language", "text")


@transaction.atomic
def keep_reply(key, *, by, **words):
    """Keep a saved reply: a new one (`key` None), or the one with this key; return its row.

    `words` holds FIELDS. Raises Unfit for what must be mended, Refused when the role does not allow it.
    """
    if by.user is None or not by.user.has_perm(f"appointments.{'add' if key is None else 'change'}_savedreply"):
        raise Refused(_("Your role does not allow this."))
    words["text"] = fit_reply(words["text"])
    row = SavedReply(revision=0) if key is None else SavedReply.objects.select_for_update().filter(pk=key).first()
    if row is None:
        raise Refused(_("Somebody deleted this saved reply meanwhile. Save it as a new one."))
    changed = [name for name in FIELDS if getattr(row, name) != words[name]]
    if key is None or changed:
        for name in FIELDS:
            setattr(row, name, words[name])
        row.revision, row.changed_at, row.changed_by = row.revision + 1, timezone.now(), by.user
        _save(row)
        Event.record(f"saved_reply.{'added' if key is None else 'changed'}", by=by, about=row, fields=changed)
    return row


def _save(row):
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        reason = _("There is a saved reply with this name, for this and in this language. Choose another name.")
        raise Unfit(reason, field="name") from error
