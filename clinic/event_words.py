"""What an auditor reads of the events of this room."""

from django.utils.translation import gettext_lazy as _

WORDS = {
    "clinic.demonstration_loaded": _("Loaded the demonstration"),
    "keys.given_up": _("Gave up a lost key"),
    "keys.rotated": _("Brought what is stored under the newest key"),
    "person.looked_for": _("Looked for what is left of somebody erased"),
    "retention.changed": _("Changed how long something is kept"),
    "retention.clock_confirmed": _("Said that the clock is right"),
    "retention.released": _("Let the purge remove what is past its time"),
    "retention.removed": _("Removed what was past its time"),
}
