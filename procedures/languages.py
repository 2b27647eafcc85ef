"""Which pages lag behind the English one: what patients read in another language is older than what English says."""

from django.conf import settings
from django.db.models import OuterRef, Subquery

FIRST = settings.LANGUAGE_CODE


def out_of_date(pages):
    """Return those of `pages` (a QuerySet of one kind) that are older than the first language's live page.

    Each has `out_of_date_since`: when the first English version that was newer than theirs went before patients.
    """
    kind = pages.model.kind
    versions = pages.model._meta.get_field("versions").related_model.objects
    newer = versions.filter(
        **{"page__language": FIRST, f"page__{kind}": OuterRef(kind)},
        page__live_version__isnull=False,
        published_at__gt=OuterRef("live_version__published_at"),
    )
    since = newer.order_by("published_at").values("published_at")[:1]
    behind = pages.published().exclude(language=FIRST).annotate(out_of_date_since=Subquery(since))
    return behind.filter(out_of_date_since__isnull=False)
