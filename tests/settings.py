"""The site's own settings, in an environment made for tests: nobody's `.env` can change what they find.

pytest-django reads the settings before any conftest.py, so the environment is set here.
"""

import os
import tempfile
from datetime import timedelta
from pathlib import Path

SCRATCH = Path(tempfile.mkdtemp(prefix="clinic-tests-"))

os.environ.update(
    {
        "ENV_FILE": "",
        "DEBUG": "off",
        "DEMO": "off",
        "SECRET_KEY": "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ",
        "FIELD_KEYS": "b25seS1mb3ItdGVzdHMtYW5kLW5vdC1hLXNlY3JldCE=",
        "AUDIT_KEY": "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz",
        "AUDIT_HEAD": str(SCRATCH / "audit-head.json"),
        "ALLOWED_HOSTS": "testserver",
        "SITE_URL": "https://clinic.example",
        "EMAIL_URL": "memorymail://",
        "EMAIL_FROM": "clinic@clinic.example",
        "MEDIA_ROOT": str(SCRATCH / "media"),
        "TIME_ZONE": "America/Los_Angeles",
        # So that `client.force_login` is enough; what is told of the second factor switches it on.
        "REQUIRE_TWO_FACTOR": "off",
        # The browser's driver keeps an event loop in the thread of the tests.
        "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
    }
)
os.environ.setdefault("DATABASE_URL", f"sqlite:///{SCRATCH / 'clinic.sqlite3'}")
for name in ("CACHE_URL", "PHONE_REGION", "REQUEST_LIMITS", "TRUSTED_PROXIES"):
    os.environ.pop(name, None)

from clinic.settings import *  # noqa: E402, F403 -- the settings as they are
from clinic.settings import DATABASES, SQLITE_OPTIONS, STORAGES  # noqa: E402

# In a file, as in life: SQLite in memory would make every thread of the live server share one connection.
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["TEST"] = {"NAME": str(SCRATCH / "tests.sqlite3")}
    # Nobody needs these rows after a power cut; all else is as the site has it.
    in_a_hurry = SQLITE_OPTIONS["init_command"].replace("synchronous=FULL", "synchronous=OFF")
    DATABASES["default"]["OPTIONS"] = DATABASES["default"]["OPTIONS"] | {"init_command": in_a_hurry}

# Pages name their files as they are, so that no test needs collectstatic first.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
STATIC_ROOT = SCRATCH / "static"
STATIC_ROOT.mkdir()

# Argon2 is slow on purpose; the passwords of made-up people need not be.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Tests fill in forms faster than people.
FASTEST_FORM = timedelta()

# Tests travel in time, and stay logged in; those of the end of a log-in set what it is.
LOG_IN_IDLE = LOG_IN_LASTS = CONFIRMED_FOR = timedelta(days=36_500)
SESSION_COOKIE_AGE = 14 * 24 * 60 * 60
