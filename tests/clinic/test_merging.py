"""What two people made of one thing, brought together: no row is lost, and what both changed is never guessed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.merging import Conflict, merge_fields, merge_rows, same_rows


def row(key, text="", **more):
    return {"key": key, "text": text, **more}


A, B, C = (row(key, f"{word} until it is over") for key, word in (("a", "Rest"), ("b", "Walk"), ("c", "Drive")))


def test_a_group_of_fields_is_asked_whole_only_where_both_touched_it():
    before = {"low": "5", "unit": "days", "label": "Stay"}
    theirs, mine = before | {"unit": "weeks"}, before | {"low": "6"}
    asked = merge_fields(before, theirs, mine, together=(("low", "unit"),)).conflicts
    assert asked == [Conflict(None, "low", "5", "5", "6"), Conflict(None, "unit", "days", "weeks", "days")]
    merged = merge_fields(before, theirs, before | {"label": "Mine"}, together=(("low", "unit"),))
    assert (merged.values, merged.conflicts) == ({"low": "5", "unit": "weeks", "label": "Mine"}, [])


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ([A, B], [B, A], {0: 1, 1: 0}),
        ([A, A], [A], {0: 0}),
        ([A, B], [row("b", "All is new here"), A], {0: 1, 1: 0}),
        ([row("", "One two three four")], [row("", "Nine"), row("", "One two three five")], {0: 1}),
        ([row("", "One")], [row("", "Two")], {0: 0}),
        ([row("", "One")], [row("", "Two"), row("", "Three")], {}),
    ],
)
def test_rows_are_known_again_by_what_they_hold_then_by_key_likeness_and_place(before, after, same):
    assert same_rows(before, after, ("key",)) == same


def test_what_both_added_under_one_key_is_one_row_whose_differences_are_asked():
    merged = merge_rows([A], [A, row("n", "Theirs", x="")], [A, row("n", "Mine", x="1")], keys=("key",))
    assert merged.values == [A, row("n", "Mine", x="1")]
    assert merged.conflicts == [Conflict(1, "text", "", "Theirs", "Mine")]


def test_rows_that_both_added_stand_where_each_put_them():
    new, other = row("n", "Mine alone"), row("o", "Theirs alone")
    assert merge_rows([A, B], [other, A, B], [A, new, B], keys=("key",)).values == [other, A, new, B]


ROWS = st.lists(
    st.sampled_from([A, B, C, row("d", "Swim"), row("e", "Fly")]), max_size=5, unique_by=lambda each: each["key"]
)


@settings(max_examples=30, deadline=None)
@given(before=ROWS, theirs=ROWS, mine=ROWS)
def test_no_row_of_anybody_is_lost_or_doubled(before, theirs, mine):
    keys = [each["key"] for each in merge_rows(before, theirs, mine, keys=("key",)).values]
    was, theirs, mine = ({each["key"] for each in version} for version in (before, theirs, mine))
    assert len(keys) == len(set(keys))
    assert (theirs | mine) - was <= set(keys)
    assert theirs & mine <= set(keys)


@settings(max_examples=30, deadline=None)
@given(before=ROWS, other=ROWS)
def test_a_change_of_one_alone_is_taken_as_it_is(before, other):
    for theirs, mine in ((before, other), (other, before)):
        merged = merge_rows(before, theirs, mine, keys=("key",))
        assert (merged.values, merged.conflicts) == (other, [])
