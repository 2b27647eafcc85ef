"""A code that is read out on the phone, or copied from paper, finds slips of the tongue."""

import pytest

from clinic.codes import ALPHABET, check_character, new_code, read_code


def test_a_code_has_no_character_that_is_misread():
    assert not set("0O1ILU") & set(ALPHABET)
    for code in (new_code() for _draw in range(200)):
        assert len(code) == 9
        assert set(code.replace("-", "")) <= set(ALPHABET)


def test_a_code_is_read_in_any_spelling():
    code = new_code()
    for typed in (code.lower(), code.replace("-", " "), f"  {code} ", code.replace("-", "")):
        assert read_code(typed) == code


def test_every_single_wrong_character_is_found():
    code = new_code().replace("-", "")
    for place, right in enumerate(code):
        for wrong in set(ALPHABET) - {right}:
            assert read_code(code[:place] + wrong + code[place + 1 :]) is None


def test_the_check_character_follows_the_standards_worked_rule():
    # Worked by hand for one character: (30 + 0) % 30 or 30 = 30; 30 * 2 % 31 = 29; 31 - 29 = 2.
    assert check_character("2") == ALPHABET[2]


@pytest.mark.parametrize("typed", ["", "ABC", "0000-0000", "２２２２-２２２２", "x" * 5000, "7K4M-Q2XD-9"])
def test_what_is_no_code_is_none(typed):
    assert read_code(typed) is None
