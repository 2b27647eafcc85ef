"""The lists of what the clinic does, its places, its hours and its people, as patients read them."""

from datetime import time, timedelta

import pytest
from django.utils import timezone
from pytest_django.asserts import assertContains, assertInHTML, assertNotContains

from clinic.models import Accreditation, Closure, OpeningHours
from tests.procedures.factories import make_file
from tests.procedures.published import (
    EVERY_LIST,
    make_clinic,
    make_clinician,
    make_draft,
    make_place,
    make_procedure,
    publish_page,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic")]


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


def picture_of(row, words, language=""):
    file = row.picture
    spoken = f' lang="{language}"' if language else ""
    return f'<img src="{file.get_absolute_url()}" alt="{words}"{spoken} width="20" height="10" loading="lazy">'


def test_marks_stand_beside_the_bodies_that_vouch_for_the_clinic(client):
    mark = make_file(name="mark.png", width=20, height=10)
    told = Accreditation.objects.create(
        key="told", name="Clear Words", body="A council", picture=mark, alternative_text={"en": "A tick", "es": "Sí"}
    )
    plain = Accreditation.objects.create(
        key="plain", name="Safe Spine", body="A council", picture=mark, is_decorative=True
    )
    Accreditation.objects.create(key="bare", name="Quiet Rooms", body="A council")
    for address, words in (("/", "A tick"), ("/team/", "A tick"), ("/es/", "Sí"), ("/es/team/", "Sí")):
        page = client.get(address).content.decode()
        assertInHTML(picture_of(told, words), page, count=1)
        assertInHTML(picture_of(plain, ""), page, count=1)


def test_a_photo_stands_on_the_team_page_only(client, kyphoplasty):
    ada = make_clinician("ada", picture=make_file(width=20, height=10), alternative_text={"en": "Dr. Ada at work"})
    kyphoplasty.clinicians.add(ada)
    publish_page(kyphoplasty)
    assertInHTML(picture_of(ada, "Dr. Ada at work"), client.get("/team/").content.decode(), count=1)
    assertNotContains(client.get("/procedures/kyphoplasty/"), ada.picture.hash)


def test_words_of_a_picture_in_another_language_than_the_page_say_so(client):
    ada = make_clinician("ada", picture=make_file(width=20, height=10), alternative_text={"en": "Dr. Ada at work"})
    assertInHTML(picture_of(ada, "Dr. Ada at work", "en"), client.get("/es/team/").content.decode(), count=1)


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
