"""The seal keeps the answers between the pages: whole, secret, and small."""

import base64
import json
import zlib
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from appointments.sealed import SEAL_LENGTH, SHAPE, Broken, Draft, TooLong, seal, unseal
from clinic.cipher import FORM, cipher
from tests.clinic.old_form import in_old_form

ANSWERS = {"matter": "My back hurts.", "full_name": "山田 Nguyễn"}
OTHER_KEY = base64.urlsafe_b64encode(b"another key for tests, 32 bytes!").decode()

SENTENCES = {
    "english": "Since I fell on the stairs in May my back hurts when I stand up, and at night I cannot turn over. ",
    "spanish": "Desde que me caí en la escalera en mayo me duele la espalda al levantarme y no duermo por la noche. ",
    "chinese": "自从五月在楼梯上摔倒以后，我站起来时背部疼痛，晚上也无法翻身。吃药以后稍微好一点，但是走路还是很困难。",
    "arabic": "منذ أن سقطت على الدرج في شهر مايو يؤلمني ظهري عندما أقف ولا أستطيع النوم في الليل. ",
}


def test_what_is_sealed_comes_back_with_its_time():
    with time_machine.travel("2026-11-20T12:00:00Z", tick=False):
        sealed = seal(ANSWERS)
        answers, sealed_at = unseal(sealed)
        assert (answers, sealed_at) == (ANSWERS, timezone.now())


def test_a_seal_shows_nothing_and_is_never_the_same_twice():
    sealed = seal(ANSWERS)
    assert sealed != seal(ANSWERS)
    assert b"back" not in base64.urlsafe_b64decode(sealed.removeprefix(FORM))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda sealed: "",
        lambda sealed: sealed[:-10],
        lambda sealed: sealed[:40] + ("A" if sealed[40] != "A" else "B") + sealed[41:],
        lambda sealed: sealed + "=" * SEAL_LENGTH,
        lambda sealed: "x" * 200_000,
        lambda sealed: "é\x00\u202e",
        lambda sealed: cipher("field").seal(b"{}"),
        lambda sealed: cipher("sealed answers").seal_dated(zlib.compress(b"0" * 50_000_000)),
        lambda sealed: cipher("sealed answers").seal_dated(zlib.compress(json.dumps(ANSWERS).encode())[:-4]),
    ],
    ids=["empty", "cut", "altered", "too long", "huge", "hostile", "of another kind", "bomb", "cut before sealing"],
)
def test_a_seal_that_is_not_whole_and_ours_is_broken(spoil):
    with pytest.raises(Broken):
        unseal(spoil(seal(ANSWERS)))


def test_a_seal_outlives_a_change_of_keys_but_not_the_loss_of_its_own(settings):
    sealed, first = seal(ANSWERS), settings.FIELD_KEYS
    settings.FIELD_KEYS = [OTHER_KEY, *first]
    assert unseal(sealed)[0] == ANSWERS
    settings.FIELD_KEYS = [OTHER_KEY]
    with pytest.raises(Broken):
        unseal(sealed)


def test_a_form_that_was_open_while_the_cipher_changed_loses_nothing():
    with time_machine.travel("2026-11-20T12:00:00Z", tick=False):
        sealed = in_old_form(zlib.compress(json.dumps(ANSWERS).encode()), "sealed answers")
        assert unseal(sealed) == (ANSWERS, timezone.now())


@pytest.mark.parametrize("shape", [None, 0, SHAPE + 1, "2"])
def test_a_seal_of_a_shape_that_nobody_knows_is_broken(shape):
    with pytest.raises(Broken):
        Draft.opened(seal({"shape": shape, "token": "t", "typed": {}}))


def test_a_seal_from_before_a_deployment_keeps_all_that_it_held():
    typed = {"wish": {"wish": "question"}, "matter": {"matter": "It hurts."}}
    held = {"token": "t", "typed": typed, "signs": [{"key": "numb"}], "signs_language": "en", "was_checked": True}
    opened = Draft.opened(seal({"shape": 1, **held}))
    assert (opened.token, opened.typed, opened.signs) == ("t", typed, [{"key": "numb"}])
    assert (opened.was_checked, opened.page_version) == (True, None)
    assert Draft.opened(opened.sealed()).typed == typed


def test_a_seal_from_before_a_deployment_is_not_stopped_by_a_page_it_was_past():
    opened = Draft.opened(seal({"shape": 1, "token": "t", "typed": {"person": {"full_name": "Ana"}}}))
    assert opened.typed["needs"] == {"interpreter": "", "other_needs": ""}


@pytest.mark.parametrize("script", SENTENCES)
def test_four_thousand_characters_fit_into_a_seal(script):
    text = "".join(f"{number} {SENTENCES[script]}" for number in range(100))[:4000]
    assert len(Draft(typed={"matter": {"matter": text}}).sealed()) <= SEAL_LENGTH


def test_answers_that_do_not_fit_are_refused_and_leave_room_for_the_last_page():
    noise = base64.b64encode(bytes(number * number % 251 for number in range(60_000))).decode()
    with pytest.raises(TooLong):
        seal({"matter": "".join(chr(0x4E00 + (number * 7919) % 20_000) for number in range(9000))})
    with pytest.raises(TooLong):
        seal({"matter": noise * 10})
    tight = {"matter": "".join(chr(0x4E00 + (number * number * 7919) % 20_000) for number in range(4000))}
    with pytest.raises(TooLong):
        Draft(typed={"matter": tight}).sealed()
    assert Draft(typed={"matter": tight, "person": {"full_name": "Ana"}}).sealed()


def test_a_draft_travels_whole_and_is_stale_after_a_day():
    draft = Draft(typed={"wish": {"wish": "question"}}, signs=[{"key": "numb"}], was_checked=True)
    with time_machine.travel("2026-11-20T12:00:00Z", tick=False) as clock:
        sealed = draft.sealed()
        opened = Draft.opened(sealed)
        assert (opened.token, opened.typed, opened.signs, opened.was_checked) == (
            draft.token,
            draft.typed,
            draft.signs,
            True,
        )
        clock.shift(timedelta(hours=24))
        assert not Draft.opened(sealed).is_stale
        clock.shift(timedelta(seconds=1))
        assert Draft.opened(sealed).is_stale
