"""Contact details on the private page: enough for whoever gave them, too little for anybody else."""

import pytest

from appointments.masked import masked_email, masked_phone


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("ana@example.org", "a•••@e•••.org"),
        ("Ana.OBrien@mail.example.co.uk", "A•••@m•••.uk"),
        ("me@ab.io", "•••@•••.io"),
        ("ñandú@correo.example", "ñ•••@c•••.example"),
        ("", ""),
    ],
)
def test_of_an_email_address_a_letter_on_each_side_is_shown(typed, shown):
    assert masked_email(typed) == shown


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("(206) 555-0123", "••• •••-••23"),
        ("+44 20 7946 0958", "••• •••-••58"),
        ("206 555 0123 ext. 47", "••• •••-••23"),
        ("206 555 0123, ask for Ana", "••• •••-••23"),
        ("٠١٢٣٤٥٦٧", "••• •••-••67"),
        ("no number", "•••"),
        ("", ""),
    ],
)
def test_of_a_telephone_number_two_digits_are_shown_and_no_word(typed, shown):
    assert masked_phone(typed) == shown
