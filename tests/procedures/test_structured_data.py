"""What pages tell machines: the same words as the page, in the vocabulary of schema.org."""

import json
import re
from html import unescape

import pytest
from django.utils.html import strip_tags

from clinic.models import OpeningHours
from tests.clinic.factories import make_hours
from tests.procedures.published import (
    every_section,
    make_clinic,
    make_condition,
    make_draft,
    make_place,
    make_procedure,
    publish_in_both_languages,
    publish_page,
)
from tests.remembered import remembered

pytestmark = pytest.mark.django_db

SCRIPT = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
# What is said in codes: addresses, dates, days and hours stand on the page in another form.
CODES = {"@context", "@id", "@type", "url", "item", "inLanguage", "lastReviewed", "dayOfWeek", "opens", "closes"}
PAGES = [
    "/",
    "/contact/",
    "/locations/quay/",
    "/procedures/kyphoplasty/",
    "/procedures/compare/kyphoplasty/vertebroplasty/",
    "/conditions/fracture/",
]


@pytest.fixture
@remembered
def site():
    """A small clinic with all that its pages tell."""
    make_clinic(address="14 Lantern Quay\nFernmouth, WA 98000")
    procedure, other, condition = make_procedure(), make_procedure("vertebroplasty", order=1), make_condition()
    procedure.conditions.add(condition)
    place = make_place("quay", telephone="(206) 555-0143")
    procedure.performed_at.add(place)
    make_hours()
    make_hours(location=place)
    questions = {"questions": [{"question": "Will it <heal>?", "answer": "Often & *well*.\n\n- One\n- Two"}]}
    publish_in_both_languages(condition, ("fracture", "fractura"), questions, plain_name="Broken bone")
    publish_in_both_languages(other, ("vertebroplasty", "vertebroplastia"), plain_name="Cement repair")
    sections = every_section(2) | questions | {"related": {"related": [other]}}
    publish_in_both_languages(procedure, sections=sections)


def told_by(html):
    """Return the nodes of a page by their type."""
    graph = json.loads(SCRIPT.search(html).group(1))
    assert graph["@context"] == "https://schema.org"
    return {node["@type"]: node for node in graph["@graph"]}


def words_in(value, name=""):
    """Yield every text in structured data that is no code."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from words_in(each, key)
    elif isinstance(value, list):
        for each in value:
            yield from words_in(each, name)
    elif isinstance(value, str) and name not in CODES:
        yield value


def words_of(html):
    """Return what a reader of a page can read of it."""
    shown = SCRIPT.sub("", html).replace("<br>", ", ")
    return " ".join(unescape(strip_tags(shown)).split())


def test_every_text_told_to_machines_stands_on_the_page(client, site):
    for path in [*PAGES, "/es/", "/es/procedures/cifoplastia/", "/es/conditions/fractura/"]:
        html = client.get(path).content.decode()
        page, told = words_of(html), list(words_in(told_by(html)))
        assert told, path
        assert [text for text in told if text not in page] == [], path


def test_every_address_told_to_machines_answers(client, site):
    address = re.compile(r'"(?:url|item)":"https://clinic\.example([^"]+)"')
    told = {each for path in PAGES for each in address.findall(client.get(path).content.decode())}
    assert told
    assert {each: client.get(each).status_code for each in told} == dict.fromkeys(told, 200)


def test_a_procedure_tells_what_it_is_who_checked_it_and_its_questions(client, site):
    told = told_by(client.get("/procedures/kyphoplasty/").content.decode())
    page, procedure = told["MedicalWebPage"], told["MedicalProcedure"]
    assert page["mainEntity"]["@id"] == procedure["@id"]
    assert (page["lastReviewed"], page["inLanguage"]) == ("2026-09-14", "en")
    assert page["reviewedBy"] == {"@type": "Person", "name": "Dr. Rhea Rowe", "jobTitle": "Radiologist"}
    assert procedure["name"] == "Kyphoplasty"
    assert procedure["alternateName"] == page["name"] == "Balloon repair of a broken back bone"
    question = told["FAQPage"]["mainEntity"][0]
    assert question["name"] == "Will it <heal>?"
    assert question["acceptedAnswer"]["text"] == "Often & well. One Two"
    assert [step["name"] for step in told["BreadcrumbList"]["itemListElement"]] == ["Procedures", "Kyphoplasty"]
    assert told["MedicalClinic"]["telephone"] == "(206) 555-0142"


def test_a_condition_tells_what_may_help(client, site):
    told = told_by(client.get("/conditions/fracture/").content.decode())
    help_ = told["MedicalCondition"]["possibleTreatment"]
    assert [each["url"] for each in help_] == ["https://clinic.example/procedures/kyphoplasty/"]


def test_a_place_tells_its_address_its_hours_and_what_is_done_there(client, site):
    OpeningHours.objects.filter(weekday__gt=0).delete()
    html = client.get("/locations/quay/").content.decode()
    place = next(node for node in json.loads(SCRIPT.search(html).group(1))["@graph"] if "address" in node)
    assert place["address"] == "14 Lantern Quay, Fernmouth, WA 98000"
    assert place["openingHoursSpecification"] == [
        {
            "@type": "OpeningHoursSpecification",
            "dayOfWeek": "https://schema.org/Monday",
            "opens": "08:00",
            "closes": "17:00",
        }
    ]
    assert [each["name"] for each in place["availableService"]] == ["Balloon repair of a broken back bone"]


def test_no_text_of_an_editor_can_end_the_script(client, site):
    publish_page(make_procedure("other"), slug="other", names={"summary": "</script><script>alert(1)</script><!--"})
    html = client.get("/procedures/other/").content.decode()
    assert "<script>" not in html
    assert told_by(html)["MedicalProcedure"]["description"] == "</script><script>alert(1)</script><!--"


def test_a_preview_and_a_clinic_without_a_name_tell_nothing_of_a_clinic(client, editor):
    procedure = make_procedure()
    version = make_draft(procedure, slug="draft")
    client.force_login(editor)
    assert not SCRIPT.search(client.get(f"/procedures/preview/procedure/{version.pk}/").content.decode())
    publish_page(make_procedure("other"), slug="other")
    told = told_by(client.get("/procedures/other/").content.decode())
    assert "MedicalClinic" not in told
    assert "publisher" not in told["MedicalWebPage"]
