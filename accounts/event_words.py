"""What an auditor reads of the events of this room."""

from django.utils.translation import gettext_lazy as _

WORDS = {
    "staff.logged_in": _("Logged in"),
    "staff.logged_out": _("Logged out"),
    "staff.log_in_failed": _("Could not log in"),
    "staff.password_changed": _("Changed their password"),
}
