"""Who read what: the open requests whose patients read a warning, or a rule, that has changed on the page since.

A patient knows the version that they read when they asked, or the newest of the same page that staff told them of (or
said that they need not be told of). That one is compared with what is live in the same language.
"""

from dataclasses import dataclass

from django.db.models import BigIntegerField, Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import translation
from django.utils.translation import gettext

from appointments.models import OPEN, AppointmentRequest, ToldOfChange
from procedures.models import ProcedureVersion, State
from procedures.safety import changes_of_safety, documents_of


@dataclass(frozen=True)
class Group:
    """What changed for everybody who knows one version, and how many they are; `page` is its name, in `language`."""

    known: int
    live: int
    number: int
    page: str
    language: str
    changes: list


def with_an_old_page(requests):
    """Keep open requests whose patients know another version than the one that is live: `known` and `live`."""
    told = ToldOfChange.objects.filter(request=OuterRef("pk"), version__page=OuterRef("page_version__page"))
    newest = told.order_by("-version__published_at", "-version__number").values("version")[:1]
    # The old versions first: few requests know one of them, while many are open.
    old = ProcedureVersion.objects.filter(state=State.SUPERSEDED, page__live_version__isnull=False)
    rows = requests.filter(status__in=OPEN, held_because="", page_version__in=old).annotate(
        known=Coalesce(Subquery(newest), F("page_version"), output_field=BigIntegerField()),
        live=F("page_version__page__live_version"),
    )
    return rows.exclude(known=F("live"))


def groups(requests):
    """Return a Group for each version from which the live one differs in what it warns of (2 queries)."""
    counted = with_an_old_page(requests).order_by().values("known", "live").annotate(number=Count("pk"))
    counted = list(counted.order_by("live", "known"))
    documents = documents_of({row[name] for row in counted for name in ("known", "live")}) if counted else {}
    found = []
    for row in counted:
        new = documents[row["live"]]
        if changes := changes_of_safety(documents[row["known"]], new):
            found.append(Group(**row, page=new["names"]["plain"], language=new["language"], changes=changes))
    return found


def number_to_tell(requests):
    """Return of how many requests somebody must say whether the patient is to be told (2 queries)."""
    return sum(group.number for group in groups(requests))


@dataclass(frozen=True)
class Told:
    """What one patient was told of: when, and what changed on which page, in its `language`."""

    row: ToldOfChange
    language: str
    changes: list

    @property
    def url(self):
        """The address of the page; "" where it is not on the site any more."""
        page = self.row.version.page
        with translation.override(self.language):
            return page.get_absolute_url() if page.is_published else ""


def told_of(request):
    """Return what the patient of a request was told of, the newest first: of those joined with it too (2 queries)."""
    those = AppointmentRequest.of_every_kind.filter(Q(pk=request.pk) | Q(merged_into=request.pk)).order_by()
    rows = ToldOfChange.objects.filter(request__in=those.values("pk"), not_told_because="")
    rows = rows.select_related("version__page")
    rows = list(rows.defer("version__document").order_by("-pk"))
    documents = documents_of({pk for row in rows for pk in (row.known_id, row.version_id)}) if rows else {}
    return [
        Told(
            row,
            documents[row.version_id]["language"],
            changes_of_safety(documents[row.known_id], documents[row.version_id]),
        )
        for row in rows
    ]


def last_told_in_words(request):
    """Return what the patient was told of last, to be said in a call; "" for nothing."""
    last = next(iter(told_of(request)), None)
    return in_words(last.changes, request.language) if last else ""


def in_words(changes, language):
    """Return changes as they are said to a patient who speaks this language; each stays in the words of its page."""
    lines = []
    with translation.override(language):
        for change in changes:
            if change.old:
                lines.append(gettext("You read: “%(words)s”") % {"words": change.old})
            now = gettext("Now we say: “%(words)s”") % {"words": change.new}
            lines.append(now if change.new else gettext("We no longer say this."))
    return "\n".join(lines)
