"""A log-in that ends while somebody types: it loses nothing, sends nothing, and shows it to nobody else."""

import html
import json
import re
import zlib
from dataclasses import asdict

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import ended_session
from accounts.models import User
from appointments.models import Status
from clinic.models import Location
from tests.appointments.at_the_desk import address, state_of
from tests.appointments.factories import claimed_request, make_request, moved
from tests.clinic.old_form import in_old_form
from tests.staff import PASSWORD

LOG_IN = "/admin/login/"
TYPED = "Dear Ana,\n\nTelephone us <b>today</b>."
SHOWN = "Telephone us &lt;b&gt;today&lt;/b&gt;."
AGAIN = "Your log-in had ended, so nothing was sent or saved. What you typed is here again."
pytestmark = pytest.mark.django_db


class Browser:
    """A browser that sends back the form it is shown, hidden fields and all, and whose token is checked."""

    def __init__(self):
        self.client = Client(enforce_csrf_checks=True)

    def open(self, path):
        return self.client.get(path)

    def log_in(self, username="reception", password=PASSWORD, *, page=None):
        page = page or self.open(LOG_IN)
        form = html.unescape(re.search(r'<form action="([^"]+)" method="post" id="login-form">', text(page))[1])
        return self.client.post(form, hidden(page) | {"username": username, "password": password})

    def press(self, path, page, **typed):
        return self.client.post(path, {**hidden(page), **typed})


def text(page):
    return page.content.decode()


def hidden(page):
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text(page))
    return {name: html.unescape(value) for name, value in found}


def end_sessions():
    Session.objects.update(expire_date=timezone.now())


def move_of(request, name="answer"):
    return reverse("admin:appointments_appointmentrequest_move", args=[request.pk, name])


@pytest.fixture
def desk(reception):
    """Reception's browser, logged in."""
    desk = Browser()
    assert desk.log_in().status_code == 302
    return desk


@pytest.fixture
def request_held(reception):
    return claimed_request(reception)


@pytest.fixture
def cut_off(desk, request_held):
    """The log-in page that an answer to a request met."""
    sheet = desk.open(address(request_held))
    end_sessions()
    return desk.press(move_of(request_held), sheet, answer=TYPED)


# On the sheet


def test_what_was_typed_is_back_in_its_box_after_the_log_in_and_unsent(desk, request_held, cut_off):
    before = state_of(request_held)
    assert cut_off.status_code == 403
    assert "no-store" in cut_off["Cache-Control"]
    assert "What you typed is not lost" in text(cut_off)
    assert "Telephone us" not in text(cut_off)
    page = desk.log_in(page=cut_off)
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    assert text(page).count(AGAIN) == 1
    assert "open too long" not in text(page)
    assert re.search(rf'<textarea name="answer"[^>]*>\n?Dear Ana,\n\n{re.escape(SHOWN)}</textarea>', text(page))
    assert state_of(request_held) == before
    assert desk.press(move_of(request_held), page, answer=TYPED).status_code == 302
    request_held.refresh_from_db()
    assert (request_held.status, request_held.answer) == (Status.ANSWERED, TYPED)


@pytest.mark.parametrize("ended", ["logged out in another window", "the session was deleted", "the account was locked"])
def test_however_the_log_in_ended(desk, reception, request_held, ended):
    sheet = desk.open(address(request_held))
    if ended == "logged out in another window":
        desk.press("/admin/logout/", sheet)
    elif ended == "the session was deleted":
        Session.objects.all().delete()
    else:
        User.objects.update(is_active=False)
    page = desk.press(move_of(request_held), sheet, answer=TYPED)
    User.objects.update(is_active=True)
    assert SHOWN in text(desk.log_in(page=page))


def test_what_changed_meanwhile_stands_beside_what_was_typed_and_nothing_is_sent(desk, reception, request_held):
    sheet = desk.open(address(request_held))
    end_sessions()
    moved(moved(request_held, "release", by=reception), "claim", by=reception)
    page = desk.log_in(page=desk.press(move_of(request_held), sheet, answer=TYPED))
    assert f"{AGAIN} Somebody changed this request while you had it open." in text(page)
    assert SHOWN in text(page)
    request_held.refresh_from_db()
    assert request_held.status == Status.IN_PROGRESS


def test_a_colleague_who_took_it_leaves_the_words_to_be_copied(desk, manager, reception2, request_held):
    sheet = desk.open(address(request_held))
    end_sessions()
    moved(moved(request_held, "release", by=manager), "claim", by=reception2)
    page = desk.log_in(page=desk.press(move_of(request_held), sheet, answer=TYPED))
    assert "What you typed. It was not sent." in text(page)
    assert SHOWN in text(page)


def test_the_filters_of_the_queue_are_kept_too(desk, request_held):
    filters = "?_changelist_filters=holder%3Dme"
    sheet = desk.open(address(request_held) + filters)
    end_sessions()
    page = desk.log_in(page=desk.press(move_of(request_held) + filters, sheet, answer=TYPED))
    answered = desk.press(move_of(request_held) + filters, page, answer=TYPED)
    assert answered["Location"] == "/admin/appointments/appointmentrequest/?holder=me"
    assert text(page).count("_changelist_filters=holder%3Dme") > 1


def test_a_sheet_is_shown_in_the_language_it_was_typed_in(desk, request_held):
    at, move = "/es" + address(request_held), "/es" + move_of(request_held)
    sheet = desk.open(at)
    end_sessions()
    cut_off = desk.press(move, sheet, answer=TYPED)
    assert 'lang="es"' in text(cut_off)
    assert SHOWN in text(desk.log_in(page=cut_off))


# At the log-in


def test_a_wrong_password_keeps_it(desk, cut_off):
    again = desk.log_in(password="a wrong guess", page=cut_off)
    assert again.status_code == 200
    assert hidden(again)["kept"] == hidden(cut_off)["kept"]
    assert SHOWN in text(desk.log_in(page=again))


def test_a_second_press_on_log_in_loses_nothing(desk, cut_off):
    desk.log_in(page=cut_off)
    second = desk.log_in(page=cut_off)
    assert (second.status_code, SHOWN in text(second)) == (200, True)


def test_a_log_in_page_open_too_long_is_drawn_anew_with_it(desk, cut_off, settings):
    desk.client.cookies.pop(settings.CSRF_COOKIE_NAME)
    anew = desk.log_in(page=cut_off)
    assert anew.status_code == 403
    assert SHOWN in text(desk.log_in(page=anew))


def test_somebody_else_sees_nothing_of_it_and_is_told(desk, reception2, request_held, cut_off):
    leads = desk.log_in("reception2", page=cut_off)
    assert leads.status_code == 302
    page = desk.client.get(leads["Location"], follow=True)
    assert "Somebody else typed something here before their log-in ended." in text(page)
    assert "Telephone us" not in text(page)
    assert f"Request {request_held.reference}" in text(page)


def test_a_log_in_with_nothing_kept_leads_on_as_ever(desk, request_held):
    end_sessions()
    page = desk.open(address(request_held))
    assert page["Location"] == f"{LOG_IN}?next={address(request_held)}"
    assert desk.log_in(page=desk.open(page["Location"]))["Location"] == address(request_held)


@pytest.mark.parametrize(
    "spoil", [lambda seal: seal[:40] + seal[41:], lambda seal: "é\x00", lambda seal: "x" * 900_000]
)
def test_a_seal_that_was_altered_shows_nothing_and_says_so(desk, cut_off, spoil):
    typed = hidden(cut_off) | {"username": "reception", "password": PASSWORD}
    leads = desk.client.post(LOG_IN, typed | {"kept": spoil(typed["kept"])})
    assert leads.status_code == 302
    assert "What was typed before the log-in ended could not be kept." in text(desk.open("/admin/"))


def test_a_seal_is_of_no_use_after_a_long_weekend(desk, cut_off):
    with time_machine.travel(timezone.now() + ended_session.LASTS + timezone.timedelta(minutes=1)):
        assert desk.log_in(page=cut_off).status_code == 302


def test_what_does_not_fit_is_shown_to_be_copied(desk, request_held, monkeypatch):
    monkeypatch.setattr(ended_session, "SEAL_LENGTH", 100)
    sheet = desk.open(address(request_held))
    end_sessions()
    page = desk.press(move_of(request_held), sheet, answer=TYPED)
    assert page.status_code == 403
    assert SHOWN in text(page)
    assert "kept" not in hidden(page)


def test_a_long_text_fits(desk, request_held):
    sheet = desk.open(address(request_held))
    end_sessions()
    words = "".join(chr(0x4E00 + number * 7919 % 20000) for number in range(20_000))
    page = desk.log_in(page=desk.press(move_of(request_held), sheet, answer=words))
    assert words in text(page)


# Whose it is


def test_a_form_from_elsewhere_is_never_kept_for_anybody(desk, request_held):
    desk.open(address(request_held))
    end_sessions()
    page = desk.client.post(move_of(request_held), {"answer": "From an evil page."})
    assert "kept" not in hidden(page)


def test_a_browser_that_cannot_say_whose_page_it_was_gets_the_words_to_copy(desk, request_held, settings):
    sheet = desk.open(address(request_held))
    end_sessions()
    desk.client.cookies[settings.DRAWN_FOR_COOKIE_NAME] = "7:altered"
    page = desk.press(move_of(request_held), sheet, answer=TYPED)
    assert "kept" not in hidden(page)
    assert SHOWN in text(page)


def test_a_page_of_whoever_was_there_before_is_not_kept_for_who_came_after(desk, reception2, request_held):
    sheet = desk.open(address(request_held))
    desk.press("/admin/logout/", sheet)
    desk.log_in("reception2")
    end_sessions()
    page = desk.press(move_of(request_held), sheet, answer=TYPED)
    assert "kept" not in hidden(page)


def test_the_cookie_tells_no_script_and_lives_as_long_as_the_browser(desk, settings):
    cookie = desk.client.cookies[settings.DRAWN_FOR_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", "")


def test_what_was_kept_while_the_cipher_changed_is_read():
    kept = ended_session.Kept(1, "/admin/", "", "words=It+hurts.")
    packed = zlib.compress(json.dumps(asdict(kept)).encode())
    assert ended_session.Kept.opened(in_old_form(packed, ended_session.PURPOSE)) == kept


# On every other screen


def test_a_new_account_is_there_again_without_its_password_and_nothing_is_saved(manager):
    desk = Browser()
    desk.log_in("manager")
    add = reverse("admin:accounts_user_add")
    page = desk.open(add)
    end_sessions()
    secret = "a long first password"
    typed = {"username": "nell", "first_name": "Nell <b>", "roles": "nurse", "password1": secret, "password2": secret}
    cut_off = desk.press(add, page, **typed)
    seal = ended_session.Kept.opened(hidden(cut_off)["kept"])
    assert secret.replace(" ", "+") not in seal.posted
    assert "csrfmiddlewaretoken" not in seal.posted
    shown = desk.log_in("manager", page=cut_off)
    assert (shown.status_code, text(shown).count(AGAIN)) == (200, 1)
    assert 'value="Nell &lt;b&gt;"' in text(shown)
    assert re.search('value="nurse"[^>]* checked', text(shown))
    assert not User.objects.filter(username="nell").exists()


def test_what_was_typed_elsewhere_is_shown_to_be_copied_and_nothing_is_saved(manager):
    desk = Browser()
    desk.log_in("manager")
    add = reverse("admin:clinic_location_add")
    page = desk.open(add)
    end_sessions()
    cut_off = desk.press(add, page, name="North <b>")
    shown = desk.log_in("manager", page=cut_off)
    assert (shown.status_code, "You were logged out" in text(shown)) == (200, True)
    assert "North &lt;b&gt;" in text(shown)
    assert f'href="{add}"' in text(shown)
    assert not Location.objects.exists()


def test_what_is_written_down_at_the_telephone_is_all_back(desk):
    enter = reverse("admin:appointments_appointmentrequest_enter")
    page = desk.open(enter)
    end_sessions()
    cut_off = desk.press(enter, page, matter="My back hurts.", full_name="Ana O’Brien", go="save")
    shown = text(desk.log_in(page=cut_off))
    assert AGAIN in shown
    assert "My back hurts." in shown
    assert 'value="Ana O’Brien"' in shown


def test_who_lost_the_right_meanwhile_gets_no_sheet(desk, reception, request_held):
    sheet = desk.open(address(request_held))
    end_sessions()
    cut_off = desk.press(move_of(request_held), sheet, answer=TYPED)
    reception.set_roles([])
    assert desk.log_in(page=cut_off).status_code == 403


def test_it_is_kept_in_no_address_and_no_row(desk, request_held, cut_off):
    desk.log_in(page=cut_off)
    assert "kept" not in cut_off.context["app_path"]
    for session in Session.objects.all():
        assert "Telephone" not in str(session.get_decoded())


def test_a_press_without_words_leads_to_the_log_in_and_back_to_the_sheet(desk, db):
    request = make_request()
    sheet = desk.open(address(request))
    end_sessions()
    assert desk.press(move_of(request, "claim"), sheet)["Location"].startswith(LOG_IN)


# In a browser


def test_the_way_back_works_for_everybody(page, axe, reception):
    request = claimed_request(reception)

    def log_in():
        page.get_by_label("Username").fill("reception")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()

    page.goto(address(request))
    log_in()
    page.get_by_label("Your answer").fill("Please come on Monday.")
    Session.objects.all().delete()
    page.get_by_role("button", name="Send the answer").click()
    page.get_by_text("What you typed is not lost").wait_for()
    axe(page)
    log_in()
    page.get_by_text(AGAIN).wait_for()
    axe(page)
    page.get_by_role("button", name="Send the answer").click()
    page.get_by_text(f"{request.reference} is answered.").wait_for()
