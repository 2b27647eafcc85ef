"""A person's marks are found however they are written, and nobody else's are."""

import pytest

from clinic.marks import Marks

ANA = Marks.of(
    names=["Ana O’Brien-Núñez"], emails=["ana@example.org"], phones=["+12065550123"], references=["7K4M-Q2XD"]
)

FAR_APART = "Ana was here. " + "Nothing was said of it. " * 9 + "O’Brien Núñez was here"


@pytest.mark.parametrize(
    "text",
    [
        "ANA@EXAMPLE.ORG",
        "write to <ana@example.org>.",
        "206 555 0123",
        "(206) 555-0123, please",
        "+1.206.555.0123",
        "٢٠٦ ٥٥٥ ٠١٢٣",
        "7k4mq2xd",
        "7K4M Q2XD",
        "reference:7K4M–Q2XD",
        "O’Brien Nunez, Ana",
        "ana maria o’brien núñez called",
        {"before": {"full_name": "ANA O’BRIEN NÚÑEZ"}},
        [{"deep": ["x", {"er": "ana@example.org"}]}],
    ],
)
def test_a_mark_is_found_however_it_is_written(text):
    assert ANA.are_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        None,
        "Ana called",
        "O’Brien called about Ann",
        "206 555 9999",
        "7K4M-Q2XE",
        {"ana@example.org": "a key"},
        "Ana was here. " + "Nothing was said of it. " * 9 + "O’Brien Núñez was here",
    ],
)
def test_what_is_not_theirs_is_not_found(text):
    assert not ANA.are_in(text)


def test_a_name_of_one_word_is_found_as_a_word_and_in_scripts_without_spaces_anywhere():
    assert Marks.of(names=["Cher"]).are_in("Call Cher.")
    assert not Marks.of(names=["Cher"]).are_in("Call the teacher.")
    assert Marks.of(names=["王小明"]).are_in("请给王小明打电话")


def test_nothing_is_known_of_somebody_without_marks():
    assert not Marks.of(names=[" ", ""], emails=[""], phones=["12"]).are_in("12 12 anything")


def test_marks_are_kept_and_brought_back():
    assert Marks.of(**ANA.as_json()) == ANA
