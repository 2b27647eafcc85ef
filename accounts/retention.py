"""What is kept of staff: log-ins for a time, names for as long as what they did is remembered."""

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import desk, sessions
from clinic import purging, retention
from clinic.models import Unit


def fill_register():
    """Say what the room keeps, and tell managers on the desk when the purge waits for them."""
    retention.fixed(
        "sessions",
        what=_("That a member of staff is logged in"),
        lasts=_("until it can last no longer, %(span)s at most"),
        why=_("So that the desk opens for them without a password for each page."),
        span=retention.Span(1, Unit.DAYS),
        is_told=False,
    )
    retention.fixed(
        "log-ins",
        what=_("When a member of staff logged in, and with which browser"),
        lasts=_("%(span)s after the log-in began"),
        why=_("So that they see a log-in that was not theirs."),
        span=retention.Span(sessions.ROWS_LAST.days, Unit.DAYS),
        is_told=False,
        covers=("accounts.LogIn",),
    )
    retention.fixed(
        "tries to log in",
        what=_("How often a log-in failed"),
        lasts=_("%(span)s after the last try"),
        why=_("So that nobody guesses a password."),
        span=retention.Span(1, Unit.DAYS),
        is_told=False,
        covers=("accounts.LogInTries",),
    )
    retention.kept_otherwise(
        "accounts.User",
        "A colleague who left stays as a locked account without rights: the audit trail and old requests name them.",
    )
    retention.kept_otherwise(
        "accounts.EmergencyAccess",
        "Who opened the emergency account, and why, is told by staff of staff; it is as old as what it explains.",
    )
    desk.register(
        desk.Task(
            permission=retention.CHANGE,
            count=lambda user: 1 if purging.waits_for_a_look_since() else 0,
            words=lambda number: gettext("Nothing old is removed until you have looked at what would go."),
            url=lambda: reverse("admin:clinic_retentionrule_purge"),
        )
    )
