"""`manage.py send_messages` as a process of its own, the way it runs in a clinic."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from audit.actors import Actor
from audit.models import Event
from outbox.models import CLAIM_LASTS, Message, Sender, State
from tests.outbox.factories import make_message
from tests.outbox.mail_server import MailServer

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def server():
    with MailServer() as running:
        yield running


@pytest.fixture
def start(transactional_db, server):
    """Return a function that starts a looping sender on the database of the tests, and end all of them afterwards."""
    running = []

    def started():
        told = {
            "DJANGO_SETTINGS_MODULE": "clinic.settings",
            "DATABASE_URL": database_url(),
            "EMAIL_URL": server.url,
            "PYTHONUNBUFFERED": "1",
        }
        process = subprocess.Popen(
            [sys.executable, "manage.py", "send_messages", "--loop"],
            cwd=ROOT,
            env=os.environ | told,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running.append(process)
        assert process.stdout.readline() == "The sender is running.\n"
        return process

    yield started
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()


def database_url():
    """Return the address of the database that the tests use."""
    told = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{told['NAME']}"
    where = f"?host={told['HOST']}" if told["HOST"].startswith("/") else ""
    host = "" if where else f"{told['HOST']}:{told['PORT']}" if told["PORT"] else told["HOST"]
    person = f"{told['USER']}:{told['PASSWORD']}@" if told["PASSWORD"] else f"{told['USER']}@" if told["USER"] else ""
    return f"postgres://{person}{host}/{told['NAME']}{where}"


def end(process):
    """Tell a process to stop; return its exit code and its last words."""
    process.send_signal(signal.SIGTERM)
    said, _none = process.communicate(timeout=20)
    return process.returncode, said.strip().splitlines()[-1:]


def test_sigterm_lets_the_sender_finish_the_message_in_hand_and_stops_it_cleanly(start, server):
    server.gate = threading.Event()
    first, second = make_message(), make_message(purpose="second")
    process = start()
    assert server.taking.wait(timeout=20)
    process.send_signal(signal.SIGTERM)
    server.gate.set()
    assert end(process) == (0, ["The sender has stopped."])
    assert [received["Message-ID"] for received in server.received] == [first.message_id]
    assert Message.objects.get(pk=first.pk).state == State.SENT
    assert Message.objects.get(pk=second.pk).state == State.WAITING
    assert not Sender.objects.exists()


def test_an_idle_sender_stops_at_once_and_has_said_that_it_lives(start):
    process = start()
    assert end(process) == (0, ["The sender has stopped."])


def test_a_sender_killed_in_the_middle_leaves_its_message_to_be_sent_later(start, server):
    server.gate = threading.Event()
    message = make_message()
    process = start()
    assert server.taking.wait(timeout=20)
    process.kill()
    process.wait()
    assert Message.objects.get(pk=message.pk).state == State.SENDING
    assert Message.objects.due(timezone.now()).count() == 0
    Message.objects.update(claimed_at=timezone.now() - CLAIM_LASTS - timedelta(seconds=1))
    server.gate.set()
    assert Message.objects.due(timezone.now()).count() == 1


def test_one_turn_sends_what_is_due_and_links_the_audit(db, capsys, mailoutbox):
    Event.record("test.happened", by=Actor.command("test"))
    make_message()
    call_command("send_messages")
    assert capsys.readouterr().out == "1 messages sent.\n"
    assert len(mailoutbox) == 1
    assert not Event.objects.unlinked().exists()
    assert settings.AUDIT_HEAD.exists()
