"""What a thief of the database, the backups, the cache, the files or the logs can read of a patient: nothing.

A request with unmistakable words in every field goes its whole way, with trouble in the middle; then all that the site
left anywhere is searched for those words. First each place is shown to be searched: words put there are found.
"""

import base64
import io
import json
import logging
import pickle
import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import path, reverse
from django.utils import timezone
from django.utils.log import configure_logging

from appointments import workflow
from appointments.models import Amendment, AppointmentRequest, Note, Status
from clinic import key_rotation, urls
from clinic.models import ClinicProfile
from outbox import sender
from outbox.models import Message, State
from tests.appointments.at_the_desk import press
from tests.appointments.at_the_door import save as enter
from tests.appointments.factories import let_undo_time_pass, make_time
from tests.appointments.offer import offer  # noqa: F401 -- a fixture
from tests.appointments.visitor import Visitor
from tests.marks import MARKS, found_in, pieces, spellings
from tests.outbox.mail_server import MailServer
from tests.staff import PASSWORD

QUEUE = reverse("admin:appointments_appointmentrequest_changelist")


def breaks(request):
    """A page with an error of ours, whose words tell what was typed."""
    raise RuntimeError(f"{request.POST['matter']} {request.POST['full_name']}")


urlpatterns = [path("breaks/", breaks), *urls.urlpatterns]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500


# The search itself


@pytest.mark.parametrize("name", MARKS)
def test_a_mark_is_found_in_every_spelling(name):
    mark = MARKS[name]
    hidden = [
        *spellings(mark),
        mark.encode("utf-16"),
        mark.swapcase().encode(),
        f"{mark[:-1]}…{mark}".encode(),
        json.dumps({"x": mark}).encode(),
        pickle.dumps({"x": mark}),
        mark.encode().hex().upper().encode(),
        *(base64.b64encode(b"x" * before + mark.encode() + b"yy") for before in range(3)),
        base64.urlsafe_b64encode(f"ÿþ>?{mark}".encode()),
    ]
    for blob in hidden:
        assert name in found_in(b"\0before" + blob + b"after\xff"), blob
    assert all(name in found_in(piece.encode()) for piece in pieces(mark))


def test_what_is_no_mark_is_not_found():
    assert found_in(b"My back hurts since I fell. Ana O'Brien 206 555 0123 1950-02-01" * 20) == set()


# The places


class Places:
    """All that the site leaves somewhere while a test runs, as bytes by place."""

    def __init__(self, folder):
        self.folder, self.log, self.addresses, self.cookies = folder, io.StringIO(), [], []

    def browser(self):
        """Return a browser whose addresses and flash messages are kept, with errors answered as on the site."""
        places = self

        class Watched(Client):
            def request(self, **environ):
                places.addresses.append(f"{environ.get('PATH_INFO')}?{environ.get('QUERY_STRING', '')}")
                response = super().request(**environ)
                places.addresses.append(response.get("Location", ""))
                if "messages" in response.cookies:
                    told = CookieStorage(RequestFactory().get("/"))._decode(response.cookies["messages"].value)
                    places.cookies += [str(message) for message in told or []]
                return response

        return Watched(raise_request_exception=False)

    def all(self):
        """Return {place: how to read its bytes} of everything."""
        found = {
            "dumpdata": _dumpdata,
            "dump": _dump,
            "sessions": lambda: json.dumps([each.get_decoded() for each in Session.objects.all()]).encode(),
            "cache": lambda: b"".join(pickle.dumps((key, cache._cache[key])) for key in cache._cache),
            "files": lambda: b"".join(f.name.encode() + f.read_bytes() for f in self.folder.rglob("*") if f.is_file()),
            "log": lambda: self.log.getvalue().encode(),
            "addresses": lambda: "\n".join(self.addresses).encode(),
            "flash messages": lambda: "\n".join(self.cookies).encode(),
        }
        if connection.vendor == "sqlite":
            found["file and log of the database"] = _sqlite_files
        return found

    def telling(self):
        """Return where marks stand, and which."""
        return {place: found for place, read in self.all().items() if (found := found_in(read()))}


def _dumpdata():
    written = io.StringIO()
    call_command("dumpdata", stdout=written, format="json")
    return written.getvalue().encode()


def _dump():
    if connection.vendor != "sqlite":
        return _pg_dump()
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as beside:
        return "\n".join(beside.iterdump()).encode()


def _sqlite_files():
    name = Path(connection.settings_dict["NAME"])
    beside = name.with_name(f"{name.name}-wal")
    return name.read_bytes() + (beside.read_bytes() if beside.exists() else b"")


def _pg_dump():
    """Return the database as pg_dump writes it, or row by row where there is none."""
    settings = connection.settings_dict
    at = {"-h": settings["HOST"], "-p": settings["PORT"], "-U": settings["USER"]}
    program = shutil.which("pg_dump") or next(map(str, Path("/usr/lib/postgresql").glob("*/bin/pg_dump")), None)
    if program:
        told = [part for name, value in at.items() if value for part in (name, str(value))]
        done = subprocess.run(
            [program, *told, settings["NAME"]],
            env={"PGPASSWORD": settings["PASSWORD"] or ""},
            capture_output=True,
            check=True,
        )
        return done.stdout
    with connection.cursor() as cursor:
        rows = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608
            rows += [row[0] for row in cursor.fetchall()]
    return "\n".join(rows).encode()


@pytest.fixture
def places(transactional_db, settings, tmp_path):
    """The places of a site of its own, each logger speaking at its most talkative, through the site's own filter."""
    settings.MEDIA_ROOT, settings.AUDIT_HEAD = tmp_path / "media", tmp_path / "audit-head.json"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    settings.ROOT_URLCONF = __name__
    cache.clear()
    found = Places(tmp_path)
    configured = settings.LOGGING
    kept = {name: each.level for name, each in logging.root.manager.loggerDict.items() if hasattr(each, "level")}
    console = configured["handlers"]["console"] | {"stream": found.log, "level": "DEBUG"}
    talkative = {name: each | {"level": "DEBUG"} for name, each in configured["loggers"].items()}
    talkative |= {"django.db.backends": {"level": "DEBUG", "handlers": [], "propagate": True}}
    root = configured["root"] | {"level": "DEBUG"}
    configure_logging(
        settings.LOGGING_CONFIG,
        configured | {"handlers": {"console": console}, "loggers": talkative, "root": root},
    )
    for name in kept:
        logging.getLogger(name).setLevel(logging.DEBUG)
    connection.force_debug_cursor = True
    yield found
    connection.force_debug_cursor = False
    for name, level in kept.items():
        logging.getLogger(name).setLevel(level)
    configure_logging(settings.LOGGING_CONFIG, configured)
    cache.clear()


def _planted(place, places):
    """Put a mark where the site must not."""
    mark = MARKS["matter"]
    if place == "database":
        ClinicProfile.objects.create(name="Clinic", address=mark)
    elif place == "sessions":
        session = SessionStore()
        session["kept"] = mark
        session.create()
    elif place == "cache":
        cache.set("kept", {"words": mark})
    elif place == "files":
        (places.folder / "mail").mkdir()
        (places.folder / "mail" / "1.log").write_text(mark)
    elif place == "log":
        logging.getLogger("appointments.workflow").debug("It says %s.", mark)
    elif place == "sql in the log":
        ClinicProfile.objects.filter(address=mark).exists()
    elif place == "addresses":
        places.browser().get("/healthz", {"q": mark})
    elif place == "flash messages":
        places.cookies.append(mark)


FOUND_IN = {
    "sessions": "sessions",
    "cache": "cache",
    "files": "files",
    "sql in the log": "log",
    "log": "log",
    "addresses": "addresses",
    "flash messages": "flash messages",
    "database": "dump",
}


def test_what_is_put_into_a_place_is_found_there(places):
    assert places.telling() == {}
    for place, where in FOUND_IN.items():
        _planted(place, places)
        assert found_in(places.all()[where]()) == {"matter"}, place
        places.log.seek(0)
        places.log.truncate()
    told = set(places.telling())
    assert told == set(places.all()) - {"log"}


# The whole way


def test_a_request_that_goes_its_whole_way_leaves_nothing_to_read(places, settings, offer, reception):  # noqa: F811
    patient, desk = places.browser(), places.browser()
    asked = _asked_for(patient)
    _trouble(patient)
    _at_the_desk(desk, asked)
    _said_more(patient, asked)
    _answered(desk, asked)
    _mail(settings)
    _all_was_said(desk)
    assert places.telling() == {}
    for said in ("INSERT INTO", "RuntimeError", "did not leave: SMTPRecipientsRefused 550"):
        assert said in places.log.getvalue()
    key_rotation.rotate(by=reception.as_actor())
    assert places.telling() == {}


def _asked_for(patient):
    """Ask for another person, with a mark in every field; return the request and its private address."""
    month_first = {"patient_born_month": "7", "patient_born_day": "29", "patient_born_year": "1913"}
    no_date = {f"date_of_birth_{part}": None for part in ("month", "day", "year")}
    person = {
        "full_name": MARKS["helper"],
        "patient_name": MARKS["patient"],
        "email": MARKS["email"],
        "phone": MARKS["phone"],
        "relation": "guardian",
        "call": "helper",
        **month_first,
        **no_date,
    }
    visitor = Visitor(client=patient).reach(
        "check",
        wish={"for_whom": "someone else"},
        matter={"matter": MARKS["matter"]},
        needs={"other_needs": MARKS["needs"]},
        person=person,
    )
    sent = visitor.send()
    assert sent.status_code == 303
    patient.private = sent["Location"].partition("?")[0]
    # The same form once more, with other words.
    visitor.fill("needs", other_needs=MARKS["again"])
    assert visitor.reach("check", person=person).send().status_code == 303
    assert Amendment.objects.get().before["preferences"]["other_needs"] == MARKS["needs"]
    return AppointmentRequest.objects.get()


def _trouble(patient):
    """An error of ours while the patient types, and an address that is none."""
    typed = {"matter": MARKS["matter"], "full_name": MARKS["patient"]}
    assert patient.post("/breaks/", typed).status_code == 500
    assert patient.post("/nowhere/", typed).status_code in (403, 404)
    patient.post("/appointments/track/", {"reference": AppointmentRequest.objects.get().reference, "contact": "x"})
    patient.post("/appointments/track/", {"reference": "ABCD-EFGH", "contact": MARKS["email"]})


def _at_the_desk(desk, asked):
    """Staff log in, look for the patient, and triage."""
    assert desk.post("/admin/login/", {"username": "reception", "password": PASSWORD}).status_code == 302
    for typed in (MARKS["patient"], MARKS["helper"].split()[1], MARKS["email"], MARKS["phone"], asked.reference):
        page = desk.post(QUEUE, {"q": typed}, follow=True)
        assert asked.reference in page.content.decode(), typed
    assert press(desk, asked, "claim").status_code == 302
    notes = reverse("admin:appointments_appointmentrequest_notes", args=[asked.pk])
    token = desk.get(notes).context["token"]
    assert desk.post(notes, {"token": token, "text": MARKS["note"]}).status_code == 302
    assert press(desk, asked, "ask", question=MARKS["question"]).status_code == 302
    asked.refresh_from_db()
    by = AppointmentRequest.objects.get().holder.as_actor()
    times = [make_time(days=7), make_time(days=8)]
    workflow.move(asked, "offer", by=by, seen_revision=asked.revision, times=times)
    enter(desk, full_name=MARKS["entered"], email="", reach_by="phone", matter="A sore knee.")


def _said_more(patient, asked):
    """The patient adds words, answers, and sends the form again."""
    for change, typed in (("add", {"words": MARKS["words"]}), ("reply", {"reply": MARKS["reply"]})):
        assert patient.post(f"{patient.private}{change}/", typed).status_code == 303, change
    patient.get(patient.private)


def _answered(desk, asked):
    """Staff read, answer, undo and answer again, and join it with the one they wrote down."""
    for address in ("change", "messages", "notes"):
        assert desk.get(reverse(f"admin:appointments_appointmentrequest_{address}", args=[asked.pk])).status_code == 200
    other = AppointmentRequest.objects.exclude(pk=asked.pk).get()
    asked.refresh_from_db()
    by = asked.holder.as_actor()
    seen = {"seen_revision": asked.revision, "seen_other": other.revision}
    workflow.merge(asked, other, choices={"full_name": "mine"}, by=by, **seen)
    assert press(desk, AppointmentRequest.objects.get(pk=asked.pk), "answer", answer=MARKS["answer"]).status_code in (
        302,
        422,
    )


def _mail(settings):
    """Let messages leave: first to a server that is not there, then to one that refuses, then to one that takes."""
    for url in ("smtp://127.0.0.1:1", None, ""):
        let_undo_time_pass()
        Message.objects.filter(state=State.WAITING).update(not_before=timezone.now() - timedelta(minutes=1))
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        if url:
            settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
            sender.send_due()
            continue
        with MailServer() as server:
            settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
            server.answers = {MARKS["email"]: f"550 No such person {MARKS['email']}"} if url is None else {}
            sender.send_due()
        Message.objects.filter(state=State.UNDELIVERABLE).update(state=State.WAITING, attempts=0)
    sender.do_chores()


def _all_was_said(desk):
    """Hold that every mark is stored, for whoever has the key: what was never taken could not be found either."""
    said = []
    for rows in key_rotation.every_rows():
        if isinstance(rows, key_rotation.FieldsOf):
            said += [str(row) for row in rows.model._base_manager.values()]
    born = AppointmentRequest.objects.values_list("date_of_birth", flat=True)
    text = "\n".join([*said, *map(str, born)])
    assert {name for name, mark in MARKS.items() if mark not in text} == set()
    assert Note.objects.exists()
    assert AppointmentRequest.objects.exclude(status=Status.NEW).exists()
