"""Keeps files that tell of persons, or hold keys, from other accounts of the machine."""

import stat
from contextlib import suppress
from pathlib import Path

OTHERS = stat.S_IRWXO


def is_open_to_others(path):
    """Say whether any account of this machine may read, write or run this file; a file that is not there is not."""
    try:
        return bool(Path(path).stat().st_mode & OTHERS)
    except OSError:
        return False


def database_files(path):
    """Return where SQLite keeps a database: the file, and what it has not yet written into it."""
    return [Path(f"{path}{end}") for end in ("", "-wal", "-shm")]


def keep_from_others(path):
    """Make the file of an SQLite database for this account alone, or close one that is open to others.

    SQLite gives the files beside it the same rights. Where that cannot be done, `check --deploy` says so.
    """
    with suppress(OSError):
        Path(path).touch(mode=0o600, exist_ok=True)
    for each in filter(is_open_to_others, database_files(path)):
        with suppress(OSError):
            each.chmod(stat.S_IMODE(each.stat().st_mode) & ~OTHERS)
