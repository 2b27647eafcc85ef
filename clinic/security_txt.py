"""Tells people who found a weakness whom to tell (RFC 9116), from what the clinic says of itself anyway."""

from datetime import datetime, time, timedelta

from django.conf import settings
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone

from clinic.context_processors import read_clinic
from clinic.page_cache import public_page

# The RFC asks for less than a year; whoever reads it later asks again.
HOLDS_FOR = timedelta(days=180)


@public_page
def security_txt(request):
    """Answer with the contact, until when it holds, and the languages we read; 404 for a clinic that names nobody."""
    contact = settings.SECURITY_CONTACT or _contact_of(read_clinic())
    if not contact:
        raise Http404
    holds_until = datetime.combine(timezone.localdate() + HOLDS_FOR, time(), tzinfo=timezone.get_current_timezone())
    lines = {
        "Contact": contact,
        "Expires": holds_until.isoformat(),
        "Preferred-Languages": ", ".join(code for code, _name in settings.LANGUAGES),
        "Canonical": f"{settings.SITE_URL}{reverse('security_txt')}",
        "Policy": settings.SECURITY_POLICY,
    }
    text = "".join(f"{name}: {value}\n" for name, value in lines.items() if value)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def _contact_of(clinic):
    return f"mailto:{clinic.email}" if clinic.email else clinic.telephone_href
