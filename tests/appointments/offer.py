"""A clinic that can be asked: two places, a procedure in two languages, hours and warning signs."""

from datetime import time

import pytest

from clinic.models import GeneralWarningSign, OpeningHours
from tests.procedures.published import make_clinic, make_place, publish_page
from tests.procedures.published import make_procedure as make_unpublished
from tests.remembered import remembered

SLUGS = {"kyphoplasty": {"en": "kyphoplasty", "es": "cifoplastia"}}
NAMES = {"kyphoplasty": {"en": "Balloon repair", "es": "Reparación con globo"}}


@remembered
def make_offer():
    """Return the clinic's profile, with all that the request form offers."""
    profile = make_clinic(name="Test Spine Clinic")
    north = make_place("north", name="Northside", order=1)
    south = make_place("south", name="Southside", order=2)
    OpeningHours.objects.bulk_create(OpeningHours(weekday=day, opens=time(8), closes=time(17)) for day in range(5))
    make_sign("numb", "emergency", en="Your legs feel numb.", es="Siente las piernas dormidas.")
    make_sign("fever", "urgent", en="You have a fever.", es="Tiene fiebre.")
    kyphoplasty = make_procedure(
        "kyphoplasty", signs={"sudden-pain": ("urgent", "before"), "leak": ("urgent", "after")}
    )
    kyphoplasty.performed_at.add(north)
    kyphoplasty.evaluated_at.add(south)
    return profile


def make_sign(key, urgency, **words):
    """Return one of the clinic's own warning signs."""
    return GeneralWarningSign.objects.create(key=key, text=words, action={"en": "Get help."}, urgency=urgency)


def make_procedure(key, *, signs=None):
    """Return a procedure whose page is published in English and Spanish; `signs` maps keys to urgency and when."""
    procedure = make_unpublished(key)
    for language in ("en", "es"):
        rows = [
            {"key": sign, "text": f"{sign} in {language}", "urgency": urgency, "applies": applies}
            for sign, (urgency, applies) in (signs or {}).items()
        ]
        publish_page(
            procedure,
            language=language,
            slug=SLUGS.get(key, {}).get(language, f"{key}-{language}"),
            names={"plain_name": NAMES.get(key, {}).get(language, f"{key} in {language}")},
            sections={"warning_signs": rows} if rows else {},
        )
    return procedure


@pytest.fixture
def offer(db):
    return make_offer()
