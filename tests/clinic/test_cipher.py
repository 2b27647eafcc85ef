"""AES-256-GCM with a long nonce: what is sealed opens whole, under its key, for its purpose, in its place, or not."""

import base64

import pytest
import time_machine
from cryptography.fernet import Fernet

from clinic.cipher import FORM, NONCE, NotOurs, cipher, decrypted, encrypted
from tests.clinic.old_form import in_old_form

WORDS = "山田 Nguyễn".encode()


@pytest.mark.parametrize(
    ("key", "data", "sealed"),
    [
        (1, b"", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
        (3, b"c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"),
    ],
)
def test_it_gives_what_the_specification_says(key, data, sealed):
    known = {"key": bytes([key] * 32), "nonce": b"ABCDEFGHIJKLMNOPQRSTUVWX", "data": data}
    assert encrypted(b"XAES-256-GCM", **known).hex() == sealed
    assert decrypted(bytes.fromhex(sealed), **known) == b"XAES-256-GCM"


def test_a_value_of_which_any_byte_or_letter_was_changed_is_not_opened():
    sealed = cipher().seal(WORDS, about="a.b.c")
    whole = base64.urlsafe_b64decode(sealed.removeprefix(FORM))
    for place, byte in enumerate(whole):
        other = whole[:place] + bytes([byte ^ 1]) + whole[place + 1 :]
        with pytest.raises(NotOurs):
            cipher().open(FORM + base64.urlsafe_b64encode(other).decode(), about="a.b.c")
    for place, letter in enumerate(sealed):
        with pytest.raises(NotOurs):
            cipher().open(sealed[:place] + ("A" if letter != "A" else "B") + sealed[place + 1 :], about="a.b.c")


def test_a_value_that_was_cut_or_lengthened_anywhere_is_not_opened():
    sealed = cipher().seal(WORDS)
    for spoilt in (*(sealed[:length] for length in range(len(sealed))), sealed + "=", sealed + "A", sealed + "\n"):
        with pytest.raises(NotOurs):
            cipher().open(spoilt)


@pytest.mark.parametrize("text", ["", FORM, "x", FORM + "é" * 80, "\x00\u202e\ud800", FORM + "\ud800" * 80, "gAAAAA"])
def test_what_never_was_sealed_is_not_opened(text):
    with pytest.raises(NotOurs):
        cipher().open(text)


def test_it_opens_in_its_place_and_for_its_purpose_alone():
    sealed = cipher("one").seal(WORDS, about="a.b.c")
    assert cipher("one").open(sealed, about="a.b.c") == WORDS
    for purpose, about in (("one", "a.b.d"), ("one", ""), ("two", "a.b.c")):
        with pytest.raises(NotOurs):
            cipher(purpose).open(sealed, about=about)


def test_no_nonce_comes_twice():
    seen = {base64.urlsafe_b64decode(cipher().seal(b"").removeprefix(FORM))[:NONCE] for _each in range(1000)}
    assert len(seen) == 1000


def test_any_of_the_keys_opens_the_newest_seals_and_a_wrong_one_opens_nothing(settings):
    sealed, first = cipher().seal(WORDS), settings.FIELD_KEYS
    assert cipher().look_into(sealed) == (WORDS, True)
    settings.FIELD_KEYS = [Fernet.generate_key().decode(), *first]
    assert cipher().look_into(sealed) == (WORDS, False)
    again = cipher().seal(WORDS)
    settings.FIELD_KEYS = settings.FIELD_KEYS[:1]
    assert cipher().open(again) == WORDS
    with pytest.raises(NotOurs):
        cipher().open(sealed)


def test_what_was_sealed_in_the_old_form_is_opened_with_its_time_and_is_never_the_newest(settings):
    with time_machine.travel(1_790_000_000, tick=False):
        sealed, dated = in_old_form(WORDS, "one"), cipher("one").seal_dated(WORDS)
    assert cipher("one").look_into(sealed) == (WORDS, False)
    for each in (sealed, dated):
        assert cipher("one").open_dated(each) == (WORDS, 1_790_000_000)
    with pytest.raises(NotOurs):
        cipher("two").open(sealed)
    settings.FIELD_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_KEYS]
    assert cipher("one").open(sealed) == WORDS
