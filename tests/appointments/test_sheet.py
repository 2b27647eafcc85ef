"""The sheet: all about one request, as staff may see it, and its reads recorded."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from appointments import workflow
from appointments.admin import sheet
from appointments.models import AppointmentRequest, Kind
from appointments.wording import WORDINGS
from audit.actors import Actor
from audit.models import Event
from outbox import sender
from outbox.models import Message
from tests.appointments.at_the_desk import address, messages_of, press, state_of
from tests.appointments.factories import (
    SIGNS,
    answered_request,
    claimed_request,
    let_undo_time_pass,
    make_answers,
    make_request,
    moved,
)
from tests.procedures.published import make_clinic, make_procedure, publish_page

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client, reception):
    """Reception's browser, signed in."""
    client.force_login(reception)
    return client


# What it shows


def test_the_sheet_shows_what_the_patient_wrote_and_how_to_reach_them(desk):
    request = make_request(date_of_birth="1950-02-01", is_urgent=True, preferences={"times": ["0-morning"]})
    page = desk.get(address(request)).content.decode()
    for words in ("My back hurts since I fell.", "Ana O’Brien", "Feb 1, 1950", "Monday morning", "Urgent"):
        assert words in page
    assert 'href="tel:2065550123"' in page
    assert 'href="mailto:ana@example.org"' in page
    for sign in SIGNS:
        assert sign["text"] in page


def test_the_sheet_says_first_what_is_next_and_who_has_it(desk, nurse):
    page = desk.get(address(claimed_request(nurse))).content.decode()
    top = page[: page.index('id="who"')]
    assert "Next: Offer times, answer or decline it" in top
    assert f"Who has it: <bdi>{nurse}</bdi>" in top


def test_what_a_notice_says_already_is_not_said_twice(desk):
    request = make_request()
    AppointmentRequest.objects.filter(pk=request.pk).update(snoozed_until=timezone.now() + timedelta(days=1))
    page = desk.get(address(request)).content.decode()
    assert "It is not in the queue until then." in page
    assert 'class="next-step"' not in page


def test_the_sheet_shows_what_to_prepare_and_how_to_reach_the_patient(desk):
    chosen = {"sooner": True, "reach_by": "phone", "reach_when": ["afternoon"], "leave_message": True}
    chosen |= {"interpreter": "ase", "step_free": True, "other_needs": "<b>Slowly</b>", "records": ["letter", "scan"]}
    request = make_request(preferences={"times": ["0-morning"], **chosen}, wants_details=True)
    rows = {row["label"]: row["value"] for row in sheet.preferences(request)}
    assert rows == {
        "Can come": "Monday morning",
        "Wants an earlier time that comes free": "Yes",
        "Reach them": "By telephone",
        "May be telephoned": "Afternoon",
        "May we leave a message?": "Yes",
        "Needs an interpreter": "American Sign Language",
        "Needs a way in without steps": "Yes",
        "What else helps": "<b>Slowly</b>",
        "Has": "A letter from a doctor, A scan or an X-ray",
        "Messages may name the treatment": "Yes",
    }
    assert "&lt;b&gt;Slowly&lt;/b&gt;" in desk.get(address(request)).content.decode()


@pytest.mark.parametrize("call", ["helper", "patient"])
def test_the_sheet_says_who_asks_for_the_patient_and_whose_the_telephone_is(desk, call):
    helper = {"full_name": "Bea <i>Smith</i>", "relation": "partner", "call": call}
    page = desk.get(address(make_request(helper=helper))).content.decode()
    for words in ("Somebody else asks for the patient", "Bea &lt;i&gt;Smith", "The husband, wife or partner"):
        assert words in page
    assert ("of Bea &lt;i&gt;Smith" in page) == (call == "helper")
    assert ("Who asked, not the patient" in page) == (call == "helper")


def test_what_an_older_or_a_newer_form_kept_does_not_break_the_sheet(desk):
    chosen = {"reach_by": "pigeon", "interpreter": "tlh", "records": ["blood"], "times": ["9-night"]}
    helper = {"full_name": "Bea", "relation": "boss"}
    response = desk.get(address(make_request(preferences=chosen, helper=helper)))
    assert response.status_code == 200
    assert "Somebody else asks for the patient" not in desk.get(address(make_request())).content.decode()


def test_the_sheet_names_the_version_that_the_patient_had_read_and_links_it_to_whoever_may_open_it(desk, manager):
    make_clinic()
    procedure = make_procedure()
    version = publish_page(procedure).live_version
    answers = make_answers(procedure=procedure.key)
    sent = workflow.submit(answers, token="t", by=Actor.patient(), language="en", page_version=version.pk)
    words, link = "Version 1 of “Balloon repair of a broken back bone”", f"/preview/procedure/{version.pk}/"
    page = desk.get(address(sent.request)).content.decode()
    assert words in page
    assert (link in page) == (desk.get(f"/procedures{link}").status_code == 200)
    desk.force_login(manager)
    assert f'href="/procedures{link}"' in desk.get(address(sent.request)).content.decode()
    assert desk.get(f"/procedures{link}").status_code == 200


def test_the_sheet_says_loudly_that_an_answer_is_late(desk):
    request = make_request()
    AppointmentRequest.objects.filter(pk=request.pk).update(due_at=timezone.now() - timedelta(hours=2))
    assert "Overdue by 2\xa0hours" in desk.get(address(request)).content.decode()


def test_the_sheet_shows_messages_and_history_in_words(desk, nurse):
    request = answered_request(nurse)
    let_undo_time_pass()
    sender.send_due()
    page = desk.get(messages_of(request)).content.decode()
    for words in ("We have your request", "We have answered your request", "sent", mail.outbox[0].subject):
        assert words in page
    page = desk.get(address(request)).content.decode()
    for words in ("Sent the request", "the patient", "Claimed it", "Nora Ng (Nurse (clinical triage))", "Answered it"):
        assert words in page


def test_every_event_and_message_of_the_workflow_has_words():
    events = {row.event for row in workflow.MOVES.values()} | {"request.received", sheet.READ}
    assert events <= sheet.WHAT_HAPPENED.keys()
    assert {row.message for row in workflow.MOVES.values()} - {""} <= WORDINGS.keys()


def test_the_title_tells_the_reference_and_nothing_of_the_person(desk):
    request = make_request()
    page = desk.get(address(request)).content.decode()
    title = page[page.index("<title>") : page.index("</title>")]
    assert request.reference in title
    assert "Ana" not in title


@pytest.mark.parametrize("typed", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7|add:7 }}"])
def test_nothing_that_the_patient_typed_is_markup(desk, typed):
    signs = [SIGNS[0] | {"text": typed}]
    request = make_request(full_name=typed, matter=typed, phone=f"{typed} 2065550123", signs=signs)
    AppointmentRequest.objects.filter(pk=request.pk).update(answer=typed)
    page = desk.get(address(request)).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert ">14<" not in page


def test_text_that_runs_the_other_way_is_kept_apart(desk):
    request = make_request(full_name="יוסף", matter="\u202eשלום")
    page = desk.get(address(request)).content.decode()
    assert 'dir="auto">יוסף<' in page
    assert 'dir="auto"><p>\u202eשלום</p>' in page


def test_the_sheet_asks_as_many_queries_for_a_long_history_as_for_a_short_one(
    desk, reception, django_assert_max_num_queries
):
    request, counts = claimed_request(reception), []
    desk.get(address(request))
    for _round in range(2):
        with django_assert_max_num_queries(12) as asked:
            desk.get(address(request))
        counts.append(len(asked))
        for _each in range(3):
            request = moved(moved(request, "release", by=reception), "claim", by=reception)
    assert counts[0] == counts[1]


# Who may, and the reads


def test_the_patients_private_link_is_not_shown_to_staff(desk):
    request = make_request()
    token = re.search(r"/appointments/track/([\w-]+)/", Message.objects.about(request).get().text).group(1)
    assert token not in desk.get(address(request)).content.decode()
    page = desk.get(messages_of(request)).content.decode()
    assert token not in page
    assert "/appointments/track/…/" in page


@pytest.mark.parametrize("way", ["posted", "refused", "unfit", "stale", "no token"])
def test_a_sheet_that_is_shown_in_any_other_way_is_recorded_too(reception, way):
    request = claimed_request(reception)
    client = Client(enforce_csrf_checks=way == "no token")
    client.force_login(reception)
    move = reverse("admin:appointments_appointmentrequest_move", args=[request.pk, "answer"])
    shown = {
        "posted": lambda: client.post(address(request)),
        "refused": lambda: client.post(move.replace("answer", "close"), {"seen_revision": request.revision}),
        "unfit": lambda: client.post(move, {"seen_revision": request.revision}),
        "stale": lambda: client.post(move, {"seen_revision": 0}),
        "no token": lambda: client.post(move, {"seen_revision": request.revision}),
    }[way]()
    assert "My back hurts since I fell." in shown.content.decode()
    assert Event.objects.about(request).filter(verb=sheet.READ, actor_id=reception.pk).count() == 1


@pytest.mark.parametrize("changed", [{"matter": "spoilt"}, {"full_name": "spoilt"}])
def test_a_request_that_cannot_be_read_breaks_neither_the_queue_nor_its_sheet(desk, changed):
    spoilt, well = make_request(), make_request(full_name="Bea Well")
    name, value = next(iter(changed.items()))
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE appointments_appointmentrequest SET {name} = %s WHERE id = %s", [value, spoilt.pk])  # noqa: S608
    page = desk.get("/admin/appointments/appointmentrequest/").content.decode()
    assert spoilt.reference in page
    assert "Bea Well" in page
    shown = desk.get(address(spoilt), follow=True)
    assert shown.redirect_chain == [("/admin/appointments/appointmentrequest/", 302)]
    assert "cannot be read with this site’s keys" in shown.content.decode()
    for name, also in (("move", ["claim"]), ("undo", [])):
        button = reverse(f"admin:appointments_appointmentrequest_{name}", args=[spoilt.pk, *also])
        assert desk.post(button, follow=True).redirect_chain == shown.redirect_chain
    assert desk.get(address(well)).status_code == 200


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("outbox_message", "text"),
        ("appointments_amendment", "words"),
        ("appointments_amendment", "before"),
        ("appointments_clinicquestion", "text"),
    ],
)
def test_one_row_about_a_request_that_cannot_be_read_takes_nothing_else_from_its_sheet(desk, reception, table, name):
    request = claimed_request(reception)
    request = moved(request, "ask", by=reception, question="Which leg?")
    request = moved(request, "add", by=None, words="The left one.")
    request = moved(request, "prefer", by=None, preferences={"times": ["0-morning"]})
    workflow.email_came_back(request, by=reception.as_actor())
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {name} = 'spoilt' WHERE id = (SELECT max(id) FROM {table})")  # noqa: S608
    pages = [desk.get(address(request)), desk.get(messages_of(request))]
    assert [page.status_code for page in pages] == [200, 200]
    text = "".join(page.content.decode() for page in pages)
    assert "This cannot be read with this site’s keys." in text
    for words in ("My back hurts since I fell.", "Which leg?" if "question" not in table else "The left one."):
        assert words in text
    assert desk.get("/admin/appointments/appointmentrequest/", {"view": "calls"}).status_code == 200


def test_opening_the_sheet_is_recorded_once(desk, reception):
    request = make_request()
    desk.get(address(request))
    desk.head(address(request))
    reads = Event.objects.about(request).filter(verb=sheet.READ)
    assert [(event.actor_id, event.actor_role) for event in reads] == [(reception.pk, "reception")]
    assert "Openings of this sheet" in desk.get(address(request)).content.decode()


@pytest.mark.parametrize("role", ["reception", "nurse", "manager"])
def test_those_who_triage_open_sheets_and_move(client, request, role):
    client.force_login(request.getfixturevalue(role))
    asked = make_request()
    assert client.get(address(asked)).status_code == 200
    assert press(client, asked, "claim").status_code == 302


@pytest.mark.parametrize("role", ["editor", "reviewer", "auditor"])
def test_others_neither_open_a_sheet_nor_move(client, request, role):
    client.force_login(request.getfixturevalue(role))
    asked = make_request()
    before = state_of(asked)
    assert client.get(address(asked)).status_code == 403
    move = reverse("admin:appointments_appointmentrequest_move", args=[asked.pk, "claim"])
    assert client.post(move, {"seen_revision": 1}).status_code == 403
    assert state_of(asked) == before
    assert not Event.objects.filter(verb=sheet.READ).exists()


@pytest.mark.parametrize("key", ["0", "abc", "9" * 40, "1%00", "../1", "_5F"])
def test_a_sheet_that_is_none_is_not_found(desk, key):
    base = "/admin/appointments/appointmentrequest"
    assert desk.get(f"{base}/{key}/change/").status_code == 404
    assert desk.post(f"{base}/{key}/move/claim/").status_code == 404


def test_an_unknown_move_is_not_found(desk):
    request = make_request()
    assert desk.post(f"/admin/appointments/appointmentrequest/{request.pk}/move/explode/").status_code == 404


def test_a_heartbeat_request_has_no_sheet_here(desk):
    request = make_request()
    AppointmentRequest.objects.filter(pk=request.pk).update(kind=Kind.HEARTBEAT)
    assert desk.get(address(request)).status_code == 404


# The states it went through, before all that happened


def test_the_sheet_says_first_which_states_it_went_through_and_when(desk, reception):
    request = moved(
        moved(claimed_request(reception), "ask", by=reception, question="A scan?"), "reply", by=None, reply="No"
    )
    page = desk.get(address(request))
    assert [step["label"] for step in page.context["way"]] == [
        "New",
        "In progress",
        "Waiting for the patient",
        "In progress",
    ]
    html = page.content.decode()
    assert html.index('class="way"') < html.index("In the patient’s own words") < html.index("What happened")


def test_a_new_request_has_no_way_behind_it(desk):
    assert 'class="way"' not in desk.get(address(make_request())).content.decode()
