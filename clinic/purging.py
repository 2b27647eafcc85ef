"""The purge: removes what is past its time in the retention table, a batch a transaction, and records it.

It does by itself, each night, what a manager has seen it would do: a table that nobody has looked at a dry run of, or
that was changed since, removes nothing. Nor does anything go while the clock seems to have jumped: to a purge, a clock
that is a year ahead makes everything a year older.
"""

from dataclasses import dataclass
from datetime import UTC, timedelta
from itertools import pairwise

from django.db import IntegrityError, transaction
from django.db.models import Max, Min
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.actors import Actor
from audit.models import Event
from clinic import retention
from clinic.models import PurgeRun, RefusedBecause
from clinic.refusals import Refused

PURGE = Actor.command("purge")
BATCH = 100
# Before this hour of the clinic's own day nothing is begun.
NIGHT = 2
LOOKED_AT_WITHIN = timedelta(days=7)
# Servers whose clocks differ by less are as good as one.
CLOCKS_DIFFER = timedelta(minutes=5)
# A site that is on leaves a sign of it each night.
LONGEST_SILENCE = timedelta(days=3)
NOT_RUN_FOR = timedelta(days=3)


class ClockJumped(Refused):
    """Nothing is removed until somebody says that the clock is right."""


# What there is to do


def purged():
    """Return the Rules of the table that the purge obeys (1 query); chores of the sender's do the others."""
    return [rule for rule in retention.rules() if rule.holding.remove]


def table_of(rules):
    """Return some Rules as a PurgeRun keeps them."""
    return {rule.holding.code: [rule.span.number, str(rule.span.unit)] for rule in rules}


def released(rules):
    """Return the newest dry run of these Rules that a manager let the purge do, or None (1 query)."""
    dry_runs = PurgeRun.objects.exclude(released_at=None).order_by("-pk")
    return next((run for run in dry_runs if run.table == table_of(rules)), None)


def last_dry_run():
    """Return the newest PurgeRun that counted what would go, or None (1 query)."""
    return PurgeRun.objects.filter(is_dry=True, refused_because="").order_by("-pk").first()


# The clock


def clock_trouble(now):
    """Return the sentence that says how the clock jumped since the last turn of the purge; "" where it did not.

    Its signs are the last turn and all audit events since. A turn that was refused for its clock is none.
    """
    last = PurgeRun.objects.exclude(refused_because=RefusedBecause.CLOCK).order_by("-pk").first()
    events = Event.objects.filter(pk__gt=last.newest_event if last else 0).order_by()
    if last is None:
        signs = [events.aggregate(newest=Max("happened_at"))["newest"] or now, now]
    else:
        days = events.values(day=TruncDate("happened_at", tzinfo=UTC)).annotate(
            first=Min("happened_at"), last=Max("happened_at")
        )
        signs = [last.started_at, now, *(moment for day in days for moment in (day["first"], day["last"]))]
    signs.sort()
    if signs[-1] > now + CLOCKS_DIFFER:
        return _("The clock says %(now)s, but something was written down at %(sign)s already.") % _local(now, signs[-1])
    for before, after in pairwise(signs):
        if last and after - before > LONGEST_SILENCE:
            return _(
                "Between %(now)s and %(sign)s nothing at all was written down: either the site was off, or the clock "
                "jumped."
            ) % _local(before, after)
    return ""


def _local(now, sign):
    return {name: f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" for name, moment in (("now", now), ("sign", sign))}


def _begin(*, by, the_clock_is_right, **values):
    """Write down a turn of the purge and return it; one that is refused, too, which then raises ClockJumped."""
    now = values["started_at"]
    trouble = clock_trouble(now)
    if trouble and not the_clock_is_right:
        refused = {"finished_at": now, "refused_because": RefusedBecause.CLOCK, "to_do": [], "counts": {}}
        PurgeRun.objects.create(**values | refused)
        raise ClockJumped(_("%(trouble)s Nothing was removed.") % {"trouble": trouble})
    with transaction.atomic():
        if trouble:
            Event.record("retention.clock_confirmed", by=by)
        newest = Event.objects.aggregate(newest=Max("pk"))["newest"] or 0
        return PurgeRun.objects.create(**values, newest_event=newest)


# Dry runs, and letting the purge do what they say


def dry_run(*, by, the_clock_is_right=False, night=None):
    """Count what the purge would remove now and return that PurgeRun, the one row that is written.

    Raises ClockJumped.
    """
    now, rules = timezone.now(), purged()
    counts = {rule.holding.code: rule.holding.count(rule.span.before(now)) for rule in rules}
    facts = {"started_at": now, "finished_at": now, "is_dry": True, "table": table_of(rules), "counts": counts}
    return _begin(by=by, the_clock_is_right=the_clock_is_right, night=night, **facts)


@transaction.atomic
def release(run, *, by):
    """Let the purge do, from now on, what a dry run says. Raises Refused with the reason; twice is once."""
    if by.user is None or not by.user.has_perm(retention.CHANGE):
        raise Refused(_("Your role does not allow this."))
    run = PurgeRun.objects.select_for_update().get(pk=run.pk)
    if run.released_at:
        return run
    if not run.is_dry or run.refused_because:
        raise Refused(_("This one counted nothing. Count again what would go."))
    if run.table != table_of(purged()):
        raise Refused(_("The times were changed since this was counted. Count again what would go."))
    now = timezone.now()
    if not now - LOOKED_AT_WITHIN < run.started_at <= now + CLOCKS_DIFFER:
        raise Refused(_("This was counted too long ago. Count again what would go."))
    run.released_at = now
    run.save(update_fields=["released_at"])
    Event.record("retention.released", by=by, about=run, counts=run.counts)
    return run


# Removing


@dataclass(frozen=True)
class Step:
    """What one batch did: the code of the Holding, how many rows went, and whether the turn goes on."""

    code: str = ""
    number: int = 0
    goes_on: bool = True


def begin(*, by, the_clock_is_right=False, night=None):
    """Begin a turn and return its PurgeRun, with nothing removed yet.

    Raises ClockJumped, and Refused where no manager has looked at what this table removes.
    """
    now, rules = timezone.now(), purged()
    if not released(rules):
        raise Refused(
            _(
                "Nothing was removed: nobody has looked yet at what would go by the times as they are now. A manager "
                "looks at it at the clinic desk, under “How long things are kept”, and lets the purge do it."
            )
        )
    facts = {"started_at": now, "table": table_of(rules), "to_do": [rule.holding.code for rule in rules]}
    return _begin(by=by, the_clock_is_right=the_clock_is_right, night=night, **facts)


@transaction.atomic
def step(run, *, at_most=BATCH):
    """Remove one batch of a turn, with its audit event, and return a Step; the last one does not go on.

    Its row is locked meanwhile: a second process that takes the same turn finds nothing to do, and what was killed in
    between is taken up where it was. A turn ends early when the table is changed.
    """
    run = PurgeRun.objects.select_for_update(skip_locked=True).filter(pk=run.pk, finished_at=None).first()
    if run is None:
        return Step(goes_on=False)
    by_code = {rule.holding.code: rule for rule in purged()}
    if run.table != table_of(by_code.values()):
        run.refused_because, run.to_do = RefusedBecause.TABLE_CHANGED, []
    done = Step(goes_on=False)
    while run.to_do and not done.number:
        done = _remove(run, by_code[run.to_do[0]], at_most)
        if not done.number:
            run.to_do = run.to_do[1:]
    if not run.to_do:
        run.finished_at, done = timezone.now(), Step(goes_on=False)
    run.save()
    return done


def _remove(run, rule, at_most):
    """Remove one batch of one kind, count it, and record it; return the Step."""
    code = rule.holding.code
    gone = rule.holding.remove(rule.span.before(run.started_at), at_most)
    if gone.number:
        run.counts[code] = run.counts.get(code, 0) + gone.number
        keys = {"keys": sorted(gone.keys)} if gone.keys else {}
        Event.record("retention.removed", by=PURGE, about=run, kind=code, number=gone.number, **keys)
    return Step(code, gone.number)


# By itself


def do_at_night():
    """Do a batch of tonight's turn, or count what would go where nobody let it go yet; return how much went. A chore.

    One batch a turn of the sender's, so that messages do not wait for it.
    """
    local = timezone.localtime()
    if local.hour < NIGHT:
        return 0
    run = PurgeRun.objects.filter(night=local.date()).first() or _begin_tonight(local.date())
    return 0 if run is None or run.finished_at else step(run).number


def _begin_tonight(night):
    """Return tonight's turn; None where the clock jumped, or where another sender was quicker: a night has one."""
    begin_it = begin if released(purged()) else dry_run
    try:
        return begin_it(by=PURGE, night=night)
    except (ClockJumped, IntegrityError):
        return None


def trouble():
    """The part "purge" of the status page: a sentence when it was refused, waits or did not run, else None."""
    now, last = timezone.now(), PurgeRun.objects.order_by("-pk").first()
    if last is None:
        return None
    if last.refused_because == RefusedBecause.CLOCK:
        return "The purge removed nothing, since the clock seems to have jumped. Run manage.py purge --dry-run."
    if not now - NOT_RUN_FOR < last.started_at:
        return "The purge has not run for 3 days."
    if (since := waits_for_a_look_since()) and since < now - NOT_RUN_FOR:
        return "For 3 days nobody has looked at what the purge would remove: nothing is removed."
    return None


def waits_for_a_look_since():
    """Return since when (aware) something would go that no manager has looked at, or None (3 queries)."""
    rules = purged()
    if released(rules):
        return None
    seen = PurgeRun.objects.exclude(released_at=None).aggregate(last=Max("pk"))["last"] or 0
    waiting = PurgeRun.objects.filter(is_dry=True, pk__gt=seen, refused_because="").order_by("pk")
    return next((run.started_at for run in waiting if run.total), None)
