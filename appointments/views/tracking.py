"""The private page on which a request can be followed."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

from appointments.messages import in_words
from appointments.models import STATUS_TONES, TrackingLink
from appointments.names import plain_name
from appointments.references import hash_of
from clinic.page_cache import private_page
from clinic.views import failure_page


@require_safe
def track(request, token):
    """Show where a request stands. Every token that opens nothing gets the same answer."""
    link = TrackingLink.objects.select_related("request__location").filter(token_hash=hash_of(token)).first()
    if link is None or not link.is_open:
        return private_page(failure_page(request, "appointments/no_such_link.html", 404))
    asked = link.request
    context = {
        "asked": asked,
        "tone": STATUS_TONES[asked.status],
        "due": in_words(asked.due_at) if asked.waits_for_clinic else "",
        "is_overdue": asked.is_overdue(),
        "procedure": plain_name(asked.procedure_id),
        "sent": request.GET.get("sent", ""),
        "canonical_url": "",
    }
    return private_page(render(request, "appointments/track.html", context))
