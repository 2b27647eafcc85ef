"""Nothing of a request stands in a log, at any level, nor in the report or the page of an error in the middle of it."""

import io
import logging
import logging.config
from contextlib import contextmanager
from copy import deepcopy

import pytest
from django.core import mail
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse
from django.utils.log import AdminEmailHandler

from appointments.models import AppointmentRequest
from outbox.sender import send_due
from tests.appointments.at_the_desk import address, press
from tests.appointments.factories import let_undo_time_pass, link_to
from tests.appointments.offer import offer  # noqa: F401 -- a fixture
from tests.appointments.visitor import Visitor

PERSON = {"full_name": "Quilla Vandermark", "email": "quilla.vandermark@example.org", "phone": "(206) 555-0187 ext 77"}
MATTER = "My marrowspike aches since the flood."
MARKS = ("Quilla", "Vandermark", "vandermark", "555-0187", "2065550187", "marrowspike", "lantern-note", "heron-answer")

pytestmark = pytest.mark.usefixtures("offer")


@pytest.fixture
def logs(settings):
    """What the site's own handler writes, and what a report of errors by e-mail says, with every logger at DEBUG."""
    settings.ADMINS = [("Tech", "tech@clinic.example")]
    stream = io.StringIO()
    # Reading a configuration takes parts out of it.
    told = deepcopy(settings.LOGGING)
    made = logging.config.DictConfigurator({"version": 1, "filters": told["filters"]})
    private = made.configure_filter(told["filters"]["private"])
    handlers = [logging.StreamHandler(stream), AdminEmailHandler(include_html=True)]
    handlers[1].setLevel(logging.ERROR)
    handlers[0].setFormatter(logging.Formatter(told["formatters"]["plain"]["format"], style="{"))
    for handler in handlers:
        handler.addFilter(private)
        logging.getLogger().addHandler(handler)
    loggers = [logging.getLogger(), *(logging.getLogger(name) for name in list(logging.root.manager.loggerDict))]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    connection.force_debug_cursor = True
    yield stream
    connection.force_debug_cursor = False
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
    for handler in handlers:
        logging.getLogger().removeHandler(handler)


def found_in(text, *more):
    """Return the marks of the request that stand in a text."""
    return [mark for mark in (*MARKS, *more) if mark in text]


@contextmanager
def a_database_that_quotes():
    """Let each question to the database fail, with words that quote what it was asked, as databases do."""

    def refuse(execute, sql, params, many, context):
        raise OperationalError(f"The row holds {params}: {PERSON} {MATTER}")

    with connection.execute_wrapper(refuse):
        yield


def reports():
    """Return the error reports that left, as text."""
    sent = [each for each in mail.outbox if each.to == ["tech@clinic.example"]]
    return "\n".join(f"{each.subject}\n{each.body}\n{each.alternatives}" for each in sent)


def test_marks_that_are_written_are_found(logs):
    logging.getLogger("django.db.backends").debug("SELECT %s", "Vandermark")
    assert found_in(logs.getvalue()) == ["Vandermark"]


def test_nothing_of_a_request_stands_in_a_log_or_a_report_from_the_form_to_the_answer(logs, reception):
    visitor = Visitor().reach("check", person=PERSON, matter={"matter": MATTER})
    visitor.send()
    asked = AppointmentRequest.objects.get()
    token = link_to(asked)
    track = reverse("appointments:track", args=[token])
    visitor.client.get(f"{track}?name=Vandermark")
    desk = Client()
    desk.force_login(reception)
    desk.get("/admin/appointments/appointmentrequest/", {"q": "Vandermark"})
    press(desk, asked, "claim")
    notes = reverse("admin:appointments_appointmentrequest_notes", args=[asked.pk])
    assert desk.post(notes, {"text": "lantern-note about Quilla"}).status_code == 302
    assert press(desk, asked, "answer", answer="heron-answer\x00").status_code == 422
    assert press(desk, asked, "answer", answer="heron-answer for Quilla").status_code == 302
    let_undo_time_pass()
    assert send_due() >= 1
    visitor.client.post(reverse("appointments:change", args=[token, "add"]), {"words": f"{MATTER}\x00"})
    said = logs.getvalue()
    assert "django.db.backends" in said
    assert "Unprocessable Entity" in said
    assert found_in(said, token, "ext 77") == []


def test_an_error_in_the_middle_of_a_request_tells_its_data_to_nobody(logs, reception):
    visitor = Visitor(client=Client(raise_request_exception=False)).reach("check", person=PERSON)
    seal = visitor.seal
    with a_database_that_quotes():
        response = visitor.send()
    asked = Visitor().reach("check", person=PERSON, matter={"matter": MATTER})
    asked.send()
    token = link_to(AppointmentRequest.objects.get())
    desk = Client(raise_request_exception=False)
    desk.force_login(reception)
    with a_database_that_quotes():
        pages = [desk.get(address(AppointmentRequest(pk=1))), desk.get(reverse("appointments:track", args=[token]))]
    assert {each.status_code for each in (response, *pages)} == {500}
    for page in (response, *pages):
        assert found_in(page.content.decode(), token) == []
    assert "Internal Server Error" in reports()
    assert "OperationalError" in reports()
    assert found_in(reports() + logs.getvalue(), token, seal[:40]) == []
