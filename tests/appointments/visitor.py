"""A patient who fills in the request form: presses buttons, and reads what the page says."""

from copy import deepcopy
from html.parser import HTMLParser

from django.test import Client

from appointments.models import AppointmentRequest, TrackingLink
from audit.models import Event
from outbox.models import Message

MONDAY = "2026-11-23T09:00:00-08:00"
ADDRESS = {"en": "/appointments/request/", "es": "/es/appointments/request/"}

GOOD = {
    "wish": {"wish": "appointment", "for_whom": "me", "procedure": "kyphoplasty", "location": "north"},
    "signs": {"signs": ["none of these"]},
    "matter": {
        "matter": "My back hurts since I fell.",
        "records": ["letter"],
        "times": ["0-morning", "2-afternoon"],
        "sooner": "on",
    },
    "needs": {"interpreter": "es", "step_free": "on", "other_needs": "Large print."},
    "person": {
        "full_name": "Ana O’Brien",
        "email": "Ana@example.org",
        "phone": "(206) 555-0123 ext. 4",
        "reach_by": "either",
        "reach_when": ["afternoon"],
        "leave_message": "on",
        "date_of_birth_month": "3",
        "date_of_birth_day": "27",
        "date_of_birth_year": "1956",
        "wants_details": "on",
    },
}

# What is answered otherwise by somebody who asks for another person.
FOR_ANOTHER = {
    "wish": {"for_whom": "someone else"},
    "person": {
        "patient_name": "Zoë O’Brien",
        "patient_born_month": "May",
        "patient_born_day": "4",
        "patient_born_year": "2015",
        "relation": "guardian",
        "call": "helper",
        **{f"date_of_birth_{part}": None for part in ("month", "day", "year")},
    },
}
NO_VALUE = ("br", "img", "input", "link", "meta", "path")


class Reader(HTMLParser):
    """Takes from a page what a test asks for: its title, the words of main, the inputs and what they hold."""

    def __init__(self, html):
        super().__init__()
        self.title, self.text, self.values, self.checked, self.errors = "", "", {}, [], []
        self.open = []
        self.feed(html)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag not in NO_VALUE:
            self.open.append((tag, attributes))
        if tag == "textarea":
            self.values[attributes["name"]] = ""
        if tag == "input" and attributes.get("type") in ("radio", "checkbox"):
            if "checked" in attributes:
                self.checked.append((attributes["name"], attributes.get("value", "on")))
        elif tag == "input":
            self.values[attributes["name"]] = attributes.get("value", "")

    def handle_endtag(self, tag):
        if self.open and tag not in NO_VALUE:
            self.open.pop()
        if tag == "dt":
            self.text += " "

    def handle_data(self, data):
        tags = [tag for tag, _attributes in self.open]
        if "title" in tags:
            self.title += data
        elif "textarea" in tags:
            name = self.open[-1][1]["name"]
            self.values[name] += data.removeprefix("\n") if not self.values[name] else data
        elif "main" in tags:
            self.text += data
            if any(attributes.get("class") == "error-summary" for _tag, attributes in self.open) and "li" in tags:
                self.errors.append(data)


class Visitor:
    """One browser on the request form."""

    def __init__(self, *, language="en", client=None, query=""):
        self.language = language
        self.client = client or Client()
        self.take(self.client.get(ADDRESS[language] + query))

    def take(self, response):
        """Read a page that came, and return its response."""
        self.response, self.status = response, response.status_code
        if self.status != 303:
            self.page = Reader(response.content.decode())
        return response

    @property
    def step(self):
        """Which page is open."""
        return self.page.values["step"]

    @property
    def seal(self):
        """The sealed answers of the open page."""
        return self.page.values["seal"]

    def press(self, go="next", **typed):
        """Press a button after typing; `seal`, `step` may be replaced too."""
        data = {"seal": self.seal, "step": self.step, "go": go} | typed
        return self.take(self.client.post(ADDRESS[self.language], data))

    def fill(self, step, go="next", **changes):
        """Send one page, open or not, with good answers but for `changes` (None leaves an answer out)."""
        typed = {name: value for name, value in (GOOD[step] | changes).items() if value is not None}
        return self.press(go, **{"step": step} | typed)

    def reach(self, step, **changes):
        """Fill in page after page until `step` is open; `changes` are by step."""
        for each in GOOD:
            if self.step == step:
                break
            if self.step == each:
                self.fill(each, **deepcopy(changes.get(each, {})))
        assert self.step == step, self.page.errors
        return self

    def send(self):
        """Press "Send your request" and return the response."""
        return self.press("send")


def stored():
    """Return how many requests, links of forms, events and messages there are."""
    return (
        AppointmentRequest.objects.count(),
        TrackingLink.objects.filter(made_for="form").count(),
        Event.objects.filter(verb="request.received").count(),
        Message.objects.count(),
    )
