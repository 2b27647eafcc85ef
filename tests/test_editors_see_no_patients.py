"""Who works on pages learns nothing of patients: no word, no number, not even that there is one.

Every address of the site answers an editor and a reviewer with the same bytes whether the clinic has no patients or
many, and refuses a request that is there as it refuses one that never was.
"""

import logging
import re

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from appointments.models import AppointmentRequest
from tests.appointments.factories import make_request
from tests.every_address import Place, names
from tests.marks import MARKS, found_in
from tests.procedures.desk import signed_in
from tests.procedures.published import make_clinic

REQUESTS = "admin:appointments_appointmentrequest_"
# What differs from answer to answer by itself.
CHANGING = re.compile(
    rb'name="(?:csrfmiddlewaretoken|snapshot|seal|token)" value="[^"]*"'
    rb'|nonce-[\w+/=-]+|nonce="[\w+/=-]+"|data-seconds="\d+"'
)
# What a visitor without any log-in is told too, by whoever has the link.
BY_LINK = {"appointments:track", "appointments:words", "appointments:change", "appointments:accept"}
# A new secret each time, for whoever sets up a second factor.
DRAWN_ANEW = ("/set-up/", "/set-up/square.svg")
ENDS_THE_LOG_IN = {"admin:logout", "admin:end_my_log_ins", "admin:end_my_other_log_ins"}


@pytest.fixture
def small_clinic(db):
    make_clinic()


@pytest.fixture(autouse=True)
def quiet():
    """Keep no line of the log: each would hold on to all that was refused."""
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


def patients_come():
    """Let patients ask for appointments, with marks for their names, addresses and what troubles them."""
    for number in range(7):
        make_request(
            full_name=MARKS["patient"], email=MARKS["email"], matter=MARKS["matter"], is_urgent=bool(number % 2)
        )


def answer(browser, path):
    """Return what somebody gets at an address, without what changes by itself."""
    response = browser.get(path)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return response.status_code, response.get("Location", ""), CHANGING.sub(b"", body)


def without(pk, given):
    """Return what somebody got, without the number of the request that its address named."""
    return given[2].replace(f"/{pk}/".encode(), b"")


def searches():
    """Return addresses at which somebody might ask for a patient by name, reference or number."""
    some = AppointmentRequest.objects.order_by("pk").last()
    typed = [MARKS["patient"].split()[0], MARKS["email"], some.reference if some else "7K4M-Q2XD"]
    lists = ["procedurepage", "conditionpage", "procedure", "condition"]
    paths = [reverse(f"admin:procedures_{name}_changelist") for name in lists]
    paths += [reverse("procedures:procedure_list"), reverse("admin:facts"), reverse("admin:languages")]
    return [f"{path}?q={word}" for path in paths for word in typed]


def short_list():
    return [reverse("admin:index"), reverse("admin:editorial_desk"), "/", "/statusz", reverse("admin:my_log_in")]


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["editor", "reviewer"])
def test_the_desk_its_lists_and_searches_say_the_same_with_patients_and_without(role, request, small_clinic):
    browser = signed_in(request.getfixturevalue(role))
    paths = short_list()
    before = {path: answer(browser, path) for path in paths}
    patients_come()
    assert [path for path in paths if answer(browser, path) != before[path]] == []
    for path in searches():
        assert not found_in(answer(browser, path)[2].replace(path.encode(), b"")) - {"patient", "email"}, path


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["editor", "reviewer"])
def test_a_request_that_is_there_is_refused_as_one_that_never_was(role, request, small_clinic):
    browser = signed_in(request.getfixturevalue(role))
    patients_come()
    there, never = AppointmentRequest.objects.order_by("pk").last().pk, 999_999
    for name in ("change", "history", "notes", "messages"):
        got = [answer(browser, reverse(f"{REQUESTS}{name}", args=[pk])) for pk in (there, never)]
        assert got[0][0] == got[1][0] == 403, name
        assert without(there, got[0]) == without(never, got[1]), name
    # By the log-in, nobody is told either.
    for who in (browser, Client()):
        paths = [f"/admin/login/?next={reverse(f'{REQUESTS}change', args=[pk])}" for pk in (there, never)]
        got = [answer(who, path) for path in paths]
        assert got[0][0] == got[1][0]
        assert without(there, got[0]) == without(never, got[1])


@pytest.mark.wide
@pytest.mark.django_db
@pytest.mark.parametrize("role", ["editor", "reviewer"])
def test_every_address_says_the_same_with_patients_and_without(role, request, media_root):
    place = Place()
    # Pages say until when a log-in lasts, to the minute.
    with time_machine.travel(timezone.now(), tick=False):
        browser = signed_in(request.getfixturevalue(role))
        paths = {
            place.address(name, arguments, language)
            for name, arguments in names()
            if name not in BY_LINK | ENDS_THE_LOG_IN
            for language in ("en", "es")
        }
        before = {path: answer(browser, path) for path in paths}
        patients_come()
        after = {path: answer(browser, path) for path in paths}
    # What happened to a thing grows by being read.
    told = [path for path in paths if not path.endswith(("/history/", *DRAWN_ANEW))]
    assert [path for path in told if before[path] != after[path]] == []
    assert [path for path, (_code, to, body) in after.items() if found_in(to.encode() + body)] == []
