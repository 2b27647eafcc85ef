"""Staff see what left and what did not; reading a message is recorded; one button tries again."""

import pytest
from cryptography.fernet import Fernet
from django.urls import reverse

from audit.models import Event
from audit.reading import REFUSED
from outbox.models import Message, State
from tests.outbox.factories import given_up, make_message

pytestmark = pytest.mark.django_db
LIST = "/admin/outbox/message/"


def sheet(message):
    return reverse("admin:outbox_message_change", args=[message.pk])


def again(message):
    return reverse("admin:outbox_message_try_again", args=[message.pk])


@pytest.fixture
def desk(client, reception):
    client.force_login(reception)
    return client


def test_the_list_says_how_each_message_stands_and_nothing_of_what_it_says(desk):
    given_up(make_message(recipient="ana@example.org", subject="About your back"))
    page = desk.get(LIST).content
    assert b"could not be sent" in page
    assert b"SMTPDataError 550" in page
    assert b"ana@example.org" not in page
    assert b"About your back" not in page


def test_the_sheet_shows_the_message_and_records_who_read_it(desk, reception):
    message = make_message(recipient="ana@example.org", subject="About your back")
    response = desk.get(sheet(message))
    assert b"ana@example.org" in response.content
    assert b"About your back" in response.content
    assert b"About your back" not in response.content.partition(b"</head>")[0]
    event = Event.objects.about(message).get()
    assert (event.verb, event.actor_id, event.details) == ("message.read", reception.pk, {})


def test_the_patients_private_link_is_not_shown_to_staff(desk):
    message = make_message(text="See <it>: https://clinic.example/appointments/track/s3cret-t0ken/\nBye")
    page = desk.get(sheet(message)).content.decode()
    assert "s3cret" not in page
    assert "See &lt;it&gt;: https://clinic.example/appointments/track/…/<br>Bye" in page


def test_a_given_up_message_is_tried_again_by_a_button(desk):
    message = given_up(make_message())
    assert again(message).encode() in desk.get(sheet(message)).content
    response = desk.post(again(message), follow=True)
    assert b"The message will be tried again within a few seconds." in response.content
    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.WAITING, 0)
    assert again(message).encode() not in response.content


def test_pressed_twice_the_second_press_says_why_not(desk):
    message = given_up(make_message())
    desk.post(again(message))
    response = desk.post(again(message), follow=True)
    assert b"This message is not among those that could not be sent." in response.content
    assert Event.objects.filter(verb="message.tried_again").count() == 1


def test_looking_at_the_address_of_the_button_changes_nothing(desk):
    message = given_up(make_message())
    assert desk.get(again(message)).status_code == 405
    assert Message.objects.undeliverable().exists()


def test_a_message_whose_key_is_gone_breaks_neither_list_nor_sheet(desk, settings):
    message = make_message()
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    assert desk.get(LIST).status_code == 200
    response = desk.get(sheet(message), follow=True)
    assert "This message cannot be read with this site’s keys.".encode() in response.content.replace(
        b"&#x27;", "’".encode()
    )
    assert not Event.objects.about(message).exclude(verb=REFUSED).exists()


@pytest.mark.parametrize("role", ["editor", "reviewer", "auditor"])
def test_who_answers_no_patients_sees_no_message(client, request, role):
    message = given_up(make_message())
    client.force_login(request.getfixturevalue(role))
    assert client.get(LIST).status_code == 403
    assert client.get(sheet(message)).status_code == 403
    assert client.post(again(message)).status_code == 403
    assert not Event.objects.about(message).exclude(verb=REFUSED).exists()
    assert Message.objects.undeliverable().exists()


@pytest.mark.parametrize("what", ["add/", "{pk}/delete/", "{pk}/change/"])
def test_nobody_writes_changes_or_removes_a_message(client, superuser, what):
    message = make_message()
    client.force_login(superuser)
    assert client.post(LIST + what.format(pk=message.pk), {"post": "yes"}).status_code == 403
    assert Message.objects.get().text == message.text


def test_a_message_that_is_not_there_is_answered_like_any_other(desk):
    assert desk.get(f"{LIST}999/change/").status_code == 302
    assert desk.post(f"{LIST}999/try-again/").status_code == 404


def test_the_list_takes_the_same_queries_however_long_it_is(desk, django_assert_max_num_queries):
    for _ in range(2):
        for _number in range(10):
            make_message()
        with django_assert_max_num_queries(9):
            assert desk.get(LIST).status_code == 200
