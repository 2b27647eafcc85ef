"""What was opened, what another saved, and what is about to be saved, side by side."""

import pytest

from clinic.stale import ChangedBy, compare, read_snapshot, snapshot


@pytest.mark.parametrize(
    ("original", "theirs", "mine", "changed_by"),
    [
        ("a", "a", "a", ChangedBy.NOBODY),
        ("a", "b", "a", ChangedBy.THEM),
        ("a", "a", "c", ChangedBy.ME),
        ("a", "b", "c", ChangedBy.BOTH),
        ("a", "b", "b", ChangedBy.BOTH),
    ],
)
def test_a_row_says_who_changed_the_field(original, theirs, mine, changed_by):
    [row] = compare({"name": "Name"}, {"name": original}, {"name": theirs}, {"name": mine})
    assert (row.label, row.original, row.theirs, row.mine) == ("Name", original, theirs, mine)
    assert row.changed_by == changed_by


def test_rows_come_in_the_order_of_the_labels_and_other_fields_are_left_out():
    rows = compare({"b": "B", "a": "A"}, {"a": 1, "b": 2, "z": 3}, {"a": 1, "b": 2}, {"a": 1, "b": 2})
    assert [row.label for row in rows] == ["B", "A"]


def test_a_field_that_one_version_lacks_counts_as_empty():
    [row] = compare({"note": "Note"}, {}, {"note": "Called."}, {})
    assert (row.original, row.theirs, row.mine, row.changed_by) == ("", "Called.", "", "theirs")


def test_what_was_opened_comes_back_as_it_was_for_the_same_thing_alone():
    told = snapshot({"note": "Called."}, of="page/1")
    assert read_snapshot(told, of="page/1") == {"note": "Called."}
    assert read_snapshot(told, of="page/2") is None
    assert read_snapshot(f"{told}x", of="page/1") is None
