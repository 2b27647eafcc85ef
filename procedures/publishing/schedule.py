"""Publishing at a time that was set before: by the sender, on behalf of whoever set it, once, and never in silence.

A refusal is kept on the versions and not tried again: a person decides anew. What cannot be done for another reason
(the database is away) stays due, and is tried at the sender's next turn.
"""

import logging
import uuid
from datetime import timedelta

from django.conf import settings
from django.db import Error, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.actors import STAFF, Actor
from audit.models import Event
from clinic.refusals import Refused, Unfit
from procedures import telling_staff
from procedures.models import ConditionVersion, ProcedureVersion
from procedures.publishing.checks import check_move, check_publish
from procedures.publishing.going_live import publish
from procedures.publishing.moving import check_seen, clear_schedule, drop_schedule, fresh, lock, move
from procedures.publishing.table import PUBLISH

logger = logging.getLogger(__name__)

PUBLISH_DUE = "publish_due"
# A sign-off lasts no longer.
FARTHEST = timedelta(days=365)
KINDS = (ProcedureVersion, ConditionVersion)


def check_schedule(versions, *, by):
    """Raise Refused with the reason when `by` may not set a time for these versions together now.

    What could not be published at once is not put off: the reason would come when nobody is there to read it.
    """
    for version in versions:
        check_move(version, "schedule", by=by)
    if by.kind != STAFF:
        raise Refused(_("Only a member of staff sets a time, and answers for it."))
    check_publish(versions, by=by)


def check_unschedule(version, *, by):
    """Raise Refused with the reason when `by` may not take back the time of this version now."""
    check_move(version, "unschedule", by=by)
    if version.publish_at is None:
        raise Refused(_("No time is set."))


@transaction.atomic
def schedule(*, versions, at, by, seen_revisions=None):
    """Let signed-off versions be published at a time (aware), all of them or none, and return them.

    A time that was set before no longer counts, nor does it for what was to go together with one of them.
    """
    versions = _locked(versions, seen_revisions)
    check_schedule(versions, by=by)
    now = timezone.now()
    if at <= now:
        raise Unfit(_("Choose a time that is yet to come."), field="day")
    if at > now + FARTHEST:
        raise Unfit(_("Choose a time within the next 365 days."), field="day")
    values = {"publish_at": at, "publish_at_by": by.user, "publish_group": uuid.uuid4()}
    for version in versions:
        drop_schedule(fresh(version), by=by)
    return [move(fresh(version), "schedule", by=by, **values) for version in versions]


@transaction.atomic
def unschedule(*, version, by, seen_revision=None):
    """Take back the time of a version, and of all that was to be published with it; return the version."""
    [version] = _locked([version], {version.pk: seen_revision})
    check_unschedule(version, by=by)
    drop_schedule(version, by=by)
    version.revision += 1
    version.save(update_fields=["revision"])
    return version


def _locked(versions, seen_revisions):
    lock(version.page.subject for version in versions)
    versions = [fresh(version) for version in versions]
    for version in versions:
        check_seen(version, (seen_revisions or {}).get(version.pk))
    return versions


# At the time


def publish_due():
    """Publish what is due; return how many versions went live. A chore of the sender, and a command.

    One that cannot be published never holds up the others.
    """
    return sum(_try(model, group) for model in KINDS for group in _due_groups(model))


def _due(model):
    return model.objects.filter(publish_at__lte=timezone.now(), publish_refused_at=None)


def _due_groups(model):
    return list(dict.fromkeys(_due(model).order_by("publish_at", "pk").values_list("publish_group", flat=True)))


def _try(model, group):
    try:
        return _publish_group(model, group)
    except Error:
        raise
    except Exception as error:
        logger.error("What was due could not be published (%s); it will be tried again.", type(error).__name__)
        return 0


@transaction.atomic
def _publish_group(model, group):
    """Publish what goes together, unless another sender, or a person, was quicker."""
    subject = f"page__{model._meta.get_field('page').related_model.kind}"
    lock(version.page.subject for version in model.objects.filter(publish_group=group).select_related(subject))
    versions = list(_due(model).filter(publish_group=group).select_related("page", "publish_at_by").order_by("pk"))
    if not versions:
        return 0
    by = Actor.command(PUBLISH_DUE, on_behalf_of=versions[0].publish_at_by)
    try:
        _check_due(versions)
        # In a savepoint, so that what is refused half-way leaves nothing but its reason.
        with transaction.atomic():
            clear_schedule(versions[0])
            return len(publish(versions=versions, by=by))
    except Refused as refused:
        _keep_refusal(versions, refused, by=by)
        return 0


def _check_due(versions):
    """Raise Refused when whoever set the time may no longer publish, or could not publish these now."""
    setter = versions[0].publish_at_by
    if not User.objects.who_may(PUBLISH).filter(pk=setter.pk).exists():
        raise Refused(_("Whoever set the time may no longer publish pages."))
    check_publish(versions, by=setter.as_actor())


def _keep_refusal(versions, refused, *, by):
    """Write why on each version, in every language in which staff may read it, and tell who can mend it."""
    words = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            words[code] = str(_reason_of(versions) or refused.reason)
    pks = [version.pk for version in versions]
    refusal = {"publish_refused_at": timezone.now(), "publish_refusal": words}
    type(versions[0]).objects.filter(pk__in=pks).update(**refusal)
    for version in versions:
        Event.record("version.schedule_refused", by=by, about=version)
    telling_staff.schedule_refused(versions)


def _reason_of(versions):
    # A sentence with names in it is put together in the language of its moment.
    try:
        _check_due(versions)
    except Refused as refused:
        return refused.reason
    return None


def schedule_trouble():
    """The part "schedules" of the status page: a sentence when a publication was missed, else None."""
    missed = sum(model.objects.missed().count() for model in KINDS)
    return (
        f"{missed} versions of pages were not published at their time. The editorial desk says why." if missed else None
    )
