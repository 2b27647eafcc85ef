"""What patients read of how soon the clinic answers: kept once a day by the sender, from the figures."""

from datetime import timedelta

import pytest
import time_machine
from pytest_django.asserts import assertContains, assertNotContains

from appointments.models import Kind
from appointments.public_promise import reckon
from audit.models import Event
from clinic.models import ClinicProfile, PageStamp
from outbox import chores
from tests.appointments.arrivals import arrive, local
from tests.at_once import at_once
from tests.clinic.factories import make_hours, make_profile

NOW = local("2026-11-18 12:00")
CAME = local("2026-11-10 09:00")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clinic(db):
    """A clinic that promises an answer within 8 working hours."""
    make_profile()
    make_hours()


def told():
    return ClinicProfile.current().answered_within_hours


@pytest.mark.parametrize(
    ("minutes", "hours"),
    [
        ([60] * 20, 1),
        ([61] * 20, 2),
        ([0] * 20, 1),
        ([60] * 18 + [600] * 2, 1),
        ([60] * 17 + [600] * 3, 10),
        ([60] * 19, None),
        ([60] * 20 + [None] * 2, 1),
        ([60] * 20 + [None] * 3, None),
        ([60] * 19 + [None], None),
        ([], None),
    ],
)
def test_nine_in_ten_are_told_in_whole_hours_where_20_were_answered(minutes, hours):
    arrive(CAME, *minutes)
    reckon(NOW)
    assert told() == hours


def test_only_real_requests_of_the_last_30_days_tell():
    arrive(NOW - timedelta(days=32), *[60] * 30)
    arrive(CAME, *[60] * 30, kind=Kind.PRACTICE)
    arrive(CAME, *[60] * 30, kind=Kind.HEARTBEAT)
    arrive(CAME, *[60] * 30, held_because="decoy")
    reckon(NOW)
    assert told() is None


def test_it_is_reckoned_once_in_a_day_of_the_clinic(django_assert_num_queries):
    assert reckon(local("2026-11-18 00:01")) == 1
    arrive(CAME, *[60] * 20)
    with django_assert_num_queries(1):
        assert reckon(local("2026-11-18 23:59")) == 0
    assert told() is None
    assert reckon(local("2026-11-19 00:00")) == 1
    assert told() == 1


def test_kept_pages_grow_old_only_when_the_words_change(client):
    arrive(CAME, *[60] * 20)
    before = PageStamp.current()
    reckon(NOW)
    assert PageStamp.current() == before + 1
    assert Event.objects.get(verb="clinic.promise_reckoned").details == {"hours": 1}
    kept = client.get("/contact/")["ETag"]
    reckon(NOW + timedelta(days=1))
    assert PageStamp.current() == before + 1
    assert Event.objects.filter(verb="clinic.promise_reckoned").count() == 1
    assert client.get("/contact/", headers={"if-none-match": kept}).status_code == 304
    reckon(NOW + timedelta(days=60))
    assert told() is None
    assert client.get("/contact/", headers={"if-none-match": kept}).status_code == 200


def test_a_clinic_without_a_profile_or_hours_has_nothing_to_tell():
    ClinicProfile.objects.all().delete()
    assert reckon(NOW) == 0
    make_profile()
    assert reckon(NOW) == 1


@pytest.mark.parametrize("path", ["/contact/", "/appointments/request/"])
@pytest.mark.parametrize(
    ("prefix", "kept", "promised"),
    [
        (
            "",
            "Nine in ten requests of the last 30 days were answered within 6 working hours.",
            "We answer within 8 working hours.",
        ),
        (
            "/es",
            "Nueve de cada diez solicitudes de los últimos 30 días se respondieron en un plazo de 6 horas de trabajo.",
            "Respondemos en un plazo de 8 horas de trabajo.",
        ),
    ],
)
def test_patients_read_it_where_they_ask_else_the_promise(client, path, prefix, kept, promised):
    assertContains(client.get(prefix + path), promised)
    ClinicProfile.objects.update(answered_within_hours=6)
    response = client.get(prefix + path)
    assertContains(response, kept)
    assertNotContains(response, promised)


def test_one_hour_is_one_hour(client):
    ClinicProfile.objects.update(answered_within_hours=1)
    assertContains(client.get("/contact/"), "were answered within 1 working hour.")
    ClinicProfile.objects.update(answered_within_hours=None, promise_hours=1)
    assertContains(client.get("/contact/"), "We answer within 1 working hour.")


def test_the_sender_does_it():
    assert dict(chores.chores())["reckon promise"] is reckon


def test_a_manager_who_saves_the_profile_changes_nothing_of_it(client, manager):
    ClinicProfile.objects.update(answered_within_hours=6)
    client.force_login(manager)
    page = client.get("/admin/clinic/clinicprofile/1/change/")
    form = page.context["adminform"].form
    assert not {"answered_within_hours", "answers_reckoned_on"} & set(form.fields)


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_reckon_once():
    with time_machine.travel(NOW, tick=False):
        arrive(CAME, *[60] * 20)
        assert sorted(at_once(reckon, reckon)) == [0, 1]
    assert Event.objects.filter(verb="clinic.promise_reckoned").count() == 1
