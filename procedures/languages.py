"""Which pages lag behind the English one: what patients read in another language is older than what English says."""

from django.conf import settings
from django.db.models import F, Min, OuterRef, Subquery

FIRST = settings.LANGUAGE_CODE


def out_of_date(model):
    """Return the published pages of a kind that are older than the first language's, each with `out_of_date_since`.

    That is when the first English version that was newer than theirs went before patients.
    """
    first = model.objects.published().in_language(FIRST).filter(**{model.kind: OuterRef(model.kind)})
    versions = model._meta.get_field("versions").related_model.objects.filter(
        **{"page__language": FIRST, f"page__{model.kind}": OuterRef(model.kind)},
        published_at__gt=OuterRef("live_version__published_at"),
    )
    since = versions.order_by().values("page").annotate(since=Min("published_at")).values("since")
    pages = model.objects.published().exclude(language=FIRST)
    pages = pages.annotate(first_published_at=Subquery(first.values("live_version__published_at")[:1]))
    pages = pages.filter(first_published_at__gt=F("live_version__published_at"))
    return pages.annotate(out_of_date_since=Subquery(since[:1]))
