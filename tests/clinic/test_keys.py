"""Keys that are weak, wrong or missing: the site says what to set, and does not start."""

import base64
import runpy

import pytest
from cryptography.fernet import Fernet
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from audit.models import Event
from clinic import keys
from clinic.encryption import key_names
from clinic.field_keys import keep_apart, read_field_keys
from clinic.models import KeyInUse
from clinic.serve import PROCFILE
from tests.outbox.factories import make_message


def a_key():
    return Fernet.generate_key().decode()


def of(*numbers):
    return base64.urlsafe_b64encode(bytes(numbers)).decode()


@pytest.mark.parametrize(
    ("texts", "advice"),
    [
        ([], "FIELD_KEYS is missing"),
        ([" ", ""], "FIELD_KEYS is missing"),
        ([of(*[0] * 32)], "Key 1 of FIELD_KEYS can be guessed"),
        ([a_key(), of(*[1, 2, 3, 4] * 8)], "Key 2 of FIELD_KEYS can be guessed"),
        (["short"], "Key 1 of FIELD_KEYS is not a key"),
        ([of(*range(31))], "is not a key"),
        ([of(*range(33))], "is not a key"),
        (["é" * 44], "is not a key"),
        ([of(*range(32))[:-1] + "!"], "is not a key"),
        ([of(*range(32)), a_key(), of(*range(32))], "Key 3 of FIELD_KEYS stands there twice"),
    ],
)
def test_a_key_that_protects_nobody_is_refused_with_advice(texts, advice):
    with pytest.raises(ImproperlyConfigured, match=advice) as refused:
        read_field_keys(texts)
    assert not [text for text in texts if len(text) > 8 and text in str(refused.value)]


def test_good_keys_are_read_newest_first_without_the_spaces_around_them():
    newest, older = a_key(), a_key()
    assert read_field_keys([f" {newest}", "", f"{older}\n"]) == [newest, older]


def test_no_secret_serves_as_another():
    key = a_key()
    keep_apart([key], SECRET_KEY="one", AUDIT_KEY="other")
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY is one of FIELD_KEYS"):
        keep_apart([key], SECRET_KEY=key, AUDIT_KEY="other")
    with pytest.raises(ImproperlyConfigured, match="AUDIT_KEY and SECRET_KEY are the same"):
        keep_apart([key], SECRET_KEY="one", AUDIT_KEY="one")


# At the start


def test_the_first_start_notes_every_key_and_later_ones_the_newest(db, settings):
    first = settings.FIELD_KEYS
    settings.FIELD_KEYS = [*first, a_key()]
    keys.check_at_start()
    assert set(KeyInUse.objects.values_list("name", flat=True)) == set(key_names())
    settings.FIELD_KEYS = [a_key(), *settings.FIELD_KEYS, a_key()]
    keys.check_at_start()
    keys.check_at_start()
    assert list(KeyInUse.objects.order_by("id").values_list("name", flat=True))[2:] == [key_names()[0]]


def test_a_start_without_a_key_that_is_in_use_is_refused_with_its_name(db, settings):
    keys.check_at_start()
    (name,) = key_names()
    settings.FIELD_KEYS = [a_key()]
    with pytest.raises(ImproperlyConfigured, match=f"lacks the key {name}, .* Put it back into FIELD_KEYS"):
        keys.check_at_start()
    assert list(KeyInUse.objects.values_list("name", flat=True)) == [name]


def test_before_any_key_is_noted_the_newest_rows_say_whether_the_keys_are_right(db, settings):
    make_message()
    settings.FIELD_KEYS = [a_key()]
    with pytest.raises(ImproperlyConfigured, match=r"the newest row of outbox\.Message"):
        keys.check_at_start()
    assert not KeyInUse.objects.exists()


@pytest.fixture
def without_its_key(db, settings):
    """A site that was started with another key than its data were encrypted with."""
    keys.note_newest()
    settings.FIELD_KEYS = [a_key()]


def test_the_sender_does_not_start(without_its_key):
    with pytest.raises(ImproperlyConfigured, match="FIELD_KEYS lacks the key"):
        call_command("send_messages")


def test_no_worker_of_the_web_server_starts_and_gunicorn_is_told_not_to_try_another(without_its_key, capsys):
    configured = runpy.run_path(str(PROCFILE.parent / "gunicorn.conf.py"))
    with pytest.raises(SystemExit) as end:
        configured["post_worker_init"](None)
    assert end.value.code == 3
    assert "The site cannot start. FIELD_KEYS lacks the key" in capsys.readouterr().err


def test_whoever_asks_whether_it_can_serve_hears_no(without_its_key, client):
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.content.decode().startswith("A key is missing")


def test_checks_that_look_at_the_database_say_so(without_its_key, settings):
    assert [found.id for found in run_checks(databases=["default"])] == ["clinic.E001"]
    assert "clinic.E001" not in [found.id for found in run_checks()]


def test_a_site_with_its_keys_is_ready(db, client):
    keys.check_at_start()
    assert client.get("/readyz").status_code == 200
    assert run_checks(databases=["default"]) == []


# A key that is lost for good


def test_the_site_goes_on_without_a_lost_key_once_somebody_said_so(without_its_key, capsys):
    (lost,) = KeyInUse.objects.values_list("name", flat=True)
    call_command("rotate_keys", give_up=lost)
    assert f"without the key {lost}" in capsys.readouterr().out
    keys.check_at_start()
    event = Event.objects.get(verb="keys.given_up")
    assert (event.actor_name, event.details) == ("rotate_keys", {"key": lost})


@pytest.mark.parametrize("name", ["00000000", "' OR 1=1", "é"])
def test_a_key_that_is_not_missing_is_not_given_up(db, name):
    keys.note_newest()
    for each in (name, *key_names()):
        with pytest.raises(CommandError, match=r"No key .* is missing"):
            call_command("rotate_keys", give_up=each)
    assert KeyInUse.objects.count() == 1
