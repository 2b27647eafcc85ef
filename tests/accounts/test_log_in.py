"""Logging in and out is recorded, failures too, and never with what was typed."""

import pytest

from audit.models import Event
from tests.staff import PASSWORD

LOG_IN = "/admin/login/"


def recorded():
    """Return (verb, kind of actor, number of the account) of what was recorded, in order."""
    return list(Event.objects.order_by("id").values_list("verb", "actor_kind", "object_id"))


def test_a_log_in_and_a_log_out_are_recorded(client, reception):
    response = client.post(LOG_IN, {"username": "reception", "password": PASSWORD, "next": "/admin/"})
    assert response.status_code == 302
    client.post("/admin/logout/")
    number = str(reception.pk)
    assert recorded() == [("staff.logged_in", "staff", number), ("staff.logged_out", "staff", number)]
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize(("username", "is_known"), [("reception", True), ("hunter2 is my password", False)])
def test_a_failed_log_in_is_recorded_by_the_account_it_was_tried_on_and_never_as_typed(
    client, reception, username, is_known
):
    response = client.post(LOG_IN, {"username": username, "password": "a wrong guess"})
    assert response.status_code == 200
    event = Event.objects.get()
    assert (event.verb, event.actor_kind) == ("staff.log_in_failed", "visitor")
    assert event.object_id == (str(reception.pk) if is_known else "")
    assert event.details == {}


def test_somebody_who_left_does_not_get_in(client, reception):
    reception.is_active = False
    reception.save()
    client.post(LOG_IN, {"username": "reception", "password": PASSWORD})
    assert [verb for verb, *_rest in recorded()] == ["staff.log_in_failed"]


@pytest.mark.parametrize("username", ["a\x00b", "x" * 5000, "👩🏽‍⚕️", "' OR 1=1 --"])
def test_hostile_names_are_answered_with_the_form(client, db, username):
    response = client.post(LOG_IN, {"username": username, "password": "x\x00y"})
    assert response.status_code == 200


def test_the_log_in_page_is_never_kept(client, db):
    assert "no-store" in client.get(LOG_IN)["Cache-Control"]
