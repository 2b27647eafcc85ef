"""The emergency account: for the hour in which nobody who could let staff in can be reached.

Somebody at the server opens it for some hours, says for whom and why, and gets a password that is shown once. It has a
manager's rights. It is loud: every manager is written to, every page of the desk says that it is open, `/statusz` turns
red, and what it does stands in the audit under its own name. It ends by itself, and managers are reminded until one has
read what was done.
"""

import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from accounts import telling
from accounts.models import Authenticator, EmergencyAccess, LogIn, User
from accounts.roles import CHANGE_STAFF, Role
from accounts.sessions import end_sessions
from audit.actors import STAFF, Actor
from audit.event_words import words_for
from audit.models import Event
from clinic.encryption import each_readable
from clinic.models import ClinicProfile

USERNAME = "emergency"
COMMAND = Actor.command("emergency_account")
LONGEST = 12
# In 24 random bytes is more than anybody guesses, without a second factor.
PASSWORD_BYTES = 24


class CannotOpen(Exception):
    """Raised when the emergency account cannot be opened; says why."""


class CannotAcknowledge(Exception):
    """Raised when somebody cannot say that they read what was done; says why."""


@transaction.atomic
def open_account(*, hours, reason, asked_by, by=COMMAND):
    """Make the emergency account, or renew it, and tell every manager. Return the access and the password.

    `hours` is 1 to LONGEST. Whoever was logged in with it before is not any more. Raises CannotOpen.
    """
    if not 1 <= hours <= LONGEST:
        raise CannotOpen(f"Open it for 1 to {LONGEST} hours.")
    if not reason.strip() or not asked_by.strip():
        raise CannotOpen("Say for whom it is and why: managers will read it.")
    user, is_new = User.objects.select_for_update().get_or_create(
        username=USERNAME, defaults={"first_name": "Emergency", "last_name": "account", "is_staff": True}
    )
    if not is_new and not user.emergencies.exists():
        raise CannotOpen(f"The account {USERNAME} is somebody's own. Give it another name first.")
    now = timezone.now()
    _end_open_ones(user, now)
    access = EmergencyAccess.objects.create(
        user=user,
        asked_by=asked_by.strip(),
        reason=reason.strip(),
        opened_at=now,
        ends_at=now + timedelta(hours=hours),
    )
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    user.set_password(password)
    user.is_active, user.is_superuser, user.must_change_password = True, False, False
    user.expires_at, user.first_password_ends_at = access.ends_at, None
    user.save()
    # Nobody has the telephone of whoever used it last.
    Authenticator.objects.filter(user=user).only("pk").delete()
    LogIn.objects.of(user).end()
    user.set_roles([Role.MANAGER])
    user.set_locations([])
    Event.record("staff.emergency_opened", by=by, about=user, access=access.pk, hours=hours)
    _tell_managers(access)
    return access, password


@transaction.atomic
def end_account(*, by=COMMAND):
    """End it before its time, every log-in with it included; return whether it was open."""
    access = EmergencyAccess.objects.open().without_words().select_for_update().first()
    if access is None:
        return False
    user = access.user
    now = timezone.now()
    _end_open_ones(user, now)
    user.expires_at = now
    user.set_unusable_password()
    user.save(update_fields=["expires_at", "password"])
    end_sessions(user, by=by)
    Event.record("staff.emergency_ended", by=by, about=user)
    return True


def _end_open_ones(user, now):
    user.emergencies.open().order_by().update(ended_at=now)


def _tell_managers(access):
    for manager in User.objects.who_may(CHANGE_STAFF).exclude(pk=access.user_id):
        telling.tell(manager, "emergency_opened", about=access, words=lambda: _words(access))


def _words(access):
    until = date_format(timezone.localtime(access.ends_at), "DATETIME_FORMAT")
    subject = gettext("%(clinic)s: the emergency account is open") % {"clinic": ClinicProfile.current().name}
    text = gettext(
        "Somebody at the server opened the emergency account until %(until)s. With it, somebody can do all "
        "that a manager can.\n\n"
        "If you do not know of it, call whoever keeps the server now; they can end it at once.\n\n"
        "For whom it was opened, why, and afterwards what was done with it, you read here:\n%(address)s"
    ) % {"until": until, "address": f"{settings.SITE_URL}{reverse('admin:emergency')}"}
    return subject, text


def trouble():
    """The part "emergency" of the status page: a sentence while it is open, else None."""
    access = EmergencyAccess.objects.open().without_words().first()
    return access and f"The emergency account is open until {access.ends_at:%Y-%m-%d %H:%M} UTC."


@dataclass(frozen=True)
class Story:
    """One time it was open, until when in truth, and how often each kind of thing was done with it."""

    access: EmergencyAccess
    ended_at: object
    done: list
    is_open: bool


def stories(number=20):
    """Return the newest times that it was open."""
    now = timezone.now()
    accesses = each_readable(EmergencyAccess.objects.select_related("user", "read_by")[:number])
    return [_story(access, now) for access in accesses]


def _story(access, now):
    ended_at = min(filter(None, (access.ended_at, access.ends_at)))
    events = Event.objects.filter(
        actor_kind=STAFF, actor_id=access.user_id, happened_at__range=(access.opened_at, ended_at)
    )
    done = sorted((words_for(verb), number) for verb, number in Counter(events.values_list("verb", flat=True)).items())
    return Story(access, ended_at, done, is_open=now < ended_at)


@transaction.atomic
def acknowledge(access, *, by):
    """Write that a manager (an Actor) read what was done while it was open. Raises CannotAcknowledge."""
    if not by.user.has_perm(CHANGE_STAFF):
        raise CannotAcknowledge(gettext("Only a manager says this."))
    if by.id == access.user_id:
        raise CannotAcknowledge(gettext("Another manager has to read this."))
    if not EmergencyAccess.objects.unread().filter(pk=access.pk).update(read_by=by.user, read_at=timezone.now()):
        raise CannotAcknowledge(gettext("It is still open, or a colleague read it already."))
    Event.record("staff.emergency_read", by=by, about=access.user, access=access.pk)
