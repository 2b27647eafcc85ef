"""The manager's screens for the words of messages: seen before they are saved, and never saved unseen over others'."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from appointments import workflow
from appointments.models import MessageWording
from appointments.wording import WORDINGS, our_words
from audit.models import Event
from outbox.models import Message
from tests.appointments.factories import make_request
from tests.at_once import at_once
from tests.clinic.factories import make_profile

pytestmark = pytest.mark.django_db
LIST = "/admin/appointments/messagewording/"
GOOD = {
    "subject": "Hello {reference}",
    "text": "Thank you.\n\nThis is a request, not yet an appointment.\n\n- Bring {treatment}\n- Bring a friend",
}


@pytest.fixture
def desk(client, manager):
    """A manager's browser, signed in."""
    make_profile(name="Alder Spine Clinic", discreet_name="Alder Health")
    client.force_login(manager)
    return client


def address(purpose="received", language="en"):
    return reverse("admin:appointments_messagewording_words", args=[purpose, language])


def snapshot_of(page):
    return re.search(r'name="snapshot" value="([^"]+)"', page.content.decode())[1]


def post(client, press="save", *, seen=None, to=None, **typed):
    """Open the words, press a button, and return the answer. `seen` is a page that was opened earlier."""
    to = to or address()
    return client.post(to, GOOD | {"snapshot": snapshot_of(seen or client.get(to)), press: "1"} | typed)


def test_the_list_names_every_message_in_every_language_and_whose_words_it_says(desk):
    post(desk, to=address("received", "es"), text="Gracias. Esto es una solicitud; todavía no es una cita.")
    page = desk.get(LIST).content.decode()
    for purpose in WORDINGS:
        for language in ("en", "es"):
            assert address(purpose, language) in page
    assert page.count("<strong>yours</strong>") == 1
    assert "Mara Moss" in page


def test_words_are_shown_before_they_are_saved_to_both_kinds_of_patient(desk):
    page = post(desk, "preview")
    assert page.status_code == 200
    discreet, detailed = page.context["previews"]
    assert discreet["subject"] == "Hello ABCD-EFGH"
    assert "Bring a friend" in discreet["text"]
    assert (discreet["sender"], detailed["sender"]) == ("Alder Health", "Alder Spine Clinic")
    assert "<li>Bring a friend</li>" in page.content.decode()
    assert "Not saved yet" in page.content.decode()
    assert "style=" not in page.content.decode()
    assert not MessageWording.objects.exists()
    assert not Event.objects.filter(verb__startswith="message_words").exists()


def test_saved_words_are_sent_from_then_on_and_one_press_brings_ours_back(desk):
    assert post(desk).status_code == 302
    assert Message.objects.about(make_request()).get().text.startswith("Thank you.\n\nThis is a request")
    row = MessageWording.objects.get()
    assert (row.revision, row.changed_by.username) == (1, "manager")
    desk.post(reverse("admin:appointments_messagewording_ours", args=["received", "en"]))
    assert Message.objects.about(make_request()).get().text.startswith("We have your request.")
    events = Event.objects.filter(verb__startswith="message_words").order_by("id")
    assert [event.verb for event in events] == ["message_words.changed", "message_words.given_up"]
    assert "Thank you" not in str([event.details for event in events])


def test_saving_our_words_keeps_no_row(desk):
    post(desk)
    subject, text = our_words("received", "en")
    post(desk, subject=subject, text=text.replace("\n", "\r\n"))
    assert not MessageWording.objects.exists()


@pytest.mark.parametrize("press", ["save", "preview"])
@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"text": "Thank you."}, "Keep this sentence in the text"),
        ({"subject": ""}, "Write the words that the patient will read."),
        ({"subject": "x" * 121}, "Shorten this to 120 characters."),
        ({"text": GOOD["text"] + " {nmae}"}, "This message has no {nmae}."),
        ({"text": GOOD["text"] + " }"}, "Write curly brackets only around a name"),
    ],
)
def test_unfit_words_come_back_with_what_to_mend_and_nothing_lost(desk, press, typed, reason):
    page = post(desk, press, **typed)
    assert page.status_code == 422
    html = page.content.decode()
    assert html.count(reason) == 2
    assert page.context["form"].data["text"] == (GOOD | typed)["text"]
    assert "Error:" in html
    assert not MessageWording.objects.exists()


@pytest.mark.parametrize("is_own", [False, True])
def test_words_that_somebody_else_saved_meanwhile_are_compared_first(desk, superuser, is_own):
    if is_own:
        post(desk)
    seen = desk.get(address())
    other = GOOD["text"].replace("Thank you", "Thanks a lot")
    workflow.change_words("received", "en", subject="Hi {reference}", text=other, by=superuser.as_actor())
    page = post(desk, seen=seen, text=GOOD["text"] + "\n\nBye.")
    assert page.status_code == 409
    assert "Thanks a lot" in page.content.decode()
    assert MessageWording.objects.get().subject == "Hi {reference}"
    assert post(desk, seen=page, text=GOOD["text"] + "\n\nBye.").status_code == 302
    assert MessageWording.objects.get().text.endswith("Bye.")


def test_a_name_that_is_markup_stays_text_in_the_preview(desk):
    page = post(desk, "preview", text=GOOD["text"] + "\n\n<script>alert(1)</script>").content.decode()
    assert "<script>alert" not in page


def test_every_screen_opens_and_unknown_ones_are_not_found(desk):
    for purpose in WORDINGS:
        for language in ("en", "es"):
            assert desk.get(address(purpose, language)).status_code == 200
    assert desk.get(address("received", "fr")).status_code == 404
    assert desk.get(address("nonsense", "en")).status_code == 404


def test_only_managers_change_words(client, reception):
    client.force_login(reception)
    assert client.get(address()).status_code == 403
    assert client.post(address(), GOOD).status_code == 403
    with pytest.raises(workflow.Refused):
        workflow.change_words("received", "en", **GOOD, by=reception.as_actor())
    with pytest.raises(workflow.Refused):
        workflow.back_to_ours("received", "en", by=reception.as_actor())


def test_words_typed_into_a_page_that_was_open_too_long_are_shown_to_be_copied(manager):
    make_profile()
    client = Client(enforce_csrf_checks=True)
    client.force_login(manager)
    for to in (address(), reverse("admin:appointments_formclosure_add")):
        response = client.post(to, GOOD)
        assert response.status_code == 403
        page = response.content.decode()
        assert "This page was open too long" in page
        assert "- Bring a friend" in page
        assert f'href="{to}"' in page
    assert not MessageWording.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_managers_who_write_the_first_words_at_once_both_hear_that_they_are_saved(manager):
    def write(end):
        return lambda: workflow.change_words(
            "received", "en", subject="Hello", text=f"{GOOD['text']}{end}", by=manager.as_actor()
        )

    assert None not in at_once(write("One"), write("Two"))
    assert (MessageWording.objects.get().revision, Event.objects.filter(verb="message_words.changed").count()) == (2, 2)
