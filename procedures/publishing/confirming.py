"""A page that was reviewed and needs no change: its words go on, with a new signature under them."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.models import Event
from clinic.models import PageStamp
from clinic.refusals import Stale
from procedures import search_index
from procedures.documents import review_in_words
from procedures.models import Leaflet, ProcedureVersion, State
from procedures.publishing.checks import check_confirm
from procedures.publishing.going_live import supersede
from procedures.publishing.moving import lock
from procedures.publishing.review import signature
from procedures.publishing.table import MOVES
from procedures.sections import sections_of


@transaction.atomic
def confirm(*, page, by, next_review_due=None, seen=None, reviewed_on=None, reviewer=None):
    """Say that a live page was reviewed and needs no change; return the new version that says the same.

    It takes the place of the live one at once, with its rows, and with its very document but for number and review:
    no word is rendered again. A draft that lies open stays. `seen` is the primary key of the version that the person
    read; raises Stale when another is live. Whoever wrote part of the page cannot. Only a command may name a `reviewer`
    and another day than today.
    """
    lock([page.subject])
    page.refresh_from_db()
    check_confirm(page, by=by)
    live = page.live_version
    if seen is not None and seen != live.pk:
        raise Stale(_("Another version of this page was published while you had it open. Read it, then decide."))
    signed = signature(live, by=by, reviewed_on=reviewed_on, next_review_due=next_review_due, reviewer=reviewer)
    now = timezone.now()
    supersede(live, by=by, at=now)
    version = _same_again(page, live, signed | {"published_at": now})
    page.live_version = version
    page.save(update_fields=["live_version"])
    Event.record(MOVES["confirm"].event, by=by, about=version, number=version.number, confirmed=live.pk)
    if isinstance(version, ProcedureVersion):
        Leaflet.objects.promise([version])
    PageStamp.move()
    search_index.index_subjects([page.subject])
    return version


def _same_again(page, live, signed):
    version = type(live)(
        page=page,
        number=page.next_number(),
        started_from=live,
        state=State.PUBLISHED,
        imported_hash=live.imported_hash,
        words_hash=live.words_hash,
        written_against=live.written_against,
        **signed,
    )
    version.document = live.document | {"number": version.number, "review": review_in_words(version)}
    version.save()
    for section in sections_of(version):
        section.copy(live, version)
    version.authors.set(live.authors.all())
    return version
