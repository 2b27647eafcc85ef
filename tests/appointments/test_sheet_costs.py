"""What a sheet asks of the database: at most 12 queries in every state, with however much that happened to it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import LocationLimit
from appointments import workflow
from appointments.models import (
    Amendment,
    AppointmentRequest,
    ClinicQuestion,
    ContactAttempt,
    HeldBecause,
    Note,
    PhoneTask,
    Status,
    TimeOffer,
)
from audit.models import Event
from tests.appointments.at_the_desk import address, messages_of
from tests.appointments.factories import make_request, make_time
from tests.procedures.published import make_clinic, make_procedure, publish_page

pytestmark = pytest.mark.django_db
MOST = 12


def queries_of(client, page):
    """Return what a page asks the second time, when nothing is looked up that a process remembers."""
    client.get(page)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(page).status_code == 200
    return len(asked)


def add_much(asked, by, version):
    """Let one more of everything that there can be stand beside a request."""
    now = timezone.now()
    Note.objects.create(request=asked, text="Call in the morning.", written_by=by)
    ClinicQuestion.objects.create(request=asked, text="Which leg?", asked_by=by, reply="Left", replied_at=now)
    ContactAttempt.objects.create(request=asked, outcome="reached", made_by=by)
    PhoneTask.objects.create(request=asked, purpose="answered", because="bounced", done_at=now, done_by=by)
    PhoneTask.objects.create(request=asked, purpose="offer", because="bounced")
    Amendment.objects.create(request=asked, kind="sent_again", before={"location": "a"}, after={"location": "b"})
    Amendment.objects.create(request=asked, kind="added", words="I walk with a stick.")
    Event.record("request.read", by=by.as_actor(), about=asked)
    time = make_time(days=20 + asked.offers.count())
    span = {"starts_at": time.starts_at, "ends_at": time.ends_at, "state": "released"}
    TimeOffer.objects.create(request=asked, location=time.location, clinician=time.clinician, made_by=by, **span)
    AppointmentRequest.objects.filter(pk=asked.pk).update(page_version=version)


@pytest.mark.parametrize(
    "holder", ["reception", *(pytest.param(name, marks=pytest.mark.wide) for name in ("nurse", "somebody who left"))]
)
@pytest.mark.parametrize("status", [*Status.values, "held"])
def test_a_sheet_costs_at_most_12_queries_however_much_there_is(client, reception, nurse, status, holder):
    make_clinic()
    procedure = make_procedure()
    version = publish_page(procedure).live_version
    by = reception if holder == "reception" else nurse
    asked = make_request(status=Status.NEW if status == "held" else status, by=by, procedure=procedure.key)
    if status == "held":
        AppointmentRequest.objects.filter(pk=asked.pk).update(held_because=HeldBecause.STAFF)
    if holder == "somebody who left":
        nurse.set_roles([])
    LocationLimit.objects.create(user=reception, location=make_time().location)
    client.force_login(reception)
    add_much(asked, reception, version)
    costs = queries_of(client, address(asked))
    assert costs <= MOST
    for _each in range(3):
        add_much(asked, reception, version)
    assert queries_of(client, address(asked)) == costs


def test_a_sheet_costs_at_most_12_queries_with_others_joined_to_it(client, reception):
    make_clinic()
    procedure = make_procedure()
    version = publish_page(procedure).live_version
    kept = make_request(status=Status.IN_PROGRESS, by=reception, procedure=procedure.key)
    for each in (make_request(full_name="Ana Brien", email="else@example.org"), make_request(phone="206 555 0177")):
        revisions = {"seen_revision": kept.revision, "seen_other": each.revision}
        choices = {"full_name": "other", "email": "other", "phone": "other"}
        kept = workflow.merge(kept, each, choices=choices, by=reception.as_actor(), **revisions)
    client.force_login(reception)
    add_much(kept, reception, version)
    assert queries_of(client, address(kept)) <= MOST


# The page of messages and calls


@pytest.mark.parametrize("role", ["reception", "nurse", "manager", "editor", "reviewer", "auditor"])
def test_messages_are_for_those_who_triage_and_their_reading_is_recorded(client, request, role):
    client.force_login(request.getfixturevalue(role))
    asked = make_request()
    may = role in ("reception", "nurse", "manager")
    assert client.get(messages_of(asked)).status_code == (200 if may else 403)
    assert Event.objects.about(asked).filter(verb="request.read").count() == may


def test_messages_say_nothing_of_the_notes_and_the_sheet_leads_to_both(client, reception):
    client.force_login(reception)
    asked = make_request()
    Note.objects.create(request=asked, text="Speaks softly.", written_by=reception)
    assert "Speaks softly." not in client.get(messages_of(asked)).content.decode()
    assert f'href="{messages_of(asked)}"' in client.get(address(asked)).content.decode()


def test_messages_of_no_request_are_not_found(client, reception):
    client.force_login(reception)
    assert client.get(reverse("admin:appointments_appointmentrequest_messages", args=["0"])).status_code == 404
