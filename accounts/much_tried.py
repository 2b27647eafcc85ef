"""Tells staff by e-mail, once a day at most, that somebody guesses at their account. A chore of the sender.

Not in the request: the answer to whoever guesses must not take longer where there is an account.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from accounts import telling
from accounts.models import LogInTries, User
from accounts.throttle import Kind, spelled_alike
from audit.actors import Actor
from audit.models import Event
from clinic.encryption import index_candidates
from clinic.models import ClinicProfile
from outbox.models import Message

PURPOSE = "log_in_tried"
TOLD_EVERY = timedelta(days=1)
SITE = Actor.command("watch over log-ins")


@transaction.atomic
def tell():
    """Write to those whose account was much tried since; return how many (1 query when there is nothing to tell)."""
    rows = LogInTries.objects.filter(kind=Kind.ACCOUNT, was_refused=True, told_at=None)
    tried = dict(rows.select_for_update().order_by("pk").values_list("key", "pk"))
    if not tried:
        return 0
    LogInTries.objects.filter(pk__in=tried.values()).update(told_at=timezone.now())
    people = [user for user in User.objects.filter(is_active=True) if tried.keys() & _keys_of(user)]
    return sum(_tell(user) for user in people)


def _keys_of(user):
    return set(index_candidates(spelled_alike(user.username), f"log-in:{Kind.ACCOUNT}"))


def _tell(user):
    lately = timezone.now() - TOLD_EVERY
    if not user.email or Message.objects.about(user).filter(purpose=PURPOSE, created_at__gt=lately).exists():
        return 0
    telling.tell(user, PURPOSE, about=user, words=_words)
    Event.record("staff.told_of_tries", by=SITE, about=user)
    return 1


def _words():
    subject = gettext("%(clinic)s: somebody tries to log in as you") % {"clinic": ClinicProfile.current().name}
    text = gettext(
        "Somebody typed a wrong password for your account several times, on a device that is new to you. They "
        "did not get in, and have to wait longer after each try.\n\n"
        "Was it you? Then wait a little and try again. Where you log in every day you can go on as ever.\n\n"
        "Was it not you? Tell your manager. You need not change your password if nobody else knows it."
    )
    return subject, text
