"""What patients are sent: in their language, the same as text and formatted, and silent unless they want details."""

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.utils import timezone, translation
from django.utils.html import strip_tags

from appointments import messages
from appointments.models import AppointmentRequest, CallBecause, HeldBecause, MessageWording, PhoneTask, Status
from appointments.wording import NOT_YET, WORDINGS, blocks, filled, fit_words, our_words
from clinic.refusals import Unfit
from outbox.models import Message
from procedures.models import ProcedurePage
from tests.appointments.factories import inputs_of, make_request, make_time, moved
from tests.clinic.factories import make_profile
from tests.procedures.factories import enough, make_page, make_procedure, make_published

LANGUAGES = ("en", "es")
PREPARATION = {"en": "Do not eat after midnight", "es": "No coma después de la medianoche"}


@pytest.fixture
def procedure(db):
    """The key of a procedure with a published page in each language, with a preparation list."""
    make_profile(name="Alder Spine Clinic", discreet_name="Alder Health")
    procedure = make_procedure()
    for language, name in (("en", "Bone repair"), ("es", "Reparación de hueso")):
        names = enough(language)["names"] | {"plain_name": name}
        points = [{"when": "The day before", "text": text} for text in (PREPARATION[language], "Rest")]
        page = make_page(procedure, language=language)
        make_published(page, sections={"names": names, "preparation": points, "figures": []})
    return procedure.key


def every_message(reception, **answers):
    """Return one message of every purpose, by purpose, all about one patient."""
    request = make_request(status=Status.IN_PROGRESS, by=reception, **answers)
    for name in ("ask", "offer", "accept", "change_time", "cancel_time", "decline", "reopen", "ask", "retract"):
        request = moved(request, name, by=reception, **inputs_of(name, request))
    other = make_request(status=Status.WAITING, by=reception, **answers)
    other = moved(other, "agree", by=reception, time=make_time(days=20))
    for purpose in ("reminder", "answered", "link", "page_changed"):
        messages.write(other, purpose)
    moved(other, "withdraw", by=reception)
    return {message.purpose: message for message in Message.objects.all()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_tells_what_it_is_about_unless_the_patient_asked_for_it(procedure, reception, language):
    answers = {"procedure": procedure, "language": language, "matter": "A secret about my back"}
    sent = every_message(reception, **answers)
    assert sent.keys() == WORDINGS.keys()
    for message in sent.values():
        told = " ".join((message.subject, message.text, message.html, message.calendar, message.sender_name))
        for word in ("Bone", "hueso", "Spine", "secret", "Ana", "Brien", "Rest", PREPARATION[language], "stick"):
            assert word not in told, (message.purpose, word)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_patient_who_asked_for_details_reads_the_treatment_and_how_to_prepare(procedure, reception, language):
    sent = every_message(reception, procedure=procedure, language=language, wants_details=True)
    for purpose in ("agreed", "reminder"):
        assert f"- {PREPARATION[language]}\n- Rest" in sent[purpose].text
        assert f"<ul><li>{PREPARATION[language]}</li><li>Rest</li></ul>" in sent[purpose].html
    assert ("hueso" if language == "es" else "Bone repair") in sent["received"].text
    assert sent["received"].sender_name == "Alder Spine Clinic"
    for message in sent.values():
        assert "Bone repair" not in message.subject


def test_details_of_a_page_that_is_only_in_the_other_language_are_left_out(procedure, reception):
    ProcedurePage.objects.filter(language="es").update(live_version=None)
    sent = every_message(reception, procedure=procedure, language="es", wants_details=True)
    assert "Cómo prepararse" not in sent["reminder"].text
    assert PREPARATION["en"] not in sent["reminder"].text


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_and_formatted_message_say_the_same_and_fetch_nothing(procedure, reception, language):
    for message in every_message(reception, procedure=procedure, language=language, wants_details=True).values():
        body = message.html[message.html.index("<body>") :]
        assert unescape(strip_tags(body.replace("<", " <"))).split() == re.sub(r"(?m)^- ", "", message.text).split()
        assert f'<html lang="{language}">' in message.html
        assert "{" not in message.text + message.subject
        for tag in ("<img", "<script", "<link", " src=", "url(", "@import", "http-equiv"):
            assert tag not in message.html
        [link] = re.findall(r'href="([^"]+)"', body)
        assert link in message.text


def test_what_stands_in_names_is_no_markup(reception):
    make_profile(discreet_name="<b>&amp; Co</b>")
    message = Message.objects.about(make_request()).get()
    assert "<b>" not in message.html
    assert "<b>&amp; Co</b>" in message.text


def test_without_a_discreet_name_messages_come_from_a_neutral_one(db):
    make_profile(name="Alder Spine Clinic")
    make_request()
    assert Message.objects.get().sender_name == "Your clinic"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_message_before_a_time_is_agreed_says_that_it_is_not_yet_an_appointment(language):
    with translation.override(language):
        not_yet = str(NOT_YET)
    saying = {purpose for purpose in WORDINGS if not_yet in our_words(purpose, language)[1]}
    assert saying == {"received", "question", "offer", "retracted", "reopened"}
    for purpose in WORDINGS:
        subject, text = our_words(purpose, language)
        assert fit_words(purpose, language, subject=subject, text=text) == (subject, text)


def test_all_our_words_are_there_in_spanish_with_the_same_names():
    for purpose in WORDINGS:
        english, spanish = (" ".join(our_words(purpose, language)) for language in LANGUAGES)
        assert english != spanish
        assert set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", spanish))


def test_the_clinics_own_words_take_the_place_of_ours_in_their_language_alone(db):
    MessageWording.objects.create(purpose="received", language="es", subject="Hola {reference}", text="Gracias.")
    english, spanish = make_request(), make_request(language="es")
    assert Message.objects.about(spanish).get().subject == f"Hola {spanish.reference}"
    assert Message.objects.about(english).get().subject == f"We have your request {english.reference}"
    assert "/es/appointments/track/" in Message.objects.about(spanish).get().text


def test_a_line_is_left_out_when_all_its_names_are_empty():
    assert filled("One\n\n{a}\n\nTwo {a} {b}", {"a": "", "b": "c"}) == "One\n\nTwo  c"
    assert filled("{a}", {"a": "{b}", "b": "never"}) == "{b}"


def test_lists_links_and_lines_become_blocks():
    text = "Hello\nthere\n- one\n- two\nafter\n\n- three\n\nhttps://clinic.example/x\n\nsee https://clinic.example/y"
    assert blocks(text) == [
        {"lines": ["Hello", "there"]},
        {"points": ["one", "two"]},
        {"lines": ["after"]},
        {"points": ["three"]},
        {"link": "https://clinic.example/x"},
        {"lines": ["see https://clinic.example/y"]},
    ]


# What a manager may write

GOOD = {"subject": "Times for {reference}", "text": f"Choose:\n{{times}}\n\n{NOT_YET}"}


@pytest.mark.parametrize(
    ("field", "words", "reason"),
    [
        ("subject", "", "Write the words"),
        ("text", " \n ", "Write the words"),
        ("subject", "x" * 121, "120 characters"),
        ("text", GOOD["text"] + "x" * 4000, "4000 characters"),
        ("subject", "About {treatment}", "locked telephone"),
        ("text", GOOD["text"] + "{name}", "no {name}"),
        ("text", GOOD["text"] + "{time}", "no {time}"),
        ("text", GOOD["text"] + "{reference", "curly brackets"),
        ("text", GOOD["text"] + "{{reference}}", "curly brackets"),
        ("text", GOOD["text"] + "{ reference }", "curly brackets"),
        ("text", str(NOT_YET), "Keep {times}"),
        ("text", "{times} This is an appointment.", "not yet an appointment"),
    ],
)
def test_words_that_patients_could_not_use_are_sent_back_with_what_to_mend(field, words, reason):
    with pytest.raises(Unfit, match=re.escape(reason)) as unfit:
        fit_words("offer", "en", **GOOD | {field: words})
    assert unfit.value.field == field


def test_the_sentence_may_be_broken_into_lines_and_the_subject_is_one_line():
    text = "{times}\r\n\r\nThis is a request,\r\nnot yet an appointment."
    subject, kept = fit_words("offer", "en", subject=" Times \r\n Bcc: x@example.org ", text=text)
    assert subject == "Times Bcc: x@example.org"
    assert "\r" not in kept


# Where a message cannot be written


def test_a_patient_without_email_is_to_be_called_at_each_point_instead(reception):
    request = make_request(status=Status.AGREED, by=reception, email="")
    tasks = PhoneTask.objects.filter(request=request)
    assert [task.purpose for task in tasks] == ["received", "agreed"]
    moved(request, "withdraw", by=reception)
    # The agreed time is cancelled, so nobody calls about it any more.
    tasks = PhoneTask.objects.filter(request=request)
    assert [task.purpose for task in tasks] == ["received", "withdrawn"]
    assert {task.because for task in tasks} == {CallBecause.NO_EMAIL}
    assert not Message.objects.exists()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("purpose", WORDINGS)
def test_what_to_say_has_no_link_and_no_gap(reception, purpose, language):
    make_profile()
    request = make_request(status=Status.AGREED, by=reception, email="", language=language)
    if purpose in messages.CANCELLING:
        request = moved(request, "cancel_time", by=reception)
    said = messages.words_to_say(request, purpose)
    assert said
    assert "/track/" not in said
    for words in ("file that came", "archivo que acompaña", "Here it is", "Aquí está", "Aquí tiene"):
        assert words not in said, "nothing comes with a call"
    assert "{" not in said
    if purpose in messages.CANCELLING:
        offer = request.offers.get()
        with translation.override(language):
            assert messages.in_words(offer.starts_at) in said


def test_the_question_and_the_answer_are_said_too(reception):
    asked = make_request(status=Status.IN_PROGRESS, by=reception, email="")
    asked = moved(asked, "ask", by=reception, question="Have you had a scan?")
    assert messages.words_to_say(asked, "question").endswith("Have you had a scan?")
    answered = make_request(status=Status.ANSWERED, by=reception, email="")
    assert answered.answer in messages.words_to_say(answered, "answered")


def test_the_sentence_that_it_is_no_appointment_yet_stands_in_every_message_not_in_some(db):
    """It would be left out with the line it stands in, wherever the treatment is not to be named."""
    hidden = f"Times:\n{{times}}\n{NOT_YET} About: {{treatment}}"
    with pytest.raises(Unfit, match="Keep this sentence"):
        fit_words("offer", "en", subject="Times", text=hidden)
    assert fit_words("offer", "en", subject="Times", text=hidden.replace("{treatment}", "{reference}"))


def test_no_message_promises_an_answer_by_a_moment_that_has_gone(reception):
    with time_machine.travel(timezone.now() - timedelta(days=30), tick=False):
        held = make_request()
        AppointmentRequest.objects.filter(pk=held.pk).update(held_because=HeldBecause.DECOY)
        # What is held gets no message.
        Message.objects.all().delete()
    held.refresh_from_db()
    moved(held, "not_spam", by=reception)
    text = Message.objects.first().text
    assert "A person on our team" not in text
    assert "We have your request." in text
