"""Plain words: long sentences, jargon, shouting, links that say nothing, sources read long ago. Advice only."""

import re
import tomllib
from datetime import timedelta
from functools import cache
from pathlib import Path

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from procedures import reading_level
from procedures.content_checks.content import Finding, excerpt, place_of
from procedures.reading_level import WORD

# GOV.UK's style guide: most people read sentences of more than 25 words twice.
LONG_SENTENCE = 25
# Fewer words than this are no measure of a text.
ENOUGH_WORDS = 40
SOURCES_LAST = timedelta(days=2 * 365)
EMPTY_LINKS = {
    "en": {"here", "click here", "this link", "link", "read more", "more", "this page", "learn more", "click"},
    "es": {
        "aquí",
        "haga clic aquí",
        "este enlace",
        "enlace",
        "leer más",
        "más",
        "esta página",
        "pulse aquí",
        "clic aquí",
    },
}
SHOUTED = re.compile(r"\b[^\W\d_a-zà-ÿ]{7,}\b|(?:\b[^\W\d_a-zà-ÿ]{2,}\b ){2,}|!!")
# What stands before or after a word of the trade that is being explained.
NAMED = re.compile(
    r"\b(?:call(?:ed)?(?: this| it)?|llama(?:n|mos|do|da)?)(?: an?| the| una?| la| el)? $", re.IGNORECASE
)
EXPLAINED = re.compile(r" \(|:| (?:is an?|means|es una?|significa) ")
LISTS = Path(__file__).resolve().parent.parent
LONGEST_TERM = 4


def long_sentences(content):
    """Advise on sentences of more than 25 words, told once a text."""
    for passage in content.passages:
        counts = [(reading_level.words_in(sentence), sentence) for sentence in passage.sentences]
        long = [(count, sentence) for count, sentence in counts if count > LONG_SENTENCE]
        if long:
            words, first = max(long, key=lambda each: each[0])
            sentence = ngettext(
                "%(count)d sentence is longer than %(most)d words. Split it: “%(first)s” has %(words)d.",
                "%(count)d sentences are longer than %(most)d words. Split them: “%(first)s” has %(words)d.",
                len(long),
            )
            told = {"count": len(long), "most": LONG_SENTENCE, "first": excerpt(first), "words": words}
            yield passage.finding(sentence % told, is_error=False)


def hard_texts(content):
    """Advise on texts that ask for more school than most readers have; the rows of a section are one text."""
    texts = {}
    for passage in content.passages:
        if passage.field not in ("plain_name", "medical_name"):
            texts.setdefault((passage.section, None if passage.row is not None else passage.field), []).append(passage)
    for passages in texts.values():
        found = reading_level.level([each for passage in passages for each in passage.sentences], content.language)
        if found is not None and found.words >= ENOUGH_WORDS and found.is_hard(content.language):
            yield passages[0].finding(_hard(found.score, content.language), is_error=False)


def _hard(score, language):
    if language == "en":
        sentence = _("This is hard to read: grade %(score).1f, and %(hardest)d is the most that patients should need.")
    else:
        sentence = _("This is hard to read: INFLESZ %(score).1f, and patients should find %(hardest)d or more.")
    shorter = _("Use shorter sentences and shorter words.")
    return f"{sentence % {'score': score, 'hardest': reading_level.HARDEST[language]}} {shorter}"


def jargon(content):
    """Advise on words of the trade that are not explained once on the page: in brackets, after a colon, by “is a”.

    The medical name may stand anywhere, and so may a word of the trade in brackets after the plain one.
    """
    terms = terms_of(content.language)
    names = (content.version.medical_name, *content.version.synonyms)
    own = {word for name in names for word in _lower(name)}
    found = []
    explained = set()
    for passage in content.passages:
        if passage.field in ("plain_name", "medical_name"):
            continue
        used = {}
        for block in passage.blocks:
            for term, said, is_explained in _terms_in(block.text, terms):
                if is_explained:
                    explained.add(term)
                elif not own.issuperset(_lower(said)):
                    used.setdefault(term, said)
        if used:
            found.append((passage, used))
    for passage, used in found:
        words = [f"“{said}” ({term})" for term, said in used.items() if term not in explained]
        if words:
            yield passage.finding(_("Say it in plain words: %(words)s.") % {"words": ", ".join(words)}, is_error=False)


@cache
def terms_of(language):
    """Return {words in small letters, as a tuple: plain words} from procedures/jargon.<language>.toml."""
    path = LISTS / f"jargon.{language}.toml"
    if not path.exists():
        return {}
    plain = tomllib.loads(path.read_text(encoding="utf-8"))
    return {form: words for term, words in plain.items() for form in _forms(tuple(_lower(term)), language)}


def _forms(term, language):
    """Yield a term as it may stand in a sentence: the plural too, and in Spanish either gender."""
    yield term
    *first, last = term
    if language == "en":
        yield (
            *first,
            f"{last[:-1]}ies" if last.endswith("y") else f"{last}es" if last.endswith(("s", "x")) else f"{last}s",
        )
        return
    numbers = [_spanish_forms(word) for word in term]
    for place in range(max(map(len, numbers))):
        yield tuple(forms[min(place, len(forms) - 1)] for forms in numbers)


def _spanish_forms(word):
    """Return a word in the order in which several words of a term agree: as it is, plural, other gender, its plural."""
    if word in ("de", "del", "por", "a", "la", "el", "en", "con"):
        return [word]
    if word.endswith("ión"):
        return [word, f"{word[:-3]}iones"]
    if word.endswith("o"):
        return [word, f"{word}s", f"{word[:-1]}a", f"{word[:-1]}as"]
    if word.endswith(("a", "e")):
        return [word, f"{word}s"]
    return [word, word if word.endswith("s") else f"{word}es"]


def _terms_in(text, terms):
    """Yield (plain words, the words as they stand, whether they are explained there), each place once."""
    words = list(WORD.finditer(text))
    lower = [match[0].lower() for match in words]
    opened = _brackets(text, [match.start() for match in words])
    place = 0
    while place < len(words):
        for length in range(min(LONGEST_TERM, len(words) - place), 0, -1):
            plain = terms.get(tuple(lower[place : place + length]))
            if plain is not None:
                end = words[place + length - 1].end()
                begin = words[place].start()
                is_named = NAMED.search(text[max(begin - 24, 0) : begin]) is not None
                is_explained = opened[place] or is_named or EXPLAINED.match(text, end) is not None
                yield plain, text[begin:end][:80], is_explained
                place += length
                break
        else:
            place += 1


def _brackets(text, places):
    """Say of each place, in order, whether it stands in brackets."""
    inside, depth, last = [], 0, 0
    for place in places:
        for sign in text[last:place]:
            depth = depth + 1 if sign == "(" else max(depth - 1, 0) if sign == ")" else depth
        inside.append(depth > 0)
        last = place
    return inside


def _lower(text):
    return [match[0].lower() for match in WORD.finditer(text)]


def shouting(content):
    """Advise on words in capitals and on several exclamation marks: capitals are read letter by letter."""
    for passage in content.passages:
        for block in passage.blocks:
            if match := SHOUTED.search(block.text):
                sentence = _("“%(words)s” shouts. Write it in small letters, with one mark at the end at most.")
                yield passage.finding(sentence % {"words": excerpt(match[0])}, is_error=False)
                break


def links_that_say_nothing(content):
    """Advise on links whose words do not say where they lead: screen readers list them without what is around."""
    for passage in content.passages:
        for address, words in (link for block in passage.blocks for link in block.links):
            said = words.strip(" .!→»").casefold()
            if said in EMPTY_LINKS.get(content.language, ()) or said == address.casefold():
                sentence = _("The link “%(words)s” does not say where it leads. Name what readers will find there.")
                yield passage.finding(sentence % {"words": excerpt(words) or address[:80]}, is_error=False)
                break


def old_sources(content):
    """Advise to read a source again after 2 years."""
    today = timezone.localdate()
    for number, source in enumerate(content.rows["sources"]):
        if source.read_on is None:
            sentence = _("Say on which day “%(source)s” was read.") % {"source": source}
        elif source.read_on < today - SOURCES_LAST:
            day = date_format(source.read_on, "DATE_FORMAT")
            sentence = _("“%(source)s” was read on %(day)s. Read it again: it may have changed.")
            sentence %= {"source": source, "day": day}
        else:
            continue
        yield Finding("sources", sentence, place_of("read_on", number), is_error=False)


CHECKS = (long_sentences, hard_texts, jargon, shouting, links_that_say_nothing, old_sources)
