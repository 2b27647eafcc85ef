"""How likely a risk is: the scale it stands on, the words both ways round, and the marks."""

import pytest

from clinic.refusals import Refused
from procedures.chances import chance, misfit
from procedures.content_checks import errors
from procedures.publishing import publish, send_for_review
from tests.procedures.factories import COMMAND, make_draft, make_signed_off

RISK = {"key": "leak", "name": "Leak", "fact_key": "leak", "sources": ["a"]}


@pytest.mark.parametrize(
    ("figure", "often", "both_ways"),
    [
        ((3, None, "per-100"), "3 in 100 people", "Of 100 people, 3 had it and 97 did not."),
        ((2, 5, "per-100"), "2 to 5 in 100 people", "Of 100 people, 2 to 5 had it and 95 to 98 did not."),
        ((0, 2, "per-100"), "Up to 2 in 100 people", "at most 2 had it and at least 98 did not."),
        ((1.9, 1.9, "per-100"), "About 2 in 100 people", "about 2 had it and about 98 did not."),
        ((12.5, 12.5, "per-100"), "About 12 to 13 in 100 people", "about 12 to 13 had it"),
        ((9, 10.5, "per-100"), "About 9 to 11 in 100 people", "about 9 to 11 had it"),
        ((3, 3, "per-1000"), "3 in 1,000 people", "Of 1,000 people, 3 had it and 997 did not."),
        ((0.05, 0.05, "per-1000"), "Fewer than 1 in 1,000 people (1 in 20,000)", "at least 999 did not have it."),
        ((0.1, 0.5, "per-1000"), "Fewer than 1 in 1,000 people (1 in 10,000 to 1 in 2,000)", "at least 999"),
        ((0.1, 1, "per-1000"), "Up to 1 in 1,000 people (from 1 in 10,000)", "at most 1 had it and at least 999"),
    ],
)
def test_a_risk_is_said_on_its_scale_and_both_ways_round(figure, often, both_ways):
    said = chance(*figure)
    assert said.often == often
    assert both_ways in said.both_ways


def test_a_common_risk_is_counted_out_in_marks_and_a_rare_one_is_not():
    assert chance(3, 3, "per-1000").marks is None
    marks = chance(7, 40, "per-100").marks
    assert str(marks["words"]) == "100 marks: 7 full, 33 half full, 60 empty"
    assert marks["full"] == "M0 0H20V20H10V50H0"
    assert marks["half"] == "M0 0H80V50H0"
    whole = chance(100, 100, "per-100").marks
    assert str(whole["words"]) == "100 marks: 100 full, 0 empty"
    assert (whole["full"], whole["half"]) == ("M0 0H200V50H0", "")


@pytest.mark.parametrize(
    ("low", "high", "unit"),
    [
        (1, 1, "per-100"),
        (0, 2, "per-100"),
        (0.9, 5, "per-100"),
        (100, None, "per-100"),
        (5, 10, "per-1000"),
        (0, 1, "per-1000"),
    ],
)
def test_a_figure_on_its_own_scale_is_taken(low, high, unit):
    assert not misfit(low, high, unit)


@pytest.mark.parametrize(
    ("low", "high", "unit", "sentence"),
    [
        ("0.5", "0.9", "per-100", "“Leak” is rarer than 1 in 100 people."),
        ("10", "10", "per-1000", "“Leak” happens to 1 in 100 people or more."),
        ("5", "30", "per-1000", "“Leak” happens to 1 in 100 people or more."),
        ("5", "101", "per-100", "“Leak” cannot happen to more people than there are."),
        ("5", "5", "percent", "Say in how many of 100 or of 1,000 people “Leak” happens."),
    ],
)
def test_a_risk_on_the_wrong_scale_goes_neither_to_review_nor_to_patients(db, low, high, unit, sentence):
    wrong = RISK | {"low": low, "high": high, "unit": unit}
    draft = make_draft(sections={"risks": [wrong]})
    assert [finding.section for finding in errors(draft)] == ["risks"]
    with pytest.raises(Refused) as refused:
        send_for_review(version=draft, by=COMMAND)
    assert sentence in str(refused.value.reason)
    signed_off = make_signed_off(sections={"risks": [RISK | {"low": 3, "high": 3, "unit": "per-100"}]})
    signed_off.risks.update(low=low, high=high, unit=unit)
    with pytest.raises(Refused):
        publish(versions=[signed_off], by=COMMAND)


def test_a_risk_on_its_scale_is_published(db):
    right = make_signed_off(sections={"risks": [RISK | {"low": 3, "high": 3, "unit": "per-1000"}]})
    assert publish(versions=[right], by=COMMAND)
