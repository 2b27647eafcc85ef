"""A telephone number that is pressed dials the number that is read, whatever is written around it."""

import pytest

from clinic.telephone import normalise_phone, telephone_href


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("(206) 555-0142", "tel:2065550142"),
        ("1-206-555-0142", "tel:12065550142"),
        ("+1 206 555 0142", "tel:+12065550142"),
        ("206-555-0142 ext. 12", "tel:2065550142,12"),
        ("(206) 555-0123 x45", "tel:2065550123,45"),
        ("555-0142", "tel:5550142"),
        ("+1 206 555 0142 (24 hours)", "tel:+12065550142"),
        ("206 555 0142 / 0143", "tel:2065550142"),
        ("206 555 0142 or 206 555 0143", "tel:2065550142"),
        ("206.555.0123 ask for Ana", "tel:2065550123"),
        ("+44 (0)20 7946 0000", "tel:+442079460000"),
        ("(206) 555-BACK", "tel:2065552225"),
        ("٢٠٦٥٥٥٠١٤٢", "tel:2065550142"),
    ],
)
def test_pressing_a_number_dials_it(written, dialled):
    assert telephone_href(written) == dialled


@pytest.mark.parametrize(("written", "dialled"), [("911", "tel:911"), ("020 7946 0000", "tel:02079460000")])
def test_a_number_of_no_known_plan_is_dialled_digit_by_digit(written, dialled):
    assert telephone_href(written) == dialled


def test_words_without_a_number_dial_nothing():
    assert telephone_href("") == ""
    assert telephone_href("call us") == ""


@pytest.mark.parametrize("written", ["(206) 555-0142", "206.555.0142", "+1 206 555 0142", "1-206-555-0142"])
def test_a_number_is_the_same_however_it_is_written(written):
    assert normalise_phone(written) == "+12065550142"


def test_what_is_no_number_of_a_plan_is_compared_by_its_digits():
    assert normalise_phone("0") == "0"
    assert normalise_phone("ask for Ana") == ""
