"""Telephone, walk-in and paper: staff write a request down with the rules that patients meet, and nothing is lost."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from appointments import workflow
from appointments.models import AppointmentRequest, Kind, PhoneTask, Source, Status, TrackingLink
from appointments.references import new_token
from audit.actors import Actor
from audit.models import Event
from clinic.models import ClinicProfile, GeneralWarningSign
from outbox.models import Message
from tests.appointments.at_the_door import ENTER, asked_at, opened, save, stored, typed
from tests.appointments.factories import make_answers
from tests.appointments.offer import make_offer, make_procedure, make_sign, offer  # noqa: F401 -- a fixture
from tests.appointments.visitor import FOR_ANOTHER, MONDAY, Visitor
from tests.at_once import at_once
from tests.staff import make_staff

pytestmark = pytest.mark.django_db
QUEUE = reverse("admin:appointments_appointmentrequest_changelist")


@pytest.fixture
def desk(client, reception, offer):  # noqa: F811 -- the fixture
    """Reception's browser, signed in at a clinic that can be asked."""
    client.force_login(reception)
    return client


def only():
    return AppointmentRequest.objects.get()


def text_of(response):
    return " ".join(response.content.decode().split())


# What is stored


def test_what_is_written_down_says_the_same_as_what_a_patient_sends(desk):
    Visitor(client=Client()).reach("check").send()
    sent = only()
    answers = workflow.answers_of(sent)
    AppointmentRequest.objects.all().delete()
    assert save(desk).status_code == 302
    assert workflow.answers_of(only()) == answers
    assert (sent.source, only().source) == (Source.WEB, Source.TELEPHONE)


@pytest.mark.parametrize("source", ["telephone", "walk_in", "paper"])
def test_it_leads_to_the_sheet_which_says_how_they_asked_and_who_wrote_it_down(desk, reception, source):
    response = save(desk, source=source)
    assert response["Location"] == reverse("admin:appointments_appointmentrequest_change", args=[only().pk])
    words = {"telephone": "By telephone", "walk_in": "In person", "paper": "On paper"}[source]
    sheet = text_of(desk.get(response["Location"]))
    for said in (words, "Wrote the request down", "Rosa Reyes", f"{only().reference} is written down."):
        assert said in sheet
    assert words in desk.get(QUEUE).content.decode()
    event = Event.objects.get(verb="request.entered")
    assert (event.actor_id, event.details["source"], event.details["kind"]) == (reception.pk, source, "real")


def test_the_queue_says_nothing_of_the_door_that_most_come_by(desk):
    Visitor(client=Client()).reach("check").send()
    assert "Through the website" not in desk.get(QUEUE).content.decode()
    sheet = reverse("admin:appointments_appointmentrequest_change", args=[only().pk])
    assert "Through the website" in desk.get(sheet).content.decode()


def test_somebody_asks_for_the_patient(desk):
    changes = {name: value for step in FOR_ANOTHER.values() for name, value in step.items()}
    assert save(desk, **changes).status_code == 302
    assert (only().full_name, only().helper["full_name"], only().helper["relation"]) == (
        "Zoë O’Brien",
        "Ana O’Brien",
        "guardian",
    )


def test_another_form_follows_with_the_same_door(desk):
    response = save(desk, go="another", source="paper")
    assert response["Location"] == f"{ENTER}?source=paper"
    page = desk.get(response["Location"])
    assert page.context["door"].initial["source"] == "paper"
    assert f"{only().reference} is written down." in text_of(page)


# The promise


def test_the_promise_runs_from_when_the_patient_asked(desk):
    with time_machine.travel(MONDAY, tick=False):
        save(desk, asked_at_0="2026-11-20", asked_at_1="16:00")
        asked = only()
        assert timezone.localtime(asked.created_at).isoformat() == "2026-11-20T16:00:00-08:00"
        assert asked.promised_from == asked.created_at
        assert asked.due_at == workflow.due_from(asked.created_at, urgent=False)


@pytest.mark.parametrize(
    ("when", "said"),
    [
        (asked_at(ago=timedelta(days=-1)), "not in the future"),
        (asked_at(ago=timedelta(days=400)), "within the last 92 days"),
        ({"asked_at_0": "", "asked_at_1": ""}, "Enter a day and a time."),
        ({"asked_at_0": "2026-02-31", "asked_at_1": "10:00"}, "Enter a day and a time."),
        ({"asked_at_0": "9999-12-31", "asked_at_1": "23:59"}, "not in the future"),
        ({"asked_at_0": "0001-01-01", "asked_at_1": "00:00"}, ""),
    ],
)
def test_a_time_that_cannot_be_is_refused_beside_its_box(desk, when, said):
    response = save(desk, **when)
    assert response.status_code == 422
    assert said in text_of(response)
    assert stored() == (0, 0, 0)


# Who is told


def test_a_patient_with_an_address_is_told_with_a_private_link_of_their_own(desk):
    save(desk)
    message = Message.objects.get()
    assert (message.purpose, message.recipient) == ("received", "Ana@example.org")
    assert [link.made_for for link in TrackingLink.objects.all()] == ["message:received"]


@pytest.mark.parametrize("changes", [{"tells_patient": None}, {"email": "", "reach_by": "phone"}])
def test_nobody_is_written_to_or_called_who_does_not_want_it_or_gave_no_address(desk, changes):
    save(desk, **changes)
    assert not Message.objects.exists()
    assert not PhoneTask.objects.exists()
    assert not TrackingLink.objects.exists()


def test_the_patient_is_written_to_in_their_own_language(desk):
    save(desk, language="es")
    assert (only().language, Message.objects.get().language) == ("es", "es")


# The same rules


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"signs": None}, "Tick the signs that you have, or “None of these”."),
        ({"matter": " "}, "Tell us what is the matter"),
        ({"full_name": "Ana\u202eneirB"}, "has a hidden character"),
        ({"email": "", "phone": ""}, "Enter an email address, a telephone number, or both."),
        ({"phone": "123"}, "with its area code"),
        ({"source": None}, "Choose how the patient asked."),
        ({"source": "web"}, "Choose how the patient asked."),
        ({"language": "xx"}, "Choose a language from the list."),
        ({"date_of_birth_month": "Smarch"}, "Enter the month, day and year of birth"),
        ({"times": None}, "Tick when you can come"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(desk, changes, said):
    response = save(desk, **changes)
    assert response.status_code == 422
    assert said in text_of(response)
    assert said in " ".join(str(each["text"]) for each in response.context["mend"])
    for kept in ("Large print.", 'value="3"' if "date_of_birth_month" not in changes else "Smarch"):
        assert kept in response.content.decode()
    assert stored() == (0, 0, 0)


def test_a_month_may_be_a_word(desk):
    assert save(desk, date_of_birth_month="March").status_code == 302
    assert only().date_of_birth.isoformat() == "1956-03-27"


def test_nothing_that_staff_write_down_is_held_as_spam(desk):
    ClinicProfile.objects.update(daily_number=0)
    for number in range(7):
        save(desk, full_name=f"Patient {number}")
    assert AppointmentRequest.objects.trusted().count() == 7


# Signs


@pytest.mark.parametrize("go", ["save", "another", "show"])
def test_an_emergency_sign_says_what_to_tell_the_caller_now_and_stores_nothing(desk, go):
    response = save(desk, go=go, signs=["numb"], matter="My back hurts.")
    assert response.status_code == 422
    alert = text_of(response).partition('role="alert"')[2][:500]
    for said in ("Emergency: say this now", "Your legs feel numb.", "Get help."):
        assert said in alert
    assert "My back hurts." in response.content.decode()
    assert stored() == (0, 0, 0)


def test_what_to_say_about_each_sign_stands_beside_it_from_the_start(desk):
    page = text_of(desk.get(ENTER))
    assert page.index("Your legs feel numb.") < page.index("How did the patient ask?")
    assert "<strong>Emergency.</strong> Say: Get help." in page


def test_an_urgent_sign_makes_it_urgent(desk):
    save(desk, signs=["fever"])
    assert only().is_urgent


def test_the_signs_of_a_treatment_are_asked_before_it_is_saved(desk):
    make_procedure("other", signs={"cold-foot": ("urgent", "before")})
    refused = save(desk, procedure="other", seal=opened(desk))
    assert refused.status_code == 422
    assert "cold-foot in en" in text_of(refused)
    assert "Read it once more" in text_of(refused)
    assert save(desk, procedure="other", seal=refused.context["seal"]).status_code == 302
    assert [sign["key"] for sign in only().signs] == ["numb", "fever", "other/cold-foot"]


def test_the_signs_of_a_treatment_are_shown_though_other_answers_are_still_missing(desk):
    seal = desk.get(ENTER).context["seal"]
    page = desk.post(ENTER, {"_seal": seal, "go": "show", "procedure": "kyphoplasty"})
    assert page.status_code == 200
    assert "sudden-pain in en" in text_of(page)
    assert not page.context["mend"]


def test_none_of_these_is_not_taken_over_when_the_list_of_signs_grows(desk):
    seal = desk.get(ENTER).context["seal"]
    page = desk.post(ENTER, {"_seal": seal, "go": "show"} | typed(signs=["none of these", "fever"]))
    assert page.context["signs"]["form"].initial["signs"] == ["fever"]
    same = desk.post(ENTER, {"_seal": page.context["seal"], "go": "show"} | typed())
    assert same.context["signs"]["form"].initial["signs"] == ["none of these"]


def test_a_sign_added_while_the_screen_was_open_is_asked_first(desk):
    seal = opened(desk)
    make_sign("cold", "emergency", en="Your foot is cold.", es="Tiene el pie frío.")
    assert save(desk, seal=seal).status_code == 422
    GeneralWarningSign.objects.filter(key="cold").delete()
    assert save(desk, seal=seal).status_code == 302


def test_without_any_sign_on_the_list_none_is_asked(desk):
    GeneralWarningSign.objects.all().delete()
    assert save(desk, procedure="not sure", signs=None).status_code == 302


# Other questions


def test_the_questions_follow_the_answers_and_no_answer_is_lost_on_the_way(desk):
    page = save(desk, go="show", for_whom="someone else")
    assert page.status_code == 200
    assert "Full name of the patient" in text_of(page)
    assert not page.context["mend"]
    assert 'class="error"' not in page.content.decode()
    changes = {"date_of_birth_month": None, "date_of_birth_day": None, "date_of_birth_year": None}
    again = save(desk, go="show", seal=page.context["seal"], patient_name="Zoë", **changes)
    assert 'value="1956"' in again.content.decode()
    question = save(desk, go="show", seal=again.context["seal"], wish="question", other_needs=None, **changes)
    assert "What is your question?" in text_of(question)
    assert "Large print." not in question.content.decode()


def test_a_question_needs_no_visit(desk):
    nothing = dict.fromkeys(["times", "records", "sooner", "interpreter", "step_free", "other_needs"])
    assert save(desk, wish="question", **nothing).status_code == 302
    assert only().preferences["times"] == []


def test_opening_and_showing_store_nothing(desk):
    desk.get(ENTER)
    save(desk, go="show")
    assert stored() == (0, 0, 0)


@pytest.mark.parametrize("source", ["web", "x", "telephone'"])
def test_an_address_that_names_no_door_chooses_none(desk, source):
    assert "checked" not in desk.get(ENTER, {"source": source}).content.decode().partition('name="asked_at_0"')[0]


# Twice, late, elsewhere


def test_pressed_twice_it_is_one_request_with_one_event_and_one_message(desk):
    seal = opened(desk)
    first, again = save(desk, seal=seal), save(desk, seal=seal)
    assert first["Location"] == again["Location"]
    assert stored() == (1, 1, 1)
    assert "stands there once" in text_of(desk.get(again["Location"]))


def test_a_correction_from_the_same_screen_changes_the_request(desk, reception):
    seal = opened(desk)
    save(desk, seal=seal)
    save(desk, seal=seal, matter="It hurts less.")
    assert stored() == (1, 1, 1)
    assert only().matter == "It hurts less."
    assert Event.objects.get(verb="request.amended").actor_id == reception.pk


def test_the_same_screen_with_another_patient_makes_another_request(desk):
    seal = opened(desk)
    save(desk, seal=seal)
    response = save(desk, seal=seal, full_name="Ben Sol")
    assert AppointmentRequest.objects.count() == 2
    assert "beside the one that you saved before" in text_of(desk.get(response["Location"]))


@pytest.mark.parametrize("seal", ["", "x", "gAAAAA" + "x" * 200, "x" * 20_000])
def test_a_screen_whose_seal_is_broken_shows_all_that_was_typed(desk, seal):
    response = desk.post(ENTER, {"_seal": seal, "go": "save"} | typed())
    assert response.status_code == 422
    for kept in ("My back hurts since I fell.", "Ana O’Brien", "Large print."):
        assert kept in response.content.decode()
    assert stored() == (0, 0, 0)
    assert save(desk, seal=response.context["seal"]).status_code == 302


def test_a_screen_that_was_open_too_long_shows_all_that_was_typed(desk, reception):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(reception)
    response = save(strict)
    assert response.status_code == 403
    for kept in ("open too long", "My back hurts since I fell.", "Ana O’Brien", "Large print."):
        assert kept in response.content.decode()
    assert stored() == (0, 0, 0)
    assert save(desk, seal=response.context["seal"]).status_code == 302


def test_whoever_was_logged_out_meanwhile_can_copy_what_they_typed(desk):
    seal = desk.get(ENTER).context["seal"]
    response = save(Client(), seal=seal)
    assert response.status_code == 403
    assert "My back hurts since I fell." in response.content.decode()
    assert seal not in response.content.decode()
    assert stored() == (0, 0, 0)


def test_staff_who_work_in_spanish_read_it_in_spanish(desk):
    with override("es"):
        page = desk.get(reverse("admin:appointments_appointmentrequest_enter"))
    assert "Siente las piernas dormidas." in page.content.decode()


@pytest.mark.wide
@pytest.mark.parametrize("name", ["matter", "other_needs", "full_name", "email", "asked_at_0", "source", "procedure"])
@pytest.mark.parametrize("text", ["\x00", "a" * 30_000, "<script>alert(1)</script>", "\ud83d", "٣", "%s{}"])
def test_whatever_is_typed_is_answered_with_the_screen_or_a_request(desk, name, text):
    response = save(desk, **{name: text.encode("utf-8", "ignore").decode()})
    assert response.status_code in (302, 400, 422)
    assert b"<script>alert" not in response.content


# Who may


def test_those_who_answer_no_requests_may_not_write_one_down(client, editor, offer):  # noqa: F811
    client.force_login(editor)
    assert client.get(ENTER).status_code == 403
    assert client.post(ENTER, typed() | {"go": "save"}).status_code == 403


@pytest.mark.parametrize("who", ["editor", "patient", "command"])
def test_the_workflow_itself_refuses_who_may_not(request, offer, who):  # noqa: F811
    by = {"patient": Actor.patient(), "command": Actor.command("x")}.get(who) or request.getfixturevalue(who).as_actor()
    how = {"source": Source.PAPER, "asked_at": timezone.now(), "language": "en"}
    with pytest.raises(workflow.Refused):
        workflow.enter(make_answers(), token=new_token(), by=by, **how)
    assert stored() == (0, 0, 0)


def test_the_workflow_itself_refuses_an_emergency_the_future_and_the_web(reception, offer):  # noqa: F811
    how = {"source": Source.PAPER, "asked_at": timezone.now(), "language": "en", "by": reception.as_actor()}
    numb = [{"key": "numb", "text": "Numb", "urgency": "emergency", "ticked": True}]
    for answers, change in (
        (make_answers(signs=numb), {}),
        (make_answers(), {"asked_at": timezone.now() + timedelta(minutes=1)}),
        (make_answers(), {"source": Source.WEB}),
    ):
        with pytest.raises(workflow.Refused):
            workflow.enter(answers, token=new_token(), **how | change)
    assert stored() == (0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_are_one_request_on_either_database():
    make_offer()
    by = make_staff("reception", "reception").as_actor()
    token, now = new_token(), timezone.now()

    def press():
        how = {"source": Source.TELEPHONE, "asked_at": now, "language": "en"}
        return workflow.enter(make_answers(), token=token, by=by, **how).request.reference

    assert len(set(at_once(*[press] * 6))) == 1
    assert stored() == (1, 1, 1)
    assert only().status == Status.NEW
    assert only().kind == Kind.REAL
