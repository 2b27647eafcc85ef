"""The sheet: all about one request, its reads recorded, and every move made, refused or stale with nothing lost."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from appointments import workflow
from appointments.admin import moving, sheet
from appointments.models import AppointmentRequest, Kind, Status
from appointments.wording import WORDINGS
from audit.actors import Actor
from audit.models import Event
from outbox import sender
from outbox.models import Message
from tests.appointments.at_the_desk import address, press, state_of
from tests.appointments.factories import (
    SIGNS,
    answered_request,
    claimed_request,
    declined_request,
    make_answers,
    make_request,
    moved,
)
from tests.procedures.published import make_clinic, make_procedure, publish_page

pytestmark = pytest.mark.django_db
TYPED = "Dear Ana,\n\nTelephone us <b>today</b>."


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
    sender.send_due()
    page = desk.get(address(request)).content.decode()
    for words in ("We have your request", "We have answered your request", "sent", mail.outbox[0].subject):
        assert words in page
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
        with django_assert_max_num_queries(24) as asked:
            desk.get(address(request))
        counts.append(len(asked))
        for _each in range(3):
            request = moved(moved(request, "release", by=reception), "claim", by=reception)
    assert counts[0] == counts[1]


# Who may, and the reads


def test_the_patients_private_link_is_not_shown_to_staff(desk):
    request = make_request()
    token = re.search(r"/appointments/track/([\w-]+)/", Message.objects.about(request).get().text).group(1)
    page = desk.get(address(request)).content.decode()
    assert token not in page
    assert "/appointments/track/…/" in page


@pytest.mark.parametrize("way", ["posted", "options", "refused", "unfit", "stale", "no token"])
def test_a_sheet_that_is_shown_in_any_other_way_is_recorded_too(reception, way):
    request = claimed_request(reception)
    client = Client(enforce_csrf_checks=way == "no token")
    client.force_login(reception)
    move = reverse("admin:appointments_appointmentrequest_move", args=[request.pk, "answer"])
    shown = {
        "posted": lambda: client.post(address(request)),
        "options": lambda: client.options(address(request)),
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
    assert desk.get(address(well)).status_code == 200


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


# Moves that are made


def test_a_claim_leads_back_to_the_sheet_and_says_so(desk, reception):
    request = make_request()
    response = press(desk, request, "claim")
    assert response["Location"] == address(request)
    request.refresh_from_db()
    assert (request.status, request.holder) == (Status.IN_PROGRESS, reception)
    assert f"{request.reference} is yours now." in desk.get(response["Location"]).content.decode()


def test_an_answer_is_sent_and_leads_back_to_the_queue_as_it_was_filtered(desk, reception):
    request = claimed_request(reception)
    response = press(desk, request, "answer", answer=TYPED, filters="?_changelist_filters=holder%3Dme")
    assert response["Location"] == "/admin/appointments/appointmentrequest/?holder=me"
    request.refresh_from_db()
    assert (request.status, request.answer) == (Status.ANSWERED, TYPED)
    assert Message.objects.filter(purpose="answered").count() == 1


def test_declining_needs_only_a_reason(desk, reception):
    request = claimed_request(reception)
    assert press(desk, request, "decline", decline_reason="referral_needed").status_code == 302
    request.refresh_from_db()
    assert (request.status, request.decline_reason) == (Status.DECLINED, "referral_needed")
    assert "A letter from a doctor is needed first" in desk.get(address(request)).content.decode()


def test_pressing_twice_is_one_move(desk, reception):
    request = make_request()
    seen = desk.get(address(request)).context
    assert [press(desk, request, "claim", seen=seen).status_code for _press in range(2)] == [302, 302]
    assert Event.objects.about(request).filter(verb="request.claimed").count() == 1


def test_the_sheet_offers_what_can_be_done_and_says_why_the_rest_cannot(desk, reception2):
    request = claimed_request(reception2)
    response = desk.get(address(request))
    assert [button.name for button in response.context["possible"]] == []
    reasons = {button.name: str(button.reason) for button in response.context["impossible"]}
    assert reasons.keys() == moving.AT_THE_DESK.keys() - {"not_spam", "spam"}
    assert reasons["answer"] == "Ruben Rask holds this request."
    assert "Ruben Rask holds this request." in response.content.decode()


def test_a_patient_without_an_address_is_telephoned(desk, reception):
    request = claimed_request(reception, email="")
    assert "This patient gave no email address" in desk.get(address(request)).content.decode()


def test_an_address_of_a_move_that_is_only_opened_leads_to_the_sheet(desk):
    request = make_request()
    before = state_of(request)
    response = desk.get(reverse("admin:appointments_appointmentrequest_move", args=[request.pk, "claim"]))
    assert response["Location"] == address(request)
    assert state_of(request) == before


# Moves that are refused


def test_a_move_that_is_not_allowed_is_refused_with_its_reason_and_the_text_kept(desk, reception, reception2):
    request = make_request()
    before = state_of(request)
    response = press(desk, request, "answer", answer=TYPED)
    page = response.content.decode()
    assert response.status_code == 409
    assert "Claim the request first." in page or "this cannot be done now" in page
    assert "Telephone us &lt;b&gt;today&lt;/b&gt;." in page
    assert state_of(request) == before


def test_a_stale_move_shows_both_versions_and_keeps_the_text(desk, reception, manager):
    request = claimed_request(reception)
    seen = desk.get(address(request)).context
    request = moved(request, "release", by=manager)
    before = state_of(request)
    response = press(desk, request, "answer", answer=TYPED, seen=seen)
    assert response.status_code == 409
    rows = {row.label: (row.original, row.theirs, row.mine) for row in response.context["compared"]}
    assert rows["Who has it"] == ("Rosa Reyes", "nobody", "Rosa Reyes")
    assert rows["Status"] == ("in progress", "in progress", "answered")
    assert rows["Your answer"] == ("", "", TYPED)
    page = response.content.decode()
    assert "Mara Moss (Manager) changed this" in page
    assert page.count("Telephone us &lt;b&gt;today&lt;/b&gt;.") == 2
    assert state_of(request) == before


def test_after_a_stale_move_the_same_press_can_be_made_knowingly(desk, reception):
    request = claimed_request(reception)
    seen = desk.get(address(request)).context
    moved(moved(request, "release", by=reception), "claim", by=reception)
    stale = press(desk, request, "answer", answer=TYPED, seen=seen)
    assert stale.status_code == 409
    assert f">\n{TYPED.splitlines()[0]}" in stale.content.decode()
    assert press(desk, request, "answer", answer=TYPED, seen=stale.context).status_code == 302


def test_when_a_colleague_answered_meanwhile_their_answer_stands_beside_mine(desk, reception):
    request = claimed_request(reception)
    seen = desk.get(address(request)).context
    moved(request, "answer", by=reception, answer="From my other window.")
    response = press(desk, request, "answer", answer=TYPED, seen=seen)
    rows = {row.label: (row.theirs, row.mine) for row in response.context["compared"]}
    assert rows["Your answer"] == ("From my other window.", TYPED)


def test_a_stale_decline_compares_reasons_in_words(desk, reception):
    request = claimed_request(reception)
    seen = desk.get(address(request)).context
    moved(request, "decline", by=reception, decline_reason="duplicate")
    response = press(desk, request, "decline", decline_reason="not_reached", seen=seen)
    rows = {row.label: (row.theirs, row.mine) for row in response.context["compared"]}
    assert rows["Reason"] == ("we have this request from you already", "we could not reach you")


@pytest.mark.parametrize("snapshot", ["", "x", "a:b:c", "\x00", "of another request"])
@pytest.mark.parametrize("revision", ["", "x", "-1", "9" * 5000, "١", "\x00"])
def test_what_was_seen_counts_for_nothing_when_it_was_altered(desk, reception, snapshot, revision):
    if snapshot == "of another request":
        snapshot = desk.get(address(claimed_request(reception))).context["snapshot"]
    request = make_request()
    seen = {"snapshot": snapshot, "seen_revision": revision}
    response = press(desk, request, "claim", seen=seen)
    assert response.status_code == 409
    assert {row.original for row in response.context["compared"]} == {""}


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("answer", {"answer": "  \n "}, "Write the answer that the patient will read."),
        ("answer", {}, "Write the answer that the patient will read."),
        ("answer", {"answer": "a" * 4001}, "Shorten the text to 4,000 characters."),
        ("decline", {"decline_reason": ""}, "Choose a reason; the patient will read it."),
        ("decline", {"decline_reason": "because\x00"}, "Choose a reason; the patient will read it."),
    ],
)
def test_missing_words_are_asked_for_beside_the_field_with_what_was_typed(desk, reception, name, data, words):
    request = claimed_request(reception)
    before = state_of(request)
    response = press(desk, request, name, **data)
    page = response.content.decode()
    field = workflow.MOVES[name].input
    assert response.status_code == 422
    assert page.count(words) == 2
    assert f'id="id_{field}_error"' in page
    assert f'<a href="#id_{field}">' in page
    assert "<title>Error: " in page
    if len(data.get(field, "")) > 4000:
        assert data[field] in page
    assert state_of(request) == before


def test_characters_that_nobody_types_are_left_out_of_an_answer(desk, reception):
    request = claimed_request(reception)
    assert press(desk, request, "answer", answer="Yes\x00\x1b,\r\nplease\tcall").status_code == 302
    request.refresh_from_db()
    assert request.answer == "Yes,\nplease\tcall"


def test_a_form_without_a_token_changes_nothing_and_keeps_the_text(reception):
    client = Client(enforce_csrf_checks=True)
    client.force_login(reception)
    request = claimed_request(reception)
    before = state_of(request)
    response = press(client, request, "answer", answer=TYPED)
    assert response.status_code == 403
    assert "Telephone us &lt;b&gt;today&lt;/b&gt;." in response.content.decode()
    assert "csrfmiddlewaretoken" in response.content.decode()
    assert state_of(request) == before


def test_a_form_without_a_token_shows_a_sheet_to_nobody_who_may_not_see_it(editor):
    client = Client(enforce_csrf_checks=True)
    move = reverse("admin:appointments_appointmentrequest_move", args=[make_request().pk, "claim"])
    assert client.post(move).status_code == 302
    client.force_login(editor)
    assert client.post(move).status_code == 403


def test_a_declined_request_says_that_the_patient_did_not_get_the_message(desk, reception):
    request = declined_request(reception)
    Message.objects.filter(purpose="declined").update(state="undeliverable")
    assert "The patient did not get this. Telephone them." in desk.get(address(request)).content.decode()
