"""The same form more than once: changed, for somebody else, at once from several browsers, or after an erasure."""

import pytest
from django.test import Client
from django.urls import reverse

from appointments import workflow
from appointments.models import AppointmentRequest, SentForm
from appointments.references import new_token
from audit.actors import Actor
from audit.models import Event
from clinic.models import Tally
from outbox.models import Message
from tests.appointments.factories import inputs_of, make_answers, moved
from tests.appointments.offer import make_offer, offer  # noqa: F401 -- a fixture
from tests.appointments.visitor import ADDRESS, GOOD, Visitor
from tests.at_once import at_once


def sheet_of(request):
    return reverse("admin:appointments_appointmentrequest_change", args=[request.pk])


def change(visitor, step, **changes):
    """Change one page from the page with all answers, and send again; return where it leads."""
    visitor.press(f"change-{step}")
    visitor.fill(step, **changes)
    return visitor.send()["Location"]


# What the page says


@pytest.mark.usefixtures("offer")
def test_the_page_says_whether_it_is_new_changed_or_a_second_request_and_so_does_a_bookmark():
    visitor = Visitor().reach("check")
    new = visitor.send()["Location"]
    changed = change(visitor, "matter", matter="It hurts less.")
    second = change(visitor, "person", full_name="Ben Sol")
    assert "?" not in new
    assert changed == f"{new}?sent=amended"
    assert second.endswith("?sent=another")
    said = {"new": new, "changed": changed, "second": second}
    pages = {name: visitor.client.get(address).content.decode() for name, address in said.items()}
    assert "We have changed your request" in pages["changed"]
    assert "This is a second request" in pages["second"]
    for address in (new, second.partition("?")[0]):
        page = visitor.client.get(address)
        assert page.status_code == 200
        for words in ("We have your request", "not yet an appointment", "Tell us your reference when you call"):
            assert words in page.content.decode()
        assert visitor.client.get(address).content == page.content


@pytest.mark.usefixtures("offer")
def test_an_old_form_does_not_take_back_what_was_chosen_on_the_private_page_since():
    visitor = Visitor().reach("check")
    private = visitor.send()["Location"]
    visitor.client.post(f"{private}when/", {"times": ["4-morning"], "reach_by": "email"})
    visitor.client.post(f"{private}details-off/")
    change(visitor, "matter", matter="It hurts less.", sooner=None)
    request = AppointmentRequest.objects.get()
    assert request.matter == "It hurts less."
    chosen = {name: request.preferences[name] for name in ("times", "reach_by", "sooner")}
    assert chosen == {"times": ["4-morning"], "reach_by": "email", "sooner": False}
    assert request.preferences["interpreter"] == "es"
    assert request.wants_details is False
    assert set(request.amendments.last().before) == {"matter"}
    change(visitor, "matter", matter="It hurts again.", sooner=None)
    assert AppointmentRequest.objects.get().preferences["times"] == ["4-morning"]
    # What the form itself says otherwise than before is meant.
    change(visitor, "matter", times=["1-morning"])
    assert AppointmentRequest.objects.get().preferences["times"] == ["1-morning"]


# Families


@pytest.mark.usefixtures("offer")
@pytest.mark.parametrize("who", ["full_name", "date_of_birth_year"])
def test_a_family_that_shares_an_address_never_meets_in_one_request(who):
    first, second = Visitor().reach("check"), Visitor()
    second.reach("check", person={who: "1999"}, matter={"matter": "My child cannot sleep."})
    addresses = [visitor.send()["Location"] for visitor in (first, second)]
    mother, child = AppointmentRequest.objects.order_by("id")
    assert mother.email_index == child.email_index
    assert mother.phone_index == child.phone_index
    assert mother.matter == GOOD["matter"]["matter"]
    pages = [first.client.get(address).content.decode() for address in addresses]
    assert mother.reference not in pages[1]
    assert child.reference not in pages[0]
    assert "second request" not in pages[1]
    assert {message.about_id for message in Message.objects.all()} == {str(mother.pk), str(child.pk)}


@pytest.mark.usefixtures("offer")
def test_back_and_another_name_does_not_touch_the_first_persons_request():
    visitor = Visitor().reach("check")
    visitor.send()
    change(visitor, "person", full_name="Ben Sol", date_of_birth_year="2015")
    first, second = AppointmentRequest.objects.order_by("id")
    assert (first.full_name, first.date_of_birth.year) == (GOOD["person"]["full_name"], 1956)
    assert (second.full_name, second.date_of_birth.year) == ("Ben Sol", 2015)
    assert not first.amendments.exists()


# Erased


@pytest.mark.usefixtures("offer")
def test_a_form_whose_request_was_erased_says_so_stores_nothing_and_shows_nothing():
    visitor = Visitor().reach("check")
    seal, address = visitor.seal, visitor.send()["Location"]
    AppointmentRequest.objects.get().delete()
    stored = Message.objects.count(), Event.objects.count(), Tally.objects.count()
    for language in ("en", "es"):
        data = {"seal": seal, "step": "check", "go": "send"}
        response = Client().post(ADDRESS[language], data)
        page = response.content.decode()
        assert response.status_code == 410
        assert response["Cache-Control"] == "private, no-cache"
        assert f'href="{ADDRESS[language]}"' in page
        for words in ("Ana", "back hurts", seal):
            assert words not in page
    assert "erased since" in Client().post(ADDRESS["en"], data).content.decode()
    visitor.press("change-matter", seal=seal, step="check")
    visitor.fill("matter", matter="Something else")
    assert visitor.send().status_code == 410
    assert not AppointmentRequest.objects.exists()
    assert (Message.objects.count(), Event.objects.count(), Tally.objects.count()) == stored
    assert visitor.client.get(address).status_code == 404


@pytest.mark.usefixtures("offer")
def test_without_a_token_of_this_browser_an_erased_form_is_asked_again_and_not_answered():
    visitor = Visitor().reach("check")
    seal = visitor.seal
    visitor.send()
    AppointmentRequest.objects.get().delete()
    response = Client(enforce_csrf_checks=True).post(ADDRESS["en"], {"seal": seal, "step": "check", "go": "send"})
    assert response.status_code == 403
    assert not AppointmentRequest.objects.exists()


# At once


@pytest.mark.django_db(transaction=True)
def test_a_form_sent_from_many_places_at_once_is_one_request_counted_once():
    make_offer()
    visitor = Visitor().reach("check")
    data = {"seal": visitor.seal, "step": "check", "go": "send"}
    answers = at_once(*[lambda: Client().post(ADDRESS["en"], data)["Location"]] * 4)
    assert len(set(answers)) == 1
    assert AppointmentRequest.objects.count() == SentForm.objects.count() == 1
    assert Message.objects.filter(purpose="received").count() == 1
    assert set(Tally.objects.values_list("count", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
def test_other_answers_sent_at_the_same_moment_are_a_change_and_nothing_is_lost():
    token = new_token()
    texts = ["My back hurts", "My leg hurts", "My neck hurts"]

    def press(matter):
        return workflow.submit(make_answers(matter=matter), token=token, by=Actor.patient(), language="en")

    came_of = at_once(*[lambda matter=matter: press(matter) for matter in texts])
    assert {sent.request.pk for sent in came_of} == {AppointmentRequest.objects.get().pk}
    request = AppointmentRequest.objects.get()
    said = {request.matter, *(amendment.before["matter"] for amendment in request.amendments.all())}
    assert said == set(texts)
    assert request.revision == 3
    assert Message.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_another_person_at_the_same_moment_is_another_request():
    token = new_token()

    def press(name):
        return workflow.submit(make_answers(full_name=name), token=token, by=Actor.patient(), language="en")

    came_of = at_once(*[lambda name=name: press(name) for name in ("Ana", "Ben", "Ana", "Ben")])
    assert {sent.request.full_name for sent in came_of} == {"Ana", "Ben"}
    assert sorted(AppointmentRequest.objects.all().values_list("id", flat=True)) == sorted(
        {sent.request.pk for sent in came_of}
    )
    assert [came_of[0].request, came_of[1].request] == [came_of[2].request, came_of[3].request]


# At the desk


@pytest.mark.usefixtures("offer")
def test_a_change_while_staff_hold_the_sheet_stops_their_move_and_is_shown(client, reception):
    token, by = new_token(), Actor.patient()
    first = make_answers(matter="My back hurts", procedure="kyphoplasty", date_of_birth="1956-03-27")
    request = workflow.submit(first, token=token, by=by, language="en").request
    request = moved(request, "claim", by=reception)
    client.force_login(reception)
    seen = client.get(sheet_of(request)).context
    changed = first | {"matter": "My leg hurts", "procedure": "", "date_of_birth": ""}
    workflow.submit(changed, token=token, by=by, language="en")
    move = reverse("admin:appointments_appointmentrequest_move", args=[request.pk, "answer"])
    typed = {"seen_revision": seen["seen_revision"], "snapshot": seen["snapshot"], "answer": "Rest your back."}
    response = client.post(move, typed)
    page = response.content.decode()
    assert response.status_code == 409
    for words in ("Changed by the patient at", "Until then", "My back hurts", "My leg hurts", "Balloon repair"):
        assert words in page
    for words in ("Mar 27, 1956", "What the patient sent at first", "Rest your back."):
        assert words in page
    assert AppointmentRequest.objects.get().answer == ""


def test_an_amended_sheet_shows_each_change_newest_first_and_markup_as_text(client, reception):
    token, by = new_token(), Actor.patient()
    for matter in ("First", "<b>Second</b>", "Third"):
        request = workflow.submit(make_answers(matter=matter), token=token, by=by, language="en").request
    client.force_login(reception)
    response = client.get(sheet_of(request))
    page = response.content.decode()
    assert "<b>Second</b>" not in page
    rows = [change["rows"][0] for change in response.context["changes"]["newest_first"]]
    assert [(row["before"], row["after"]) for row in rows] == [("<b>Second</b>", "Third"), ("First", "<b>Second</b>")]
    assert {"label": "In the patient’s own words", "value": "First"} in response.context["changes"]["first_sent"]


def test_a_sheet_without_changes_shows_none(client, reception):
    token = new_token()
    request = workflow.submit(make_answers(), token=token, by=Actor.patient(), language="en").request
    moved(request, "prefer", by=reception, **inputs_of("prefer", request))
    client.force_login(reception)
    assert client.get(sheet_of(request)).context["changes"] is None
