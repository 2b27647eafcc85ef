"""The calendar file of an agreed time (RFC 5545), which goes with messages and can be downloaded.

One entry a request: a later file with a higher sequence changes it or takes it away, whatever calendar holds it. It
names no person and, unless the patient asked for details, no treatment; it never holds the private link, as calendars
are shared with family and employers.
"""

import re
from datetime import date, timedelta
from email.utils import parseaddr
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import icalendar
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext, override

from appointments.names import clinic_name, plain_name
from clinic.models import ClinicProfile

PRODUCT = "-//appointments//EN"
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def calendar_of(request, *, cancelled=None, attendee=""):
    """Return the calendar file of a request as text; "" for one without an agreed time.

    `cancelled` is an agreed time that no longer holds: the file then takes it out of the calendar. `attendee` is the
    address that the file is sent to, as calendars of mail programs want it (RFC 5546); a download has none.
    """
    offer = cancelled or request.offers.agreed().select_related("location").first()
    if offer is None:
        return ""
    calendar = icalendar.Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", _method(cancelled, attendee))
    if zone := _zone_of(offer):
        calendar.add_component(zone)
    with override(request.language):
        calendar.add_component(_entry(request, offer, cancelled=cancelled, attendee=attendee))
    return calendar.to_ical().decode()


def _method(cancelled, attendee):
    if cancelled:
        return "CANCEL"
    # RFC 5546: a request goes to somebody, what is merely published goes to nobody in particular.
    return "REQUEST" if attendee else "PUBLISH"


def _entry(request, offer, *, cancelled, attendee):
    profile = ClinicProfile.current()
    entry = icalendar.Event()
    entry.add("uid", f"{request.reference}@{urlsplit(settings.SITE_URL).hostname}")
    entry.add("sequence", request.calendar_sequence)
    entry.add("dtstamp", timezone.now())
    entry.add("dtstart", _here(offer.starts_at))
    entry.add("dtend", _here(offer.ends_at))
    entry.add("summary", _summary(request, profile))
    entry.add("location", one_line(f"{offer.location.name}, {', '.join(offer.location.address.splitlines())}"))
    entry.add("description", _description(request, profile))
    entry.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    entry.add("class", "PRIVATE")
    organizer = icalendar.vCalAddress(f"mailto:{profile.email or parseaddr(settings.EMAIL_FROM)[1]}")
    organizer.params["cn"] = one_line(clinic_name(profile, details=request.wants_details)).replace('"', "'")
    entry.add("organizer", organizer)
    if attendee:
        patient = icalendar.vCalAddress(f"mailto:{attendee}")
        patient.params["partstat"] = "ACCEPTED"
        entry.add("attendee", patient)
    return entry


def _here(moment):
    """Return an aware moment in the clinic's time zone, named by its key; UTC stays UTC."""
    return moment.astimezone(ZoneInfo(settings.TIME_ZONE))


def _zone_of(offer):
    """Return the definition of the clinic's time zone for the years around a time; None for UTC, which needs none."""
    if settings.TIME_ZONE == "UTC":
        return None
    year = _here(offer.starts_at).year
    # Wide enough for calendars that look for the change of the clocks before and after the entry.
    zone = icalendar.Timezone.from_tzinfo(
        ZoneInfo(settings.TIME_ZONE),
        settings.TIME_ZONE,
        first_date=date(year - 1, 1, 1),
        last_date=date(year + 2, 1, 1),
    )
    zone.pop("comment", None)
    for part in zone.subcomponents:
        _begin_by_the_old_clock(part)
    return zone


def _begin_by_the_old_clock(part):
    """Tell by the old clock when the clocks go forward, as RFC 5545 wants it; the library tells it by the new one."""
    jump = part["tzoffsetto"].td - part["tzoffsetfrom"].td
    if jump <= timedelta():
        return
    for name in ("dtstart", "rdate"):
        if name in part:
            value = part.pop(name)
            part.add(name, [each.dt - jump for each in value.dts] if name == "rdate" else value.dt - jump)


def _summary(request, profile):
    treatment = plain_name(request.procedure_id) if request.wants_details else ""
    if treatment:
        return one_line(gettext("Appointment: %(treatment)s") % {"treatment": treatment})
    name = profile.name if request.wants_details else profile.discreet_name
    return one_line(gettext("Appointment, %(clinic)s") % {"clinic": name}) if name else gettext("Appointment")


def _description(request, profile):
    words = gettext("Your reference: %(reference)s. To change or cancel, call %(telephone)s.")
    return one_line(words % {"reference": request.reference, "telephone": profile.telephone})


def one_line(text):
    """Return a text on one line, without signs that would begin another property."""
    return " ".join(CONTROL.sub(" ", str(text)).split())
