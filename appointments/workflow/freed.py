"""Agreed times that were let go: saying that nobody needs one."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from appointments.models import TimeOffer
from appointments.workflow.places import check_may_triage
from audit.models import Event
from clinic.refusals import Refused


@transaction.atomic
def put_away(offer, *, by):
    """Say that nobody needs a time that came free, so that it leaves the list.

    The same span, with the same clinician and at the same place, may have been let go by several patients: all of them
    are put away, and one that lets it go later brings it back. The same press twice is one. Raises Refused.
    """
    check_may_triage(offer.request, by=by)
    offer = TimeOffer.objects.select_for_update(of=("self",)).get(pk=offer.pk)
    if offer.put_away_at is not None:
        return
    same = {name: getattr(offer, name) for name in ("clinician_id", "location_id", "starts_at", "ends_at")}
    freed = list(TimeOffer.objects.came_free().filter(**same).values_list("pk", flat=True))
    if offer.pk not in freed:
        raise Refused(_("This time is not free any more."))
    TimeOffer.objects.filter(pk__in=freed).update(put_away_at=timezone.now())
    Event.record("time.put_away", by=by, about=offer, times=freed)
