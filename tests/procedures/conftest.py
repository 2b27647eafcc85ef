"""What several tests of this room start from: a small clinic, a procedure, its published page, an editor's browser."""

import pytest

from tests.procedures.desk import signed_in
from tests.procedures.published import (
    every_section,
    make_clinic,
    make_clinician,
    make_condition,
    make_place,
    make_procedure,
    publish_in_both_languages,
    publish_page,
)

STEPS = [{"label": "A small cut", "text": "We make a cut.", "drawing": "small-cut"}]


@pytest.fixture
def clinic(db):
    """The profile of a small clinic."""
    return make_clinic()


@pytest.fixture
def kyphoplasty(db):
    """A procedure without a page."""
    return make_procedure()


@pytest.fixture
def published(kyphoplasty):
    """The procedure with all that its page and its leaflet can say, published in both languages."""
    condition, place, far = make_condition(), make_place("quay", telephone="(206) 555-0143"), make_place("hill")
    publish_page(condition, slug="fracture", names={"plain_name": "Broken bone"})
    kyphoplasty.conditions.add(condition)
    kyphoplasty.performed_at.add(place)
    kyphoplasty.evaluated_at.add(far)
    kyphoplasty.clinicians.add(make_clinician("ada"))
    publish_in_both_languages(kyphoplasty, sections=every_section() | {"steps": STEPS})
    return kyphoplasty


@pytest.fixture
def desk(editor):
    """An editor's browser."""
    return signed_in(editor)
