"""Names the room for Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    """The lowest room: it imports no other."""

    name = "audit"
    verbose_name = _("Audit")
