"""Entering: staff write down what a patient asked for by telephone, in person or on paper, with the same rules."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from appointments.models import Kind, Source
from appointments.workflow.places import check_may_triage
from appointments.workflow.sending import Door, submit
from clinic.refusals import Unfit

# A slip of the year is caught; a sheet of paper that lay for a while is not.
LONGEST_AGO = timedelta(days=92)


def enter(answers, *, token, by, language, source, asked_at, tells_patient=True, kind=Kind.REAL):
    """Store a request that a member of staff wrote down, with its event, and return Submitted.

    `answers` and `token` are as `submit` takes them: the same form pressed again is one request. `asked_at` (aware) is
    when the patient asked, `source` by which door. The first message is written only where `tells_patient` says so and
    there is an e-mail address: who just spoke with us is not called back to hear it. `kind` is real or practice.
    Nothing entered by staff is held as spam. Raises Refused, Unfit with its field, and what `submit` does.
    """
    check_may_triage(by=by)
    if source not in set(Source.values) - {Source.WEB}:
        raise Unfit(_("Choose how the patient asked."), field="source")
    check_asked_at(asked_at)
    door = Door(
        source=source,
        kind=kind,
        asked_at=asked_at,
        has_page=False,
        tells_patient=tells_patient and bool(answers.get("email")),
        event="request.entered",
    )
    # Whoever typed a patient's answers as practice goes back and saves them once more: that is no second press.
    token = token if kind == Kind.REAL else f"{token}.{kind}"
    return submit(answers, token=token, by=by, language=language, door=door)


def check_asked_at(asked_at):
    """Raise Unfit for a moment (aware) that is still to come, or so long ago that the date must be a slip."""
    now = timezone.now()
    if asked_at > now:
        raise Unfit(_("Enter a day and a time that are not in the future."), field="asked_at")
    if asked_at < now - LONGEST_AGO:
        raise Unfit(_("Enter a day within the last 92 days."), field="asked_at")
