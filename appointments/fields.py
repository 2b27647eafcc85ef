"""Reads what people type: telephone numbers in any format, e-mail addresses, the day they were born."""

from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dates import MONTHS
from django.utils.translation import get_language, override, pgettext
from django.utils.translation import gettext_lazy as _

from clinic.typed_text import HIDDEN, PlainTextField, ShownInput

DIGITS_NEEDED = 7
OLDEST_YEAR = 1900

SHORTEST_MONTH = 3
OTHER_SPELLINGS = {"setiembre": 9}
ROUND_NUMBERS = "".join(map(chr, sorted(HIDDEN))) + " "


class ShownEmailInput(ShownInput):
    """An e-mail address, which telephones offer the right keys for."""

    input_type = "email"


class PhoneField(PlainTextField):
    """A telephone number in any format, with words or an extension: seven digits or more are never refused."""

    def spaced(self, text):
        """Return the number without what lists of contacts put around it when it is copied."""
        return super().spaced(text).strip(ROUND_NUMBERS)

    def clean(self, value):
        """Return the number as it was typed. Raises ValidationError."""
        text = super().clean(value)
        if text and sum(sign.isdecimal() for sign in text) < DIGITS_NEEDED:
            raise ValidationError(_("Enter your telephone number with its area code."), code="too_few_digits")
        return text


class EmailField(PlainTextField):
    """An e-mail address, as it was typed."""

    widget = ShownEmailInput

    def clean(self, value):
        """Return the address, upper and lower case as typed. Raises ValidationError."""
        text = super().clean(value)
        return forms.EmailField(required=False, error_messages={"invalid": self.error_messages["invalid"]}).clean(text)


class BirthdateInput(forms.MultiWidget):
    """Three short boxes, in the order of the reader's language, since people know the day they were born by heart."""

    def __init__(self, parts, attrs=None, *, is_own=True):
        autocomplete = {part: {"autocomplete": f"bday-{part}" if is_own else "off"} for part in parts}
        for part in ("day", "year"):
            autocomplete[part]["inputmode"] = "numeric"
        super().__init__({part: ShownInput(attrs=autocomplete[part]) for part in parts}, attrs)

    def decompress(self, value):
        """Return empty boxes: a day of birth always comes as three texts."""
        return [None, None, None]


class BirthdateField(forms.MultiValueField):
    """A day of birth, the reader's own or another's; the month may be a number or a word."""

    labels = {"day": _("Day"), "month": _("Month"), "year": _("Year")}

    def __init__(self, *, is_own=True, **kwargs):
        self.parts = pgettext("order in which a date is written", "month day year").split()
        fields = [forms.CharField(required=False, label=self.labels[part]) for part in self.parts]
        for field in fields:
            field.validators = []
        super().__init__(fields, widget=BirthdateInput(self.parts, is_own=is_own), require_all_fields=False, **kwargs)

    def compress(self, values):
        """Return the date, or None when all three boxes are empty. Raises ValidationError."""
        if not values:
            return None
        typed = dict(zip(self.parts, values, strict=True))
        try:
            born = date(whole_number(typed["year"]), month_number(typed["month"]), whole_number(typed["day"]))
        except (ValueError, OverflowError):
            raise ValidationError(
                _("Enter the month, day and year of birth, such as 3 27 1956, or leave all 3 boxes empty."),
                code="no_date",
            ) from None
        if born > timezone.localdate():
            raise ValidationError(_("The date of birth must be in the past."), code="future")
        if born.year < OLDEST_YEAR:
            raise ValidationError(_("Enter the year of birth with 4 digits, such as 1956."), code="year")
        return born


def whole_number(text):
    """Return the number that a short text of digits writes. Raises ValueError."""
    if len(text) > 4:
        raise ValueError
    return int(text)


def month_number(text):
    """Return the month that a number or a word names, in the reader's language or English. Raises ValueError.

    A word may stop early ("Sept."), as long as only one month begins with it.
    """
    if text.isdecimal():
        return whole_number(text)
    word = text.casefold().rstrip(".")
    for language in (get_language(), "en"):
        with override(language):
            names = {str(name).casefold(): number for number, name in MONTHS.items()} | OTHER_SPELLINGS
        meant = {number for name, number in names.items() if name.startswith(word)}
        if len(word) >= SHORTEST_MONTH and len(meant) == 1:
            return meant.pop()
    raise ValueError
