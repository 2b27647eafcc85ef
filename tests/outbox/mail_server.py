"""A small SMTP server (RFC 5321) that tests send real mail to, and that refuses what it is told to refuse."""

import socket
import socketserver
import threading
from contextlib import suppress
from email import message_from_bytes, policy

ACCEPTED = "250 OK"


class MailServer(socketserver.ThreadingTCPServer):
    """Listens on a free port of this machine; `received` lists the messages taken, parsed, in order.

    `answers` maps a recipient's address to the reply that it gets, such as "550 No such person"; `data_answers` the
    same for the reply to the whole message. `gate`, when set, is waited for before a message is taken.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Conversation)
        self.received, self.answers, self.data_answers = [], {}, {}
        self.taking, self.gate = threading.Event(), None

    @property
    def url(self):
        """The address for `EMAIL_URL`."""
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *args):
        self.shutdown()
        self.server_close()


class SilentServer:
    """A mail server that takes connections and says nothing. `address` is (host, port)."""

    def __init__(self):
        # The system itself answers on the listening socket, so nobody need be there.
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.socket.setblocking(False)
        self.address = self.socket.getsockname()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.socket.close()

    def visits(self):
        """Return how many connected since this was last asked."""
        number = 0
        with suppress(BlockingIOError):
            while True:
                self.socket.accept()[0].close()
                number += 1
        return number


class Conversation(socketserver.StreamRequestHandler):
    """One connection of a sender."""

    def say(self, line):
        """Send one reply."""
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self):
        """Greet, and answer."""
        self.say("220 test ESMTP")
        self.talk()

    def talk(self):
        """Answer command by command until QUIT or the other side hangs up."""
        recipient = ""
        while line := self.rfile.readline().decode().strip():
            command = line.upper()
            if command.startswith("RCPT"):
                recipient = line.partition("<")[2].partition(">")[0]
                self.say(self.server.answers.get(recipient, ACCEPTED))
            elif command == "DATA":
                self.say("354 Go on")
                self.take(recipient)
            elif command == "QUIT":
                self.say("221 Bye")
                return
            else:
                self.say(ACCEPTED)

    def take(self, recipient):
        """Read a message to its closing dot and answer for it."""
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        self.server.taking.set()
        if self.server.gate is not None:
            self.server.gate.wait(timeout=20)
        reply = self.server.data_answers.get(recipient, ACCEPTED)
        if reply.startswith("250"):
            self.server.received.append(message_from_bytes(b"".join(lines), policy=policy.default))
        self.say(reply)
