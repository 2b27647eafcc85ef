"""When a log-in ends: after a quarter of an hour without a page of the desk, and after twelve hours in any case.

The times are in `settings.py` and are measured here, whatever the browser says. All log-ins of a person end at once
with a new password, when their rights change, when they leave, and when somebody ends them: Django compares what each
carries with `User.get_session_auth_hash`, which nothing has to be searched for.
"""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import get_user
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext

from accounts.models import User
from audit.actors import Actor
from audit.models import Event

BEGAN, SEEN = "began_at", "seen_at"
WRITTEN_EVERY = timedelta(minutes=1)
IDLE, TOO_LONG = "idle", "too long"
SITE = Actor.command("end of a log-in")


def begin(session):
    """Write when a log-in began. A second one in the same browser gets a key of its own, as Django gives the first."""
    if BEGAN in session:
        session.cycle_key()
    session[BEGAN] = session[SEEN] = timezone.now().timestamp()


def saw(session):
    """Write that somebody works here, at most once a minute. What a page asks by itself is no work."""
    now = timezone.now()
    if abs(now - _moment(session, SEEN)) >= WRITTEN_EVERY:
        session[SEEN] = now.timestamp()


def ends_at(session):
    """Return when a log-in ends unless another page of the desk is opened."""
    return min(_moment(session, SEEN) + settings.LOG_IN_IDLE, lasts_until(session))


def lasts_until(session):
    """Return when a log-in ends in any case."""
    return _moment(session, BEGAN) + settings.LOG_IN_LASTS


def why_over(session):
    """Return why a log-in is over (IDLE or TOO_LONG); None while it is not.

    One that says nothing of its times is over, and so is one from hours to come: the clock was set back.
    """
    now = timezone.now()
    if abs(now - _moment(session, BEGAN)) >= settings.LOG_IN_LASTS:
        return TOO_LONG
    return IDLE if abs(now - _moment(session, SEEN)) >= settings.LOG_IN_IDLE else None


def _moment(session, name):
    return datetime.fromtimestamp(session.get(name, 0), UTC)


def log_ins_that_end(get_response):
    """Know nobody whose log-in is over. A page that asks not who is there reads no session."""

    def answer(request):
        request.user = SimpleLazyObject(lambda: _user_of(request))
        return get_response(request)

    return answer


def _user_of(request):
    user = get_user(request)
    why = why_over(request.session) if user.is_authenticated else None
    if why is None:
        return user
    Event.record("staff.log_in_ended", by=SITE, about=user, why=why)
    request.session.flush()
    words = gettext("Your log-in ended, as nobody used it for a while. Log in again.")
    if why == TOO_LONG:
        words = gettext("Your log-in ended, as it was open for very long. Log in again.")
    messages.info(request, words, fail_silently=True)
    return AnonymousUser()


@transaction.atomic
def end_sessions(user, *, by):
    """End every log-in of a person, on every browser, at once; record it for the Actor `by`."""
    User.objects.filter(pk=user.pk).update(log_in_round=F("log_in_round") + 1)
    Event.record("staff.logged_out_everywhere", by=by, about=user)


def forget_old():
    """Delete the rows of log-ins that nobody can use any more; return how many. A chore of the sender."""
    return Session.objects.filter(expire_date__lt=timezone.now()).delete()[0]
