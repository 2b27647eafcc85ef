"""Reads the `.env`, however it was written, and never repeats a line of it: lines hold secrets."""

import re
from io import StringIO
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

LINE = re.compile(r"\s*(#.*|(export )?\w+=.*)?")


def read_env_file(path):
    """Put what the file at `path` says into the environment, where nothing says otherwise yet.

    It may have been written on Windows. Raises ImproperlyConfigured with advice, which tells the number of the line.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ImproperlyConfigured(f"{path} cannot be read. Save it as UTF-8.") from None
    for number, line in enumerate(text.splitlines(), start=1):
        if not LINE.fullmatch(line):
            raise ImproperlyConfigured(
                f"Line {number} of {path} is no setting. Write it as NAME=value, without spaces around the sign =."
            )
    environ.Env.read_env(StringIO(text))
