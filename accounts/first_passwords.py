"""The first password of an account, and the one after a forgotten one: made by the site, shown once, over in 3 days.

It opens nothing but the page on which the person chooses their own; nobody else ever chooses one that lasts (OWASP
ASVS 5.0, 6.4.1).
"""

import re
import secrets
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables

from accounts import telling
from accounts.models import LogIn
from audit.models import Event
from clinic.codes import ALPHABET
from clinic.models import ClinicProfile

LASTS = timedelta(hours=72)
# Small letters need no Shift. 16 of 30 signs are 78 random bits.
SIGNS = ALPHABET.lower()
GROUP, GROUPS, MOST_GROUPS = 4, 4, 50


@sensitive_variables()
def new_password(user):
    """Return a random password that may be this person's, such as "k7mq-2xdh-w9tp-f4ra"."""
    for groups in range(GROUPS, MOST_GROUPS):
        password = "-".join("".join(secrets.choice(SIGNS) for _sign in range(GROUP)) for _group in range(groups))
        try:
            validate_password(password, user)
        except ValidationError:
            # By a chance in millions; or where a clinic asks for longer ones.
            continue
        return password
    raise ValueError("No password is good enough for AUTH_PASSWORD_VALIDATORS.")


def is_spelled_like_one(password):
    """Say whether a password looks like one of these: nobody keeps theirs, nor takes it up again later."""
    return re.fullmatch(f"([{SIGNS}]{{{GROUP}}}-){{{GROUPS - 1},}}[{SIGNS}]{{{GROUP}}}", password) is not None


@sensitive_variables()
def give(user):
    """Give an account that is being made its first password, and return it: it is stored nowhere else."""
    password = new_password(user)
    user.set_password(password)
    user.must_change_password, user.first_password_ends_at = True, timezone.now() + LASTS
    return password


@sensitive_variables()
def replace(*, user, by):
    """Put a new first password in the place of a colleague's, end their log-ins, and tell them; return it."""
    password = give(user)
    with transaction.atomic():
        user.save(update_fields=["password", "must_change_password", "first_password_ends_at"])
        LogIn.objects.of(user).end()
        Event.record("staff.password_replaced", by=by, about=user)
        telling.tell(user, "password_replaced", about=user, words=_words)
    return password


def _words():
    subject = gettext("%(clinic)s: your password was replaced") % {"clinic": ClinicProfile.current().name}
    text = gettext(
        "A manager had a new first password made for your account at the clinic desk. The one you had is over, and "
        "you are logged out everywhere.\n\n"
        "The manager tells you the new one. It is good for %(hours)d hours, and you choose your own when you "
        "log in.\n\n"
        "If you did not ask for it, tell another manager at once."
    ) % {"hours": LASTS / timedelta(hours=1)}
    return subject, text
