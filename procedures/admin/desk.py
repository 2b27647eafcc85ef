"""The editorial desk: what waits for whom, and where every page stands, of both kinds in one list.

Each list asks once a kind, however many pages there are, and reads no more rows than it shows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Min, Window
from django.http import Http404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from procedures import feedback, publishing
from procedures.admin.languages import pair_url
from procedures.admin.overview import TONES
from procedures.admin.pages import admin_url
from procedures.languages import out_of_date
from procedures.models import (
    ConditionPage,
    ConditionVersion,
    Feedback,
    MissedSearch,
    ProcedurePage,
    ProcedureVersion,
    State,
)

VIEW = "procedures.view_procedureversion"
DELETE_SEARCHES = "procedures.delete_missedsearch"
SHOWN, A_PAGE, LAST_PAGE = 20, 50, 1000
SOON = timedelta(days=30)
VERSIONS, PAGES = (ProcedureVersion, ConditionVersion), (ProcedurePage, ConditionPage)
# All that a line says of a version: documents and texts are long, and versions are many.
READ = (
    *("number", "state", "plain_name", "created_at", "sent_for_review_at", "signed_off_at", "next_review_due"),
    *("publish_at", "publish_refused_at", "publish_refusal", "page__language", "page__slug"),
)


@dataclass(frozen=True)
class Line:
    """One line of a list: what it is about, where it leads, what is to be known of it, and by what it is ordered."""

    title: str
    url: str
    about: str
    words: str
    order: date | datetime
    language: str = ""
    tag: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Shown:
    """A list as the desk shows it."""

    key: str
    title: str
    empty: str
    lines: list
    total: int
    all_url: str


@dataclass(frozen=True)
class List:
    """A list of the desk. `read(user, number)` returns its first lines and how many there are; `permission` opens it.

    `own_url` leads to all of them where another screen shows them.
    """

    title: Promise
    empty: Promise
    read: Callable
    permission: str = VIEW
    is_mine: bool = False
    own_url: Callable | None = None


# Reading


def _of_versions(rows, order, words, authors=False):
    """Return the `read` of a list of versions: `rows(versions, user)` filters, `order` is a field, oldest first."""

    def read(user, number):
        lines, total = [], 0
        for model in VERSIONS:
            found = rows(model.objects.visible_to(user), user).select_related("page").only(*READ)
            found = found.annotate(total=Window(Count("pk"))).order_by(order, "pk")
            found = list((found.prefetch_related("authors") if authors else found)[:number])
            lines += [_version_line(version, getattr(version, order), words(version)) for version in found]
            total += found[0].total if found else 0
        return sorted(lines, key=lambda line: line.order)[:number], total

    return read


def _version_line(version, order, words):
    return Line(
        title=version.plain_name or version.page.slug,
        url=admin_url(version, "change"),
        about=gettext("%(kind)s, %(language)s, version %(number)d")
        % {
            "kind": _kind_of(version.page),
            "language": version.page.get_language_display(),
            "number": version.number,
        },
        words=words,
        order=order,
        language=version.page.language,
        tag=_tag(version),
        tone="urgent" if version.missed_its_time else TONES[version.state],
    )


def _tag(version):
    if version.missed_its_time:
        return gettext("not published")
    # That patients read it goes without saying in the lists where it stands.
    return "" if version.state == State.PUBLISHED else version.get_state_display()


def _out_of_date(user, number):
    lines, total = [], 0
    for model in PAGES:
        found = out_of_date(model.objects.visible_to(user)).annotate(total=Window(Count("pk")))
        found = list(found.order_by("out_of_date_since", "pk")[:number])
        lines += [_page_line(page) for page in found]
        total += found[0].total if found else 0
    return sorted(lines, key=lambda line: line.order)[:number], total


def _page_line(page):
    return Line(
        title=page.plain_name or page.slug,
        url=pair_url(page),
        about=f"{_kind_of(page)}, {page.get_language_display()}",
        words=gettext("Out of date since %(day)s.") % {"day": _day(page.out_of_date_since)},
        order=page.out_of_date_since,
        language=page.language,
    )


def _questions(user, number):
    about = [f"{model.kind}_page{field}" for model in PAGES for field in ("", "__plain_name", "__language")]
    groups = Feedback.objects.visible_to(user).open().order_by().values(*about)
    groups = list(groups.annotate(number=Count("pk"), oldest=Min("made_at")).order_by("oldest"))
    url = f"{reverse('admin:procedures_feedback_changelist')}?state=open"
    return [_question_line(group, url) for group in groups[:number]], len(groups)


def _question_line(group, url):
    model = next(model for model in PAGES if group[f"{model.kind}_page"])
    page = model(language=group[f"{model.kind}_page__language"], plain_name=group[f"{model.kind}_page__plain_name"])
    return Line(
        title=page.plain_name,
        url=url,
        about=f"{_kind_of(page)}, {page.get_language_display()}",
        words=gettext("%(number)d open, the oldest of %(day)s")
        % {"number": group["number"], "day": _day(group["oldest"])},
        order=group["oldest"],
        language=page.language,
    )


def _searches(user, number):
    found = MissedSearch.objects.visible_to(user).worth_reading().annotate(total=Window(Count("pk")))
    found = list(found[:number])
    url = reverse("admin:procedures_missedsearch_changelist")
    lines = [
        Line(
            title=search.words,
            url=url,
            about=search.get_language_display(),
            words=gettext("looked for on %(number)d days, last on %(day)s")
            % {"number": search.days, "day": date_format(search.last_day)},
            order=search.last_day,
            language=search.language,
        )
        for search in found
    ]
    return lines, found[0].total if found else 0


def _kind_of(page):
    return gettext("procedure") if page.kind == "procedure" else gettext("condition")


def _day(moment):
    return date_format(timezone.localtime(moment), "DATE_FORMAT")


def _moment(moment):
    return date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")


# What a line says


def _whose(version):
    names = ", ".join(map(str, version.authors.all())) or gettext("nobody yet")
    return gettext("by %(names)s, since %(day)s") % {"names": names, "day": _day(version.created_at)}


def _in_review(version):
    names = ", ".join(map(str, version.authors.all())) or gettext("nobody yet")
    return gettext("by %(names)s, in review since %(day)s") % {
        "names": names,
        "day": _day(version.sent_for_review_at),
    }


def _signed(version):
    if version.publish_at is None:
        return gettext("signed off on %(day)s, no time set") % {"day": _day(version.signed_off_at)}
    if version.missed_its_time:
        return _why_missed(version)
    return gettext("to be published %(moment)s") % {"moment": _moment(version.publish_at)}


def _why_missed(version):
    why = str(version.publish_refusal or "") or gettext("The sender was not running then, or could not do it.")
    words = gettext("Not published on %(moment)s: %(why)s Set another time, publish it now, or ask for changes.")
    return words % {"moment": _moment(version.publish_at), "why": why}


def _due(version):
    return gettext("due on %(day)s") % {"day": date_format(version.next_review_due)}


def _overdue(version):
    return gettext("overdue since %(date)s") % {"date": date_format(version.next_review_due)}


def _live(versions):
    return versions.published()


LISTS = {
    "changes": List(
        _("Drafts of yours with changes asked for"),
        _("Nobody asks you for changes."),
        _of_versions(
            lambda versions, user: versions.filter(state=State.DRAFT, authors=user).exclude(changes_wanted=""),
            "created_at",
            _whose,
            authors=True,
        ),
        permission=publishing.EDIT,
        is_mine=True,
    ),
    "to_review": List(
        _("For you to review"),
        _("Nothing waits for your review."),
        _of_versions(
            lambda versions, user: versions.filter(state=State.IN_REVIEW).exclude(authors=user),
            "sent_for_review_at",
            _in_review,
            authors=True,
        ),
        permission=publishing.SIGN_OFF,
        is_mine=True,
    ),
    "missed": List(
        _("Not published at their time"),
        _("Everything was published at its time."),
        _of_versions(lambda versions, user: versions.missed(), "publish_at", _why_missed),
        permission=publishing.PUBLISH,
        is_mine=True,
    ),
    "to_publish": List(
        _("For you to publish"),
        _("Nothing waits to be published."),
        _of_versions(
            lambda versions, user: versions.filter(state=State.SIGNED_OFF, publish_at=None), "signed_off_at", _signed
        ),
        permission=publishing.PUBLISH,
        is_mine=True,
    ),
    "drafts": List(
        _("Drafts"),
        _("Nobody is writing a draft."),
        _of_versions(lambda versions, user: versions.filter(state=State.DRAFT), "created_at", _whose, authors=True),
    ),
    "in_review": List(
        _("In review"),
        _("Nothing is in review."),
        _of_versions(
            lambda versions, user: versions.filter(state=State.IN_REVIEW),
            "sent_for_review_at",
            _in_review,
            authors=True,
        ),
    ),
    "signed_off": List(
        _("Signed off"),
        _("Nothing is signed off and not published."),
        _of_versions(lambda versions, user: versions.filter(state=State.SIGNED_OFF), "signed_off_at", _signed),
    ),
    "overdue": List(
        _("Past their review date"),
        _("No page is past its review date."),
        _of_versions(
            lambda versions, user: _live(versions).filter(next_review_due__lt=timezone.localdate()),
            "next_review_due",
            _overdue,
        ),
    ),
    "due": List(
        _("Due for review within 30 days"),
        _("No review is due within 30 days."),
        _of_versions(
            lambda versions, user: _live(versions).filter(
                next_review_due__range=(timezone.localdate(), timezone.localdate() + SOON)
            ),
            "next_review_due",
            _due,
        ),
    ),
    "out_of_date": List(
        _("Languages that lag behind"),
        _("Every page says what its leading language says."),
        _out_of_date,
        own_url=lambda: reverse("admin:languages"),
    ),
    "questions": List(
        _("What readers say is missing"),
        _("No answer of a reader waits."),
        _questions,
        permission=feedback.CLOSE,
        own_url=lambda: f"{reverse('admin:procedures_feedback_changelist')}?state=open",
    ),
    "searches": List(
        _("Searches without an answer"),
        _("Every search that came often found a page."),
        _searches,
        permission=DELETE_SEARCHES,
        own_url=lambda: reverse("admin:procedures_missedsearch_changelist"),
    ),
}


# The screen


@require_safe
def editorial_desk(request, *, site):
    """Show the desk, or all of one list, 50 a page."""
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    key = request.GET.get("list", "")
    if key:
        context = _one_list(request, key)
    else:
        shown = [(each, _shown(name, each, request.user)) for name, each in LISTS.items() if _opens(each, request.user)]
        context = {
            "mine": [found for each, found in shown if each.is_mine],
            "lists": [found for each, found in shown if not each.is_mine],
        }
    context = {**site.each_context(request), "title": gettext("Editorial desk"), **context}
    request.current_app = site.name
    return TemplateResponse(request, "admin/procedures/desk.html", context)


def _opens(each, user):
    return user.has_perm(each.permission)


def _shown(key, each, user):
    lines, total = each.read(user, SHOWN)
    all_url = each.own_url() if each.own_url else _address(key)
    return Shown(key, each.title, each.empty, lines, total, all_url)


def _one_list(request, key):
    each = LISTS.get(key)
    if each is None or each.own_url or not _opens(each, request.user):
        raise Http404
    typed = request.GET.get("page", "")
    number = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 5 else 1
    number = min(max(number, 1), LAST_PAGE)
    lines, total = each.read(request.user, number * A_PAGE)
    whole = Shown(key, each.title, each.empty, lines[(number - 1) * A_PAGE :], total, _address(key))
    return {
        "whole": whole,
        "earlier_url": _address(key, number - 1) if number > 1 else "",
        "later_url": _address(key, number + 1) if total > number * A_PAGE else "",
    }


def _address(key, number=1):
    query = {"list": key} if number == 1 else {"list": key, "page": number}
    return reverse("admin:editorial_desk", query=query)
