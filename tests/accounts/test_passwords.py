"""What a password may be, how it is kept, and how it is asked for."""

import pytest
from django.contrib.auth import hashers
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import User
from clinic import settings as site
from clinic.models import ClinicProfile
from tests.accounts.browsers import AtLogIn
from tests.staff import PASSWORD

pytestmark = pytest.mark.django_db
CHANGE = "/admin/password_change/"
GOOD = "plums under quiet ladders"


def own(new, old=PASSWORD):
    return {"old_password": old, "new_password1": new, "new_password2": new}


def test_it_is_kept_by_argon2_with_no_less_than_owasp_asks(settings):
    settings.PASSWORD_HASHERS = site.PASSWORD_HASHERS
    hasher = hashers.get_hasher()
    assert hasher.algorithm == "argon2"
    assert hasher.memory_cost >= 19 * 1024
    assert hasher.time_cost >= 2
    assert hashers.make_password(GOOD).startswith("argon2$argon2id$")


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "tres gatos ladran 9",
        "пароль из пяти слов",
        "漢字でも長ければ大丈夫です、はい",
        "👩🏽‍⚕️ likes   many spaces ",
        "x7#kQ" * 36,
        "kT9!vQ2@mZ5$",
        "q" + "w e r t y u " * 15,
    ],
)
def test_any_signs_are_taken_up_to_many(client, reception, password):
    client.force_login(reception)
    assert client.post(CHANGE, own(password)).status_code == 302
    assert AtLogIn().try_log_in("reception", password).status_code == 302


@pytest.mark.parametrize(
    "password",
    [
        "elevensigns",
        "password1234",
        "123456789012",
        "2026-11-20-2026",
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabc",
        "contraseña2026",
        "CLÍNICA-espalda-1",
        "Bienvenidos2026!",
        "vertebroplasty!",
        "iloveyou!!!2026",
        "Harbour Spine 1",
        "harbourspine2026",
        "reception-reyes",
        "Rosa Reyes 2026",
        "x7#kQ" * 52,
    ],
)
def test_what_is_guessed_early_or_too_long_is_refused(client, reception, password):
    ClinicProfile.objects.update_or_create(defaults={"name": "Harbour Spine Clinic"})
    client.force_login(reception)
    response = client.post(CHANGE, own(password))
    assert response.status_code == 200
    assert response.context["form"].errors["new_password2"]
    assert User.objects.get(pk=reception.pk).check_password(PASSWORD)


def test_a_long_text_is_refused_before_it_is_hashed(reception):
    answer = AtLogIn().try_log_in("reception", "x" * 300_000)
    assert answer.status_code == 200
    assert answer.context["form"].errors["password"]
    with pytest.raises(ValidationError):
        validate_password("x7#y" * 100_000, reception)


def test_password_managers_know_the_boxes(client, manager):
    assert 'autocomplete="current-password"' in client.get("/admin/login/").content.decode()
    client.force_login(manager)
    page = client.get(CHANGE).content.decode()
    assert (page.count('autocomplete="new-password"'), page.count('autocomplete="current-password"')) == (2, 1)
    assert 'autocomplete="current-password"' in client.get("/admin/confirm/").content.decode()
    assert "onpaste" not in page


def test_a_manager_changes_their_own_where_the_old_one_is_asked(client, manager):
    client.force_login(manager)
    to = reverse("admin:auth_user_password_change", args=[manager.pk])
    assert client.post(to)["Location"] == CHANGE
    assert User.objects.get(pk=manager.pk).check_password(PASSWORD)
