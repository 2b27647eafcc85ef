"""Writes what search reads: which words each published page says, and how much each counts.

Words are compared without accents, case, plural and stop words, the same way when a page is published and when a
person types. A change of these rules needs `manage.py rebuild_search`.
"""

import re
import unicodedata
from html import unescape

from django.db import transaction
from django.db.models import Q
from django.utils.html import strip_tags

from clinic.models import PageStamp
from procedures.models import Condition, ConditionPage, IndexedWord, Procedure, ProcedurePage, Trigram
from procedures.models.search import LONGEST_WORD

# What a word counts, by the best place where the page says it.
NAME, SYNONYM, CONDITION, HEADING, TEXT = 20, 16, 8, 4, 1

STOP_WORDS = {
    "en": "a about am an and any are as at be been but by can could did do does for from get got had has have how i if "
    "in into is it its me my no not of on or our should so than that the their them then there these they this to too "
    "us very was we were what when where which who why will with would you your",
    "es": "a al algo ante como con cual cuando de del desde donde e el ella ellos en entre era es esa ese eso esta "
    "este esto fue ha hay la las le les lo los mas me mi mis muy nos o para pero por porque puede que quien se ser si "
    "sin sobre son su sus tan te tiene todo tu u un una unas uno unos usted y ya yo",
}
STOP_WORDS = {language: frozenset(words.split()) for language, words in STOP_WORDS.items()}


# Words


def words_of(text, language):
    """Return the words of a plain text as they are compared, in order, stop words and single letters left out."""
    letters = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(letter for letter in letters if not unicodedata.combining(letter))
    stop_words = STOP_WORDS.get(language, frozenset())
    fold = FOLDS.get(language, str)
    return [
        fold(word[:LONGEST_WORD])
        for word in re.findall(r"[^\W_]+", letters)
        if len(word) > 1 and word not in stop_words
    ]


def _singular_english(word):
    if len(word) < 4 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    return word.removesuffix("s")


def _singular_spanish(word):
    """Fold number and gender: "vértebras rotas" is "vertebr rot", and so is "vértebra rota"."""
    if len(word) < 4:
        return word
    if word.endswith("ces"):
        return f"{word[:-3]}z"
    word = word.removesuffix("s")
    return word[:-1] if word.endswith(("a", "e", "o")) else word


FOLDS = {"en": _singular_english, "es": _singular_spanish}


def trigrams_of(word):
    """Return the trigrams of a word; two blanks before it make its beginning count more."""
    padded = f"  {word} "
    return {padded[place : place + 3] for place in range(len(padded) - 2)}


# Pages


@transaction.atomic
def index_subjects(subjects):
    """Write the words of the pages of procedures and conditions as they are published now, and of no others.

    What a condition is called counts on the pages of its procedures too, so they are written with it. All pages share
    the trigrams, so the caller moves the page stamp first: its one row keeps others waiting until this is committed.
    """
    conditions = [subject for subject in subjects if isinstance(subject, Condition)]
    procedures = [subject for subject in subjects if isinstance(subject, Procedure)]
    treating = Q(procedure__in=procedures) | Q(procedure__conditions__in=conditions)
    _write(
        [
            *ConditionPage.objects.filter(condition__in=conditions).select_related("live_version", "condition"),
            *ProcedurePage.objects.filter(treating).select_related("live_version", "procedure").distinct(),
        ]
    )


@transaction.atomic
def rebuild():
    """Write the words of every published page anew; return how many pages there are."""
    PageStamp.move()
    IndexedWord.objects.all().delete()
    Trigram.objects.all().delete()
    index_subjects([*Condition.objects.all(), *Procedure.objects.all()])
    return sum(model.objects.published().count() for model in (ConditionPage, ProcedurePage))


def _write(pages):
    before = set()
    now = set()
    for page in pages:
        before |= {(page.language, word) for word in page.words.values_list("word", flat=True)}
        page.words.all().delete()
        weights = _weights(page) if page.is_published else {}
        IndexedWord.objects.bulk_create(
            IndexedWord(language=page.language, word=word, weight=weight, **{f"{page.kind}_page": page})
            for word, weight in weights.items()
        )
        now |= {(page.language, word) for word in weights}
    _add_trigrams(now - before)
    _remove_trigrams(before - now)


def _add_trigrams(words):
    rows = [
        Trigram(language=language, word=word, trigram=trigram)
        for language, word in sorted(words)
        for trigram in sorted(trigrams_of(word))
    ]
    Trigram.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)


def _remove_trigrams(words):
    for language in {language for language, _word in words}:
        gone = {word for of_language, word in words if of_language == language}
        said = IndexedWord.objects.filter(language=language, word__in=gone).values_list("word", flat=True)
        Trigram.objects.filter(language=language, word__in=gone - set(said)).delete()


def _weights(page):
    """Return {word: weight} of what a published page says."""
    weights = {}
    for weight, text in _texts(page):
        for word in words_of(text, page.language):
            weights[word] = max(weight, weights.get(word, 0))
    return weights


def _texts(page):
    """Yield (weight, plain text) for all that a page says, its sources and its reviewer aside."""
    document = page.live_version.document
    names = document["names"]
    yield NAME, names["plain"]
    yield NAME, names["medical"]
    yield from ((SYNONYM, synonym) for synonym in names["synonyms"])
    for elsewhere in page.subject.pages.published().exclude(pk=page.pk):
        yield SYNONYM, elsewhere.medical_name
    if isinstance(page, ProcedurePage):
        conditions = ConditionPage.objects.published().in_language(page.language)
        for condition in conditions.filter(condition__procedures=page.procedure):
            yield from ((CONDITION, name) for name in (condition.plain_name, condition.medical_name))
            yield from ((CONDITION, synonym) for synonym in condition.synonyms)
    yield HEADING, document["summary"]
    yield from ((TEXT, _plain(html)) for html in document["text"].values())
    for rows, headings, texts in ROWS:
        for row in document[rows]:
            yield from ((HEADING, row[field]) for field in headings)
            yield from ((TEXT, _plain(row[field]) if field.endswith("html") else row[field]) for field in texts)
    yield from ((TEXT, point["text"]) for group in document["preparation"] for point in group["points"])


# The rows of a document, and which of their fields are headings and which text.
ROWS = (
    ("figures", (), ("label", "note")),
    ("steps", ("label",), ("text",)),
    ("milestones", (), ("text",)),
    ("warning_signs", (), ("text", "action")),
    ("risks", ("name",), ("text",)),
    ("questions", ("question",), ("html",)),
    ("media", ("caption",), ("alternative_text", "transcript_html")),
    ("documents", ("title",), ()),
)


def _plain(html):
    """Return what HTML says; a blank stands where a tag ended a word."""
    return unescape(strip_tags(html.replace("<", " <")))
