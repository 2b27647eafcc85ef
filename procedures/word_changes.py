"""What differs between two texts, by sentences and words; a number is never parted from its range or its unit."""

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby

SAME, GONE, ADDED = "same", "gone", "added"

# Between the parts of one number: blanks, and at most one line's end.
_GAP = r"[^\S\n]*\n?[^\S\n]*"
_NUMBER = r"(?:[<>≤≥±~+−$€][^\S\n]?)?\d+(?:[.,:/]\d+)*"
_BETWEEN = r"(?:[-–—/×x]|to|and|or|in|of|out of|a|y|o|u|de|en|de cada|por cada)"
_UNIT = rf"(?:{_GAP}[%‰°][CF]?|-?{_GAP}[^\W\d_]+(?:[-/][^\W\d_]+)*)?"
_TOKEN = re.compile(rf"{_NUMBER}(?:{_GAP}{_BETWEEN}{_GAP}{_NUMBER})*{_UNIT}|\w+(?:['’-]\w+)*|\n+|[^\w\s]|[^\S\n]+")
_ENDS = (".", "!", "?", ":", ";")

# Beyond this the words are not matched one by one: what differs is shown whole.
_MOST_PAIRS, _MOST_SENTENCES = 400_000, 10_000
# Texts that share less of their words are shown one after the other; so few words between two changes are taken along.
_LEAST_ALIKE, _TOO_FEW = 0.4, 3


@dataclass(frozen=True)
class Piece:
    """Some words that both texts have (SAME), or only the first (GONE) or the second (ADDED)."""

    kind: str
    words: str

    @property
    def is_break(self):
        """Whether it is the end of a line or a paragraph, and nothing to read."""
        return not self.words.strip()


@dataclass(frozen=True)
class _Token:
    key: str
    words: str


def pieces(old, new):
    """Return the Pieces that tell `old` and `new` apart, in reading order: those of `new`, and what is gone."""
    before, after = _sentences(old), _sentences(new)
    found = []
    for name, i, j, k, m in _steps([_keys(each) for each in before], [_keys(each) for each in after]):
        found += [(SAME, _flat(after[k:m]))] if name == "equal" else _paired(before[i:j], after[k:m])
    return _joined(found)


def bag(text):
    """Return how often each word and sign stands in a text, whatever its case."""
    return Counter(token.key.lower() for token in _tokens(text))


def likeness(old, new):
    """Return how much two bags of words share, from 0 to 1, in whatever order."""
    both = old.total() + new.total()
    return 2 * (old & new).total() / both if both else 0.0


def _tokens(text):
    found = []
    for match in _TOKEN.finditer(text.replace("\r\n", "\n")):
        words = match.group()
        if words.strip() or "\n" in words:
            found.append(_Token(" ".join(words.split()) or "\n" * min(words.count("\n"), 2), words))
        elif found:
            # Blanks go with what stands before them, and count for nothing.
            found[-1] = _Token(found[-1].key, found[-1].words + words)
    return found


def _sentences(text):
    sentences = [[]]
    for token in _tokens(text):
        sentences[-1].append(token)
        if token.key in _ENDS or token.key.startswith("\n"):
            sentences.append([])
    return [sentence for sentence in sentences if sentence]


def _keys(tokens):
    return tuple(token.key for token in tokens)


def _flat(sentences):
    return [token for sentence in sentences for token in sentence]


def _steps(before, after):
    if len(before) * len(after) > _MOST_PAIRS:
        return [("replace", 0, len(before), 0, len(after))]
    return SequenceMatcher(None, before, after, autojunk=False).get_opcodes()


def _paired(before, after):
    """Return what differs between two runs of sentences: those that are alike word by word, the others whole."""
    if len(before) * len(after) > _MOST_SENTENCES:
        return _within(_flat(before), _flat(after))
    found, done = [], 0
    bags = [Counter(_keys(sentence)) for sentence in after]
    for sentence in before:
        words = Counter(_keys(sentence))
        closest = max(range(done, len(after)), key=lambda place: likeness(words, bags[place]), default=None)
        if closest is None or likeness(words, bags[closest]) < _LEAST_ALIKE:
            found.append((GONE, sentence))
        else:
            found += [(ADDED, _flat(after[done:closest])), *_within(sentence, after[closest])]
            done = closest + 1
    return [*found, (ADDED, _flat(after[done:]))]


def _within(gone, added):
    """Return what differs between two runs of tokens, word by word where they are alike."""
    before, after = _keys(gone), _keys(added)
    whole = [(GONE, gone), (ADDED, added)]
    if len(before) * len(after) > _MOST_PAIRS:
        return whole
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < _LEAST_ALIKE:
        return whole
    steps = matcher.get_opcodes()
    found, waiting = [], ([], [])
    for place, (name, i, j, k, m) in enumerate(steps):
        is_between = 0 < place < len(steps) - 1 and m - k < _TOO_FEW
        if name != "equal" or is_between:
            waiting = (waiting[0] + gone[i:j], waiting[1] + added[k:m])
        else:
            found += [(GONE, waiting[0]), (ADDED, waiting[1]), (SAME, added[k:m])]
            waiting = ([], [])
    return [*found, (GONE, waiting[0]), (ADDED, waiting[1])]


def _joined(found):
    filled = [(kind, tokens) for kind, tokens in found if tokens]
    return [
        Piece(kind, "".join(token.words for _kind, tokens in run for token in tokens))
        for kind, run in groupby(filled, key=lambda each: each[0])
    ]
