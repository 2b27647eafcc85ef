"""Finds one person's marks (names, e-mail addresses, telephone numbers, references) in any text, however written."""

import re
import unicodedata
from dataclasses import asdict, dataclass, fields
from functools import cached_property

from clinic.telephone import national_digits

WORD = re.compile(r"\w+")
BETWEEN = re.compile(r"[\s()./·+\-\u2010-\u2015\u00ad]+")
# Fewer digits are found in any number.
FEWEST_DIGITS = 7
# So many other words may stand between the words of a name.
WORDS_BETWEEN = 2


def folded(text):
    """Return a text as it is compared: case, accents and the script of its digits aside."""
    if text.isascii():
        return text.lower()
    signs = unicodedata.normalize("NFKD", text.casefold())
    return "".join(
        str(unicodedata.decimal(sign)) if sign.isdecimal() else sign
        for sign in signs
        if not unicodedata.combining(sign)
    )


def texts_in(value):
    """Yield every text in a value: in lists and dictionaries at any depth, their names left out."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            yield from texts_in(each)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


@dataclass(frozen=True)
class Marks:
    """What a person is known by. Kept in memory, or encrypted, and never longer than it is looked for."""

    names: tuple = ()
    emails: tuple = ()
    phones: tuple = ()
    references: tuple = ()

    @classmethod
    def of(cls, **marks):
        """Return marks without those that are empty or said twice."""
        return cls(**{name: tuple(dict.fromkeys(filter(None, each))) for name, each in marks.items()})

    def as_json(self):
        """Return them as JSON keeps them; `Marks.of(**…)` brings them back."""
        return {name: list(each) for name, each in asdict(self).items()}

    def everything(self):
        """Return every mark, of whatever kind."""
        return [each for field in fields(self) for each in getattr(self, field.name)]

    def are_in(self, value):
        """Say whether a value (text, or what JSON holds) tells of the person.

        The words of a name count where they stand together, in any order; an address, a number and a reference
        wherever they stand, whatever is put between their signs.
        """
        return any(self._are_in_text(text) for text in texts_in(value))

    def _are_in_text(self, text):
        text = folded(text)
        if any(email in text for email in self._emails):
            return True
        if self._closed_up:
            closed_up = BETWEEN.sub("", text)
            if any(mark in closed_up for mark in self._closed_up):
                return True
        return any(_name_is_in(text, words) for words in self._names)

    @cached_property
    def _emails(self):
        return [folded(email).strip() for email in self.emails]

    @cached_property
    def _closed_up(self):
        """Numbers and references, as they look without what is put between their signs."""
        marks = {BETWEEN.sub("", folded(each)) for each in (*self.phones, *self.references)}
        marks |= {national_digits(phone) for phone in self.phones}
        return [mark for mark in marks if len(mark) >= FEWEST_DIGITS]

    @cached_property
    def _names(self):
        return [words for name in self.names if (words := WORD.findall(folded(name)))]


def _name_is_in(text, words):
    longest = max(words, key=len)
    if longest not in text:
        return False
    if len(words) == 1:
        # Scripts without spaces have no words to look for.
        return not longest.isascii() or longest in WORD.findall(text)
    said, wanted, reach = WORD.findall(text), set(words), len(words) + WORDS_BETWEEN
    return any(
        wanted <= set(said[max(0, place - reach) : place + reach + 1])
        for place, word in enumerate(said)
        if word == longest
    )
