"""The demonstration's requests: made once by the real workflow, and any number more in bulk."""

import pytest
from django.conf import settings as site_settings
from django.utils import timezone

from accounts import demonstration as staff
from appointments import demonstration
from appointments.models import AppointmentRequest, ClinicQuestion, Status
from audit.models import Event
from clinic import demonstration as clinic
from outbox.models import Message
from procedures.models import Procedure
from tests.appointments.factories import is_doubly_booked

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(settings):
    """A demonstration site with its clinic and staff."""
    settings.DEMO = True
    clinic.load()
    staff.load()
    for key in ("kyphoplasty", "vertebroplasty"):
        Procedure.objects.create(key=key)


def test_the_first_time_makes_some_by_the_real_workflow(demo):
    assert demonstration.load() == "17 made-up requests"
    requests = AppointmentRequest.objects.all()
    assert set(requests.values_list("status", flat=True)) == set(Status.values) - {Status.WITHDRAWN}
    assert Event.objects.filter(verb="request.received").count() == requests.count() == 17
    assert Message.objects.filter(purpose="answered").count() == 2
    assert {request.language for request in requests} == {"en", "es"}
    assert requests.filter(is_urgent=True).count() == 2
    assert requests.filter(offers__state="agreed").get().offers.get(state="agreed").starts_at > timezone.now()
    assert {question.reply[:3] for question in ClinicQuestion.objects.all()} == {"", "Yes"}
    assert len({request.created_at.date() for request in requests}) > 2


def test_a_second_time_makes_nothing(demo):
    demonstration.load()
    assert demonstration.load() == "0 made-up requests"
    assert AppointmentRequest.objects.count() == 17


def test_nobody_made_up_is_mixed_with_real_patients():
    assert not site_settings.DEMO
    assert "DEMO is off" in demonstration.load(requests=5)
    assert not AppointmentRequest.of_every_kind.exists()


def test_any_number_more_comes_in_all_states_with_every_field_right(demo):
    demonstration.load()
    assert demonstration.load(requests=40) == "40 made-up requests"
    assert set(AppointmentRequest.objects.values_list("status", flat=True)) == set(Status.values)
    for request in AppointmentRequest.objects.all():
        request.full_clean(validate_unique=False)
        assert request.full_name
        assert request.matter
        assert request.email_index or request.phone_index
        assert request.offers.agreed().count() == (request.status == Status.AGREED)
        assert request.offers.open().exists() or request.status != Status.WAITING or request.clinic_questions.exists()
    assert not is_doubly_booked()


def test_made_up_people_have_telephone_numbers_and_addresses_of_nobody(demo):
    demonstration.load(requests=30)
    for request in AppointmentRequest.objects.all():
        assert not request.email or request.email.endswith("@example.org")
        assert not request.phone or "555" in request.phone
