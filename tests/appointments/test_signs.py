"""The warning signs of a page and those that the request asks about are the same frozen rows."""

import re

import pytest

from appointments.signs import signs_to_ask
from procedures.models import WarningSign
from tests.procedures.published import make_clinic, make_procedure, publish_page

pytestmark = pytest.mark.django_db

SIGNS = [
    {
        "key": f"{urgency}-{when}",
        "text": f"Sign {urgency} {when}.",
        "action": "Call.",
        "urgency": urgency,
        "applies": when,
    }
    for urgency in ("ask", "urgent", "emergency")
    for when in ("before", "after", "both")
]


def test_the_request_asks_about_just_those_signs_of_the_page_that_matter_before_treatment(client):
    make_clinic()
    publish_page(make_procedure(), sections={"warning_signs": SIGNS})
    # What is written after publication changes neither.
    WarningSign.objects.update(text="Another sign.", urgency="ask", applies="before")
    response = client.get("/procedures/kyphoplasty/")
    shown = {
        (card["urgency"], sign["text"])
        for group in response.context["warning_signs"]
        for card in group["cards"]
        for sign in card["signs"]
    }
    asked = {(sign["urgency"], sign["text"]) for sign in signs_to_ask("kyphoplasty")}
    assert shown == {(sign["urgency"], sign["text"]) for sign in SIGNS}
    assert asked == {(urgency, text) for urgency, text in shown if not re.search("after", text)}
