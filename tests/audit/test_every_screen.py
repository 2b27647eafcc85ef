"""Each screen of the staff side that tells of a person leaves one event of its reading, however long its list is."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.roles import Role
from appointments.models import AlertPerson
from audit.models import Event
from clinic.models import Location
from outbox.models import Message
from tests.appointments.factories import make_request
from tests.audit.factories import happen
from tests.clinic.factories import make_location
from tests.outbox.factories import make_message
from tests.procedures.factories import make_feedback, make_published
from tests.staff import make_staff
from tests.test_who_may_open_what import admin_names

QUEUE = "/admin/appointments/appointmentrequest/"

# What opening each screen records, and how to make what it shows.
READS = {
    "accounts_user_changelist": "staff.listed",
    "accounts_user_change": "staff.read",
    "accounts_user_history": "staff.history_read",
    "appointments_alertperson_changelist": "alert_person.listed",
    "appointments_alertperson_change": "alert_person.read",
    "appointments_alertperson_history": "alert_person.history_read",
    "appointments_appointmentrequest_changelist": "request.listed",
    "appointments_appointmentrequest_change": "request.read",
    "appointments_appointmentrequest_history": "request.history_read",
    "appointments_appointmentrequest_messages": "request.read",
    "appointments_appointmentrequest_notes": "request.read",
    "appointments_appointmentrequest_duplicates": "request.read",
    "appointments_appointmentrequest_erase": "person.looked_up",
    "appointments_appointmentrequest_export_person": "person.looked_up",
    "appointments_appointmentrequest_downtime": "requests.printed",
    "appointments_appointmentrequest_freed": "request.listed",
    "appointments_appointmentrequest_who_read": "request.listed",
    "audit_event_changelist": "audit.listed",
    "audit_event_change": "audit.read",
    "audit_event_history": "audit.history_read",
    "outbox_message_changelist": "message.listed",
    "outbox_message_change": "message.read",
    "outbox_message_history": "message.history_read",
    "procedures_feedback_changelist": "feedback.listed",
    "procedures_feedback_change": "feedback.read",
    "procedures_feedback_history": "feedback.history_read",
}
# Screens about what the clinic is and offers, numbers without persons, and buttons, which record what they do.
TELL_OF_NOBODY = (
    *("clinic_", "procedures_procedure", "procedures_condition", "procedures_missedsearch"),
    *("appointments_formclosure", "appointments_messagewording", "appointments_savedreply"),
    *("appointments_appointmentrequest_figures", "appointments_appointmentrequest_enter"),
    *("appointments_appointmentrequest_practice",),
)
BUTTONS = {
    *("add", "delete", "move", "many", "press", "undo", "export", "next", "reach", "unnote", "revoke", "again"),
    *("done", "open", "everywhere", "factor"),
}


def test_every_screen_says_whether_it_tells_of_persons():
    named = {name for name in admin_names() if not name.startswith(TELL_OF_NOBODY)}
    assert {name for name in named if name.rpartition("_")[2] not in BUTTONS} == set(READS)


@pytest.fixture
def rows(superuser):
    """Something of each kind, by the label of its model."""
    request = make_request()
    return {
        "accounts_user": make_staff("colleague", Role.NURSE),
        "appointments_alertperson": AlertPerson.objects.create(user=superuser),
        "appointments_appointmentrequest": request,
        "audit_event": happen()[0],
        "outbox_message": make_message(about=request),
        "procedures_feedback": make_feedback(make_published().page),
    }


@pytest.mark.parametrize("name", READS)
def test_opening_a_screen_that_tells_of_persons_is_one_event(client, superuser, rows, name):
    client.force_login(superuser)
    before = set(Event.objects.values_list("pk", flat=True))
    row = rows["_".join(name.split("_", 2)[:2])]
    of_a_row = name.rpartition("_")[2] in {"change", "history", "messages", "notes", "duplicates", "erase", "person"}
    address = reverse(f"admin:{name}", args=[row.pk] if of_a_row else [])
    client.head(address)
    assert client.get(address).status_code == 200
    [event] = Event.objects.exclude(pk__in=before)
    assert (event.verb, event.actor_id) == (READS[name], superuser.pk)
    assert event.object_id == (str(row.pk) if of_a_row else "")
    assert event.object_type == row._meta.label_lower


def queries_of(client, address):
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


MANY = {
    "outbox_message": lambda number: [make_message() for _ in range(number)],
    "accounts_user": lambda number: [make_staff(f"colleague{each}", Role.NURSE) for each in range(number)],
    "appointments_appointmentrequest": lambda number: [make_request() for _ in range(number)],
}


@pytest.mark.parametrize("name", MANY)
def test_a_list_of_many_costs_one_insert_as_a_list_of_one(client, superuser, name):
    client.force_login(superuser)
    address = reverse(f"admin:{name}_changelist")
    MANY[name](1) if name != "accounts_user" else make_staff("first", Role.NURSE)
    client.get(address)
    of_few = queries_of(client, address)
    MANY[name](12)
    assert queries_of(client, address) == of_few
    event = Event.objects.latest("pk")
    assert event.details["rows"] == len(event.details["shown"]) >= 12


@pytest.mark.parametrize(
    ("typed", "kind", "found"),
    [
        ("{reference}", "reference", 1),
        ("{email}", "email", 1),
        ("{phone}", "telephone", 1),
        ("nobody@else.example", "email", 0),
        ("555 000 1234", "telephone", 0),
        ("Somebody", "name", 0),
    ],
)
def test_a_search_leaves_its_kind_and_how_many_it_found_never_what_was_typed(client, reception, typed, kind, found):
    asked = make_request()
    client.force_login(reception)
    typed = typed.format(reference=asked.reference, email=asked.email, phone=asked.phone)
    client.post(QUEUE, {"q": typed}, follow=True)
    event = Event.objects.get(verb="request.searched")
    assert event.details == {"rows": found, "shown": [asked.pk] * found, "filters": [], "search": kind}
    assert typed not in str(list(Event.objects.values()))


def test_filters_leave_their_names_and_the_queue_its_view(client, reception):
    make_location()
    client.force_login(reception)
    client.get(QUEUE, {"view": "all", "location": Location.objects.first().key})
    event = Event.objects.get(verb="request.listed")
    assert event.details["filters"] == ["location", "view"]


# Refusals


def refusals():
    return [
        (each.details["screen"], each.object_type, each.object_id, each.details["answer"])
        for each in Event.objects.filter(verb="staff.refused").order_by("pk")
    ]


def test_who_is_refused_by_role_leaves_an_event_with_the_screen_and_the_row(client, editor):
    asked = make_request()
    client.force_login(editor)
    assert client.get(QUEUE).status_code == client.get(f"{QUEUE}{asked.pk}/change/").status_code == 403
    assert client.post(f"{QUEUE}{asked.pk}/move/claim/").status_code == 403
    name, kind = "admin:appointments_appointmentrequest", "appointments.appointmentrequest"
    assert refusals() == [
        (f"{name}_changelist", kind, "", 403),
        (f"{name}_change", kind, str(asked.pk), 403),
        (f"{name}_move", kind, str(asked.pk), 403),
    ]
    assert {each.actor_id for each in Event.objects.filter(verb="staff.refused")} == {editor.pk}


def test_who_is_refused_by_location_leaves_an_event(client, reception):
    here, there = make_location(key="here"), make_location(key="there")
    asked = make_request()
    type(asked).objects.filter(pk=asked.pk).update(location=there)
    message = make_message(about=asked)
    reception.set_locations([here])
    client.force_login(reception)
    assert client.get(f"{QUEUE}{asked.pk}/change/").status_code == 404
    assert client.get(f"/admin/outbox/message/{message.pk}/change/").status_code == 302
    assert [(each[1], each[2], each[3]) for each in refusals()] == [
        ("appointments.appointmentrequest", str(asked.pk), 404),
        (Message._meta.label_lower, str(message.pk), 404),
    ]


@pytest.mark.parametrize("typed", ["Ann Able", "1" * 30, "x'y", "٣"])
def test_what_is_typed_into_an_address_in_place_of_a_number_is_not_kept(client, reception, typed):
    client.force_login(reception)
    client.get(f"{QUEUE}{typed}/change/")
    assert [each[2] for each in refusals()] == [""]
    assert typed not in str(list(Event.objects.values()))


def test_visitors_and_addresses_of_nothing_leave_no_event(client, reception):
    client.get(QUEUE)
    client.get("/no/such/page/")
    client.force_login(reception)
    client.get("/no/such/page/")
    client.get("/admin/no/such/page/")
    assert refusals() == []


def test_a_move_that_was_refused_is_named_with_the_reading_of_its_sheet(client, reception):
    asked = make_request()
    client.force_login(reception)
    client.post(f"{QUEUE}{asked.pk}/move/claim/", {"seen_revision": "99"})
    assert Event.objects.get(verb="request.read").details == {"refused": "claim", "answer": 409}
