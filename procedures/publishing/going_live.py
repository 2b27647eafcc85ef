"""Going live, and off the site again: what patients read changes here and nowhere else."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.models import Event
from clinic.models import PageStamp
from clinic.refusals import Stale
from procedures import search_index, telling_staff
from procedures.documents import freeze, words_hash
from procedures.models import Leaflet, ProcedureVersion, State
from procedures.publishing.checks import check_choose_successor, check_publish, check_successor, check_withdraw
from procedures.publishing.matching import match_each_other
from procedures.publishing.moving import check_seen, drop_schedule, fresh, lock, move
from procedures.publishing.table import MOVES, SUCCESSOR_CHOSEN, SUPERSEDED


@transaction.atomic
def publish(*, versions, by, seen_revisions=None):
    """Put signed-off versions before patients, all of them or none, and return them.

    Each is frozen into its document, takes the place of the version that was live, and lends the page its names.
    `seen_revisions` are those that the person looked at, by the version's number in the database; raises Stale when
    one of them moved on since.
    """
    lock(version.page.subject for version in versions)
    versions = [fresh(version) for version in versions]
    for version in versions:
        check_seen(version, (seen_revisions or {}).get(version.pk))
    check_publish(versions, by=by)
    # One moment for all, since languages are compared by it.
    now = timezone.now()
    for version in versions:
        supersede(version.page.live_version, by=by, at=now)
        version.published_at = now
        version.document = freeze(version)
        move(
            version,
            "publish",
            by=by,
            published_at=version.published_at,
            document=version.document,
            words_hash=words_hash(version.document),
        )
        _point_page_at(version)
    match_each_other(versions)
    Leaflet.objects.promise([version for version in versions if isinstance(version, ProcedureVersion)])
    PageStamp.move()
    search_index.index_subjects({version.page.subject for version in versions})
    telling_staff.published(versions, by=by)
    return versions


@transaction.atomic
def withdraw_page(*, page, by, seen=None, successor=None, others=()):
    """Take a page off the site at once; its versions stay, and a draft can be started from the last one.

    `successor` is the published page, of the same language, that its readers are told to read instead. `others` are
    pages of the same subject in other languages, withdrawn with it; each leads to the successor in its own language,
    where there is one. `seen` is the primary key of the version that the person saw live; raises Stale when another is.
    """
    lock([page.subject, *([successor.subject] if successor is not None else [])])
    pages = [page, *others]
    for each in pages:
        each.refresh_from_db()
        check_withdraw(each, by=by)
    if seen is not None and seen != page.live_version_id:
        raise Stale(_("Another version of this page was published while you had it open. Look at it, then decide."))
    check_successor(page, successor, others=others)
    for each in pages:
        _take_off(each, _in_language(successor, each.language), by=by)
    PageStamp.move()
    search_index.index_subjects([page.subject])
    return page


@transaction.atomic
def choose_successor(*, page, successor, by):
    """Say where readers of a page that was withdrawn should go instead: a published page, or None; return the page."""
    lock([page.subject, *([successor.subject] if successor is not None else [])])
    page.refresh_from_db()
    check_choose_successor(page, by=by)
    check_successor(page, successor)
    if page.successor != successor:
        page.save(update_fields=page.lead_to(successor))
        Event.record(SUCCESSOR_CHOSEN, by=by, about=page, **_named(successor))
        PageStamp.move()
    return page


def _take_off(page, successor, *, by):
    live = page.live_version
    page.live_version = None
    page.save(update_fields=["live_version", *page.lead_to(successor)])
    type(live).objects.filter(pk=live.pk).update(state=State.SUPERSEDED, superseded_at=timezone.now())
    Event.record(MOVES["withdraw"].event, by=by, about=page, version=live.pk, **_named(successor))
    # What was to be published then would put the page back.
    if (waiting := page.open_version()) is not None:
        drop_schedule(waiting, by=by)
        if waiting.state == State.SIGNED_OFF:
            # Whoever was about to publish it looks again first: they do not know yet that the page is gone.
            waiting.revision += 1
            waiting.save(update_fields=["revision"])


def _in_language(successor, language):
    """Return the published page of the same subject as `successor` in a language, or None."""
    if successor is None or successor.language == language:
        return successor
    return successor.subject.pages.published().in_language(language).first()


def _named(successor):
    """Return what the audit trail says of a successor: its kind and its number."""
    return {} if successor is None else {"successor": successor.pk, "kind": successor.kind}


def supersede(version, *, by, at):
    """Let a version that was live, if there was one, give up its place at a moment (aware)."""
    if version is not None:
        type(version).objects.filter(pk=version.pk).update(state=State.SUPERSEDED, superseded_at=at)
        Event.record(SUPERSEDED, by=by, about=version)


def _point_page_at(version):
    page = version.page
    page.live_version = version
    copied = ["plain_name", "medical_name", "synonyms", "summary"]
    for field in copied:
        setattr(page, field, getattr(version, field))
    # It is back: nobody is led elsewhere any more.
    page.save(update_fields=["live_version", *copied, *page.lead_to(None)])
