"""A page gets another address; the one that readers knew leads to it for ever."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from audit.models import Event
from clinic.models import PageStamp
from clinic.refusals import Unfit
from procedures.publishing.checks import check_rename
from procedures.publishing.moving import lock
from procedures.publishing.table import RENAMED


@transaction.atomic
def rename(*, page, slug, by, takes_over=False):
    """Give a page another address and return the page; the same address again is no change.

    Raises Unfit where the site or another page has that address, and where readers of another page knew it: their
    bookmarks and leaflets would lead here from then on, which somebody must want (`takes_over`).
    """
    lock([page.subject])
    page.refresh_from_db()
    check_rename(page, by=by)
    before, slug = page.slug, slug.lower()
    if slug == before:
        return page
    page.slug = slug
    if page.is_own_address():
        raise Unfit(_("The site uses this address itself. Choose another."), field="slug")
    if (holder := former_holder(page, slug)) is not None and not takes_over:
        raise Unfit(whose_it_was(holder), field="slug")
    try:
        with transaction.atomic():
            page.save(update_fields=["slug"])
    except IntegrityError as taken:
        raise Unfit(_("Another page has this address. Choose one of its own."), field="slug") from taken
    page.keep_address(before)
    Event.record(RENAMED, by=by, about=page, fields=["slug"], **({"taken_from": holder.pk} if holder else {}))
    PageStamp.move()
    return page


def former_holder(page, slug):
    """Return the other page that readers once knew by this address, and that it leads to now, or None."""
    former = page.former_addresses.model.objects.filter(language=page.language, slug__iexact=slug)
    found = former.exclude(page_id=page.pk).select_related("page").first()
    return found.page if found is not None else None


def whose_it_was(page):
    """Return the sentence that asks whether an address may be taken from a page that once had it."""
    return _(
        "Readers once knew “%(page)s” by this address, and their bookmarks and leaflets lead there now. Choose another "
        "address, or tick the box to take this one."
    ) % {"page": page}
