"""Second factors for tests: an app that shows codes, and a person who logs in with one."""

import base64

import pytest
from django_otp.oath import TOTP

from accounts import two_factor
from accounts.devices import STEP, now_step
from accounts.models import Authenticator, User
from tests.staff import PASSWORD

LOG_IN, CODE, RECOVERY, SET_UP = (f"/admin/login/{page}" for page in ("", "code/", "recovery-code/", "set-up/"))
OWN = "/admin/second-factor/"


def code_of(secret, *, steps=0):
    """Return what an app shows now, or so many steps of half a minute from now."""
    totp = TOTP(base64.b32decode(secret), step=STEP)
    totp.time = (now_step() + steps) * STEP
    return f"{totp.token():06}"


def set_up_for(user, *, secret=None):
    """Set up a second factor whose last code is long ago; return (its row, its recovery codes)."""
    secret = secret or two_factor.new_secret()
    codes = two_factor.enrol(user=user, secret=secret, typed=code_of(secret), by=user.as_actor())
    Authenticator.objects.filter(user=user).update(last_step=-1)
    return Authenticator.objects.get(user=user), codes


def fresh(user):
    """Return the person as the next request will see them."""
    return User.objects.find_with_rights(user.pk)


def log_in(client, user, *, goes_to="/admin/", code=None):
    """Show the password, then a code; return the last answer."""
    client.post(LOG_IN, {"username": user.username, "password": PASSWORD, "next": goes_to})
    device = Authenticator.objects.get(user=user)
    return client.post(CODE, {"code": code or code_of(device.secret), "next": goes_to})


@pytest.fixture
def required(settings):
    """Ask everybody for a second factor, as a real clinic does unless it says otherwise."""
    settings.REQUIRE_TWO_FACTOR = True
