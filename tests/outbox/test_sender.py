"""The sender against a real mail server: each message once, failures kept apart, and nothing lost on the way."""

import socket
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from audit.models import Event
from clinic import status
from outbox import chores, sender
from outbox.models import CLAIM_LASTS, WAITS, Message, Sender, State
from tests.at_once import at_once
from tests.clinic.factories import make_profile
from tests.outbox.factories import given_up, make_message
from tests.outbox.mail_server import MailServer, SilentServer


@pytest.fixture
def server(settings):
    with MailServer() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = running.server_address
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        yield running


def state_of(message):
    """Return (state, tries, last error) as the database has them now."""
    message.refresh_from_db()
    return message.state, message.attempts, message.last_error


@pytest.mark.django_db
def test_a_message_leaves_as_it_was_written(server):
    make_profile(email="desk@clinic.example")
    message = make_message(
        subject="Su solicitud – ñ", text="Tenemos su solicitud.\n", html="<p>Tenemos su solicitud.</p>"
    )
    assert sender.send_due() == 1
    [received] = server.received
    assert received["To"] == "patient@example.org"
    assert received["From"] == "clinic@clinic.example"
    assert received["Reply-To"] == "desk@clinic.example"
    assert received["Subject"] == "Su solicitud – ñ"
    assert received["Message-ID"] == message.message_id
    assert received["Auto-Submitted"] == "auto-generated"
    assert received.get_body("plain").get_content().strip() == "Tenemos su solicitud."
    assert received.get_body("html").get_content().strip() == "<p>Tenemos su solicitud.</p>"
    assert state_of(message) == (State.SENT, 1, "")
    assert message.sent_at is not None


@pytest.mark.django_db
def test_a_message_that_left_is_not_sent_again(server):
    make_message()
    assert (sender.send_due(), sender.send_due()) == (1, 0)
    assert len(server.received) == 1


@pytest.mark.django_db
def test_a_message_waits_for_its_time(server):
    message = make_message(not_before=timezone.now() + timedelta(hours=1))
    assert sender.send_due() == 0
    with time_machine.travel(message.not_before + timedelta(seconds=1)):
        assert sender.send_due() == 1


@pytest.mark.django_db
def test_a_message_of_a_rolled_back_cause_never_leaves(server):
    with transaction.atomic():
        make_message()
        transaction.set_rollback(True)
    assert sender.send_due() == 0
    assert not Message.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("told", "kind", "state"),
    [
        ("550 No such person", "SMTPRecipientsRefused 550", State.UNDELIVERABLE),
        ("450 Busy", "SMTPRecipientsRefused 450", State.WAITING),
        ("421 Closing", "SMTPRecipientsRefused 421", State.WAITING),
    ],
)
def test_a_refused_recipient_is_given_up_at_once_and_a_busy_one_waits(server, told, kind, state):
    server.answers["gone@example.org"] = told
    message = make_message(recipient="gone@example.org")
    sender.send_due()
    assert state_of(message) == (state, 1, kind)
    assert server.received == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("told", "kind", "state"),
    [
        ("554 Looks like spam", "SMTPDataError 554", State.UNDELIVERABLE),
        ("451 Try later", "SMTPDataError 451", State.WAITING),
    ],
)
def test_a_refused_text_is_given_up_at_once_and_a_postponed_one_waits(server, told, kind, state):
    server.data_answers["patient@example.org"] = told
    message = make_message()
    sender.send_due()
    assert state_of(message) == (state, 1, kind)


@pytest.mark.django_db
@pytest.mark.parametrize("recipient", ["", "a@b@c", "x" * 400 + "@example.org\r\nBcc: all@example.org", "@"])
def test_one_bad_address_never_holds_up_the_rest(server, recipient):
    bad, good = make_message(recipient=recipient), make_message()
    sender.send_due()
    assert state_of(good)[0] == State.SENT
    assert state_of(bad)[0] in (State.UNDELIVERABLE, State.WAITING)
    assert [received["To"] for received in server.received if received["Bcc"]] == []


@pytest.mark.django_db
def test_a_message_that_cannot_be_read_waits_for_its_key_and_holds_up_nobody(server, settings):
    old_key = settings.FIELD_KEYS
    unreadable = make_message()
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    readable = make_message(purpose="other")
    assert sender.send_due() == 1
    settings.FIELD_KEYS = [*settings.FIELD_KEYS, *old_key]
    assert state_of(readable)[0] == State.SENT
    assert state_of(unreadable) == (State.WAITING, 1, "Unreadable")
    with time_machine.travel(timezone.now() + WAITS[0] + timedelta(seconds=1)):
        assert sender.send_due() == 1


@pytest.mark.django_db
def test_a_mail_server_that_is_down_loses_nothing(server, settings):
    message = make_message()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = unused.getsockname()[1]
        sender.send_due()
    assert state_of(message) == (State.WAITING, 1, "ConnectionRefusedError")
    assert message.not_before > timezone.now()
    settings.EMAIL_PORT = server.server_address[1]
    with time_machine.travel(message.not_before + timedelta(seconds=1)):
        assert sender.send_due() == 1
    assert [received["Message-ID"] for received in server.received] == [message.message_id]


@pytest.mark.django_db
def test_a_mail_server_that_stays_silent_is_given_up_and_every_message_waits_for_the_next_try(server, settings):
    one, other = make_message(), make_message()
    settings.EMAIL_TIMEOUT = 0.05
    with SilentServer() as silent:
        settings.EMAIL_HOST, settings.EMAIL_PORT = silent.address
        assert sender.send_due() == 0
        assert silent.visits() == 2
    for message in (one, other):
        assert state_of(message) == (State.WAITING, 1, "SMTPServerDisconnected")
    Message.objects.update(not_before=timezone.now())
    settings.EMAIL_TIMEOUT = 10
    settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
    assert sender.send_due() == 2


def test_the_sender_never_waits_for_a_mail_server_without_an_end(settings):
    assert 0 < settings.EMAIL_TIMEOUT < CLAIM_LASTS.total_seconds()


@pytest.mark.django_db
def test_a_message_is_given_up_after_the_last_wait(server):
    server.answers["patient@example.org"] = "450 Busy"
    message = make_message()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for wait in WAITS:
            sender.send_due()
            assert state_of(message)[0] == State.WAITING
            clock.shift(wait)
        sender.send_due()
    assert state_of(message) == (State.UNDELIVERABLE, len(WAITS) + 1, "SMTPRecipientsRefused 450")


@pytest.mark.django_db
def test_what_a_dead_sender_left_is_sent_later_under_the_same_message_id(server):
    message = make_message()
    dead = sender.claim_next(by="dead:1", now=timezone.now())
    assert sender.send_due() == 0
    with time_machine.travel(timezone.now() + CLAIM_LASTS + timedelta(seconds=1)):
        assert sender.send_due(by="alive:2") == 1
    assert [received["Message-ID"] for received in server.received] == [message.message_id]
    dead.finish(state=State.WAITING, last_error="written by a ghost")
    assert state_of(message) == (State.SENT, 2, "")


@pytest.mark.django_db
def test_a_sender_told_to_stop_finishes_no_more_than_the_message_in_hand(server):
    make_message(), make_message()
    assert sender.send_due(should_stop=lambda: bool(server.received)) == 1
    assert Message.objects.filter(state=State.WAITING).count() == 1


@pytest.mark.django_db(transaction=True)
def test_several_senders_at_once_send_each_message_once(server):
    numbers = {make_message().message_id for _ in range(24)}
    sent = sum(at_once(*[partial(sender.send_due, by=f"sender:{number}") for number in range(4)]))
    while more := sender.send_due():  # what all four lost to one another in their last look
        sent += more
    received = [message["Message-ID"] for message in server.received]
    assert len(received) == len(numbers)
    assert set(received) == numbers
    assert sent == len(numbers)


@pytest.mark.django_db
def test_a_chore_that_fails_does_not_hold_up_the_others(monkeypatch, caplog):
    monkeypatch.setattr(chores, "_chores", {"fail": lambda: 1 / 0, "work": lambda: 3})
    assert sender.do_chores() == 3
    assert "The chore 'fail' failed (ZeroDivisionError)" in caplog.text


@pytest.mark.django_db
def test_an_undeliverable_message_is_tried_again_on_request_and_the_request_recorded(server, reception):
    message = given_up(make_message())
    sender.try_again(message, by=reception.as_actor())
    assert sender.send_due() == 1
    event = Event.objects.get()
    assert (event.verb, event.object_id, event.actor_id) == ("message.tried_again", str(message.pk), reception.pk)


@pytest.mark.django_db
@pytest.mark.parametrize("state", [State.WAITING, State.CANCELLED])
def test_only_an_undeliverable_message_is_tried_again(state):
    message = make_message()
    Message.objects.filter(pk=message.pk).update(state=state)
    with pytest.raises(sender.NotUndeliverable) as refusal:
        sender.try_again(message, by=Actor.command("test"))
    assert refusal.value.reason == "This message is not among those that could not be sent."
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_the_status_page_is_told_when_no_sender_runs_or_messages_wait_too_long():
    parts = {part.name: part.trouble for part in status.parts()}
    assert parts["sender"] == "No sender is running: messages wait. Start manage.py send_messages --loop."
    assert parts["oldest unsent message"] == ""
    make_message(not_before=timezone.now() - timedelta(hours=1))
    sender.report_alive(name="test:1", started_at=timezone.now())
    parts = {part.name: part.trouble for part in status.parts()}
    assert parts["sender"] == ""
    assert parts["oldest unsent message"] == "1 messages should have left by now."
    sender.report_stopped(name="test:1")
    assert sender.sender_trouble()


@pytest.mark.django_db
def test_a_message_costs_five_queries_and_looking_for_none_one(server, django_assert_num_queries):
    for already_sent in (0, 10):
        Message.objects.bulk_create(
            Message(purpose="old", recipient="a@example.org", state=State.SENT, sent_at=timezone.now())
            for _ in range(already_sent)
        )
        make_message()
        with django_assert_num_queries(5 + 1):  # look, claim, read, the clinic's address, the outcome; and look again
            sender.send_due()


def test_a_clock_that_was_set_back_neither_hides_a_dead_sender_nor_holds_its_message(db, server):
    message, tomorrow = make_message(), timezone.now() + timedelta(days=1)
    Message.objects.filter(pk=message.pk).update(state=State.SENDING, claimed_at=tomorrow, claimed_by="dead")
    Sender.objects.create(name="dead", started_at=tomorrow, seen_at=tomorrow)
    assert "No sender is running" in sender.sender_trouble()
    assert sender.send_due() == 1
