"""One version under the lock of what its page is about, and one row of the table carried out with it."""

from django.utils.translation import gettext_lazy as _

from audit.models import Event
from clinic.refusals import Stale
from procedures.publishing.table import MOVES

NO_SCHEDULE = dict.fromkeys(("publish_at", "publish_at_by", "publish_group", "publish_refused_at", "publish_refusal"))


def lock(subjects):
    """Lock procedures and conditions for this transaction, always in the same order, so that nobody waits in a ring."""
    for subject in sorted(set(subjects), key=lambda subject: (subject._meta.label, subject.pk)):
        type(subject).objects.select_for_update(no_key=True).get(pk=subject.pk)


def fresh(version):
    """Return the version as the database has it now, with its page."""
    return type(version).objects.select_related("page__live_version").get(pk=version.pk)


def locked(version, seen_revision=None):
    """Return the version as it stands under the lock; raise Stale when it is no longer what was seen."""
    lock([version.page.subject])
    version = fresh(version)
    check_seen(version, seen_revision)
    return version


def check_seen(version, seen_revision):
    """Raise Stale when the version moved on since a person looked at it; None stands for nobody who did."""
    if seen_revision is not None and version.revision != seen_revision:
        raise Stale(_("Somebody changed this version while you had it open. Look at it again, then decide."))


def drop_schedule(version, *, by):
    """Take back the time at which a version, and all that goes together with it, would have been published."""
    if version.publish_at is None:
        return
    for each in type(version).objects.filter(publish_group=version.publish_group).order_by("pk"):
        Event.record(MOVES["unschedule"].event, by=by, about=each)
    clear_schedule(version)


def clear_schedule(version):
    """Forget the time of a version and of all that goes together with it."""
    type(version).objects.filter(publish_group=version.publish_group).update(**NO_SCHEDULE)
    for field, value in NO_SCHEDULE.items():
        setattr(version, field, value)


def move(version, name, *, by, **values):
    """Write one move of the table, with `values` for further fields, and record it; return the version.

    No time that was set before outlasts it.
    """
    row = MOVES[name]
    drop_schedule(version, by=by)
    before = version.state
    for field, value in values.items():
        setattr(version, field, value)
    version.state = row.leads_to
    version.revision += 1
    version.save(update_fields=["state", "revision", *values])
    Event.record(row.event, by=by, about=version, **{"from": before, "to": version.state, "revision": version.revision})
    return version
