"""Logging in and out is recorded, failures too, and never with what was typed."""

import pytest

from accounts import demonstration
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


def test_words_typed_while_the_log_in_ended_are_shown_and_lead_back(client, reception):
    typed = {"first_name": "Ana <b>", "last_name": " ", "password1": "a long secret", "snapshot": "signed"}
    response = client.post("/admin/accounts/user/add/", typed)
    page = response.content.decode()
    assert response.status_code == 403
    assert ">Ana &lt;b&gt;</textarea>" in page
    assert "/admin/login/?next=%2Fadmin%2Faccounts%2Fuser%2Fadd%2F" in page
    assert "a long secret" not in page
    assert "no-store" in response["Cache-Control"]


def test_a_password_or_a_button_alone_is_not_kept_for_somebody_logged_out(client, reception):
    response = client.post("/admin/password_change/", {"old_password": "of mine", "new_password1": "of mine"})
    assert response["Location"].startswith(LOG_IN)


def test_an_address_elsewhere_is_not_followed_after_the_log_in(client, reception):
    typed = {"username": "reception", "password": PASSWORD, "next": "//evil.example/"}
    assert client.post(f"{LOG_IN}?next=//evil.example/", typed)["Location"] == "/admin/"


def test_the_demonstrations_public_password_opens_no_real_clinic(client, reception, settings):
    reception.set_password(demonstration.PASSWORD)
    reception.save()
    typed = {"username": "reception", "password": demonstration.PASSWORD}
    assert client.post(LOG_IN, typed).status_code == 200
    settings.DEMO = True
    assert client.post(LOG_IN, typed).status_code == 302


def test_a_cookie_that_no_database_can_be_asked_for_is_no_log_in(client, settings, db):
    client.cookies[settings.SESSION_COOKIE_NAME] = "\x00" + 31 * "a"
    assert client.get("/admin/").status_code == 302
