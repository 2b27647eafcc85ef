"""What patients change on the private page: asked first, made by a press, kept from scanners, refused kindly."""

import re
from html.parser import HTMLParser

import pytest
import time_machine
from django.test import Client

from appointments import workflow
from appointments.changes import CHANGES
from appointments.models import AppointmentRequest, Status, TrackingLink
from appointments.references import hash_of
from audit.actors import Actor
from audit.models import Event
from clinic.models import Tally
from clinic.personal_data import our_models
from outbox.models import Message
from tests.appointments.factories import claimed_request, inputs_of, link_to, make_request, make_time, moved
from tests.appointments.offer import offer  # noqa: F401 -- a fixture
from tests.appointments.visitor import Reader
from tests.matrices import first

pytestmark = pytest.mark.usefixtures("offer")

WITHOUT_TIME = ["add", "when", "reminders-off", "reminders-on", "details-on", "details-off", "withdraw"]
TYPED = {
    "add": {"words": "I also walk with a stick."},
    "when": {"times": ["0-morning", "2-afternoon"], "reach_by": "email"},
}
HOSTILE = ["", "\x00", "<script>alert(1)</script>", "' OR 1=1 --", "א" * 5000, "\u202e", "🩻" * 10, "%00", "{{ 7 }}"]


def address(request, name, *, token=None):
    """Return the address of a change of a request, under a link of its own where none is given."""
    return f"/appointments/track/{token or link_to(request)}/{name}/"


def now(request):
    """Return a request as it stands in the database."""
    return AppointmentRequest.objects.get(pk=request.pk)


def what_is_stored():
    """Every row of everything but counts for limits."""
    return {model: list(model._base_manager.order_by("pk").values()) for model in our_models() if model is not Tally}


@pytest.mark.parametrize("name", WITHOUT_TIME)
def test_each_change_is_asked_first_and_made_by_a_press(client, name):
    request = make_request()
    there = address(request, name)
    asked = client.get(there)
    assert asked.status_code == 200
    assert str(CHANGES[name].question) in Reader(asked.content.decode()).text
    assert now(request).revision == request.revision
    response = client.post(there, TYPED.get(name, {}))
    token = there.split("/")[3]
    assert (response.status_code, response["Location"]) == (303, f"/appointments/track/{token}/?done={name}")
    assert now(request).revision == request.revision + 1
    assert str(CHANGES[name].done) in Reader(client.get(response["Location"]).content.decode()).text
    event = Event.objects.about(request).first()
    link = TrackingLink.objects.get(token_hash=hash_of(token))
    assert (event.verb, event.actor_id) == (workflow.MOVES[CHANGES[name].move].event, link.pk)


def test_what_is_changed_reaches_the_request(client):
    request = make_request()
    for name in ("add", "when", "reminders-off", "details-on"):
        client.post(address(request, name), TYPED.get(name, {}))
    changed = now(request)
    assert changed.amendments.first().words == "I also walk with a stick."
    assert changed.preferences["times"] == ["0-morning", "2-afternoon"]
    assert changed.preferences["reach_by"] == "email"
    assert (changed.wants_reminders, changed.wants_details) == (False, True)


def test_the_same_press_twice_is_one_change(client):
    request = make_request()
    token = link_to(request)
    for name in WITHOUT_TIME:
        there = address(request, name, token=token)
        answers = [client.post(there, TYPED.get(name, {})) for _press in range(2)]
        assert {answer.status_code for answer in answers} == {303}, name
    assert now(request).revision == request.revision + len(WITHOUT_TIME)
    assert Message.objects.filter(purpose="withdrawn").count() == 1


def test_a_time_is_accepted_in_two_presses(client, reception):
    with time_machine.travel("2026-11-23T09:00:00-08:00", tick=False):
        request = make_request(status=Status.WAITING, by=reception)
        chosen = request.offers.first()
        there = address(request, f"accept/{chosen.pk}")
        text = Reader(client.get(there).content.decode()).text
        assert "Do you want this time?" in text
        assert "10 a.m. on Monday, November 30" in text
        for _press in range(2):
            response = client.post(there)
            assert response.status_code == 303
        text = Reader(client.get(response["Location"]).content.decode()).text
    assert "You have an appointment: 10 a.m. on Monday, November 30." in text
    assert now(request).status == Status.AGREED
    assert request.offers.agreed().get() == chosen


def test_a_time_that_somebody_else_took_is_refused_kindly_with_what_is_left(client, reception):
    first, second = (make_request(status=Status.WAITING, by=reception) for _each in range(2))
    taken = second.offers.first()
    there = address(second, f"accept/{taken.pk}")
    assert client.get(there).status_code == 200
    moved(first, "accept", by=None, offer=first.offers.first().pk)
    response = client.post(there)
    text = Reader(response.content.decode()).text
    assert response.status_code == 409
    assert "somebody else took this time just before you" in text
    assert text.count("Choose this time") == 1
    assert now(second).status == Status.WAITING
    assert client.get(there).status_code == 409


@pytest.mark.parametrize("number", ["0", "999999999", "9" * 40])
def test_a_time_that_was_never_offered_is_refused_kindly(client, reception, number):
    request = make_request(status=Status.WAITING, by=reception)
    theirs = make_request(status=Status.WAITING, by=reception).offers.first()
    for pk in (number, theirs.pk):
        there = address(request, f"accept/{pk}")
        for response in (client.get(there), client.post(there)):
            assert response.status_code == 409
            assert "This time is no longer offered." in response.content.decode()
    assert now(request).status == Status.WAITING


def test_other_times_are_asked_for(client, reception):
    request = make_request(status=Status.WAITING, by=reception)
    response = client.post(address(request, "other-times"), {"times": ["1-morning"], "reach_by": "either"})
    assert response.status_code == 303
    assert now(request).status == Status.IN_PROGRESS
    assert not request.offers.open().exists()


def test_the_clinics_question_is_read_by_a_press_and_answered(client, reception):
    request = moved(claimed_request(reception), "ask", by=reception, question="Have you had a <i>scan</i>?")
    token = link_to(request)
    response = client.get(address(request, "reply", token=token))
    assert (response.status_code, response["Location"]) == (303, f"/appointments/track/{token}/words/")
    assert "scan" not in client.get(response["Location"]).content.decode()
    shown = client.post(f"/appointments/track/{token}/words/").content.decode()
    assert "Have you had a &lt;i&gt;scan&lt;/i&gt;?" in shown
    empty = client.post(address(request, "reply", token=token), {"reply": "  "})
    assert empty.status_code == 422
    assert "Have you had a" in empty.content.decode()
    assert client.post(address(request, "reply", token=token), {"reply": "Yes, in May."}).status_code == 303
    assert now(request).status == Status.IN_PROGRESS
    assert request.clinic_questions.get().reply == "Yes, in May."
    assert b"Yes, in May." not in client.post(f"/appointments/track/{token}/words/").content


def test_a_question_that_a_time_was_agreed_after_is_shown_and_asks_for_nothing(client, reception):
    request = moved(claimed_request(reception), "ask", by=reception, question="A scan?")
    moved(now(request), "agree", by=reception, time=make_time())
    token = link_to(request)
    text = Reader(client.get(f"/appointments/track/{token}/").content.decode()).text
    assert "before we can go on" not in text
    assert "Read what we asked you" in text
    shown = client.post(f"/appointments/track/{token}/words/").content.decode()
    assert "A scan?" in shown
    assert "Send my answer" not in shown


def test_each_of_two_questions_is_answered_the_newest_first(client, reception):
    request = claimed_request(reception)
    for question in ("First?", "Second?"):
        moved(now(request), "ask", by=reception, question=question)
    for reply in ("To the second.", "To the first."):
        token = link_to(request)
        assert "Send my answer" in client.post(f"/appointments/track/{token}/words/").content.decode()
        assert client.post(address(request, "reply", token=token), {"reply": reply}).status_code == 303
    assert [each.reply for each in request.clinic_questions.all()] == ["To the first.", "To the second."]


def test_cancelling_an_appointment_is_asked_by_that_name(client, reception):
    request = make_request(status=Status.AGREED, by=reception)
    there = address(request, "cancel")
    text = Reader(client.get(there).content.decode()).text
    assert "Do you want to cancel your appointment?" in text
    assert "Withdraw" not in Reader(client.get(address(request, "")[:-1]).content.decode()).text
    assert client.post(there).status_code == 303
    assert now(request).status == Status.WITHDRAWN
    assert not request.offers.agreed().exists()


def test_who_meant_a_request_does_not_cancel_an_appointment_that_was_agreed_meanwhile(client, reception):
    request = claimed_request(reception)
    there = address(request, "withdraw")
    assert client.get(there).status_code == 200
    moved(request, "agree", by=reception, time=make_time())
    response = client.post(there)
    text = Reader(response.content.decode()).text
    assert response.status_code == 409
    assert "Nothing was done." in text
    assert "Do you want to cancel your appointment?" in text
    assert now(request).status == Status.AGREED
    again = re.search(r'<form method="post" action="([^"]+)"', response.content.decode())[1]
    assert client.post(again).status_code == 303
    assert now(request).status == Status.WITHDRAWN


@pytest.mark.parametrize("status", [Status.ANSWERED, Status.DECLINED, Status.CLOSED, Status.WITHDRAWN])
def test_what_cannot_be_done_any_more_is_refused_with_its_reason_and_nothing_typed_is_lost(client, reception, status):
    request = make_request(status=status, by=reception)
    before = now(request).revision
    for name in WITHOUT_TIME:
        shown = client.get(address(request, name))
        assert shown.status_code == 409, name
        response = client.post(address(request, name), TYPED.get(name, {}))
        if not (name == "withdraw" and status == Status.WITHDRAWN):
            assert response.status_code == 409, name
            assert "so this cannot be done now" in response.content.decode()
        if name == "add":
            assert Reader(response.content.decode()).values["words"] == "I also walk with a stick."
    assert now(request).revision == before


def test_a_form_without_a_good_token_is_asked_again_with_what_was_typed(reception):
    browser = Client(enforce_csrf_checks=True)
    request = moved(claimed_request(reception), "ask", by=reception, question="A scan?")
    for name, typed in (("add", {"words": "Tëxt"}), ("reply", {"reply": "Tëxt"}), ("withdraw", {})):
        response = browser.post(address(request, name), typed)
        assert response.status_code == 403
        reader = Reader(response.content.decode())
        assert "nothing you typed is lost" in reader.text
        assert {field: reader.values[field] for field in typed} == typed
    assert browser.post(address(request, "words")).status_code == 403
    assert browser.post("/appointments/track/x/add/", {"words": "y"}).status_code == 404
    assert now(request).revision == request.revision


def test_the_language_changes_and_keeps_what_was_typed(client):
    request = make_request()
    response = client.post(f"/es{address(request, 'add')}", {"words": "Uso bastón.", "go": "language"})
    assert response.status_code == 200
    assert Reader(response.content.decode()).values["words"] == "Uso bastón."
    assert 'lang="es"' in response.content.decode()
    assert not request.amendments.exists()


@pytest.mark.parametrize("words", first(HOSTILE, kept=3))
def test_hostile_words_never_break_the_page_and_never_leave_the_form(client, words):
    request = make_request()
    for name, field in (("add", "words"), ("when", "times"), ("withdraw", "go"), ("nowhere", "x")):
        response = client.post(address(request, name), {field: words})
        assert response.status_code in (303, 404, 422), (name, words)
        assert "<script>alert" not in response.content.decode()


def test_the_pages_with_a_form_are_kept_by_nobody_and_tell_nobody_their_address(client):
    request = make_request()
    for response in (client.get(address(request, "add")), client.post(address(request, "add"), {"words": ""})):
        assert response["Cache-Control"] == "private, no-store"
        assert response["Referrer-Policy"] == "strict-origin"
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert set(response.cookies) == {"form"} or set(response.cookies) == {"__Host-form"}


class Links(HTMLParser):
    """Takes the addresses of all links of a page."""

    def __init__(self, html):
        super().__init__()
        self.found = set()
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        if tag == "a":
            self.found.add(dict(attributes)["href"])


def walk(client, start):
    """Return every address behind the link `start` that links lead to, as a scanner follows them."""
    seen, todo, root = set(), {start}, start.removeprefix("/es")
    while todo:
        there = todo.pop()
        seen.add(there)
        html = client.get(there).content.decode()
        todo |= {link for link in Links(html).found if link.removeprefix("/es").startswith(root)} - seen
    return seen


def test_a_scanner_that_follows_every_link_of_every_message_changes_nothing(client, reception):
    requests = [make_request(status=status, by=reception, inputs=_apart(status)) for status in Status]
    asked = moved(claimed_request(reception), "ask", by=reception, question="A scan?")
    moved(make_request(status=Status.WAITING, by=reception), "accept", by=None, **_first_offer())
    moved(make_request(status=Status.AGREED, by=reception, inputs=_apart("x")), "cancel_time", by=reception)
    workflow.send_link(reference=asked.reference, contact=asked.email, by=Actor.visitor())
    # One link of each request, and one of each kind of message: its other links lead to the same page.
    starts = {
        each: re.search(r"(/(?:es/)?appointments/track/[\w-]+/)", message.text)[1]
        for message in Message.objects.all()
        for each in (message.purpose, message.about_id)
    }
    assert set(starts) >= {
        "received", "question", "offer", "agreed", "time_cancelled", "answered", "declined", "withdrawn", "link",
    }  # fmt: skip
    before, addresses = what_is_stored(), set()
    for start in set(starts.values()):
        addresses |= walk(client, start)
    names = {there.split("/track/")[1].split("/", 1)[1] for there in addresses if "/track/" in there}
    assert {"calendar.ics", "words/", "add/", "withdraw/", "cancel/", "other-times/", "when/"} <= names
    for there in addresses:
        for look in (client.head, client.options):
            assert look(there).status_code < 500
        assert client.get(there, headers={"Purpose": "prefetch", "Sec-Purpose": "prefetch"}).status_code < 500
    assert what_is_stored() == before
    assert all(now(request).status == request.status for request in requests)


def _apart(status):
    return {"agree": {"time": make_time(clinician=f"for {status}".replace(" ", "-"))}}


def _first_offer():
    request = AppointmentRequest.objects.filter(status=Status.WAITING).latest("pk")
    return inputs_of("accept", request)
