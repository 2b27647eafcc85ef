"""What `check --deploy` says about data that would travel in clear, or lie open on the machine."""

import sqlite3
import stat

import environ
import pytest
from django.core.checks import Tags, run_checks

from clinic.private_files import keep_from_others


def warnings():
    """Return our warnings, by number, as a deployment is told them."""
    told = run_checks(tags=[Tags.security], include_deployment_checks=True)
    return [each.id for each in told if each.id.startswith("clinic.")]


@pytest.fixture(autouse=True)
def use_database(settings, monkeypatch, tmp_path):
    """Begin with nothing on the disk that the checks could speak of; return what names another database."""

    def use(url):
        monkeypatch.setitem(settings.DATABASES, "default", environ.Env.db_url_config(url))

    settings.ENV_FILE = ""
    monkeypatch.delenv("PGSSLMODE", raising=False)
    use(f"sqlite:///{tmp_path}/none")
    return use


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgres://u:p@db.example:5432/n", ["clinic.W001"]),
        ("postgres://u:p@10.0.0.5/n?sslmode=prefer", ["clinic.W001"]),
        ("postgres://u:p@10.0.0.5/n?sslmode=disable", ["clinic.W001"]),
        ("postgres:///n?host=db.example", ["clinic.W001"]),
        ("postgres://u:p@db.example/n?sslmode=require", []),
        ("postgres://u:p@db.example/n?sslmode=verify-ca", []),
        ("postgres://u:p@db.example/n?sslmode=verify-full", []),
        ("postgres://u:p@127.0.0.1/n", []),
        ("postgres://u:p@[::1]/n", []),
        ("postgres://u:p@localhost/n", []),
        ("postgres://u:p@%2Fvar%2Frun%2Fpostgresql/n", []),
        ("postgres:///n", []),
        ("sqlite:////nowhere/clinic.sqlite3", []),
    ],
)
def test_a_database_on_another_machine_is_spoken_to_in_cipher(use_database, url, told):
    use_database(url)
    assert warnings() == told


def test_libpqs_own_setting_counts_too(use_database, monkeypatch):
    use_database("postgres://u:p@db.example/n")
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    assert warnings() == []


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("smtp://mail.example:25", ["clinic.W002"]),
        ("smtp://u:p@192.0.2.7:587", ["clinic.W002"]),
        ("smtp+tls://u:p@mail.example:587", []),
        ("smtp+ssl://u:p@mail.example:465", []),
        ("smtp://localhost:25", []),
        ("smtp://127.0.0.1:25", []),
        ("memorymail://", []),
    ],
)
def test_mail_goes_to_another_machine_in_cipher(settings, url, told):
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    for name, value in environ.Env.email_url_config(url).items():
        setattr(settings, name, value)
    assert warnings() == told


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("redis://cache.example:6379/0", ["clinic.W003"]),
        ("memcache://cache.example:11211", ["clinic.W003"]),
        ("memcache://127.0.0.1:11211,10.0.0.5:11211", ["clinic.W003"]),
        ("rediss://cache.example:6379/0", []),
        ("redis://localhost:6379/0", []),
        ("redis:///run/redis.sock", []),
        ("memcache://127.0.0.1:11211", []),
        ("locmemcache://", []),
    ],
)
def test_a_cache_on_another_machine_is_spoken_to_in_cipher(settings, url, told):
    settings.CACHES = {"default": environ.Env.cache_url_config(url)}
    assert warnings() == told


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o644])
def test_files_with_keys_or_persons_are_closed_to_others(use_database, settings, tmp_path, mode):
    settings.ENV_FILE, database = str(tmp_path / "env"), tmp_path / "clinic.sqlite3"
    use_database(f"sqlite:///{database}")
    erased = settings.AUDIT_HEAD.with_name("erasures.jsonl")
    for file in (tmp_path / "env", database, tmp_path / "clinic.sqlite3-wal", erased):
        file.touch()
        file.chmod(0o640)
    assert warnings() == []
    for file in (tmp_path / "env", database, tmp_path / "clinic.sqlite3-wal", erased):
        file.chmod(mode)
    assert warnings() == ["clinic.W004"] * 4


@pytest.mark.parametrize("was_there", [False, True])
def test_the_file_of_the_database_and_those_beside_it_are_the_accounts_own(tmp_path, was_there):
    path = tmp_path / "clinic.sqlite3"
    if was_there:
        path.touch()
        path.chmod(0o644)
    keep_from_others(path)
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE t (a)")
        database.execute("INSERT INTO t VALUES (1)")
        database.commit()
        files = list(tmp_path.glob("clinic.sqlite3*"))
        assert len(files) == 3
        assert not [file for file in files if file.stat().st_mode & stat.S_IRWXO]
    database.close()
