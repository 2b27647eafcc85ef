"""The reference that is read out on the phone finds slips of the tongue."""

import pytest

from appointments.references import ALPHABET, check_character, hash_of, new_reference, new_token, read_reference


def test_a_reference_has_no_character_that_is_misread():
    assert not set("0O1ILU") & set(ALPHABET)
    for reference in (new_reference() for _draw in range(200)):
        assert len(reference) == 9
        assert set(reference.replace("-", "")) <= set(ALPHABET)


def test_a_reference_is_read_in_any_spelling():
    reference = new_reference()
    for typed in (reference.lower(), reference.replace("-", " "), f"  {reference} ", reference.replace("-", "")):
        assert read_reference(typed) == reference


def test_every_single_wrong_character_is_found():
    reference = new_reference().replace("-", "")
    for place, right in enumerate(reference):
        for wrong in set(ALPHABET) - {right}:
            assert read_reference(reference[:place] + wrong + reference[place + 1 :]) is None


def test_the_check_character_follows_the_standards_worked_rule():
    # Worked by hand for one character: (30 + 0) % 30 or 30 = 30; 30 * 2 % 31 = 29; 31 - 29 = 2.
    assert check_character("2") == ALPHABET[2]


@pytest.mark.parametrize("typed", ["", "ABC", "0000-0000", "２２２２-２２２２", "x" * 5000, "7K4M-Q2XD-9"])
def test_what_is_no_reference_is_none(typed):
    assert read_reference(typed) is None


def test_a_token_is_long_random_and_stored_as_a_hash():
    token = new_token()
    assert len(token) == 32
    assert token != new_token()
    assert token not in hash_of(token)
