"""A browser that logs in by password, from a network of its own choice."""

from django.test import Client

from tests.staff import PASSWORD

LOG_IN = "/admin/login/"
WRONG = "not the password"


class AtLogIn(Client):
    """A browser at the log-in page."""

    def __init__(self, address="203.0.113.7"):
        super().__init__(REMOTE_ADDR=address)

    def try_log_in(self, username="reception", password=PASSWORD):
        """Type a name and a password; return the answer."""
        return self.post(LOG_IN, {"username": username, "password": password, "next": "/admin/"})

    def guess(self, times, username="reception"):
        """Type a wrong password so many times; return the codes of the answers."""
        return [self.try_log_in(username, WRONG).status_code for _time in range(times)]
