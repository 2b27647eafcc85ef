"""A log-in ends by itself, on every device at once when it should, and loses nothing that was typed."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import sessions
from accounts.models import User
from accounts.roles import Role
from audit.models import Event
from clinic.models import Location
from tests.accounts.test_ended_session import Browser, text
from tests.accounts.test_staff_admin import address, change
from tests.staff import PASSWORD

pytestmark = pytest.mark.django_db
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DESK = "/admin/"


@pytest.fixture(autouse=True)
def _as_in_life(settings):
    settings.LOG_IN_IDLE, settings.LOG_IN_LASTS = timedelta(minutes=15), timedelta(hours=12)


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


@pytest.fixture
def desk(client, reception, clock):
    client.force_login(reception)
    return client


def logged_in(user):
    browser = Client()
    browser.force_login(user)
    return browser


def is_in(browser):
    return browser.get(DESK).status_code == 200


def why_ended():
    return [event.details["why"] for event in Event.objects.filter(verb="staff.log_in_ended")]


# By itself


def test_it_ends_after_a_quarter_of_an_hour_without_a_page(desk, clock):
    clock.shift(timedelta(minutes=14, seconds=59))
    assert is_in(desk)
    clock.shift(timedelta(minutes=15))
    assert not is_in(desk)
    assert why_ended() == ["idle"]
    assert not Session.objects.exists()


def test_each_page_makes_it_longer_until_the_twelfth_hour(desk, clock):
    for _time in range(71):
        clock.shift(10 * MINUTE)
        assert is_in(desk)
    clock.shift(10 * MINUTE)
    assert not is_in(desk)
    assert why_ended() == ["too long"]


def test_the_log_in_page_says_why(desk, clock):
    clock.shift(HOUR)
    page = desk.get(DESK, follow=True)
    assert "Your log-in ended, as nobody used it for a while. Log in again." in text(page)


def test_reading_the_public_pages_or_the_status_is_no_work_at_the_desk(desk, clock):
    for _time in range(3):
        clock.shift(5 * MINUTE)
        desk.get("/statusz")
        desk.get("/styleguide/")
    assert not is_in(desk)


def test_whoever_is_out_is_out_everywhere_that_staff_are_known(desk, clock):
    clock.shift(HOUR)
    assert desk.get("/styleguide/").status_code == 302
    assert "parts" not in desk.get("/statusz", REMOTE_ADDR="198.51.100.7").json()


def test_a_clock_that_jumped_ends_it_either_way(desk, reception, clock):
    clock.shift(-HOUR)
    assert not is_in(desk)


def test_a_log_in_that_says_nothing_of_its_times_is_over(desk):
    session = desk.session
    del session[sessions.BEGAN]
    session.save()
    assert not is_in(desk)


def test_a_cookie_kept_by_somebody_else_is_of_no_use_afterwards(desk, clock, settings):
    stolen = desk.cookies[settings.SESSION_COOKIE_NAME].value
    clock.shift(HOUR)
    is_in(desk)
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = stolen
    assert not is_in(thief)


def test_the_time_is_written_once_a_minute_at_most(desk, clock):
    is_in(desk)
    writes = []
    for seconds in (0, 30, 29, 1, 30):
        clock.shift(timedelta(seconds=seconds))
        before = desk.session[sessions.SEEN]
        is_in(desk)
        writes.append(desk.session[sessions.SEEN] != before)
    assert writes == [False, False, False, True, False]


def test_a_public_page_reads_no_session(desk, clock):
    response = desk.get("/privacy/")
    assert "Cookie" not in response.get("Vary", "")


def test_what_was_typed_when_it_ended_is_there_again(reception, clock):
    desk = Browser()
    desk.log_in()
    enter = reverse("admin:appointments_appointmentrequest_enter")
    page = desk.open(enter)
    clock.shift(HOUR)
    cut_off = desk.press(enter, page, matter="My back hurts.", full_name="Ana", go="save")
    assert cut_off.status_code == 403
    assert "My back hurts." in text(desk.log_in(page=cut_off))


def test_a_log_in_gets_a_new_key(client, reception, settings):
    client.get("/admin/login/")
    client.force_login(reception)
    first = client.cookies[settings.SESSION_COOKIE_NAME].value
    client.post("/admin/login/", {"username": "reception", "password": PASSWORD})
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != first
    assert not Session.objects.filter(session_key=first).exists()


def test_rows_of_log_ins_that_are_over_are_deleted(desk, clock, settings):
    assert sessions.forget_old() == 0
    clock.shift(timedelta(seconds=settings.SESSION_COOKIE_AGE + 1))
    assert sessions.forget_old() == 1


# What a page says of it, and staying


def test_the_head_of_each_page_leads_to_all_that_is_about_ones_own_log_in(desk):
    head = text(desk.get(DESK)).partition('id="user-tools"')[2].partition("</header>")[0]
    assert re.findall(r' (?:href|action)="([^"]*)"', head) == ["/admin/my-log-in/", "/", "/admin/logout/"]
    page = text(desk.get("/admin/my-log-in/"))
    for way in ("/admin/password_change/", "/admin/second-factor/", "/admin/my-log-in/end-all/"):
        assert f'"{way}"' in page


def test_every_page_says_when_it_ends_and_how_to_stay(desk, clock):
    ends = timezone.localtime(timezone.now() + 15 * MINUTE)
    page = text(desk.get(DESK))
    assert f'<span id="log-in-until">{ends:%H:%M}</span>' in page
    assert 'data-seconds="900"' in page
    clock.shift(14 * MINUTE)
    assert desk.post("/admin/my-log-in/stay/", follow=True).status_code == 200
    clock.shift(14 * MINUTE)
    assert is_in(desk)


def test_a_script_is_told_until_when(desk, clock):
    clock.shift(30 * timedelta(seconds=1))
    told = desk.post("/admin/my-log-in/stay/", headers={"accept": "application/json"}).json()
    assert told == {"seconds": 900, "until": f"{timezone.localtime(timezone.now() + 15 * MINUTE):%H:%M}"}


def test_the_last_minutes_are_told_as_they_are(desk, clock):
    for _time in range(71):
        clock.shift(10 * MINUTE)
        page = desk.get("/admin/my-log-in/")
    assert 'data-seconds="600"' in text(page)


# A page that is left open asks whose log-in it is, before it covers itself


def whose(browser, person):
    answer = browser.get(reverse("admin:whose_log_in", args=[person.pk]))
    assert "no-store" in answer["Cache-Control"]
    return answer.json()


def test_a_page_is_told_until_when_the_log_in_of_its_own_reader_lasts(desk, reception, clock):
    clock.shift(5 * MINUTE)
    told = whose(desk, reception)
    ends = timezone.localtime(timezone.now() + 10 * MINUTE)
    assert (told["whose"], told["seconds"], told["until"]) == ("same", 600, f"{ends:%H:%M}")


@pytest.mark.parametrize(
    "path", [DESK, "/admin/accounts/user/?_popup=1", "/admin/appointments/appointmentrequest/downtime/"]
)
def test_every_kind_of_page_can_empty_itself(client, superuser, path):
    client.force_login(superuser)
    page = text(client.get(path))
    asks = reverse("admin:whose_log_in", args=[superuser.pk])
    assert (page.count('id="log-in-ended"'), page.count(f'data-address="{asks}"')) == (1, 1)
    assert page.count("js/log_in_ends") == 1


def test_the_page_after_a_log_out_has_nothing_to_empty(desk):
    assert "log-in-ended" not in text(desk.post("/admin/logout/")).partition("<body")[2]


def test_asking_keeps_no_log_in_alive(desk, reception, clock):
    for _time in range(14):
        clock.shift(MINUTE)
        assert whose(desk, reception)["whose"] == "same"
    clock.shift(MINUTE)
    assert whose(desk, reception) == {"whose": "nobody"}
    assert why_ended() == ["idle"]
    assert whose(desk, reception) == {"whose": "nobody"}
    assert why_ended() == ["idle"]


def test_a_page_of_somebody_else_is_told_so_and_gets_no_token(desk, nurse):
    assert whose(desk, nurse) == {"whose": "another"}


def test_visitors_and_whoever_has_yet_to_show_a_second_factor_are_nobody(client, reception, settings):
    assert whose(client, reception) == {"whose": "nobody"}
    settings.REQUIRE_TWO_FACTOR = True
    assert whose(logged_in(reception), reception) == {"whose": "nobody"}


def test_the_forms_of_a_page_go_on_with_the_token_that_its_reader_is_given_after_logging_in_again(reception, clock):
    browser = Browser()
    browser.log_in()
    page = browser.open("/admin/my-log-in/")
    clock.shift(HOUR)
    browser.log_in()
    assert browser.press("/admin/my-log-in/stay/", page).status_code == 403
    token = whose(browser.client, reception)["token"]
    assert browser.press("/admin/my-log-in/stay/", page, csrfmiddlewaretoken=token).status_code == 302


@pytest.mark.parametrize("path", ["stay/", "end-all/"])
def test_looking_at_a_button_of_ones_own_log_in_changes_nothing(desk, path):
    assert desk.get(f"/admin/my-log-in/{path}")["Location"] == "/admin/my-log-in/"
    assert is_in(desk)


# All at once


def test_a_person_ends_all_their_log_ins(desk, reception, nurse):
    elsewhere, other = logged_in(reception), logged_in(nurse)
    assert "You are logged out everywhere." in text(desk.post("/admin/my-log-in/end-all/", follow=True))
    assert (is_in(desk), is_in(elsewhere), is_in(other)) == (False, False, True)
    assert Event.objects.filter(verb="staff.logged_out_everywhere", object_id=str(reception.pk)).count() == 1


def test_a_manager_ends_all_log_ins_of_a_colleague(reception, manager):
    desk, elsewhere = logged_in(manager), logged_in(reception)
    button = reverse("admin:accounts_user_log_out_everywhere", args=[reception.pk])
    assert button in text(desk.get(address(reception)))
    assert desk.get(button).status_code == 302
    assert is_in(elsewhere)
    desk.post(button)
    assert (is_in(desk), is_in(elsewhere)) == (True, False)
    assert is_in(logged_in(User.objects.get(pk=reception.pk)))


def test_nobody_else_ends_them(reception, nurse, superuser, manager):
    elsewhere = logged_in(reception)
    for user, whose in ((nurse, reception), (reception, nurse), (manager, superuser)):
        button = reverse("admin:accounts_user_log_out_everywhere", args=[whose.pk])
        assert logged_in(user).post(button).status_code in (302, 403)
    assert is_in(elsewhere)
    assert not Event.objects.filter(verb="staff.logged_out_everywhere").exists()


@pytest.mark.parametrize("what", ["roles", "places", "is_active"])
def test_other_rights_end_them(reception, manager, what):
    north = Location.objects.create(key="north", name="North", address="1 A St")
    changes = {"roles": {"roles": ["nurse"]}, "places": {"places": [north.pk]}, "is_active": {"is_active": None}}[what]
    elsewhere = logged_in(reception)
    logged_in(manager).post(address(reception), change(reception, **changes))
    User.objects.update(is_active=True)
    assert not is_in(elsewhere)


def test_another_name_or_address_ends_none(reception, manager):
    elsewhere = logged_in(reception)
    logged_in(manager).post(address(reception), change(reception, last_name="Reid", email="r@clinic.example"))
    assert is_in(elsewhere)


def test_a_new_password_ends_all_but_the_one_it_was_changed_in(reception, settings):
    here, elsewhere = logged_in(reception), logged_in(reception)
    key = here.cookies[settings.SESSION_COOKIE_NAME].value
    new = "plums under quiet ladders"
    typed = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert here.post("/admin/password_change/", typed).status_code == 302
    assert (is_in(here), is_in(elsewhere)) == (True, False)
    assert here.cookies[settings.SESSION_COOKIE_NAME].value != key


def test_a_new_first_password_ends_them_all(reception, manager):
    elsewhere = logged_in(reception)
    logged_in(manager).post(reverse("admin:auth_user_password_change", args=[reception.pk]))
    assert not is_in(elsewhere)


def test_who_is_there_costs_one_query(reception, django_assert_num_queries):
    reception.set_roles([Role.RECEPTION, Role.NURSE])
    with django_assert_num_queries(1):
        user = User.objects.find_with_rights(reception.pk)
        assert (user.role_names, user.emergency_until) == ({"reception", "nurse"}, None)
