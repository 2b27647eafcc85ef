"""The register of parts that `/statusz` asks, and that rooms fill in when the site starts.

A part is a function that returns None when all is well, else a sentence that says what is wrong.
"""

import shutil
from dataclasses import dataclass

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from clinic import keys

LEAST_FREE_BYTES = 200 * 1024 * 1024

_parts = {}


@dataclass(frozen=True)
class PartStatus:
    """How one part is: its name, and what is wrong with it (empty when nothing)."""

    name: str
    trouble: str = ""


def register(name, check):
    """Add a part. Called from `AppConfig.ready()`; a second registration of a name replaces the first."""
    _parts[name] = check


def parts():
    """Ask every part and return their PartStatus, in order of registration."""
    return [PartStatus(name, _trouble_of(check)) for name, check in _parts.items()]


def _trouble_of(check):
    try:
        return check() or ""
    except Error:
        raise
    except Exception as error:
        return f"It could not be asked ({type(error).__name__})."


def why_not_ready():
    """Return why this process cannot serve (a sentence), or None.

    It can when the database answers, its migrations are applied, and its keys open what is stored.
    """
    connection.ensure_connection()
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return "The database waits for migrations: run manage.py migrate."
    if keys.missing():
        return "A key is missing that stored data need: run manage.py check --database default."
    return None


def disk_trouble():
    """The part "disk": little room left where the database and the uploads are kept."""
    free = min(shutil.disk_usage(_there(folder)).free for folder in (settings.VAR_DIR, settings.MEDIA_ROOT))
    return None if free >= LEAST_FREE_BYTES else f"Only {free // 1024 // 1024} MB are free on the disk."


def _there(folder):
    """Return the folder, or the nearest one above it while it is not made yet."""
    return next(path for path in (folder, *folder.parents) if path.exists())
