"""What a member of staff shows beside the password: the authenticator on their phone, and the recovery codes.

Both are Django models of this room (accounts/models.py names them); what is done with them is accounts/two_factor.py.
"""

import base64
import time
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device, ThrottlingMixin
from django_otp.oath import TOTP

from clinic.encryption import EncryptedTextField

DIGITS, STEP = 6, 30
# Steps either way in which a code is taken, for a clock that is off a little.
DRIFT = 1
# A code of these last minutes is told to be too old. Nothing is told of codes to come: they could still be used.
REMEMBERED_STEPS = 20
# Waits after wrong codes double from a second to this many times: 17 minutes, so that nobody is locked out for good.
LONGEST_WAIT = 11


def now_step():
    """Return the number of the step of time (RFC 6238) that is now."""
    return int(time.time()) // STEP


def matching_step(secret, code, *, of):
    """Return which of these steps (range) a six-digit code is of, the newest first; None for none."""
    totp = TOTP(base64.b32decode(secret), step=STEP, digits=DIGITS)
    for number in reversed(of):
        totp.time = number * STEP
        if totp.verify(int(code)):
            return number
    return None


class Authenticator(ThrottlingMixin, Device):
    """The app on somebody's phone. A new phone is a new row: sessions that the old one opened end with it."""

    personal_data = ("secret",)

    # One each, without a name, and stored only once its first code was right.
    name, confirmed = None, True
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    secret = EncryptedTextField(_("secret"), help_text=_("Base32 (RFC 4648)."))
    last_step = models.BigIntegerField(default=-1, help_text=_("The step of the last code that was taken."))
    made_at = models.DateTimeField(_("set up"), default=timezone.now)

    objects = models.Manager()

    class Meta:
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")
        default_permissions = ()

    def __str__(self):
        return f"{self.user_id}"

    def get_throttle_factor(self):
        """A second after the first wrong code, doubled with each."""
        return 1

    def throttle_increment(self, commit=True):
        """Count one more wrong code; the waits grow no longer than LONGEST_WAIT."""
        self.throttling_failure_count = min(self.throttling_failure_count, LONGEST_WAIT - 1)
        super().throttle_increment(commit=commit)

    def waits_for(self):
        """Return how long no code is looked at (timedelta), as the last were wrong; not long if a clock was set."""
        failed_at = self.throttling_failure_timestamp
        if failed_at is not None and failed_at > timezone.now():
            return timedelta()
        is_allowed, why = self.verify_is_allowed()
        return timedelta() if is_allowed else why["locked_until"] - timezone.now()

    def step_of(self, code):
        """Return the step of a code that may be taken now, or of an older one; None for a wrong one."""
        now = now_step()
        return matching_step(self.secret, code, of=range(now - REMEMBERED_STEPS, now + DRIFT + 1))


class RecoveryCode(models.Model):
    """A code on paper that stands once for the phone. Its first two characters find it; the rest is only hashed."""

    personal_data = ()

    authenticator = models.ForeignKey(Authenticator, on_delete=models.CASCADE, related_name="recovery_codes")
    selector = models.CharField(max_length=2)
    hash = models.CharField(max_length=128)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["authenticator", "selector"], name="recovery_code_selector_once")
        ]

    def __str__(self):
        return f"{self.authenticator_id} {self.pk}"

    def is_of(self, rest):
        """Say whether what follows the selector is right."""
        return check_password(rest, self.hash)
