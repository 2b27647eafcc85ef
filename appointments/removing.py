"""Removing requests wholly, when they are past their time or when a person asks to be forgotten.

Whoever calls it decides which, and records an audit event; events are the one thing about a request that stays.
"""

from django.db import transaction

from appointments.models import AppointmentRequest, LinkAsked
from outbox.models import Message


@transaction.atomic
def remove_requests(ids):
    """Delete the requests with these primary keys, of any kind, with all that hangs on them; return how many.

    With them go the messages about them, sent or not, private links, times, calls, notes, questions and changes, what
    could be undone or taken apart, and every index by which they were found. What was joined with them leads nowhere
    from then on. A form that was sent is known by its hash until it is stale, so that nothing comes back.

    Nothing is decrypted: what no key opens is removed like anything else.
    """
    requests = AppointmentRequest.of_every_kind.filter(pk__in=list(ids))
    found = dict(requests.select_for_update(of=("self",)).order_by("pk").values_list("pk", "reference"))
    if not found:
        return 0
    AppointmentRequest.of_every_kind.filter(merged_into__in=found).update(merged_into=None)
    messages_about(found).only("pk").delete()
    LinkAsked.objects.filter(reference__in=found.values()).only("pk").delete()
    requests.filter(pk__in=found).only("pk").delete()
    return len(found)


def messages_about(ids):
    """Return the messages about the requests with these primary keys, whatever became of them."""
    label = AppointmentRequest._meta.label_lower
    return Message.objects.filter(about_type=label, about_id__in=[str(pk) for pk in ids])
