"""Going live, and off the site again: what patients read changes here and nowhere else."""

from django.db import transaction
from django.utils import timezone

from audit.models import Event
from clinic.models import PageStamp
from procedures import search_index
from procedures.documents import freeze, words_hash
from procedures.models import Leaflet, ProcedureVersion, State
from procedures.publishing.checks import check_publish, check_withdraw
from procedures.publishing.matching import match_each_other
from procedures.publishing.moving import check_seen, fresh, lock, move
from procedures.publishing.table import MOVES, SUPERSEDED


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
    for version in versions:
        supersede(version.page.live_version, by=by)
        version.published_at = timezone.now()
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
    return versions


@transaction.atomic
def withdraw_page(*, page, by):
    """Take a page off the site at once; its versions stay, and a draft can be started from the last one."""
    lock([page.subject])
    page.refresh_from_db()
    check_withdraw(page, by=by)
    live = page.live_version
    page.live_version = None
    page.save(update_fields=["live_version"])
    type(live).objects.filter(pk=live.pk).update(state=State.SUPERSEDED)
    Event.record(MOVES["withdraw"].event, by=by, about=page, version=live.pk)
    PageStamp.move()
    search_index.index_subjects([page.subject])
    return page


def supersede(version, *, by):
    """Let a version that was live, if there was one, give up its place."""
    if version is not None:
        type(version).objects.filter(pk=version.pk).update(state=State.SUPERSEDED)
        Event.record(SUPERSEDED, by=by, about=version)


def _point_page_at(version):
    page = version.page
    page.live_version = version
    copied = ["plain_name", "medical_name", "synonyms", "summary"]
    for field in copied:
        setattr(page, field, getattr(version, field))
    page.save(update_fields=["live_version", *copied])
