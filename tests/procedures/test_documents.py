"""What publication freezes, and what is compared between languages."""

import json

import pytest

from procedures import publishing
from procedures.documents import figures_of, freeze
from procedures.models import ProcedureVersion
from tests.procedures.factories import (
    COMMAND,
    enough,
    figure,
    full_draft,
    make_both_published,
    make_condition,
    make_draft,
    make_page,
    make_published,
    save,
)

pytestmark = pytest.mark.django_db


def test_a_document_holds_every_section_and_survives_as_json():
    document = freeze(full_draft())
    assert json.loads(json.dumps(document)) == document
    assert document["schema"] == 1
    lists = ("figures", "preparation", "steps", "milestones", "warning_signs", "risks", "questions", "media")
    for name in (*lists, "documents", "related", "sources", "text", "facts"):
        assert document[name], name


def test_empty_parts_are_there_and_empty():
    document = freeze(publishing.open_draft(page=make_page(make_condition()), by=COMMAND))
    assert document["text"] == {}
    assert (document["steps"], document["milestones"], document["related"]) == ([], [], [])
    assert document["review"] == {"reviewer": None, "reviewed_on": None, "next_review_due": None}


def test_markdown_is_rendered_once_and_cannot_script():
    text = "**Strong** <script>alert(1)</script> [here](javascript:alert(1))"
    document = freeze(make_draft(sections={"aim": {"aim": text}}))
    assert "<strong>Strong</strong>" in document["text"]["aim"]
    assert "<script" not in document["text"]["aim"]
    assert "href" not in document["text"]["aim"]


def test_the_summary_stays_plain_text():
    names = enough()["names"] | {"summary": "Less <b>pain</b> & **more** ease"}
    assert freeze(make_draft(sections={"names": names}))["summary"] == "Less <b>pain</b> & **more** ease"


def test_preparation_stands_in_groups_in_the_editors_order():
    rows = [("Before the day", "One."), ("On the day", "Two."), ("Before the day", "Three.")]
    draft = make_draft(sections={"preparation": [{"when": when, "text": text} for when, text in rows]})
    assert freeze(draft)["preparation"] == [
        {"when": "Before the day", "points": [{"text": "One."}, {"text": "Three."}]},
        {"when": "On the day", "points": [{"text": "Two."}]},
    ]


def test_numbers_are_whole_where_they_can_be():
    figures = [figure(low="45.00", high="60.50"), figure(fact_key="stay", low=1, high=None, unit="days")]
    document = freeze(make_draft(sections={"figures": figures}))
    assert document["facts"] == {
        "duration": {"low": 45, "high": 60.5, "unit": "minutes"},
        "stay": {"low": 1, "high": None, "unit": "days"},
    }


def test_authors_are_counted_and_not_named(editor, editor2):
    draft = save(
        make_draft(by=editor.as_actor()), "names", enough()["names"] | {"summary": "S."}, by=editor2.as_actor()
    )
    document = freeze(draft)
    assert document["authors"] == 2
    assert "Edith" not in json.dumps(document)


def test_a_reviewer_stands_in_every_language():
    document = make_published().document
    assert document["review"]["reviewer"]["role"] == {"en": "Radiologist", "es": "Radióloga"}
    assert document["review"]["reviewed_on"] == "2026-09-14"
    assert document["review"]["next_review_due"] == "2027-09-14"


def test_freezing_takes_as_many_queries_for_a_full_page_as_for_a_small_one(django_assert_max_num_queries):
    for draft in (make_draft(), full_draft()):
        version = ProcedureVersion.objects.select_related("page__procedure", "reviewed_by").get(pk=draft.pk)
        with django_assert_max_num_queries(15):
            freeze(version)


def test_the_same_figures_in_two_languages_are_the_same():
    english, spanish = make_both_published()
    assert english.figures.get().label != spanish.figures.get().label
    assert figures_of(english) == figures_of(spanish)


@pytest.mark.parametrize(
    "change", [{"low": 44}, {"high": None}, {"unit": "hours"}, {"fact_key": "other"}, {"sources": []}]
)
def test_a_figure_differs_in_each_of_its_numbers(change):
    draft = make_draft()
    before = figures_of(draft)
    save(draft, "figures", [figure(**change)])
    assert figures_of(ProcedureVersion.objects.get(pk=draft.pk)) != before


def test_the_same_figure_twice_is_not_the_same_as_once():
    draft = make_draft()
    before = figures_of(draft)
    save(draft, "figures", [figure(), figure()])
    assert figures_of(draft) != before
