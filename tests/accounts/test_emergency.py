"""The emergency account lets somebody in, for hours, for all to see, and is read of afterwards."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import emergency
from accounts.models import EmergencyAccess, User
from audit.models import Event
from clinic import status
from outbox.models import Message
from tests.accounts.browsers import AtLogIn
from tests.accounts.test_staff_admin import address, change
from tests.staff import PASSWORD, make_staff

pytestmark = pytest.mark.django_db
PAGE = "/admin/emergency/"
BANNER = "The emergency account is open."


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


def run(capsys, *arguments):
    call_command("emergency_account", *arguments)
    return capsys.readouterr().out


@pytest.fixture
def password(clock, manager, capsys):
    """The password of an account that is open for four hours."""
    printed = run(capsys, "--for", "Nora Ng", "--reason", "Mara fell ill")
    return re.search(r"Password +(\S+)", printed)[1]


@pytest.fixture
def inside(password):
    browser = AtLogIn()
    assert browser.try_log_in("emergency", password).status_code == 302
    return browser


def is_in(browser):
    return browser.get("/admin/").status_code == 200


def logged_in(user):
    browser = Client()
    browser.force_login(user)
    return browser


def told(user):
    return [str(task["sentence"]) for task in logged_in(user).get("/admin/").context["tasks"]]


def trouble():
    return {part.name: part.trouble for part in status.parts()}["emergency"]


def test_it_has_a_managers_rights_and_a_long_password_of_its_own(inside, password):
    user = User.objects.get(username="emergency")
    assert (user.role_names, user.is_superuser, len(password) >= 32) == ({"manager"}, False, True)
    assert inside.get(reverse("admin:accounts_user_changelist")).status_code == 200
    assert not user.must_change_password


def test_it_ends_by_itself_and_so_does_whoever_is_in(inside, password, clock):
    clock.shift(timedelta(hours=3, minutes=59))
    assert is_in(inside)
    clock.shift(timedelta(minutes=1))
    assert not is_in(inside)
    assert AtLogIn("198.51.100.7").try_log_in("emergency", password).status_code == 200
    assert "emergency" not in User.objects.who_may("accounts.view_user").values_list("username", flat=True)


def test_every_manager_is_written_to_and_no_word_of_a_person_is_in_it(password, manager):
    [message] = Message.objects.all()
    assert (message.recipient, message.purpose) == (manager.email, "emergency_opened")
    assert "https://clinic.example/admin/emergency/" in message.text
    for word in ("Nora", "Mara fell ill", password):
        assert word not in message.text + message.subject


def test_everybody_at_the_desk_sees_that_it_is_open(password, nurse, editor, clock):
    for user in (nurse, editor):
        assert BANNER in logged_in(user).get("/admin/").content.decode()
    assert BANNER not in Client().get("/admin/login/").content.decode()
    clock.shift(timedelta(hours=4))
    assert BANNER not in logged_in(nurse).get("/admin/").content.decode()


def test_the_status_page_is_red_while_it_is_open(password, clock):
    assert trouble().startswith("The emergency account is open until ")
    clock.shift(timedelta(hours=4))
    assert trouble() == ""


def test_who_and_why_are_kept_encrypted_and_in_no_event(password):
    access = EmergencyAccess.objects.get()
    assert (access.asked_by, access.reason) == ("Nora Ng", "Mara fell ill")
    with connection.cursor() as cursor:
        cursor.execute("SELECT asked_by, reason FROM accounts_emergencyaccess")
        assert "Mara" not in str(cursor.fetchall())
    event = Event.objects.get(verb="staff.emergency_opened")
    assert (event.actor_name, event.details) == ("emergency_account", {"access": access.pk, "hours": 4})


def test_what_it_does_stands_under_its_own_name(inside, reception):
    inside.post(address(reception), change(reception, last_name="Reid"))
    event = Event.objects.get(verb="staff.changed")
    assert event.actor_id == User.objects.get(username="emergency").pk


@pytest.mark.parametrize(
    "arguments", [("--hours", "0"), ("--hours", "13"), ("--hours", "-1"), ("--reason", " "), ("--for", "")]
)
def test_it_is_refused_without_an_end_a_name_or_a_reason(db, manager, arguments):
    given = {"--hours": "4", "--for": "Nora", "--reason": "Ill"} | {arguments[0]: arguments[1]}
    with pytest.raises(CommandError):
        call_command("emergency_account", *[f"{name}={value}" for name, value in given.items()])
    assert not EmergencyAccess.objects.exists()
    assert not User.objects.filter(username="emergency").exists()
    assert not Message.objects.exists()


def test_an_account_of_somebody_of_that_name_is_left_alone(manager):
    make_staff("emergency")
    with pytest.raises(CommandError, match="somebody's own"):
        call_command("emergency_account", "--for", "Nora", "--reason", "Ill")
    assert User.objects.get(username="emergency").check_password(PASSWORD)


def test_to_renew_it_ends_what_was_open_and_its_password(inside, password, capsys):
    printed = run(capsys, "--for", "Nora Ng", "--reason", "Still ill", "--hours", "12")
    assert not is_in(inside)
    assert password not in printed
    first, second = EmergencyAccess.objects.order_by("pk")
    assert (first.ended_at is not None, second.ended_at) == (True, None)
    assert AtLogIn().try_log_in("emergency", re.search(r"Password +(\S+)", printed)[1]).status_code == 302


def test_it_is_ended_at_once(inside, password, capsys):
    assert run(capsys, "--end") == "It is ended.\n"
    assert not is_in(inside)
    assert AtLogIn().try_log_in("emergency", password).status_code == 200
    assert trouble() == ""
    assert Event.objects.filter(verb="staff.emergency_ended").count() == 1
    assert run(capsys, "--end") == "It is not open.\n"


def test_a_manager_ends_it_by_locking_the_account(inside, manager):
    user = User.objects.get(username="emergency")
    logged_in(manager).post(address(user), change(user, is_active=None))
    assert not is_in(inside)
    assert trouble() == ""
    event = Event.objects.get(verb="staff.emergency_ended")
    assert event.actor_id == manager.pk


def test_managers_are_reminded_until_one_has_read_what_was_done(inside, manager, nurse, clock):
    sentence = "The emergency account was used, and no manager has read what was done."
    access = EmergencyAccess.objects.get()
    read = f"{PAGE}{access.pk}/read/"
    assert sentence not in told(manager)
    inside.get(PAGE)
    clock.shift(timedelta(hours=5))
    assert sentence in told(manager)
    assert sentence not in told(nurse)
    page = logged_in(manager).get(PAGE).content.decode()
    for words in ("Nora Ng", "Mara fell ill", "Logged in: 1"):
        assert words in page
    logged_in(manager).post(read)
    access.refresh_from_db()
    assert access.read_by == manager
    assert sentence not in told(manager)
    logged_in(manager).post(read)
    assert Event.objects.filter(verb="staff.emergency_read").count() == 1


def test_it_is_read_by_a_manager_alone_and_not_before_its_end_nor_by_itself(inside, manager, nurse, clock):
    access = EmergencyAccess.objects.get()
    read = f"{PAGE}{access.pk}/read/"
    assert logged_in(nurse).get(PAGE).status_code == 403
    assert logged_in(nurse).post(read).status_code == 403
    assert logged_in(manager).post(f"{PAGE}999/read/").status_code == 404
    logged_in(manager).post(read)
    clock.shift(timedelta(hours=5))
    assert logged_in(manager).get(read)["Location"] == PAGE
    with pytest.raises(emergency.CannotAcknowledge):
        emergency.acknowledge(access, by=access.user.as_actor())
    access.refresh_from_db()
    assert access.read_at is None


def test_the_page_shows_hostile_words_as_words(clock, manager):
    emergency.open_account(hours=1, reason="<script>alert(1)</script>", asked_by="<b>Nora</b>")
    page = logged_in(manager).get(PAGE).content.decode()
    assert "<script>alert" not in page
    assert "<b>Nora" not in page
