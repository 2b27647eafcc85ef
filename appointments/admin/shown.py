"""Who was shown which requests on a screen that is neither the queue nor a sheet: one event in the audit trail."""

from appointments.models import AppointmentRequest
from audit.reading import record_list


class Shown:
    """The part of the request's admin that records such a screen."""

    def record_screen(self, request, screen, shown):
        """Insert the event for a screen of this name that showed the requests with these primary keys."""
        if request.method != "HEAD":
            by = request.user.as_actor()
            record_list("request", by=by, of=AppointmentRequest, shown=list(dict.fromkeys(shown)), screen=screen)
