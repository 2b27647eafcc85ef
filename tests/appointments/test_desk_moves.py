"""The moves of the desk: handing over, urgency, putting aside, spam, taking back and opening again."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from appointments import workflow
from appointments.admin.move_forms import Ready
from appointments.admin.queue import exactly
from appointments.models import HeldBecause, Note, NoteKind, PhoneTask, Status
from appointments.workflow import Refused, Unfit
from audit.models import Event
from outbox import sender
from outbox.models import Message, State
from tests.appointments.arrivals import local
from tests.appointments.at_the_desk import address, press, state_of
from tests.appointments.factories import (
    claimed_request,
    declined_request,
    inputs_of,
    let_undo_time_pass,
    link_to,
    make_request,
    make_time,
    moved,
    reached,
)
from tests.clinic.factories import make_closure, make_hours
from tests.staff import make_staff

pytestmark = pytest.mark.django_db
WEDNESDAY = local("2026-11-18 10:00")


@pytest.fixture
def desk(client, reception):
    client.force_login(reception)
    return client


@pytest.fixture
def wednesday():
    with time_machine.travel(WEDNESDAY, tick=False) as clock:
        yield clock


def named(response):
    return [button.name for button in response.context["possible"]]


def purposes(request):
    return list(Message.objects.about(request).exclude(state=State.CANCELLED).values_list("purpose", flat=True))


# Handing over


def test_a_request_is_handed_to_a_colleague_with_words_for_them_alone(desk, reception, nurse):
    request = claimed_request(reception)
    response = press(desk, request, "hand_over", colleague=str(nurse.pk), why=" She waits for a <b>scan</b>. ")
    assert "is with your colleague now" in desk.get(response["Location"]).content.decode()
    request.refresh_from_db()
    note = request.notes.get()
    assert (request.holder, request.status) == (nurse, Status.IN_PROGRESS)
    assert (note.kind, note.text, note.written_by) == (NoteKind.HAND_OVER, "She waits for a <b>scan</b>.", reception)
    event = Event.objects.about(request).filter(verb="request.handed_over").get()
    assert (event.details["colleague"], event.details["notes"]) == (nurse.pk, [note.pk])
    assert purposes(request) == ["received"]


def test_only_colleagues_at_work_who_answer_requests_are_offered(desk, reception, nurse, editor, auditor, manager):
    make_staff("gone", Role.RECEPTION, first_name="Gone", is_active=False)
    root = User.objects.create_superuser("root", password="of-tests-alone")
    response = desk.get(address(claimed_request(reception)))
    [button] = [each for each in response.context["possible"] if each.name == "hand_over"]
    choices = [key for key, _name in button.form.fields["colleague"].widget.choices]
    assert set(choices) == {"", *(str(user.pk) for user in (nurse, manager, root))}


@pytest.mark.parametrize("chosen", ["", "0", "x\x00", "editor", "holder"])
def test_nobody_else_gets_it_and_the_words_stay(desk, reception, editor, chosen):
    request = claimed_request(reception)
    before = state_of(request)
    key = {"editor": str(editor.pk), "holder": str(reception.pk)}.get(chosen, chosen)
    response = press(desk, request, "hand_over", colleague=key, why="Please call her.")
    page = response.content.decode()
    assert response.status_code == 422
    assert "Choose a colleague who answers requests." in page
    assert '<a href="#id_hand_over_colleague">' in page
    assert "Please call her.</textarea>" in page
    assert (state_of(request), Note.objects.count()) == (before, 0)


def test_only_the_holder_hands_over_or_a_manager_or_anybody_once_the_holder_left(reception, reception2, manager, nurse):
    to_nurse = {"colleague": {"colleague": nurse, "why": ""}}
    request = claimed_request(reception)
    with pytest.raises(Refused, match="Rosa"):
        moved(request, "hand_over", by=reception2, **to_nurse)
    assert moved(request, "hand_over", by=manager, **to_nurse).holder == nurse
    request = claimed_request(reception)
    reception.set_roles([Role.EDITOR])
    assert moved(request, "hand_over", by=reception2, **to_nurse).holder == nurse


def test_a_stale_handing_over_compares_who_has_it_and_keeps_the_words(desk, reception, nurse, manager):
    request = claimed_request(reception)
    seen = desk.get(address(request)).context
    moved(request, "release", by=manager)
    response = press(desk, request, "hand_over", seen=seen, colleague=str(nurse.pk), why="Please call her.")
    rows = {row.label: (row.original, row.theirs, row.mine) for row in response.context["compared"]}
    assert rows["Who has it"] == ("Rosa Reyes", "nobody", "Nora Ng")
    assert rows["What you typed"] == ("", "", "Please call her.")
    assert str(nurse.pk) not in rows.get("What you typed")


# How urgent


def test_urgency_is_said_with_a_reason_and_comes_first_again(desk, reception):
    request = make_request()
    assert press(desk, request, "set_urgency", level="danger", why="She cannot feel her leg.").status_code == 302
    request.refresh_from_db()
    assert (request.is_danger, request.is_urgent, request.status) == (True, True, Status.NEW)
    assert request.notes.get().text == "She cannot feel her leg."
    page = desk.get(address(request))
    assert "Now: Dangerous: look at it first." in page.content.decode()
    [button] = [each for each in page.context["possible"] if each.name == "set_urgency"]
    assert [key for key, _name in button.form.fields["level"].widget.choices] == ["urgent", "ordinary"]
    assert press(desk, request, "set_urgency", level="ordinary", why="It was her arm.").status_code == 302
    request.refresh_from_db()
    assert (request.is_danger, request.is_urgent) == (False, False)


@pytest.mark.parametrize(
    ("data", "words", "field"),
    [
        ({"why": "She called."}, "Choose how urgent it is.", "level_0"),
        ({"why": "She called.", "level": "very"}, "Choose how urgent it is.", "level_0"),
        ({"level": "urgent"}, "Write why, for your colleagues.", "why"),
        ({"level": "urgent", "why": " \n"}, "Write why, for your colleagues.", "why"),
        ({"level": "urgent", "why": "x" * 4001}, "Shorten the text to 4,000 characters.", "why"),
        ({"level": "ordinary", "why": "She called."}, "It is marked so already.", "level_0"),
    ],
)
def test_what_is_missing_is_asked_for_beside_it(desk, data, words, field):
    request = make_request()
    before = state_of(request)
    response = press(desk, request, "set_urgency", **data)
    page = response.content.decode()
    assert response.status_code == 422
    assert page.count(words) == 2
    assert f'<a href="#id_set_urgency_{field}">' in page
    assert data.get("why", "").strip() in page
    assert (state_of(request), Note.objects.count()) == (before, 0)


def test_a_request_that_becomes_urgent_is_no_longer_put_aside_and_what_is_dangerous_never_is(reception):
    request = make_request()
    request = moved(request, "snooze", by=reception, **inputs_of("snooze", request))
    request = moved(request, "set_urgency", by=reception, urgency={"level": "danger", "why": "Numb."})
    assert request.snoozed_until is None
    with pytest.raises(Refused, match="dangerous"):
        moved(request, "snooze", by=reception, **inputs_of("snooze", request))


# Putting aside


@pytest.mark.parametrize(
    ("now", "ready", "until"),
    [
        ("2026-11-18 10:00", "tomorrow", "2026-11-19 08:00"),
        ("2026-11-18 10:00", "working_day", "2026-11-19 08:00"),
        ("2026-11-18 10:00", "week", "2026-11-25 08:00"),
        ("2026-11-18 23:59", "tomorrow", "2026-11-19 08:00"),
        ("2026-11-20 10:00", "tomorrow", "2026-11-21 09:00"),  # a Saturday
        ("2026-11-20 10:00", "working_day", "2026-11-23 08:00"),
        ("2026-11-25 10:00", "working_day", "2026-11-27 08:00"),  # over a closure
        ("2026-11-19 10:00", "week", "2026-11-26 09:00"),
        ("2026-10-30 10:00", "working_day", "2026-11-02 08:00"),  # the clocks go back
        ("2026-10-31 10:00", "tomorrow", "2026-11-01 09:00"),
        ("2026-03-07 10:00", "tomorrow", "2026-03-08 09:00"),  # and forward
    ],
)
def test_ready_choices_are_mornings_of_the_clinic(desk, now, ready, until):
    make_hours()
    make_closure(local("2026-11-26 00:00").date())
    with time_machine.travel(local(now), tick=False):
        request = make_request()
        assert press(desk, request, "snooze", ready=ready).status_code == 302
        request.refresh_from_db()
        assert request.snoozed_until == local(until)


def test_without_opening_hours_a_morning_is_nine(wednesday):
    moments = [ready.moment(timezone.localtime()) for ready in Ready]
    assert moments == [local(f"2026-11-{day} 09:00") for day in (19, 19, 25)]


def test_a_clinic_that_never_opens_has_no_next_working_day(desk, wednesday):
    make_hours(days=[3])
    for week in range(60):
        make_closure((WEDNESDAY + timedelta(days=1 + 7 * week)).date())
    response = press(desk, make_request(), "snooze", ready="working_day")
    assert "No working day is known." in response.content.decode()


def test_any_other_time_is_typed_as_clocks_show_it_and_the_sheet_says_it_loudly(desk, wednesday):
    request = make_request()
    response = press(desk, request, "snooze", ready="", day="2026-11-20", time="14:30", why="She is away.")
    assert response.status_code == 302
    request.refresh_from_db()
    assert (request.snoozed_until, request.notes.get().text) == (local("2026-11-20 14:30"), "She is away.")
    page = desk.get(address(request))
    assert f"Put aside until {exactly(request.snoozed_until)}" in page.content.decode()
    assert "wake" in named(page)
    assert press(desk, request, "wake").status_code == 302
    page = desk.get(address(request))
    assert "Put aside until 11" not in page.content.decode()
    assert "wake" not in named(page)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({}, ("Enter the day.", "Enter the time.")),
        ({"day": "2026-11-20"}, ("Enter the time.",)),
        ({"time": "14:30"}, ("Enter the day.",)),
        ({"day": "tomorrow", "time": "2 o'clock"}, ("Enter the day, such as", "Enter the time, such as")),
        ({"day": "2026-11-18", "time": "09:00"}, ("still to come",)),
        ({"day": "2026-11-18", "time": "10:00"}, ("still to come",)),
        ({"day": "2027-03-14", "time": "02:30"}, ("Clocks skip this time",)),
        ({"day": "2027-02-19", "time": "02:30"}, ("within the next 92 days",)),
        ({"day": "9999-12-31", "time": "23:59"}, ("within the next 92 days",)),
        ({"ready": "never", "day": "2026-11-18", "time": "09:00"}, ("still to come",)),
    ],
)
def test_a_time_that_cannot_be_is_sent_back_with_what_was_typed(desk, wednesday, typed, words):
    request = make_request()
    response = press(desk, request, "snooze", why="She is away.", **typed)
    assert response.status_code == 422
    page = response.content.decode()
    for sentence in words:
        assert sentence in page.replace("&#x27;", "'")
    assert "She is away.</textarea>" in page
    request.refresh_from_db()
    assert (request.snoozed_until, Note.objects.count()) == (None, 0)


def test_it_comes_back_by_itself_and_whatever_the_patient_does_brings_it_back(reception, wednesday):
    for name in ("add", "prefer", "withdraw"):
        request = make_request()
        request = moved(request, "snooze", by=reception, **inputs_of("snooze", request))
        assert request.is_snoozed()
        assert moved(request, name, by=None, **inputs_of(name, request)).snoozed_until is None
    request = make_request()
    request = moved(request, "snooze", by=reception, **inputs_of("snooze", request))
    wednesday.shift(timedelta(days=2))
    assert not request.is_snoozed()
    with pytest.raises(Refused, match="not put aside"):
        moved(request, "wake", by=reception)


# Spam


def test_what_is_called_spam_is_closed_with_all_that_was_to_be_said_and_looks_like_any_closed_one(
    client, desk, reception
):
    request, ended = claimed_request(reception), make_request(status=Status.CLOSED, by=reception)
    response = press(desk, request, "suspect")
    assert "is closed as spam" in desk.get(response["Location"]).content.decode()
    request.refresh_from_db()
    assert (request.status, request.held_because, request.holder) == (Status.CLOSED, HeldBecause.STAFF, None)
    assert purposes(request) == []
    client.logout()
    pages = [client.get(f"/appointments/track/{link_to(each)}/").content.decode() for each in (request, ended)]
    for page in pages:
        assert "This request is closed." in page
        assert "spam" not in page


def test_calls_about_what_is_called_spam_are_not_made(reception):
    request = moved(make_request(email=""), "suspect", by=reception)
    assert not workflow.to_be_called(type(request).of_every_kind.all()).exists()
    request = moved(request, "not_spam", by=reception)
    assert request.phone_tasks.get().purpose == "received"


def test_put_back_it_is_told_again_only_what_it_was_not_told(reception):
    told, untold = make_request(), make_request()
    Message.objects.about(told).update(state=State.SENT, sent_at=timezone.now())
    for request, expected in ((told, ["received"]), (untold, ["received"])):
        request = moved(moved(request, "suspect", by=reception), "not_spam", by=reception)
        assert (request.status, purposes(request)) == (Status.NEW, expected)
    called = make_request(email="")
    reached(called, {call.key for call in workflow.calls_about(called)[0]}, by=reception)
    moved(moved(called, "suspect", by=reception), "not_spam", by=reception)
    assert PhoneTask.objects.filter(request=called, done_at=None).count() == 0


# Taking back


def test_what_is_taken_back_is_gone_from_the_private_page_and_the_patient_is_told(client, reception):
    request = make_request(status=Status.WAITING, by=reception)
    request = moved(request, "ask", by=reception, question="Which leg?")
    let_undo_time_pass()
    sender.send_due()
    request = moved(request, "retract", by=reception)
    assert (request.status, request.holder, request.offers.open().count()) == (Status.IN_PROGRESS, reception, 0)
    assert purposes(request)[-1] == "retracted"
    token = link_to(request)
    page = client.get(f"/appointments/track/{token}/").content.decode()
    for gone in ("Read our question", "Read what we asked you", "Choose this time", "Ask for other times"):
        assert gone not in page
    assert "A person on our team is working on your request." in page
    assert client.get(f"/appointments/track/{token}/words/").status_code == 303


def test_a_reply_that_comes_late_is_answered_kindly_and_kept_on_the_page(client, reception):
    request = moved(claimed_request(reception), "ask", by=reception, question="Which leg?")
    token = link_to(request)
    moved(request, "retract", by=reception)
    answer = client.post(f"/appointments/track/{token}/reply/", {"go": "yes", "reply": "The left one."})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "The clinic has no question open. You can still add something to your request." in page
    assert "The left one.</textarea>" in page
    assert "Which leg?" not in page


def test_a_question_that_has_not_left_is_not_asked_once_it_is_taken_back_or_answered(reception):
    for name, left in (("retract", ["received", "retracted"]), ("reply", ["received"]), ("stop_waiting", None)):
        request = moved(claimed_request(reception), "ask", by=reception, question="Which leg?")
        request = moved(request, name, by=reception, **inputs_of(name, request))
        # Whom the clinic no longer waits for may still answer.
        assert purposes(request) == (left or ["received", "question"])


def test_the_sheet_shows_what_was_taken_back_and_asks_twice(desk, reception):
    request = moved(claimed_request(reception), "ask", by=reception, question="Which leg?")
    page = desk.get(address(request)).content.decode()
    assert "Yes, take it back" in page
    moved(request, "retract", by=reception)
    page = desk.get(address(request)).content.decode()
    assert "Taken back: " in page
    assert "No reply yet." not in page
    assert "Took back what was written to the patient" in page


# Opening again


def test_an_answered_request_is_open_again_with_its_answer_in_a_note(client, desk, reception):
    request = make_request(status=Status.ANSWERED, by=reception)
    answer, due = request.answer, request.due_at
    assert press(desk, request, "reopen").status_code == 302
    request.refresh_from_db()
    assert (request.status, request.holder, request.answer) == (Status.IN_PROGRESS, reception, "")
    assert request.due_at > due
    assert request.notes.get().text == f"Our answer, until this was opened again:\n\n{answer}"
    assert purposes(request) == ["received", "reopened"], "the answer had not left"
    page = client.get(f"/appointments/track/{link_to(request)}/").content.decode()
    assert "Read our answer" not in page
    assert "A person on our team is working on your request. We answer you by" in page
    assert moved(request, "decline", by=reception, decline_reason="not_offered").status == Status.DECLINED


def test_a_declined_request_loses_its_reason_for_the_patient_and_keeps_it_for_colleagues(client, reception):
    request = moved(declined_request(reception), "close", by=reception)
    request = moved(request, "reopen", by=reception)
    assert (request.decline_reason, request.status) == ("", Status.IN_PROGRESS)
    assert "we do not offer this treatment" in request.notes.get().text
    assert (
        "We cannot do what you asked for" not in client.get(f"/appointments/track/{link_to(request)}/").content.decode()
    )


def test_what_the_patient_withdrew_is_open_again_without_a_note_and_without_its_time(reception):
    request = moved(make_request(status=Status.AGREED, by=reception), "withdraw", by=None)
    request = moved(request, "reopen", by=reception)
    assert (request.offers.current().count(), request.notes.count()) == (0, 0)
    request = moved(request, "offer", by=reception, times=[make_time(days=12)])
    assert moved(request, "accept", by=None, **inputs_of("accept", request)).status == Status.AGREED


def test_neither_taking_back_nor_opening_again_is_a_first_answer(reception):
    request = moved(make_request(status=Status.WITHDRAWN, by=reception), "reopen", by=reception)
    assert request.first_answered_at is None
    assert not workflow.MOVES["retract"].is_answer


@pytest.mark.parametrize("name", ["retracted", "reopened"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_its_message_names_no_treatment_and_says_that_nothing_is_agreed(reception, name, language):
    status, move = {"retracted": (Status.WAITING, "retract"), "reopened": (Status.ANSWERED, "reopen")}[name]
    request = moved(make_request(status=status, by=reception, language=language), move, by=reception)
    message = Message.objects.about(request).last()
    not_yet = {"en": "not yet an appointment", "es": "todavía no es una cita"}[language]
    assert (message.purpose, not_yet in message.text) == (name, True)
    assert "Ana" not in message.text
    assert "{" not in message.text + message.subject


# The list of moves


@pytest.mark.parametrize(
    ("status", "more"),
    [
        (Status.NEW, ["suspect", "set_urgency", "snooze"]),
        (Status.IN_PROGRESS, ["suspect", "hand_over", "set_urgency", "snooze"]),
        (Status.WAITING, ["hand_over", "set_urgency", "snooze", "retract"]),
        (Status.AGREED, []),
        (Status.ANSWERED, ["reopen"]),
        (Status.CLOSED, ["reopen"]),
    ],
)
def test_what_is_seldom_done_stands_under_one_line_and_what_makes_no_sense_nowhere(
    desk, nurse, reception, status, more
):
    response = desk.get(address(make_request(status=status, by=reception)))
    assert [button.name for button in response.context["possible"] if button.is_seldom] == more
    shown = {button.name for button in (*response.context["possible"], *response.context["impossible"])}
    assert "wake" not in shown
    assert ("retract" in shown) == (status == Status.WAITING)
    assert ('<details class="more">' in response.content.decode()) == bool(more)


def test_no_two_fields_of_the_sheet_have_one_name_for_programs(desk, nurse, reception):
    page = desk.get(address(claimed_request(reception))).content.decode()
    ids = [part.split('"')[0] for part in page.split(' id="')[1:]]
    assert len(ids) == len(set(ids))


def test_unfit_inputs_that_no_form_sends_are_refused_too(reception):
    request = claimed_request(reception)
    for name in ("hand_over", "set_urgency", "snooze"):
        with pytest.raises(Unfit):
            moved(request, name, by=reception)
