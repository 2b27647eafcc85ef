"""What the sheet shows of a form that was sent again with other answers: each change, and what was sent at first."""

from datetime import date

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from appointments import workflow
from appointments.admin import names, queue
from appointments.admin.names import named
from appointments.models import AmendmentKind, Wish
from clinic.models import Location
from procedures.models import ProcedurePage

LABELS = {
    "wish": _("Would like"),
    "procedure": _("Procedure"),
    "location": _("Location"),
    "signs": _("Warning signs"),
    "matter": _("In the patient’s own words"),
    "date_of_birth": _("Date of birth"),
    "wants_details": _("Messages may name the treatment"),
    "full_name": _("Name"),
    "email": _("Email"),
    "phone": _("Telephone"),
}


def changes(asked, amended, *, preferences):
    """Return what the sheet shows of forms that were sent again, newest first; None where there was none.

    `amended` are all amendments of the request, as far as they can be read; `preferences` puts those of a request into
    rows (1 query where there are changes).
    """
    amendments = [amendment for amendment in amended if amendment.is_readable]
    again = [amendment for amendment in amendments if amendment.kind == AmendmentKind.SENT_AGAIN]
    if not again:
        return None
    words = Words(preferences)
    return {
        "newest_first": [
            {
                "title": gettext("Changed by the patient at %(time)s") % {"time": queue.exactly(amendment.made_at)},
                "when": timezone.localtime(amendment.made_at),
                "rows": words.compared(amendment.before, amendment.after),
            }
            for amendment in reversed(again)
        ],
        "first_sent": words.rows(workflow.first_sent(asked, amendments)),
    }


class Words:
    """Puts answers, as `workflow.submit` takes them, into words for staff; what names a place or page is read once."""

    def __init__(self, preferences):
        self.preferences = preferences

    @cached_property
    def named(self):
        """The names of places and procedures by their keys, read when an answer first asks for one (1 query)."""
        pages = ProcedurePage.objects.in_language(get_language())
        found = names.read(
            named(pages, "procedure", key="procedure__key", name="plain_name"),
            named(Location.objects.all(), "location"),
        )
        return {kind: {each.key: each.name for each in things} for kind, things in found.items()}

    def rows(self, answers):
        """Return rows for the component `summary_list`, in the order of LABELS."""
        return [row for name, value in _in_order(answers) for row in self._rows_of(name, value)]

    def compared(self, before, after):
        """Return (label, before, after) of each answer that changed."""
        rows = []
        for name, value in _in_order(after or {}):
            old = {row["label"]: row["value"] for row in self._rows_of(name, (before or {}).get(name))}
            new = {row["label"]: row["value"] for row in self._rows_of(name, value)}
            rows += [
                {"label": label, "before": old.get(label, ""), "after": new.get(label, "")}
                for label in old | new
                if old.get(label, "") != new.get(label, "")
            ]
        return rows

    def _rows_of(self, name, value):
        if name == "preferences":
            return self.preferences(value or {})
        if name not in LABELS:
            return []
        return [{"label": str(LABELS[name]), "value": str(self._in_words(name, value))}]

    def _in_words(self, name, value):
        if name == "wish":
            return capfirst(dict(Wish.choices).get(value, value))
        if name == "procedure":
            return (value and self.named.get("procedure", {}).get(value, value)) or gettext("Not sure")
        if name == "location":
            return (value and self.named.get("location", {}).get(value, value)) or gettext("No preference")
        if name == "signs":
            return "\n".join(sign["text"] for sign in value or () if sign["ticked"]) or gettext("None")
        if name == "wants_details":
            return gettext("Yes") if value else gettext("No")
        if name == "date_of_birth" and value:
            return date_format(date.fromisoformat(value), "SHORT_DATE_FORMAT")
        return value or ""


def _in_order(answers):
    return [(name, answers[name]) for name in (*LABELS, "preferences") if name in answers]
