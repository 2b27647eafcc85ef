"""Moves on the sheet: made, refused or stale, each with its reason and with nothing lost that was typed."""

import pytest
from django.test import Client
from django.urls import reverse

from appointments import workflow
from appointments.admin import moving
from appointments.models import Status
from audit.models import Event
from outbox.models import Message
from tests.appointments.at_the_desk import address, messages_of, press, state_of
from tests.appointments.factories import (
    claimed_request,
    declined_request,
    make_request,
    moved,
)
from tests.matrices import crossed

pytestmark = pytest.mark.django_db
TYPED = "Dear Ana,\n\nTelephone us <b>today</b>."


@pytest.fixture
def desk(client, reception):
    """Reception's browser, signed in."""
    client.force_login(reception)
    return client


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
    assert [button.name for button in response.context["possible"]] == ["suspect", "set_urgency"]
    reasons = {button.name: str(button.reason) for button in response.context["impossible"]}
    assert reasons.keys() == moving.AT_THE_DESK.keys() - {
        *("not_spam", "spam", "suspect", "set_urgency", "read_news", "wake", "retract", "reopen")
    }
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


@pytest.mark.parametrize(
    ("snapshot", "revision"),
    crossed(["", "x", "a:b:c", "\x00", "of another request"], ["", "x", "-1", "9" * 5000, "١", "\x00"]),
)
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


def test_an_answer_keeps_its_lines_and_is_refused_where_a_character_hides_in_it(desk, reception):
    request = claimed_request(reception)
    response = press(desk, request, "answer", answer="Yes\x00\x1b,\r\nplease\u202e call")
    assert response.status_code == 422
    page = response.content.decode()
    assert "“Your answer” has a hidden character" in page
    assert "Yes\ufffd\ufffd,\nplease\ufffd call" in page
    assert press(desk, request, "answer", answer="Yes,\r\nple\u0301ase\tcall").status_code == 302
    request.refresh_from_db()
    assert request.answer == "Yes,\npl\u00e9ase\tcall"


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
    assert "The patient did not get this. Telephone them." in desk.get(messages_of(request)).content.decode()
    assert "1 call is to be made" in desk.get(address(request)).content.decode()
