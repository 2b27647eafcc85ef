"""The auditor reads the trail; nobody changes it, and nobody else sees it."""

import pytest
from django.urls import reverse

from audit.actors import Actor
from audit.models import Event
from tests.audit.factories import happen

LIST = "/admin/audit/event/"


@pytest.fixture
def events(auditor, reception):
    happen(2)
    Event.record("request.claimed", by=reception.as_actor(), fields=["holder"])
    Event.record("staff.log_in_failed", by=Actor.visitor())
    return list(Event.objects.order_by("id"))


def listed(response):
    """Return the numbers of the events on a list."""
    return sorted(event.pk for event in response.context["cl"].result_list)


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


def test_the_list_is_filtered_by_what_happened_and_by_who_did_it(client, auditor, reception, events):
    client.force_login(auditor)
    assert listed(client.get(LIST, {"verb": "thing.happened"})) == [events[0].pk, events[1].pk]
    assert listed(client.get(LIST, {"actor": "visitor"})) == [events[3].pk]
    assert listed(client.get(LIST, {"actor": f"staff:{reception.pk}"})) == [events[2].pk]


@pytest.mark.parametrize("query", ["verb=x", "actor=staff:9999999999999999999999", "actor=x:y", "o=99", "p=-1"])
def test_hostile_filters_never_break_the_list(client, auditor, query):
    client.force_login(auditor)
    assert client.get(f"{LIST}?{query}").status_code in (200, 302)


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
        happen(20)
        with django_assert_max_num_queries(9):
            assert client.get(LIST).status_code == 200
