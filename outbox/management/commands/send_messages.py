"""`manage.py send_messages`: sends what waits, once or until it is told to stop."""

import logging
import signal
import time
from contextlib import suppress
from queue import Empty, SimpleQueue

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import Error, close_old_connections
from django.utils import timezone

from clinic import keys
from outbox import sender

logger = logging.getLogger(__name__)

# However many messages wait, chores such as linking the audit come round about this often.
TURN_SECONDS = 5


class Command(BaseCommand):
    """One sender. Run as many as you like; SIGTERM lets it finish the message in hand."""

    help = "Send the messages that wait, and do the chores: link audit events. --loop goes on until stopped."

    def add_arguments(self, parser):
        parser.add_argument("--loop", action="store_true", help="Go on until SIGTERM or Ctrl-C.")

    def handle(self, *, loop, **options):
        keys.check_at_start()
        if loop:
            # Unlike an Event, a SimpleQueue may be put into by a signal that arrives while it is being waited for.
            self.told_to_stop = SimpleQueue()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *args: self.told_to_stop.put(True))
            self.run_until_stopped()
        else:
            sent = sender.send_due()
            sender.do_chores()
            self.stdout.write(f"{sent} messages sent.")

    def run_until_stopped(self):
        """Take turns of sending, chores and a pause. A database that is away for a while only makes a turn fail."""
        name, started_at = sender.sender_name(), timezone.now()
        self.stdout.write("The sender is running.")
        self.report_at = time.monotonic()
        while self.told_to_stop.empty():
            try:
                self.take_turn(name, started_at)
            except Error as error:
                logger.error("The sender could not reach the database (%s); it will try again.", type(error).__name__)
            close_old_connections()
            self.pause()
        with suppress(Error):
            sender.report_stopped(name=name)
        self.stdout.write("The sender has stopped.")

    def take_turn(self, name, started_at):
        """Say that this sender is alive, send for a few seconds at most, then do the chores."""
        if time.monotonic() >= self.report_at:
            sender.report_alive(name=name, started_at=started_at)
            self.report_at = time.monotonic() + sender.REPORT_EVERY
        ends = time.monotonic() + TURN_SECONDS
        sender.send_due(by=name, should_stop=lambda: not self.told_to_stop.empty() or time.monotonic() > ends)
        sender.do_chores()

    def pause(self):
        """Wait a little, but no longer than until it is time to stop."""
        try:
            self.told_to_stop.get(timeout=settings.SENDER_PAUSE.total_seconds())
        except Empty:
            return
        self.told_to_stop.put(True)
