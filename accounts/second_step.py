"""Between password and second factor: whose password was right, for a few minutes, and the secret being set up.

Nobody is logged in then. A session of its own opens the pages of the second step and nothing else.
"""

from datetime import timedelta

from django.contrib import auth
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp import login as remember_device

from accounts import sessions, two_factor
from accounts.models import User
from clinic.cipher import NotOurs, cipher

# What the session holds: whose password was right; the secret that is being set up, sealed; until when a device that
# was shown may be replaced.
PENDING, SECRET, REPLACING = "second_step", "second_factor_secret", "second_factor_replacing"
PURPOSE = "second factor being set up"
TIME_FOR_A_CODE = timedelta(minutes=5)
TIME_TO_SET_UP = timedelta(minutes=20)


# Who is between the steps


def begin(request, user, *, device=None):
    """Note that somebody's password was right: in a new session, which logs nobody in.

    `device` is the second factor that they have just set up, where that is so.
    """
    lasts = TIME_FOR_A_CODE if user.second_factor and not device else TIME_TO_SET_UP
    request.session.flush()
    request.session[PENDING] = {
        "user": user.pk,
        "until": (timezone.now() + lasts).timestamp(),
        "bound": user.get_session_auth_hash(),
        "device": device.pk if device else None,
    }
    request.user = AnonymousUser()


def _pending(request):
    """Return what `begin` noted and whose it is; (None, None) when it is too long ago, or no longer true."""
    noted = request.session.get(PENDING)
    if not noted or noted["until"] < timezone.now().timestamp():
        return None, None
    user = User.objects.find_with_rights(noted["user"])
    if user is None or user.has_expired or user.first_password_is_over or not (user.is_active and user.is_staff):
        return None, None
    return (noted, user) if constant_time_compare(noted["bound"], user.get_session_auth_hash()) else (None, None)


def whose_turn(request):
    """Return who has to show more before anything opens, or None.

    Somebody between the steps; or somebody whose session began when less was asked.
    """
    user = request.user
    if user.is_active and user.is_staff:
        return None if user.has_shown_enough() else user
    return _pending(request)[1]


def has_just_set_up(request):
    """Say whether the person between the steps set up their second factor in this very session."""
    noted, user = _pending(request)
    return bool(noted and noted["device"] and user.second_factor and noted["device"] == user.second_factor.pk)


def lead_there(request, user, *, goes_to):
    """Redirect to the page where this person shows, or sets up, the second factor."""
    name = "second_step" if user.second_factor else "second_factor_set_up"
    return HttpResponseRedirect(reverse(f"admin:{name}", query={"next": goes_to} if goes_to else None))


def log_in(request, user):
    """Log in somebody who has shown all, in a session with a new key."""
    request.session.flush()
    user.otp_device = user.second_factor
    auth.login(request, user)


def stay_logged_in(request):
    """Carry the own session over a change of the second factor, which ends all others."""
    request.user = User.objects.find_with_rights(request.user.pk)
    for name in (SECRET, REPLACING, DEVICE_ID_SESSION_KEY):
        request.session.pop(name, None)
    auth.update_session_auth_hash(request, request.user)
    remember_device(request, request.user.second_factor)
    sessions.others_are_over(request)


# The secret that is being set up


def may_replace(request):
    """Let the device that this session has just shown be replaced, for a while."""
    request.session.pop(SECRET, None)
    request.session[REPLACING] = (timezone.now() + TIME_TO_SET_UP).timestamp()


def is_replacing(request):
    """Say whether the device may be replaced now."""
    return request.session.get(REPLACING, 0) > timezone.now().timestamp()


def secret_of(request):
    """Return the secret that this session is setting up, or None: sealed, since sessions are rows of the database."""
    try:
        return cipher(PURPOSE).open(request.session.get(SECRET, "")).decode()
    except NotOurs:
        return None


def secret_or_new(request):
    """Return the secret that this session is setting up; a new one where there is none."""
    secret = secret_of(request)
    if secret is None:
        secret = two_factor.new_secret()
        request.session[SECRET] = cipher(PURPOSE).seal(secret.encode())
    return secret
