"""The earlier-slot list: a time that comes free meets those who would come sooner, and staff choose whom to ask."""

from datetime import timedelta
from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import desk as desk_lines
from appointments import earlier_times, workflow
from appointments.models import AppointmentRequest, HeldBecause, Status, TimeOffer
from appointments.workflow import Refused
from audit.actors import Actor
from audit.models import Event
from clinic.models import Clinician, Location
from procedures.models import Procedure
from tests.appointments import at_the_desk
from tests.appointments.factories import make_answers, make_request, make_time, moved, submit
from tests.at_once import at_once

pytestmark = pytest.mark.django_db
PAGE = "/admin/appointments/appointmentrequest/freed/"
SOONER = {"times": ["any"], "sooner": True, "reach_by": "either", "leave_message": False}
# A Monday; what is freed stands on the Monday after it at 10.
MONDAY = "2026-11-23T09:00:00-08:00"


@pytest.fixture(autouse=True)
def monday():
    with time_machine.travel(MONDAY, tick=False) as clock:
        yield clock


@pytest.fixture
def desk(client, reception):
    """Reception's browser, signed in."""
    client.force_login(reception)
    return client


def let_go(by, time=None, name="cancel_time", **inputs):
    """Let a patient have a time and let it go again; return the time."""
    inputs = {"agree": {"time": time or make_time(days=7)}}
    request = make_request(status=Status.AGREED, by=by, inputs=inputs)
    offer = request.offers.agreed().get()
    moved(request, name, by=by, **({"time": make_time(days=9)} if name == "change_time" else {}))
    offer.refresh_from_db()
    return offer


def sooner(*, status=Status.NEW, by=None, time=None, **answers):
    """Return a request of a patient who would come sooner; `time` is agreed or offered, as the status has it."""
    answers["preferences"] = SOONER | answers.pop("preferences", {})
    inputs = {"agree": {"time": time}, "offer": {"times": [time]}} if time else None
    return make_request(status=status, by=by, inputs=inputs, **answers)


def freed():
    """Return what came free, as (starts, [references of those it fits])."""
    found = earlier_times.freed_times(AppointmentRequest.objects.all())
    return [(each.offer.starts_at, [row.reference for row in each.fitting]) for each in found]


def fitting():
    [(_starts, references)] = freed()
    return references


# Which times


@pytest.mark.parametrize("name", ["cancel_time", "change_time", "withdraw"])
def test_a_time_that_was_agreed_and_let_go_came_free(reception, name):
    offer = let_go(reception, name=name)
    assert freed() == [(offer.starts_at, [])]


def test_an_offer_that_nobody_took_did_not_come_free(reception):
    request = make_request(status=Status.WAITING, by=reception)
    moved(request, "stop_waiting", by=reception)
    assert freed() == []


def test_it_leaves_the_list_once_it_is_taken_past_or_cannot_be_kept(reception, monday):
    offer = let_go(reception)
    agreed = {"agree": {"time": make_time(days=7, hour=10, minutes=15, location="southside")}}
    other = make_request(status=Status.AGREED, by=reception, inputs=agreed)
    assert freed() == []
    moved(other, "withdraw", by=None)
    assert len(freed()) == 2
    Clinician.objects.update(is_shown=False)
    assert freed() == []
    Clinician.objects.update(is_shown=True)
    Location.objects.filter(pk=offer.location_id).update(is_open=False)
    assert len(freed()) == 1
    monday.shift(timedelta(days=8))
    assert freed() == []


def test_a_time_that_several_let_go_one_after_the_other_stands_there_once(reception):
    let_go(reception)
    offer = let_go(reception)
    assert freed() == [(offer.starts_at, [])]


def test_what_was_for_practice_is_no_time_of_the_clinic(reception):
    request = let_go(reception).request
    AppointmentRequest.of_every_kind.filter(pk=request.pk).update(kind="practice")
    assert freed() == []


def test_the_soonest_stands_first(reception):
    later, first = let_go(reception, make_time(days=9)), let_go(reception, make_time(days=8))
    assert [starts for starts, _fits in freed()] == [first.starts_at, later.starts_at]


# Whom they fit


def test_who_waits_longest_stands_first(reception, monday):
    let_go(reception)
    first = sooner()
    monday.shift(timedelta(hours=1))
    second = sooner(status=Status.IN_PROGRESS, by=reception)
    assert fitting() == [first.reference, second.reference]


def test_only_who_asked_for_it_and_still_waits(reception):
    let_go(reception)
    make_request()
    sooner(preferences={"sooner": False})
    for status in (Status.ANSWERED, Status.DECLINED, Status.WITHDRAWN, Status.CLOSED):
        sooner(status=status, by=reception)
    AppointmentRequest.objects.filter(pk=sooner().pk).update(held_because=HeldBecause.DECOY)
    AppointmentRequest.objects.filter(pk=sooner().pk).update(kind="practice")
    assert fitting() == []


def test_a_time_fits_only_who_has_none_that_is_as_soon(reception):
    let_go(reception)
    own = {
        "before": sooner(status=Status.AGREED, by=reception, time=make_time(days=6)),
        "same": sooner(status=Status.AGREED, by=reception, time=make_time(days=7, clinician="dora")),
        "later": sooner(status=Status.AGREED, by=reception, time=make_time(days=8)),
        "offered before": sooner(status=Status.WAITING, by=reception, time=make_time(days=5)),
        "offered later": sooner(status=Status.WAITING, by=reception, time=make_time(days=9)),
        "asked": moved(sooner(status=Status.IN_PROGRESS, by=reception), "ask", by=reception, question="Which knee?"),
    }
    assert fitting() == [own[name].reference for name in ("later", "offered later", "asked")]


def test_an_appointment_that_is_over_is_no_reason_to_come_sooner(reception, monday):
    sooner(status=Status.AGREED, by=reception, time=make_time(days=1))
    monday.shift(timedelta(days=2))
    let_go(reception)
    assert fitting() == []


def test_an_offer_that_somebody_else_took_is_none(reception):
    let_go(reception)
    request = sooner(status=Status.WAITING, by=reception, time=make_time(days=5))
    assert fitting() == []
    make_request(status=Status.AGREED, by=reception, inputs={"agree": {"time": make_time(days=5)}})
    assert fitting() == [request.reference]


def test_who_let_it_go_is_not_asked_whether_they_want_it(reception):
    request = sooner(status=Status.AGREED, by=reception, time=make_time(days=7))
    moved(request, "cancel_time", by=reception)
    assert fitting() == []


def test_a_place_must_be_the_one_they_chose_unless_any_will_do(reception):
    let_go(reception)
    Location.objects.create(key="southside", name="Southside", address="2 B St")
    here, anywhere = sooner(location="northside"), sooner()
    sooner(location="southside")
    assert fitting() == [here.reference, anywhere.reference]


def test_the_clinician_must_perform_the_treatment_where_it_says_who_does(reception):
    offer = let_go(reception)
    own, other, open_to_all = (Procedure.objects.create(key=key) for key in ("own", "other", "open"))
    own.clinicians.add(offer.clinician)
    other.clinicians.add(Clinician.objects.create(key="dora", name="Dr. Dora"))
    fits = [sooner(procedure=each.key) for each in (own, open_to_all)] + [sooner()]
    sooner(procedure=other.key)
    assert fitting() == [request.reference for request in fits]


@pytest.mark.parametrize(
    ("times", "suits"),
    [
        (["any"], True),
        (["0-morning"], True),
        (["0-afternoon"], False),
        (["1-morning"], False),
        (["4-afternoon", "0-morning"], True),
        ([], True),
        (["gone-noon"], False),
    ],
)
def test_the_day_and_the_part_of_it_must_suit(reception, times, suits):
    let_go(reception)
    request = sooner(preferences={"times": times})
    assert fitting() == ([request.reference] if suits else [])


@pytest.mark.parametrize(
    ("moment", "chosen"),
    [
        ("2026-11-30T11:59:00-08:00", "0-morning"),
        ("2026-11-30T12:00:00-08:00", "0-afternoon"),
        ("2026-12-01T05:00:00+00:00", "0-afternoon"),
        ("2027-03-14T19:30:00+00:00", "6-afternoon"),
    ],
)
def test_parts_of_a_day_are_those_of_the_clinics_clocks(moment, chosen):
    moment = timezone.datetime.fromisoformat(moment)
    every = {f"{day}-{part}" for day in range(7) for part in ("morning", "afternoon")}
    assert {each for each in every if earlier_times.suits({"times": [each]}, moment)} == {chosen}


def test_what_cannot_be_read_takes_nobody_else_from_the_list(reception):
    let_go(reception)
    broken, other = sooner(), sooner()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE appointments_appointmentrequest SET preferences = 'x', full_name = 'x' WHERE id = %s", [broken.pk]
        )
    assert fitting() == [other.reference]


# That the flag agrees with what the patient said


def test_the_flag_follows_the_patients_choice(reception):
    request = sooner()
    assert request.wants_sooner
    request = moved(request, "prefer", by=None, preferences={"sooner": False})
    assert not AppointmentRequest.objects.get(pk=request.pk).wants_sooner
    request = moved(request, "prefer", by=None, preferences={"sooner": True})
    assert AppointmentRequest.objects.get(pk=request.pk).wants_sooner
    moved(request, "prefer", by=None, preferences={"times": ["0-morning"]})
    assert AppointmentRequest.objects.get(pk=request.pk).wants_sooner


def test_the_flag_follows_the_form_sent_again():
    first = submit(make_answers(preferences=SOONER), token="x" * 32).request
    assert first.wants_sooner
    again = submit(make_answers(preferences=SOONER | {"sooner": False}), token="x" * 32).request
    assert again.pk == first.pk
    assert not AppointmentRequest.objects.get(pk=first.pk).wants_sooner


def test_the_migration_writes_the_flag_of_what_was_there_before():
    wanting, other, broken, none = sooner(), make_request(), sooner(), make_request()
    AppointmentRequest.objects.update(wants_sooner=False)
    AppointmentRequest.objects.filter(pk=none.pk).update(preferences=None)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE appointments_appointmentrequest SET preferences = 'x' WHERE id = %s", [broken.pk])
    migration = import_module("appointments.migrations.0009_who_read_and_sooner")
    migration.keep_who_would_come_sooner(apps, None)
    keys = AppointmentRequest.objects.filter(wants_sooner=True).values_list("pk", flat=True)
    assert list(keys) == [wanting.pk]
    assert other.pk


# The page


def test_the_page_leads_to_a_sheet_whose_form_starts_from_that_time(desk, reception):
    offer = let_go(reception, make_time(days=7, minutes=45))
    request = sooner(status=Status.IN_PROGRESS, by=reception)
    address = f"{at_the_desk.address(request)}?time={offer.pk}"
    assert f'href="{address}#moves"' in desk.get(PAGE).content.decode()
    sheet = desk.get(address)
    [offering, agreeing] = [each for each in sheet.context["possible"] if each.is_about_times]
    assert (offering.is_open, agreeing.is_open) == (True, False)
    for form in (offering.form, agreeing.form):
        assert form["day_1"].value() == timezone.localtime(offer.starts_at).date()
        assert [form[f"{name}_1"].value() for name in ("location", "clinician", "minutes")] == ["northside", "cora", 45]
    assert desk.get(at_the_desk.address(request)).context["possible"][0].is_open is False


def test_what_the_form_starts_from_can_be_offered_as_it_is(desk, reception):
    offer = let_go(reception)
    request = sooner(status=Status.IN_PROGRESS, by=reception)
    sheet = desk.get(f"{at_the_desk.address(request)}?time={offer.pk}")
    [form] = [each.form for each in sheet.context["possible"] if each.name == "offer"]
    typed = {name: form[name].value() or "" for name in form.fields}
    typed["time_1"] = f"{typed['time_1']:%H:%M}"
    at_the_desk.press(desk, request, "offer", **typed)
    assert list(request.offers.open().values_list("starts_at", flat=True)) == [offer.starts_at]
    content = desk.get(PAGE).content.decode()
    assert "Offered to 1 patient now" in content
    assert f"Offer it to {request.reference}" not in content


def test_who_has_a_time_is_called_first_and_the_form_that_changes_it_starts_from_the_earlier_one(desk, reception):
    offer = let_go(reception)
    request = sooner(status=Status.AGREED, by=reception, time=make_time(days=8))
    assert "call them first, then change the time" in desk.get(PAGE).content.decode()
    sheet = desk.get(f"{at_the_desk.address(request)}?time={offer.pk}")
    [changing] = [each for each in sheet.context["possible"] if each.name == "change_time"]
    assert changing.is_open
    assert changing.form["day_1"].value() == timezone.localtime(offer.starts_at).date()


@pytest.mark.parametrize("time", ["", "x", "0", "-1", "9" * 30, "١"])
def test_an_address_with_a_made_up_time_shows_the_sheet_as_it_is(desk, reception, time):
    request = sooner(status=Status.IN_PROGRESS, by=reception)
    sheet = desk.get(f"{at_the_desk.address(request)}?time={time}")
    assert sheet.status_code == 200
    assert not any(each.is_open for each in sheet.context["possible"])


def test_a_time_that_is_taken_by_now_fills_in_nothing(desk, reception):
    offer = let_go(reception)
    request = sooner(status=Status.IN_PROGRESS, by=reception)
    make_request(status=Status.AGREED, by=reception)
    sheet = desk.get(f"{at_the_desk.address(request)}?time={offer.pk}")
    assert not any(each.is_open for each in sheet.context["possible"])


def test_of_many_the_first_are_shown_and_the_rest_counted(desk, reception, monkeypatch):
    monkeypatch.setattr(earlier_times, "MOST_SHOWN", 2)
    let_go(reception)
    first, second, third = sooner(), sooner(), sooner()
    content = desk.get(PAGE).content.decode()
    assert "And 1 more, who asked later." in content
    assert first.reference in content
    assert second.reference in content
    assert third.reference not in content


def test_it_asks_as_many_queries_for_many_as_for_few(desk, reception):
    asked = []
    for number in range(2):
        for each in range(3):
            let_go(reception, make_time(days=7 + number, hour=9 + each, clinician=f"c{number}{each}"))
            sooner(status=Status.IN_PROGRESS, by=reception)
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(PAGE).content.decode().count("Offer it to") == (number + 1) ** 2 * 9
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 8


def test_the_desk_counts_the_times_for_which_somebody_waits(reception, nurse, editor):
    line = {"sentence": "1 time came free for which somebody waits.", "url": PAGE}
    let_go(reception)
    let_go(reception, make_time(days=2))
    assert line not in desk_lines.waiting_for(nurse)
    sooner(preferences={"times": ["0-morning"]})
    assert line in desk_lines.waiting_for(nurse)
    assert line in desk_lines.waiting_for(reception)
    assert line not in desk_lines.waiting_for(editor)


def test_nobody_without_the_role_sees_or_presses(client, reception, editor, auditor):
    offer = let_go(reception)
    for user in (editor, auditor):
        client.force_login(user)
        assert client.get(PAGE).status_code == 403
        assert client.post(PAGE, {"time": offer.pk}).status_code == 403
    assert freed()


# Putting away


def test_what_nobody_needs_is_put_away_once_and_written_down(desk, reception):
    let_go(reception)
    offer = let_go(reception)
    response = desk.post(PAGE, {"time": offer.pk}, follow=True)
    assert "The time is off this list." in response.content.decode()
    assert "No time came free" in response.content.decode()
    assert "not free any more" in desk.post(PAGE, {"time": offer.pk}, follow=True).content.decode()
    event = Event.objects.get(verb="time.put_away")
    assert event.details["times"] == list(TimeOffer.objects.order_by("starts_at", "id").values_list("pk", flat=True))
    assert event.actor_id == reception.pk


def test_a_time_that_is_let_go_again_after_it_was_put_away_is_back(reception):
    workflow.put_away(let_go(reception), by=reception.as_actor())
    assert freed() == []
    let_go(reception)
    assert len(freed()) == 1


def test_only_a_free_time_is_put_away_and_only_by_who_may(reception, editor):
    offer = let_go(reception)
    for by in (editor.as_actor(), Actor.command("x"), Actor.patient()):
        with pytest.raises(Refused):
            workflow.put_away(offer, by=by)
    agreed = make_request(status=Status.AGREED, by=reception).offers.agreed().get()
    for each in (offer, agreed):
        with pytest.raises(Refused, match="not free any more"):
            workflow.put_away(each, by=reception.as_actor())
    assert not Event.objects.filter(verb="time.put_away").exists()


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_put_a_time_away_once(reception, nurse):
    offer = let_go(reception)
    presses = [lambda user=user: workflow.put_away(offer, by=user.as_actor()) for user in (reception, nurse)]
    assert at_once(*presses) == [None, None]
    assert Event.objects.filter(verb="time.put_away").count() == 1


@pytest.mark.parametrize("time", ["", "x", "0", "9" * 30])
def test_a_made_up_time_is_refused(desk, reception, time):
    let_go(reception)
    assert "not free any more" in desk.post(PAGE, {"time": time}, follow=True).content.decode()
    assert freed()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads a table as small as this one whole")
def test_no_plan_reads_every_request(reception):
    let_go(reception)
    with CaptureQueriesContext(connection) as queries:
        freed()
    plans = ""
    with connection.cursor() as cursor:
        for query in queries:
            cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
            plans += "".join(f"{row[3]}\n" for row in cursor.fetchall())
    assert "USING INDEX request_sooner" in plans
    assert "SCAN appointments_appointmentrequest" not in plans
