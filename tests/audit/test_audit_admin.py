"""The auditor reads the trail; nobody changes it, and nobody else sees it."""

import csv
import json
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.http import QueryDict
from django.urls import resolve, reverse
from django.utils import timezone

from audit.actors import Actor
from audit.models import Event
from audit.reading import record_list
from tests.appointments.factories import make_request
from tests.audit.factories import happen

LIST, EXPORT = "/admin/audit/event/", "/admin/audit/event/export/"


@pytest.fixture
def events(auditor, reception):
    happen(2)
    Event.record("request.claimed", by=reception.as_actor(), fields=["holder"])
    Event.record("staff.log_in_failed", by=Actor.visitor())
    return list(Event.objects.order_by("id"))


def listed(response):
    """Return the numbers of the events on a list."""
    return sorted(line["pk"] for line in response.context["lines"])


def test_the_auditor_sees_what_happened_and_who_did_it(client, auditor, events):
    client.force_login(auditor)
    response = client.get(LIST)
    assert response.status_code == 200
    assert set(listed(response)) > {event.pk for event in events}  # the log-in itself is there too
    assert b"request.claimed" in response.content
    assert b"somebody not logged in" in response.content
    sheet = client.get(f"{LIST}{events[2].pk}/change/")
    assert b"holder" in sheet.content
    assert b"reception" in sheet.content
    assert b'type="submit"' not in sheet.content.partition(b'id="content"')[2]
    assert b"<title>Claimed it |" in b" ".join(sheet.content.split())


def test_the_list_is_filtered_by_what_happened_and_by_who_did_it(client, auditor, reception, events):
    client.force_login(auditor)
    assert listed(client.get(LIST, {"verb": "thing.happened"})) == [events[0].pk, events[1].pk]
    assert listed(client.get(LIST, {"actor": "visitor"})) == [events[3].pk]
    assert listed(client.get(LIST, {"actor": f"staff:{reception.pk}"})) == [events[2].pk]


@pytest.mark.parametrize(
    "query",
    ["verb=x", "actor=staff:999999999999999999", "before=-1", "after=x", "before=999999999999999999"],
)
def test_filters_that_find_nothing_never_break_the_list(client, auditor, query):
    client.force_login(auditor)
    assert client.get(f"{LIST}?{query}").status_code == 200


@pytest.mark.parametrize("query", ["o=99", "q=Ann", "details__contains=a"])
def test_an_address_asks_for_nothing_that_the_form_does_not_offer(client, auditor, query):
    client.force_login(auditor)
    assert client.get(f"{LIST}?{query}").status_code == 400


HOSTILE = [
    "actor=staff:9999999999999999999999",
    "actor=x:y",
    "verb=<b>",
    "about=x",
    "about=accounts.user:1;2",
    "about=accounts.user:1,x|.*",
    f"about=accounts.user:{','.join('1' * 51)}",
    "since=2026-13-01",
    "since=0001-01-01",
    "until=9999-12-31",
    "since=%F0%9F%8D%8B",
]


@pytest.mark.parametrize("query", HOSTILE)
def test_what_no_filter_of_ours_writes_is_refused(client, auditor, query):
    client.force_login(auditor)
    assert client.get(f"{LIST}?{query}").status_code == 400
    assert client.post(f"{LIST}export/", QueryDict(query).dict()).status_code == 400


@pytest.mark.parametrize("what", ["add/", "{pk}/delete/", "{pk}/change/"])
def test_nobody_changes_an_event_in_the_admin(client, superuser, events, what):
    client.force_login(superuser)
    address = LIST + what.format(pk=events[0].pk)
    assert client.post(address, {"verb": "other", "post": "yes"}).status_code == 403
    assert Event.objects.get(pk=events[0].pk).verb == "thing.happened"


@pytest.mark.parametrize("role", ["reception", "nurse", "editor", "reviewer", "manager"])
def test_nobody_but_the_auditor_sees_the_trail(client, request, role, events):
    client.force_login(request.getfixturevalue(role))
    assert client.get(LIST).status_code == 403
    assert client.get(reverse("admin:audit_event_change", args=[events[0].pk])).status_code == 403


def test_the_list_takes_the_same_queries_however_long_it_is(client, auditor, events, django_assert_max_num_queries):
    client.force_login(auditor)
    for _ in range(2):
        happen(60)
        with django_assert_max_num_queries(9):
            assert client.get(LIST).status_code == 200
        with django_assert_max_num_queries(9):
            assert client.get(LIST, {"before": Event.objects.latest("pk").pk - 10}).status_code == 200


def test_pages_lead_to_each_other_and_miss_no_event(client, auditor):
    client.force_login(auditor)
    happen(120)
    query, seen = f"{LIST}?verb=thing.happened", []
    while query:
        context = client.get(query).context
        seen += [line["pk"] for line in context["lines"]]
        query, last = context["older"], context
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == len(seen) == 120
    back = client.get(last["newer"]).context
    assert [line["pk"] for line in back["lines"]] == seen[50:100]
    assert [line["pk"] for line in client.get(back["newer"]).context["lines"]] == seen[:50]


# Looking for something


def search(client, **typed):
    """Post the form and follow it."""
    return client.post(LIST, typed, follow=True)


def test_a_member_of_staff_is_found_by_log_in_name_and_the_address_holds_the_number(client, auditor, reception, events):
    client.force_login(auditor)
    response = search(client, person="Reception")
    assert response.redirect_chain[-1][0] == f"{LIST}?actor=staff%3A{reception.pk}"
    assert listed(response) == [events[2].pk]
    assert 'value="reception"' in response.content.decode()


def test_a_request_is_found_by_its_reference_and_nobodys_name_is_shown(client, auditor, reception):
    asked, other = make_request(), make_request()
    for each in (asked, other):
        Event.record("request.read", by=reception.as_actor(), about=each)
    client.force_login(auditor)
    typed = f" {asked.reference.lower()} "
    response = search(client, find_appointments_appointmentrequest=typed, verb="request.read")
    assert [line["thing"] for line in response.context["lines"]] == [f"appointments.appointmentrequest {asked.pk}"]
    page = response.content.decode()
    for secret in (asked.full_name, asked.email, asked.reference):
        assert secret not in page
    assert asked.reference not in response.redirect_chain[-1][0]


def test_a_request_is_found_with_those_that_were_joined_with_it(client, auditor, reception):
    kept, merged = make_request(), make_request()
    type(kept).of_every_kind.filter(pk=merged.pk).update(merged_into=kept, status="closed")
    for each in (kept, merged):
        Event.record("request.read", by=reception.as_actor(), about=each)
    client.force_login(auditor)
    for reference in (kept.reference, merged.reference):
        found = search(client, find_appointments_appointmentrequest=reference, verb="request.read")
        assert len(found.context["lines"]) == 2


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"person": "nobody"}, "No member of staff has this log-in name."),
        ({"find_appointments_appointmentrequest": "Ann Able"}, "No request has this reference."),
        ({"since": "2026-05-02", "until": "2026-05-01"}, "Choose a day that is not before the first one."),
        ({"since": "yesterday"}, "Enter a valid date."),
        ({"verb": "other"}, "Select a valid choice."),
        ({"about": "x;y"}, "This cannot be looked for. Fill in the form again."),
        ({"person": "x" * 151}, "at most 150"),
    ],
)
def test_what_cannot_be_looked_for_is_said_and_shows_no_event(client, auditor, events, typed, said):
    client.force_login(auditor)
    response = client.post(LIST, typed)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert response.context["lines"] == []


def test_a_period_is_of_days_of_the_clinic_the_last_one_included(client, auditor):
    client.force_login(auditor)
    moments = ["2026-05-01T06:59:59", "2026-05-01T07:00:00", "2026-05-03T06:59:59", "2026-05-03T07:00:00"]
    for moment in moments:
        with time_machine.travel(f"{moment}+00:00", tick=False):
            happen()
    numbers = list(Event.objects.filter(verb="thing.happened").order_by("pk").values_list("pk", flat=True))
    response = search(client, since="2026-05-01", until="2026-05-02", verb="thing.happened")
    assert listed(response) == numbers[1:3]
    assert [each["words"] for each in response.context["chosen"]] == [
        "thing.happened",
        "From 2026-05-01",
        "To 2026-05-02",
    ]


def test_filters_add_up_and_each_is_left_out_again(client, auditor, reception, nurse):
    for user in (reception, nurse):
        for verb in ("thing.one", "thing.two"):
            Event.record(verb, by=user.as_actor())
    client.force_login(auditor)
    response = search(client, person="nurse", verb="thing.two")
    assert len(response.context["lines"]) == 1
    without = [client.get(each["url"]) for each in response.context["chosen"]]
    assert [len(each.context["lines"]) for each in without] == [2, 2]


def test_the_lists_in_which_a_request_stood_are_found_too(client, auditor, reception):
    asked, other = make_request(), make_request()
    for shown in ([asked.pk], [asked.pk * 10, other.pk], [other.pk, asked.pk]):
        record_list("request", by=reception.as_actor(), of=type(asked), shown=shown)
    client.force_login(auditor)
    found = search(client, find_appointments_appointmentrequest=asked.reference, verb="request.listed")
    assert found.context["lines"] == []
    assert len(client.get(found.context["with_lists"]).context["lines"]) == 2
    with time_machine.travel(timezone.now() + timedelta(days=40)):
        client.force_login(auditor)
        assert client.get(found.context["with_lists"]).context["lines"] == []


def test_an_event_leads_to_everything_about_its_thing_and_everything_its_person_did(client, auditor, reception):
    asked = make_request()
    event = Event.record("request.read", by=reception.as_actor(), about=asked)
    client.force_login(auditor)
    sheet = client.get(f"{LIST}{event.pk}/change/")
    for way in ("about_url", "person_url"):
        assert event.pk in listed(client.get(sheet.context[way]))
    assert "Opened this sheet" in sheet.content.decode()


def test_looking_at_the_trail_is_in_the_trail(client, auditor, reception, events):
    client.force_login(auditor)
    client.get(f"{LIST}?actor=staff:{reception.pk}")
    client.get(f"{LIST}{events[0].pk}/change/")
    search(client, find_appointments_appointmentrequest="Ann Able")
    looks = Event.objects.filter(verb__startswith="audit.").order_by("pk")
    assert [look.verb for look in looks] == ["audit.listed", "audit.read", "audit.searched"]
    assert looks[0].details == {
        "whose": f"staff:{reception.pk}",
        "rows": 1,
        "shown": [events[2].pk],
        "filters": ["actor"],
    }
    assert looks[2].details == {"rows": 0, "shown": [], "filters": [], "search": "appointments.appointmentrequest"}
    assert "Able" not in str(list(Event.objects.values()))


# The file


def lines(response):
    """Return the rows of a file."""
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(StringIO(text.removeprefix("\ufeff"))))


def test_what_is_filtered_is_exported_and_that_is_one_event(client, auditor, reception, events):
    client.force_login(auditor)
    response = client.post(EXPORT, {"actor": f"staff:{reception.pk}"})
    [row] = lines(response)
    assert (row["number"], row["verb"], row["log-in name"]) == (str(events[2].pk), "request.claimed", "reception")
    assert row["when"] == timezone.localtime(events[2].happened_at).isoformat()
    assert json.loads(row["details"]) == {"fields": ["holder"]}
    assert "no-store" in response["Cache-Control"]
    exported = Event.objects.get(verb="audit.exported")
    assert exported.actor_id == auditor.pk
    assert (exported.details["rows"], exported.details["filters"]) == (1, ["actor"])


def test_a_file_of_many_events_takes_as_few_queries_as_one_of_few(client, auditor, django_assert_max_num_queries):
    client.force_login(auditor)
    for number in (5, 60):
        happen(number)
        with django_assert_max_num_queries(9):
            assert len(lines(client.post(EXPORT))) >= number


def test_no_cell_of_the_file_starts_a_formula(client, auditor):
    for name in ("=1+1", "+1", "-1", "@x", "\t=1", " =1", "＝1"):
        Event.record("thing.happened", by=Actor.command(name))
    client.force_login(auditor)
    rows = lines(client.post(EXPORT, {"verb": "thing.happened"}))
    assert len(rows) == 7
    assert all(row["command"].startswith("'") for row in rows)


def test_the_file_is_handed_out_by_a_press_alone_and_to_the_auditor_alone(client, auditor, manager):
    client.force_login(auditor)
    assert client.get(EXPORT).status_code == 405
    client.force_login(manager)
    assert client.post(EXPORT).status_code == 403
    assert not Event.objects.filter(verb="audit.exported").exists()


def test_the_export_asks_to_confirm_who_it_is():
    assert resolve(EXPORT).func.needs_confirming
