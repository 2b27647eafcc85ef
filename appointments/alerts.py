"""Alerts: the people whom the clinic names are told by e-mail what cannot wait. A chore of the sender.

A digest tells references and ages, never a name or a word of a patient. Each request is told once of a kind in each
turn that the clinic has.
"""

from datetime import timedelta
from functools import reduce
from operator import or_

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import roles_with
from appointments.models import Alert, AlertKind, AlertPerson, AppointmentRequest, Status
from appointments.workflow.promise import WITHOUT_OPENING_HOURS
from appointments.workflow.table import TRIAGE
from audit.actors import Actor
from audit.models import Event
from clinic.hours import NeverOpen
from clinic.models import ClinicProfile, reception_hours
from outbox.models import Message, State

ALERTS = Actor.command("alerts")
# A digest says by its purpose which it tells of, so that the next of that sort keeps its distance.
URGENT, LATE, BOTH = "alert_urgent", "alert_late", "alert_both"
PAUSES = {URGENT: timedelta(minutes=5), LATE: timedelta(minutes=15)}
LISTED = 10
# So many of a kind in one digest, however long nobody was named.
MOST = 1000
FACTS = ("pk", "reference", "created_at", "promised_from", "promise_minutes", "is_urgent", "due_at")


# Who is told


def may_be_told():
    """Return the accounts of those who can be named: at work here, with an address, and allowed to answer requests."""
    works_here = User.objects.filter(is_active=True).exclude(email="")
    return works_here.filter(Q(is_superuser=True) | Q(role_assignments__role__in=roles_with(TRIAGE))).distinct()


def why_not_told(user):
    """Return the sentence that says why a person who is named is told nothing; "" for one who is."""
    if not user.is_active:
        return _("Not told: the account is locked.")
    if not user.has_perm(TRIAGE):
        return _("Not told: may not answer requests any more.")
    if not user.email:
        return _("Not told: the account has no email address.")
    return ""


def people_to_tell():
    """Return the AlertPerson rows of those who are told (3 queries)."""
    named = AlertPerson.objects.select_related("user")
    named = named.prefetch_related("user__role_assignments", "user__location_limits")
    return [person for person in named if not why_not_told(person.user)]


# What is told


def tell_what_cannot_wait(now=None):
    """Write one digest to each person who is told, if something new cannot wait; return how many. A chore."""
    now = now or timezone.now()
    # Most turns find nothing, and lock nothing.
    people = people_to_tell()
    if not people or not _what_cannot_wait(now, people):
        return 0
    return _tell(now)


@transaction.atomic
def _tell(now):
    """Look again while no other sender does, and tell what is there."""
    list(AlertPerson.objects.select_for_update().order_by("pk"))
    people = people_to_tell()
    found = _what_cannot_wait(now, people) if people else {}
    if not found:
        return 0
    Alert.objects.bulk_create(
        Alert(request_id=row["pk"], kind=kind, of_turn=row["promised_from"], told_at=now)
        for kind, rows in found.items()
        for row in rows
    )
    told = [(person, theirs) for person in people if (theirs := _what_is_for(person, found))]
    for person, theirs in told:
        with translation.override(settings.LANGUAGE_CODE):
            subject, text = _in_words(theirs, now)
        Message.write(
            _purpose_of(theirs),
            about=person,
            recipient=person.user.email,
            language=settings.LANGUAGE_CODE,
            subject=subject,
            text=text,
        )
    counts = {str(kind): len(rows) for kind, rows in found.items()}
    Event.record("alerts.told", by=ALERTS, staff=[person.user_id for person, _theirs in told], **counts)
    return len(told)


def _what_is_for(person, found):
    """Return what of {kind: rows} somebody may see, empty kinds left out (no query for who has no limit).

    Even a reference tells of a request.
    """
    if not person.user.location_ids:
        return found
    keys = {row["pk"] for rows in found.values() for row in rows}
    seen = set(_seen_by([person]).filter(pk__in=keys).values_list("pk", flat=True))
    theirs = {kind: [row for row in rows if row["pk"] in seen] for kind, rows in found.items()}
    return {kind: rows for kind, rows in theirs.items() if rows}


def _seen_by(people):
    """Return the requests that at least one of these people may see: of the others nobody is told."""
    limited = [person.user for person in people if person.user.location_ids]
    if len(limited) < len(people):
        return AppointmentRequest.objects.all()
    return reduce(or_, map(AppointmentRequest.objects.visible_to, limited))


def _what_cannot_wait(now, people):
    """Return {kind: rows} of what these people are to be told now, empty kinds left out (7 queries).

    There is at least one of them.
    """
    hours, may_tell, found = reception_hours(), _may_tell(now), {}
    waiting = _seen_by(people).trusted().waiting_for_clinic().not_snoozed(now)
    if URGENT in may_tell:
        found[AlertKind.URGENT] = _urgent(waiting)
    if LATE in may_tell and (hours.is_open(now) or not hours.spans):
        found[AlertKind.UNCLAIMED] = _unclaimed(waiting, now, hours)
        found[AlertKind.OVERDUE] = _untold(AlertKind.OVERDUE, waiting.overdue(now))
    return {kind: rows for kind, rows in found.items() if rows}


def _may_tell(now):
    """Return which sorts of digest were not written so lately that another would be one of a flood."""
    recent = Message.objects.filter(state__in=State.values, not_before__gt=now - max(PAUSES.values()))
    written = list(recent.filter(purpose__in=(URGENT, LATE, BOTH)).values_list("purpose", "created_at"))
    return {
        sort
        for sort, pause in PAUSES.items()
        if not any(purpose in (sort, BOTH) and now - pause < at <= now for purpose, at in written)
    }


def _untold(kind, requests):
    """Return the FACTS of those of which this was not told since the clinic has the next move, due soonest first."""
    told = Alert.objects.filter(request=OuterRef("pk"), kind=kind, of_turn=OuterRef("promised_from"))
    return list(requests.filter(~Exists(told)).order_by("due_at", "pk").values(*FACTS)[:MOST])


def _urgent(waiting):
    new = waiting.filter(Q(is_urgent=True) | Q(is_danger=True), status=Status.NEW)
    return _untold(AlertKind.URGENT, new)


def _unclaimed(waiting, now, hours):
    """Return the facts of what nobody claimed of which half the promise is over, and not yet all of it."""
    profile = ClinicProfile.current()
    whole = {urgent: profile.promise(urgent=urgent) for urgent in (False, True)}
    latest = {promise: _half_is_over_when_due_by(now, promise, hours) for promise in whole.values()}
    rows = _untold(AlertKind.UNCLAIMED, waiting.filter(holder=None, due_at__gte=now, due_at__lte=max(latest.values())))
    found = []
    for row in rows:
        minutes = row["promise_minutes"]
        promise = whole[row["is_urgent"]] if minutes is None else timedelta(minutes=minutes)
        if promise not in latest:
            latest[promise] = _half_is_over_when_due_by(now, promise, hours)
        if row["due_at"] <= latest[promise]:
            found.append(row)
    return found


def _half_is_over_when_due_by(now, promise, hours):
    """Return the moment: what is due by then has had half of its promise (timedelta), or more, in working time."""
    try:
        return hours.add(now, promise / 2)
    except NeverOpen:
        return now + WITHOUT_OPENING_HOURS / 2


# In which words

HEADINGS = {
    AlertKind.URGENT: _("New and urgent"),
    AlertKind.OVERDUE: _("Overdue"),
    AlertKind.UNCLAIMED: _("Claimed by nobody, and half of the time is over"),
}


def _purpose_of(found):
    sorts = {URGENT if kind == AlertKind.URGENT else LATE for kind in found}
    return sorts.pop() if len(sorts) == 1 else BOTH


def _in_words(found, now):
    """Return the subject and the text of a digest, in the active language: references and ages, and where to look."""
    number = len({row["pk"] for rows in found.values() for row in rows})
    subject = ngettext("%(number)d request cannot wait", "%(number)d requests cannot wait", number)
    groups = [_group(HEADINGS[kind], found[kind], now) for kind in HEADINGS if kind in found]
    queue = settings.SITE_URL + reverse("admin:appointments_appointmentrequest_changelist")
    text = [*groups, gettext("Open the queue: %(address)s") % {"address": queue}]
    return subject % {"number": number}, "\n\n".join(text) + "\n"


def _group(heading, rows, now):
    lines = [f"{heading} ({len(rows)})"]
    lines += [_line(row, now) for row in rows[:LISTED]]
    if more := len(rows[LISTED:]):
        lines.append(ngettext("and %(number)d more", "and %(number)d more", more) % {"number": more})
    return "\n".join(lines)


def _line(row, now):
    if now - row["created_at"] < timedelta(minutes=1):
        return gettext("- %(reference)s, came just now") % {"reference": row["reference"]}
    age = timesince(row["created_at"], now, depth=1)
    return gettext("- %(reference)s, here for %(time)s") % {"reference": row["reference"], "time": age}
