"""When a log-in ends: after a quarter of an hour without a page of the desk, and after twelve hours in any case.

The times are in `settings.py` and are measured here, whatever the browser says. All log-ins of a person end at once
with a new password, when their rights change, when they leave, and when somebody ends them: Django compares what each
carries with `User.get_session_auth_hash`, which nothing has to be searched for.

Each log-in has a row (`LogIn`) for its owner to see. Which of them are open is read from the sessions themselves, so
that none that is over, in whatever way, is ever shown as open.
"""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.middleware import get_user
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext

from accounts.browser_words import browser_and_system
from accounts.models import LogIn, User
from audit.actors import Actor
from audit.models import Event

BEGAN, SEEN = "began_at", "seen_at"
# The number of the row, and when it was last written there that somebody works.
ROW, TOLD = "log_in", "told_at"
WRITTEN_EVERY = timedelta(minutes=1)
TOLD_EVERY = timedelta(minutes=5)
# So long somebody can see their own log-ins; the audit trail has them for longer.
ROWS_LAST = timedelta(days=30)
MOST_OVER = 10
IDLE, TOO_LONG = "idle", "too long"
SITE = Actor.command("end of a log-in")


def begin(request, user):
    """Write when a log-in began. A second one in the same browser gets a key of its own, as Django gives the first."""
    session = request.session
    if BEGAN in session:
        over(session)
        session.cycle_key()
    browser, system = browser_and_system(request.headers.get("User-Agent", ""))
    row = LogIn.objects.create(user=user, browser=browser, system=system)
    session[ROW] = row.pk
    session[BEGAN] = session[SEEN] = session[TOLD] = timezone.now().timestamp()


def saw(session):
    """Write that somebody works here, at most once a minute. What a page asks by itself is no work."""
    now = timezone.now()
    if abs(now - _moment(session, SEEN)) < WRITTEN_EVERY:
        return
    session[SEEN] = now.timestamp()
    if abs(now - _moment(session, TOLD)) >= TOLD_EVERY:
        session[TOLD] = session[SEEN]
        LogIn.objects.filter(pk=session.get(ROW)).update(used_at=now)


def over(session):
    """Write in its row that a log-in is over."""
    LogIn.objects.filter(pk=session.get(ROW)).end()


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
    over(request.session)
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
    LogIn.objects.of(user).end()
    Event.record("staff.logged_out_everywhere", by=by, about=user)


def log_ins_of(user, session):
    """Return the rows of somebody's log-ins: those that are open, this one (`is_this`) first, and the last ones over.

    3 queries. A log-in that began before rows were kept has none.
    """
    held = {each.get(ROW): each for each in _open_sessions_of(user).values()} | {session.get(ROW): session}
    rows = LogIn.objects.of(user)
    still_open = list(rows.filter(pk__in=[number for number in held if number]))
    for row in still_open:
        row.is_this, row.used_at = row.pk == session.get(ROW), _moment(held[row.pk], SEEN)
    is_over = rows.exclude(pk__in=[row.pk for row in still_open])[:MOST_OVER]
    return sorted(still_open, key=lambda row: not row.is_this), list(is_over)


def _open_sessions_of(user):
    """Return what each session holds with which this person is logged in now, by its key.

    All are read that are not expired: few more than people at work, as only a right password begins one.
    """
    bound = user.get_session_auth_hash()
    sessions = Session.objects.filter(expire_date__gt=timezone.now())
    held = {row.session_key: row.get_decoded() for row in sessions}
    return {key: each for key, each in held.items() if _is_of(each, user, bound) and why_over(each) is None}


def _is_of(held, user, bound):
    is_theirs = held.get(SESSION_KEY) == str(user.pk)
    return is_theirs and constant_time_compare(held.get(HASH_SESSION_KEY, ""), bound)


@transaction.atomic
def end_one(user, number, *, by):
    """End the log-in of this person that has this number; return whether one was open."""
    keys = [key for key, held in _open_sessions_of(user).items() if held.get(ROW) == number]
    if keys:
        Session.objects.filter(session_key__in=keys).delete()
        LogIn.objects.of(user).filter(pk=number).end()
        Event.record("staff.logged_out_elsewhere", by=by, about=user, log_in=number)
    return bool(keys)


@transaction.atomic
def end_others(request):
    """End every log-in of whoever asks but the one with which they do."""
    user = request.user
    User.objects.filter(pk=user.pk).update(log_in_round=F("log_in_round") + 1)
    Event.record("staff.logged_out_elsewhere", by=user.as_actor(), about=user)
    user.refresh_from_db(fields=["log_in_round"])
    auth.update_session_auth_hash(request, user)
    others_are_over(request)


def others_are_over(request):
    """Write that every log-in is over but this one, which alone was carried over a change that ends them."""
    LogIn.objects.of(request.user).exclude(pk=request.session.get(ROW)).end()


def forget_old():
    """Delete the rows of log-ins that nobody can use any more; return how many. A chore of the sender."""
    now = timezone.now()
    rows, _each = LogIn.objects.filter(began_at__lt=now - ROWS_LAST).delete()
    return rows + Session.objects.filter(expire_date__lt=now).delete()[0]
