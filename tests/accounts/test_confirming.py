"""Before what cannot be taken back the password is asked for again; nothing typed is lost, and guessing waits."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY

from accounts.models import User
from audit.models import Event
from tests.accounts.browsers import WRONG
from tests.accounts.test_ended_session import hidden, text
from tests.accounts.test_staff_admin import NEW, address, change
from tests.second_factor import code_of, set_up_for
from tests.second_factor import fresh as fresh_row
from tests.staff import PASSWORD

pytestmark = pytest.mark.django_db
CONFIRM = "/admin/confirm/"
AGAIN = "You were asked for your password first, so nothing was sent or saved yet. What you typed is here again."
EXPORT = "admin:appointments_appointmentrequest_figures_export"


@pytest.fixture(autouse=True)
def clock(settings):
    settings.CONFIRMED_FOR = timedelta(minutes=10)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


@pytest.fixture
def fresh(client, manager):
    """A manager who has just logged in."""
    client.force_login(manager)
    return client


@pytest.fixture
def desk(fresh, clock):
    """A manager who logged in ten minutes ago."""
    clock.shift(timedelta(minutes=10))
    return fresh


def confirmations():
    return list(Event.objects.filter(verb__contains="confirmed").values_list("verb", flat=True))


def test_a_log_in_confirms_for_ten_minutes(fresh, clock, reception):
    assert fresh.get(address(reception)).status_code == 200
    clock.shift(timedelta(minutes=9, seconds=59))
    assert fresh.get(address(reception)).status_code == 200
    clock.shift(timedelta(seconds=1))
    assert fresh.get(address(reception))["Location"] == reverse("admin:confirm", query={"next": address(reception)})


def test_a_page_is_opened_after_the_password(desk, reception, settings):
    page = desk.get(address(reception), follow=True)
    assert "Confirm your password" in text(page)
    assert "no-store" in page["Cache-Control"]
    key = desk.cookies[settings.SESSION_COOKIE_NAME].value
    response = desk.post(CONFIRM, hidden(page) | {"password": PASSWORD})
    assert response["Location"] == address(reception)
    assert desk.cookies[settings.SESSION_COOKIE_NAME].value != key
    assert desk.get(address(reception)).status_code == 200
    assert confirmations() == ["staff.log_in_confirmed"]


def test_what_was_typed_is_there_again_and_unsaved(desk, reception):
    asked = desk.post(address(reception), change(reception, roles=["nurse"], last_name="Reid <b>"))
    assert asked.status_code == 403
    assert "Reid" not in text(asked)
    shown = desk.post(CONFIRM, hidden(asked) | {"password": PASSWORD})
    assert shown.status_code == 200
    assert text(shown).count(AGAIN) == 1
    assert 'value="Reid &lt;b&gt;"' in text(shown)
    assert User.objects.get(pk=reception.pk).role_names == {"reception"}
    assert desk.post(address(reception), change(reception, roles=["nurse"])).status_code == 302
    assert User.objects.get(pk=reception.pk).role_names == {"nurse"}


def test_a_new_account_is_not_made_before_the_password(desk):
    asked = desk.post(reverse("admin:accounts_user_add"), NEW | {"roles": ["nurse"]})
    shown = desk.post(CONFIRM, hidden(asked) | {"password": PASSWORD})
    assert 'value="newcomer"' in text(shown)
    assert not User.objects.filter(username="newcomer").exists()


def test_a_first_password_is_made_after_ones_own(desk, reception):
    to = reverse("admin:auth_user_password_change", args=[reception.pk])
    asked = desk.post(to, headers={"referer": f"http://testserver{to}"})
    assert desk.post(CONFIRM, hidden(asked) | {"password": PASSWORD})["Location"] == to
    assert User.objects.get(pk=reception.pk).check_password(PASSWORD)


def test_figures_are_handed_out_after_the_password_to_whoever_presses_again(desk):
    figures = reverse("admin:appointments_appointmentrequest_figures")
    asked = desk.post(reverse(EXPORT), {"period": "month"}, headers={"referer": f"http://testserver{figures}"})
    assert (asked.status_code, Event.objects.filter(verb="figures.exported").exists()) == (403, False)
    assert desk.post(CONFIRM, hidden(asked) | {"password": PASSWORD})["Location"] == figures
    assert desk.post(reverse(EXPORT), {"period": "month"})["Content-Type"].startswith("text/csv")


def test_a_wrong_password_opens_nothing_and_keeps_what_was_typed(desk, reception):
    asked = desk.post(address(reception), change(reception, last_name="Reid"))
    again = desk.post(CONFIRM, hidden(asked) | {"password": WRONG})
    assert again.status_code == 200
    assert "That is not your password. Type it again." in text(again)
    assert hidden(again)["kept"] == hidden(asked)["kept"]
    assert WRONG not in text(again)
    assert desk.get(address(reception)).status_code == 302
    assert confirmations() == ["staff.log_in_not_confirmed"]


@pytest.mark.parametrize("password", ["", "x" * 257, "a\x00b"])
def test_what_cannot_be_a_password_is_none(desk, password):
    assert desk.post(CONFIRM, {"password": password, "next": "/admin/"}).status_code == 200
    assert confirmations() == []


def test_guessing_waits_and_holds_up_nobody_else(desk, manager, clock):
    codes = [desk.post(CONFIRM, {"password": WRONG}).status_code for _time in range(7)]
    assert codes == [200] * 5 + [429] * 2
    assert "Wait 1 minute, then try again." in text(desk.post(CONFIRM, {"password": PASSWORD}))
    [event] = Event.objects.filter(verb="staff.log_in_throttled")
    assert (event.object_id, event.details) == (str(manager.pk), {"counted_for": ["confirming"]})
    elsewhere = desk.__class__()
    assert elsewhere.post("/admin/login/", {"username": "manager", "password": PASSWORD}).status_code == 302
    clock.shift(timedelta(minutes=1))
    assert desk.post(CONFIRM, {"password": PASSWORD}).status_code == 302


def test_the_old_password_is_guessed_no_faster(desk, manager):
    new = "plums under quiet ladders"
    typed = {"old_password": WRONG, "new_password1": new, "new_password2": new}
    codes = [desk.post("/admin/password_change/", typed).status_code for _time in range(6)]
    assert codes == [200] * 5 + [429]
    assert desk.post("/admin/password_change/", typed | {"old_password": PASSWORD}).status_code == 429
    assert User.objects.get(pk=manager.pk).check_password(PASSWORD)


@pytest.mark.parametrize(
    "goes_to", ["//evil.example/", "https://evil.example/", "javascript:alert(1)", "/\\evil.example", "", "\n//evil"]
)
def test_it_goes_on_to_this_site_alone(desk, goes_to):
    assert desk.post(CONFIRM, {"password": PASSWORD, "next": goes_to})["Location"] == "/admin/"
    page = desk.get(CONFIRM, {"next": goes_to})
    assert re.search('name="next" value="([^"]*)"', text(page))[1] == "/admin/"


@pytest.mark.parametrize("kept", ["x", "é\x00", "x" * 900_000])
def test_an_altered_seal_shows_nothing(desk, kept):
    assert desk.post(CONFIRM, {"password": PASSWORD, "next": "/admin/", "kept": kept})["Location"] == "/admin/"


def test_whoever_may_not_open_it_is_refused_after_the_password_too(client, nurse, reception, clock):
    client.force_login(nurse)
    clock.shift(timedelta(minutes=11))
    client.post(CONFIRM, {"password": PASSWORD})
    assert client.get(address(reception)).status_code == 403


def test_whoever_is_not_logged_in_confirms_nothing(client, manager):
    assert client.get(CONFIRM)["Location"].startswith("/admin/login/")
    assert client.post(CONFIRM, {"password": PASSWORD})["Location"].startswith("/admin/login/")
    assert confirmations() == []


def test_a_page_that_asked_too_long_ago_asks_again_and_keeps_it(manager, clock, settings):
    desk = Client(enforce_csrf_checks=True)
    desk.force_login(manager)
    page = desk.post(CONFIRM, {"password": PASSWORD, "kept": "sealed", "next": "/admin/"})
    assert page.status_code == 403
    assert (hidden(page)["kept"], hidden(page)["next"]) == ("sealed", "/admin/")


def test_whoever_has_a_second_factor_shows_it_too(desk, clock, manager, reception):
    device, _codes = set_up_for(manager)
    session = desk.session
    session["_auth_user_hash"] = fresh_row(manager).get_session_auth_hash()
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    session.save()
    goes_to = {"next": address(reception)}
    without = desk.post(CONFIRM, {"password": PASSWORD, **goes_to})
    assert "Type the code." in text(without)
    wrong = desk.post(CONFIRM, {"password": PASSWORD, "code": "000000", **goes_to})
    assert wrong.status_code == 200
    assert "id_code_error" in text(wrong)
    assert confirmations() == []
    clock.shift(timedelta(seconds=2))
    right = desk.post(CONFIRM, {"password": PASSWORD, "code": code_of(device.secret, steps=1), **goes_to})
    assert right["Location"] == address(reception)
    assert confirmations() == ["staff.log_in_confirmed"]
