"""What the pages of procedures and conditions show, what they leave out, and who stands behind them."""

import re
from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.contrib.staticfiles import finders
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from pytest_django.asserts import assertContains, assertInHTML, assertNotContains

from clinic import stored_files
from tests.procedures.published import (
    EVERY_LIST,
    every_section,
    make_clinician,
    make_condition,
    make_draft,
    make_full_clinic,
    make_place,
    make_procedure,
    publish_page,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic")]


# A procedure's page


def test_a_procedure_page_shows_the_whole_anatomy(client):
    make_full_clinic()
    page = client.get("/procedures/kyphoplasty-1/").content.decode()
    headings = [
        "At a glance",
        "What it is for",
        "Is it for you?",
        "How to get ready",
        "On the day",
        "Your recovery",
        "When to get help",
        "Risks",
        "Questions people ask",
        "Where and who",
        "Related procedures",
        "Where our facts come from",
    ]
    places = [page.index(f"<h2>{heading}</h2>") for heading in headings]
    assert places == sorted(places)
    assertInHTML("<h1>Balloon repair of a broken back bone</h1>", page)
    for words in (
        "Medical name: Kyphoplasty",
        "5 to 10 minutes",
        "<strong>pain</strong>",
        "For the first week",
        "Call us today",
        "Our sources give no figure",
        "The procedure itself is done elsewhere",
        "Dr. Ada-1-0",
        "Dr. Rhea Rowe",
        "14 Lantern Quay, Fernmouth",
        "Read on",
    ):
        assert words.lower() in page.lower()


def test_a_page_has_one_heading_of_its_own_and_the_others_follow_in_order(client):
    make_full_clinic()
    of_one = (
        "/procedures/kyphoplasty-1/",
        "/procedures/compare/kyphoplasty-1/other-1-0/",
        "/conditions/fracture-1-0/",
        "/locations/does-1-0/",
        "/es/procedures/cifoplastia-1/",
    )
    for path in (*EVERY_LIST, *of_one):
        levels = [int(level) for level in re.findall(r"<h([1-6])\b", client.get(path).content.decode())]
        assert levels.count(1) == 1, path
        assert levels[0] == 1, path
        assert all(after <= before + 1 for before, after in pairwise(levels)), path


def test_each_part_can_be_reached_from_the_list_of_contents(client):
    make_full_clinic()
    response = client.get("/procedures/kyphoplasty-1/")
    assert len(response.context["contents"]) == 12
    for item in response.context["contents"]:
        assertContains(response, f'<a href="#{item["id"]}">{item["text"]}</a>', html=True)
        assertContains(response, f'<section id="{item["id"]}">', count=1)


def test_a_part_without_anything_in_it_is_not_shown(client, kyphoplasty):
    publish_page(kyphoplasty, sections={"aim": {"aim": "It eases pain."}})
    response = client.get("/procedures/kyphoplasty/")
    assert [part.id for part in response.context["parts"]] == [
        *("what-it-is-for", "is-it-for-you", "on-the-day", "recovery", "get-help", "risks", "sources")
    ]
    assertContains(response, "<section id", count=7)
    for title in ("At a glance", "Pictures and films", "How you lie", "Follow-up"):
        assertNotContains(response, f">{title}<")


def test_the_request_form_is_opened_for_this_procedure(client, kyphoplasty):
    publish_page(kyphoplasty)
    assertContains(
        client.get("/procedures/kyphoplasty/"), 'href="/appointments/request/?procedure=kyphoplasty&amp;version=1"'
    )


def test_the_condition_is_told_in_the_words_of_its_own_page(client, kyphoplasty):
    condition = make_condition()
    kyphoplasty.conditions.add(condition)
    publish_page(condition, slug="fracture", names={"plain_name": "Broken bone", "summary": "A bone has broken."})
    publish_page(kyphoplasty)
    before = client.get("/procedures/kyphoplasty/")
    assertContains(before, '<a href="/conditions/fracture/">Broken bone</a>', html=True)
    publish_page(condition, slug="fracture", names={"plain_name": "Broken bone", "summary": "A bone is squeezed."})
    assertContains(client.get("/procedures/kyphoplasty/"), "A bone is squeezed.")
    assertNotContains(client.get("/procedures/kyphoplasty/"), "A bone has broken.")


def test_what_is_not_published_in_this_language_is_not_linked(client, kyphoplasty):
    condition, other = make_condition(), make_procedure("vertebroplasty")
    kyphoplasty.conditions.add(condition)
    publish_page(condition, language="es", slug="fractura")
    make_draft(other, slug="vertebroplasty")
    publish_page(kyphoplasty, sections={"related": {"related": [other]}})
    response = client.get("/procedures/kyphoplasty/")
    assert "related" not in [part.id for part in response.context["parts"]]
    assertNotContains(response, "What it treats")


def test_a_place_that_is_closed_and_a_clinician_who_is_hidden_are_left_out(client, kyphoplasty):
    kyphoplasty.performed_at.add(make_place("quay", is_open=False))
    kyphoplasty.clinicians.add(make_clinician("ada", is_shown=False))
    publish_page(kyphoplasty)
    assert "where-and-who" not in [part.id for part in client.get("/procedures/kyphoplasty/").context["parts"]]


def test_signs_are_ordered_by_how_urgent_they_are_and_what_to_do_is_said_once(client, kyphoplasty):
    signs = [
        {"key": "a", "text": "A slow pain.", "urgency": "ask", "applies": "after", "action": "Write it down."},
        {"key": "b", "text": "A fever.", "urgency": "urgent", "applies": "after", "action": "Call us."},
        {"key": "c", "text": "Chills.", "urgency": "urgent", "applies": "after", "action": "Call us."},
        {"key": "d", "text": "Numb legs.", "urgency": "emergency", "applies": "before", "action": "Call 911."},
        {"key": "e", "text": "Weak legs.", "urgency": "emergency", "applies": "both", "action": "Call 911."},
    ]
    publish_page(kyphoplasty, sections={"warning_signs": signs})
    response = client.get("/procedures/kyphoplasty/")
    groups = [
        (str(group["title"]), [card["urgency"] for card in group["cards"]])
        for group in response.context["warning_signs"]
    ]
    assert groups == [
        ("At any time", ["emergency"]),
        ("Before your treatment", ["emergency"]),
        ("After your treatment", ["urgent", "ask"]),
    ]
    assertContains(response, "Call us.", count=1)


def test_restrictions_stand_under_their_days_and_begin_with_do_not(client, kyphoplasty):
    rows = [
        {"kind": "restricted", "from_day": 0, "to_day": 42, "text": "Do not lift."},
        {"kind": "restricted", "from_day": 28, "to_day": 91, "text": "Do not run."},
        {"kind": "restricted", "from_day": 0, "to_day": 42, "text": "Do not dig."},
        {"kind": "restricted", "from_day": 0, "until": "until your team says you may", "text": "Do not swim."},
        {"kind": "allowed", "from_day": 1, "text": "Walk about."},
    ]
    sections = {"sources": every_section()["sources"], "milestones": [row | {"sources": ["a"]} for row in rows]}
    publish_page(kyphoplasty, sections=sections)
    context = client.get("/procedures/kyphoplasty/").context
    restricted = [(group["when"], [row["text"] for row in group["points"]]) for group in context["restricted"]]
    assert restricted == [
        ("For the first 6 weeks", ["Do not lift.", "Do not dig."]),
        ("From week 4 to month 3", ["Do not run."]),
        ("Until your team says you may", ["Do not swim."]),
    ]
    assert [group["when"] for group in context["allowed"]] == ["From the next day"]


def test_pictures_films_and_documents_are_shown_with_their_words(client, kyphoplasty):
    picture = finders.find("img/touch-icon.png")
    with open(picture, "rb") as file:
        image = stored_files.store(SimpleUploadedFile("spine.png", file.read()))
    captions = stored_files.store(SimpleUploadedFile("film.vtt", b"WEBVTT\n"))
    film = stored_files.store(SimpleUploadedFile("film.mp4", b"\x00\x00\x00\x20ftypisom" + b"\0" * 20))
    leaflet = stored_files.store(SimpleUploadedFile("leaflet.pdf", b"%PDF-1.7\n"))
    publish_page(
        kyphoplasty,
        sections={
            "media": [
                {"file": image, "alternative_text": "A spine.", "caption": "The spine"},
                {
                    "file": film,
                    "alternative_text": "The procedure.",
                    "transcript": "The *needle* goes in.",
                    "captions": captions,
                },
            ],
            "documents": [{"file": leaflet, "title": "Before your visit"}],
        },
    )
    page = client.get("/procedures/kyphoplasty/").content.decode()
    size = f'width="{image.width}" height="{image.height}"'
    assertInHTML(f'<img src="{image.get_absolute_url()}" alt="A spine." {size} loading="lazy">', page)
    assert f'<source src="{film.get_absolute_url()}" type="video/mp4">' in page
    assert f'<track kind="captions" src="{captions.get_absolute_url()}" srclang="en" label="Captions" default>' in page
    assert "The <em>needle</em> goes in." in page
    assert f'<a href="{leaflet.get_absolute_url()}">Before your visit</a> (PDF, 9' in page


def test_words_of_editors_cannot_become_markup(client, kyphoplasty):
    evil = "<script>alert(1)</script>"
    names = {"plain_name": evil, "medical_name": evil, "summary": evil}
    publish_page(kyphoplasty, names=names, sections={"aim": {"aim": evil}, "steps": [{"label": evil, "text": evil}]})
    page = client.get("/procedures/kyphoplasty/")
    assertContains(page, "<script", count=1)  # the structured data, which escapes in its own way
    assertContains(page, "&lt;script&gt;")


def test_a_later_change_of_the_rows_does_not_reach_what_was_published(client, kyphoplasty):
    page = publish_page(kyphoplasty, sections={"aim": {"aim": "It eases pain."}})
    type(page.live_version).objects.filter(pk=page.live_version_id).update(aim="It does wonders.")
    assertContains(client.get("/procedures/kyphoplasty/"), "It eases pain.")
    assertNotContains(client.get("/procedures/kyphoplasty/"), "wonders")


# Review


def test_the_foot_says_who_checked_the_page_and_when_it_is_due_again(client, kyphoplasty):
    due = timezone.localdate()
    publish_page(kyphoplasty, reviewed_on=due - timedelta(days=30), next_review_due=due)
    response = client.get("/procedures/kyphoplasty/")
    assertContains(response, "Dr. Rhea Rowe")
    assertContains(response, "Next check due")
    assertNotContains(response, "was due for review")


def test_a_page_past_its_review_date_says_so_and_promises_no_later_one(client, kyphoplasty):
    publish_page(kyphoplasty, reviewed_on=date(2020, 1, 1), next_review_due=date(2021, 3, 4))
    response = client.get("/procedures/kyphoplasty/")
    assertContains(response, "This page was due for review on March 4, 2021.", count=1)
    assertNotContains(response, "Next check due")


# Conditions


def test_a_condition_page_tells_what_it_is_and_which_procedures_may_help(client, kyphoplasty):
    condition = make_condition()
    kyphoplasty.conditions.add(condition)
    publish_page(kyphoplasty)
    sections = {
        "about": {"what_it_is": "A bone broke.", "symptoms": "Pain.", "causes": "Weak bones.", "diagnosis": "X-ray."},
        "care": {"treatments": "Rest.", "when_to_seek_help": "Call **911** if your legs go numb."},
        "questions": [{"question": "Will it heal?", "answer": "Often."}],
    }
    publish_page(condition, slug="fracture", sections=sections, names={"plain_name": "Broken bone"})
    response = client.get("/conditions/fracture/")
    assert [part.id for part in response.context["parts"]] == [
        "what-it-is",
        "symptoms",
        "causes",
        "get-help",
        "diagnosis",
        "treatments",
        "questions",
        "sources",
    ]
    assertContains(response, "<strong>911</strong>")
    link = '<a href="/procedures/kyphoplasty/">Balloon repair of a broken back bone</a>'
    assertContains(response, link, html=True)
