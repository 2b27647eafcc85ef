"""What the sheet says of a request that is held as spam: why, what it means, and what to look for."""

from django.utils.translation import gettext

from appointments.models import Status


def held(asked):
    """Return the notice of the sheet (title and sentences), None for a request that is not held."""
    if not asked.held_because:
        return None
    because = gettext("Why it is held: %(reason)s.") % {"reason": asked.get_held_because_display()}
    if asked.status == Status.NEW:
        return {
            "title": gettext("Held as spam"),
            "sentences": [
                because,
                gettext("It is not in the queue, and no message was written. Its private page looks like any other."),
                gettext("Read what it says. If a person wrote it, put it into the queue."),
            ],
        }
    if asked.status == Status.CLOSED:
        mend = gettext("Was that wrong? Put it into the queue: it is due as if it had never been held.")
        return {"title": gettext("Closed as spam"), "sentences": [because, mend]}
    return {"title": gettext("Held as spam"), "sentences": [because, gettext("The patient withdrew it.")]}
