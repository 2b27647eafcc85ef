"""How hard a text is to read: its sentences, their length, and the score of its language.

English is measured by the grade of Flesch and Kincaid (Kincaid et al., 1975), the years of school that a reader needs:
8 is the highest that the NIH and the AMA advise for what patients read. Spanish is measured by INFLESZ, the scale of
Barrio Cantalejo et al. (2008) on the formula of Szigriszt Pazos (1993): 55 to 65 is "normal", above is easy. The score
is that of whole sentences. Points of lists are often none, and short: they would flatter it, so they count only where
long sentences are looked for. Syllables are counted by how a word is spelled, so a grade is right to about half a year.

Every pattern here reads its text once: an editor may paste anything, and as much of it as a form takes.
"""

import re
from dataclasses import dataclass, field

from clinic.markdown import parse_markdown

# The hardest score that a text may have before an editor is told: a grade in English, INFLESZ in Spanish.
HARDEST = {"en": 8, "es": 55}

WORD = re.compile(r"[^\W_]+(?:[’'.,-][^\W_]+)*")
# Full stops that end no sentence.
ABBREVIATION = re.compile(r"\b(Dr|Dra|Sr|Sra|St|EE|UU)\.")
END, WHOLE = re.compile(r"(?<=[.!?:])[)”\"]*\s+"), re.compile(r"[.!?][)”\"]*$")


@dataclass
class Block:
    """A paragraph, a point of a list or a heading (`level` 1 to 6) as readers see it, without marks.

    `links` are (address, words); `has_picture` says that somebody tried to put a picture into the text.
    """

    text: str
    level: int = 0
    links: list = field(default_factory=list)
    has_picture: bool = False


@dataclass(frozen=True)
class Level:
    """How hard one text is: how many words its whole sentences have, and the score of its language."""

    words: int
    score: float

    def is_hard(self, language):
        """Say whether the text is harder than patients should have to read."""
        if language not in HARDEST:
            return False
        return self.score > HARDEST[language] if language == "en" else self.score < HARDEST[language]


def blocks_of(text):
    """Return the blocks of a Markdown text."""
    blocks, level = [], 0
    for token in parse_markdown(text):
        if token.type == "heading_open":
            level = int(token.tag[1:])
        elif token.type == "inline":
            blocks.append(_block(token.children, level))
            level = 0
        elif token.type in ("fence", "code_block"):
            blocks.append(Block(token.content))
    return blocks


def _block(children, level):
    words, links, has_picture, began = [], [], False, None
    for child in children:
        if child.type in ("softbreak", "hardbreak"):
            words.append(" ")
        elif child.type == "link_open":
            has_picture = has_picture or bool(words and words[-1].endswith("!"))
            began = (child.attrGet("href") or "", len(words))
        elif child.type == "link_close" and began:
            address, place = began
            links.append((address, "".join(words[place:])))
        elif child.content:
            words.append(child.content)
    return Block("".join(words), level, links, has_picture)


def sentences(blocks):
    """Return the sentences of blocks; headings are none, each point of a list is one."""
    texts = (ABBREVIATION.sub(r"\1", block.text) for block in blocks if not block.level)
    return [sentence.strip() for text in texts for sentence in END.split(text) if WORD.search(sentence)]


def words_in(sentence):
    """Return how many words a sentence has."""
    return len(WORD.findall(sentence))


def level(found, language, *, syllables=None):
    """Return the Level of sentences, None where none is whole. `syllables(word, language)` counts better, if given."""
    whole = [WORD.findall(sentence) for sentence in found if WHOLE.search(sentence)]
    words = sum(map(len, whole))
    if not words:
        return None
    count = syllables or syllables_in
    length = words / len(whole)
    weight = sum(count(word, language) for sentence in whole for word in sentence) / words
    score = 0.39 * length + 11.8 * weight - 15.59 if language == "en" else 206.835 - 62.3 * weight - length
    return Level(words, score)


def syllables_in(word, language):
    """Return how many syllables a word has by its spelling; a number counts as one."""
    count = english_syllables if language == "en" else _spanish
    return sum(count(part) if part.isalpha() or "'" in part else 1 for part in parts_of(word))


def parts_of(word):
    """Return the parts of a word that hyphens, points and commas join, in small letters."""
    return re.split(r"[-.,]", word.lower().replace("’", "'"))


def english_syllables(word):
    """Return the groups of vowels of an English word, silent endings left out."""
    word = re.sub(r"(?<![cst])i(?=[aou])", "i-", re.sub(r"(?<=[^aeioul])e[sd]?$", "", word))
    return max(len(re.findall(r"[aeiouy]+", word)), 1)


def _spanish(word):
    """Return the syllables of a word as it is spelled: strong vowels are one each, weak ones lean on them."""
    word = re.sub(r"(?<=q)u|(?<=g)u(?=[eéií])", "", word)
    word = re.sub(r"y(?![aeiouáéíóú])", "i", word)
    runs = re.findall(r"[aeiouáéíóúü]+", word)
    return max(sum(len(re.findall(r"[aeoáéíóú]", run)) or 1 for run in runs), 1)
