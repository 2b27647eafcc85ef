"""Notes: what staff write for each other, on a page apart, and never in anything that leaves the clinic."""

import ast
import re
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from appointments import workflow
from appointments.messages import words_to_say
from appointments.models import AppointmentRequest, HeldBecause, Note, NoteKind, Status
from appointments.workflow.notes import TAKEN_BACK, WRITTEN
from audit.actors import Actor
from audit.models import Event
from outbox.models import Message
from tests.appointments.at_the_desk import address
from tests.appointments.factories import WALKS, inputs_of, link_to, make_request, moved
from tests.at_once import at_once
from tests.clinic.test_components import CSS, contrast
from tests.test_house import ROOT, imported, package_of, python_files

pytestmark = pytest.mark.django_db
SECRET = "Zebra4711 sounded frightened."


@pytest.fixture
def desk(client, reception):
    """Reception's browser, signed in."""
    client.force_login(reception)
    return client


def notes_of(request):
    return reverse("admin:appointments_appointmentrequest_notes", args=[request.pk])


def write(client, request, text, **also):
    """Open the page of notes, write one as a browser does, and return the answer."""
    token = client.get(notes_of(request)).context["token"]
    return client.post(notes_of(request), {"token": token, "text": text} | also)


def take_back(client, note):
    return client.post(reverse("admin:appointments_appointmentrequest_unnote", args=[note.request_id, note.pk]))


def noted(request, *, by, text=SECRET):
    return workflow.write_note(request, text, by=by.as_actor(), token=text)


# Written


@pytest.mark.parametrize("status", [*WALKS, "held"])
def test_a_note_can_be_written_on_a_request_in_any_state_and_changes_nothing_of_it(desk, reception, status):
    request = make_request(status=Status.NEW if status == "held" else status, by=reception)
    if status == "held":
        AppointmentRequest.objects.filter(pk=request.pk).update(held_because=HeldBecause.STAFF)
    before = AppointmentRequest.objects.values().get(pk=request.pk)
    messages = Message.objects.count()
    assert write(desk, request, "  She calls\r\nback.\n").status_code == 302
    note = Note.objects.get()
    assert (note.request, note.text, note.written_by, note.kind) == (
        request,
        "She calls\nback.",
        reception,
        NoteKind.NOTE,
    )
    assert AppointmentRequest.objects.values().get(pk=request.pk) == before
    assert Message.objects.count() == messages
    event = Event.objects.about(request).get(verb=WRITTEN)
    assert event.details.keys() == {"note", "press"}


def test_the_same_press_twice_is_one_note_and_the_same_words_again_are_two(desk):
    request = make_request()
    token = desk.get(notes_of(request)).context["token"]
    for _press in range(2):
        assert desk.post(notes_of(request), {"token": token, "text": "Call"}).status_code == 302
    assert Note.objects.count() == Event.objects.filter(verb=WRITTEN).count() == 1
    for _press in range(2):
        desk.post(notes_of(request), {"text": "Call"})
    assert Note.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_one_press_that_arrives_twice_at_once_is_one_note(reception):
    request = make_request()
    came_of = at_once(*[lambda: noted(request, by=reception)] * 2)
    assert [note for note in came_of if note] == [Note.objects.get()]


@pytest.mark.parametrize(
    ("text", "reason"), [(" \n", "Write the note first."), ("x" * 4001, "Shorten the text to 4,000 characters.")]
)
def test_a_note_that_must_be_mended_comes_back_as_it_was_typed(desk, text, reason):
    response = write(desk, make_request(), text)
    assert response.status_code == 422
    page = response.content.decode()
    assert page.count(reason) == 2
    assert "Error:" in page
    assert response.context["form"].data["text"] == text
    assert not Note.objects.exists()


def test_who_may_not_see_the_request_neither_reads_nor_writes_notes(client, editor, reception):
    request = make_request()
    note = noted(request, by=reception)
    client.force_login(editor)
    for response in (client.get(notes_of(request)), write_unseen(client, request), take_back(client, note)):
        assert response.status_code == 403
    for actor in (editor.as_actor(), Actor.patient(), Actor.command("load_demo")):
        with pytest.raises(workflow.Refused):
            workflow.write_note(request, "Hello", by=actor, token="t")
        with pytest.raises(workflow.Refused):
            workflow.take_back_note(request, note.pk, by=actor)
    assert Note.objects.get().taken_back_at is None


def write_unseen(client, request):
    return client.post(notes_of(request), {"text": "Hello"})


def test_a_note_typed_into_a_page_that_was_open_too_long_is_shown_to_be_copied(reception):
    request, client = make_request(), Client(enforce_csrf_checks=True)
    client.force_login(reception)
    response = client.post(notes_of(request), {"text": SECRET})
    assert response.status_code == 403
    assert SECRET in response.content.decode()
    assert not Note.objects.exists()


def test_a_request_that_no_key_opens_leads_from_its_notes_back_to_the_queue(desk, reception):
    request = make_request()
    note = noted(request, by=reception)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE appointments_appointmentrequest SET matter = 'spoilt' WHERE id = %s", [request.pk])
    for response in (desk.get(notes_of(request)), desk.post(notes_of(request), {"text": "x"}), take_back(desk, note)):
        assert response["Location"] == "/admin/appointments/appointmentrequest/"


# Struck out


def test_its_author_strikes_a_note_out_and_it_stays_to_be_read(desk, reception):
    request = make_request()
    note = noted(request, by=reception)
    for _press in range(2):
        page = desk.get(take_back(desk, note)["Location"]).content.decode()
    assert f'<del class="typed" dir="auto"><p>{SECRET}</p></del>' in page
    assert "Taken back by Rosa Reyes, " in page
    assert "Strike out" not in page
    assert Event.objects.filter(verb=TAKEN_BACK).count() == 1
    sheet = desk.get(address(request))
    assert sheet.context["notes"] == {"number": 0, "newest": ""}
    assert "Took back a note" in sheet.content.decode()


def test_nobody_else_strikes_it_out_nor_through_another_request(desk, reception, nurse):
    note = noted(make_request(), by=nurse)
    page = desk.get(take_back(desk, note)["Location"]).content.decode()
    assert "Only who wrote a note can take it back." in page
    assert "Strike out" not in page
    with pytest.raises(workflow.Refused):
        workflow.take_back_note(make_request(), note.pk, by=nurse.as_actor())
    assert Note.objects.get().taken_back_at is None


def test_looking_at_the_press_changes_nothing(desk, reception):
    note = noted(make_request(), by=reception)
    url = reverse("admin:appointments_appointmentrequest_unnote", args=[note.request_id, note.pk])
    assert desk.get(url)["Location"] == notes_of(note.request)
    assert Note.objects.get().taken_back_at is None


# Shown


def test_the_sheet_says_in_one_line_how_many_notes_there_are_and_how_the_newest_begins(desk, reception):
    request = make_request()
    assert "Write a note" in desk.get(address(request)).content.decode()
    noted(request, by=reception, text="The first.")
    noted(request, by=reception, text=" ".join(f"word{number}" for number in range(20)))
    page = desk.get(address(request)).content.decode()
    assert f'<a href="{notes_of(request)}">2 notes</a>' in page
    assert "word11…" in page
    assert "word12" not in page
    assert "The first." not in page


def test_notes_of_every_kind_stand_on_their_page_and_say_what_they_are_about(desk, reception, nurse):
    request = make_request()
    for kind in NoteKind:
        Note.objects.create(request=request, kind=kind, text=f"<b>{kind}</b>", written_by=nurse)
    page = desk.get(notes_of(request)).content.decode()
    assert "Only staff read this. It is never sent." in page
    for words in ("Why it is urgent, or is not", "For whoever takes it over", "Why it is put aside", "Nora Ng"):
        assert words in page
    assert page.count("&lt;b&gt;") == 4
    title = page[page.index("<title>") : page.index("</title>")]
    assert request.reference in title
    assert "Ana" not in page


def test_a_look_at_the_notes_is_recorded_as_a_look_at_the_request(desk):
    request = make_request()
    desk.get(notes_of(request))
    desk.head(notes_of(request))
    assert Event.objects.about(request).filter(verb="request.read").count() == 1


@pytest.mark.parametrize("spoilt", ["first", "last"])
def test_a_note_that_cannot_be_read_says_so_and_takes_no_page_down(desk, reception, spoilt):
    request = make_request()
    notes = [noted(request, by=reception, text="One."), noted(request, by=reception, text="Two.")]
    with connection.cursor() as cursor:
        key = notes[0 if spoilt == "first" else 1].pk
        cursor.execute("UPDATE appointments_note SET text = 'spoilt' WHERE id = %s", [key])
    sheet, page = desk.get(address(request)).content.decode(), desk.get(notes_of(request)).content.decode()
    assert "2 notes" in sheet
    assert ("This cannot be read" in sheet) == (spoilt == "last")
    assert "This cannot be read with this site’s keys." in page
    assert ("Two." if spoilt == "first" else "One.") in page
    assert take_back(desk, Note.objects.defer("text").get(pk=key)).status_code == 302
    assert Note.objects.defer("text").get(pk=key).taken_back_at


@pytest.mark.parametrize("opening", [r":root, html\[data-theme=\"light\"\] {", r"dark\) { :root {"])
def test_notes_have_a_colour_of_their_own_that_stands_out(opening):
    css = (CSS / "triage.css").read_text()
    note, tint = re.search(opening + r" --note: (#\w+); --note-tint: (#\w+);", css).groups()
    assert contrast(note, tint) >= 7
    assert note not in (CSS / "site.css").read_text()


# Never sent

READS_NOTES = {"models", "workflow", "admin", "migrations"}
# Of these layers, what writes to patients or reads for them.
WRITES_TO_PATIENTS = {"first_answer.py", "links.py", "promise.py", "sending.py", "times.py", "closing.py"}


def names_notes(path):
    """Say whether a Python file names the model of notes, or leads from a request to them."""
    tree = ast.parse((ROOT / path).read_text())
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    modules = imported((ROOT / path).read_text(), package_of(path))
    return (
        "Note" in names
        or bool(attributes & {"notes", "Note"})
        or any(each.endswith((".notes", ".Note")) for each in modules)
    )


def test_nothing_that_writes_to_patients_or_shows_them_a_page_can_reach_a_note():
    outside = [
        path
        for path in python_files("appointments", "procedures", "outbox", "clinic", "accounts")
        if path.parts[0] != "appointments" or path.parts[1] not in READS_NOTES or path.name in WRITES_TO_PATIENTS
    ]
    assert Path("appointments/messages.py") in outside
    assert Path("appointments/calendar_files.py") in outside
    assert not [str(path) for path in outside if "demonstration" not in path.name and names_notes(path)]
    assert names_notes(Path("appointments/admin/notes.py"))


def test_no_page_for_patients_and_no_message_is_drawn_from_a_template_that_names_notes():
    files = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "templates").rglob("*.txt")]
    public = [path for path in files if "admin" not in path.relative_to(ROOT).parts]
    assert len(public) > 50
    assert not [path for path in public if re.search(r"\bnotes?\.(text|newest)|\.notes\b", path.read_text())]


@pytest.mark.parametrize("status", list(WALKS))
def test_the_words_of_a_note_are_in_no_message_page_or_calendar_of_the_patient(client, reception, status):
    request = make_request(email="" if status == Status.IN_PROGRESS else "ana@example.org")
    for kind in NoteKind:
        Note.objects.create(request=request, kind=kind, text=SECRET, written_by=reception)
    for name in WALKS[status]:
        request = moved(request, name, by=reception, **inputs_of(name, request))
    said = [words_to_say(request, call.purpose) for call in workflow.calls_about(request)[0]]
    sent = [message.subject + message.text + message.html + message.calendar for message in Message.objects.all()]
    token = link_to(request)
    for name in ("track", "words", "calendar"):
        page = reverse(f"appointments:{name}", args=[token])
        sent += [client.get(page).content.decode(), client.post(page).content.decode()]
    assert request.reference in "".join(sent)
    assert "Zebra4711" not in "".join(said + sent)
