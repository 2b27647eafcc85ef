"""What search reads: the words of published pages, their trigrams; and what was looked for and not found."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.translated import language_choices
from clinic.visible import VisibleQuerySet
from procedures.models.conditions import ConditionPage
from procedures.models.procedures import ProcedurePage

LONGEST_WORD = 40
LONGEST_QUERY = 100


class IndexedWord(models.Model):
    """A normalised word of one published page, with the weight of the best place where the page says it."""

    personal_data = ()

    language = models.CharField(max_length=10)
    word = models.CharField(max_length=LONGEST_WORD)
    weight = models.PositiveSmallIntegerField()
    # No constraint in the database: it would lock pages that another publication holds while it waits for this one.
    procedure_page = models.ForeignKey(
        ProcedurePage, on_delete=models.CASCADE, null=True, related_name="words", db_constraint=False
    )
    condition_page = models.ForeignKey(
        ConditionPage, on_delete=models.CASCADE, null=True, related_name="words", db_constraint=False
    )

    class Meta:
        indexes = [models.Index(fields=["language", "word"], name="indexed_word")]
        constraints = [
            models.UniqueConstraint(fields=["procedure_page", "word"], name="word_once_a_procedure_page"),
            models.UniqueConstraint(fields=["condition_page", "word"], name="word_once_a_condition_page"),
            models.CheckConstraint(
                condition=Q(procedure_page=None, condition_page__isnull=False)
                | Q(procedure_page__isnull=False, condition_page=None),
                name="word_of_one_page",
            ),
        ]

    def __str__(self):
        return self.word


class Trigram(models.Model):
    """Three letters in a row of an indexed word, by which a misspelt word finds it."""

    personal_data = ()

    language = models.CharField(max_length=10)
    trigram = models.CharField(max_length=3)
    word = models.CharField(max_length=LONGEST_WORD)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["language", "trigram", "word"], name="trigram_once_a_word")]
        indexes = [models.Index(fields=["language", "word"], name="trigrams_of_a_word")]

    def __str__(self):
        return self.trigram


class MissedSearchQuerySet(VisibleQuerySet):
    """Reads of what was not found."""

    def worth_reading(self):
        """What came on enough different days for its words to be kept."""
        return self.exclude(words="")


class MissedSearch(models.Model):
    """Words that found no page: a keyed index and the days, and the words only once they came on several days.

    Who looked is never kept.
    """

    personal_data = {
        "words_index": "Counts the days without keeping the words.",
        "words": "Kept only once the same words came on three different days, so that editors can add them to a page.",
    }

    language = models.CharField(_("language"), max_length=10, choices=language_choices, editable=False)
    words_index = models.CharField(max_length=64, unique=True, editable=False)
    words = models.CharField(_("words"), max_length=LONGEST_QUERY, blank=True, editable=False)
    days = models.PositiveIntegerField(_("on how many days"), default=1, editable=False)
    last_day = models.DateField(_("last looked for on"), db_index=True, editable=False)

    objects = MissedSearchQuerySet.as_manager()

    class Meta:
        verbose_name = _("search without an answer")
        verbose_name_plural = _("searches without an answer")
        ordering = ["-days", "-last_day", "id"]

    def __str__(self):
        return self.words
