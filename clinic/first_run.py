"""Writes the first `.env`, so that `make run` needs no answer from anybody.

Run as `python -m clinic.first_run`. It needs nothing but Python, and never touches a `.env` that is there.
"""

import base64
import os
import secrets
import sys
from pathlib import Path

ENV_FILE = Path(__file__).resolve().parent.parent / ".env"

TEMPLATE = """\
# Written once by `make run`, for this machine only. Every setting: docs/how-to/settings.md.
# Keep it secret. Keep a copy of FIELD_KEYS and AUDIT_KEY elsewhere: without the first nobody can read the requests
# that are stored, without the second nobody can check the audit trail.

# Demonstration: made-up content and staff, mail as files under var/mail/. Turn it off for a real clinic.
DEMO=on

SECRET_KEY={secret_key}
FIELD_KEYS={field_key}
AUDIT_KEY={audit_key}

ALLOWED_HOSTS=127.0.0.1,localhost
SITE_URL=http://127.0.0.1:{port}
"""


def environment(*, port):
    """Return the text of a new `.env`, with fresh keys, for a site on `port` of this machine.

    FIELD_KEYS holds one key: 32 random bytes in URL-safe base64.
    """
    return TEMPLATE.format(
        secret_key=secrets.token_urlsafe(64),
        field_key=base64.urlsafe_b64encode(os.urandom(32)).decode("ascii"),
        audit_key=secrets.token_urlsafe(48),
        port=port,
    )


def write_once(path, *, port):
    """Write a new `.env` at `path`, readable by its owner only. Return False, and change nothing, if one is there."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode=0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(environment(port=port))
    return True


def main():
    """Write the `.env` beside manage.py, and say so."""
    port = os.environ.get("PORT", "8000")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        sys.exit(f"PORT is {port!r}. Set it to a number from 1 to 65535, as in PORT=9000 make run.")
    if write_once(ENV_FILE, port=port):
        sys.stdout.write("Wrote .env with new keys, for a demonstration on this machine.\n")


if __name__ == "__main__":
    main()
