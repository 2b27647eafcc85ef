"""The calendar file: one entry a request, right across changes of the clocks, and silent about what is the matter."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
import time_machine
from django.core import mail

from appointments.calendar_files import calendar_of
from appointments.models import Status
from clinic.models import Location
from outbox import sender
from outbox.models import Message
from procedures.models import Procedure, ProcedurePage
from tests.appointments.factories import let_undo_time_pass, make_request, make_time, moved
from tests.clinic.factories import make_profile
from tests.matrices import crossed

pytestmark = pytest.mark.django_db
PACIFIC = ZoneInfo("America/Los_Angeles")


@pytest.fixture(autouse=True)
def profile():
    return make_profile(name="Alder Spine Clinic", discreet_name="Alder Health")


def entry_of(text):
    """Return the one entry of a calendar file, read back."""
    [entry] = icalendar.Calendar.from_ical(text).walk("VEVENT")
    return entry


def kyphoplasty():
    """Return the key of a procedure that has pages."""
    procedure = Procedure.objects.create(key="kyphoplasty")
    for language, name in (("en", "Bone repair"), ("es", "Reparación de hueso")):
        ProcedurePage.objects.create(procedure=procedure, language=language, slug="bone", plain_name=name)
    return procedure.key


def test_a_request_without_an_agreed_time_has_no_file(reception):
    assert calendar_of(make_request(status=Status.WAITING, by=reception)) == ""


def test_the_file_says_when_where_and_whom_to_call(reception, settings):
    settings.SITE_URL = "https://clinic.example:8443"
    request = make_request(status=Status.AGREED, by=reception)
    text = calendar_of(request, attendee=request.email)
    entry, offer = entry_of(text), request.offers.agreed().get()
    assert (entry["uid"], entry["sequence"]) == (f"{request.reference}@clinic.example", 1)
    assert (entry["dtstart"].dt, entry["dtend"].dt) == (offer.starts_at, offer.ends_at)
    assert (entry["location"], entry["status"]) == ("Northside, 1 A St", "CONFIRMED")
    assert request.reference in entry["description"]
    assert "(206) 555-0199" in entry["description"]
    assert (entry["organizer"], entry["attendee"]) == ("mailto:desk@clinic.example", "mailto:ana@example.org")
    assert "\r\nMETHOD:REQUEST\r\n" in text


def test_a_download_names_nobody(reception):
    text = calendar_of(make_request(status=Status.AGREED, by=reception))
    assert "ATTENDEE" not in text
    assert "\r\nMETHOD:PUBLISH\r\n" in text


def test_it_is_discreet_unless_the_patient_asked_for_details(reception):
    discreet = make_request(status=Status.AGREED, by=reception, procedure=kyphoplasty(), language="es")
    moved(discreet, "withdraw", by=reception)
    detailed = make_request(status=Status.AGREED, by=reception, procedure="kyphoplasty", wants_details=True)
    file_of = {message.about_id: message.calendar for message in Message.objects.filter(purpose="agreed")}
    silent = file_of[str(discreet.pk)].replace("\r\n ", "")
    for word in ("hueso", "Spine", "Ana", "O’Brien", "back hurts", "/track/"):
        assert word not in silent
    assert entry_of(silent)["summary"] == "Cita, Alder Health"
    assert entry_of(file_of[str(detailed.pk)])["summary"] == "Appointment: Bone repair"


def test_every_change_counts_as_newer_under_the_same_name_and_the_last_takes_it_away(reception):
    request = make_request(status=Status.AGREED, by=reception)
    request = moved(request, "change_time", by=reception, time=make_time(days=9))
    request = moved(request, "cancel_time", by=reception)
    request = moved(request, "offer", by=reception, times=[make_time(days=11)])
    request = moved(request, "accept", by=reception, offer=request.offers.open().get().pk)
    moved(request, "withdraw", by=reception)
    files = [message.calendar for message in Message.objects.order_by("id") if message.calendar]
    entries = [entry_of(text) for text in files]
    assert [entry["sequence"] for entry in entries] == [1, 2, 3, 4, 5]
    assert len({entry["uid"] for entry in entries}) == 1
    methods = [str(icalendar.Calendar.from_ical(text)["method"]) for text in files]
    assert methods == ["REQUEST", "REQUEST", "CANCEL", "REQUEST", "CANCEL"]
    assert [str(entry["status"]) for entry in entries][2::2] == ["CANCELLED", "CANCELLED"]
    assert entries[2]["dtstart"].dt == entries[1]["dtstart"].dt


def test_withdrawing_without_an_agreed_time_sends_no_file(reception):
    moved(make_request(status=Status.WAITING, by=reception), "withdraw", by=reception)
    assert not any(message.calendar for message in Message.objects.all())


# The two changes of the clocks, the days beside them, both ends of the year, and a leap day.
@pytest.mark.parametrize(
    ("day", "hour", "zone"),
    crossed(
        ["2027-03-13", "2027-03-14", "2027-11-06", "2027-11-07", "2026-12-31", "2027-01-01", "2028-02-29"],
        ["09:30", "03:30"],
        ["America/Los_Angeles", "Europe/Madrid", "Asia/Kolkata", "UTC"],
    ),
)
def test_the_file_alone_tells_the_right_moment_around_a_change_of_the_clocks(reception, settings, day, zone, hour):
    settings.TIME_ZONE = zone
    starts_at = datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=ZoneInfo(zone))
    with time_machine.travel(starts_at - timedelta(days=3)):
        time = make_time()
        time = type(time)(time.location, time.clinician, starts_at, time.minutes)
        request = make_request(status=Status.AGREED, by=reception, inputs={"agree": {"time": time}})
        calendar = icalendar.Calendar.from_ical(calendar_of(request))
    start = entry_of(calendar.to_ical())["dtstart"]
    assert start.dt.replace(tzinfo=None) == starts_at.replace(tzinfo=None)
    zones = calendar.walk("VTIMEZONE")
    if zone == "UTC":
        assert (zones, start.dt.utcoffset()) == ([], timedelta())
    else:
        [told] = zones
        assert start.params["tzid"] == told["tzid"] == zone
        assert start.dt.replace(tzinfo=told.to_tz(lookup_tzid=False)).utcoffset() == starts_at.utcoffset()


HOSTILE = ["A\r\nATTENDEE:mailto:x@example.org", 'A;B,C\\n"D"', "Ñ" * 80, "A\x01\x85\u2028B", "END:VEVENT", ":" * 99]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_the_file_or_adds_to_it(reception, name, profile):
    request = make_request(status=Status.AGREED, by=reception)
    Location.objects.update(name=name[:80], address=f"{name[:100]}\n{name[:90]}")
    profile.discreet_name = name[:80]
    profile.save()
    text = calendar_of(request)
    entry = entry_of(text)
    assert "attendee" not in entry
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    assert "\n" not in text.replace("\r\n", "")
    assert str(entry["location"]).startswith(" ".join(name.split("\x01")[0].split())[:60])


def test_the_file_leaves_with_the_message_as_mail_programs_want_it(reception):
    make_request(status=Status.AGREED, by=reception)
    let_undo_time_pass()
    sender.send_due()
    [_received, agreed] = mail.outbox
    [part] = [part for part in agreed.message().walk() if part.get_content_type() == "text/calendar"]
    assert (part.get_param("method"), part.get_filename()) == ("REQUEST", "appointment.ics")
    assert part.get_content_charset() == "utf-8"
    assert entry_of(part.get_payload(decode=True))["status"] == "CONFIRMED"
    assert agreed.from_email.startswith("Alder Health <")
