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
    return convert_alpha_characters_in_number(text) if _is_possible(text) else text


def _is_possible(text):
    try:
        return is_possible_number(parse_number(text, settings.PHONE_REGION))
    except NumberParseException:
        return False


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


# Fewer digits are no number that anybody can be called on, unless it is a possible one where the clinic is.
FEWEST_DIGITS = 7
# What people abroad dial, and write, in place of the plus sign.
PREFIX = "00"


def is_number(text):
    """Say whether somebody who types this looks for a telephone number, and not for a name with a digit in it."""
    digits = sum(sign.isdigit() for sign in text)
    return digits >= FEWEST_DIGITS or (digits > 0 and _is_possible(text))


def spellings(number):
    """Return the ways in which a number may have been written, the country's code after a plus sign or after 00."""
    digits = normalize_digits_only(number)
    if number.strip().startswith("+"):
        return [number, PREFIX + digits]
    return [number, f"+{digits.removeprefix(PREFIX)}"] if digits.startswith(PREFIX) else [number]
