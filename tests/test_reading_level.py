"""Patients can read the demonstration: short sentences of plain words, in both languages."""

import pytest

from procedures.reading_level import HARDEST, blocks_of, sentences
from tests.reading import level, syllables_in, texts

pytestmark = pytest.mark.wide

MOST_LONG = 0.1


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", {"bone": 1, "kyphoplasty": 4, "radiofrequency": 6, "numbs": 1, "anesthetic": 4, "X-ray": 2, "911": 1}),
        ("es", {"que": 1, "hueso": 2, "cirugía": 4, "vergüenza": 3, "oído": 3, "muy": 1, "ciudad": 2, "leer": 2}),
    ],
)
def test_syllables_are_counted_as_people_say_them(language, words):
    assert {word: syllables_in(word, language) for word in words} == words


def test_each_point_of_a_list_is_a_sentence_of_its_own_and_marks_are_none():
    text = "## Before\n\nSee Dr. Rowe at **8:30**. You\nmay feel:\n\n- pain\n- [heat](tel:1) (over 100.4 °F)"
    assert sentences(blocks_of(text)) == ["See Dr Rowe at 8:30.", "You may feel:", "pain", "heat (over 100.4 °F)"]


def test_a_hard_text_is_measured_as_hard():
    english = "Percutaneous vertebral augmentation necessitates radiographic visualization throughout instrumentation."
    spanish = (
        "La vertebroplastia percutánea requiere visualización radiográfica ininterrumpida durante la instrumentación."
    )
    assert level(english, "en").score > HARDEST["en"]
    assert level(spanish, "es").score < HARDEST["es"]
    assert level("word " * 20 + "word. " + "It is short.", "en").long_share == 0.5


@pytest.mark.parametrize(("name", "language"), texts())
def test_the_demonstration_is_easy_to_read(name, language):
    found = level(texts()[name, language], language)
    assert found.score <= HARDEST["en"] if language == "en" else found.score >= HARDEST["es"]
    assert found.long_share <= MOST_LONG
    assert found.words > 300
