"""What Django's checks say about this site beyond Django's own."""

import ipaddress
import os
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core import checks

from clinic import erasure, keys
from clinic.private_files import database_files, is_open_to_others

ENCRYPTING = {"require", "verify-ca", "verify-full"}


@checks.register()
def default_time_zone_is_the_clinics(app_configs, **kwargs):
    """Warn when promises would run on UTC because nobody set the clinic's time zone."""
    if settings.TIME_ZONE == "UTC":
        return [checks.Info("TIME_ZONE is UTC: is the clinic there?", id="clinic.I001")]
    return []


@checks.register(checks.Tags.database)
def keys_open_what_is_stored(app_configs, databases=None, **kwargs):
    """Stop whatever looks at the database while a key is missing that its rows were encrypted with."""
    trouble = keys.trouble() if databases else None
    return [checks.Error(trouble, id="clinic.E001")] if trouble else []


# How data leave this machine, and who on it could read them: asked by `check --deploy`


def _is_here(host):
    """Say whether what is sent to a host stays on this machine: a socket, or a loopback address."""
    host = unquote(host or "").strip("[]")
    if not host or host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@checks.register(checks.Tags.security, deploy=True)
def the_database_is_spoken_to_in_cipher(app_configs, **kwargs):
    """Warn of a PostgreSQL on another machine to which everything could go in clear."""
    database = settings.DATABASES["default"]
    options = database.get("OPTIONS", {})
    hosts = f"{database.get('HOST') or options.get('host', '')},{options.get('hostaddr', '')}".split(",")
    mode = options.get("sslmode") or os.environ.get("PGSSLMODE")
    if "postgresql" not in database["ENGINE"] or all(map(_is_here, hosts)) or mode in ENCRYPTING:
        return []
    return [
        checks.Warning(
            "DATABASE_URL names a PostgreSQL on another machine, and allows it to be spoken to in clear.",
            hint="End it with ?sslmode=verify-full&sslrootcert=/path/to/ca.pem (at the very least ?sslmode=require).",
            id="clinic.W001",
        )
    ]


@checks.register(checks.Tags.security, deploy=True)
def mail_is_sent_in_cipher(app_configs, **kwargs):
    """Warn of a mail server on another machine that is given messages to patients in clear."""
    is_clear = settings.EMAIL_BACKEND.endswith("smtp.EmailBackend") and not (
        settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL
    )
    if not is_clear or _is_here(settings.EMAIL_HOST):
        return []
    return [
        checks.Warning(
            "EMAIL_URL names a mail server on another machine, and messages would go there in clear.",
            hint="Begin it with smtp+tls:// (port 587) or smtp+ssl:// (port 465).",
            id="clinic.W002",
        )
    ]


@checks.register(checks.Tags.security, deploy=True)
def the_cache_is_spoken_to_in_cipher(app_configs, **kwargs):
    """Warn of a cache on another machine that is spoken to in clear. No code of ours puts anything into it."""
    for cache in settings.CACHES.values():
        places = cache.get("LOCATION") or ""
        places = places.replace(";", ",").split(",") if isinstance(places, str) else places
        if cache["BACKEND"].rpartition(".")[2] in ("LocMemCache", "DummyCache", "DatabaseCache", "FileBasedCache"):
            continue
        if not all(place.startswith(("rediss://", "unix:")) or _is_here(_host_of(place)) for place in places):
            return [
                checks.Warning(
                    "CACHE_URL names a cache on another machine that is spoken to in clear.",
                    hint="Begin it with rediss://, or leave it out: the site needs no shared cache.",
                    id="clinic.W003",
                )
            ]
    return []


def _host_of(place):
    if place.startswith("/"):
        return place
    return urlsplit(place if "://" in place else f"//{place}").hostname


@checks.register(checks.Tags.security, deploy=True)
def files_are_closed_to_others(app_configs, **kwargs):
    """Warn of files with keys or persons in them that any account of this machine may read."""
    database = settings.DATABASES["default"]
    files = database_files(database["NAME"]) if "sqlite3" in database["ENGINE"] else []
    if settings.ENV_FILE:
        files.append(settings.ENV_FILE)
    return [
        checks.Warning(
            f"Any account of this machine may open {file}.",
            hint=f"Say chmod o= {file} as whoever owns it.",
            id="clinic.W004",
        )
        for file in [*files, erasure.erased_file()]
        if is_open_to_others(file)
    ]
