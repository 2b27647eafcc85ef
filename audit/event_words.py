"""The register of what verbs of events are called, filled in by each room; a verb of nobody's is called what it is."""

from django.utils.translation import gettext_lazy as _

_words = {
    "audit.listed": _("Looked at the audit trail"),
    "audit.searched": _("Searched the audit trail"),
    "audit.read": _("Opened an event of the audit trail"),
    "audit.exported": _("Exported the audit trail"),
    "audit.pruned": _("Removed a sealed month of the audit trail"),
    "staff.refused": _("Was refused"),
}
# What any model's screens record.
_endings = {
    "added": _("Added it"),
    "changed": _("Changed it"),
    "removed": _("Removed it"),
    "read": _("Opened it"),
    "listed": _("Looked at a list"),
    "searched": _("Searched"),
    "history_read": _("Looked at what happened to it"),
}


def register(words):
    """Add words, as a dictionary by verb. Called from `AppConfig.ready()`."""
    _words.update(words)


def words_for(verb):
    """Return what a verb is called."""
    return str(_words.get(verb) or _endings.get(verb.rpartition(".")[2]) or verb)
