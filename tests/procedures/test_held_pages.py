"""A browser or cache that holds a page asks whether it still stands, and learns at once, in every process, when not."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from procedures import publishing
from tests.procedures.factories import COMMAND, make_clinician
from tests.procedures.published import NAMES, make_draft, publish_in_both_languages, sign_off

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic")]

HERE = "/procedures/kyphoplasty/"
HELD = [
    "/procedures/",
    HERE,
    f"{HERE}leaflet/",
    "/sitemap.xml",
    "/procedures/changes.atom",
    "/es/procedures/cifoplastia/",
]
NEWER = NAMES["en"] | {"summary": "Newer words."}


@pytest.fixture
def english(kyphoplasty):
    publish_in_both_languages(kyphoplasty)
    return kyphoplasty.pages.get(language="en")


def tags():
    """Return what a cache holds of each page."""
    return {path: Client().get(path).get("ETag", "") for path in HELD}


def still_stand(held):
    """Return the pages that are answered with "not changed" to a cache that holds them."""
    answers = {path: Client().get(path, headers={"If-None-Match": tag}) for path, tag in held.items()}
    assert all(answer.content == b"" for answer in answers.values() if answer.status_code == 304)
    return [path for path, answer in answers.items() if answer.status_code == 304]


def in_words(english):
    return make_draft(english.subject, names=NEWER)


def publish(english, manager):
    publishing.publish(versions=[sign_off(in_words(english))], by=COMMAND)


def come_due(english, manager):
    version = sign_off(in_words(english))
    publishing.schedule(versions=[version], at=timezone.now() + timedelta(minutes=1), by=manager.as_actor())
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        assert publishing.publish_due() == 1


def confirm(english, manager):
    publishing.confirm(page=english, by=COMMAND, reviewer=make_clinician())


def withdraw(english, manager):
    publishing.withdraw_page(page=english, by=COMMAND)


def rename(english, manager):
    publishing.rename(page=english, slug="balloon", by=COMMAND)


@pytest.mark.parametrize("change", [publish, come_due, confirm, withdraw, rename])
def test_no_page_that_was_held_before_stands_after_a_change(change, english, manager):
    held = tags()
    assert still_stand(held) == HELD
    change(english, manager)
    assert still_stand(held) == []
    # The day of a page is no ground for it either: nobody says when it was last changed, so nobody goes by that.
    for path in HELD:
        answer = Client().get(path, headers={"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"})
        assert answer.status_code in (200, 301, 410), path


def test_what_is_only_written_reviewed_or_given_a_time_leaves_every_held_page_standing(english, manager):
    held = tags()
    version = sign_off(in_words(english))
    publishing.schedule(versions=[version], at=timezone.now() + timedelta(hours=1), by=manager.as_actor())
    assert publishing.publish_due() == 0
    publishing.ask_for_changes(version=version, words="Shorter.", by=COMMAND)
    assert still_stand(held) == HELD


def test_a_page_that_is_gone_is_never_kept_as_if_it_were_there(english):
    held = tags()
    publishing.withdraw_page(page=english, by=COMMAND)
    gone = Client().get(HERE, headers={"If-None-Match": held[HERE]})
    assert (gone.status_code, gone.get("ETag")) == (410, None)
    assert "no-cache" in gone["Cache-Control"]
