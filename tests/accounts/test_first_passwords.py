"""The site makes a first password, shows it once, and lets it end; nobody chooses a lasting one for somebody else."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.password_validation import validate_password
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from accounts import first_passwords
from accounts.models import User
from audit.models import Event
from outbox.models import Message
from tests.accounts.browsers import WRONG, AtLogIn
from tests.accounts.test_ended_session import text
from tests.accounts.test_passwords import CHANGE, GOOD, own
from tests.accounts.test_staff_admin import NEW, address
from tests.second_factor import set_up_for
from tests.staff import PASSWORD

pytestmark = pytest.mark.django_db
ADD = "/admin/accounts/user/add/"
OVER = "This first password was good for 72 hours and is over. Ask a manager for a new one."
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


@pytest.fixture
def desk(client, manager):
    client.force_login(manager)
    return client


def reset_of(user):
    return reverse("admin:auth_user_password_change", args=[user.pk])


@pytest.fixture
def first(desk):
    """The first password of a newcomer."""
    return desk.post(ADD, NEW | {"roles": ["reception"]}).context["password"]


def at_log_in(password, username="newcomer"):
    browser = AtLogIn()
    return browser, browser.try_log_in(username, password)


# What it is


def test_no_two_are_alike_and_each_may_be_a_password(reception):
    made = [first_passwords.new_password(reception) for _time in range(20)]
    assert len(set(made)) == 20
    for password in made:
        assert re.fullmatch("[2-9a-z]{4}(-[2-9a-z]{4}){3}", password)
        assert not set("01ilou") & set(password)
        validate_password(password, reception)


def test_a_clinic_that_asks_for_longer_passwords_gets_longer_ones(reception, settings):
    rule = "django.contrib.auth.password_validation.MinimumLengthValidator"
    settings.AUTH_PASSWORD_VALIDATORS = [{"NAME": rule, "OPTIONS": {"min_length": 30}}]
    assert len(first_passwords.new_password(reception)) == 34


# A manager sees it once


def test_a_manager_sees_it_once_and_chooses_none(desk):
    assert "password" not in desk.get(ADD).context["adminform"].form.fields
    shown = desk.post(ADD, NEW | {"password1": GOOD, "password2": GOOD})
    password, newcomer = shown.context["password"], User.objects.get(username="newcomer")
    assert "no-store" in shown["Cache-Control"]
    assert text(shown).count(password) == 1
    assert newcomer.check_password(password)
    assert not newcomer.check_password(GOOD)
    assert password not in text(desk.get(address(newcomer)))
    assert password not in str(list(Event.objects.values_list("details", flat=True)))
    assert password not in str(desk.session.items()) + str(desk.cookies)


def test_the_account_says_whether_the_person_chose_one(desk, first, clock):
    newcomer = User.objects.get(username="newcomer")
    assert "still the first one, good until" in text(desk.get(address(newcomer)))
    clock.shift(73 * HOUR)
    User.objects.update(log_in_round=0)
    desk.post("/admin/login/", {"username": "manager", "password": PASSWORD})
    assert "The first one is over. Make a new one." in text(desk.get(address(newcomer)))
    assert "chosen by themselves" in text(desk.get(address(User.objects.get(username="manager"))))


def test_a_forgotten_password_gives_way_to_a_new_first_one(desk, reception):
    assert desk.get(reset_of(reception)).status_code == 200
    assert User.objects.get(pk=reception.pk).check_password(PASSWORD)
    shown = desk.post(reset_of(reception), {"password1": GOOD, "password2": GOOD})
    assert "no-store" in shown["Cache-Control"]
    again = User.objects.get(pk=reception.pk)
    assert again.check_password(shown.context["password"])
    assert again.must_change_password
    [event] = Event.objects.filter(verb="staff.password_replaced")
    assert (event.object_id, event.details) == (str(reception.pk), {})
    assert at_log_in(GOOD, "reception")[1].status_code == 200


def test_the_person_is_told_that_it_was_replaced_and_not_by_what(desk, reception):
    shown = desk.post(reset_of(reception))
    [message] = Message.objects.filter(purpose="password_replaced")
    assert message.recipient == reception.email
    assert "72 hours" in message.text
    assert shown.context["password"] not in message.text + message.subject


def test_somebody_without_an_address_gets_a_new_one_too(desk, reception):
    User.objects.filter(pk=reception.pk).update(email="")
    password = desk.post(reset_of(reception)).context["password"]
    assert at_log_in(password, "reception")[1].status_code == 302
    assert not Message.objects.exists()


def test_nobody_makes_one_for_an_account_that_is_not_there(desk):
    assert desk.post("/admin/accounts/user/999/password/").status_code == 404


# It opens nothing but the page to choose one's own


def test_somebody_new_gets_nowhere_before_choosing_a_password(first):
    desk, _answer = at_log_in(first)
    for path in ("/admin/", "/admin/appointments/appointmentrequest/", "/admin/my-log-in/"):
        assert desk.get(path)["Location"] == CHANGE
    assert desk.post("/admin/appointments/appointmentrequest/next/")["Location"] == CHANGE
    page = desk.get(CHANGE).content.decode()
    assert re.search('role="alert">The password you have is good for this page only', page)
    assert desk.post(CHANGE, own(first, first)).status_code == 200
    assert desk.post(CHANGE, own(GOOD, first)).status_code == 302
    assert desk.get("/admin/").status_code == 200
    assert not User.objects.get(username="newcomer").must_change_password


def test_it_is_taken_up_again_later_by_nobody(first):
    desk, _answer = at_log_in(first)
    desk.post(CHANGE, own(GOOD, first))
    refused = desk.post(CHANGE, own(first, GOOD))
    assert "This is spelled like a first password" in text(refused)
    assert User.objects.get(username="newcomer").check_password(GOOD)


def test_whoever_makes_a_superuser_at_the_server_chooses_their_own(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", GOOD)
    call_command("createsuperuser", interactive=False, username="root", email="root@clinic.example", verbosity=0)
    assert at_log_in(GOOD, "root")[0].get("/admin/").status_code == 200


def test_whoever_may_not_go_on_can_log_out(first):
    desk, _answer = at_log_in(first)
    assert desk.post("/admin/logout/").status_code == 200


def test_one_in_place_of_a_forgotten_one_has_to_be_changed_too(desk, reception):
    password = desk.post(reset_of(reception)).context["password"]
    browser, _answer = at_log_in(password, "reception")
    assert browser.get("/admin/")["Location"] == CHANGE


# It ends


def test_it_ends_after_72_hours(first, clock):
    clock.shift(72 * HOUR - MINUTE)
    assert at_log_in(first)[1].status_code == 302
    clock.shift(MINUTE)
    browser, answer = at_log_in(first)
    assert (answer.status_code, OVER in text(answer)) == (200, True)
    assert browser.get(CHANGE)["Location"].startswith("/admin/login/")
    [event] = Event.objects.filter(verb="staff.first_password_over")
    assert event.object_id == str(User.objects.get(username="newcomer").pk)


def test_only_whoever_has_it_learns_that_it_is_over(first, clock):
    clock.shift(80 * HOUR)
    no_one, wrong = (text(at_log_in(WRONG, name)[1]) for name in ("nobody", "newcomer"))
    assert OVER not in wrong
    assert "Username and password do not go together." in no_one
    assert "Username and password do not go together." in wrong


def test_whoever_is_in_with_it_when_it_ends_is_out(first, clock):
    clock.shift(72 * HOUR - MINUTE)
    browser, _answer = at_log_in(first)
    assert browser.get(CHANGE).status_code == 200
    clock.shift(MINUTE)
    assert browser.post(CHANGE, own(GOOD, first))["Location"].startswith("/admin/login/")
    assert User.objects.get(username="newcomer").check_password(first)


def test_one_that_is_over_leads_to_no_second_step(first, clock):
    set_up_for(User.objects.get(username="newcomer"))
    clock.shift(72 * HOUR - MINUTE)
    browser, answer = at_log_in(first)
    assert answer["Location"].startswith("/admin/login/code/")
    clock.shift(MINUTE)
    assert browser.get("/admin/login/code/")["Location"].startswith("/admin/login/")
    assert OVER in text(at_log_in(first)[1])


def test_a_new_one_opens_what_an_old_one_does_not(desk, first, clock):
    password = desk.post(reset_of(User.objects.get(username="newcomer"))).context["password"]
    assert at_log_in(first)[1].status_code == 200
    assert at_log_in(password)[1].status_code == 302


def test_a_password_of_ones_own_does_not_end(first, clock):
    browser, _answer = at_log_in(first)
    browser.post(CHANGE, own(GOOD, first))
    clock.shift(1000 * HOUR)
    assert at_log_in(GOOD)[1].status_code == 302
