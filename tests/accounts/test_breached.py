"""Passwords that came out with breaches are refused, and whoever keeps the site can make the list of them anew."""

import hashlib
import secrets

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from accounts.breached import LIST, TABLE, is_breached
from tests.accounts.test_passwords import GOOD


@pytest.mark.django_db
@pytest.mark.parametrize(
    "password",
    [
        "1q2w3e4r5t6y",
        "qwertyuiop123",
        "Princessrock",
        "mastercheif36",
        "MICHAELANGELO 2026!",
        "1q2w3e4r5t6y7u8i",
        "zaq12wsxcde3",
    ],
)
def test_what_came_out_with_a_breach_is_refused_in_plain_words_also_in_capitals_or_with_a_year(password):
    with pytest.raises(ValidationError, match="This password is guessed early"):
        validate_password(password)


@pytest.mark.django_db
@pytest.mark.parametrize("password", [GOOD, "tres gatos ladran 9", "漢字でも長ければ大丈夫です、はい", "kT9!vQ2@mZ5$"])
def test_what_did_not_is_taken(password):
    validate_password(password)


def test_hardly_any_good_password_is_refused_by_chance():
    assert sum(is_breached(secrets.token_urlsafe(15)) for _ in range(2_000)) < 10


def test_the_list_is_the_one_that_its_paper_describes_and_holds_far_more_than_3000():
    paper = LIST.with_suffix(".txt").read_text()
    kept = LIST.read_bytes()
    assert hashlib.sha256(kept).hexdigest() in paper
    assert f"{(len(kept) - TABLE.size) // 2:,} passwords" in paper
    assert len(kept) - TABLE.size > 2 * 1_000_000


@pytest.fixture
def made(tmp_path):
    lists = tmp_path / "lists" / "deep"
    lists.mkdir(parents=True)
    kept_at = tmp_path / "made.bin"

    def make(*lines):
        (lists / "one.txt").write_bytes(b"\n".join(lines))
        call_command("breached_passwords", lists.parent, "--to", kept_at)
        return kept_at

    return make


def test_a_list_is_made_from_any_files_and_knows_what_differs_in_little(made):
    kept_at = made(
        "contraseña-mía-99".encode(), b"too short", b"x" * 65, b"9q8w7e6r5t4y\r", b"\xff\xfe no text, never mind"
    )
    for password in ("contraseña-mía-99", "CONTRASENA MIA", "Contraseñamía2026", "9Q8W7E6R5T4Y"):
        assert is_breached(password, kept_at=kept_at), password
    for password in ("too short", "x" * 65, "9q8w7e6r5t4", "9q8w7e6r5t4y!", "", "\ud800" * 12):
        assert not is_breached(password, kept_at=kept_at), password


def test_no_word_of_a_list_can_be_read_in_it_and_the_same_words_give_the_same_bytes(made):
    words = b"purple-giraffe-radio", b"another-guessed-one"
    first = made(*words).read_bytes()
    assert b"giraffe" not in first
    assert made(*reversed(words)).read_bytes() == first


def test_files_that_hold_nothing_of_use_leave_the_old_list_in_place(made):
    before = made(b"purple-giraffe-radio").read_bytes()
    with pytest.raises(CommandError, match="No password of 12 to 64 signs"):
        made(b"123456789012", b"aaaaaaaaaaaaaaaa")
    with pytest.raises(CommandError, match="No such file"):
        call_command("breached_passwords", "nowhere.txt")
    assert made(b"purple-giraffe-radio").read_bytes() == before
