"""Reminds staff of reviews: 30 and 7 days before a page is due, on the day, then weekly. A chore of the sender.

Who reviews or publishes gets one message a day at most, with all pages in it, while the clinic works.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from accounts import telling
from accounts.models import User
from audit.actors import Actor
from audit.models import Event
from clinic.models import ClinicProfile, reception_hours
from procedures.models import ConditionVersion, ProcedureVersion
from procedures.publishing.table import PUBLISH, SIGN_OFF

KINDS = (ProcedureVersion, ConditionVersion)
BEFORE = (timedelta(days=30), timedelta(days=7))
EVERY = timedelta(days=7)
PURPOSE = "reviews_due"
SITE = Actor.command("remind of reviews")
LISTED = 20


def remind():
    """Write to those who review and publish when pages reached a step; return to how many."""
    now, today = timezone.now(), timezone.localdate()
    # Most turns find nothing, and ask nothing more.
    if not any(_due(model, today) for model in KINDS) or any(_was_told(model, today) for model in KINDS):
        return 0
    hours = reception_hours()
    if hours.spans and not hours.is_open(now):
        return 0
    return _tell(today)


@transaction.atomic
def _tell(today):
    versions = [version for model in KINDS for version in _due(model, today) if _claim(version, today)]
    people = list(_people()) if versions else []
    versions.sort(key=lambda version: version.next_review_due)
    for user in people:
        telling.tell(user, PURPOSE, about=user, words=lambda: _words(versions, today))
    if versions:
        Event.record("reviews.reminded", by=SITE, pages=len(versions), staff=[user.pk for user in people])
    return len(people)


def _claim(version, today):
    """Say whether this sender is the one that reminds of it: one that is slower waits here, and finds it done."""
    seen = type(version).objects.filter(pk=version.pk, reminded_on=version.reminded_on)
    return seen.update(reminded_on=today) > 0


def _was_told(model, today):
    return model.objects.filter(reminded_on=today).exists()


def _people():
    may = Q(pk__in=User.objects.who_may(SIGN_OFF)) | Q(pk__in=User.objects.who_may(PUBLISH))
    return User.objects.filter(may).exclude(email="").order_by("pk")


def _due(model, today):
    """Return the versions that patients read and whose step has come without a reminder."""
    soon = model.objects.published().filter(next_review_due__lte=today + max(BEFORE)).select_related("page")
    lately = Q(reminded_on__gt=today - EVERY, reminded_on__gte=F("next_review_due"))
    rows = soon.exclude(lately).only("page", "plain_name", "next_review_due", "reminded_on").order_by("pk")
    return [version for version in rows if _reaches_a_step(version, today)]


def _reaches_a_step(version, today):
    due, last = version.next_review_due, version.reminded_on
    if due <= today:
        return last is None or last < due or last <= today - EVERY
    step = max(due - before for before in BEFORE if due - before <= today)
    return last is None or last < step


def _words(versions, today):
    number = len(versions)
    subject = ngettext(
        "%(clinic)s: %(number)d page to review",
        "%(clinic)s: %(number)d pages to review",
        number,
    ) % {"clinic": ClinicProfile.current().name, "number": number}
    lines = [_line(version, today) for version in versions[:LISTED]]
    if left_out := number - len(lines):
        lines.append(ngettext("and %(number)d more", "and %(number)d more", left_out) % {"number": left_out})
    desk = settings.SITE_URL + reverse("admin:editorial_desk")
    intro = gettext("A clinician should look at these pages again:")
    return subject, f"{intro}\n\n" + "\n".join(lines) + f"\n\n{desk}"


def _line(version, today):
    due = version.next_review_due
    words = gettext("%(page)s (%(language)s): overdue since %(day)s") if due < today else _not_yet(due == today)
    language = version.page.get_language_display()
    return words % {"page": version.plain_name, "language": language, "day": date_format(due, "DATE_FORMAT")}


def _not_yet(is_today):
    return (
        gettext("%(page)s (%(language)s): due today") if is_today else gettext("%(page)s (%(language)s): due %(day)s")
    )
