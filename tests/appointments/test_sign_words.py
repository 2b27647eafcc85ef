"""Words of danger: what is found in what patients write, in both languages, and what is not."""

import pytest

from appointments import sign_words


def signs(text):
    return [found["sign"] for found in sign_words.found_in(text)]


FOUND = [
    ("I cannot pass urine since this morning", "bladder"),
    ("Since Sunday I CAN’T PEE.", "bladder"),
    ("It is hard to urinate now", "bladder"),
    ("I lost control of my bladder", "bladder"),
    ("I haven’t been able to pee since yesterday", "bladder"),
    ("I was not able to urinate", "bladder"),
    ("I can’t feel when I pee", "bladder"),
    ("I am numb from the waist down", "saddle"),
    ("I cannot feel my bottom", "saddle"),
    ("I have been incontinent for two days", "bladder"),
    ("He is wetting himself", "bladder"),
    ("I can't control my bowels", "bowel"),
    ("She lost control of her bladder and bowels", "bowel"),
    ("I feel numb between my legs", "saddle"),
    ("There is tingling around the groin and genitals", "saddle"),
    ("My private parts feel numb", "saddle"),
    ("I can not move my left leg", "legs"),
    ("my legs are weak and I fall", "legs"),
    ("There is weakness in both legs", "legs"),
    ("My leg gave way twice", "legs"),
    ("My back hurts and I have a fever of 39", "fever"),
    ("Shivers all night, and the back pain is worse", "fever"),
    ("I also have chest pain", "chest"),
    ("a tight feeling, pressure on my chest", "chest"),
    ("I cannot breathe well", "breath"),
    ("I am short of breath", "breath"),
    ("Desde ayer no puedo orinar", "bladder"),
    ("Se me escapa la orina", "bladder"),
    ("Perdí el control de la vejiga", "bladder"),
    ("Me cuesta orinar", "bladder"),
    ("No controlo el intestino", "bowel"),
    ("Tengo dormida la zona entre las piernas", "saddle"),
    ("NO SIENTO LAS PIERNAS", "legs"),
    ("Tengo debilidad en las piernas", "legs"),
    ("no puedo mover el pie", "legs"),
    ("Tengo fiebre y me duele la espalda", "fever"),
    ("me duele el pecho", "chest"),
    ("No puedo respirar bien", "breath"),
    ("Me falta el aire", "breath"),
]


@pytest.mark.parametrize(("text", "sign"), FOUND)
def test_words_of_danger_are_found_in_both_languages_whatever_their_case_and_accents(text, sign):
    assert sign in signs(text)
    assert sign in signs(text.upper())


@pytest.mark.parametrize(
    "text",
    [
        "My back hurts since I fell.",
        "I have no fever. My back hurts.",
        "My back hurts, but I do not have a fever or chest pain.",
        "No chest pain, no numbness in my legs.",
        "I never had any chest pain.",
        "My legs are not weak.",
        "I have no trouble breathing or passing urine.",
        "I don’t have weakness in my legs.",
        "Me duele la espalda, sin fiebre.",
        "No tengo fiebre ni dolor de pecho. Me duele la espalda.",
        "I have hay fever, and my back hurts.",
        "I have a fever, and my knee hurts.",
        "My doctor told me about this treatment.",
        "Can my husband come with me? Do I need to stop my blood thinner?",
        "¿Mi seguro paga esta intervención?",
        "Quiero saber qué se puede hacer por mi vértebra rota.",
        "",
    ],
)
def test_what_is_denied_or_ordinary_is_not(text):
    assert signs(text) == []


def test_a_no_takes_away_only_what_follows_it_at_once():
    assert signs("I have no fever. But I cannot pass urine.") == ["bladder"]
    assert signs("No fever but chest pain") == ["chest"]
    assert signs("I could not sleep because of my chest pain") == ["chest"]
    assert signs("Sin fiebre, pero no puedo orinar") == ["bladder"]
    assert signs("First no chest pain. Now chest pain.") == ["chest"]


def test_the_words_stand_as_they_were_typed_and_no_longer_than_a_line():
    (found,) = sign_words.found_in("Doctor:\nPERDI\u0301 el  Control de la vejiga.")
    assert found["words"] == "PERDÍ el Control de la vejiga"
    for each in sign_words.found_in("numb " + "x" * 30 + " between my legs"):
        assert len(each["words"]) <= sign_words.LONGEST_WORDS


@pytest.mark.parametrize("text", ["no " * 1300, "legs " * 800, "a" * 4000, "\u0301" * 4000, "numb " * 800, "ß’İ" * 900])
def test_long_and_odd_texts_are_read_to_their_end(text):
    assert isinstance(sign_words.found_in(text), list)
