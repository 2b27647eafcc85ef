"""What a page warns of, from one version to the next: whatever matters is told, and nothing else."""

import pytest

from procedures.safety import changes_of_safety, documents_of
from tests.procedures.factories import make_draft, make_live, make_page, make_published

pytestmark = pytest.mark.django_db

SIGN = {"key": "fever", "text": "You have a fever.", "action": "Call us.", "urgency": "urgent", "applies": "after"}
RULE = {"kind": "restricted", "from_day": 0, "to_day": 7, "text": "Do not drive.", "sources": ["a"]}
NOT_FOR = {"aim": {"who_should_not": "People with **an infection**."}}


def changes(old, new, *, language="en"):
    """Publish a page with some sections, then with others; return what changed of its warnings: (title, old, new)."""
    page = make_page(language=language)
    first = make_published(page, sections=old)
    second = make_live(make_draft(page, sections=new))
    documents = documents_of([first.pk, second.pk])
    found = changes_of_safety(documents[first.pk], documents[second.pk])
    return [(str(change.title), change.old, change.new) for change in found]


def signs(**values):
    return {"warning_signs": [SIGN | values]}


def test_a_sign_in_other_words_stands_beside_what_it_said():
    assert changes(signs(), signs(action="Call 911.")) == [
        ("Warning signs", "You have a fever. Call us.", "You have a fever. Call 911.")
    ]


@pytest.mark.parametrize(
    ("field", "value", "word"), [("urgency", "emergency", "emergency"), ("applies", "both", "before and after")]
)
def test_a_sign_in_the_same_words_that_is_more_urgent_or_matters_at_another_time_says_so(field, value, word):
    [(_title, old, new)] = changes(signs(), signs(**{field: value}))
    assert old != new
    assert word not in old
    assert word in new.casefold()


def test_words_and_urgency_that_change_together_are_both_told():
    [(_title, old, new)] = changes(signs(), signs(action="Call 911.", urgency="emergency"))
    assert "(" in old
    assert "Call 911. (" in new


def test_a_sign_that_came_and_one_that_went_stand_beside_nothing():
    other = SIGN | {"key": "numb", "text": "Your legs feel numb.", "action": ""}
    came = changes(signs(), {"warning_signs": [SIGN, other]})
    assert [(old, new.partition(" (")[0]) for _title, old, new in came] == [("", "Your legs feel numb.")]
    went = changes({"warning_signs": [SIGN, other]}, signs())
    assert [(old.partition(" (")[0], new) for _title, old, new in went] == [("Your legs feel numb.", "")]


def test_who_should_not_have_it_is_compared_in_plain_words_line_by_line():
    new = {"aim": {"who_should_not": "People with:\n\n- an infection\n- *a clotting problem* & more"}}
    [(title, old, now)] = changes(NOT_FOR, new)
    assert title == "Who should not have it"
    assert old == "People with an infection."
    assert now == "People with:\nan infection\na clotting problem & more"


def test_a_line_that_moves_below_another_heading_is_a_change():
    old = {"aim": {"who_should_not": "Never:\n\n- an infection\n\nAsk us first:\n\n- a pregnancy"}}
    new = {"aim": {"who_should_not": "Never:\n\n- an infection\n- a pregnancy\n\nAsk us first:"}}
    assert len(changes(old, new)) == 1


def test_a_rule_that_lasts_longer_is_told_and_what_is_allowed_is_not():
    allowed = RULE | {"kind": "allowed", "text": "Walk."}
    old = {"milestones": [RULE, allowed]}
    new = {"milestones": [RULE | {"to_day": 14}, allowed | {"to_day": 3}]}
    [(title, was, now)] = changes(old, new)
    assert (title, was, now) == (
        "What not to do",
        "For the first week: Do not drive.",
        "For the first 2 weeks: Do not drive.",
    )


def test_of_two_rules_in_the_same_words_none_hides_the_other():
    later = RULE | {"from_day": 30, "to_day": 35}
    [(_title, old, new)] = changes({"milestones": [RULE, later]}, {"milestones": [RULE | {"to_day": 10}, later]})
    assert old != new


def test_a_limit_whose_number_alone_changes_is_told():
    limit = RULE | {"fact_key": "lifting/day-0", "low": 10, "unit": "lb", "text": "Do not lift more."}
    [(_title, old, new)] = changes({"milestones": [limit]}, {"milestones": [limit | {"low": 5}]})
    assert "10" in old
    assert "5" in new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (signs(), signs(sources=["a"])),
        (signs(), signs(key="high-fever")),
        (NOT_FOR, {"aim": {"who_should_not": "People  with an *infection*."}}),
        (NOT_FOR, NOT_FOR | {"day": {"setting": "You go home the same day."}}),
        (
            {"milestones": [RULE, RULE | {"text": "Do not swim."}]},
            {"milestones": [RULE | {"text": "Do not swim."}, RULE]},
        ),
    ],
)
def test_what_says_the_same_is_no_change(old, new):
    assert changes(old, new) == []


def test_the_words_are_those_of_the_page_whoever_looks():
    rule = RULE | {"text": "No conduzca."}
    [(title, old, _new)] = changes({"milestones": [rule]}, {"milestones": [rule | {"to_day": 14}]}, language="es")
    assert title == "What not to do"
    assert old.startswith("Durante la primera semana")
