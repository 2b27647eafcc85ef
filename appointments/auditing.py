"""What an auditor may look for and reads of this room: requests by reference, and its events in words."""

from django.utils.translation import gettext_lazy as _

from appointments.admin.sheet import WHAT_HAPPENED
from appointments.models import AppointmentRequest
from appointments.references import read_reference
from audit.finding import Finder

WORDS = WHAT_HAPPENED | {
    "request.listed": _("Looked at a list of requests"),
    "request.searched": _("Searched for a request"),
    "requests.printed": _("Printed what waits"),
    "figures.exported": _("Exported the figures"),
    "form.closed": _("Closed the form for requests"),
    "form.opened": _("Opened the form for requests"),
    "time.put_away": _("Took a free time off the list"),
    "alerts.told": _("Told staff what cannot wait"),
    "message_words.given_up": _("Went back to the words of the site"),
    "person.erased": _("Erased a person"),
    "request.demonstration_loaded": _("Made up requests"),
    "practice.deleted": _("Deleted practice"),
    "clinic.promise_reckoned": _("Reckoned what patients are promised"),
}


def keys_of(typed):
    """Return the primary keys of the request with a reference, and of those joined with it, of every kind."""
    reference = read_reference(typed)
    if not reference:
        return []
    rows = AppointmentRequest.of_every_kind
    found = rows.filter(reference=reference).values_list("pk", "merged_into").first()
    if found is None:
        return []
    kept = found[1] or found[0]
    return sorted({*found, kept, *rows.filter(merged_into=kept).values_list("pk", flat=True)} - {None})[:50]


REQUESTS = Finder(
    kind=AppointmentRequest._meta.label_lower,
    label=_("Reference of a request"),
    nothing=_("No request has this reference."),
    find=keys_of,
)
