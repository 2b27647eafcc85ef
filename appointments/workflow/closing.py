"""Closing the form for a time, with words and an end, and opening it again early."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments.models import FormClosure
from audit.models import Event
from clinic.refusals import Refused, Unfit

CLOSE_FORM = "appointments.add_formclosure"
LONGEST = timedelta(days=92)


@transaction.atomic
def close_form(*, by, ends_at, words, starts_at=None):
    """Close the form until `ends_at` (aware), from `starts_at` or from now on, and return the FormClosure.

    `words` maps each language of the site to what patients read. `by` is a manager; others are Refused. Raises Unfit
    for an end that has passed or is not after the start, or is more than 92 days after it, and for missing words.
    """
    _check_right(by)
    check_closing(starts_at=starts_at, ends_at=ends_at, words=words)
    starts_at = starts_at or timezone.now()
    closing = FormClosure.objects.create(starts_at=starts_at, ends_at=ends_at, words=words, made_by=by.user)
    Event.record("form.closed", by=by, about=closing, starts=starts_at.isoformat(), ends=ends_at.isoformat())
    return closing


@transaction.atomic
def open_form(closing, *, by):
    """Take back a closing that has not ended, and return it. Raises Refused where it ended, or was taken back."""
    _check_right(by)
    closing = FormClosure.objects.select_for_update(of=("self",)).get(pk=closing.pk)
    if not closing.can_be_lifted:
        raise Refused(_("This closing has ended already."))
    closing.lifted_at = timezone.now()
    closing.save(update_fields=["lifted_at"])
    Event.record("form.opened", by=by, about=closing)
    return closing


def check_closing(*, starts_at, ends_at, words):
    """Raise Unfit unless the form can be closed so; `starts_at` None is now."""
    now = timezone.now()
    starts_at = starts_at or now
    if ends_at <= max(starts_at, now):
        raise Unfit(_("Choose an end that is still to come, and later than the beginning."), field="ends_at")
    if ends_at - starts_at > LONGEST:
        raise Unfit(_("Choose an end within 92 days. You can close the form again after it."), field="ends_at")
    if not all((words.get(code) or "").strip() for code, _name in settings.LANGUAGES):
        raise Unfit(_("Write what patients read in each language."), field="words")


def _check_right(by):
    if by.user is None or not by.user.has_perm(CLOSE_FORM):
        raise Refused(_("Your role does not allow this."))
