"""Which pages lag behind the leading language: what they were written against is no longer what readers of it read.

The leading language is the first of `settings.LANGUAGES`. A version of a page in another language remembers which
published version of the leading page it says the same as (`written_against`). It is out of date when the leading page
now says something else, in anything that a reader would notice; a new review or a new signature is nothing of the kind.
"""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from procedures.models import ConditionPage, ProcedurePage, State
from procedures.models.versions import UNPUBLISHED

PAGES = (ProcedurePage, ConditionPage)


def leading():
    """Return the code of the language that the others are written against."""
    return settings.LANGUAGES[0][0]


def leading_page(page):
    """Return the page of the same subject in the leading language, for a page in another one; else None (1 query)."""
    if page.language == leading():
        return None
    return page.subject.pages.filter(language=leading()).select_related("live_version").first()


def leading_live(page):
    """Return what patients read in the leading language of the same subject, for a page in another one; else None."""
    first = leading_page(page)
    return first and first.live_version


def out_of_date(pages):
    """Return those of `pages` (a QuerySet of one kind) that no longer say what the leading language's live page says.

    Each has `out_of_date_since`: when the first version that says something else went before patients. Where nobody
    ever said what a page was written against, it is what was live when it was published.
    """
    kind = pages.model.kind
    against = "live_version__written_against__"
    versions = pages.model._meta.get_field("versions").related_model.objects.filter(
        **{"page__language": leading(), f"page__{kind}": OuterRef(kind)},
        page__live_version__isnull=False,
        published_at__gt=Coalesce(OuterRef(f"{against}published_at"), OuterRef("live_version__published_at")),
    )
    newer = versions.filter(~Q(words_hash=Coalesce(OuterRef(f"{against}words_hash"), Value(""))))
    since = newer.order_by("published_at").values("published_at")[:1]
    behind = pages.published().exclude(language=leading())
    return behind.filter(Exists(newer.filter(state=State.PUBLISHED))).annotate(out_of_date_since=Subquery(since))


@dataclass(frozen=True)
class Missing:
    """A subject that patients can read in some language and not in this one; `page` may be there, and not live."""

    kind: str
    name: str
    name_language: str
    language: str
    page: object
    subject_id: int
    is_being_written: bool


def missing(user):
    """Return a Missing for each language that something on the site is not published in (2 queries)."""
    found = []
    for model in PAGES:
        being_written = model._meta.get_field("versions").related_model.objects.filter(
            page=OuterRef("pk"), state__in=UNPUBLISHED
        )
        pages = model.objects.visible_to(user).annotate(is_being_written=Exists(being_written))
        subjects = {}
        for page in pages:
            subjects.setdefault(getattr(page, f"{model.kind}_id"), {})[page.language] = page
        for subject, by_language in subjects.items():
            live = [by_language[code] for code in _codes() if code in by_language and by_language[code].is_published]
            for code in _codes() if live else ():
                page = by_language.get(code)
                if page is None or not page.is_published:
                    written = page is not None and page.is_being_written
                    found.append(
                        Missing(model.kind, live[0].plain_name, live[0].language, code, page, subject, written)
                    )
    return found


def _codes():
    return [code for code, _name in settings.LANGUAGES]
