"""Alerts: what cannot wait is told once, to those who are named and may know, without a name and never in a flood."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appointments import alerts
from appointments.alerts import tell_what_cannot_wait
from appointments.models import Alert, AlertPerson, AppointmentRequest, HeldBecause, Kind, Status
from audit.models import Event
from clinic.models import OpeningHours
from outbox import chores
from outbox.models import Message
from tests.appointments.factories import claimed_request, make_request, moved
from tests.at_once import at_once
from tests.clinic.factories import make_hours, make_profile
from tests.outbox.factories import given_up

PACIFIC = ZoneInfo("America/Los_Angeles")
# A Monday; the promise is 8 working hours (2 where it is urgent), reception works from 8 to 17.
CAME = datetime(2026, 11, 23, 9, 0, tzinfo=PACIFIC)
HALF, DUE = CAME.replace(hour=13), CAME.replace(hour=17)
NIGHT = CAME.replace(hour=22)
PEOPLE = reverse("admin:appointments_alertperson_changelist")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clinic(db):
    make_profile()
    make_hours()


@pytest.fixture
def told(manager):
    """The one person who is told."""
    return AlertPerson.objects.create(user=manager)


def came(at=CAME, **changes):
    with time_machine.travel(at, tick=False):
        return make_request(**changes)


def tell(now):
    with time_machine.travel(now, tick=False):
        return tell_what_cannot_wait()


def digests():
    return list(Message.objects.filter(purpose__startswith="alert_").order_by("id"))


def kinds():
    return sorted(Alert.objects.values_list("kind", flat=True))


# What is told, and when


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (HALF - timedelta(minutes=1), []),
        (HALF, ["unclaimed"]),
        (DUE - timedelta(minutes=1), ["unclaimed"]),
        (DUE, []),  # closed from here
        (CAME + timedelta(days=1), ["overdue"]),
        (NIGHT, []),
        (CAME + timedelta(days=5), []),  # a Saturday
    ],
)
def test_half_a_promise_and_a_broken_one_are_told_in_working_hours(told, now, expected):
    came()
    assert tell(now) == bool(expected)
    assert kinds() == expected
    assert tell(now) == 0


def test_a_new_urgent_one_is_told_at_any_hour_and_once(told):
    came(NIGHT, is_urgent=True)
    assert tell(NIGHT + timedelta(minutes=1)) == 1
    assert tell(NIGHT + timedelta(hours=1)) == 0
    assert kinds() == ["urgent"]


def test_half_of_an_urgent_promise_is_sooner_over(told):
    came(is_urgent=True)
    tell(CAME)
    tell(CAME + timedelta(minutes=59))
    assert kinds() == ["urgent"]
    tell(CAME + timedelta(minutes=60))
    assert kinds() == ["unclaimed", "urgent"]


def test_what_was_left_of_a_promise_is_halved_where_it_stood_still(told):
    request = came()
    AppointmentRequest.objects.filter(pk=request.pk).update(promise_minutes=60, due_at=CAME + timedelta(hours=1))
    assert tell(CAME + timedelta(minutes=29)) == 0
    assert tell(CAME + timedelta(minutes=30)) == 1


def test_without_opening_hours_every_hour_counts(told):
    OpeningHours.objects.all().delete()
    came(NIGHT)
    assert tell(NIGHT + timedelta(hours=11)) == 0
    assert tell(NIGHT + timedelta(hours=12)) == 1


def test_a_claimed_one_is_told_of_only_when_it_is_overdue(told, reception):
    with time_machine.travel(CAME, tick=False):
        claimed_request(reception)
    assert tell(HALF) == 0
    assert tell(CAME + timedelta(days=1)) == 1
    assert kinds() == ["overdue"]


def _held(request):
    request.held_because = HeldBecause.MANY_TODAY


def _practice(request):
    request.kind = Kind.PRACTICE


def _put_aside(request):
    request.snoozed_until = CAME + timedelta(days=3)


def _waits_for_the_patient(request):
    request.status = Status.WAITING


def _joined(request):
    request.status, request.merged_into = Status.CLOSED, came()


@pytest.mark.parametrize("made", [_held, _practice, _put_aside, _waits_for_the_patient, _joined])
def test_what_does_not_wait_for_the_clinic_is_never_told(told, made):
    request = came(is_urgent=True)
    made(request)
    request.save()
    tell(CAME + timedelta(days=1))
    assert not Alert.objects.filter(request=request).exists()


def test_it_is_told_again_once_the_patient_gave_the_next_move_back(told, reception):
    with time_machine.travel(CAME, tick=False):
        request = claimed_request(reception)
    tell(CAME + timedelta(days=1))
    later = CAME + timedelta(days=1, hours=1)
    with time_machine.travel(later, tick=False):
        request = moved(request, "ask", by=reception, question="Have you had a scan?")
        moved(request, "reply", by=None, reply="Yes.")
    assert tell(later + timedelta(days=2)) == 1
    assert kinds() == ["overdue", "overdue"]


# Never a flood


def test_digests_keep_their_distance_and_what_came_meanwhile_is_told_in_the_next(told):
    came(is_urgent=True)
    came(CAME - timedelta(days=3))
    assert tell(CAME) == 1
    [first] = digests()
    assert first.purpose == "alert_both"
    came(CAME + timedelta(minutes=1), is_urgent=True)
    came(CAME - timedelta(days=3))
    assert tell(CAME + timedelta(minutes=4)) == 0
    assert tell(CAME + timedelta(minutes=5)) == 1
    assert digests()[1].purpose == "alert_urgent"
    assert tell(CAME + timedelta(minutes=14)) == 0
    assert tell(CAME + timedelta(minutes=15)) == 1
    assert digests()[2].purpose == "alert_late"
    assert tell(CAME + timedelta(minutes=40)) == 0


def test_a_digest_tells_reference_and_age_and_where_to_look_and_nothing_else(told, settings):
    request = came(is_urgent=True, full_name="Ana O’Brien", matter="My secret.")
    tell(CAME + timedelta(minutes=59))
    [digest] = digests()
    assert digest.recipient == told.user.email
    assert digest.subject == "1 request cannot wait"
    address = f"{settings.SITE_URL}/admin/appointments/appointmentrequest/"
    age = "59\xa0minutes"
    assert digest.text == f"New and urgent (1)\n- {request.reference}, here for {age}\n\nOpen the queue: {address}\n"


def test_what_came_within_the_minute_came_just_now(told):
    request = came(is_urgent=True)
    tell(CAME + timedelta(seconds=59))
    assert f"- {request.reference}, came just now\n" in digests()[0].text


def test_a_long_list_is_cut_and_says_how_many_more_there_are(told, monkeypatch):
    monkeypatch.setattr(alerts, "LISTED", 2)
    for _number in range(5):
        came()
    tell(HALF)
    [digest] = digests()
    assert digest.text.count("here for") == 2
    assert "over (5)\n" in digest.text
    assert "\nand 3 more\n" in digest.text
    assert Alert.objects.count() == 5


def test_a_digest_is_in_the_language_of_the_site(told, settings):
    settings.LANGUAGE_CODE = "es"
    came(is_urgent=True)
    tell(CAME)
    [digest] = digests()
    assert digest.subject == "1 solicitud no puede esperar"
    assert "Nuevas y urgentes (1)\n" in digest.text
    assert digest.language == "es"


# To whom


def test_each_person_who_is_named_gets_the_digest_and_it_is_audited(told, reception):
    AlertPerson.objects.create(user=reception)
    came(is_urgent=True)
    assert tell(CAME) == 2
    assert {digest.recipient for digest in digests()} == {"manager@clinic.example", "reception@clinic.example"}
    event = Event.objects.get(verb="alerts.told")
    assert event.details == {"staff": [told.user_id, reception.pk], "urgent": 1}


def _locked(user):
    user.is_active = False


def _without_address(user):
    user.email = ""


def _without_role(user):
    user.set_roles([])


@pytest.mark.parametrize(
    ("lost", "reason"),
    [
        (_locked, "Not told: the account is locked."),
        (_without_address, "Not told: the account has no email address."),
        (_without_role, "Not told: may not answer requests any more."),
    ],
)
def test_who_cannot_be_told_is_passed_over_and_the_screen_says_why(client, manager, reception, lost, reason):
    AlertPerson.objects.create(user=reception)
    lost(reception)
    reception.save()
    came(is_urgent=True)
    assert tell(CAME) == 0
    assert not Alert.objects.exists()
    client.force_login(manager)
    page = client.get(PEOPLE).content.decode()
    assert reason in page
    assert "Nobody is told by email when a request cannot wait. Add somebody." in page
    AlertPerson.objects.create(user=manager)
    assert tell(CAME + timedelta(minutes=1)) == 1


def test_where_nobody_is_named_nothing_counts_as_told():
    came(is_urgent=True)
    assert tell(CAME) == 0
    assert not Alert.objects.exists()


# The sender


def test_the_sender_does_it():
    assert dict(chores.chores())["tell what cannot wait"] is tell_what_cannot_wait


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_tell_it_once(told):
    for _number in range(3):
        came(is_urgent=True)
    now = CAME + timedelta(minutes=1)
    assert sorted(at_once(lambda: tell_what_cannot_wait(now), lambda: tell_what_cannot_wait(now))) == [0, 1]
    assert (len(digests()), Alert.objects.count()) == (1, 3)


def test_a_digest_that_cannot_be_written_leaves_nothing_told(told, monkeypatch):
    came(is_urgent=True)

    def fail(found, now):
        raise ValueError

    with monkeypatch.context() as broken:
        broken.setattr(alerts, "_in_words", fail)
        with pytest.raises(ValueError):
            tell(CAME)
    assert not Alert.objects.exists()
    assert tell(CAME) == 1


def test_many_requests_are_told_with_as_many_queries_as_few(told):
    numbers = []
    for many in (2, 12):
        Message.objects.all().delete()
        for _number in range(many):
            came()
            came(is_urgent=True)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert tell(HALF) == 1
        numbers.append(len(asked))
    assert numbers[0] == numbers[1]


def test_an_idle_turn_reads_no_more_than_the_requests_that_wait(told):
    came()
    with time_machine.travel(CAME, tick=False), CaptureQueriesContext(connection) as asked:
        assert tell_what_cannot_wait() == 0
    about_requests = [each["sql"] for each in asked if "appointments_appointmentrequest" in each["sql"]]
    assert len(about_requests) == 3
    if connection.vendor == "sqlite":
        for sql in about_requests:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
                plan = " ".join(row[3] for row in cursor.fetchall())
            assert not re.search(r"SCAN appointments_appointmentrequest(?! USING)", plan), plan


# The screen


def test_a_manager_names_staff_who_may_answer_requests_and_takes_them_off(client, manager, reception, editor, auditor):
    client.force_login(manager)
    add = reverse("admin:appointments_alertperson_add")
    offered = client.get(add).context["adminform"].form.fields["user"].queryset
    assert set(offered) == {manager, reception}
    assert client.post(add, {"user": editor.pk}).status_code == 200
    assert client.post(add, {"user": reception.pk}).status_code == 302
    named = AlertPerson.objects.get()
    assert named.user == reception
    assert (
        client.post(reverse("admin:appointments_alertperson_delete", args=[named.pk]), {"post": "yes"}).status_code
        == 302
    )
    assert not AlertPerson.objects.exists()
    events = Event.objects.filter(verb__startswith="alert_person.").order_by("id")
    assert [(event.verb, event.details["staff"]) for event in events] == [
        ("alert_person.added", reception.pk),
        ("alert_person.removed", reception.pk),
    ]


def test_the_first_page_tells_managers_that_nobody_is_named(client, manager, reception):
    words = "Nobody is told by email when a request cannot wait. Choose who is."
    client.force_login(reception)
    assert words not in client.get("/admin/").content.decode()
    client.force_login(manager)
    assert words in client.get("/admin/").content.decode()
    AlertPerson.objects.create(user=reception)
    assert words not in client.get("/admin/").content.decode()


def test_the_screen_says_whose_last_digest_could_not_be_sent(client, told, manager):
    came(is_urgent=True)
    tell(CAME)
    client.force_login(manager)
    assert "Is told" in client.get(PEOPLE).content.decode()
    given_up(digests()[0])
    assert "The last email could not be sent" in client.get(PEOPLE).content.decode()


def test_others_name_nobody(client, reception):
    client.force_login(reception)
    assert client.get(PEOPLE).status_code == 403
    assert client.post(reverse("admin:appointments_alertperson_add"), {"user": reception.pk}).status_code == 403
