"""Comments on the sections of a version: written, answered, settled. None is ever changed or lost."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.models import Event
from clinic.refusals import Unfit
from procedures.publishing.checks import check_comment, check_settle
from procedures.publishing.moving import locked
from procedures.sections import section_named

COMMENTED, ANSWERED, SETTLED = "version.commented", "version.comment_answered", "version.comment_settled"


@transaction.atomic
def comment(*, version, section, words, by, by_name=""):
    """Write a comment on a section (its key) of a version that is being worked on; return it.

    `by_name` names, with their role, somebody who has no account.
    """
    version = locked(version)
    check_comment(version, by=by)
    if section_named(version, section) is None:
        raise Unfit(_("Choose the section that it is about."), field="section")
    return _write(version, COMMENTED, by, section=section, words=words, by_name=by_name)


@transaction.atomic
def answer_comment(*, comment, words, by, by_name=""):
    """Answer a comment; it stays open until it is settled. Return the answer."""
    comment = _locked(comment)
    check_comment(comment.version, by=by)
    return _answer(comment, words, by, by_name)


@transaction.atomic
def settle_comment(*, comment, by, words=""):
    """Settle a comment, with a last answer if there are `words`; return it."""
    comment = _locked(comment)
    check_settle(comment, by=by)
    if words.strip():
        _answer(comment, words, by)
    comment.settled_at, comment.settled_by = timezone.now(), by.user
    comment.save(update_fields=["settled_at", "settled_by"])
    Event.record(SETTLED, by=by, about=comment.version, section=comment.section, comment=comment.pk)
    return comment


def _locked(comment):
    version = locked(comment.version)
    comment = type(comment).objects.get(pk=comment.pk)
    comment.version = version
    return comment


def _answer(comment, words, by, by_name=""):
    said = {"words": words, "by_name": by_name, "answers": comment}
    return _write(comment.version, ANSWERED, by, section=comment.section, **said)


def _write(version, event, by, *, words, by_name, **values):
    words = words.strip()
    if not words:
        raise Unfit(_("Write your comment."), field="words")
    made = version.comments.create(words=words, by=by.user, by_name=by_name or by.name, **values)
    Event.record(event, by=by, about=version, section=made.section, comment=made.pk)
    return made
