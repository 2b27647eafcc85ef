"""What stops a version from being reviewed."""

import pytest

from procedures.content_checks import errors
from procedures.models import ProcedureVersion
from tests.procedures.factories import (
    enough,
    figure,
    full_draft,
    make_condition,
    make_draft,
    make_file,
    make_page,
)

pytestmark = pytest.mark.django_db

NAMES = enough()["names"]
LIMIT = {"kind": "restricted", "from_day": 0, "to_day": 7, "text": "Do not lift.", "sources": ["a"]}
SIGN = {"key": "numb", "text": "Your legs are numb.", "action": "Call 911.", "urgency": "emergency"}


def test_a_page_with_enough_has_no_findings():
    assert errors(make_draft()) == []
    assert errors(make_draft(make_page(make_condition()))) == []


@pytest.mark.parametrize(
    ("sections", "sentence"),
    [
        ({"names": NAMES | {"plain_name": ""}}, "Write the plain name"),
        ({"names": NAMES | {"summary": " "}}, "Write the summary"),
        ({"figures": [figure(low=None, high=None)]}, "its number, its unit and its fact key"),
        ({"figures": [figure(sources=[])]}, "name at least 1 source"),
        ({"figures": [figure(sources=["z"])]}, "names the source “z”"),
        ({"figures": [figure(), figure(label="Again", low=50)]}, "gives other numbers"),
        ({"milestones": [LIMIT | {"sources": []}]}, "name at least 1 source"),
        ({"milestones": [LIMIT | {"text": "Avoid lifting."}]}, "Begin “Avoid lifting.” with “Do not”"),
        ({"milestones": [LIMIT | {"fact_key": "lifting"}]}, "Give “Do not lift.” its number"),
        ({"warning_signs": [SIGN | {"action": ""}]}, "Say what to do when “Your legs are numb.”"),
        ({"warning_signs": [SIGN | {"sources": ["z"]}]}, "names the source “z”"),
        (
            {"risks": [{"key": "leak", "name": "Leak", "fact_key": "leak", "low": 1, "unit": "per-100"}]},
            "name at least 1 source",
        ),
    ],
)
def test_each_gap_is_found_and_said_once(sections, sentence):
    found = [finding.sentence for finding in errors(make_draft(sections=sections))]
    assert len(found) == 1
    assert sentence in found[0]


def test_a_spanish_restriction_forbids_in_spanish():
    wrong = make_draft(language="es", sections={"milestones": [LIMIT]})
    right = make_draft(language="es", sections={"milestones": [LIMIT | {"text": "No levante peso."}]})
    assert "“No”" in errors(wrong)[0].sentence
    assert errors(right) == []


def test_a_film_needs_a_transcript_and_captions_and_a_picture_does_not():
    film = {"file": make_file(name="walk.mp4", content_type="video/mp4"), "alternative_text": "A film"}
    picture = {"file": make_file(), "alternative_text": "A spine"}
    found = errors(make_draft(sections={"media": [film, picture]}))
    assert [finding.section for finding in found] == ["media", "media"]
    captions = make_file(name="walk.vtt", content_type="text/vtt; charset=utf-8")
    whole = film | {"transcript": "He walks.", "captions": captions}
    assert errors(make_draft(sections={"media": [whole, picture]})) == []


def test_checking_takes_as_many_queries_for_a_full_page_as_for_a_small_one(django_assert_max_num_queries):
    for draft in (make_draft(), full_draft()):
        version = ProcedureVersion.objects.select_related("page").get(pk=draft.pk)
        with django_assert_max_num_queries(13):
            errors(version)
