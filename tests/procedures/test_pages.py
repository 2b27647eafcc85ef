"""The pages that patients read: what they show, what they leave out, and what they ask of the database."""

import struct
from datetime import date, time, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.contrib.staticfiles import finders
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from pytest_django.asserts import assertContains, assertInHTML, assertNotContains, assertRedirects

from clinic import stored_files
from clinic.models import Accreditation, Closure, OpeningHours, PageStamp
from procedures import publishing
from tests.procedures.published import (
    BY,
    every_section,
    make_clinic,
    make_clinician,
    make_condition,
    make_draft,
    make_place,
    make_procedure,
    publish_in_both_languages,
    publish_page,
)

pytestmark = pytest.mark.django_db

EVERY_LIST = ["/", "/procedures/", "/locations/", "/team/", "/contact/"]


@pytest.fixture(autouse=True)
def clinic():
    return make_clinic()


@pytest.fixture
def kyphoplasty():
    return make_procedure()


def make_full_clinic(rows=1):
    """Return a procedure with everything around it, each thing `rows` times, published in both languages."""
    procedure = make_procedure(f"kyphoplasty-{rows}")
    related = []
    for n in range(rows):
        name = f"{rows}-{n}"
        condition, other = make_condition(f"fracture-{name}"), make_procedure(f"other-{name}")
        publish_in_both_languages(condition, (f"fracture-{name}", f"fractura-{name}"), plain_name="Broken bone")
        publish_in_both_languages(other, (f"other-{name}", f"otra-{name}"), plain_name="Another procedure")
        procedure.conditions.add(condition)
        related.append(other)
        performs, examines = make_place(f"does-{name}"), make_place(f"looks-{name}")
        OpeningHours.objects.create(location=performs, weekday=n % 7, opens=time(8), closes=time(12))
        OpeningHours.objects.create(weekday=n % 7, opens=time(8), closes=time(12 + n))
        procedure.performed_at.add(performs)
        procedure.evaluated_at.add(examines)
        clinician = make_clinician(f"ada-{name}", languages=["en"])
        clinician.locations.add(performs, examines)
        procedure.clinicians.add(clinician)
        other.clinicians.add(clinician)
        Accreditation.objects.create(key=f"mark-{name}", name="A mark", body="A body", since=2021)
        Closure.objects.create(date=timezone.localdate() + timedelta(days=10 * rows + n))
    slugs = (f"kyphoplasty-{rows}", f"cifoplastia-{rows}")
    sections = every_section(rows) | {"related": {"related": related}}
    publish_in_both_languages(procedure, slugs, sections=sections)
    return procedure


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
    assert [part.id for part in response.context["parts"]] == ["what-it-is-for"]
    assertContains(response, "<h2>", count=1)
    assertNotContains(response, "<h3>")


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
    assert client.get("/procedures/kyphoplasty/").context["parts"] == []


def test_a_place_that_is_closed_and_a_clinician_who_is_hidden_are_left_out(client, kyphoplasty):
    kyphoplasty.performed_at.add(make_place("quay", is_open=False))
    kyphoplasty.clinicians.add(make_clinician("ada", is_shown=False))
    publish_page(kyphoplasty)
    assert client.get("/procedures/kyphoplasty/").context["parts"] == []


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
    assertContains(response, "This page was due for review on March 4, 2021.")
    assertNotContains(response, "Next check due")


# Languages


@pytest.mark.parametrize(
    ("kind", "make", "slugs"),
    [
        ("procedures", make_procedure, ("kyphoplasty", "cifoplastia")),
        ("conditions", make_condition, ("fracture", "fractura")),
    ],
)
def test_the_language_switch_leads_to_the_same_page_under_its_own_name(client, kind, make, slugs):
    publish_in_both_languages(make(), slugs)
    english, spanish = f"/{kind}/{slugs[0]}/", f"/es/{kind}/{slugs[1]}/"
    assertContains(client.get(english), f'<a href="{spanish}" lang="es" hreflang="es">')
    assertContains(client.get(spanish), f'<a href="{english}" lang="en" hreflang="en">')
    assertContains(client.get(spanish), '<html lang="es">')
    alternate = f'<link rel="alternate" hreflang="es" href="https://clinic.example{spanish}">'
    assertContains(client.get(english), alternate, html=True)


def test_a_page_without_the_other_language_leads_to_the_list_there(client, kyphoplasty):
    publish_page(kyphoplasty)
    response = client.get("/procedures/kyphoplasty/")
    assertContains(response, '<a href="/es/procedures/" lang="es" hreflang="es">')
    assertNotContains(response, 'rel="alternate" hreflang="es"')


def test_an_address_of_the_other_language_moves_to_the_same_page_for_good(client, kyphoplasty):
    publish_in_both_languages(kyphoplasty)
    publish_in_both_languages(make_condition(), ("fracture", "fractura"))
    for wrong, right in (
        ("/es/procedures/kyphoplasty/", "/es/procedures/cifoplastia/"),
        ("/procedures/cifoplastia/", "/procedures/kyphoplasty/"),
        ("/es/conditions/fracture/", "/es/conditions/fractura/"),
        ("/conditions/fractura/", "/conditions/fracture/"),
    ):
        response = client.get(wrong)
        assertRedirects(response, right, status_code=301)
        # A browser that kept it unasked would go round in circles once an editor gave a page the other's address.
        assert response["Cache-Control"] == "public, no-cache"


@pytest.mark.parametrize("path", ["/es/procedures/kyphoplasty/", "/procedures/vertebroplasty/", "/procedures/old/"])
def test_what_is_not_published_here_is_not_found_and_the_page_helps(client, kyphoplasty, path):
    publish_page(kyphoplasty)
    make_draft(make_procedure("vertebroplasty"), slug="vertebroplasty")
    gone = publish_page(make_procedure("old"), slug="old")
    publishing.withdraw_page(page=gone, by=BY)
    response = client.get(path)
    language = "/es" if path.startswith("/es") else ""
    assertContains(response, f'href="{language}/procedures/"', status_code=404)
    assertContains(response, "(206) 555-0142", status_code=404)


@pytest.mark.parametrize(
    "name", ["%00", "a%00b", "%FF", "a" * 5000, "..%2F..", "%27%20OR%201=1", "%F0%9F%98%80", "-", "A%0D%0AX:y"]
)
@pytest.mark.parametrize("kind", ["procedures", "conditions", "locations"])
def test_a_hostile_address_is_not_found(client, kind, name):
    assert client.get(f"/{kind}/{name}/").status_code == 404
    assert client.get(f"/es/{kind}/{name}/").status_code == 404


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
    ]
    assertContains(response, "<strong>911</strong>")
    link = '<a href="/procedures/kyphoplasty/">Balloon repair of a broken back bone</a>'
    assertContains(response, link, html=True)


# The lists, places and people


def test_the_lists_show_what_is_published_in_the_readers_language_only(client, kyphoplasty):
    publish_page(kyphoplasty, language="es", slug="cifoplastia")
    make_draft(make_procedure("vertebroplasty"), slug="vertebroplasty")
    for path in ("/", "/procedures/"):
        assertContains(client.get(path), "We have no page in this language yet")
        assertContains(client.get(f"/es{path}"), 'href="/es/procedures/cifoplastia/"')
        assertNotContains(client.get(f"/es{path}"), "vertebroplasty")


def test_the_home_page_leads_to_every_procedure_the_form_the_telephone_and_the_places(client, clinic, kyphoplasty):
    make_clinic(about={"en": "We show **our sources**.", "es": ""})
    publish_page(kyphoplasty)
    make_place("quay")
    Accreditation.objects.create(key="mark", name="Safe Spine Mark", body="A council", since=2021)
    response = client.get("/")
    assertContains(response, "<h1>Care for your back</h1>", html=True)
    for words in (
        'href="/procedures/kyphoplasty/"',
        'href="/appointments/request/"',
        'href="tel:2065550142"',
        'href="/locations/quay/"',
        "<strong>our sources</strong>",
        "Safe Spine Mark",
        "since 2021",
    ):
        assertContains(response, words)


def test_a_place_says_what_is_done_there_and_what_is_only_examined(client, kyphoplasty):
    place, other = make_place("quay", telephone="(206) 555-0143", step_free={"en": "A ramp."}), make_place("hill")
    vertebroplasty = make_procedure("vertebroplasty")
    kyphoplasty.performed_at.add(place)
    kyphoplasty.evaluated_at.add(place)
    vertebroplasty.evaluated_at.add(place)
    vertebroplasty.performed_at.add(other)
    publish_page(kyphoplasty)
    publish_page(vertebroplasty, slug="vertebroplasty", names={"plain_name": "Cement repair"})
    response = client.get("/locations/quay/")
    assert [card["url"] for card in response.context["performed"]] == ["/procedures/kyphoplasty/"]
    assert [card["url"] for card in response.context["evaluated"]] == ["/procedures/vertebroplasty/"]
    assertContains(response, 'href="tel:2065550143"')
    assertContains(response, 'href="/appointments/request/?location=quay"')
    assertContains(response, "A ramp.")


def test_hours_show_each_span_the_closed_days_and_the_closures_to_come(client):
    place = make_place("quay")
    for opens, closes in ((13, 17), (8, 12)):
        OpeningHours.objects.create(location=place, weekday=0, opens=time(opens), closes=time(closes))
    today = timezone.localdate()
    Closure.objects.create(date=today - timedelta(days=1), reason={"en": "Yesterday's feast"})
    Closure.objects.create(date=today, reason={"en": "Today's feast"})
    Closure.objects.create(date=today, location=make_place("hill"), reason={"en": "Paint dries"})
    response = client.get("/locations/quay/")
    monday, tuesday = response.context["days"][:2]
    assert [span.opens.hour for span in monday["periods"]] == [8, 13]
    assert tuesday["periods"] == []
    assert [closure["reason"] for closure in response.context["closures"]] == ["Today's feast"]


def test_closures_are_said_to_be_the_next_ones_since_more_may_follow(client):
    OpeningHours.objects.create(weekday=0, opens=time(8), closes=time(12))
    today = timezone.localdate()
    Closure.objects.bulk_create(Closure(date=today + timedelta(days=days)) for days in range(8))
    response = client.get("/contact/")
    assert len(response.context["closures"]) == 5
    assertContains(response, "The next days on which we are closed:")


def test_a_place_that_is_not_in_use_is_nowhere(client):
    make_place("quay", is_open=False)
    assert client.get("/locations/quay/").status_code == 404
    assertNotContains(client.get("/locations/"), "Quay")
    assertNotContains(client.get("/sitemap.xml"), "quay")


def test_the_team_page_names_registration_languages_places_and_procedures(client, kyphoplasty):
    ada = make_clinician(
        "ada", registration_number="TEST-ada", languages=["en", "es"], biography={"en": "She *sings*."}
    )
    ada.locations.add(make_place("quay"), make_place("shut", is_open=False))
    make_clinician("hidden", is_shown=False)
    kyphoplasty.clinicians.add(ada)
    publish_page(kyphoplasty)
    response = client.get("/team/")
    person = next(person for person in response.context["people"] if person["clinician"] == ada)
    assert person["languages"] == "English and Spanish"
    assert person["locations"] == "Quay"
    assertContains(response, '<a href="/procedures/kyphoplasty/">Kyphoplasty</a>', html=True)
    assertContains(response, "TEST-ada")
    assertContains(response, "She <em>sings</em>.")
    assertNotContains(response, "Hidden")


def test_the_contact_page_says_when_reception_answers(client):
    OpeningHours.objects.create(weekday=2, opens=time(8), closes=time(17))
    OpeningHours.objects.create(location=make_place("quay"), weekday=2, opens=time(6), closes=time(7))
    response = client.get("/contact/")
    assert [day["periods"] != [] for day in response.context["days"]] == [False, False, True, *[False] * 4]
    assertContains(response, "mailto:hello@clinic.example")
    assertContains(response, "In an emergency, call 911.")


@pytest.mark.parametrize("path", EVERY_LIST)
def test_a_clinic_that_has_filled_nothing_in_yet_still_answers(client, clinic, path):
    clinic.delete()
    assert client.get(path).status_code == 200
    assert client.get(f"/es{path}").status_code == 200


# What a page costs


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("/", 6),
        ("/procedures/", 4),
        ("/procedures/kyphoplasty-{rows}/", 6),
        ("/conditions/fracture-{rows}-0/", 4),
        ("/locations/", 3),
        ("/locations/does-{rows}-0/", 6),
        ("/team/", 6),
        ("/contact/", 5),
    ],
)
def test_a_page_asks_the_database_as_often_however_much_there_is(client, django_assert_num_queries, path, queries):
    for rows in (1, 3):
        make_full_clinic(rows)
        with django_assert_num_queries(queries):
            assert client.get(path.format(rows=rows)).status_code == 200


def test_a_kept_page_costs_one_look_at_the_stamp_until_something_changes(
    client, kyphoplasty, django_assert_num_queries
):
    publish_page(kyphoplasty)
    first = client.get("/procedures/kyphoplasty/")
    kept = {"if-none-match": first.headers["ETag"]}
    with django_assert_num_queries(1):
        assert client.get("/procedures/kyphoplasty/", headers=kept).status_code == 304
    publish_page(make_procedure("vertebroplasty"), slug="vertebroplasty")
    assert client.get("/procedures/kyphoplasty/", headers=kept).status_code == 200


@pytest.mark.parametrize(
    "path", [*EVERY_LIST, "/procedures/kyphoplasty/", "/procedures/changes.atom", "/sitemap.xml", "/robots.txt"]
)
def test_reading_sets_no_cookie_and_sends_nothing(client, kyphoplasty, path):
    publish_page(kyphoplasty)
    stamp = PageStamp.current()
    response = client.get(path)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "public, no-cache"
    assert not response.cookies
    assert PageStamp.current() == stamp
    assertNotContains(response, "method=")
    assert client.post(path).status_code == 405


# Preview


@pytest.mark.parametrize(
    ("subject", "kind"), [(make_procedure, "procedure"), (make_condition, "condition")], ids=["procedure", "condition"]
)
def test_a_draft_is_previewed_as_patients_will_see_it_and_never_kept(client, editor, subject, kind):
    version = make_draft(subject(), slug="draft")
    client.force_login(editor)
    response = client.get(f"/procedures/preview/{kind}/{version.pk}/")
    assertContains(response, "Balloon repair of a broken back bone")
    assertContains(response, "This is a preview")
    assertContains(response, "You see version 1")
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_a_preview_stands_in_the_language_of_its_page(client, editor, kyphoplasty):
    version = make_draft(kyphoplasty, language="es", slug="cifoplastia")
    client.force_login(editor)
    response = client.get(f"/procedures/preview/procedure/{version.pk}/")
    assertRedirects(response, f"/es/procedures/preview/procedure/{version.pk}/")


def test_a_published_page_shows_no_draft_and_no_mark_of_preview(client, editor, kyphoplasty):
    publish_page(kyphoplasty)
    make_draft(kyphoplasty, names={"plain_name": "A new name"})
    client.force_login(editor)
    response = client.get("/procedures/kyphoplasty/")
    assertNotContains(response, "A new name")
    assertNotContains(response, "preview")


@pytest.mark.parametrize("kind", ["procedure", "condition"])
def test_a_preview_is_for_those_who_work_on_pages(client, reception, kyphoplasty, kind):
    version = make_draft(kyphoplasty)
    path = f"/procedures/preview/{kind}/{version.pk}/"
    assert client.get(path).headers["Location"].startswith("/admin/login/")
    client.force_login(reception)
    assert client.get(path).status_code == 403


@pytest.mark.parametrize("number", ["999", "9" * 30])
def test_a_preview_of_no_version_is_not_found(client, editor, number):
    client.force_login(editor)
    assert client.get(f"/procedures/preview/procedure/{number}/").status_code == 404


# For messengers, feed readers and search engines


@pytest.mark.parametrize(
    ("path", "title", "words"),
    [
        (
            "/procedures/kyphoplasty/",
            "Broken &amp; bent (Kyphoplasty)",
            "A balloon lifts the bone, and cement holds it.",
        ),
        ("/", "Home", "Care for your back"),
        ("/es/", "Inicio", "Cuidamos su espalda"),
    ],
)
def test_a_page_that_is_passed_on_shows_its_title_its_words_and_our_picture(client, kyphoplasty, path, title, words):
    publish_page(kyphoplasty, names={"plain_name": "Broken & bent"})
    response = client.get(path)
    assertContains(response, f"<title>{title} – Test Clinic</title>")
    for name, value in {
        "og:title": title,
        "og:description": words,
        "og:site_name": "Test Clinic",
        "og:url": f"https://clinic.example{path}",
        "og:image": "https://clinic.example/static/img/card.png",
    }.items():
        assertContains(response, f'<meta property="{name}" content="{value}">', count=1)
    assertContains(response, f'<meta name="description" content="{words}">', count=1)
    assertContains(response, '<meta name="twitter:card" content="summary_large_image">', count=1)


def test_the_picture_of_a_page_that_is_passed_on_has_the_size_that_others_ask_for():
    head = Path(finders.find("img/card.png")).read_bytes()[16:24]
    assert struct.unpack(">II", head) == (1200, 630)


def test_a_feed_tells_which_pages_changed_last(client, kyphoplasty):
    atom = "{http://www.w3.org/2005/Atom}"
    publish_in_both_languages(kyphoplasty)
    publish_page(make_condition(), slug="fracture", names={"plain_name": "Broken & bent", "summary": "A <b>bone</b>."})
    make_draft(make_procedure("vertebroplasty"), slug="vertebroplasty")
    for path, links in (
        ("/procedures/changes.atom", ["/conditions/fracture/", "/procedures/kyphoplasty/"]),
        ("/es/procedures/changes.atom", ["/es/procedures/cifoplastia/"]),
    ):
        response = client.get(path)
        assert response.headers["Content-Type"].startswith("application/atom+xml")
        feed = ElementTree.fromstring(response.content)  # noqa: S314 -- our own answer
        assert [entry.find(f"{atom}link").get("href") for entry in feed.findall(f"{atom}entry")] == [
            f"https://clinic.example{link}" for link in links
        ]
        assert f"https://clinic.example{path}" in [link.get("href") for link in feed.findall(f"{atom}link")]
        assertContains(client.get(path.replace("changes.atom", "")), f'href="{path}"', count=2)
    entry = ElementTree.fromstring(client.get("/procedures/changes.atom").content).find(f"{atom}entry")  # noqa: S314
    told = [entry.find(f"{atom}{name}").text for name in ("title", "summary")]
    assert told == ["Broken & bent", "A &lt;b&gt;bone&lt;/b&gt;."]


def test_a_feed_asks_as_often_however_many_pages_there_are(client, django_assert_num_queries):
    for rows in (1, 3):
        make_full_clinic(rows)
        with django_assert_num_queries(4):
            assert client.get("/procedures/changes.atom").status_code == 200


def test_the_sitemap_holds_every_public_page_with_its_other_language(client, kyphoplasty):
    publish_in_both_languages(kyphoplasty)
    publish_page(make_condition(), slug="fracture")
    make_draft(make_procedure("vertebroplasty"), slug="vertebroplasty")
    make_place("quay")
    names = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}
    root = ElementTree.fromstring(client.get("/sitemap.xml").content)  # noqa: S314 -- our own answer
    others = {
        url.find("s:loc", names).text.removeprefix("https://clinic.example"): {
            link.get("hreflang"): link.get("href").removeprefix("https://clinic.example")
            for link in url.findall("x:link", names)
        }
        for url in root.findall("s:url", names)
    }
    assert others["/procedures/kyphoplasty/"] == {
        "en": "/procedures/kyphoplasty/",
        "es": "/es/procedures/cifoplastia/",
    }
    assert others["/es/procedures/cifoplastia/"] == others["/procedures/kyphoplasty/"]
    assert others["/conditions/fracture/"] == {}
    assert {"/", "/es/", "/locations/quay/", "/es/locations/quay/", "/privacy/", "/es/contact/"} <= others.keys()
    assert not [path for path in others if "vertebroplasty" in path]
    for path in others:
        assert client.get(path).status_code == 200


def test_search_engines_are_told_to_leave_staff_previews_and_patients_alone(client):
    response = client.get("/robots.txt")
    lines = response.content.decode().splitlines()
    for path in ("/admin/", "/appointments/track/", "/procedures/preview/"):
        assert f"Disallow: {path}" in lines
        assert f"Disallow: /es{path}" in lines
    assert "Sitemap: https://clinic.example/sitemap.xml" in lines
    assert response.headers["Content-Type"].startswith("text/plain")
