"""Reads telephone numbers as people write them: to dial them, and to tell that two are the same."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from phonenumbers import (
    Leniency,
    NumberParseException,
    PhoneNumberFormat,
    PhoneNumberMatcher,
    convert_alpha_characters_in_number,
    format_number,
    is_possible_number,
    normalize_digits_only,
)
from phonenumbers import parse as parse_number

telephone_shape = RegexValidator(r"[0-9]", _("Write a telephone number with digits."))


def telephone_href(text):
    """Return the `tel:` address of the first number in a text of any format, "" where there is no digit.

    An extension becomes a pause. Where no number of a known plan is found, all digits count.
    """
    found = PhoneNumberMatcher(text, settings.PHONE_REGION, leniency=Leniency.POSSIBLE)
    match = next(iter(found), None)
    if match is None:
        digits = normalize_digits_only(_with_letters_as_keys(text))
        return f"tel:{digits}" if digits else ""
    extension = match.number.extension or ""
    digits = normalize_digits_only(match.raw_string).removesuffix(extension)
    if match.raw_string.startswith("+"):
        digits = format_number(match.number, PhoneNumberFormat.E164)
    return f"tel:{digits},{extension}" if extension else f"tel:{digits}"


def _with_letters_as_keys(text):
    """Return the text with letters as the digits of their keys, where that makes it a number: (206) 555-BACK."""
    try:
        is_number = is_possible_number(parse_number(text, settings.PHONE_REGION))
    except NumberParseException:
        return text
    return convert_alpha_characters_in_number(text) if is_number else text


def normalise_phone(number):
    """Return a telephone number as it is compared: E.164 where it can be read, else its digits."""
    try:
        return format_number(parse_number(number, settings.PHONE_REGION), PhoneNumberFormat.E164)
    except NumberParseException:
        return "".join(sign for sign in number if sign.isdigit())


def national_digits(number):
    """Return the digits of a telephone number as it is dialled inside its country, without a zero in front."""
    try:
        return str(parse_number(number, settings.PHONE_REGION).national_number)
    except NumberParseException:
        return normalize_digits_only(number)
