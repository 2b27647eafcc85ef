"""Saved replies: kept by managers, put into the box, and sent word for word as they were seen there."""

import re

import pytest
from django.test import Client

from appointments import demonstration_replies, workflow
from appointments.models import AppointmentRequest, PhoneTask, SavedReply, Status
from appointments.replies import REPLY_NAMES, example, for_request, open_names
from audit.models import Event
from clinic.log_filters import leave_out_tokens
from outbox.models import Message
from tests.appointments.at_the_desk import address, press, state_of
from tests.appointments.factories import claimed_request, make_request, make_time, moved
from tests.at_once import at_once
from tests.clinic.factories import make_profile
from tests.procedures.published import make_clinic, make_procedure, publish_page

pytestmark = pytest.mark.django_db
LIST, ADD = "/admin/appointments/savedreply/", "/admin/appointments/savedreply/add/"
GOOD = {"name": "Call us", "used_for": "answer", "language": "en", "text": "Hello {reference}.\n\nCall {telephone}."}


@pytest.fixture
def desk(client, reception):
    """Reception's browser, signed in."""
    make_profile(name="Alder Spine Clinic", telephone="(206) 555-0142")
    client.force_login(reception)
    return client


@pytest.fixture
def office(manager):
    """A manager's browser, signed in."""
    client = Client()
    client.force_login(manager)
    return client


def saved(text="Call us about {reference}.", *, used_for="answer", language="en", name="Call us"):
    return SavedReply.objects.create(name=name, used_for=used_for, language=language, text=text)


def put(client, request, row, name="answer", **typed):
    """Choose a saved reply in the box of a move, and press the button that puts it in."""
    return press(client, request, name, put="yes", **{f"reply_{row.used_for}": row.pk if row.pk else ""}, **typed)


def box_of(page, field="answer"):
    """Return what stands in the box of a page, as a browser sends it on."""
    html = page.content.decode()
    text = re.search(rf'<textarea name="{field}".*?>\n?(.*?)</textarea>', html, re.DOTALL)[1]
    return text.replace("&#x27;", "'").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


# Put into the box


def test_a_saved_reply_is_put_into_the_box_filled_in_and_nothing_is_sent(desk, reception):
    request = claimed_request(reception)
    before = state_of(request)
    page = put(desk, request, saved("Hello.\n\nYour reference is {reference}. Call {telephone}.\n\n{clinic}"))
    words = f"Hello.\n\nYour reference is {request.reference}. Call (206) 555-0142.\n\nAlder Spine Clinic"
    assert page.status_code == 200
    assert box_of(page) == words
    assert "The saved reply is in the box." in page.content.decode()
    assert "Error:" not in page.content.decode()
    assert state_of(request) == before
    assert press(desk, request, "answer", seen=page.context, answer=box_of(page)).status_code == 302
    request.refresh_from_db()
    assert (request.status, request.answer) == (Status.ANSWERED, words)


def test_what_was_typed_stays_below_it_and_a_second_press_puts_nothing_in_twice(desk, reception):
    request, row = claimed_request(reception), saved("Call us.")
    for typed in ("Dear <b>Ana</b>", "Call us.\n\nDear <b>Ana</b>"):
        page = put(desk, request, row, answer=typed)
        assert box_of(page) == "Call us.\n\nDear <b>Ana</b>"
    assert box_of(put(desk, request, row, answer=" \n")) == "Call us."


def test_a_box_offers_the_replies_for_its_move_in_the_patients_language(desk, reception):
    rows = {
        (used_for, language): saved(used_for=used_for, language=language, name=f"{used_for} {language}")
        for used_for in ("question", "answer")
        for language in ("en", "es")
    }
    page = desk.get(address(claimed_request(reception, language="es")))
    offered = {
        button.name: button.form.replies for button in page.context["possible"] if button.name in ("ask", "answer")
    }
    assert offered == {
        "ask": [(str(rows["question", "es"].pk), "question es")],
        "answer": [(str(rows["answer", "es"].pk), "answer es")],
    }
    request = claimed_request(reception)
    for row in rows.values():
        fits = (row.used_for, row.language) == ("answer", "en")
        response = press(desk, request, "answer", put="yes", reply_answer=row.pk)
        assert response.status_code == (200 if fits else 422)


@pytest.mark.parametrize("key", ["", "0", "999", "x", "1 or 1", "9" * 30])
def test_a_choice_that_is_none_is_asked_for_and_the_text_kept(desk, reception, key):
    saved()
    page = press(desk, claimed_request(reception), "answer", put="yes", reply_answer=key, answer="Dear Ana")
    assert page.status_code == 422
    assert page.content.decode().count("Choose a saved reply.") == 2
    assert box_of(page) == "Dear Ana"


def test_without_saved_replies_in_the_language_there_is_nothing_to_choose(desk, reception):
    saved(language="es")
    page = desk.get(address(claimed_request(reception))).content.decode()
    assert "Put it in the box" not in page
    assert "See it as the patient will" in page


def test_a_saved_reply_put_into_a_request_that_changed_meanwhile_says_so_and_keeps_the_words(desk, reception, manager):
    request, row = claimed_request(reception), saved("Call us.")
    seen = desk.get(address(request)).context
    request = moved(request, "release", by=manager)
    before = state_of(request)
    page = press(desk, request, "answer", seen=seen, put="yes", reply_answer=row.pk, answer="Dear Ana")
    assert page.status_code == 409
    assert "Somebody changed this request" in page.content.decode()
    assert "Call us.\n\nDear Ana" in page.content.decode()
    assert state_of(request) == before


def test_a_move_without_words_to_the_patient_knows_no_such_step(desk):
    request = make_request()
    assert press(desk, request, "claim", put="yes", rehearse="yes").status_code == 302
    assert AppointmentRequest.objects.get().status == Status.IN_PROGRESS


def test_a_letter_typed_into_a_page_that_was_open_too_long_keeps_its_words(reception):
    request, client = claimed_request(reception), Client(enforce_csrf_checks=True)
    client.force_login(reception)
    page = press(client, request, "answer", put="yes", reply_answer=saved().pk, answer="Dear Ana")
    assert (page.status_code, box_of(page)) == (403, "Dear Ana")


# Names


def test_every_name_is_filled_in_with_what_is_true_of_the_request(reception):
    make_profile(name="Alder Spine Clinic", discreet_name="Alder Health", telephone="(206) 555-0142")
    make_clinic()
    procedure = make_procedure()
    publish_page(procedure)
    request = claimed_request(reception, procedure=procedure.key)
    assert for_request("{treatment}, {clinic}", request).startswith("Balloon repair of a broken back bone, ")
    assert open_names(for_request("{due} {times} {time} {place}", request)) == ["{times}", "{time}", "{place}"]
    request = moved(request, "offer", by=reception, times=[make_time(days=7)])
    assert "- " in for_request("{times}", request)
    request = moved(request, "agree", by=reception, time=make_time(days=8))
    assert open_names(for_request("{time}\n{place}\n{reference}\n{telephone}\n{clinic}", request)) == []


def test_a_name_that_the_request_has_nothing_for_stays_marked_and_blocks_sending(desk, reception):
    request = claimed_request(reception)
    page = put(desk, request, saved("About {treatment} at {time}."))
    assert box_of(page) == "About {treatment} at {time}."
    assert "This request has nothing for {treatment}, {time}." in page.content.decode()
    before = state_of(request)
    for step in ({}, {"rehearse": "yes"}):
        refused = press(desk, request, "answer", seen=page.context, answer=box_of(page), **step)
        assert refused.status_code == 422
        assert refused.content.decode().count("Write what {treatment}, {time} stands for") == 2
        assert box_of(refused) == "About {treatment} at {time}."
        assert state_of(request) == before
    assert press(desk, request, "answer", answer="About your back at ten.").status_code == 302


@pytest.mark.parametrize("name", ["{treatment}", "{ time }", "{Reference}", "{link}"])
@pytest.mark.parametrize("move", ["ask", "answer"])
def test_a_known_name_typed_by_hand_is_never_sent(reception, name, move):
    request = claimed_request(reception)
    field = {"ask": "question", "answer": "answer"}[move]
    with pytest.raises(workflow.Unfit) as refused:
        moved(request, move, by=reception, **{field: f"Hello {name}"})
    assert refused.value.field == field


def test_other_curly_brackets_are_words_like_any(reception):
    moved(claimed_request(reception), "answer", by=reception, answer="Take {two} tablets } {")
    request = moved(claimed_request(reception), "ask", by=reception, question="Which?")
    assert moved(request, "reply", by=None, reply="I saw {time} in your letter.").status == Status.IN_PROGRESS


# Seen before it is sent


@pytest.mark.parametrize(("move", "field"), [("ask", "question"), ("answer", "answer")])
def test_what_is_shown_is_exactly_what_is_sent(desk, reception, move, field):
    request = claimed_request(reception, language="es")
    before, links = state_of(request), request.tracking_links.count()
    words = "Línea 1\n\n<b>Línea 2</b>  \n"
    page = press(desk, request, move, rehearse="yes", **{field: words})
    form = next(button.form for button in page.context["possible"] if button.name == move)
    shown = form.rehearsal
    assert (page.status_code, state_of(request), request.tracking_links.count()) == (200, before, links)
    assert box_of(page, field) == words
    assert "Error:" not in page.content.decode()
    assert press(desk, request, move, seen=page.context, **{field: box_of(page, field)}).status_code == 302
    message = Message.objects.about(request).last()
    assert (shown["subject"], shown["text"]) == (message.subject, leave_out_tokens(message.text))
    kept = AppointmentRequest.objects.get()
    assert shown["words"] == (kept.answer if move == "answer" else kept.clinic_questions.get().text)
    assert "&lt;b&gt;Línea 2" in page.content.decode()


def test_a_patient_without_email_is_shown_as_a_call(desk, reception):
    page = press(desk, claimed_request(reception, email=""), "answer", rehearse="yes", answer="Come on Monday.")
    assert "What to say on the telephone" in page.content.decode()
    assert page.context["asked"].status == Status.IN_PROGRESS
    assert not PhoneTask.objects.filter(purpose="answered").exists()


@pytest.mark.parametrize(("answer", "code"), [("", 422), ("x" * 4001, 422)])
def test_what_cannot_be_sent_cannot_be_seen_as_sent_either(desk, reception, answer, code):
    request = claimed_request(reception)
    before = state_of(request)
    page = press(desk, request, "answer", rehearse="yes", answer=answer)
    assert page.status_code == code
    assert "Not sent yet" not in page.content.decode()
    assert state_of(request) == before


def test_what_is_shown_after_somebody_changed_the_request_is_refused_with_the_text_kept(desk, reception, manager):
    request = claimed_request(reception)
    seen = desk.get(address(request)).context
    moved(request, "release", by=manager)
    page = press(desk, request, "answer", seen=seen, rehearse="yes", answer="Dear Ana")
    assert page.status_code == 409
    assert "Dear Ana" in page.content.decode()


# Kept by managers


def keep(client, row=None, step="save", *, seen=None, **typed):
    """Open a saved reply, or a new one, press a button, and return the answer."""
    to = f"{LIST}{row.pk}/change/" if row else ADD
    page = seen or client.get(to)
    snapshot = re.search(r'name="snapshot" value="([^"]*)"', page.content.decode())[1]
    return client.post(to, GOOD | {"snapshot": snapshot, step: "1"} | typed)


def test_a_manager_adds_changes_and_deletes_a_reply_and_each_is_one_event_without_its_words(office, manager):
    make_profile()
    response = keep(office)
    row = SavedReply.objects.get()
    assert response["Location"] == f"{LIST}{row.pk}/change/"
    assert (row.revision, row.changed_by, row.text) == (1, manager, GOOD["text"])
    for _press in range(2):
        assert keep(office, row, text="Call {telephone}.\r\n").status_code == 302
    row.refresh_from_db()
    assert (row.revision, row.text) == (2, "Call {telephone}.")
    office.post(f"{LIST}{row.pk}/delete/", {"post": "yes"})
    assert not SavedReply.objects.exists()
    events = Event.objects.filter(verb__startswith="saved_reply").order_by("id")
    assert [event.verb for event in events] == ["saved_reply.added", "saved_reply.changed", "saved_reply.removed"]
    assert "Call" not in str([event.details for event in events])


def test_a_reply_is_shown_with_made_up_values_before_it_is_saved(office):
    make_profile(telephone="(206) 555-0142")
    page = keep(office, step="preview")
    assert page.status_code == 200
    text = page.content.decode()
    for words in ("Not saved yet", "Hello ABCD-EFGH.", "Call (206) 555-0142."):
        assert words in text
    assert not SavedReply.objects.exists()
    assert open_names(example("{reference} {due} {times} {time} {place} {clinic} {telephone}", "es")) == []


@pytest.mark.parametrize("step", ["save", "preview"])
@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"text": "Hello {nmae}"}, "This message has no {nmae}."),
        ({"text": "Hello {link}"}, "This message has no {link}."),
        ({"text": "Hello {"}, "Write curly brackets only around a name"),
        ({"text": "x" * 4001}, "Shorten this to 4000 characters."),
        ({"text": " "}, "This field is required."),
        ({"name": ""}, "This field is required."),
        ({"used_for": "spam"}, "Select a valid choice."),
        ({"language": "xx"}, "Select a valid choice."),
    ],
)
def test_a_reply_that_must_be_mended_comes_back_with_the_reason_and_is_not_kept(office, step, typed, reason):
    make_profile()
    page = keep(office, step=step, **typed)
    assert page.status_code == 422
    assert page.content.decode().count(reason) == 2
    assert not SavedReply.objects.exists()


def test_a_second_reply_of_the_same_name_is_refused_in_words(office):
    make_profile()
    keep(office)
    assert keep(office).status_code == 422
    assert keep(office, language="es").status_code == 302
    with pytest.raises(workflow.Unfit):
        workflow.keep_reply(None, by=SavedReply.objects.first().changed_by.as_actor(), **GOOD)
    assert SavedReply.objects.count() == 2


def test_what_somebody_else_saved_meanwhile_is_compared_first(office, superuser):
    make_profile()
    row = saved()
    seen = office.get(f"{LIST}{row.pk}/change/")
    workflow.keep_reply(row.pk, by=superuser.as_actor(), **GOOD | {"text": "Theirs."})
    page = keep(office, row, seen=seen, text="Mine.")
    assert page.status_code == 409
    assert "Theirs." in page.content.decode()
    assert "Mine." in page.content.decode()
    assert keep(office, row, seen=page, text="Mine.").status_code == 302
    assert SavedReply.objects.get().text == "Mine."


def test_what_was_typed_for_a_reply_that_somebody_deleted_can_be_saved_as_a_new_one(office):
    make_profile()
    row = saved()
    seen = office.get(f"{LIST}{row.pk}/change/")
    SavedReply.objects.all().delete()
    page = keep(office, row, seen=seen, text="Mine.")
    assert page.status_code == 409
    assert 'action="/admin/appointments/savedreply/add/"' in page.content.decode()
    assert "Mine." in page.content.decode()
    assert office.get(f"{LIST}{row.pk}/change/").status_code == 302


def test_reception_reads_saved_replies_and_changes_none(desk, reception):
    row = saved("Read {reference}.")
    page = desk.get(f"{LIST}{row.pk}/change/")
    assert "Read {reference}." in page.content.decode()
    assert "Save this reply" not in page.content.decode()
    assert desk.get(LIST).status_code == 200
    for to in (ADD, f"{LIST}{row.pk}/change/", f"{LIST}{row.pk}/delete/"):
        assert desk.post(to, GOOD | {"post": "yes"}).status_code == 403
    for key in (None, row.pk):
        with pytest.raises(workflow.Refused):
            workflow.keep_reply(key, by=reception.as_actor(), **GOOD)
    assert SavedReply.objects.get().text == "Read {reference}."


@pytest.mark.django_db(transaction=True)
def test_two_managers_who_save_the_same_name_at_once_leave_one_reply_and_one_reason(manager):
    came_of = at_once(*[lambda: workflow.keep_reply(None, by=manager.as_actor(), **GOOD)] * 2)
    assert sorted(type(each).__name__ for each in came_of) == ["SavedReply", "Unfit"]
    assert Event.objects.filter(verb="saved_reply.added").count() == SavedReply.objects.count() == 1


def test_the_demonstration_has_replies_for_both_boxes_in_both_languages_once(settings, manager):
    settings.DEMO = True
    assert [demonstration_replies.load() for _time in range(2)] == ["8 saved replies", "0 saved replies"]
    rows = SavedReply.objects.all()
    assert {(row.used_for, row.language) for row in rows} == {
        (used_for, language) for used_for in ("question", "answer") for language in ("en", "es")
    }
    assert set(re.findall(r"\{(\w+)\}", " ".join(row.text for row in rows))) <= REPLY_NAMES.keys()
    settings.DEMO = False
    SavedReply.objects.all().delete()
    assert "DEMO is off" in demonstration_replies.load()
    assert not SavedReply.objects.exists()
