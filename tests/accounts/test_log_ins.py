"""Everybody sees where they are logged in, ends what is not theirs, and sees as open nothing that is over."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from accounts import sessions
from accounts.browser_words import browser_and_system
from accounts.models import LogIn
from audit.models import Event
from tests.accounts.browsers import AtLogIn
from tests.accounts.test_ended_session import text
from tests.accounts.test_passwords import CHANGE, GOOD, own
from tests.accounts.test_staff_admin import address, change
from tests.staff import PASSWORD

pytestmark = pytest.mark.django_db
MINE = "/admin/my-log-in/"
OTHERS, ALL = f"{MINE}end-others/", f"{MINE}end-all/"
MINUTE = timedelta(minutes=1)
WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 "
    "Mobile/15E148 Safari/604.1"
)


@pytest.fixture(autouse=True)
def clock(settings):
    settings.LOG_IN_IDLE, settings.LOG_IN_LASTS = timedelta(minutes=15), timedelta(hours=12)
    settings.CONFIRMED_FOR = timedelta(minutes=10)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


def logged_in(user_agent=WINDOWS, username="reception", password=PASSWORD):
    """Return a browser that tells this of itself, logged in."""
    browser = AtLogIn()
    browser.defaults["HTTP_USER_AGENT"] = user_agent
    assert browser.try_log_in(username, password).status_code == 302
    return browser


def seen(browser):
    """Return (number of those that are open, number of those that are over) as somebody sees them."""
    page = browser.get(MINE)
    return len(page.context["log_ins"]), len(page.context["log_ins_over"])


def row_of(browser):
    return browser.session[sessions.ROW]


def end(browser, other):
    """Press the button beside another log-in."""
    return browser.post(reverse("admin:end_my_log_in", args=[row_of(other)]))


def is_in(browser):
    return browser.get("/admin/").status_code == 200


# What is shown


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (WINDOWS, ("Chrome", "Windows")),
        (f"{WINDOWS} Edg/142.0.0.0", ("Edge", "Windows")),
        (f"{WINDOWS} OPR/120.0.0.0", ("Opera", "Windows")),
        (PHONE, ("Safari", "iPhone")),
        (PHONE.replace("Version/18.0", "CriOS/142.0"), ("Chrome", "iPhone")),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", ("Firefox", "Linux")),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0", ("Firefox", "macOS")),
        ("Mozilla/5.0 (Linux; Android 10; K) Chrome/142.0 Mobile Safari/537.36", ("Chrome", "Android")),
        ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) Chrome/142.0 Safari/537.36", ("Chrome", "ChromeOS")),
        ("curl/8.0", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_browser_is_told_in_plain_words(user_agent, words):
    assert browser_and_system(user_agent) == words


def test_somebody_sees_this_log_in_and_their_others(reception, nurse):
    here, _phone, _other = logged_in(), logged_in(PHONE), logged_in(username="nurse")
    page = here.get(MINE)
    assert [row.is_this for row in page.context["log_ins"]] == [True, False]
    assert text(page).count("this one") == 1
    assert ("Chrome on Windows" in text(page), "Safari on iPhone" in text(page)) == (True, True)


def test_what_a_browser_says_of_itself_is_neither_kept_nor_shown(reception):
    here = logged_in("<script>alert(1)</script> Firefox/ \x00'; DROP TABLE x; --" + "x" * 9000)
    assert LogIn.objects.get().browser == "Firefox"
    assert "alert(1)" not in text(here.get(MINE))
    assert "A browser that does not say what it is" in text(logged_in("x").get(MINE))


def test_no_row_holds_anything_that_opens_a_session(reception, settings):
    here = logged_in()
    key = here.cookies[settings.SESSION_COOKIE_NAME].value
    assert key not in str(LogIn.objects.values_list())


def test_the_page_asks_as_often_however_many_there_are(reception, django_assert_num_queries):
    here = logged_in()
    with django_assert_num_queries(
        2 + 3
    ):  # the session, who it is; all sessions, those that are open, those that are over
        here.get(MINE)
    for number in range(6):
        browser = logged_in(PHONE)
        end(here, browser) if number % 2 else None
    with django_assert_num_queries(2 + 3):
        here.get(MINE)


def test_when_it_was_last_used_is_written_every_five_minutes_at_most(reception, clock):
    here = logged_in()
    written = []
    for minutes in (1, 3, 1, 4, 1):
        clock.shift(minutes * MINUTE)
        before = LogIn.objects.get().used_at
        here.get("/admin/")
        written.append(LogIn.objects.get().used_at != before)
    assert written == [False, False, True, False, True]


def test_one_that_is_over_is_kept_for_30_days(reception, clock):
    logged_in()
    clock.shift(timedelta(days=30))
    sessions.forget_old()
    assert LogIn.objects.count() == 1
    clock.shift(MINUTE)
    sessions.forget_old()
    assert not LogIn.objects.exists()


# What is over is shown as over


def logs_out(elsewhere, clock):
    elsewhere.post("/admin/logout/")


def leaves_it(elsewhere, clock):
    clock.shift(15 * MINUTE)


def comes_back_too_late(elsewhere, clock):
    clock.shift(15 * MINUTE)
    assert not is_in(elsewhere)


def changes_password(elsewhere, clock):
    logged_in().post(CHANGE, own(GOOD))


def ends_all(elsewhere, clock):
    logged_in().post(ALL)


def gets_other_roles(elsewhere, clock):
    user = LogIn.objects.order_by("pk").last().user
    logged_in(username="manager").post(address(user), change(user, roles=["nurse"]))


def is_logged_out_by_a_manager(elsewhere, clock):
    user = LogIn.objects.order_by("pk").last().user
    logged_in(username="manager").post(reverse("admin:accounts_user_log_out_everywhere", args=[user.pk]))


def logs_in_again(elsewhere, clock):
    elsewhere.try_log_in()
    elsewhere.post("/admin/logout/")


WAYS = [
    logs_out,
    leaves_it,
    comes_back_too_late,
    changes_password,
    ends_all,
    gets_other_roles,
    is_logged_out_by_a_manager,
    logs_in_again,
]


@pytest.mark.parametrize("way", WAYS)
def test_however_one_ends_it_is_shown_as_over(reception, manager, clock, way):
    elsewhere = logged_in(PHONE)
    number = row_of(elsewhere)
    way(elsewhere, clock)
    here = logged_in(password=GOOD if way is changes_password else PASSWORD)
    page = here.get(MINE)
    assert number in [row.pk for row in page.context["log_ins_over"]]
    assert number not in [row.pk for row in page.context["log_ins"]]
    assert (LogIn.objects.get(pk=number).ended_at is None) == (way is leaves_it)
    assert not is_in(elsewhere)


def test_after_a_new_first_password_all_are_over(reception, manager):
    elsewhere = logged_in()
    to = reverse("admin:auth_user_password_change", args=[reception.pk])
    logged_in(username="manager").post(to)
    assert LogIn.objects.get(user=reception).ended_at is not None
    assert not is_in(elsewhere)


def test_the_browser_in_which_the_password_was_changed_stays_open(reception):
    here, elsewhere = logged_in(), logged_in(PHONE)
    here.post(CHANGE, own(GOOD))
    assert seen(here) == (1, 1)
    assert not is_in(elsewhere)


# Ending them


def test_somebody_ends_one_and_the_others_stay(reception):
    here, phone, third = logged_in(), logged_in(PHONE), logged_in()
    assert "That browser is logged out." in text(here.get(end(here, phone)["Location"]))
    assert (is_in(here), is_in(phone), is_in(third)) == (True, False, True)
    assert seen(here) == (2, 1)
    [event] = Event.objects.filter(verb="staff.logged_out_elsewhere")
    assert (event.object_id, event.actor_id) == (str(reception.pk), reception.pk)


def test_one_is_ended_though_its_session_has_another_key_since(reception, clock):
    phone = logged_in(PHONE)
    clock.shift(10 * MINUTE)
    here = logged_in()
    assert phone.post("/admin/confirm/", {"password": PASSWORD, "next": "/admin/"}).status_code == 302
    end(here, phone)
    assert not is_in(phone)


def test_somebody_ends_all_others(reception, nurse, settings):
    here, phone, colleague = logged_in(), logged_in(PHONE), logged_in(username="nurse")
    key = here.cookies[settings.SESSION_COOKIE_NAME].value
    assert "You are logged out everywhere else." in text(here.post(OTHERS, follow=True))
    assert (is_in(here), is_in(phone), is_in(colleague)) == (True, False, True)
    assert seen(here) == (1, 1)
    assert here.cookies[settings.SESSION_COOKIE_NAME].value != key
    assert Event.objects.filter(verb="staff.logged_out_elsewhere").count() == 1


def test_one_that_is_over_already_is_told_so(reception):
    here, phone = logged_in(), logged_in(PHONE)
    button = reverse("admin:end_my_log_in", args=[row_of(phone)])
    here.post(button)
    assert "That log-in was over already." in text(here.post(button, follow=True))
    assert Event.objects.filter(verb="staff.logged_out_elsewhere").count() == 1


def test_nobody_ends_anybody_elses_nor_this_one_so(reception, nurse):
    here, colleague = logged_in(), logged_in(username="nurse")
    for other in (colleague, here):
        end(here, other)
    here.post(reverse("admin:end_my_log_in", args=[10**18]))
    assert (is_in(here), is_in(colleague)) == (True, True)
    assert not Event.objects.filter(verb="staff.logged_out_elsewhere").exists()


def test_looking_ends_nothing(reception):
    here, phone = logged_in(), logged_in(PHONE)
    for path in (OTHERS, reverse("admin:end_my_log_in", args=[row_of(phone)])):
        assert here.get(path)["Location"] == MINE
    assert is_in(phone)


def test_the_password_is_asked_for_first(reception, clock):
    here = logged_in()
    clock.shift(10 * MINUTE)
    phone = logged_in(PHONE)
    one = reverse("admin:end_my_log_in", args=[row_of(phone)])
    for path in (one, OTHERS, ALL):
        asked = here.post(path, headers={"referer": f"http://testserver{MINE}"})
        assert (asked.status_code, "Confirm your password" in text(asked)) == (403, True)
    assert is_in(phone)
    assert here.post("/admin/confirm/", {"password": PASSWORD, "next": MINE})["Location"] == MINE
    end(here, phone)
    assert not is_in(phone)


def test_a_session_that_nobody_can_read_hides_no_other(reception):
    here = logged_in()
    Session.objects.create(
        session_key="x" * 32, session_data="garbage", expire_date=timezone.now() + timedelta(hours=1)
    )
    assert seen(here) == (1, 0)
