"""Figures, ranges and days in words, in both languages."""

import pytest
from django.utils.translation import override

from procedures import wording


@pytest.mark.parametrize(
    ("low", "high", "unit", "words"),
    [
        (45, 60, "minutes", "45 to 60 minutes"),
        (1, 1, "days", "1 day"),
        (1, None, "hours", "1 hour"),
        (0, 1, "days", "0 to 1 days"),
        (1.5, 2, "hours", "1.5 to 2 hours"),
        (6, 6, "months", "6 months"),
        (3, None, "percent", "3%"),
        (1, 3, "per-100", "1 to 3 in 100 people"),
        (1, None, "per-1000", "1 in 1,000 people"),
        (5, 10, "lb", "5 to 10 lb"),
        (1500, None, "mm", "1,500 mm"),
    ],
)
def test_a_figure_is_said_with_its_range_and_unit(low, high, unit, words):
    assert wording.figure(low, high, unit) == words


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0, 0, "You go home the same day"),
        (0, 1, "You go home the same day or the next day"),
        (0, 2, "0 to 2 days"),
        (1, 2, "1 to 2 days"),
    ],
)
def test_a_stay_that_may_be_no_night_is_said_as_going_home(low, high, words):
    assert wording.figure(low, high, "days", "stay") == words


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (0, 0, "On the day of your procedure"),
        (3, 3, "On day 3"),
        (0, 1, "For the first day"),
        (0, 7, "For the first week"),
        (0, 10, "For the first 10 days"),
        (0, 14, "For the first 2 weeks"),
        (0, 42, "For the first 6 weeks"),
        (0, 91, "For the first 3 months"),
        (28, 91, "From week 4 to month 3"),
        (7, 14, "From day 7 to week 2"),
        (3, 14, "From day 3 to day 14"),
        (0, None, "From the day of your procedure"),
        (1, None, "From the next day"),
        (7, None, "From day 7"),
        (28, None, "From week 4"),
        (60, None, "From month 2"),
        (61, None, "From month 2"),
    ],
)
def test_days_are_said_in_the_largest_unit_that_counts_them_whole(first, last, words):
    assert wording.days(first, last) == words


def test_an_end_in_words_stands_for_a_last_day():
    assert wording.days(0, None, "until your team says you may") == "Until your team says you may"
    assert wording.days(28, None, "until your team says you may") == "From week 4, until your team says you may"


def test_spanish_says_the_same_in_its_own_words():
    with override("es"):
        assert wording.figure(45, 60, "minutes") == "45 a 60 minutos"
        assert wording.figure(0, 1, "days", "stay") == "Vuelve a casa el mismo día o al día siguiente"
        assert wording.days(28, 91) == "Desde la semana 4 hasta el mes 3"
        assert wording.days(0, 7) == "Durante la primera semana"


def test_words_stand_in_a_row():
    assert [wording.in_a_row(words) for words in ([], ["a"], ["a", "b", "c"])] == ["", "a", "a, b and c"]
