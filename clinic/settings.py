"""How the site is switched on: one file, read top to bottom, values from the environment.

A missing or weak secret stops the start with a sentence that says what to set.
Every name is described in docs/how-to/settings.md.
"""

import os
import re
from datetime import timedelta
from pathlib import Path
from zoneinfo import available_timezones

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from clinic.env_file import read_env_file
from clinic.field_keys import keep_apart, read_field_keys
from clinic.private_files import keep_from_others
from clinic.release import newest_change

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
ENV_FILE = os.environ.get("ENV_FILE", str(BASE_DIR / ".env"))
if ENV_FILE and Path(ENV_FILE).is_file():
    read_env_file(ENV_FILE)


def secret(name, *, advice, minimum=32):
    """Return the secret `name` from the environment, or stop the start with `advice`."""
    value = env.str(name, default="").strip()
    if len(value) < minimum or len(set(value)) < 8:
        raise ImproperlyConfigured(f"{name} is missing or too weak. {advice} `make run` writes a .env with good ones.")
    return value


# What kind of site this is

DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("DEMO", default=False)

SECRET_KEY = secret("SECRET_KEY", advice="Set it to at least 50 random characters.", minimum=50)
FIELD_KEYS = read_field_keys(env.list("FIELD_KEYS", default=[]))
AUDIT_KEY = secret("AUDIT_KEY", advice="Set it to at least 32 random characters; it seals the audit chain.")
keep_apart(FIELD_KEYS, SECRET_KEY=SECRET_KEY, AUDIT_KEY=AUDIT_KEY)

# Where it is reached

LOOPBACK_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=LOOPBACK_HOSTS if DEMO or DEBUG else [])
if DEMO and not set(ALLOWED_HOSTS) <= set(LOOPBACK_HOSTS):
    raise ImproperlyConfigured(
        "DEMO is on, and its staff passwords are public, so the site answers on this machine only: set ALLOWED_HOSTS "
        "to 127.0.0.1,localhost or set DEMO=off."
    )
if DEBUG and not set(ALLOWED_HOSTS) <= set(LOOPBACK_HOSTS):
    raise ImproperlyConfigured(
        "DEBUG is on, and its error pages show what patients typed, so the site answers on this machine only: set "
        "DEBUG=off."
    )
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS is missing. Set it to the names patients type, separated by commas.")

SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000" if DEMO or DEBUG else "").rstrip("/")
if not SITE_URL.startswith(("http://", "https://")):
    raise ImproperlyConfigured("SITE_URL is missing. Set it to the site's own address, such as https://clinic.example.")
if not (DEMO or DEBUG) and not SITE_URL.startswith("https://"):
    raise ImproperlyConfigured("SITE_URL must start with https://, since links in messages to patients begin with it.")

# gunicorn.conf.py believes X-Forwarded-Proto from these addresses alone; Django itself believes it from nobody.
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])

# Whom to tell of a weakness (clinic/security_txt.py); the clinic's own e-mail address unless something is said here.
SECURITY_CONTACT = env.str("SECURITY_CONTACT", default="").strip()
if "@" in SECURITY_CONTACT and ":" not in SECURITY_CONTACT:
    SECURITY_CONTACT = f"mailto:{SECURITY_CONTACT}"
SECURITY_POLICY = env.str("SECURITY_POLICY", default="").strip()
if not re.fullmatch(r"((mailto:|https://|tel:)\S+)?", SECURITY_CONTACT):
    raise ImproperlyConfigured(
        "SECURITY_CONTACT is neither an e-mail address nor one that starts with mailto:, https:// or tel:. Set it to "
        "where weaknesses are to be told, or leave it out."
    )
if not re.fullmatch(r"(https://\S+)?", SECURITY_POLICY):
    raise ImproperlyConfigured(
        "SECURITY_POLICY does not start with https://. Set it to the page that says how you deal with reports, or "
        "leave it out."
    )

# What no patient does (appointments/suspicion.py): such requests are held for a look, and none is refused.
try:
    REQUEST_LIMITS = env.int("REQUEST_LIMITS", default=20)
except ValueError:
    REQUEST_LIMITS = -1
if REQUEST_LIMITS < 0:
    raise ImproperlyConfigured(
        "REQUEST_LIMITS is no number. Set it to how many requests an hour may come from one network before the next "
        "ones are held for a look, or to 0 for no limit."
    )
FASTEST_FORM = timedelta(seconds=3)

# Rooms, lowest first: each may import only those before it (docs/decisions/0001)

INSTALLED_APPS = [
    "audit",
    "clinic",
    "outbox",
    "accounts",
    "procedures",
    "appointments",
    "accounts.apps.ClinicAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "django_otp",
    "crispy_forms",
    "csp",
]

MIDDLEWARE = [
    # First, so that no answer leaves without them: not a file, not a redirect, not an error of the layers below.
    "clinic.headers.on_every_answer",
    "clinic.headers.ContentPolicy",
    "clinic.middleware.verbs_of_links_and_forms",
    "clinic.middleware.heads_without_bodies",
    "clinic.forgeries.in_the_log",
    "clinic.middleware.words_where_a_button_is_needed",
    "django.middleware.security.SecurityMiddleware",
    "clinic.middleware.secure_cookies",
    "clinic.middleware.readable_cookies",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.sessions.log_ins_that_end",
    "accounts.verified.VerifiedMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "clinic.context_processors.clinic",
            ],
        },
    },
]
FORM_RENDERER = "clinic.forgeries.Renderer"
CRISPY_ALLOWED_TEMPLATE_PACKS = ["forms"]
CRISPY_TEMPLATE_PACK = "forms"

# The database: SQLite that keeps what it acknowledged (docs/decisions/0002), PostgreSQL where one machine is not enough

VAR_DIR = BASE_DIR / "var"
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
}
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'clinic.sqlite3'}")}
if "ENGINE" not in DATABASES["default"]:
    raise ImproperlyConfigured(
        "DATABASE_URL names no database. Set it as in postgres://user:password@host:5432/name, or leave it out for "
        "SQLite under var/."
    )
DATABASES["default"]["CONN_MAX_AGE"] = None
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS
    folder = Path(DATABASES["default"]["NAME"]).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"The folder of the database, {folder}, cannot be made. Give this account the right to write there."
        ) from error
    if DATABASES["default"]["NAME"] != ":memory:":
        keep_from_others(DATABASES["default"]["NAME"])

CACHES = {"default": env.cache("CACHE_URL", default="locmemcache://")}

# Languages and time

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["clinic.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="America/Los_Angeles")
if TIME_ZONE not in available_timezones():
    raise ImproperlyConfigured(f"TIME_ZONE is {TIME_ZONE!r}. Set it to the clinic's time zone, as in Europe/Madrid.")
PHONE_REGION = env.str("PHONE_REGION", default="US")

# Files

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(VAR_DIR / "media")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MAX_AGE = 60
WHITENOISE_ALLOW_ALL_ORIGINS = False
# Changes with every deployment: a page kept by a browser is asked for again after one.
RELEASE = env.str("RELEASE", default="") or newest_change(BASE_DIR)
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 400
DATA_UPLOAD_MAX_NUMBER_FILES = 10

# Messages: written as rows, sent by `send_messages`; mail servers that stay silent are given up after ten seconds

if DEMO:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR_DIR / "mail"
else:
    globals().update(env.email_url("EMAIL_URL", default="smtp://localhost:25"))
EMAIL_TIMEOUT = 10
EMAIL_FROM = env.str("EMAIL_FROM", default="")
if not EMAIL_FROM:
    if not (DEMO or DEBUG):
        raise ImproperlyConfigured("EMAIL_FROM is missing. Set it to the address that messages to patients come from.")
    EMAIL_FROM = "clinic@example.org"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = EMAIL_FROM
SENDER_PAUSE = timedelta(seconds=2)

# Audit: the newest link of the chain is also written here, outside the database

AUDIT_HEAD = Path(env.str("AUDIT_HEAD", default=str(VAR_DIR / "audit-head.json")))

# Staff

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.RoleBackend"]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "accounts.passwords.NotGuessed"},
    {"NAME": "accounts.passwords.NotTooLong"},
]
# An unattended desk is left alone with a log-in this long (HIPAA 164.312(a)(2)(iii); NIST SP 800-63B-4, 2.2.3 allows an
# hour), and nobody stays logged in for longer than a long shift (24 hours there; ASVS 5.0, 7.3.1 and 7.3.2).
LOG_IN_IDLE = timedelta(minutes=15)
LOG_IN_LASTS = timedelta(hours=12)
# Before what cannot be taken back, a password typed longer ago than this is asked for again (ASVS 5.0, 7.5.3).
CONFIRMED_FOR = timedelta(minutes=10)
REQUIRE_TWO_FACTOR = env.bool("REQUIRE_TWO_FACTOR", default=not DEMO)

# What every answer says to the browser; clinic/headers.py adds what Django has no setting for

PLAIN_HTTP = (DEMO or DEBUG) and SITE_URL.startswith("http://")
# No page needs a script; at the desk, Django's own may run (clinic/headers.py).
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [SELF],
        "img-src": [SELF],
        "media-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "require-trusted-types-for": ["'script'"],
        "upgrade-insecure-requests": not PLAIN_HTTP,
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not PLAIN_HTTP
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "staff" if PLAIN_HTTP else "__Host-staff"
CSRF_COOKIE_NAME = "form" if PLAIN_HTTP else "__Host-form"
MESSAGE_COOKIE_NAME = "said" if PLAIN_HTTP else "__Host-said"
MESSAGE_STORAGE = "clinic.flash_messages.Storage"
# Nothing sets it: the language is part of the address.
LANGUAGE_COOKIE_NAME = "language" if PLAIN_HTTP else "__Host-language"
# For whom the desk drew its last page (accounts/ended_session.py).
DRAWN_FOR_COOKIE_NAME = "desk" if PLAIN_HTTP else "__Host-desk"
# Which accounts logged in with this browser before (accounts/known_browsers.py).
KNOWN_BROWSER_COOKIE_NAME = "browser" if PLAIN_HTTP else "__Host-browser"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = int(LOG_IN_LASTS.total_seconds())
CSRF_FAILURE_VIEW = "clinic.views.csrf_failure"
SECURE_HSTS_SECONDS = 2 * 365 * 24 * 60 * 60
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_SSL_REDIRECT = bool(TRUSTED_PROXIES) and not PLAIN_HTTP
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^statusz$"]

# Logs: what happened and where, never a query string, a token or a patient's word

DEFAULT_EXCEPTION_REPORTER = "clinic.error_reports.PrivateReporter"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"private": {"()": "clinic.log_filters.LeaveOutAddresses"}},
    # With its offset, so that a line can be put beside the audit trail and the logs of other machines.
    "formatters": {
        "plain": {"format": "{asctime} {levelname} {name} {message}", "datefmt": "%Y-%m-%dT%H:%M:%S%z", "style": "{"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["private"]}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
    },
}
