"""Which role may do what: one table. Least rights; a manager is no auditor, an editor sees no patient."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a member of staff does here. A person may hold several."""

    RECEPTION = "reception", _("Reception")
    NURSE = "nurse", _("Nurse (clinical triage)")
    EDITOR = "editor", _("Editor")
    REVIEWER = "reviewer", _("Clinical reviewer")
    MANAGER = "manager", _("Manager")
    AUDITOR = "auditor", _("Auditor")


TRIAGE = {
    "appointments.view_appointmentrequest",
    "appointments.triage_appointmentrequest",
    "appointments.view_savedreply",
    "outbox.view_message",
    "outbox.retry_message",
}
READ_PAGES = {
    "procedures.view_procedure",
    "procedures.view_procedurepage",
    "procedures.view_procedureversion",
    "procedures.view_condition",
    "procedures.view_conditionpage",
    "procedures.view_conditionversion",
}
WRITE_PAGES = READ_PAGES | {
    "procedures.add_procedure",
    "procedures.change_procedure",
    "procedures.add_procedurepage",
    "procedures.change_procedurepage",
    "procedures.add_condition",
    "procedures.change_condition",
    "procedures.add_conditionpage",
    "procedures.change_conditionpage",
    "procedures.edit_version",
    "procedures.view_missedsearch",
    "procedures.delete_missedsearch",
}
READ_FEEDBACK = {"procedures.view_feedback", "procedures.close_feedback"}
KEEP_HOUSE = {
    f"clinic.{verb}_{model}"
    for verb in ("view", "add", "change", "delete")
    for model in ("location", "openinghours", "closure", "clinician", "accreditation", "generalwarningsign")
} | {
    "clinic.view_clinicprofile",
    "clinic.change_clinicprofile",
    "clinic.view_retentionrule",
    "clinic.change_retentionrule",
    "appointments.view_formclosure",
    "appointments.add_formclosure",
}
KEEP_WORDS = {"appointments.view_messagewording", "appointments.change_messagewording"} | {
    f"appointments.{verb}_savedreply" for verb in ("view", "add", "change", "delete")
}
KEEP_ALERTS = {f"appointments.{verb}_alertperson" for verb in ("view", "add", "delete")}
# Whoever has it answers for who is let in.
CHANGE_STAFF = "accounts.change_user"
KEEP_STAFF = {"accounts.view_user", "accounts.add_user", CHANGE_STAFF}

PERMISSIONS = {
    Role.RECEPTION: TRIAGE,
    Role.NURSE: TRIAGE,
    Role.EDITOR: WRITE_PAGES | READ_FEEDBACK,
    Role.REVIEWER: READ_PAGES | {"procedures.sign_off_version"},
    Role.MANAGER: TRIAGE
    | READ_PAGES
    | READ_FEEDBACK
    | KEEP_HOUSE
    | KEEP_WORDS
    | KEEP_ALERTS
    | KEEP_STAFF
    | {
        "appointments.release_others",
        "appointments.view_figures",
        "appointments.erase_person",
        "clinic.view_erasure",
        "procedures.publish_version",
        "procedures.delete_feedback",
    },
    Role.AUDITOR: {"audit.view_event"},
}

# Who watches the managers: superusers alone give this role, and keep the accounts that hold it.
OF_SUPERUSERS = frozenset({Role.AUDITOR})


def roles_with(permission):
    """Return the roles that hold this permission ("room.codename")."""
    return [role for role, held in PERMISSIONS.items() if permission in held]


def permissions_of(roles):
    """Return the permissions ("room.codename") that these roles hold together."""
    return set().union(*(PERMISSIONS.get(role, set()) for role in roles))
