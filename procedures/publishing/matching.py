"""Which version of the leading language a version says the same as: an editor says so, or publishing both together."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.models import Event
from clinic.refusals import Stale
from procedures.languages import leading
from procedures.publishing.checks import check_say_matches
from procedures.publishing.moving import locked

MATCHES = "version.matches"


@transaction.atomic
def say_matches(*, version, other, by):
    """Say that a version now says the same as `other`, the live version of the leading language; return it.

    No word changes, so a version that patients read may be meant too, and a signature stays. Raises Stale when another
    version of the leading page is live by now: nobody has compared with that one.
    """
    version = locked(version)
    live = check_say_matches(version, by=by)
    if live.pk != other.pk:
        raise Stale(_("Another version of that page was published while you had this open. Compare again."))
    if version.written_against_id != other.pk:
        version.written_against = other
        version.save(update_fields=["written_against"])
        Event.record(MATCHES, by=by, about=version, number=other.number, other=other.pk)
    return version


def match_each_other(versions):
    """Let versions that were published together remember that they say the same."""
    first = {version.page.subject: version for version in versions if version.page.language == leading()}
    for version in versions:
        other = first.get(version.page.subject)
        if other is not None and other is not version:
            version.written_against = other
            version.save(update_fields=["written_against"])
