"""Who read what: nurses see whose patients read a warning that has changed, and tell them, each once."""

import re

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import desk as desk_lines
from appointments import messages, who_read, workflow
from appointments.models import AppointmentRequest, HeldBecause, MessageWording, PhoneTask, Status, ToldOfChange
from appointments.workflow import Refused, Stale, Unfit
from audit.actors import Actor
from audit.models import Event
from outbox.models import Message
from procedures import publishing
from tests.appointments.factories import link_to, make_request, stored
from tests.appointments.visitor import Reader
from tests.at_once import at_once
from tests.clinic.factories import make_profile
from tests.procedures.factories import COMMAND, make_draft, make_live, make_page, make_procedure, make_published
from tests.remembered import remembered

pytestmark = pytest.mark.django_db
LIST = "/admin/appointments/appointmentrequest/who-read/"
SIGN = {"key": "fever", "text": "You have a fever.", "urgency": "urgent", "applies": "after"}
NAMES = {"plain_name": "Balloon repair", "medical_name": "Kyphoplasty", "synonyms": [], "summary": "A balloon."}


@pytest.fixture
@remembered
def kyphoplasty():
    """A page whose first version is live."""
    made = make_page(make_procedure(key="kyphoplasty"), slug="kyphoplasty")
    make_published(made, sections=warning("Call us."))
    return made


@pytest.fixture
def desk(client, nurse):
    """A nurse's browser, signed in."""
    make_profile(name="Alder Spine Clinic", discreet_name="Alder Health")
    client.force_login(nurse)
    return client


def warning(action, **more):
    return {"names": NAMES, "warning_signs": [SIGN | {"action": action}]} | more


def publish(kyphoplasty, action="Call 911.", **more):
    """Publish another version, whose sign says to do something else; return it."""
    return make_live(make_draft(kyphoplasty, sections=warning(action, **more)))


def reader(kyphoplasty, *, status=Status.NEW, by=None, **answers):
    """Return a request whose patient had read the live version of the page."""
    request = make_request(status=status, by=by, **{"procedure": "kyphoplasty"} | answers)
    kyphoplasty.refresh_from_db()
    AppointmentRequest.objects.filter(pk=request.pk).update(page_version=kyphoplasty.live_version)
    request.refresh_from_db()
    return request


def groups():
    """Return what is listed, as (page, number, old words, new words)."""
    found = who_read.groups(AppointmentRequest.objects.all())
    return [(group.page, group.number, change.old, change.new) for group in found for change in group.changes]


def ids(kyphoplasty, *requests, go="chosen", **more):
    """Return what a press on the first group of the list sends."""
    [group] = who_read.groups(AppointmentRequest.objects.all())
    return {"known": group.known, "live": group.live, "request": [each.pk for each in requests], "go": go} | more


def tell(client, kyphoplasty, *requests, go="chosen"):
    """Look at the message to some patients, press the button that sends it, and return what that says."""
    shown = client.post(LIST, ids(kyphoplasty, *requests, go=go))
    assert shown.status_code == 200
    return send(client, shown)


def send(client, shown):
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown.content.decode())
    data = {}
    for name, value in fields:
        data.setdefault(name, []).append(value)
    return client.post(LIST, data | {"go": "send"}, follow=True)


def told(request):
    return Message.objects.about(request).filter(purpose="page_changed")


# Who is on the list


def test_whoever_read_the_old_warning_is_listed_with_the_old_words_and_the_new(kyphoplasty):
    for _each in range(2):
        reader(kyphoplasty)
    assert groups() == []
    publish(kyphoplasty)
    assert groups() == [("Balloon repair", 2, "You have a fever. Call us.", "You have a fever. Call 911.")]
    reader(kyphoplasty)
    assert groups()[0][1] == 2


def test_a_version_of_several_publications_ago_is_compared_with_what_is_live(kyphoplasty):
    reader(kyphoplasty)
    publish(kyphoplasty, "Wait.")
    reader(kyphoplasty)
    publish(kyphoplasty, "Call 911.")
    assert [row[1:3] for row in groups()] == [(1, "You have a fever. Call us."), (1, "You have a fever. Wait.")]
    publish(kyphoplasty, "Wait.")
    assert [row[1:] for row in groups()] == [(1, "You have a fever. Call us.", "You have a fever. Wait.")]


def test_a_publication_that_warns_of_the_same_lists_nobody(kyphoplasty):
    reader(kyphoplasty)
    publish(kyphoplasty, "Call us.", day={"setting": "You go home the same day."})
    assert groups() == []


def test_only_open_real_requests_that_no_one_doubts_are_listed(kyphoplasty, reception):
    held, practice = reader(kyphoplasty), reader(kyphoplasty)
    reader(kyphoplasty, status=Status.ANSWERED, by=reception)
    reader(kyphoplasty, status=Status.WITHDRAWN, by=reception)
    AppointmentRequest.objects.filter(pk=held.pk).update(held_because=HeldBecause.DECOY)
    AppointmentRequest.objects.filter(pk=practice.pk).update(kind="practice")
    make_request()
    publish(kyphoplasty)
    assert groups() == []
    for status in (Status.IN_PROGRESS, Status.WAITING):
        AppointmentRequest.objects.filter(pk=reader(kyphoplasty, status=status, by=reception).pk).update(
            page_version=kyphoplasty.versions.get(number=1)
        )
    assert groups()[0][1] == 2


def test_a_page_that_is_off_the_site_is_compared_with_nothing(kyphoplasty):
    reader(kyphoplasty)
    publish(kyphoplasty)
    kyphoplasty.refresh_from_db()
    publishing.withdraw_page(page=kyphoplasty, by=COMMAND)
    assert groups() == []


def test_each_language_is_compared_with_itself(kyphoplasty):
    spanish = make_page(kyphoplasty.procedure, language="es", slug="cifoplastia")
    make_published(spanish, sections=warning("Llámenos."))
    reader(kyphoplasty)
    reader(spanish, language="es")
    publish(spanish, "Llame al 911.")
    assert groups() == [("Balloon repair", 1, "You have a fever. Llámenos.", "You have a fever. Llame al 911.")]


def test_the_desk_tells_nurses_and_reception_of_them_and_nobody_else(kyphoplasty, nurse, reception, editor):
    line = {"sentence": "1 patient read a warning that has changed since.", "url": LIST}
    reader(kyphoplasty)
    assert line not in desk_lines.waiting_for(nurse)
    publish(kyphoplasty)
    assert line in desk_lines.waiting_for(nurse)
    assert line in desk_lines.waiting_for(reception)
    assert line not in desk_lines.waiting_for(editor)


def test_nobody_without_the_role_sees_the_list(kyphoplasty, client, editor, auditor):
    for user in (editor, auditor):
        client.force_login(user)
        assert client.get(LIST).status_code == 403
        assert client.post(LIST, {"go": "all"}).status_code == 403


def test_it_asks_as_many_queries_for_many_as_for_few(kyphoplasty, desk, nurse):
    asked = []
    for _round in range(2):
        for _each in range(3):
            reader(kyphoplasty)
        publish(kyphoplasty, f"Call {_round}.")
        with CaptureQueriesContext(connection) as queries:
            content = desk.get(LIST).content.decode()
        asked.append(len(queries))
        for request in AppointmentRequest.objects.all():
            assert request.reference in content
    assert asked[0] == asked[1] <= 8


def test_the_list_shows_the_first_of_many_and_says_so(kyphoplasty, desk, monkeypatch):
    monkeypatch.setattr("appointments.admin.who_read.MOST", 2)
    later, urgent, first = reader(kyphoplasty), reader(kyphoplasty, is_urgent=True), reader(kyphoplasty)
    AppointmentRequest.objects.filter(pk=later.pk).update(due_at=first.due_at.replace(year=2999))
    publish(kyphoplasty)
    content = desk.get(LIST).content.decode()
    assert "3 requests" in content
    assert "These are the first 2." in content
    assert content.index(urgent.reference) < content.index(first.reference)
    assert later.reference not in content
    assert "2 patients are told" in tell(desk, kyphoplasty, go="all").content.decode()
    assert not told(later).exists()


# The message


def test_what_is_shown_before_is_what_is_sent(kyphoplasty, desk):
    request = reader(kyphoplasty, wants_details=True)
    publish(kyphoplasty)
    shown = desk.post(LIST, ids(kyphoplasty, request))
    [preview] = shown.context["chosen"].previews
    assert not told(request).exists()
    assert "1 patient is told" in send(desk, shown).content.decode()
    message = told(request).get()
    link = re.search(r"https://\S+", message.text)[0]
    example = re.search(r"https://\S+", preview["text"])[0]
    assert message.text == preview["text"].replace(example, link) + "\n"
    assert (message.subject, message.sender_name) == (preview["subject"], preview["sender"])
    assert "It is about: Balloon repair" in message.text
    assert message.subject in shown.content.decode()


def test_the_message_is_discreet_and_says_nothing_of_what_changed(kyphoplasty, desk):
    request = reader(kyphoplasty)
    publish(kyphoplasty)
    tell(desk, kyphoplasty, request)
    message = told(request).get()
    everything = f"{message.subject} {message.text} {message.html} {message.sender_name}"
    for word in ("Balloon", "fever", "911", "Spine", "Ana"):
        assert word not in everything
    assert "Please read it again" in message.text


def test_patients_who_read_another_message_are_shown_theirs(kyphoplasty, desk):
    one, spanish = reader(kyphoplasty), reader(kyphoplasty, language="es")
    detailed, other = reader(kyphoplasty, wants_details=True), reader(kyphoplasty)
    AppointmentRequest.objects.filter(pk=other.pk).update(procedure=None)
    publish(kyphoplasty)
    shown = desk.post(LIST, ids(kyphoplasty, one, spanish, detailed, other))
    previews = [(each["language"], each["number"]) for each in shown.context["chosen"].previews]
    assert previews == [("en", 2), ("es", 1), ("en", 1)]
    assert "4 patients are told" in send(desk, shown).content.decode()
    assert told(spanish).get().language == "es"


def test_words_that_a_manager_changes_meanwhile_are_shown_again_before_anything_is_sent(kyphoplasty, desk):
    request = reader(kyphoplasty)
    publish(kyphoplasty)
    shown = desk.post(LIST, ids(kyphoplasty, request))
    MessageWording.objects.create(purpose="page_changed", language="en", subject="Hello", text="Read it.")
    again = send(desk, shown)
    assert again.status_code == 409
    assert not told(request).exists()
    assert "Hello" in again.content.decode()
    send(desk, again)
    assert told(request).get().subject == "Hello"


def test_a_message_that_nobody_looked_at_is_not_sent(kyphoplasty, desk):
    request = reader(kyphoplasty)
    publish(kyphoplasty)
    assert desk.post(LIST, ids(kyphoplasty, request, go="send")).status_code == 409
    assert not told(request).exists()


def test_who_gave_no_address_waits_for_a_call_with_the_old_words_and_the_new(kyphoplasty, desk, nurse):
    request = reader(kyphoplasty, email="", language="es")
    publish(kyphoplasty)
    shown = desk.post(LIST, ids(kyphoplasty, request))
    [preview] = shown.context["chosen"].previews
    send(desk, shown)
    assert PhoneTask.objects.get(request=request, purpose="page_changed").done_at is None
    said = messages.words_to_say(request, "page_changed")
    assert said == preview["said"]
    assert "Usted leyó: “You have a fever. Call us.”" in said
    assert "Ahora decimos: “You have a fever. Call 911.”" in said


def test_who_is_told_leaves_the_list_and_the_request_keeps_what_was_read(kyphoplasty, desk, nurse):
    request, other = reader(kyphoplasty), reader(kyphoplasty)
    live = publish(kyphoplasty)
    tell(desk, kyphoplasty, request)
    assert groups()[0][1] == 1
    row = ToldOfChange.objects.get()
    assert (row.known_id, row.version_id, row.made_by) == (request.page_version_id, live.pk, nurse)
    before = request.page_version_id, request.revision
    request.refresh_from_db()
    assert (request.page_version_id, request.revision) == before
    event = Event.objects.about(request).first()
    assert event.verb == "request.told_of_change"
    assert event.details == {"known": row.known_id, "version": live.pk}
    sheet = desk.get(f"/admin/appointments/appointmentrequest/{request.pk}/change/").content.decode()
    assert "Told the patient that a page has changed" in sheet
    tell(desk, kyphoplasty, other)
    assert b"Nobody is to be told of a change" in desk.get(LIST).content


def test_a_later_change_lists_them_again_with_what_is_new_since_they_were_told(kyphoplasty, desk):
    request = reader(kyphoplasty)
    publish(kyphoplasty)
    tell(desk, kyphoplasty, request)
    publish(kyphoplasty, "Call 911.", aim={"who_should_not": "People with an infection."})
    assert groups() == [("Balloon repair", 1, "Ask us.", "People with an infection.")]
    tell(desk, kyphoplasty, request)
    assert told(request).count() == 2
    publish(kyphoplasty, "Call us.", aim={"who_should_not": "Ask us."})
    assert [row[2:] for row in groups()] == [
        ("People with an infection.", "Ask us."),
        ("You have a fever. Call 911.", "You have a fever. Call us."),
    ]


# The workflow


def test_the_same_press_twice_is_one_message(kyphoplasty, nurse, reception):
    request = reader(kyphoplasty)
    live = publish(kyphoplasty)
    first = workflow.tell_of_change(request, version=live.pk, by=nurse.as_actor())
    second = workflow.tell_of_change(request, version=live.pk, by=reception.as_actor())
    assert first == second
    assert told(request).count() == 1
    assert Event.objects.about(request).filter(verb="request.told_of_change").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_tell_a_patient_once(kyphoplasty, nurse, reception):
    request = reader(kyphoplasty)
    live = publish(kyphoplasty).pk
    presses = [
        lambda user=user: workflow.tell_of_change(request, version=live, by=user.as_actor())
        for user in (nurse, reception)
    ]
    first, second = at_once(*presses)
    assert first == second
    assert told(request).count() == 1


def test_a_version_that_was_replaced_meanwhile_is_refused_with_nothing_written(kyphoplasty, nurse):
    request = reader(kyphoplasty)
    seen = publish(kyphoplasty)
    publish(kyphoplasty, "Wait.")
    with pytest.raises(Stale):
        workflow.tell_of_change(request, version=seen.pk, by=nurse.as_actor())
    assert not told(request).exists()
    assert not ToldOfChange.objects.exists()


def test_who_may_not_or_need_not_is_refused(kyphoplasty, nurse, editor, reception):
    request = reader(kyphoplasty)
    same = publish(kyphoplasty, "Call us.", day={"setting": "You go home the same day."})
    for by in (editor.as_actor(), Actor.command("x"), Actor.patient()):
        with pytest.raises(Refused):
            workflow.tell_of_change(request, version=same.pk, by=by)
    with pytest.raises(Refused, match="Nothing that the page warns of"):
        workflow.tell_of_change(request, version=same.pk, by=nurse.as_actor())
    live = publish(kyphoplasty)
    with pytest.raises(Refused, match="knows what the page says"):
        workflow.tell_of_change(make_request(), version=live.pk, by=nurse.as_actor())
    AppointmentRequest.objects.filter(pk=request.pk).update(held_because=HeldBecause.DECOY)
    with pytest.raises(Refused, match="Nobody waits"):
        workflow.tell_of_change(request, version=live.pk, by=nurse.as_actor())
    assert not ToldOfChange.objects.exists()


def test_a_failure_in_the_middle_leaves_nothing_behind(kyphoplasty, nurse, monkeypatch):
    request = reader(kyphoplasty)
    live, before = publish(kyphoplasty).pk, stored()

    def fail(*args, **kwargs):
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(Event, "record", fail)
    with pytest.raises(DatabaseError):
        workflow.tell_of_change(request, version=live, by=nurse.as_actor())
    monkeypatch.undo()
    assert stored() == before
    assert not ToldOfChange.objects.exists()


# No message


def test_no_message_needs_a_reason_and_is_written_down(kyphoplasty, desk):
    request = reader(kyphoplasty)
    live = publish(kyphoplasty)
    refused = desk.post(LIST, ids(kyphoplasty, request, go="no-message"))
    assert refused.status_code == 422
    assert "Choose why no message is needed." in refused.content.decode()
    assert f'value="{request.pk}" id="request-{request.pk}" checked' in refused.content.decode()
    done = desk.post(LIST, ids(kyphoplasty, request, go="no-message", because="same_advice"), follow=True)
    assert "1 request needs no message." in done.content.decode()
    event = Event.objects.about(request).first()
    assert event.verb == "request.not_told_of_change"
    assert event.details["because"] == "same_advice"
    assert groups() == []
    assert not told(request).exists()
    assert who_read.told_of(request) == []
    assert ToldOfChange.objects.get().version == live


def test_a_made_up_reason_is_refused(kyphoplasty, nurse):
    request = reader(kyphoplasty)
    live = publish(kyphoplasty)
    with pytest.raises(Unfit):
        workflow.need_not_tell(request, version=live.pk, because="tired", by=nurse.as_actor())


def test_who_needs_no_message_gets_none_from_a_slower_colleague(kyphoplasty, nurse, reception):
    request, other = reader(kyphoplasty), reader(kyphoplasty)
    live = publish(kyphoplasty).pk
    workflow.need_not_tell(request, version=live, because="same_advice", by=nurse.as_actor())
    workflow.tell_of_change(other, version=live, by=nurse.as_actor())
    with pytest.raises(Refused, match="decided otherwise"):
        workflow.tell_of_change(request, version=live, by=reception.as_actor())
    with pytest.raises(Refused, match="decided otherwise"):
        workflow.need_not_tell(other, version=live, because="same_advice", by=reception.as_actor())
    assert [told(each).count() for each in (request, other)] == [0, 1]


# Awkward presses


def test_a_press_without_a_choice_says_so(kyphoplasty, desk):
    reader(kyphoplasty)
    publish(kyphoplasty)
    response = desk.post(LIST, ids(kyphoplasty))
    assert response.status_code == 422
    assert "Choose at least one request." in response.content.decode()


@pytest.mark.parametrize("keys", [["x"], ["-1"], ["9" * 30], ["٣"], ["0"]])
def test_a_made_up_request_is_told_nothing(kyphoplasty, desk, keys):
    reader(kyphoplasty)
    publish(kyphoplasty)
    response = desk.post(LIST, ids(kyphoplasty) | {"request": keys}, follow=True)
    assert "Nobody is left to tell" in response.content.decode()
    for known, live in (("", ""), ("x", "1"), ("9" * 20, "1")):
        response = desk.post(LIST, {"known": known, "live": live, "request": keys, "go": "all"}, follow=True)
        assert "Nobody is left to tell" in response.content.decode()


def test_a_colleague_who_was_quicker_is_told_of_and_nobody_gets_two(kyphoplasty, desk, reception):
    request, other = reader(kyphoplasty), reader(kyphoplasty)
    live = publish(kyphoplasty)
    shown = desk.post(LIST, ids(kyphoplasty, request, other))
    workflow.tell_of_change(request, version=live.pk, by=reception.as_actor())
    assert "1 patient is told" in send(desk, shown).content.decode()
    assert "Nobody is left to tell" in send(desk, shown).content.decode()
    assert told(request).count() == told(other).count() == 1


def test_a_request_that_cannot_be_read_keeps_no_other_from_being_told(kyphoplasty, desk):
    broken, other = reader(kyphoplasty), reader(kyphoplasty)
    publish(kyphoplasty)
    AppointmentRequest.objects.filter(pk=broken.pk).update(matter="")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE appointments_appointmentrequest SET matter = 'x' WHERE id = %s", [broken.pk])
    response = tell(desk, kyphoplasty, broken, other).content.decode()
    assert "1 patient is told" in response
    assert f"{broken.reference}: This request cannot be read" in response
    assert told(other).exists()


# What the patient reads


def test_the_private_page_shows_what_changed_once_the_patient_is_told_and_leads_to_the_page(kyphoplasty, desk):
    request = reader(kyphoplasty)
    publish(kyphoplasty)
    private = f"/appointments/track/{link_to(request)}/"
    assert "What has changed on our page" not in Client().get(private).content.decode()
    tell(desk, kyphoplasty, request)
    content = Client().get(private).content.decode()
    words = Reader(content).text
    for each in ("What has changed on our page", "You have a fever. Call us.", "You have a fever. Call 911."):
        assert each in words
    assert 'href="/procedures/kyphoplasty/"' in content
    publishing.withdraw_page(page=kyphoplasty.procedure.pages.get(), by=COMMAND)
    assert 'href="/procedures/kyphoplasty/"' not in Client().get(private).content.decode()


def test_words_of_a_page_are_no_markup(kyphoplasty, desk):
    request = reader(kyphoplasty)
    publish(kyphoplasty, "<script>1</script>")
    private = f"/appointments/track/{link_to(request)}/"
    for response in (desk.get(LIST), tell(desk, kyphoplasty, request), desk.get(private)):
        assert "<script>1" not in response.content.decode()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads a table as small as this one whole")
def test_no_plan_reads_every_request(kyphoplasty):
    counted = who_read.with_an_old_page(AppointmentRequest.objects.all())
    assert "USING INDEX request_had_read" in counted.explain()
