"""The queue: what it opens on, in which order, who may look, how a request is found."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from appointments.models import AppointmentRequest, Kind
from clinic.models import Location
from procedures.models import Procedure, ProcedurePage
from tests.appointments.factories import (
    answered_request,
    claimed_request,
    closed_request,
    declined_request,
    make_request,
)
from tests.matrices import crossed, first

QUEUE = "/admin/appointments/appointmentrequest/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client, reception):
    """Reception's browser, signed in."""
    client.force_login(reception)
    return client


def shown(response):
    """Return the references of a queue page, in order."""
    return [row.reference for row in response.context["cl"].result_list]


def due_in(request, hours):
    """Let a request be due so many hours from now."""
    AppointmentRequest.objects.filter(pk=request.pk).update(due_at=timezone.now() + timedelta(hours=hours))
    return request.reference


def search(client, typed):
    """Search as the form does; return the page that it leads to."""
    return client.post(QUEUE, {"q": typed}, follow=True)


def test_the_queue_opens_on_what_waits_for_the_clinic(desk, reception, reception2):
    waiting = {make_request().reference, claimed_request(reception2).reference}
    answered_request(reception)
    declined_request(reception)
    assert set(shown(desk.get(QUEUE))) == waiting


def test_danger_comes_first_then_urgent_then_what_is_due_soonest(desk):
    later, sooner, overdue = (due_in(make_request(), hours) for hours in (9, 3, -1))
    urgent = due_in(make_request(is_urgent=True), 20)
    danger = make_request()
    AppointmentRequest.objects.filter(pk=danger.pk).update(is_danger=True)
    assert shown(desk.get(QUEUE)) == [danger.reference, urgent, overdue, sooner, later]


def test_a_row_says_who_asks_for_what_since_when_by_when_and_what_is_next(desk, reception2):
    procedure = Procedure.objects.create(key="kyphoplasty")
    ProcedurePage.objects.create(procedure=procedure, language="en", slug="kyphoplasty", plain_name="Bone repair")
    Location.objects.create(key="north", name="Northside", address="1 Street")
    overdue = claimed_request(reception2, procedure="kyphoplasty", location="north", is_urgent=True)
    due_in(overdue, -2)
    AppointmentRequest.objects.filter(pk=overdue.pk).update(created_at=timezone.now() - timedelta(hours=3, minutes=5))
    page = desk.get(QUEUE).content.decode()
    for words in ("Ana O’Brien", "Bone repair", "Northside", "3\xa0hours", "Overdue by 2\xa0hours"):
        assert words in page
    for words in ("Ruben Rask", "in progress", "Urgent", "Offer times, answer or decline it", "An appointment"):
        assert words in page


def test_the_reference_is_the_link_to_the_sheet_and_carries_the_filters(desk, reception):
    request = claimed_request(reception)
    page = desk.get(QUEUE, {"holder": "me"}).content.decode()
    sheet = reverse("admin:appointments_appointmentrequest_change", args=[request.pk])
    assert f'<a href="{sheet}?_changelist_filters=holder%3Dme">{request.reference}</a>' in page


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"view": "clinic"}, {"new", "mine", "urgent"}),
        ({"view": "answered"}, {"answered"}),
        ({"view": "closed"}, {"declined", "closed"}),
        ({"view": "patient"}, set()),
        ({"view": "all"}, {"new", "mine", "urgent", "answered", "declined", "closed"}),
        ({"holder": "me"}, {"mine"}),
        ({"holder": "nobody"}, {"new", "urgent"}),
        ({"soon": "urgent"}, {"urgent"}),
        ({"soon": "overdue"}, {"new"}),
        ({"procedure": "kyphoplasty"}, {"mine"}),
        ({"procedure": "none"}, {"new", "urgent"}),
        ({"location": "north"}, {"new"}),
        ({"location": "none", "holder": "nobody"}, {"urgent"}),
    ],
)
def test_each_filter_shows_its_requests(desk, reception, reception2, filters, expected):
    procedure = Procedure.objects.create(key="kyphoplasty")
    ProcedurePage.objects.create(procedure=procedure, language="en", slug="kyphoplasty", plain_name="Kyphoplasty")
    Location.objects.create(key="north", name="Northside", address="1 Street")
    requests = {
        "new": make_request(location="north"),
        "mine": claimed_request(reception, procedure="kyphoplasty"),
        "urgent": make_request(is_urgent=True),
        "answered": answered_request(reception2),
        "declined": declined_request(reception2),
        "closed": closed_request(reception2),
    }
    due_in(requests["new"], -1)
    found = shown(desk.get(QUEUE, filters))
    assert {name for name, request in requests.items() if request.reference in found} == expected


@pytest.mark.parametrize("typed", ["{0}", "{1}", " {2} ", "{3}"])
def test_a_reference_in_any_spelling_finds_the_request_in_whatever_state(desk, reception, typed):
    reference = closed_request(reception).reference
    make_request()
    plain = reference.replace("-", "")
    spelled = typed.format(reference, plain, plain.lower(), f"{plain[:3]} {plain[3:6]} {plain[6:]}")
    assert shown(search(desk, spelled)) == [reference]


@pytest.mark.parametrize("typed", ["ANA@Example.org", "206-555-0123", "+1 (206) 555.0123"])
def test_a_whole_address_or_number_finds_the_person(desk, typed):
    reference = make_request(email="Ana@example.org", phone="(206) 555-0123").reference
    make_request(email="other@example.org", phone="206 555 0199")
    assert shown(search(desk, typed)) == [reference]


def test_a_part_of_an_address_or_a_number_or_the_end_of_a_name_finds_nobody(desk):
    make_request()
    for typed in ("ana@", "example.org", "rien", "An", "555", "%", "_"):
        page = search(desk, typed)
        assert shown(page) == []
        assert "No request was found" in page.content.decode()


def test_whom_somebody_looked_for_never_stands_in_an_address(desk):
    make_request()
    response = desk.post(QUEUE, {"q": "ana@example.org"})
    assert response.status_code == 302
    assert not re.search("ana(@|%40)|example", response["Location"])
    assert not re.search(r"555\W*0123", desk.post(QUEUE, {"q": "206 555 0123"})["Location"])
    assert 'value="ana@example.org"' in desk.get(response["Location"]).content.decode()


HOSTILE = ["\x00", "a\x00b@example.org", "5" * 5000, "@" * 300, "'; --", "＠", "٢٠٦٥٥٥٠١٢٣", "\ud7ff\uffff", "<script>"]


@pytest.mark.parametrize("typed", first(HOSTILE, kept=3))
def test_hostile_searches_find_nothing_and_break_nothing(desk, typed):
    make_request()
    assert search(desk, typed).status_code == 200
    assert desk.get(QUEUE, {"q": typed}).status_code == (400 if "\x00" in typed else 200)


@pytest.mark.parametrize(
    ("name", "value"),
    crossed(
        ["view", "holder", "soon", "procedure", "location", "p", "o", "e", "all", "_facets"],
        ["9" * 40, "-1", "' OR 1", "\u202e"],
    ),
)
def test_hostile_filters_are_left_aside(desk, name, value):
    reference = make_request().reference
    response = desk.get(QUEUE, {name: value}, follow=True)
    assert response.status_code == 200
    assert reference in response.content.decode()


@pytest.mark.parametrize(
    "query", ["full_name=a", "reference=%00", "view=%00", "holder__password__startswith=a", "due_at=x"]
)
def test_the_address_asks_the_database_nothing_else(desk, query):
    assert desk.get(f"{QUEUE}?{query}").status_code == 400


def test_an_empty_queue_says_so(desk, reception):
    assert "Nothing waits for the clinic" in desk.get(QUEUE).content.decode()
    answered_request(reception)
    assert "No request is in this view" in desk.get(QUEUE, {"holder": "me"}).content.decode()


def test_practice_and_heartbeat_requests_are_not_shown(desk):
    for kind in (Kind.PRACTICE, Kind.HEARTBEAT):
        AppointmentRequest.objects.filter(pk=make_request().pk).update(kind=kind)
    for view in ("", "all", "clinic", "calls", "held"):
        assert shown(desk.get(QUEUE, {"view": view})) == []


def test_nothing_is_added_or_deleted(desk):
    request = make_request()
    assert "delete" not in desk.get(QUEUE).content.decode()
    assert desk.get(f"{QUEUE}add/").status_code == 403
    assert desk.post(f"{QUEUE}{request.pk}/delete/", {"post": "yes"}).status_code == 403
    assert desk.post(QUEUE, {"action": "delete_selected", "_selected_action": request.pk}).status_code == 302
    assert AppointmentRequest.objects.count() == 1


@pytest.mark.parametrize("role", ["reception", "nurse", "manager", "superuser"])
def test_those_who_triage_see_the_queue(client, request, role):
    client.force_login(request.getfixturevalue(role))
    reference = make_request().reference
    assert shown(client.get(QUEUE)) == [reference]


@pytest.mark.parametrize("role", ["editor", "reviewer", "auditor"])
def test_others_do_not_see_the_queue_or_search_it(client, request, role):
    client.force_login(request.getfixturevalue(role))
    make_request()
    assert client.get(QUEUE).status_code == 403
    assert client.post(QUEUE, {"q": "ana@example.org"}).status_code == 403
    assert QUEUE not in client.get(reverse("admin:index")).content.decode()


def test_a_name_that_is_markup_or_runs_the_other_way_is_only_text(desk):
    make_request(full_name="<script>alert(1)</script>")
    make_request(full_name="\u202eיוסף")
    page = desk.get(QUEUE).content.decode()
    assert "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>" in page
    assert "<bdi>\u202eיוסף</bdi>" in page


def test_the_queue_asks_as_many_queries_for_many_requests_as_for_few(desk, reception2, django_assert_max_num_queries):
    counts = []
    # That somebody looks is written once a minute.
    desk.get(QUEUE)
    for _round in range(2):
        for _each in range(3):
            make_request()
            claimed_request(reception2)
        with django_assert_max_num_queries(12) as asked:
            desk.get(QUEUE)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_the_queue_speaks_spanish_under_its_spanish_address(desk):
    make_request()
    assert desk.get(f"/es{QUEUE}").status_code == 200


def test_choosing_a_view_does_not_push_the_requests_down_under_the_other_filters(client, reception):
    client.force_login(reception)
    for query, is_open in (("", False), ("?view=patient", False), ("?view=patient&holder=me", True)):
        page = client.get(f"/admin/appointments/appointmentrequest/{query}").content.decode()
        assert ('<details class="fewer" open>' in page) is is_open
