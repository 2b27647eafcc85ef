"""The first run writes settings that are strong, private, and never written twice."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from clinic import first_run, serve
from clinic.env_file import read_env_file
from clinic.field_keys import read_field_keys

QUIETLY = {"cwd": serve.PROCFILE.parent, "capture_output": True, "text": True}


@pytest.fixture
def written(tmp_path):
    path = tmp_path / ".env"
    assert first_run.write_once(path, port="9000")
    return path


def test_the_keys_are_fresh_and_strong(written, tmp_path):
    other = tmp_path / "other"
    first_run.write_once(other, port="9000")
    values, others = (
        dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line) for path in (written, other)
    )
    for key in ("SECRET_KEY", "FIELD_KEYS", "AUDIT_KEY"):
        assert len(values[key]) >= 44
        assert values[key] != others[key]
    assert read_field_keys([values["FIELD_KEYS"]]) == [values["FIELD_KEYS"]]


def test_only_its_owner_may_read_it(written):
    assert written.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_left_alone(written):
    before = written.read_bytes()
    assert first_run.write_once(written, port="8000") is False
    assert written.read_bytes() == before


def test_links_lead_to_the_port_that_was_asked_for(written):
    assert "SITE_URL=http://127.0.0.1:9000\n" in written.read_text()


@pytest.mark.parametrize("port", ["", "none", "0", "65536", "80; true"])
def test_a_port_that_is_none_is_refused(monkeypatch, port):
    monkeypatch.setenv("PORT", port)
    with pytest.raises(SystemExit, match="Set it to a number"):
        first_run.main()


def run_manage(*arguments, **environment):
    """Run manage.py with nothing in the environment but what is given."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=serve.PROCFILE.parent,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_site_starts_with_what_it_wrote(written):
    result = run_manage("check", ENV_FILE=str(written))
    assert result.returncode == 0, result.stderr


def test_without_settings_the_site_says_what_to_set_instead_of_a_traceback():
    result = run_manage("check", ENV_FILE="")
    assert result.returncode != 0
    assert "SECRET_KEY" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("ending", ["true", "false"])
def test_when_one_process_ends_the_other_is_ended_too_and_nobody_takes_it_for_success(tmp_path, ending):
    procfile = tmp_path / "Procfile"
    procfile.write_text(f"web: exec sleep 600\nsender: {ending}\n")
    program = (
        f"import pathlib; from clinic import serve; serve.PROCFILE = pathlib.Path({str(procfile)!r}); serve.main()"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "sending SIGTERM to web" in result.stdout


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        ({"FIELD_KEYS": "abc"}, "not a key"),
        ({"DATABASE_URL": "rubbish"}, "DATABASE_URL names no database"),
        ({"DATABASE_URL": "sqlite:////dev/null/clinic.sqlite3"}, "/dev/null, cannot be made"),
        ({"SECURITY_CONTACT": "the desk"}, "SECURITY_CONTACT is neither an e-mail address"),
        ({"SECURITY_POLICY": "http://clinic.example"}, "SECURITY_POLICY does not start with https://"),
        ({"TIME_ZONE": "Mars/Phobos"}, "TIME_ZONE is 'Mars/Phobos'"),
        ({"DEBUG": "on", "DEMO": "off", "ALLOWED_HOSTS": "clinic.example"}, "set DEBUG=off"),
        (
            {"DEMO": "off", "ALLOWED_HOSTS": "clinic.example", "SITE_URL": "http://clinic.example"},
            "start with https://",
        ),
    ],
)
def test_a_setting_that_cannot_be_stops_the_start_with_a_sentence(written, wrong, advice):
    result = run_manage("migrate", "--check", ENV_FILE=str(written), **wrong)
    assert advice in result.stderr
    assert "Traceback" not in result.stderr


def test_the_web_server_does_not_start_with_a_key_that_encrypts_nothing(written):
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": str(written), "FIELD_KEYS": "abc"}
    started = subprocess.run([sys.executable, "-c", "import clinic.wsgi"], env=environment, check=False, **QUIETLY)
    assert started.returncode != 0
    assert "not a key" in started.stderr


def test_a_file_written_on_windows_is_read(tmp_path, monkeypatch):
    file = tmp_path / ".env"
    file.write_bytes(b"\xef\xbb\xbfCLINIC_A=\"one two\"\r\n\r\n# a comment\r\nCLINIC_B='three'\r\n")
    for name in ("CLINIC_A", "CLINIC_B"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    read_env_file(file)
    assert (os.environ["CLINIC_A"], os.environ["CLINIC_B"]) == ("one two", "three")


@pytest.mark.parametrize("line", [b"AUDIT_KEY = top-secret", b"AUDIT_KEY: top-secret", b"AUDIT_KEY=top-secret\xe9"])
def test_a_line_that_cannot_be_read_is_told_without_its_secret(tmp_path, line, capfd):
    file = tmp_path / ".env"
    file.write_bytes(b"DEMO=on\n" + line)
    with pytest.raises(ImproperlyConfigured) as refused:
        read_env_file(file)
    assert "top-secret" not in str(refused.value)
    assert "top-secret" not in "".join(capfd.readouterr())
