"""Times and questions at the desk: what is typed, what is odd, and that nothing typed is lost."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from appointments.admin import queue
from appointments.models import AppointmentRequest, OfferState, Status, TimeOffer
from clinic.models import Clinician, Closure, Location, OpeningHours
from procedures.models import Procedure
from tests.appointments.at_the_desk import address, press, state_of
from tests.appointments.factories import claimed_request, inputs_of, make_request, make_time, moved

pytestmark = pytest.mark.django_db
MONDAY_MORNING = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # 9:00 in Los Angeles
IN_A_WEEK = "2026-11-30"


@pytest.fixture(autouse=True)
def clock():
    """It is Monday morning."""
    with time_machine.travel(MONDAY_MORNING, tick=False) as clock:
        yield clock


@pytest.fixture
def house(db):
    """Two places and two clinicians in use, and one of each that is not."""
    for order, key in enumerate(("northside", "southside")):
        Location.objects.create(key=key, name=key.title(), address="1 A St", order=order)
    for order, key in enumerate(("bea", "cora")):
        Clinician.objects.create(key=key, name=f"Dr. {key.title()}", order=order)
    Location.objects.create(key="oldside", name="Oldside", address="1 A St", is_open=False)
    Clinician.objects.create(key="zoe", name="Dr. Zoe", is_shown=False)


@pytest.fixture
def desk(client, house, reception):
    """Reception's browser, signed in."""
    client.force_login(reception)
    return client


def row(number=1, *, day=IN_A_WEEK, time="10:00", minutes="30", location="northside", clinician="cora"):
    """Return one time as it is typed."""
    parts = {"day": day, "time": time, "minutes": minutes, "location": location, "clinician": clinician}
    return {f"{part}_{number}": value for part, value in parts.items()}


def options(response, name):
    """Return the values that a list of the sheet's form offers."""
    form = next(button.form for button in response.context["possible"] if button.name == "offer")
    values = []
    for value, label in form.fields[name].widget.choices:
        values += [key for key, _label in label] if isinstance(label, list) else [value]
    return values


# What is offered to choose from


def test_only_places_and_clinicians_in_use_can_be_chosen(desk, reception):
    shown = desk.get(address(claimed_request(reception)))
    assert options(shown, "location_1") == ["", "northside", "southside"]
    assert options(shown, "clinician_3") == ["", "bea", "cora"]


def test_the_place_that_was_asked_for_and_whoever_does_it_come_first(desk, reception):
    procedure = Procedure.objects.create(key="kyphoplasty")
    procedure.clinicians.add(Clinician.objects.get(key="cora"), Clinician.objects.get(key="zoe"))
    shown = desk.get(address(claimed_request(reception, procedure="kyphoplasty", location="southside")))
    assert options(shown, "clinician_1") == ["", "cora", "bea"]
    form = next(button.form for button in shown.context["possible"] if button.name == "agree")
    assert [form[part + "_1"].value() for part in ("location", "clinician", "minutes")] == ["southside", "cora", 30]
    assert 'optgroup label="For this treatment"' in shown.content.decode()


def test_the_sheet_says_what_the_site_does_not_know(desk, reception):
    page = desk.get(address(claimed_request(reception))).content.decode()
    assert "This site knows only the times agreed here." in page
    assert "An offered time is not held" in page


# Pressing


def test_times_are_offered_as_clocks_at_the_clinic_show_them_and_empty_rows_are_left_out(desk, reception):
    request = claimed_request(reception)
    empty = row(2, day="", time="")
    assert press(desk, request, "offer", **row(), **empty, **row(3, time="15:45", minutes="45")).status_code == 302
    request.refresh_from_db()
    assert request.status == Status.WAITING
    offers = request.offers.open()
    starts = [datetime(2026, 11, 30, 18, 0, tzinfo=UTC), datetime(2026, 11, 30, 23, 45, tzinfo=UTC)]
    assert [offer.starts_at for offer in offers] == starts
    assert [offer.minutes for offer in offers] == [30, 45]
    page = desk.get(address(request)).content.decode()
    for words in ("Monday, November 30, 2026", "3:45 p.m.", "Dr. Cora · Northside · 45 minutes", "offered"):
        assert words in page


def test_the_same_press_twice_is_one_offer(desk, reception):
    request = claimed_request(reception)
    seen = desk.get(address(request)).context
    codes = [press(desk, request, "offer", seen=seen, **row()).status_code for _press in range(2)]
    assert codes == [302, 302]
    assert request.offers.count() == 1


def test_a_time_is_agreed_changed_and_cancelled(desk, reception):
    request = claimed_request(reception)
    assert press(desk, request, "agree", **row()).status_code == 302
    assert request.offers.agreed().get().starts_at == datetime(2026, 11, 30, 18, 0, tzinfo=UTC)
    form = next(
        button.form for button in desk.get(address(request)).context["possible"] if button.name == "change_time"
    )
    assert str(form["day_1"]).count('value="2026-11-30"') == str(form["time_1"]).count('value="10:00"') == 1
    assert press(desk, request, "change_time", **row()).status_code == 422
    assert press(desk, request, "change_time", **row(time="11:00")).status_code == 302
    assert request.offers.agreed().get().starts_at == datetime(2026, 11, 30, 19, 0, tzinfo=UTC)
    assert press(desk, request, "cancel_time").status_code == 302
    request.refresh_from_db()
    assert (request.status, request.offers.agreed().count()) == (Status.IN_PROGRESS, 0)


def test_cancelling_takes_two_presses_without_a_script(desk, reception):
    page = desk.get(address(make_request(status=Status.AGREED, by=reception))).content.decode()
    assert '<details class="move"><summary>Cancel the agreed time</summary>' in page
    assert "Yes, cancel the agreed time" in page


def test_a_question_is_asked_and_the_reply_stands_at_the_top(desk, reception, clock):
    request = claimed_request(reception)
    assert press(desk, request, "ask", question="Have you had a scan?").status_code == 302
    shown = desk.get(address(request)).content.decode()
    for words in ("Rosa Reyes asked", "Have you had a scan?", "No reply yet."):
        assert words in shown
    clock.shift(3600)
    request.refresh_from_db()
    moved(request, "reply", by=None, reply="Yes, <b>in May</b>.")
    page = desk.get(address(request)).content.decode()
    assert "Yes, &lt;b&gt;in May&lt;/b&gt;." in page
    assert page.index("The patient replied") < page.index("Rosa Reyes asked") < page.index("In the patient’s own words")
    assert "No reply yet." not in page


def test_what_the_patient_added_and_changed_is_shown_newest_first_with_what_it_was(desk, reception, clock):
    request = claimed_request(reception)
    request = moved(request, "prefer", by=None, preferences={"times": ["0-morning"]})
    clock.shift(600)
    request = moved(request, "add", by=None, words="I walk with a stick.")
    clock.shift(600)
    moved(request, "prefer", by=None, preferences={"times": ["1-morning"]})
    shown = desk.get(address(request))
    said = shown.context["said"]
    assert [timezone.localtime(item["when"]).strftime("%H:%M") for item in said] == ["09:20", "09:10", "09:00"]
    assert [item.get("text") for item in said] == [None, "I walk with a stick.", None]
    rows = [(item["rows"][0]["before"], item["rows"][0]["value"]) for item in said if "rows" in item]
    assert rows[1][1] == rows[0][0] == "Monday morning"
    assert rows[0][1] == "Tuesday morning"


# Sent back, with all that was typed


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"day": ""}, "day_2", "Enter the day."),
        ({"time": ""}, "time_2", "Enter when it starts."),
        ({"day": "someday"}, "day_2", "Enter the day, such as 2026-12-31."),
        ({"day": "2027-02-29"}, "day_2", "Enter the day, such as 2026-12-31."),
        ({"time": "25:00"}, "time_2", "Enter when it starts, such as 14:30."),
        ({"minutes": ""}, "minutes_2", "Enter how many minutes it takes."),
        ({"minutes": "soon"}, "minutes_2", "Enter how many minutes it takes, such as 30."),
        ({"minutes": "9" * 5000}, "minutes_2", "Enter how many minutes it takes, such as 30."),
        ({"minutes": "-5"}, "minutes_2", "Enter how long it takes, from 1 minute to 12 hours."),
        ({"minutes": "721"}, "minutes_2", "Enter how long it takes, from 1 minute to 12 hours."),
        ({"location": "oldside"}, "location_2", "Choose a place."),
        ({"clinician": "zoe"}, "clinician_2", "Choose a clinician."),
        ({"clinician": "\x00<b>"}, "clinician_2", "Choose a clinician."),
        ({"day": "2026-11-22"}, "day_2", "Choose a time that is still to come."),
        ({"day": "0001-01-01"}, "day_2", "Choose a time that is still to come."),
        ({"day": "9999-12-31", "time": "23:59"}, "day_2", "Choose a time within the next 3 years."),
        ({"day": "2027-03-14", "time": "02:30"}, "time_2", "Clocks skip this time on that day"),
        ({"time": "10:00"}, "day_2", "You entered the same time twice."),
    ],
)
def test_what_must_be_mended_is_said_beside_its_row_and_nothing_typed_is_lost(desk, reception, typed, field, words):
    request = claimed_request(reception)
    before = state_of(request)
    response = press(desk, request, "offer", **row(), **row(2, **({"time": "11:00"} | typed)))
    page = response.content.decode()
    assert response.status_code == 422
    assert page.count(words) == 2
    assert f'id="id_offer_{field}_error"' in page
    assert f'<a href="#id_offer_{field}">' in page
    assert '<details class="move" open><summary>Offer times' in page
    assert 'name="day_1" value="2026-11-30"' in page
    assert state_of(request) == before


def test_an_empty_form_asks_for_a_time(desk, reception):
    request = claimed_request(reception)
    for name in ("offer", "agree"):
        assert "Enter a day and a time." in press(desk, request, name).content.decode()


def test_a_taken_time_is_said_beside_its_row_with_the_times_of_that_day(desk, reception):
    make_request(
        status=Status.AGREED, by=reception, inputs={"agree": {"time": make_time(days=7, location="southside")}}
    )
    request = claimed_request(reception)
    response = press(desk, request, "offer", **row(1, time="09:00"), **row(3, time="10:15"))
    page = response.content.decode()
    assert response.status_code == 422
    assert 'id="id_offer_day_3_error"' in page
    assert "The times agreed with Dr. Cora on November 30, 2026 are: 10:00 a.m. – 10:30 a.m., Southside." in page
    assert press(desk, request, "offer", **row(1, clinician="bea")).status_code == 302


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"day": "2026-12-24"}, "Northside is closed on December 24, 2026."),
        ({"day": "2026-12-25"}, "Northside is closed on December 25, 2026."),
        ({"day": "2026-12-05"}, "Northside is not open for all of this time: December 5, 2026, 10:00 a.m."),
        ({"time": "16:45"}, "Northside is not open for all of this time: November 30, 2026, 4:45 p.m."),
        ({"day": "2027-11-29"}, "November 29, 2027 is more than a year away."),
        ({"day": "2027-11-07", "time": "01:30", "location": "southside"}, "Clocks show 1:30 a.m. twice"),
    ],
)
def test_what_is_odd_is_asked_again_and_a_second_press_does_it(desk, reception, typed, words):
    for day in range(5):
        OpeningHours.objects.create(location_id=_pk("northside"), weekday=day, opens="08:00", closes="17:00")
    Closure.objects.create(date="2026-12-25")
    Closure.objects.create(location_id=_pk("northside"), date="2026-12-24")
    request = claimed_request(reception)
    before = state_of(request)
    response = press(desk, request, "agree", **row(**typed))
    assert response.status_code == 422
    assert words in response.content.decode()
    assert "Is this right? Then press the button again." in response.content.decode()
    assert state_of(request) == before
    accepted = next(button.form.answered for button in response.context["possible"] if button.name == "agree")
    assert f'name="accepted" value="{accepted}"' in response.content.decode()
    # Another time that is as odd is asked again too.
    changed = row(**(typed | {"minutes": "35"}))
    assert press(desk, request, "agree", accepted=accepted, **changed).status_code == 422
    assert press(desk, request, "agree", accepted=accepted, **row(**typed)).status_code == 302
    request.refresh_from_db()
    assert request.status == Status.AGREED


def _pk(key):
    return Location.objects.get(key=key).pk


def test_of_an_hour_that_comes_twice_the_first_is_taken(desk, reception):
    request = claimed_request(reception)
    odd = row(day="2027-11-07", time="01:30")
    response = press(desk, request, "agree", **odd)
    accepted = next(button.form.answered for button in response.context["possible"] if button.name == "agree")
    press(desk, request, "agree", accepted=accepted, **odd)
    assert request.offers.agreed().get().starts_at == datetime(2027, 11, 7, 8, 30, tzinfo=UTC)


def test_what_is_odd_on_an_old_sheet_is_stale_first(desk, reception):
    request = claimed_request(reception)
    seen = desk.get(address(request)).context
    moved(request, "add", by=None, words="I walk with a stick.")
    for typed in (row(day="2027-11-29"), row(day="")):
        assert press(desk, request, "offer", seen=seen, **typed).status_code == 409


def test_a_stale_offer_shows_the_times_of_both_and_keeps_what_was_typed(desk, reception):
    request = make_request(status=Status.WAITING, by=reception)
    seen = desk.get(address(request)).context
    moved(request, "accept", by=None, **inputs_of("accept", request))
    response = press(desk, request, "offer", seen=seen, **row())
    page = response.content.decode()
    assert response.status_code == 409
    rows = {row.label: (row.original, row.theirs, row.mine) for row in response.context["compared"]}
    assert rows["Status"] == ("waiting for the patient", "time agreed", "waiting for the patient")
    assert rows["Times"][1] == "Nov 30, 2026, 10:00 a.m. (agreed)"
    assert rows["What you typed"][2] == "Northside, Dr. Cora, 2026-11-30, 10:00, 30 min"
    assert page.count("Northside, Dr. Cora, 2026-11-30, 10:00, 30 min") == 2


def test_times_that_somebody_else_may_not_offer_are_kept_to_be_copied(desk, reception2):
    request = claimed_request(reception2)
    response = press(desk, request, "offer", **row(2))
    assert response.status_code == 409
    assert "Northside, Dr. Cora, 2026-11-30, 10:00, 30 min</textarea>" in response.content.decode()


def test_a_form_without_a_token_keeps_the_times(reception, house):
    client = Client(enforce_csrf_checks=True)
    client.force_login(reception)
    request = claimed_request(reception)
    response = press(client, request, "offer", **row())
    assert response.status_code == 403
    assert 'name="time_1" value="10:00"' in response.content.decode()
    assert not TimeOffer.objects.exists()


# Where it stands


def test_the_sheet_says_which_offered_time_can_no_longer_be_had(desk, reception, clock):
    request = make_request(status=Status.WAITING, by=reception)
    other = make_request(status=Status.WAITING, by=reception, inputs={"offer": {"times": [make_time(days=7)]}})
    moved(other, "accept", by=None, **inputs_of("accept", other))
    assert [time["state"] for time in desk.get(address(request)).context["times"]] == [
        "offered, but taken since",
        "offered",
    ]
    clock.shift(9 * 86400)
    desk.force_login(reception)
    assert {time["state"] for time in desk.get(address(request)).context["times"]} == {"offered, but past"}


def test_times_that_were_let_go_are_behind_a_line(desk, reception):
    request = moved(make_request(status=Status.AGREED, by=reception), "cancel_time", by=reception)
    page = desk.get(address(request)).content.decode()
    assert "No time is offered or agreed now." in page
    assert "Times that are no longer offered" in page
    assert request.offers.get().state == OfferState.RELEASED


def next_words(client, view):
    """Return what the queue says is next, by reference."""
    rows = client.get("/admin/appointments/appointmentrequest/", {"view": view}).context["cl"].result_list
    return {row.reference: str(queue.next_step(row)) for row in rows}


def test_the_queue_says_what_each_request_waits_for(desk, reception, clock):
    chosen = make_request(status=Status.WAITING, by=reception)
    asked = moved(claimed_request(reception), "ask", by=reception, question="Which leg?")
    both = moved(make_request(status=Status.WAITING, by=reception), "ask", by=reception, question="Which leg?")
    words = next_words(desk, "patient")
    assert words[chosen.reference] == "The patient chooses: 2 times offered"
    assert words[asked.reference] == "The patient answers our question"
    assert words[both.reference] == "The patient chooses: 2 times offered, and answers our question"
    clock.shift(9 * 86400)
    desk.force_login(reception)
    assert "No offered time is left: offer others" in next_words(desk, "patient")[chosen.reference]


def test_the_view_of_agreed_times_shows_the_soonest_first_and_what_is_over_is_closed(desk, reception, clock):
    late, soon = (
        make_request(status=Status.AGREED, by=reception, inputs={"agree": {"time": make_time(days=days)}})
        for days in (9, 7)
    )
    expected = {
        soon.reference: "They come on Nov 30, 2026, 10:00 a.m.",
        late.reference: "They come on Dec 2, 2026, 10:00 a.m.",
    }
    assert list(next_words(desk, "agreed").items()) == list(expected.items())
    assert next_words(desk, "answered") == {}
    clock.shift(8 * 86400)
    desk.force_login(reception)
    assert next_words(desk, "agreed")[soon.reference] == "Close it"


def test_the_queue_asks_as_many_queries_for_many_requests_as_for_few(desk, reception, django_assert_max_num_queries):
    counts = []
    # The first look of a minute is noted; see `presence.saw_queue`.
    next_words(desk, "all")
    for _round in range(2):
        make_request(status=Status.WAITING, by=reception)
        with django_assert_max_num_queries(12) as asked:
            next_words(desk, "all")
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert AppointmentRequest.objects.count() == 2
