"""What somebody with a stolen account could write: it reaches readers as words, on every page, and never as markup."""

from html.parser import HTMLParser

import pytest

from clinic.models import Accreditation, Closure, OpeningHours
from procedures.leaflets import html_of
from procedures.models import ProcedurePage
from tests.procedures.published import (
    every_section,
    make_clinic,
    make_clinician,
    make_condition,
    make_place,
    make_procedure,
    publish_page,
)

HOSTILE = "\"'><img src=x onerror=alert(1)></script><script>alert(2)</script>[x](javascript:alert(3)){{ 7 }}"
IN_BOTH = {"en": HOSTILE, "es": HOSTILE}
# What is chosen or counted, and not written; a link of a source is checked when it is typed.
NOT_WORDS = {
    "key",
    "fact_key",
    "unit",
    "glance",
    "kind",
    "scope",
    "urgency",
    "applies",
    "drawing",
    "sources",
    "read_on",
}

pytestmark = pytest.mark.django_db


class Markup(HTMLParser):
    """Reads the elements of a page and their attributes."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))


def hostile(rows):
    """Return rows, or the fields of one, with hostile words behind all words."""
    if isinstance(rows, list):
        return [hostile(row) for row in rows]
    return {
        name: f"{value} {HOSTILE}"[:80] if isinstance(value, str) and name not in NOT_WORDS else value
        for name, value in rows.items()
    }


@pytest.fixture
def stolen():
    """Write hostile words wherever staff can write words, and publish them."""
    make_clinic(name=HOSTILE[:80], strapline=IN_BOTH, address=HOSTILE, about=IN_BOTH, privacy=IN_BOTH)
    sections = {key: hostile(rows) for key, rows in every_section().items() if key != "sources"}
    sections |= {"sources": every_section()["sources"]}
    names = {"plain_name": HOSTILE[:120], "medical_name": HOSTILE[:120], "synonyms": [HOSTILE], "summary": HOSTILE}
    place = make_place("quay", name=HOSTILE[:80], address=HOSTILE, getting_there=IN_BOTH, step_free=IN_BOTH)
    person = make_clinician("ada", name=HOSTILE[:80], role=IN_BOTH, biography=IN_BOTH, registration_body=HOSTILE[:120])
    person.locations.add(place)
    Accreditation.objects.create(key="mark", name=HOSTILE[:120], body=HOSTILE[:120])
    Closure.objects.create(date="2999-01-01", reason=IN_BOTH)
    OpeningHours.objects.create(weekday=0, opens="08:00", closes="12:00")
    condition = make_condition()
    publish_page(condition, slug="fracture", names=names)
    for key in ("kyphoplasty", "other"):
        procedure = make_procedure(key)
        procedure.conditions.add(condition)
        procedure.performed_at.add(place)
        procedure.clinicians.add(person)
        publish_page(procedure, slug=key, sections=sections, names=names)


def held(text):
    """Say which elements of a page came from the hostile words."""
    return [
        (tag, attrs)
        for tag, attrs in Markup(text).elements
        if (tag == "script" and attrs.get("type") != "application/ld+json")
        or any(name.startswith("on") for name in attrs)
        or attrs.get("src") == "x"
        or any((value or "").strip().lower().startswith("javascript:") for value in attrs.values())
    ]


PATHS = [
    "/",
    "/procedures/",
    "/procedures/?q=script",
    "/procedures/kyphoplasty/",
    "/procedures/kyphoplasty/leaflet/",
    "/procedures/kyphoplasty/feedback/",
    "/procedures/kyphoplasty/feedback/thanks/",
    "/procedures/compare/kyphoplasty/other/",
    "/conditions/fracture/",
    "/locations/",
    "/locations/quay/",
    "/team/",
    "/contact/",
    "/privacy/",
]


def test_words_of_staff_never_become_markup(client, stolen):
    pages = {path: client.get(path).content.decode() for path in PATHS}
    pages["the PDF"] = html_of(ProcedurePage.objects.for_leaflet().first())
    for path, text in pages.items():
        assert "alert" in text, f"{path} shows none of the words"
        assert held(text) == [], path
    feed = client.get("/procedures/changes.atom").content.decode()
    assert "alert" in feed
    assert "<img" not in feed
