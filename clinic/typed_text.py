"""Reads what people type in any script, and shows what hides in it: the fields of every form for patients."""

import unicodedata

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

# Characters that hide between others, or turn the direction of what follows, and the mark that is shown for them.
MARK = "\N{REPLACEMENT CHARACTER}"
ZERO_WIDTH = {0x180E, 0x200B, *range(0x2060, 0x2065), 0xFEFF, *range(0xFFF9, 0xFFFC)}
TURNS_DIRECTION = {*range(0x202A, 0x202F), *range(0x2066, 0x2070)}
HIDDEN = ZERO_WIDTH | TURNS_DIRECTION

# What telephones and files put around pasted words, and what keyboards for Khmer and Thai put between them.
ROUND_PASTED_WORDS = {0xFEFF, 0x202A, 0x202B, 0x202C, *range(0x2066, 0x206A)}
BETWEEN_WORDS = "\N{ZERO WIDTH SPACE}"


def is_refused(sign):
    """Say whether a character can hide or turn the text around it, or could not be read.

    Joiners (needed by Persian and by emoji) and the marks that keyboards for Hebrew and Arabic type are taken.
    """
    return ord(sign) in HIDDEN or sign == MARK or unicodedata.category(sign) in ("Cc", "Cs")


def shown(text):
    """Return typed text with a visible mark in place of each character that is refused, so that it can be found."""
    return "".join(MARK if is_refused(sign) and sign not in "\n\r\t" else sign for sign in text)


class ShownInput(forms.TextInput):
    """A line of text that shows hidden characters."""

    def format_value(self, value):
        return shown(super().format_value(value) or "")


class ShownTextarea(forms.Textarea):
    """Several lines of text that show hidden characters."""

    def format_value(self, value):
        return shown(super().format_value(value) or "")


class PlainTextField(forms.CharField):
    """Text in any script, in NFC; refuses hidden characters. `longest` is its length in characters.

    There is no `maxlength` in the page: browsers cut what is pasted there without a word.
    """

    widget = ShownInput

    def __init__(self, *, longest, **kwargs):
        self.longest = longest
        super().__init__(**kwargs)
        self.validators = []

    def to_python(self, value):
        text = self.spaced(super().to_python(value))
        if len(text) > self.longest:
            raise ValidationError(
                gettext("“%(label)s” can hold %(longest)s characters, and you have %(length)s. Make it shorter.")
                % {"label": self.label, "longest": f"{self.longest:,}", "length": f"{len(text):,}"},
                code="too_long",
            )
        if any(map(self.refuses, text)):
            raise ValidationError(
                gettext("“%(label)s” has a hidden character, which we show as %(mark)s. Delete it.")
                % {"label": self.label, "mark": MARK},
                code="hidden_character",
            )
        return unicodedata.normalize("NFC", text)

    def spaced(self, text):
        """Return the text with a tab, as pasted from a table, as a space."""
        return text.replace("\t", " ")

    def refuses(self, sign):
        """Say whether this character is refused here."""
        return is_refused(sign)


class LongTextField(PlainTextField):
    """Text of several lines."""

    widget = ShownTextarea

    def spaced(self, text):
        """Return the text with each kind of line break as a line feed, and without the marks that pasting brings."""
        for line_break in ("\r\n", "\r", "\u2028", "\u2029"):
            text = text.replace(line_break, "\n")
        return text.translate(dict.fromkeys(ROUND_PASTED_WORDS)).strip()

    def refuses(self, sign):
        """Take line breaks, tabs, and the spaces without width that part words in some scripts."""
        return sign not in "\n\t" + BETWEEN_WORDS and is_refused(sign)
