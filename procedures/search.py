"""Finds the pages that answer what a patient typed, misspelt or not, and counts what no page answers.

The same few questions to the database whatever is typed: which pages say the words, which words of the pages are
spelt almost like those that none says, which pages say these, and the pages themselves.
"""

from dataclasses import dataclass
from datetime import timedelta
from math import log

from django.db.models import Case, Count, F, IntegerField, Max, Q, Value, When
from django.utils import timezone

from clinic.encryption import index_candidates, index_of
from clinic.key_rotation import Rows, SealedRow
from procedures.around import cards_of
from procedures.models import IndexedWord, MissedSearch, Trigram
from procedures.models.search import LONGEST_QUERY
from procedures.search_index import trigrams_of, words_of

MOST_WORDS = 8
MOST_RESULTS = 10
# A word that a person may still be typing counts as its whole from here on.
SHORTEST_BEGINNING = 3
# What a word of a page counts that only begins as typed, or is only spelt almost so.
BEGINS, ALMOST = 0.5, 0.6
# A page that answers less well than this share of the best one is noise.
WORTH_SHOWING = 0.3
# Two words are spelt almost alike when they share this much of their trigrams; asked for the most alike ones only.
ALIKE = 0.5
MOST_ALIKE = 3

DAYS_UNTIL_KEPT = 3
MISSES_KEPT_FOR = timedelta(days=90)
MOST_MISSES = 10_000
# What its keyed index is drawn for.
MISSED = "missed search"


@dataclass(frozen=True)
class Answer:
    """What was found. `cards` are pages, best first; `words` is what was looked for, empty when nothing could be.

    `is_close` says that no page has all of the words as they were typed.
    """

    cards: list
    words: tuple
    is_close: bool = False


def search(typed, language):
    """Return the Answer to what a person typed, among the pages of one language (at most 4 queries)."""
    words = tuple(dict.fromkeys(words_of(typed[:LONGEST_QUERY], language)))[:MOST_WORDS]
    if not words:
        return Answer([], words)
    saying = _pages_saying([{word: 1} for word in words], language)
    unknown = [place for place, pages in enumerate(saying) if not pages]
    if unknown:
        spelt_almost = _almost([words[place] for place in unknown], language)
        for place, pages in zip(unknown, _pages_saying(spelt_almost, language), strict=True):
            saying[place] = pages
    scores = _scores(saying)
    best = sorted(scores, key=lambda page: (-scores[page], page))[:MOST_RESULTS]
    shown = [page for page in best if scores[page] >= WORTH_SHOWING * scores[best[0]]]
    return Answer(cards_of(shown), words, is_close=bool(unknown))


def _pages_saying(alternatives, language):
    """Return for each typed word, itself a {spelling: how sure}, the pages that say it: {(kind, id): best weight}."""
    matching = Q()
    for spellings in alternatives:
        for word in spellings:
            matching |= _matches(word)
    if not matching:
        return [{} for _spellings in alternatives]
    columns = {f"word_{place}": _best(spellings) for place, spellings in enumerate(alternatives) if spellings}
    rows = IndexedWord.objects.filter(matching, language=language).values("procedure_page", "condition_page")
    rows = list(rows.annotate(**columns))
    return [
        {_page(row): row[f"word_{place}"] for row in rows if row.get(f"word_{place}")}
        for place in range(len(alternatives))
    ]


def _page(row):
    kind = "procedure" if row["procedure_page"] else "condition"
    return kind, row[f"{kind}_page"]


def _scores(saying):
    """Return {page: score}: the sum of its weights; a word that few pages say counts more than a common one."""
    pages = set().union(*saying)
    rarity = [log(1 + len(pages) / len(own)) if own else 0 for own in saying]
    return {page: sum(own.get(page, 0) * rare for own, rare in zip(saying, rarity, strict=True)) for page in pages}


def _matches(word):
    return Q(word__startswith=word) if len(word) >= SHORTEST_BEGINNING else Q(word=word)


def _best(spellings):
    """Return the best weight, in hundredths, that a page has for one typed word."""
    whens = []
    for word, sure in spellings.items():
        whens.append(When(word=word, then=F("weight") * int(100 * sure)))
        if len(word) >= SHORTEST_BEGINNING:
            whens.append(When(word__startswith=word, then=F("weight") * int(100 * sure * BEGINS)))
    return Max(Case(*whens, default=Value(0), output_field=IntegerField()))


def _almost(unknown, language):
    """Return, for each word that no page says, the words of pages spelt most like it: {word: how sure}."""
    pieces = [trigrams_of(word) for word in unknown]
    columns = {f"shared_{place}": Count("id", filter=Q(trigram__in=own)) for place, own in enumerate(pieces)}
    rows = Trigram.objects.filter(language=language, trigram__in=set().union(*pieces))
    found = [{} for _word in unknown]
    enough = Q()
    for place, own in enumerate(pieces):
        enough |= Q(**{f"shared_{place}__gte": max(2, int(len(own) * ALIKE))})
    for row in rows.values("word").annotate(**columns).filter(enough):
        length = len(trigrams_of(row["word"]))
        for place, own in enumerate(pieces):
            likeness = 2 * row[f"shared_{place}"] / (len(own) + length)
            if likeness >= ALIKE:
                found[place][row["word"]] = likeness
    return [
        {word: ALMOST * likeness for word, likeness in sorted(each.items(), key=_most_alike)[:MOST_ALIKE]}
        for each in found
    ]


def _most_alike(item):
    word, likeness = item
    return -likeness, word


# What no page answers


def count_miss(words, language):
    """Count that these words (of an Answer) found nothing today.

    Until they came on 3 different days only their keyed index is kept; who looked is never kept. Words with digits,
    which may be a telephone number or a date of birth, are not counted at all.
    """
    text = " ".join(words)[:LONGEST_QUERY]
    if not text or any(letter.isdigit() for letter in text):
        return
    today = timezone.localdate()
    told_apart = f"{language} {text}"
    known = MissedSearch.objects.filter(words_index__in=index_candidates(told_apart, MISSED))
    kept = Case(When(days__gte=DAYS_UNTIL_KEPT - 1, then=Value(text)), default=Value(""))
    if not known.filter(last_day__lt=today).update(days=F("days") + 1, last_day=today, words=kept):
        new = MissedSearch(language=language, words_index=index_of(told_apart, MISSED), last_day=today)
        MissedSearch.objects.bulk_create([new], ignore_conflicts=True)


def forget_misses():
    """Delete what nobody has looked for in 90 days, and the oldest of a flood; return how many."""
    misses = MissedSearch.objects.order_by("-id")
    old = misses.filter(last_day__lt=timezone.localdate() - MISSES_KEPT_FOR).values_list("id", flat=True)
    too_many = misses.filter(words="").values_list("id", flat=True)[MOST_MISSES : 2 * MOST_MISSES]
    gone = {*old, *too_many}
    return MissedSearch.objects.filter(id__in=gone).delete()[0] if gone else 0


class KeptMisses(Rows):
    """Missed searches whose words are kept, for `rotate_keys`: their index is computed anew from the words."""

    label = MissedSearch._meta.label

    def stored(self):
        return MissedSearch.objects.worth_reading().order_by("pk").values("pk", "language", "words", "words_index")

    def look(self, batch):
        return [self._look(stored) for stored in batch]

    def _look(self, stored):
        row = SealedRow(stored["pk"])
        wanted = index_of(f"{stored['language']} {stored['words']}", MISSED)
        row.due = {"words_index": wanted} if wanted != stored["words_index"] else {}
        return row

    def write(self, row):
        # Where the words were missed again at the moment of the change of keys, two rows count them: one is enough.
        if MissedSearch.objects.filter(**row.due).exists():
            MissedSearch.objects.filter(pk=row.pk).delete()
        else:
            MissedSearch.objects.filter(pk=row.pk).update(**row.due)
