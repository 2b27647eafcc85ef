"""Reads what people type in any script, and shows what hides in it: every form of patients and of staff."""

import re
import unicodedata

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from clinic.forgeries import NotedField

# Characters that hide between others, or turn the direction of what follows, and the mark that is shown for them.
MARK = "\N{REPLACEMENT CHARACTER}"
ZERO_WIDTH = {0x180E, 0x200B, *range(0x2060, 0x2065), 0xFEFF, *range(0xFFF9, 0xFFFC)}
TURNS_DIRECTION = {*range(0x202A, 0x202F), *range(0x2066, 0x2070)}
HIDDEN = ZERO_WIDTH | TURNS_DIRECTION

# What telephones and files put around pasted words: they are taken out of a long text.
ROUND_PASTED_WORDS = dict.fromkeys((0xFEFF, 0x202A, 0x202B, 0x202C, *range(0x2066, 0x206A)))
# What keyboards for Thai, Lao, Burmese and Khmer put between words, so that a line may break there. Browsers break such
# lines without it, so it is taken out. Between all other letters it only hides, and is refused.
WITHOUT_SPACES = "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff]"
BETWEEN_WORDS = re.compile(f"(?<={WITHOUT_SPACES})\u200b+(?={WITHOUT_SPACES})")
LINE_BREAKS = re.compile("\r\n|[\r\u2028\u2029]")


def is_refused(sign):
    """Say whether a character can hide or turn the text around it, or could not be read.

    Joiners (needed by Persian and by emoji) and the marks that keyboards for Hebrew and Arabic type are taken.
    """
    return ord(sign) in HIDDEN or sign == MARK or unicodedata.category(sign) in ("Cc", "Cs")


def shown(text):
    """Return typed text with a visible mark in place of each character that is refused, so that it can be found."""
    return "".join(MARK if is_refused(sign) and sign not in "\n\r\t" else sign for sign in text)


def kept(text, *, is_long):
    """Return typed text as it is kept: in NFC; on one line without tabs, or with each kind of line break as one."""
    text = BETWEEN_WORDS.sub("", text)
    text = LINE_BREAKS.sub("\n", text).translate(ROUND_PASTED_WORDS) if is_long else text.replace("\t", " ")
    return unicodedata.normalize("NFC", text)


def is_hiding(text, *, is_long):
    """Say whether a character that is refused stands in a text; one of several lines may hold breaks and tabs."""
    return any(is_refused(sign) and not (is_long and sign in "\n\t") for sign in text)


def say_hidden(label):
    """Return the sentence for who typed, or pasted, a character that is refused."""
    words = gettext("“%(label)s” has a hidden character, which we show as %(mark)s. Delete it.")
    return words % {"label": label, "mark": MARK}


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
    is_long = False

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
        if is_hiding(text, is_long=self.is_long):
            raise ValidationError(say_hidden(self.label), code="hidden_character")
        return text

    def spaced(self, text):
        """Return the text as it is kept."""
        return kept(text, is_long=self.is_long)


class LongTextField(PlainTextField):
    """Text of several lines."""

    widget = ShownTextarea
    is_long = True

    def spaced(self, text):
        """Return the text without what pasting leaves at its ends."""
        return super().spaced(text).strip()


# The forms of staff, which are made from models or stand apart from those of patients


def is_typed(widget):
    """Say whether words are typed into a widget: choices are judged by their list, and passwords stay as they are."""
    is_words = isinstance(widget, (forms.widgets.Input, forms.Textarea)) and not widget.is_hidden
    return is_words and not isinstance(widget, (forms.PasswordInput, forms.FileInput, forms.CheckboxInput))


def for_each_text(value, widget, change):
    """Return what came from a widget, with each of its typed texts as `change(text, is_long=…)` makes it."""
    if isinstance(value, list) and isinstance(widget, forms.MultiWidget):
        return [for_each_text(*each, change) for each in zip(value, widget.widgets, strict=False)]
    if not isinstance(value, str) or not is_typed(widget):
        return value
    return change(value, is_long=isinstance(widget, forms.Textarea))


class PlainBoundField(NotedField):
    """A field of a `PlainForm`: reads what was typed as it is kept, and shows what hides in it."""

    @property
    def data(self):
        """What was typed, as it is kept."""
        return for_each_text(super().data, self.field.widget, kept)

    def value(self):
        """What the field shows again."""
        return for_each_text(super().value(), self.field.widget, lambda text, is_long: shown(text))

    @property
    def is_hiding(self):
        """Whether a character that is refused was typed."""
        found = []
        for_each_text(self.data, self.field.widget, lambda text, **kind: found.append(is_hiding(text, **kind)))
        return any(found)


class PlainForm:
    """A form whose every text is kept in NFC, and refused with a sentence where a character hides in it."""

    bound_field_class = PlainBoundField

    def full_clean(self):
        """Judge the form, then what hides in its texts."""
        super().full_clean()
        if not self.is_bound:
            return
        for field in self:
            if field.is_hiding:
                self.errors.pop(field.name, None)
                self.add_error(field.name, say_hidden(field.label))
