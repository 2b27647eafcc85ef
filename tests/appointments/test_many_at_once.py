"""Many at once: what is ticked in the queue is moved together, each by the rules of its move and for itself."""

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appointments import workflow
from appointments.admin.many import BEFORE_THE_PRESS, DONE, OF_MANY
from appointments.models import AppointmentRequest, HeldBecause, Kind, Note, Status
from audit.models import Event
from clinic.models import Location
from outbox.models import Message
from tests.appointments.at_the_desk import address
from tests.appointments.factories import (
    answered_request,
    claimed_request,
    closed_request,
    make_request,
    make_time,
    moved,
    stored,
)
from tests.at_once import at_once

QUEUE = reverse("admin:appointments_appointmentrequest_changelist")
pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client, reception):
    """Reception's browser, signed in."""
    client.force_login(reception)
    return client


def many(name):
    return reverse("admin:appointments_appointmentrequest_many", args=[name])


def tick(client, name, requests, *, query=""):
    """Tick these rows, choose what to do and go on; return the page that asks first."""
    ticked = [request.pk for request in requests]
    return client.post(f"{QUEUE}{query}", {"action": name, ACTION_CHECKBOX_NAME: ticked})


def hidden(page):
    """Return what the page that asks first posts, besides what is typed on it."""
    return [f"{line['pk']}-{line['revision']}" for line in page.context["possible"]]


def press(client, name, requests, *, query="", **typed):
    """Tick, go on, and press; return the answer."""
    page = tick(client, name, requests, query=query)
    return client.post(page.context["press_url"], {"seen": hidden(page)} | typed)


# What was told when it came is not told again once it is no spam.
TOLD_BEFORE = ("not_spam",)


def held():
    request = make_request()
    AppointmentRequest.objects.filter(pk=request.pk).update(held_because=HeldBecause.MANY_TODAY)
    request.refresh_from_db()
    return request


def now(request):
    return AppointmentRequest.of_every_kind.get(pk=request.pk)


def events_of(request, verb):
    return Event.objects.about(request).filter(verb=verb).count()


def text_of(response):
    return " ".join(response.content.decode().split())


# Asking first


def test_rows_are_ticked_and_what_can_be_done_is_chosen_in_the_queue(desk):
    request = make_request()
    page = text_of(desk.get(QUEUE))
    assert f'name="{ACTION_CHECKBOX_NAME}" value="{request.pk}"' in page
    for name in ("claim", "hand_over", "close", "suspect"):
        assert f'<option value="{name}">{workflow.MOVES[name].label}</option>' in page
    assert 'value="not_spam"' not in page
    assert "select_across" not in page


@pytest.mark.parametrize(("view", "names"), [("held", {"not_spam", "spam"}), ("spam", {"not_spam"})])
def test_what_is_held_as_spam_has_moves_of_its_own(desk, view, names):
    request = held()
    if view == "spam":
        AppointmentRequest.objects.filter(pk=request.pk).update(status=Status.CLOSED)
    choices = desk.get(QUEUE, {"view": view}).context["action_form"].fields["action"].choices
    assert {name for name, _label in choices} == names | {""}


def test_before_the_press_it_is_said_what_will_happen_what_cannot_be_done_and_why(desk, reception2):
    free, taken, urgent = make_request(), claimed_request(reception2), make_request(is_urgent=True)
    before = stored()
    page = tick(desk, "claim", [free, taken, urgent])
    assert [line["reference"] for line in page.context["possible"]] == [urgent.reference, free.reference]
    assert [(line["reference"], line["reason"]) for line in page.context["impossible"]] == [
        (taken.reference, "Ruben Rask holds this request.")
    ]
    text = text_of(page)
    for words in (BEFORE_THE_PRESS["claim"], "What cannot be done", "Claim (2 requests)", "Urgent", address(taken)):
        assert str(words) in text
    assert stored() == before


def test_where_nothing_can_be_done_there_is_nothing_to_press(desk, reception2):
    page = tick(desk, "claim", [claimed_request(reception2)])
    assert page.context["possible"] == []
    assert many("claim") not in text_of(page)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"action": "claim"}, "Choose at least one request first"),
        ({"action": "claim", ACTION_CHECKBOX_NAME: ["", "x", "-1", "9" * 40, "\x00", "١"]}, "Choose at least one"),
        ({"action": "", ACTION_CHECKBOX_NAME: ["1"]}, "Choose what to do"),
        ({"action": "decline", ACTION_CHECKBOX_NAME: ["1"]}, "Choose what to do"),
        ({"action": "delete_selected", ACTION_CHECKBOX_NAME: ["1"]}, "Choose what to do"),
        ({"action": "claim", ACTION_CHECKBOX_NAME: [str(pk) for pk in range(1, 102)]}, "Choose 100 requests at most."),
    ],
)
def test_what_makes_no_sense_leads_back_with_a_sentence_and_the_filters_kept(desk, data, said):
    make_request()
    before = stored()
    response = desk.post(f"{QUEUE}?holder=nobody", data)
    assert response["Location"] == f"{QUEUE}?holder=nobody"
    assert said in desk.get(response["Location"]).content.decode()
    assert stored() == before


def test_a_search_is_still_posted_from_the_same_page(desk):
    wanted, _other = make_request(email="one@example.org"), make_request(email="two@example.org")
    page = desk.post(QUEUE, {"q": "one@example.org"}, follow=True)
    assert [row.reference for row in page.context["cl"].result_list] == [wanted.reference]


def test_a_row_that_left_the_view_since_it_was_ticked_is_named_with_the_reason(desk, reception2):
    request = make_request()
    moved(request, "claim", by=reception2)
    page = tick(desk, "claim", [request], query="?holder=nobody")
    assert [line["reference"] for line in page.context["impossible"]] == [request.reference]


# The press


@pytest.mark.parametrize("name", OF_MANY)
def test_each_request_is_moved_with_one_event_and_its_own_message(desk, reception, nurse, name):
    makers = {
        "hand_over": lambda: claimed_request(reception),
        "close": lambda: answered_request(reception),
        "not_spam": held,
        "spam": held,
    }
    requests = [makers.get(name, make_request)() for _each in range(3)]
    row, messages = workflow.MOVES[name], Message.objects.count()
    typed = {"colleague": nurse.pk, "why": "I leave at noon."} if name == "hand_over" else {}
    response = press(desk, name, requests, **typed)
    assert response.status_code == 302
    assert str(DONE[name] % {"number": 3}) in text_of(desk.get(response["Location"]))
    for request in requests:
        assert now(request).revision == request.revision + 1
        assert now(request).status == (row.leads_to or request.status)
        assert events_of(request, row.event) == 1
    assert Message.objects.count() == messages + (3 if row.message and name not in TOLD_BEFORE else 0)


def test_whoever_claims_many_holds_them(desk, reception):
    requests = [make_request() for _each in range(2)]
    press(desk, "claim", requests)
    assert {now(request).holder for request in requests} == {reception}


def test_the_filters_are_kept_afterwards(desk):
    response = press(desk, "claim", [make_request()], query="?holder=nobody&soon=urgent")
    assert response["Location"] == f"{QUEUE}?holder=nobody&soon=urgent"


def test_what_a_colleague_did_meanwhile_is_told_row_by_row_and_the_rest_is_done(desk, reception, reception2):
    ours, theirs = make_request(), make_request()
    page = tick(desk, "claim", [ours, theirs], query="?holder=nobody")
    moved(theirs, "claim", by=reception2)
    told = desk.post(page.context["press_url"], {"seen": hidden(page)})
    assert told.status_code == 200
    assert (now(ours).holder, now(theirs).holder) == (reception, reception2)
    [line] = told.context["not_done"]
    assert (line["reference"], line["reason"]) == (theirs.reference, workflow.CHANGED_MEANWHILE)
    text = text_of(told)
    assert "1 request is yours now." in text
    assert f'href="{address(theirs)}?_changelist_filters=holder%3Dnobody"' in text
    assert f'href="{QUEUE}?holder=nobody"' in text
    assert ours.reference not in text


def test_pressed_again_nothing_is_done_twice(desk, nurse, reception):
    requests = [claimed_request(reception) for _each in range(2)]
    page = tick(desk, "hand_over", requests)
    data = {"seen": hidden(page), "colleague": nurse.pk, "why": "I leave at noon."}
    desk.post(page.context["press_url"], data)
    before, notes = stored(), Note.objects.count()
    desk.post(page.context["press_url"], data)
    assert (stored(), Note.objects.count()) == (before, notes)
    assert notes == 2


def test_an_old_page_does_not_undo_what_came_after_it(desk, reception):
    request = make_request()
    page = tick(desk, "claim", [request])
    released = moved(moved(request, "claim", by=reception), "release", by=reception)
    told = desk.post(page.context["press_url"], {"seen": hidden(page)})
    assert [line["reference"] for line in told.context["not_done"]] == [request.reference]
    assert now(request).revision == released.revision


def test_the_same_request_named_twice_is_moved_once(desk):
    request = make_request()
    desk.post(many("claim"), {"seen": [f"{request.pk}-1", f"{request.pk}-1"]})
    assert events_of(request, "request.claimed") == 1


@pytest.mark.parametrize("seen", ["{pk}", "{pk}-", "{pk}-x", "{pk}-99", "{pk}-1-1", "{pk}-١"])
def test_a_revision_that_nobody_saw_moves_nothing(desk, seen):
    request = make_request()
    response = desk.post(many("claim"), {"seen": [seen.format(pk=request.pk)]})
    assert response.status_code == 200
    assert now(request).status == Status.NEW


@pytest.mark.parametrize("seen", [[], ["x-1"], ["999999-1"], [f"{pk}-1" for pk in range(1, 300)]])
def test_a_press_that_names_no_request_of_ours_moves_nothing(desk, seen):
    before = stored()
    assert desk.post(many("claim"), {"seen": seen}, follow=True).status_code == 200
    assert stored() == before


def test_looking_at_the_address_of_the_press_changes_nothing(desk):
    request = make_request()
    assert desk.get(many("claim"), {"seen": f"{request.pk}-1"})["Location"] == QUEUE
    assert desk.get(many("decline")).status_code == 404
    assert now(request).status == Status.NEW


def test_one_that_cannot_be_read_stops_none_of_the_others(desk):
    unreadable, other = make_request(), make_request()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE appointments_appointmentrequest SET matter = 'x' WHERE id = %s", [unreadable.pk])
    told = press(desk, "claim", [unreadable, other])
    assert [line["reference"] for line in told.context["not_done"]] == [unreadable.reference]
    assert "cannot be read" in str(told.context["not_done"][0]["reason"])
    assert now(other).status == Status.IN_PROGRESS


def test_one_that_was_deleted_meanwhile_stops_none_of_the_others(desk, reception):
    gone, other = make_request(), make_request()
    AppointmentRequest.objects.filter(pk=gone.pk).update(kind=Kind.PRACTICE)
    page = tick(desk, "claim", [gone, other])
    AppointmentRequest.of_every_kind.filter(pk=gone.pk).delete()
    told = desk.post(page.context["press_url"], {"seen": hidden(page)})
    assert told.context["gone"] == "1 request that you ticked is not there for you any more."
    assert now(other).holder == reception
    result = workflow.move_many([(gone, 1)], "claim", by=reception.as_actor())
    assert [str(reason) for _request, reason in result.not_done] == [
        "This request was erased meanwhile. Nothing was done."
    ]


def test_a_time_still_to_come_keeps_a_request_open_among_many(desk, reception):
    coming = moved(claimed_request(reception), "agree", by=reception, time=make_time())
    done = answered_request(reception)
    page = tick(desk, "close", [coming, done], query="?view=all")
    assert [line["reference"] for line in page.context["impossible"]] == [coming.reference]
    desk.post(page.context["press_url"], {"seen": [*hidden(page), f"{coming.pk}-{coming.revision}"]})
    assert (now(done).status, now(coming).status) == (Status.CLOSED, Status.AGREED)


# Handing over


def test_a_colleague_must_be_chosen_and_what_was_typed_stays(desk, reception, nurse):
    request = claimed_request(reception)
    for colleague in ("", "x", "0", str(reception.pk)):
        page = press(desk, "hand_over", [request], colleague=colleague, why="I leave at noon.")
        assert page.status_code == 422
        assert "I leave at noon." in text_of(page)
        assert "Choose a colleague who answers requests." in text_of(page)
        assert hidden(page) == [f"{request.pk}-{request.revision}"]
    assert now(request).holder == reception


def test_a_page_shown_again_does_not_take_up_what_changed_meanwhile(desk, reception, nurse):
    request = claimed_request(reception)
    page = tick(desk, "hand_over", [request])
    moved(request, "release", by=reception)
    again = desk.post(page.context["press_url"], {"seen": hidden(page), "colleague": ""})
    told = desk.post(page.context["press_url"], {"seen": hidden(again), "colleague": nurse.pk})
    assert [line["reason"] for line in told.context["not_done"]] == [workflow.CHANGED_MEANWHILE]


def test_only_colleagues_who_answer_requests_and_have_not_left_can_be_chosen(desk, reception, nurse, editor, manager):
    manager.is_active = False
    manager.save()
    page = tick(desk, "hand_over", [claimed_request(reception)])
    names = [label for key, label in page.context["form"].fields["colleague"].choices if key]
    assert names == ["Nora Ng"]


def test_the_note_is_kept_with_each_request_and_stands_in_no_event(desk, reception, nurse):
    requests = [claimed_request(reception) for _each in range(2)]
    press(desk, "hand_over", requests, colleague=nurse.pk, why="Call\r\nfirst")
    assert [(note.request, note.text) for note in Note.objects.all()] == [
        (request, "Call\nfirst") for request in requests
    ]
    assert "first" not in str(list(Event.objects.values_list("details", flat=True)))


def test_a_long_note_is_sent_back(desk, reception, nurse):
    page = press(desk, "hand_over", [claimed_request(reception)], colleague=nurse.pk, why="x" * 4001)
    assert "Shorten the text to 4,000 characters." in text_of(page)
    assert page.status_code == 422


def test_what_a_colleague_may_not_see_is_not_handed_over_to_them(desk, reception, nurse):
    north, _south = (Location.objects.create(key=key, name=key, address="1 A St") for key in ("north", "south"))
    nurse.set_locations([north])
    ours, theirs = claimed_request(reception, location="south"), claimed_request(reception, location="north")
    told = press(desk, "hand_over", [ours, theirs], colleague=nurse.pk)
    assert [line["reference"] for line in told.context["not_done"]] == [ours.reference]
    assert (now(ours).holder, now(theirs).holder) == (reception, nurse)


# Who may, two people, size


@pytest.mark.parametrize("role", ["editor", "reviewer", "auditor"])
def test_nobody_else_moves_many(client, request, role):
    client.force_login(request.getfixturevalue(role))
    asked = make_request()
    assert tick(client, "claim", [asked]).status_code == 403
    assert client.post(many("claim"), {"seen": [f"{asked.pk}-1"]}).status_code == 403
    assert now(asked).status == Status.NEW


def test_a_request_for_another_location_is_neither_named_nor_moved(client, reception):
    north, _south = (Location.objects.create(key=key, name=key, address="1 A St") for key in ("north", "south"))
    reception.set_locations([north])
    client.force_login(reception)
    hidden_one, ours = make_request(location="south"), make_request(location="north")
    page = tick(client, "claim", [hidden_one, ours])
    assert hidden_one.reference not in text_of(page)
    assert page.context["gone"]
    told = client.post(many("claim"), {"seen": [f"{hidden_one.pk}-1", f"{ours.pk}-1"]})
    assert hidden_one.reference not in text_of(told)
    assert (now(hidden_one).status, now(ours).holder) == (Status.NEW, reception)


def test_practice_is_moved_too_and_writes_to_nobody(desk):
    request = make_request()
    AppointmentRequest.objects.filter(pk=request.pk).update(kind=Kind.PRACTICE, held_because=HeldBecause.STAFF)
    before = Message.objects.count()
    press(desk, "not_spam", [request], query="?view=held")
    assert now(request).held_because == ""
    assert Message.objects.count() == before


def test_more_than_100_are_refused_before_anything_is_done(reception):
    request = make_request()
    with pytest.raises(workflow.Refused, match="100 requests at most"):
        workflow.move_many([(request, 1)] * 101, "claim", by=reception.as_actor())
    assert now(request).status == Status.NEW


def test_asking_takes_as_many_queries_for_many_as_for_few(desk, reception2):
    counts = []
    for _round in range(2):
        requests = [make_request() for _each in range(3)] + [claimed_request(reception2) for _each in range(3)]
        with CaptureQueriesContext(connection) as asked:
            tick(desk, "claim", requests)
        counts.append(len(asked))
        tick(desk, "claim", [closed_request(reception2)])
    assert counts[0] == counts[1] <= 8


def test_no_page_of_it_tells_whose_request_it_is(desk, reception2):
    mine, theirs = make_request(), claimed_request(reception2)
    page = tick(desk, "claim", [mine, theirs])
    assert mine.full_name not in text_of(page)
    assert mine.email not in text_of(page)


@pytest.mark.django_db(transaction=True)
def test_two_people_who_claim_the_same_requests_at_once_share_them_out(reception, reception2):
    requests = [make_request() for _each in range(6)]
    pairs = [(request, request.revision) for request in requests]
    came_of = at_once(
        lambda: workflow.move_many(pairs, "claim", by=reception.as_actor()),
        lambda: workflow.move_many(list(reversed(pairs)), "claim", by=reception2.as_actor()),
    )
    assert sum(len(moved.done) for moved in came_of) == 6
    assert sum(len(moved.not_done) for moved in came_of) == 6
    for request in requests:
        assert events_of(request, "request.claimed") == 1
        assert now(request).holder in (reception, reception2)


def test_a_page_that_was_open_too_long_tells_no_hidden_field_as_words(reception, nurse):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(reception)
    request = claimed_request(reception)
    typed = {"seen": [f"{request.pk}-2"], "colleague": nurse.pk, "why": "I leave at noon."}
    response = strict.post(many("hand_over"), typed)
    assert response.status_code == 403
    assert response.context["words"] == "I leave at noon."
    assert now(request).holder == reception
    assert strict.post(QUEUE, {"action": "claim", ACTION_CHECKBOX_NAME: [request.pk]}).context is not None
