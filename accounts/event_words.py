"""What an auditor reads of the events of this room."""

from django.utils.translation import gettext_lazy as _

WORDS = {
    "staff.logged_in": _("Logged in"),
    "staff.logged_out": _("Logged out"),
    "staff.log_in_failed": _("Could not log in"),
    "staff.password_changed": _("Changed their password"),
    "staff.password_replaced": _("Had a new first password made for somebody"),
    "staff.first_password_over": _("Was turned away: the first password was over"),
    "staff.log_in_ended": _("The site ended a log-in"),
    "staff.log_in_throttled": _("Had to wait after wrong passwords"),
    "staff.log_in_confirmed": _("Confirmed their password"),
    "staff.log_in_not_confirmed": _("Could not confirm their password"),
    "staff.logged_out_everywhere": _("Ended every log-in of an account"),
    "staff.logged_out_elsewhere": _("Ended other log-ins of their own"),
    "staff.told_of_tries": _("Told somebody that their account was tried"),
    "staff.emergency_opened": _("Opened the emergency account"),
    "staff.emergency_ended": _("Ended the emergency account"),
    "staff.emergency_read": _("Read what was done with the emergency account"),
    "staff.second_factor_enrolled": _("Set up a second factor"),
    "staff.second_factor_failed": _("Typed a wrong code"),
    "staff.second_factor_removed": _("Removed their second factor"),
    "staff.second_factor_reset": _("Reset a second factor"),
    "staff.recovery_code_used": _("Used a recovery code"),
    "staff.recovery_codes_renewed": _("Made new recovery codes"),
}
