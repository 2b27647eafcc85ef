"""Logging in with a second factor: nothing opens between the steps, and nothing that was typed is lost."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import two_factor
from accounts.models import Authenticator, User
from audit.models import Event
from tests.accounts.test_ended_session import AGAIN, SHOWN, TYPED, Browser, end_sessions, hidden, move_of, text
from tests.appointments.at_the_desk import address
from tests.appointments.factories import claimed_request
from tests.second_factor import CODE, LOG_IN, OWN, RECOVERY, SET_UP, code_of, fresh, log_in, set_up_for
from tests.staff import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def device(reception):
    return set_up_for(reception)[0]


def password_of(client, user, **also):
    return client.post(LOG_IN, {"username": user.username, "password": PASSWORD, **also})


def secret_shown(page):
    groups = re.search(r'<p class="secret"[^>]*>(.*?)</p>', page.content.decode())[1]
    return "".join(re.findall("<span>(.{4})</span>", groups))


def codes_shown(page):
    return re.search(r'<textarea class="recovery-codes"[^>]*>\n?([^<]*)<', page.content.decode())[1].split()


def is_in(client):
    return client.get("/admin/").status_code == 200


# The two steps


def test_password_then_code_lead_to_where_the_person_wanted_to_go(client, reception, device):
    first = password_of(client, reception, next="/admin/password_change/")
    assert first["Location"] == f"{CODE}?next=%2Fadmin%2Fpassword_change%2F"
    page = client.get(first["Location"])
    assert "no-store" in page["Cache-Control"]
    assert 'autocomplete="one-time-code"' in text(page)
    assert 'inputmode="numeric"' in text(page)
    second = client.post(CODE, hidden(page) | {"code": code_of(device.secret)})
    assert second["Location"] == "/admin/password_change/"
    assert is_in(client)
    assert Event.objects.filter(verb="staff.logged_in").count() == 1


def test_between_the_steps_nobody_is_logged_in(client, reception, device):
    password_of(client, reception)
    assert SESSION_KEY not in client.session
    assert not Event.objects.filter(verb="staff.logged_in").exists()
    assert User.objects.get(pk=reception.pk).last_login is None
    for path in ("/admin/", "/admin/appointments/appointmentrequest/", OWN, "/styleguide/"):
        answer = client.get(path, follow=True)
        assert answer.redirect_chain[-1][0].startswith(CODE)
    assert "parts" not in client.get("/statusz", REMOTE_ADDR="203.0.113.7").json()


@pytest.mark.parametrize("code", ["000000", "", "x" * 5000, "\x00"])
def test_a_wrong_code_is_answered_with_the_box_and_a_sentence(client, reception, device, code):
    answer = log_in(client, reception, code=code or " ")
    assert answer.status_code == 200
    assert "There is a problem" in text(answer)
    assert not is_in(client)


def test_a_wrong_password_says_the_same_whether_or_not_a_code_would_be_asked(client, reception, reception2, device):
    pages = [
        re.sub(r'value="[^"]*"', "", text(client.post(LOG_IN, {"username": name, "password": "a wrong guess"})))
        for name in ("reception", "reception2", "nobody")
    ]
    assert len(set(pages)) == 1


def test_the_session_has_a_new_key_after_each_step(client, reception, device):
    client.get(LOG_IN)
    client.session.save()
    keys = [client.session.session_key]
    password_of(client, reception)
    keys.append(client.session.session_key)
    client.post(CODE, {"code": code_of(device.secret)})
    keys.append(client.session.session_key)
    assert len(set(keys)) == 3
    assert not Session.objects.filter(session_key__in=keys[:2]).exists()


def test_the_password_counts_for_five_minutes(client, reception, device):
    password_of(client, reception)
    with time_machine.travel(timezone.now() + timedelta(minutes=5, seconds=1)):
        answer = client.post(CODE, {"code": code_of(device.secret), "next": "/admin/password_change/"}, follow=True)
        assert "That took too long. Log in again." in text(answer)
        assert not is_in(client)


@pytest.mark.parametrize("change", ["password", "left", "reset", "no staff"])
def test_the_password_counts_no_longer_than_it_is_true(client, manager, reception, device, change):
    password_of(client, reception)
    code = code_of(device.secret)
    if change == "password":
        reception.set_password("another long one")
        reception.save()
    elif change == "left":
        User.objects.filter(pk=reception.pk).update(is_active=False)
    elif change == "no staff":
        User.objects.filter(pk=reception.pk).update(is_staff=False)
    else:
        two_factor.reset(user=fresh(reception), reason="lost", by=manager.as_actor())
    assert client.post(CODE, {"code": code})["Location"].startswith(LOG_IN)
    assert not is_in(client)


def test_a_recovery_code_stands_for_the_phone_and_few_left_are_warned_of(client, reception, device):
    codes = two_factor.renew_codes(user=reception, by=reception.as_actor())
    device.recovery_codes.exclude(selector__in=[code[:2] for code in codes[:3]]).update(used_at=timezone.now())
    password_of(client, reception)
    other = client.post(CODE, {"other": "1", "next": "/admin/"})
    assert "Use a recovery code instead" in text(other)
    page = client.post(RECOVERY, {"other": "1", "next": "/admin/"})
    assert "There is a problem" not in text(page)
    answer = client.post(RECOVERY, {"code": codes[0], "next": "/admin/"}, follow=True)
    assert "You have 2 recovery codes left." in text(answer)


def test_somebody_can_start_again_as_somebody_else(client, reception, nurse, device):
    password_of(client, reception)
    assert client.post(CODE, {"again": "1"})["Location"] == LOG_IN
    assert client.get(LOG_IN).status_code == 200
    password_of(client, nurse)
    assert is_in(client)


@pytest.mark.parametrize("elsewhere", ["//evil.example/", "https://evil.example/", "javascript:alert(1)"])
def test_no_step_leads_to_another_site(client, reception, device, elsewhere):
    password_of(client, reception, next=elsewhere)
    assert client.post(f"{CODE}?next={elsewhere}", {"code": code_of(device.secret)})["Location"] == "/admin/"


def test_a_code_needs_a_password_first(client, reception, device):
    assert client.post(CODE, {"code": code_of(device.secret)})["Location"].startswith(LOG_IN)
    assert client.get(SET_UP)["Location"].startswith(LOG_IN)
    assert client.get(f"{SET_UP}square.svg")["Location"].startswith(LOG_IN)
    assert Authenticator.objects.get().last_step == -1


def test_a_form_from_elsewhere_does_not_show_a_code(reception, device):
    client = Client(enforce_csrf_checks=True)
    page = client.get(LOG_IN)
    client.post(LOG_IN, hidden(page) | {"username": "reception", "password": PASSWORD})
    answer = client.post(CODE, {"code": code_of(device.secret)})
    assert answer.status_code == 403
    assert code_of(device.secret) not in text(answer)
    assert not is_in(client)


# What was typed before a log-in ended


def test_what_was_typed_before_the_log_in_ended_survives_both_steps_and_a_wrong_code(reception, device, settings):
    desk, held = Browser(), claimed_request(reception)
    answer = desk.log_in()
    desk.client.post(answer["Location"], hidden(desk.open(answer["Location"])) | {"code": code_of(device.secret)})
    sheet = desk.open(address(held))
    end_sessions()
    cut_off = desk.press(move_of(held), sheet, answer=TYPED)
    page = desk.log_in(page=cut_off)
    assert (page.status_code, "What you typed before is not lost" in text(page)) == (200, True)
    Authenticator.objects.update(last_step=-1)
    for path, typed in [(CODE, {"code": "000000"}), (RECOVERY, {"other": "1"}), (CODE, {"other": "1"})]:
        page = desk.press(path, page, **typed)
    Authenticator.objects.get().throttle_reset()
    shown = desk.press(CODE, page, code=code_of(device.secret))
    assert (AGAIN in text(shown), SHOWN in text(shown)) == (True, True)
    twice = desk.press(CODE, page, code=code_of(device.secret))
    assert SHOWN in text(twice)


def test_what_was_typed_is_carried_back_to_the_password_when_the_second_step_took_too_long(reception, device):
    desk, held = Browser(), claimed_request(reception)
    page = desk.log_in()
    desk.press(page["Location"], desk.open(page["Location"]), code=code_of(device.secret))
    sheet = desk.open(address(held))
    end_sessions()
    page = desk.log_in(page=desk.press(move_of(held), sheet, answer=TYPED))
    end_sessions()
    back = desk.press(CODE, page, code=code_of(device.secret))
    assert "kept" in hidden(back)
    assert 'id="id_password"' in text(back)


# Setting it up, where the clinic asks for it


def test_whoever_has_none_sets_one_up_before_anything_opens(client, reception, required):
    assert password_of(client, reception, next="/admin/password_change/")["Location"].startswith(SET_UP)
    for path in ("/admin/", "/admin/appointments/appointmentrequest/", "/admin/password_change/", CODE):
        assert client.get(path, follow=True).redirect_chain[-1][0].startswith(SET_UP)
    page = client.get(f"{SET_UP}?next=/admin/password_change/")
    secret = secret_shown(page)
    assert secret_shown(client.get(SET_UP)) == secret
    codes_page = client.post(SET_UP, hidden(page) | {"code": code_of(secret)})
    codes = codes_shown(codes_page)
    assert len(codes) == 10
    assert not client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/admin/?")
    assert "cannot be shown again" in text(client.get(SET_UP))
    done = client.post(SET_UP, hidden(codes_page) | {"kept_codes": "1"})
    assert done["Location"] == "/admin/password_change/"
    assert is_in(client)
    assert secret not in str(dict(client.session))
    client.post("/admin/logout/")
    password_of(client, reception)
    assert client.post(RECOVERY, {"code": codes[3]})["Location"] == "/admin/"


def test_saying_that_codes_are_kept_lets_nobody_in_who_set_up_nothing(client, reception, required):
    password_of(client, reception)
    client.post(SET_UP, {"kept_codes": "1"})
    assert not is_in(client)


def test_a_wrong_first_code_keeps_the_secret_on_the_page(client, reception, required):
    password_of(client, reception)
    secret = secret_shown(client.get(SET_UP))
    again = client.post(SET_UP, {"code": "000000"})
    assert "compare clocks" in text(again)
    assert secret_shown(again) == secret
    assert not Authenticator.objects.exists()


def test_the_square_is_a_picture_that_the_policy_allows(client, reception, required):
    password_of(client, reception)
    assert client.get(f"{SET_UP}square.svg").status_code == 404
    client.get(SET_UP)
    picture = client.get(f"{SET_UP}square.svg")
    assert picture["Content-Type"] == "image/svg+xml"
    assert "no-store" in picture["Cache-Control"]
    assert b"style" not in picture.content
    assert client.post(f"{SET_UP}square.svg").status_code == 405


def test_the_session_holds_the_secret_sealed_and_each_log_in_makes_a_new_one(client, reception, required):
    secrets = []
    for _twice in range(2):
        password_of(client, reception)
        secrets.append(secret_shown(client.get(SET_UP)))
        assert secrets[-1] not in str(dict(client.session))
    assert len(set(secrets)) == 2


def test_what_was_set_up_elsewhere_meanwhile_is_not_replaced(client, reception, required):
    password_of(client, reception)
    secret = secret_shown(client.get(SET_UP))
    device, _codes = set_up_for(reception)
    client.post(SET_UP, {"code": code_of(secret)})
    assert Authenticator.objects.get() == device
    assert not is_in(client)


# Sessions


def test_sessions_that_began_with_the_password_alone_open_nothing_once_more_is_asked(
    client, reception, nurse, settings
):
    set_up_for(nurse)
    for user, page in ((reception, SET_UP), (nurse, CODE)):
        client.force_login(fresh(user))
        settings.REQUIRE_TWO_FACTOR = True
        assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith(page)
        settings.REQUIRE_TWO_FACTOR = False
    settings.REQUIRE_TWO_FACTOR = True
    client.force_login(fresh(reception))
    page = client.get(SET_UP)
    secret = secret_shown(page)
    assert "Your password" in text(page)
    assert client.post(SET_UP, {"code": code_of(secret), "password": "a wrong guess"}).status_code == 200
    assert not Authenticator.objects.filter(user=reception).exists()
    shown = client.post(SET_UP, {"code": code_of(secret), "password": PASSWORD})
    assert len(codes_shown(shown)) == 10
    client.post(SET_UP, {"kept_codes": "1"})
    assert is_in(client)


def test_an_old_session_gets_a_new_key_with_the_code(client, reception, device, required):
    client.force_login(fresh(reception))
    before = client.session.session_key
    assert client.post(CODE, {"code": code_of(device.secret)}).status_code == 302
    assert client.session.session_key != before
    assert is_in(client)


def test_the_device_of_a_colleague_in_the_session_verifies_nobody(client, reception, reception2, device, required):
    set_up_for(reception2)
    client.force_login(fresh(reception2))
    session = client.session
    session["otp_device_id"] = device.persistent_id
    session.save()
    assert not is_in(client)


def test_a_reset_ends_every_session_at_once(client, manager, reception, device):
    log_in(client, reception)
    assert is_in(client)
    two_factor.reset(user=fresh(reception), reason="lost", by=manager.as_actor())
    assert client.get("/admin/")["Location"].startswith(LOG_IN)
    assert client.get(LOG_IN).status_code == 200


def test_a_new_password_keeps_the_own_session_verified_and_ends_the_others(client, reception, device):
    other = Client()
    log_in(other, reception)
    Authenticator.objects.update(last_step=-1)
    log_in(client, reception)
    new = "a longer password than before"
    typed = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post("/admin/password_change/", typed).status_code == 302
    assert is_in(client)
    assert not is_in(other)


def test_knowing_who_is_verified_takes_no_query_of_its_own(client, reception, nurse, device):
    log_in(client, reception)
    other = Client()
    other.force_login(nurse)
    counts = []
    for browser in (other, client):
        browser.get("/styleguide/")
        with CaptureQueriesContext(connection) as queries:
            assert browser.get("/styleguide/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
