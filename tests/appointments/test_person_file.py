"""The copy of all that is held of a person: whole, plain, harmless, and made by managers alone."""

import json
import stat

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from appointments import workflow
from appointments.admin import person_file
from appointments.models import AppointmentRequest
from appointments.references import new_token
from audit.actors import Actor
from audit.models import Event
from outbox.models import Message
from tests.appointments.factories import answered_request, inputs_of, make_request, moved

BY = Actor.command("test")


def export(*requests, kind=person_file.JSON, with_notes=True, by=BY):
    rows = [AppointmentRequest.of_every_kind.get(pk=request.pk) for request in requests]
    for row in rows:
        row.is_readable = True
    return "".join(person_file.export(rows, kind=kind, with_notes=with_notes, by=by))


def page(request):
    return reverse("admin:appointments_appointmentrequest_export_person", args=[request.pk])


@pytest.fixture
def ana(reception):
    request = make_request(helper={"full_name": "Hal Help", "relation": "parent", "call": "patient"})
    workflow.write_note(request, "Sounds worried.", by=reception.as_actor(), token=new_token())
    request = moved(request, "claim", by=reception)
    request = moved(request, "ask", by=reception, **inputs_of("ask", request))
    request = moved(request, "reply", by=reception, **inputs_of("reply", request))
    return moved(request, "answer", by=reception, **inputs_of("answer", request))


def test_everything_that_was_asked_answered_and_written_is_in_both_forms(ana):
    said, text = json.loads(export(ana)), export(ana, kind=person_file.TEXT)
    one = said["requests"][0]
    assert (one["name"], one["email"], one["telephone"]) == ("Ana O’Brien", "ana@example.org", "(206) 555-0123")
    assert one["questions"][0]["reply"] == "Yes, in May."
    assert one["status"] == "answered"
    assert one["answer"] == "Telephone us, and we will find a time."
    assert one["notes"][0]["text"] == "Sounds worried."
    assert one["notes"][0]["who"] == "Reception"
    assert len(one["messages"]) == Message.objects.count() > 1
    assert said["also_about"] == ["Hal Help, who asked for the patient"]
    for words in ("Ana O’Brien", "Yes, in May.", "Sounds worried.", "Hal Help", "My back hurts since I fell."):
        assert words in text


def test_a_person_reads_words_where_a_program_reads_codes(ana):
    said, text = json.loads(export(ana))["requests"][0], export(ana, kind=person_file.TEXT)
    assert said["language"] == "en"
    assert said["private_links"][0]["what"] == "form"
    assert "Language: English" in text
    assert "What: The page after sending" in text


def test_every_personal_field_of_a_request_has_a_place_in_the_file():
    stands_under = {"full_name": "name", "phone": "telephone", "helper": "asked_by", "signs": "warning_signs"}
    stands_under |= {"danger_because": "words_of_danger"}
    fields = [name for name in AppointmentRequest.personal_data if not name.endswith("_index")]
    assert {stands_under.get(name, name) for name in fields} <= set(person_file.LABELS)


def test_staff_stand_in_it_by_their_role_and_no_private_link_opens_from_it(ana, reception):
    for kind in person_file.FORMS:
        said = export(ana, kind=kind)
        assert reception.last_name not in said
        assert reception.username not in said.replace("Reception", "")
        links = said.replace("\\u2026", "…").count("/appointments/track/…")
        assert links == said.count("/appointments/track/") > 0


def test_notes_can_be_left_out_and_the_file_says_so(ana):
    said = json.loads(export(ana, with_notes=False))
    assert said["notes_left_out"] is True
    assert "notes" not in said["requests"][0]
    assert "Sounds worried." not in export(ana, kind=person_file.TEXT, with_notes=False)


def test_the_text_is_in_the_language_of_the_person_and_leaves_the_language_of_staff_alone(db):
    said = export(make_request(language="es"), kind=person_file.TEXT)
    assert "Recibida" in said or "Recibido" in said
    assert "Received" in export(make_request(), kind=person_file.TEXT)


def test_what_a_patient_types_is_never_active_in_it(db):
    request = make_request(matter='=HYPERLINK("x")\n<script>alert(1)</script>\n\u202eevil')
    said = export(request)
    assert said.isascii()
    assert json.loads(said)["requests"][0]["matter"].startswith("=HYPERLINK")
    text = export(request, kind=person_file.TEXT)
    assert "\u202e" not in text
    assert "\n=HYPERLINK" not in text


def test_a_manager_gets_the_file_as_an_attachment_that_nothing_keeps(client, manager, ana):
    bea = make_request(full_name="Bea O’Brien", email="bea@example.org")
    client.force_login(manager)
    assert bea.reference in client.get(page(ana)).content.decode()
    response = client.post(page(ana), {"form": "json", "also": [bea.pk]})
    said = json.loads(b"".join(response.streaming_content))
    assert [each["reference"] for each in said["requests"]] == [ana.reference, bea.reference]
    assert response["Content-Disposition"].startswith("attachment;")
    assert "no-store" in response["Cache-Control"]
    assert response["Content-Type"] == "application/json"
    made = Event.objects.filter(verb="person.exported")
    assert {(each.object_id, each.actor_id) for each in made} == {(str(each.pk), manager.pk) for each in (ana, bea)}
    alone = client.post(page(ana), {"form": "text"})
    assert bea.reference.encode() not in b"".join(alone.streaming_content)
    assert alone["Content-Type"] == "text/plain; charset=utf-8"


def test_a_form_that_is_none_is_refused_and_others_get_nothing(client, manager, reception, ana):
    client.force_login(manager)
    assert client.post(page(ana), {"form": "exe"}).status_code == 422
    client.force_login(reception)
    assert client.post(page(ana), {"form": "json"}).status_code == 403
    with pytest.raises(workflow.Refused):
        export(ana, by=reception.as_actor())
    assert not Event.objects.filter(verb="person.exported").exists()


def test_the_command_writes_a_file_for_its_owner_alone_and_overwrites_none(ana, tmp_path, capsys):
    file = tmp_path / "copy.json"
    call_command("export_person", ana.reference, str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text())["requests"][0]["reference"] == ana.reference
    before = file.read_text()
    with pytest.raises(CommandError, match="already"):
        call_command("export_person", ana.reference, str(file))
    assert file.read_text() == before
    with pytest.raises(CommandError, match="must end"):
        call_command("export_person", ana.reference, str(tmp_path / "copy.csv"))
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_person", ana.reference, str(tmp_path / "none" / "copy.txt"))
    assert "Ana" not in capsys.readouterr().out


def test_each_request_costs_the_same_queries(reception, django_assert_max_num_queries):
    requests = [answered_request(reception) for _each in range(3)]
    with django_assert_max_num_queries(20):
        export(requests[0])
    with django_assert_max_num_queries(60):
        export(*requests)
