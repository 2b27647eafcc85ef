"""Erasing one person: everything of theirs goes, nothing of anybody else, and the receipt names nobody."""

import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from accounts.models import LocationLimit
from appointments import workflow
from appointments.erasing import REQUEST
from appointments.models import AppointmentRequest, LinkAsked, SentForm, Status
from appointments.references import new_token
from appointments.same_person import likely
from audit.actors import Actor
from audit.models import Event
from clinic import erasure, limits, receipts, rescan
from clinic.models import ErasedReference, Erasure, Location
from clinic.personal_data import our_models, personal_fields
from outbox import sender
from outbox.models import Message, State
from tests.appointments.factories import (
    claimed_request,
    closed_request,
    inputs_of,
    link_to,
    make_answers,
    make_request,
    moved,
    submit,
)
from tests.at_once import at_once
from tests.staff import make_staff

BY = Actor.command("test")
OTHER = {"full_name": "Bea Bell", "email": "bea@example.org", "phone": "(206) 555-0199"}
MARKS = ["O’Brien", "ana@example.org", "2065550123", "555-0123"]


def erase(*requests, with_open=True, by=BY, **also):
    return workflow.erase(requests, reason="asked", by=by, with_open=with_open, **also)


def address(name, request):
    return reverse(f"admin:appointments_appointmentrequest_{name}", args=[request.pk])


def press(client, request, **typed):
    data = {"reason": "asked", "reference": request.reference, "with_open": "on"} | typed
    return client.post(address("erase", request), data)


def everything():
    """Return all rows of ours but the audit, as the site reads them, as one text."""
    rows = [
        (model._meta.label_lower, row)
        for model in our_models()
        if model not in (Event, Erasure)
        for row in model._base_manager.values()
    ]
    return json.dumps(rows, default=str, ensure_ascii=False)


@pytest.fixture
def ana(reception):
    """A request with everything that can hang on one."""
    request = make_request()
    workflow.write_note(request, "Ana O’Brien sounds worried.", by=reception.as_actor(), token=new_token())
    request = moved(request, "claim", by=reception)
    request = moved(request, "ask", by=reception, **inputs_of("ask", request))
    request = moved(request, "add", by=reception, **inputs_of("add", request))
    workflow.ask_for_link(reference=request.reference, contact="ana@example.org")
    workflow.ask_for_link(reference="2222-2222", contact="206 555 0123")
    limits.count("request of", "ana@example.org", span=limits.DAY)
    limits.count("lost link of", request.reference, span=limits.DAY)
    return AppointmentRequest.objects.get(pk=request.pk)


# What goes, and what stays


def test_nothing_of_the_person_is_left_and_nothing_of_others_is_gone(ana):
    bea = make_request(**OTHER)
    workflow.ask_for_link(reference=bea.reference, contact="bea@example.org")
    before = set(Event.objects.values_list("pk", flat=True))
    made = rescan.look(erase(ana))
    said = everything()
    assert not [mark for mark in [*MARKS, ana.reference] if mark in said]
    assert [row.pk for row in AppointmentRequest.of_every_kind.all()] == [bea.pk]
    assert {(each.about_id, each.recipient) for each in Message.objects.all()} == {(str(bea.pk), "bea@example.org")}
    assert [each.contact for each in LinkAsked.objects.all()] == ["bea@example.org"]
    assert limits.how_many("request of", "ana@example.org", span=limits.DAY) == 0
    assert before <= set(Event.objects.values_list("pk", flat=True))
    assert (made.findings, made.looking_for) == ([], None)
    assert made.looked_through_at is not None
    assert made.removed[REQUEST] == 1
    assert made.removed["appointments.note"] == 1
    assert made.removed["outbox.message"] >= 2
    assert made.removed["appointments.linkasked"] == 2
    assert made.removed["clinic.tally"] == 2


def test_events_of_an_erasure_hold_ids_alone(ana, manager):
    made = erase(ana, by=manager.as_actor())
    told = Event.objects.filter(verb__in=["request.erased", "person.erased"])
    assert {(each.object_type, each.object_id, each.actor_id) for each in told} == {
        (REQUEST, str(ana.pk), manager.pk),
        ("clinic.erasure", str(made.pk), manager.pk),
    }
    assert not [mark for mark in [*MARKS, ana.reference] if mark in json.dumps([each.details for each in told])]


def test_what_is_joined_goes_along_in_either_direction(reception):
    kept, merged = claimed_request(reception), make_request()
    kept = workflow.merge(
        kept, merged, choices={}, by=reception.as_actor(), seen_revision=kept.revision, seen_other=merged.revision
    )
    erase(AppointmentRequest.of_every_kind.get(pk=merged.pk))
    assert not AppointmentRequest.of_every_kind.exists()


def test_a_household_that_shares_a_number_is_told_apart(db):
    ana = make_request()
    bea = make_request(full_name="Bea O’Brien", email="bea@example.org")
    found, _has_more = likely(ana)
    assert [(each.request.pk, each.reasons, each.goes_along) for each in found] == [
        (ana.pk, "the one you chose", True),
        (bea.pk, "same telephone number", False),
    ]
    made = rescan.look(erase(ana, left=[bea.pk]))
    assert AppointmentRequest.objects.get().pk == bea.pk
    assert Message.objects.get().recipient == "bea@example.org"
    assert made.findings
    assert all(each["is_left"] for each in made.findings)
    assert receipts.findings(made) == []


def test_requests_are_found_under_an_older_key_and_by_an_address_that_joining_replaced(reception, settings):
    keys = settings.FIELD_KEYS
    older = make_request(email="old@example.org", phone="", full_name="Ann Ober")
    settings.FIELD_KEYS = ["b2xkLW9sZC1vbGQtb2xkLW9sZC1vbGQtb2xkLW9sZCE=", *keys]
    kept, merged = claimed_request(reception, email="old@example.org", phone=""), make_request(phone="")
    kept = workflow.merge(
        kept,
        merged,
        choices={"email": "other"},
        by=reception.as_actor(),
        seen_revision=kept.revision,
        seen_other=merged.revision,
    )
    assert kept.email == "ana@example.org"
    found = {each.request.pk: each.reasons for each in likely(kept)[0]}
    assert found == {kept.pk: "the one you chose", merged.pk: "joined with it", older.pk: "same email address"}


def test_what_is_open_goes_only_with_a_yes_and_without_a_reason_nothing_does(reception):
    request, closed = make_request(), closed_request(reception, **OTHER)
    with pytest.raises(workflow.StillOpen):
        erase(request, with_open=False)
    with pytest.raises(workflow.Unfit):
        workflow.erase([closed], reason="restored", by=BY)
    assert AppointmentRequest.objects.count() == 2
    erase(closed, with_open=False)
    assert AppointmentRequest.objects.get() == request


def test_what_no_key_opens_is_erased_too(ana, settings):
    settings.FIELD_KEYS = ["b2xkLW9sZC1vbGQtb2xkLW9sZC1vbGQtb2xkLW9sZCE="]
    made = rescan.look(erase(AppointmentRequest.of_every_kind.only("pk").get()))
    assert not AppointmentRequest.of_every_kind.exists()
    assert not Message.objects.exists()
    assert made.looked_through_at


# Messages


def test_a_message_that_is_just_leaving_keeps_the_erasure_waiting_and_changes_nothing(ana):
    sender.claim_next(by="a sender", now=timezone.now())
    before = everything()
    with pytest.raises(workflow.Refused, match="leaving at this moment"):
        erase(ana)
    assert everything() == before
    assert not Event.objects.filter(verb="request.erased").exists()


def test_a_message_of_a_sender_that_died_goes(ana):
    sender.claim_next(by="a sender", now=timezone.now())
    Message.objects.filter(state=State.SENDING).update(claimed_at=timezone.now() - timedelta(minutes=6))
    erase(ana)
    assert not Message.objects.exists()


def test_a_message_claimed_before_it_was_erased_does_not_leave(ana, mailoutbox):
    claim = sender.claim_next(by="a sender", now=timezone.now())
    Message.objects.all().delete()
    assert not sender.deliver(claim)
    assert mailoutbox == []


def test_news_to_staff_that_named_the_reference_goes_once_it_has_left(ana, reception):
    text = f"- {ana.reference}, came just now"
    gone, waits = (
        Message.write("alert", about=reception, recipient="r@clinic.example", language="en", subject="1", text=text)
        for _each in range(2)
    )
    Message.objects.filter(pk=gone.pk).update(state=State.SENT, sent_at=timezone.now())
    made = rescan.look(erase(ana))
    assert list(Message.objects.values_list("pk", flat=True)) == [waits.pk]
    assert [(each["place"], each["which"], each["fields"]) for each in made.findings] == [
        ("outbox.message", str(waits.pk), ["text"])
    ]


# Looking again


def test_a_note_that_names_the_person_is_found_by_kind_and_number_and_never_quoted(ana, reception):
    bea = make_request(**OTHER)
    words = "Her neighbour ANA O’BRIEN (206.555.0123) drives her."
    note = workflow.write_note(bea, words, by=reception.as_actor(), token=new_token())
    made = rescan.look(erase(ana))
    assert receipts.findings(made) == [{"where": "Notes", "which": str(note.pk), "fields": "text"}]
    printed = receipts.as_text(made)
    assert f"Notes {note.pk} text" in printed
    assert not [mark for mark in [*MARKS, "neighbour", ana.reference] if mark in printed]


def test_a_session_a_cache_and_mail_kept_as_files_are_looked_at(ana, client, manager, settings, tmp_path):
    client.force_login(manager)
    session = client.session
    session["last"] = "ana@example.org"
    session.save()
    cache.set("page", "<p>Ana O’Brien</p>")
    settings.EMAIL_FILE_PATH = tmp_path
    (tmp_path / "1.log").write_bytes(b"To: ANA@example.org\nSubject: x\n\nHello\n")
    (tmp_path / "2.log").write_bytes(b"To: bea@example.org\nSubject: x\n\nHello\n")
    made = rescan.look(erase(ana))
    cache.clear()
    found = {each["place"]: each["which"] for each in made.findings}
    assert found["sessions"] == str(manager.pk)
    assert found["mail"] == "1.log"
    assert "caches" in found


def test_looking_stops_between_steps_and_goes_on_where_it_was(ana):
    for number in range(3):
        make_request(full_name="Cy Coe", email=f"cy{number}@example.org", phone="")
    made = erase(ana)
    assert rescan.look(made, should_stop=lambda: True).steps == 0
    steps = 0
    while rescan.look_on(should_stop=iter([False, True, True]).__next__) == 0:
        steps += 1
    done = Erasure.objects.get()
    assert steps == len(rescan.places_to_look()) - 1
    assert done.looked_through_at
    assert done.reached["read"][REQUEST] == 3


@pytest.mark.django_db(transaction=True)
def test_two_that_look_at_once_write_each_step_once():
    made = erase(make_request())
    at_once(lambda: rescan.look(made), lambda: rescan.look(made))
    done = Erasure.objects.get()
    assert done.steps == len(rescan.places_to_look())
    assert Event.objects.filter(verb="person.looked_for").count() == 1


def test_every_model_with_personal_data_is_visited_or_spared_for_a_reason():
    visited = {label for place in erasure.places() for label in place.models}
    spared = erasure.spared()
    holding = {model._meta.label_lower for model in our_models() if personal_fields(model)}
    assert holding - visited - spared.keys() == set()
    assert all(each.because for each in spared.values())
    assert set(rescan.models_to_read()) == {each for each in holding if each not in spared or spared[each].is_read}


# What is known of it afterwards


def test_a_reference_is_known_as_erased_by_a_key_and_never_given_again(ana, monkeypatch):
    erase(ana)
    assert erasure.erased_at(ana.reference) is not None
    assert ana.reference not in json.dumps(list(ErasedReference.objects.values()), default=str)
    drawn = iter([ana.reference, "2345-6789"])
    monkeypatch.setattr("appointments.workflow.sending.new_reference", drawn.__next__)
    assert make_request().reference == "2345-6789"


def test_the_file_outside_the_database_knows_keys_alone_and_each_erasure_once(ana, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        made = erase(ana)
    assert erasure.write_outside() == 0
    Erasure.objects.update(written_outside_at=None)
    erasure.write_outside()
    text = erasure.erased_file().read_text()
    assert [each["number"] for each in erasure.read_outside()] == [made.number]
    assert not [mark for mark in [*MARKS, ana.reference] if mark in text]
    assert erasure.erased_file().stat().st_mode & 0o777 == 0o600


def test_a_backup_that_brings_the_person_back_is_erased_again_from_the_file_alone(ana, capsys):
    reference = ana.reference
    number = erase(ana).number
    erasure.write_outside()
    with erasure.erased_file().open("a") as file:
        file.write('{"number": "cut sho\n["not one"]\n')
    ErasedReference.objects.all().delete()
    Erasure.objects.all().delete()
    back, bea = make_request(), make_request(**OTHER)
    AppointmentRequest.objects.filter(pk=back.pk).update(reference=reference)
    call_command("erase", again=True)
    assert [row.pk for row in AppointmentRequest.of_every_kind.all()] == [bea.pk]
    assert set(Erasure.objects.values_list("number", "reason")) > {(number, "asked")}
    assert "1 persons were erased again." in capsys.readouterr().out
    call_command("erase", again=True)
    assert Erasure.objects.count() == 2
    assert erasure.write_outside() == 0
    assert len(erasure.read_outside()) == 2


# The page


def test_a_manager_erases_a_person_from_the_sheet_and_gets_a_receipt_without_a_name(client, manager, ana):
    bea = make_request(full_name="Bea O’Brien", email="bea@example.org")
    client.force_login(manager)
    assert address("erase", ana) in client.get(address("change", ana)).content.decode()
    page = client.get(address("erase", ana)).content.decode()
    assert bea.reference in page
    assert "Bea O’Brien" in page
    assert "Same telephone number" in page
    response = press(client, ana, also=[bea.pk])
    assert response.status_code == 302
    assert not AppointmentRequest.objects.exists()
    receipt = client.get(response.url)
    body = receipt.content.decode()
    assert body.count(ana.reference) == 1
    assert bea.reference not in body
    assert "Nothing of the person was found." in body
    made = Erasure.objects.get()
    text = client.get(reverse("admin:clinic_erasure_text", args=[made.pk]))
    assert text["Content-Disposition"].startswith("attachment")
    assert "no-store" in text["Cache-Control"]
    for words in (client.get(response.url).content.decode(), text.content.decode()):
        assert not [mark for mark in [*MARKS, ana.reference, bea.reference] if mark in words]
        assert made.number in words


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"reference": "2345-6789"}, "This is not the reference of this request."),
        ({"reference": ""}, "Type the reference of this request."),
        ({"reason": ""}, "Choose why."),
        ({"reason": "restored"}, "Choose why."),
        ({"with_open": ""}, "Some of these requests are still open."),
        ({"also": "999999"}, "One of these requests is no longer there."),
        ({"also": "x'y\x00"}, "One of these requests is no longer there."),
    ],
)
def test_what_is_missing_is_said_and_nothing_goes(client, manager, typed, sentence):
    request = make_request()
    client.force_login(manager)
    response = press(client, request, **typed)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert AppointmentRequest.objects.count() == 1
    assert not Erasure.objects.exists()


def test_only_managers_come_there_and_a_look_erases_nothing(client, reception, nurse, manager):
    request = make_request()
    for who in (reception, nurse):
        client.force_login(who)
        assert press(client, request).status_code == 403
        assert client.get(address("export_person", request)).status_code == 403
        assert address("erase", request) not in client.get(address("change", request)).content.decode()
    client.force_login(manager)
    assert client.get(address("erase", request)).status_code == 200
    assert AppointmentRequest.objects.exists()
    assert Event.objects.filter(verb="person.looked_up", object_id=str(request.pk)).count() == 1


def test_both_pages_ask_for_the_password_again():
    from appointments.admin import AppointmentRequestAdmin

    assert AppointmentRequestAdmin.erase_view.needs_confirming
    assert AppointmentRequestAdmin.export_person_view.needs_confirming


def test_a_manager_limited_to_a_location_neither_sees_nor_erases_others(client, manager):
    here, there = (Location.objects.create(key=key, name=key, address="1 A St") for key in ("here", "there"))
    LocationLimit.objects.create(user=manager, location=here)
    mine, other = make_request(location="here"), make_request(location="there")
    client.force_login(manager)
    assert other.reference not in client.get(address("erase", mine)).content.decode()
    assert press(client, mine, also=[other.pk]).status_code == 422
    with pytest.raises(workflow.Refused, match="location"):
        erase(mine, other, by=manager.as_actor())
    assert AppointmentRequest.objects.count() == 2
    assert there.pk == other.location_id


def test_an_agreed_time_that_came_free_is_said_once(client, manager, reception):
    request = make_request(status=Status.AGREED, by=reception)
    client.force_login(manager)
    page = client.get(press(client, request).url).content.decode()
    assert "An agreed time is free again" in page
    assert "Dr. Cora" in page


# What an erased request answers


def test_every_address_of_an_erased_sheet_says_so(client, reception, ana):
    token = link_to(ana)
    erase(ana)
    client.force_login(reception)
    for name in ("change", "messages", "notes", "duplicates"):
        response = client.get(address(name, ana))
        assert response.status_code == 410
        assert "This request was erased" in response.content.decode()
    move = reverse("admin:appointments_appointmentrequest_move", args=[ana.pk, "answer"])
    assert client.post(move, {"answer": "Come in.", "seen_revision": "1"}).status_code == 410
    assert client.get(reverse("admin:appointments_appointmentrequest_change", args=[ana.pk + 99])).status_code == 404
    gone = client.get(reverse("appointments:track", args=[token]))
    assert gone.status_code == 404
    assert "This link does not open a request" in gone.content.decode()


def test_searching_the_queue_for_an_erased_reference_says_so(client, reception, ana):
    erase(ana)
    client.force_login(reception)
    queue = reverse("admin:appointments_appointmentrequest_changelist")
    assert "This request was erased" in client.get(queue, {"q": ana.reference.lower()}).content.decode()
    assert "This request was erased" not in client.get(queue, {"q": "2345-6789"}).content.decode()


def test_a_form_sent_again_after_the_erasure_brings_nobody_back(db):
    token, answers = new_token(), make_answers()
    erase(submit(answers, token=token).request)
    with pytest.raises(workflow.Erased):
        submit(answers, token=token)
    assert SentForm.objects.get().request is None


# At the same moment


@pytest.mark.django_db(transaction=True)
def test_two_managers_at_once_erase_once(client):
    managers = [make_staff(name, "manager") for name in ("one", "two")]
    request = make_request()
    came = at_once(*(lambda who=who: erase(request, by=who.as_actor()) for who in managers))
    assert sorted(type(each).__name__ for each in came) == ["Erased", "Erasure"]
    assert Event.objects.filter(verb="person.erased").count() == 1


@pytest.mark.django_db(transaction=True)
def test_whatever_the_patient_does_at_that_moment_nothing_is_left_and_nothing_breaks(client):
    request, bea = make_request(), make_request(**OTHER)
    token = link_to(request)
    add = reverse("appointments:change", args=[token, "add"])
    came = at_once(
        lambda: erase(request),
        lambda: client.post(add, {"words": "Ana O’Brien here."}).status_code,
        lambda: workflow.send_link(reference=request.reference, contact="ana@example.org", by=BY),
    )
    assert isinstance(came[0], Erasure), came
    assert came[1] in (303, 404)
    assert not [mark for mark in MARKS if mark in everything()]
    assert AppointmentRequest.objects.get() == bea


@pytest.mark.django_db(transaction=True)
def test_beside_a_sender_that_sends_no_message_leaves_after_the_erasure(mailoutbox):
    request = make_request()
    came = at_once(lambda: erase(request), sender.send_due)
    if isinstance(came[0], Erasure):
        assert not Message.objects.exists()
    else:
        assert "leaving at this moment" in str(came[0].reason)
        assert AppointmentRequest.objects.exists()
    before = len(mailoutbox)
    sender.send_due()
    assert len(mailoutbox) == before


@pytest.mark.django_db(transaction=True)
def test_a_move_pressed_at_that_moment_finds_the_request_erased_or_is_erased_with_it(client, reception):
    request = make_request()
    client.force_login(reception)
    move = reverse("admin:appointments_appointmentrequest_move", args=[request.pk, "claim"])
    came = at_once(lambda: client.post(move, {"seen_revision": request.revision}).status_code, lambda: erase(request))
    assert came[0] in (302, 410)
    assert isinstance(came[1], Erasure)
    assert not AppointmentRequest.objects.exists()


def test_an_erasure_that_fails_half_way_leaves_everything(ana, monkeypatch):
    before = everything()
    # The last place of all.
    monkeypatch.setattr("appointments.removing.messages_about", None)
    with pytest.raises(TypeError):
        erase(ana)
    assert everything() == before
    assert not erasure.erased_file().exists()
    assert not Event.objects.filter(verb="request.erased").exists()


# The command


def test_the_command_erases_who_is_named_lists_who_is_left_and_prints_a_receipt(ana, capsys):
    bea = make_request(full_name="Bea O’Brien", email="bea@example.org")
    call_command("erase", ana.reference.lower())
    printed = capsys.readouterr()
    assert AppointmentRequest.objects.get() == bea
    assert f"Left: {bea.reference} (new, same telephone number)." in printed.err
    assert "Receipt of an erasure" in printed.out
    assert ana.reference not in printed.out
    assert not [mark for mark in MARKS if mark in printed.out + printed.err]


def test_the_command_takes_others_by_name_or_all_with_a_yes_for_what_is_open(ana):
    bea = make_request(full_name="Bea O’Brien", email="bea@example.org")
    with pytest.raises(CommandError, match="still open"):
        call_command("erase", ana.reference, everyone=True)
    call_command("erase", ana.reference, also=[bea.reference])
    assert not AppointmentRequest.objects.exists()
    with pytest.raises(CommandError, match="was erased"):
        call_command("erase", ana.reference)
    for wrong in ("2345-6789", "'; DROP"):
        with pytest.raises(CommandError, match="no request"):
            call_command("erase", wrong)
    with pytest.raises(CommandError, match="Say which"):
        call_command("erase")


def test_the_receipt_costs_few_queries_however_much_there_was(client, manager, ana, django_assert_max_num_queries):
    made = rescan.look(erase(ana))
    client.force_login(manager)
    with django_assert_max_num_queries(8):
        client.get(reverse("admin:clinic_erasure_change", args=[made.pk]))
