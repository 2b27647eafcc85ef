"""Getting back to a request whose link is lost, and ending a link that came into other hands."""

import re

import pytest
from django.db import connection
from django.db.models.expressions import RawSQL
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from appointments import workflow
from appointments.models import AppointmentRequest, LinkAsked, PhoneTask, Status
from appointments.references import new_reference
from appointments.views.lost_link import MOST_FROM_NETWORK_IN_AN_HOUR, MOST_OF_REFERENCE_IN_A_DAY
from audit.actors import Actor
from audit.models import Event
from outbox.models import Message
from tests.appointments.at_the_desk import messages_of
from tests.appointments.factories import link_to, make_request
from tests.appointments.offer import offer  # noqa: F401 -- a fixture
from tests.appointments.visitor import Reader

pytestmark = pytest.mark.usefixtures("offer")

ADDRESS = "/appointments/track/"


def ask(client, reference, contact, **extra):
    """Ask for a new link, and return the answer."""
    return client.post(ADDRESS, {"reference": reference, "contact": contact}, **extra)


def links_sent():
    """Return the messages with a new link, once the sender has looked at what was asked for."""
    workflow.send_links_asked_for()
    return Message.objects.filter(purpose="link")


@pytest.mark.parametrize("contact", ["ana@example.org", "ANA@Example.org ", "206 555 0123", "+1 (206) 555-0123"])
def test_the_reference_and_a_contact_in_any_spelling_bring_a_new_link(client, contact):
    request = make_request()
    response = ask(client, f" {request.reference.lower().replace('-', ' ')}", contact)
    assert (response.status_code, response["Location"]) == (303, f"{ADDRESS}?done=sent")
    message = links_sent().get()
    assert message.recipient == "ana@example.org"
    link = re.search(r"/appointments/track/[\w-]+/", message.text)[0]
    assert client.get(link).status_code == 200
    event = Event.objects.about(request).first()
    assert (event.verb, event.actor_kind) == ("request.link_asked_for", "visitor")


def test_the_answer_is_the_same_to_the_byte_whatever_is_known(client):
    known, held, other, erased = (make_request(email=f"{name}@example.org") for name in ("a", "b", "c", "d"))
    AppointmentRequest.objects.filter(pk=held.pk).update(held_because="decoy")
    AppointmentRequest.objects.filter(pk=erased.pk).delete()
    reference = erased.reference
    asked = [
        (known.reference, "a@example.org"),
        (known.reference, "stranger@example.org"),
        (held.reference, "b@example.org"),
        (other.reference, "a@example.org"),
        (reference, "d@example.org"),
        (known.reference, "+44 20 7946 0000"),
    ]
    answers = [ask(Client(), *each) for each in asked]
    assert len({(answer.status_code, answer.content, str(answer.headers)) for answer in answers}) == 1
    assert [message.recipient for message in links_sent()] == ["a@example.org"]
    pages = {re.sub(rb'value="[^"]*"', b"", Client().get(answer["Location"]).content) for answer in answers}
    assert len(pages) == 1


def test_the_answer_takes_the_same_work_whatever_is_known(client):
    known, held = make_request(), make_request()
    AppointmentRequest.objects.filter(pk=held.pk).update(held_because="decoy")
    ask(client, make_request().reference, "ana@example.org")
    work = []
    for reference, contact in (
        (known.reference, "ana@example.org"),
        (make_request().reference, "stranger@example.org"),
        (held.reference, "ana@example.org"),
        (new_reference(), "ana@example.org"),
    ):
        with CaptureQueriesContext(connection) as queries:
            ask(client, reference, contact)
        work.append([query["sql"].partition(" ")[0] for query in queries])
    assert work == work[:1] * 4


def test_what_was_asked_for_is_forgotten_once_it_is_done(client, caplog):
    request, lost = make_request(), make_request()
    ask(client, request.reference, request.email)
    ask(client, lost.reference, lost.email)
    ask(client, request.reference, "stranger@example.org")
    ask(client, request.reference, request.phone)
    # What no key reads any more, asked or asked about, holds up none of the others.
    not_ours = RawSQL("%s", ["k9:not-ours"])
    LinkAsked.objects.filter(pk=LinkAsked.objects.first().pk).update(contact=not_ours)
    AppointmentRequest.objects.filter(pk=lost.pk).update(full_name=not_ours)
    assert links_sent().count() == 1
    assert not LinkAsked.objects.exists()
    assert links_sent().count() == 1
    assert "cannot be read with these keys" in caplog.text


def test_an_empty_index_is_nobodys(client):
    request = make_request(phone="")
    workflow.send_link(reference=request.reference, contact="", by=Actor.visitor())
    workflow.send_link(reference=request.reference, contact="abc", by=Actor.visitor())
    assert not links_sent().exists()


def test_a_patient_without_email_is_called_once_however_often_they_ask(client):
    request = make_request(email="")
    PhoneTask.objects.all().delete()
    for _each in range(2):
        ask(client, request.reference, request.phone)
    workflow.send_links_asked_for()
    assert PhoneTask.objects.get().purpose == "link"


def test_asking_too_often_is_answered_the_same_and_does_nothing(client):
    request = make_request()
    answers = [ask(client, request.reference, request.email) for _each in range(MOST_OF_REFERENCE_IN_A_DAY + 2)]
    assert len({(answer.status_code, str(answer.headers)) for answer in answers}) == 1
    assert links_sent().count() == MOST_OF_REFERENCE_IN_A_DAY
    other = make_request()
    for _each in range(MOST_FROM_NETWORK_IN_AN_HOUR):
        ask(client, make_request().reference, "stranger@example.org")
    before = links_sent().count()
    assert ask(client, other.reference, other.email).status_code == 303
    assert links_sent().count() == before
    ask(client, other.reference, other.email, REMOTE_ADDR="192.0.2.7")
    assert links_sent().count() == before + 1


@pytest.mark.parametrize(
    ("reference", "contact", "sentence"),
    [
        ("", "ana@example.org", "Enter your reference."),
        ("ABCD-2345", "ana@example.org", "Check your reference."),
        ("\x00", "ana@example.org", "Your reference"),
        ("{good}", "", "Enter your email address or telephone number."),
        ("{good}", "Ana", "Enter the whole email address"),
        ("{good}", "é" * 300, "can hold 254 characters"),
    ],
)
def test_what_cannot_be_read_is_said_beside_it_and_kept(client, reference, contact, sentence):
    typed = reference.format(good=make_request().reference)
    response = ask(client, typed, contact)
    page = Reader(response.content.decode())
    assert response.status_code == 422
    assert sentence in page.text
    assert page.values["contact"] == contact


def test_a_form_without_a_good_token_is_asked_again_with_what_was_typed():
    response = ask(Client(enforce_csrf_checks=True), "ABCD", "ana@example.org")
    assert response.status_code == 403
    assert Reader(response.content.decode()).values["contact"] == "ana@example.org"


def test_the_way_to_a_new_link_is_where_it_is_missed(client):
    for page in ("/contact/", f"{ADDRESS}unknown/", f"{ADDRESS}{link_to(make_request())}/"):
        assert f'href="{ADDRESS}"' in client.get(page).content.decode()
    assert 'href="/es/appointments/track/"' in client.get("/es/contact/").content.decode()


# Ending a link


def revoke_address(request, link):
    return reverse("admin:appointments_appointmentrequest_revoke", args=[request.pk, link.pk])


def test_staff_end_one_link_and_the_others_stay_good(client, reception):
    request = make_request(status=Status.NEW)
    kept = link_to(request)
    client.force_login(reception)
    ended = request.tracking_links.earliest("pk")
    sheet = client.get(messages_of(request)).content.decode()
    assert revoke_address(request, ended) in sheet
    assert "The page after sending" in sheet
    client.get(revoke_address(request, ended))
    ended.refresh_from_db()
    assert ended.is_open
    assert "is revoked" in client.post(revoke_address(request, ended), follow=True).content.decode()
    ended.refresh_from_db()
    assert not ended.is_open
    assert "revoked already" in client.post(revoke_address(request, ended), follow=True).content.decode()
    assert client.get(f"{ADDRESS}{kept}/").status_code == 200
    event = Event.objects.about(request).filter(verb="request.link_revoked").get()
    assert event.details == {"link": ended.pk}


def test_a_link_of_another_request_is_not_ended_from_this_sheet(client, reception):
    request, other = make_request(), make_request()
    client.force_login(reception)
    assert client.post(revoke_address(request, other.tracking_links.first())).status_code == 404
    assert other.tracking_links.first().revoked_at is None


def test_only_who_triages_ends_links(editor):
    link = make_request().tracking_links.first()
    for actor in (editor.as_actor(), Actor.patient(link.pk), Actor.visitor()):
        with pytest.raises(workflow.Refused):
            workflow.revoke_link(link, by=actor)
    link.refresh_from_db()
    assert link.expires_at > timezone.now()
    assert link.revoked_at is None
