"""Every way in which a second factor can change or be shown: set up, shown, made anew, removed, reset by a manager.

Each is one transaction with its audit event; whoever it is about is told by mail of what somebody else could have done.
"""

import base64
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from urllib.parse import quote

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts import telling
from accounts.devices import DIGITS, DRIFT, STEP, Authenticator, RecoveryCode, matching_step, now_step
from accounts.models import LogIn, User
from accounts.roles import CHANGE_STAFF
from audit.actors import STAFF, Actor
from audit.models import Event
from clinic.codes import ALPHABET
from clinic.encryption import Unreadable
from clinic.models import ClinicProfile
from clinic.refusals import Refused, Unfit

RECOVERY_CODES = 10
FEW_LEFT = 2
# After so many wrong codes in a row the person is told: whoever typed them knows the password.
TELL_AFTER = 5
# The two characters of the selector, and some 49 random bits behind a slow hash.
RECOVERY_LENGTH = 12


class ResetReason(models.TextChoices):
    """Why a manager resets somebody's second factor; the audit trail keeps it."""

    LOST = "lost", _("The phone is lost or was stolen")
    BROKEN = "broken", _("The phone is broken, or is not used any more")
    NO_CODES = "no_codes", _("The app was removed, and no recovery code is left")
    SUSPECTED = "suspected", _("Somebody else may have got hold of it")


@dataclass(frozen=True)
class Shown:
    """What was shown: a code of the app, or a recovery code; and how many of these are left."""

    by_recovery_code: bool
    codes_left: int


# Setting it up


def new_secret():
    """Return a new secret (base32), as long as RFC 4226 advises."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def otpauth_address(user, secret):
    """Return what the square says to an app: the secret, and under which names it lists it."""
    clinic = ClinicProfile.current().name.replace(":", " ") or "Clinic"
    label = quote(f"{clinic}:{user.get_username()}", safe=":")
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(clinic)}&digits={DIGITS}&period={STEP}"


def enrol(*, user, secret, typed, by, instead_of=None):
    """Set up a second factor, once its first code is right; return the recovery codes, which are shown this once.

    `instead_of` is the number of the Authenticator that the person showed in order to replace it. Every other session
    of theirs ends. Raises Unfit for a wrong code, Refused when something was set up meanwhile.
    """
    code, now = _six_digits(typed), now_step()
    step = matching_step(secret, code, of=range(now - DRIFT, now + DRIFT + 1)) if code else None
    if step is None:
        raise Unfit(wrong_code(), field="code")
    codes, rows = _new_codes()
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        before = Authenticator.objects.defer("secret").filter(user=user)
        if list(before.values_list("pk", flat=True)) != ([instead_of] if instead_of else []):
            raise Refused(
                gettext("A second factor was set up meanwhile, elsewhere. If that was not you, tell a manager.")
            )
        before.delete()
        device = Authenticator.objects.create(user=user, secret=secret, last_step=step)
        _keep_codes(device, rows)
        Event.record("staff.second_factor_enrolled", by=by, about=user)
        _tell(user, "second_factor_enrolled")
    return codes


# Showing it


def show(*, user, typed, by):
    """Take what somebody typed as their second factor, a code of the app or a recovery code; return what it was.

    Each works once, whoever else types it at the same moment. Raises Unfit with what to do next; a wrong code is
    recorded, and the next one has to wait.
    """
    outcome = _show(user, typed, by)
    if isinstance(outcome, str):
        raise Unfit(outcome, field="code")
    return outcome


@transaction.atomic
def _show(user, typed, by):
    device = _locked_device(user)
    if device is None:
        return gettext("There is no second factor any more. Log in again.")
    if wait := device.waits_for():
        return _wait(wait)
    code = _six_digits(typed)
    outcome = _take_code(device, code) if code else _take_recovery_code(device, typed)
    if isinstance(outcome, str):
        device.throttle_increment()
        if device.throttling_failure_count == TELL_AFTER:
            _tell(user, "second_factor_failing")
        # Whoever typed it has not shown who they are.
        Event.record("staff.second_factor_failed", by=Actor.visitor(), about=user)
        return outcome
    # Saves the step that was taken, too.
    device.throttle_reset()
    if outcome.by_recovery_code:
        Event.record("staff.recovery_code_used", by=by, about=user, left=outcome.codes_left)
        _tell(user, "recovery_code_used")
    return outcome


def _take_code(device, code):
    try:
        step = device.step_of(code)
    except Unreadable:
        return gettext(
            "This site cannot read your second factor any more. Type a recovery code, or ask a manager to reset it."
        )
    if step is None:
        return wrong_code()
    if step <= device.last_step:
        return gettext("This code was used already. Wait until the app shows the next one, at most half a minute.")
    if step < now_step() - DRIFT:
        return gettext(
            "This code is too old. Type the one that the app shows now. If that is too old as well, the clock of your "
            "phone is slow: let it set its time by itself."
        )
    device.last_step = step
    return Shown(by_recovery_code=False, codes_left=codes_left(device))


def _take_recovery_code(device, typed):
    text = "".join(sign for sign in typed.upper() if sign.isalnum())
    row = device.recovery_codes.filter(selector=text[:2]).first() if len(text) == RECOVERY_LENGTH else None
    if row is None or not row.is_of(text[2:]):
        return gettext("This code is not right. Look whether you typed it as it is written.")
    if row.used_at is not None:
        return gettext("This recovery code was used already. Take the next one.")
    row.used_at = timezone.now()
    row.save(update_fields=["used_at"])
    return Shown(by_recovery_code=True, codes_left=codes_left(device))


def wrong_code():
    """Return the sentence for a code that is not right, with the time here: a clock that is off is why most are not."""
    return gettext(
        "This code is not right. Type the one that the app shows now. If it is refused again, compare clocks: here it "
        "is %(time)s (UTC). Let your phone set its time by itself; if it is right, tell a manager that ours is not."
    ) % {"time": f"{timezone.now():%H:%M:%S}"}


def _wait(wait):
    seconds = ceil(wait / timedelta(seconds=1))
    if seconds < 100:
        sentence = ngettext(
            "The last code was wrong. Wait %(number)d second, then type a new one.",
            "The last code was wrong. Wait %(number)d seconds, then type a new one.",
            seconds,
        )
        return sentence % {"number": seconds}
    sentence = ngettext(
        "The last codes were wrong. Wait %(number)d minute, then type a new one.",
        "The last codes were wrong. Wait %(number)d minutes, then type a new one.",
        ceil(seconds / 60),
    )
    return sentence % {"number": ceil(seconds / 60)}


def _six_digits(typed):
    """Return the six digits that somebody typed, with or without spaces; "" for anything else."""
    text = re.sub(r"[\s-]", "", typed)
    return text if re.fullmatch(r"[0-9]{6}", text) else ""


# Recovery codes


def codes_left(device):
    """Return how many recovery codes are not used yet."""
    return device.recovery_codes.filter(used_at=None).count()


def few_left_words(number):
    """Return the warning that goes with so many recovery codes left; "" where there are enough."""
    if number > FEW_LEFT:
        return ""
    sentence = ngettext(
        "You have %(number)d recovery code left. Make new ones.",
        "You have %(number)d recovery codes left. Make new ones.",
        number,
    )
    return sentence % {"number": number}


def renew_codes(*, user, by):
    """Make ten new recovery codes, and return them; the old ones die. Raises Refused without a second factor."""
    codes, rows = _new_codes()
    with transaction.atomic():
        device = _device_of(user)
        device.recovery_codes.all().delete()
        _keep_codes(device, rows)
        Event.record("staff.recovery_codes_renewed", by=by, about=user)
    return codes


def _new_codes():
    """Return ten codes as they are written, and their rows; hashing takes a second, so in no transaction."""
    selectors = set()
    while len(selectors) < RECOVERY_CODES:
        selectors.add(_random(2))
    codes = [(selector, _random(RECOVERY_LENGTH - 2)) for selector in selectors]
    written = ["-".join(re.findall("....", selector + rest)) for selector, rest in codes]
    return written, [RecoveryCode(selector=selector, hash=make_password(rest)) for selector, rest in codes]


def _keep_codes(device, rows):
    for row in rows:
        row.authenticator = device
    RecoveryCode.objects.bulk_create(rows)


def _random(length):
    return "".join(secrets.choice(ALPHABET) for _position in range(length))


# Doing away with it


@transaction.atomic
def remove(*, user, by):
    """Go back to the password alone, where the clinic allows it. Raises Refused."""
    if settings.REQUIRE_TWO_FACTOR:
        raise Refused(gettext("The clinic asks everybody for a second factor: it cannot be removed."))
    _device_of(user).delete()
    Event.record("staff.second_factor_removed", by=by, about=user)
    _tell(user, "second_factor_removed")


@transaction.atomic
def reset(*, user, reason, by):
    """Take away the second factor of a colleague who lost it, and end their sessions. Raises Refused.

    They set up a new one when they next log in.
    """
    if refusal := why_not_reset(user, by=by):
        raise Refused(refusal)
    if reason not in ResetReason.values:
        raise Unfit(gettext("Choose a reason."), field="reason")
    _device_of(user).delete()
    LogIn.objects.of(user).end()
    Event.record("staff.second_factor_reset", by=by, about=user, reason=reason)
    _tell(user, "second_factor_reset")


def why_not_reset(user, *, by):
    """Return why this Actor may not reset this person's second factor; "" where they may."""
    if by.kind != STAFF or not by.user.has_perm(CHANGE_STAFF):
        return gettext("Only managers can do this.")
    if user.pk == by.id:
        return gettext("You cannot reset your own second factor. Ask another manager.")
    if user.is_superuser and not by.user.is_superuser:
        return gettext("Only a superuser can reset the second factor of a superuser.")
    if not by.user.may_keep(user):
        return gettext("This account may see or do more than yours. Ask a superuser, or a manager of all locations.")
    if user.second_factor is None:
        return gettext("No second factor is set up for this account.")
    return ""


def _device_of(user):
    device = _locked_device(user)
    if device is None:
        raise Refused(gettext("No second factor is set up for this account."))
    return device


def _locked_device(user):
    # Without its secret: what no key opens can be reset, and recovery codes stand for it.
    return Authenticator.objects.select_for_update().defer("secret").filter(user=user).first()


# Telling whom it is about

MESSAGES = {
    "second_factor_enrolled": (
        _("A second factor was set up for your account"),
        _("A second factor was set up for your account at the clinic desk: logging in asks for a code now."),
    ),
    "second_factor_removed": (
        _("The second factor of your account was removed"),
        _("The second factor of your account at the clinic desk was removed: the password alone is asked for now."),
    ),
    "second_factor_reset": (
        _("The second factor of your account was reset"),
        _(
            "A manager reset the second factor of your account at the clinic desk, and your sessions there ended. "
            "Log in with your password: you set up a new one then."
        ),
    ),
    "second_factor_failing": (
        _("Wrong codes were typed for your account"),
        _(
            "Somebody typed your password at the clinic desk, and then several wrong codes. Nobody got in. If you did "
            "not do it, change your password."
        ),
    ),
    "recovery_code_used": (
        _("A recovery code of your account was used"),
        _("Somebody showed one of your recovery codes at the clinic desk, in place of a code of your app."),
    ),
}


def _tell(user, purpose):
    """Write to the person, who may not be the one who did it."""
    telling.tell(user, purpose, about=user, words=lambda: _words(purpose))


def _words(purpose):
    subject, happened = MESSAGES[purpose]
    not_you = gettext("If this was not you, or you did not ask for it, tell a manager at once.")
    return subject, f"{happened}\n\n{not_you}\n"
