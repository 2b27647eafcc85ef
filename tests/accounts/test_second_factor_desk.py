"""Staff look after their own second factor, and managers help those who lost theirs."""

import re

import pytest
from django.contrib import admin
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import get_resolver, reverse

from accounts.models import Authenticator
from audit.models import Event
from outbox.models import Message
from tests.accounts.test_ended_session import text
from tests.accounts.test_second_step import codes_shown, is_in, secret_shown
from tests.second_factor import CODE, LOG_IN, OWN, SET_UP, code_of, fresh, log_in, set_up_for
from tests.staff import PASSWORD
from tests.test_who_may_open_what import what_is_stored

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client, reception):
    """Reception's browser, logged in with a second factor that can show its code once more."""
    set_up_for(reception)
    log_in(client, reception)
    Authenticator.objects.update(last_step=-1)
    return client


def press(client, go, *, password=PASSWORD, code=None):
    code = code or code_of(Authenticator.objects.get().secret)
    return client.post(OWN, {"go": go, "password": password, "code": code})


# One's own


def test_where_it_is_not_asked_for_anybody_can_still_set_one_up(client, reception):
    client.force_login(reception)
    other = Client()
    other.force_login(fresh(reception))
    assert OWN in text(client.get("/admin/my-log-in/"))
    assert SET_UP in text(client.get(OWN))
    secret = secret_shown(client.get(SET_UP))
    page = client.post(SET_UP, {"code": code_of(secret), "password": PASSWORD})
    assert len(codes_shown(page)) == 10
    assert "I have kept them: go on" in text(page)
    assert is_in(client)
    assert not is_in(other)
    assert "10 recovery codes" in text(client.get(OWN))
    assert Message.objects.to_staff().get().purpose == "second_factor_enrolled"


def test_new_recovery_codes_are_shown_once(desk):
    codes = codes_shown(press(desk, "codes"))
    assert len(codes) == 10
    page = text(desk.get(OWN))
    assert not [code for code in codes if code in page]
    assert Event.objects.latest("id").verb == "staff.recovery_codes_renewed"


def test_another_phone_takes_its_place_and_ends_other_sessions(desk, reception):
    other, old = Client(), Authenticator.objects.get()
    log_in(other, reception)
    assert desk.get(SET_UP)["Location"] == OWN
    Authenticator.objects.update(last_step=-1)
    assert press(desk, "another")["Location"] == SET_UP
    page = desk.get(SET_UP)
    assert "Your password" not in text(page)
    assert other.get(SET_UP)["Location"] == OWN
    desk.post(SET_UP, {"code": code_of(secret_shown(page))})
    assert Authenticator.objects.get().pk != old.pk
    assert is_in(desk)
    assert not is_in(other)
    assert desk.get(SET_UP)["Location"] == OWN


def test_it_can_be_removed_where_the_clinic_does_not_ask_for_it(desk, settings):
    settings.REQUIRE_TWO_FACTOR = True
    assert "Remove the second factor" not in text(desk.get(OWN))
    assert "cannot be removed" in text(press(desk, "remove"))
    settings.REQUIRE_TWO_FACTOR = False
    assert "Remove the second factor" in text(desk.get(OWN))
    Authenticator.objects.update(last_step=-1)
    press(desk, "remove")
    assert not Authenticator.objects.exists()
    assert is_in(desk)
    assert Message.objects.filter(purpose="second_factor_removed").exists()


@pytest.mark.parametrize("go", ["codes", "another", "remove"])
@pytest.mark.parametrize(("password", "code"), [("a wrong guess", None), (PASSWORD, "000000"), ("", None)])
def test_nothing_changes_without_the_password_and_a_code(desk, go, password, code):
    before = list(Authenticator.objects.values_list("pk", "recovery_codes__hash"))
    answer = press(desk, go, password=password, code=code)
    assert (answer.status_code, "There is a problem" in text(answer)) == (200, True)
    assert list(Authenticator.objects.values_list("pk", "recovery_codes__hash")) == before
    assert desk.get(SET_UP)["Location"] == OWN


def test_a_code_in_a_form_without_a_token_is_not_shown_again(reception):
    client = Client(enforce_csrf_checks=True)
    client.force_login(reception)
    answer = client.post(OWN, {"code": "123456", "go": "codes"})
    assert answer.status_code == 403
    assert "123456" not in text(answer)


# A manager helps


def reset_of(user):
    return reverse("admin:accounts_user_reset_second_factor", args=[user.pk])


def account_of(user):
    return reverse("admin:accounts_user_change", args=[user.pk])


def test_a_manager_resets_a_colleagues_second_factor_after_a_page_that_asks(client, manager, reception):
    set_up_for(reception)
    client.force_login(manager)
    assert reset_of(reception) in text(client.get(account_of(reception)))
    asked = client.get(reset_of(reception))
    assert "The phone is lost" in text(asked)
    for typed in ({}, {"reason": "lost"}, {"reason": "because", "is_sure": "on"}, {"is_sure": "on"}):
        assert "There is a problem" in text(client.post(reset_of(reception), typed or {"reason": ""}))
    assert Authenticator.objects.exists()
    answer = client.post(reset_of(reception), {"reason": "lost", "is_sure": "on"}, follow=True)
    assert "The second factor is reset." in text(answer)
    assert not Authenticator.objects.exists()
    assert reset_of(reception) not in text(answer)
    again = client.post(reset_of(reception), {"reason": "lost", "is_sure": "on"})
    assert (again.status_code, "No second factor is set up" in text(again)) == (409, True)


def test_nobody_resets_their_own_or_one_above_theirs(client, manager, superuser):
    set_up_for(manager)
    set_up_for(superuser)
    log_in(client, manager)
    assert "You cannot reset your own" in text(client.get(reset_of(manager)))
    assert client.post(reset_of(manager), {"reason": "lost", "is_sure": "on"}).status_code == 409
    assert client.post(reset_of(superuser), {"reason": "lost", "is_sure": "on"}).status_code == 403
    assert Authenticator.objects.count() == 2


def test_resetting_asks_for_the_password_once_more():
    view = get_resolver().resolve("/admin/accounts/user/1/reset-second-factor/").func
    assert view.needs_confirming


def test_the_account_tells_whether_there_is_one(client, manager, reception, nurse):
    set_up_for(reception)
    client.force_login(manager)
    assert "none is set up" not in text(client.get(account_of(reception)))
    assert "none is set up" in text(client.get(account_of(nurse)))


# Every address


def every_admin_address():
    """Return each address of the admin, with 1 for whatever it takes."""
    found = []

    def walk(patterns, before):
        for pattern in patterns:
            if hasattr(pattern, "url_patterns"):
                walk(pattern.url_patterns, before + str(pattern.pattern))
            elif pattern.name and pattern.name not in ("login", "logout"):
                found.append(before + str(pattern.pattern))

    walk(admin.site.get_urls(), "/admin/")
    return sorted({re.sub(r"<[^>]+>|\(\?P<[^)]+\)", "1", each).replace("^", "").replace("$", "") for each in found})


@pytest.mark.wide
@pytest.mark.parametrize("is_set_up", [True, False])
@pytest.mark.parametrize("began", ["password alone", "before it was asked"])
def test_no_address_of_the_admin_opens_before_the_second_factor_is_shown(client, superuser, required, is_set_up, began):
    if is_set_up:
        set_up_for(superuser)
    if began == "password alone":
        client.post(LOG_IN, {"username": "superuser", "password": PASSWORD})
        assert SESSION_KEY not in client.session
    else:
        client.force_login(fresh(superuser))
    page, before = CODE if is_set_up else SET_UP, what_is_stored()
    # A page left open asks there; whoever is not let in is told that they are nobody (tests/accounts/test_sessions.py).
    asks = reverse("admin:whose_log_in", args=[1])
    addresses = [path for path in every_admin_address() if not path.startswith((LOG_IN, asks))]
    assert len(addresses) > 60
    answers = [answer for path in addresses for answer in (client.get(path), client.post(path, {"go": "save"}))]
    wrong = [answer.request for answer in answers if not answer.get("Location", "").startswith(LOG_IN)]
    assert wrong == []
    assert client.get(LOG_IN)["Location"].startswith(page)
    assert what_is_stored() == before
