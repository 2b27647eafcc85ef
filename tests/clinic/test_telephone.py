"""A telephone number that is pressed dials the number that is read, whatever is written around it."""

import pytest

from clinic.models import telephone_href


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
