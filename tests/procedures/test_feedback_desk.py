"""Editors work off what readers said of a page; nothing of it is kept for long."""

from datetime import timedelta

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.db import IntegrityError
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from clinic.encryption import forget_keys
from clinic.refusals import Refused
from outbox import sender
from procedures import feedback
from procedures.models import Feedback
from tests.procedures.factories import make_feedback
from tests.procedures.published import publish_page

pytestmark = pytest.mark.django_db

WORDS = "How long until I drive?"
LIST = "/admin/procedures/feedback/"


@pytest.fixture
def page(clinic, kyphoplasty):
    return publish_page(kyphoplasty)


def sheet(said):
    return reverse("admin:procedures_feedback_change", args=[said.pk])


def button(said, what):
    return reverse(f"admin:procedures_feedback_{what}", args=[said.pk])


def test_what_waits_stands_on_the_desks_first_page(client, page, editor, manager, reviewer):
    make_feedback(page)
    make_feedback(page, is_helpful=True, words="")
    for who in (editor, manager):
        client.force_login(who)
        shown = client.get("/admin/").content.decode()
        assert "1 answer about a page waits for you." in shown
        assert f'href="{LIST}?state=open"' in shown
    client.force_login(reviewer)
    assert "answer about a page" not in client.get("/admin/").content.decode()


def test_the_list_has_the_open_ones_first_and_no_words(client, page, editor):
    done, first, second = (make_feedback(page) for _ in range(3))
    feedback.mark_done(feedback=done, by=editor.as_actor())
    client.force_login(editor)
    response = client.get(LIST)
    assert [said.pk for said in response.context["cl"].result_list] == [second.pk, first.pk, done.pk]
    assert WORDS not in response.content.decode()
    for state, found in {"open": {first, second}, "done": {done}, "other": {done, first, second}}.items():
        assert set(client.get(f"{LIST}?state={state}").context["cl"].result_list) == found


def test_the_list_takes_the_same_queries_however_long_it_is(client, page, editor, django_assert_max_num_queries):
    client.force_login(editor)
    for _ in range(2):
        for _number in range(10):
            feedback.mark_done(feedback=make_feedback(page), by=editor.as_actor())
        with django_assert_max_num_queries(9):
            client.get(LIST)


def test_reading_the_words_is_recorded(client, page, editor):
    said = make_feedback(page, words="<b>Swim?</b>\nDrive?")
    client.force_login(editor)
    shown = client.get(sheet(said)).content.decode()
    assert "&lt;b&gt;Swim?&lt;/b&gt;<br>Drive?" in shown
    event = Event.objects.about(said).first()
    assert (event.verb, event.actor_id) == ("feedback.read", editor.pk)
    assert "nothing was written" in client.get(sheet(make_feedback(page, words=""))).content.decode()


def test_words_that_no_key_opens_are_said_to_be_so(client, page, editor, settings):
    said = make_feedback(page)
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    forget_keys()
    client.force_login(editor)
    assert client.get(LIST).status_code == 200
    response = client.get(sheet(said), follow=True)
    assert "These words cannot be read with this site’s keys." in response.content.decode()
    assert Event.objects.about(said).first().verb == "feedback.received"


def test_an_editor_marks_it_as_done_and_takes_that_back(client, page, editor):
    said = make_feedback(page)
    client.force_login(editor)
    assert button(said, "done") in client.get(sheet(said)).content.decode()
    assert "It is marked as done." in client.post(button(said, "done"), follow=True).content.decode()
    said.refresh_from_db()
    assert said.done_by == editor
    assert said.done_at is not None
    assert button(said, "open") in client.get(sheet(said)).content.decode()
    client.post(button(said, "open"))
    said.refresh_from_db()
    assert (said.done_at, said.done_by) == (None, None)
    verbs = [event.verb for event in Event.objects.about(said) if event.verb != "feedback.read"]
    assert verbs == ["feedback.opened_again", "feedback.done", "feedback.received"]


@pytest.mark.parametrize(("what", "sentence"), [("done", "marked as done already"), ("open", "opened again already")])
def test_a_press_that_a_colleague_made_first_changes_nothing(client, page, editor, editor2, what, sentence):
    said = make_feedback(page)
    if what == "done":
        feedback.mark_done(feedback=said, by=editor2.as_actor())
    before = Feedback.objects.values().get()
    client.force_login(editor)
    assert sentence in client.post(button(said, what), follow=True).content.decode()
    assert Feedback.objects.values().get() == before


@pytest.mark.parametrize("role", ["reception", "nurse", "reviewer", "auditor"])
def test_nobody_else_reads_or_marks_it(client, page, request, role):
    said, user = make_feedback(page), request.getfixturevalue(role)
    client.force_login(user)
    assert client.get(LIST).status_code == client.get(sheet(said)).status_code == 403
    assert client.post(button(said, "done")).status_code == 403
    assert client.get(button(said, "done")).status_code == 405
    with pytest.raises(Refused, match="Your role does not allow this"):
        feedback.mark_done(feedback=said, by=user.as_actor())
    assert Feedback.objects.open().exists()
    assert Event.objects.about(said).exclude(verb="staff.refused").count() == 1


def test_what_a_reader_said_is_changed_by_nobody_and_removed_by_a_manager_alone(client, page, editor, manager):
    said = make_feedback(page)
    for who, codes in {editor: (403, 403), manager: (403, 302)}.items():
        client.force_login(who)
        changed = client.post(sheet(said), {"words": "Fine."}).status_code
        removed = client.post(reverse("admin:procedures_feedback_delete", args=[said.pk]), {"post": "yes"}).status_code
        assert (changed, removed) == codes
    assert not Feedback.objects.exists()
    assert Event.objects.about(said).first().verb == "feedback.removed"


# How it ends


def test_after_90_days_it_is_deleted_done_or_not_and_only_the_number_is_recorded(page, editor):
    now = timezone.now()
    with time_machine.travel(now - timedelta(days=90, minutes=1)):
        feedback.mark_done(feedback=make_feedback(page), by=editor.as_actor())
        make_feedback(page)
    with time_machine.travel(now - timedelta(days=89)):
        young = make_feedback(page)
    assert sender.do_chores() >= 2
    assert Feedback.objects.get() == young
    event = Event.objects.get(verb="feedback.forgotten")
    assert (event.actor_name, event.details) == ("forget feedback", {"count": 2})
    sender.do_chores()
    assert Event.objects.filter(verb="feedback.forgotten").count() == 1


def test_it_is_about_one_page(page):
    with pytest.raises(IntegrityError):
        Feedback.objects.create(version=1, language="en", is_helpful=True)


def test_nobody_has_done_what_is_not_done(page, editor):
    said = make_feedback(page)
    with pytest.raises(IntegrityError):
        Feedback.objects.filter(pk=said.pk).update(done_by=editor)
