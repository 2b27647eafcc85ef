"""Takes a person's name apart into the words by which it is looked up and compared, however it is written."""

import unicodedata

# Letters that have no accent to take away.
PLAIN = str.maketrans({"đ": "d", "ð": "d", "ø": "o", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
# What stands inside a word: apostrophes as keyboards have them, and the dot of "Gal·la".
INSIDE = str.maketrans(dict.fromkeys("'’‘ʼʻ`´′＇·", "'"))
DASH = "Pd"
# A word of three letters or more can be found by its beginning; a sign that is a syllable says as much alone.
BEGINNING = 3
SYLLABLES = ("CJK", "HANGUL SYLLABLE", "HIRAGANA", "KATAKANA")


def same_words(name):
    """Return a name as it is compared: its words in one order, without accents, case, apostrophes and dashes."""
    return sorted(part.replace("'", "") for chunk in _chunks(name) for part in chunk.split("-") if part.strip("'"))


def words_of(name):
    """Return the set of words by which a name is found.

    One of "O’Brien-Lee" are "obrien", "brien", "lee" and "obrienlee", since people type any of them.
    """
    found = set()
    for chunk in _chunks(name):
        for part in chunk.split("-"):
            found |= {part.replace("'", ""), *part.split("'")}
        found.add(chunk.replace("-", "").replace("'", ""))
    return found - {""}


def beginning_of(word):
    """Return the beginning by which a word is found too; "" for a word so short that it is found as a whole only."""
    if unicodedata.name(word[0], "").startswith(SYLLABLES):
        return word[0]
    return word[:BEGINNING] if len(word) >= BEGINNING else ""


def fits(typed, words):
    """Say whether each of the typed words is one of these, or begins one as `beginning_of` allows."""
    return all(any(word == each or (beginning_of(each) and word.startswith(each)) for word in words) for each in typed)


def _chunks(name):
    """Return what stands between spaces, in small plain letters; "'" and "-" are all that is left of other signs."""
    plain = name.translate(INSIDE)
    for _time in range(2):
        # Small letters may themselves be taken apart, and into apostrophes.
        plain = unicodedata.normalize("NFKD", plain).casefold().translate(INSIDE)
    return "".join(map(_sign, plain.translate(PLAIN))).split()


def _sign(sign):
    category = unicodedata.category(sign)
    if sign == "'" or sign.isalnum():
        return sign
    if category == DASH:
        return "-"
    if category[0] == "M":
        # Accents go, and points beside letters; the vowels of Indian scripts are letters, and stay.
        return "" if unicodedata.combining(sign) or category == "Me" else sign
    return "" if category == "Cf" else " "
