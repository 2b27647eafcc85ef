"""Runs a command on a PostgreSQL that lives exactly as long: `python tests/throwaway_postgres.py pytest`.

The cluster is a temporary folder, run by an ordinary user and reached through a socket in that folder only. With
DATABASE_URL set, the command runs on that database instead. Plain Python, so that it needs nothing of the site.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SECONDS_TO_START = 60
SECONDS_TO_STOP = 20

# Faster, and fair: nobody needs these rows after a power cut.
IN_A_HURRY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def find_programs():
    """Return the folder that holds `initdb` and `postgres`, the newest there is, or None."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    on_path = shutil.which("initdb")
    candidates = [*reversed(versions), *([Path(on_path).resolve().parent] if on_path else [])]
    complete = (folder for folder in candidates if (folder / "initdb").exists() and (folder / "postgres").exists())
    return next(complete, None)


def ordinary_user():
    """Return the user to run PostgreSQL as when we are root, which it refuses to be run by; else None."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise SystemExit("PostgreSQL cannot be run by root, and there is no user postgres or nobody.")


def as_user(user, folder):
    """Return the subprocess options that run a program in `folder` as `user`, out of reach of our Ctrl-C."""
    options = {"cwd": folder, "start_new_session": True, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C"}}
    if user:
        options.update(user=user.pw_uid, group=user.pw_gid, extra_groups=[])
    return options


def wait_until_ready(programs, folder, server):
    """Return when the server in `folder` takes connections; end with its log when it never does."""
    deadline = time.monotonic() + SECONDS_TO_START
    while server.poll() is None and time.monotonic() < deadline:
        ask = [programs / "pg_isready", "-q", "-h", folder, "-d", "postgres", "-U", "clinic"]
        if subprocess.run(ask, check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise SystemExit("PostgreSQL did not start:\n" + Path(folder, "log").read_text(errors="replace"))


def stop(process, first_signal):
    """End a process: ask first, then insist."""
    if process.poll() is None:
        process.send_signal(first_signal)
        try:
            process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def cluster(programs):
    """Yield the DATABASE_URL of a new, empty cluster, which is gone afterwards."""
    user = ordinary_user()
    folder = tempfile.mkdtemp(prefix="clinic-pg-")
    try:
        if user:
            os.chown(folder, user.pw_uid, user.pw_gid)
        options = as_user(user, folder)
        data = os.path.join(folder, "data")
        initdb = ["initdb", "--pgdata", data, "--username=clinic", "--auth=trust", "--encoding=UTF8", "--locale=C"]
        subprocess.run(
            [programs / initdb[0], *initdb[1:], "--no-sync"], check=True, stdout=subprocess.DEVNULL, **options
        )
        settings = {**IN_A_HURRY, "listen_addresses": "", "unix_socket_directories": folder}
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with open(os.path.join(folder, "log"), "wb") as log:
            server = subprocess.Popen(
                [programs / "postgres", "-D", data, *arguments], stdout=log, stderr=subprocess.STDOUT, **options
            )
        try:
            wait_until_ready(programs, folder, server)
            yield f"postgres://clinic@/{folder}/postgres"
        finally:
            stop(server, signal.SIGINT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def end_tidily(number, frame):
    """Turn the first signal into an exception, so that every `finally` runs, and runs undisturbed."""
    for each in ENDING:
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)


def run(command, url):
    """Run `command` on the database `url` and return its exit code."""
    process = subprocess.Popen(command, env={**os.environ, "DATABASE_URL": url})
    try:
        return process.wait()
    finally:
        stop(process, signal.SIGTERM)


def main(command):
    """Run `command` on PostgreSQL and return its exit code."""
    if not command:
        return "Say what to run: python tests/throwaway_postgres.py COMMAND"
    for number in ENDING:
        signal.signal(number, end_tidily)
    url = os.environ.get("DATABASE_URL")
    if url:
        if not url.startswith("postgres"):
            return "DATABASE_URL names no PostgreSQL. Unset it, or set it to one that these tests may fill."
        return run(command, url)
    programs = find_programs()
    if programs is None:
        print("PostgreSQL is not installed here, so the tests on it are left out. Install it, or set DATABASE_URL.")
        return 1 if os.environ.get("REQUIRE_BROWSER") == "1" else 0
    with cluster(programs) as url:
        code = run(command, url)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
