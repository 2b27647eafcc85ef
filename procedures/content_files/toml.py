"""Writes TOML as people would, the same bytes each time, and finds the line where a key stands.

The libraries that write TOML put long texts on one line, or as they like best; here prose stays as it was wrapped.
"""

import re
from datetime import date
from decimal import Decimal

from clinic.typed_text import is_refused

WIDTH = 110
# One a line wherever there are any, so that each is a change of its own.
ONE_A_LINE = {"synonyms"}

HEADER = re.compile(r"\s*(\[\[?)\s*([\w.-]+)\s*\]")
KEY = re.compile(r"\s*(\"?)([\w.-]+)\1\s*=\s*(.*)")
ESCAPES = {"\\": "\\\\", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}


# Writing


def written(table, *, comment=""):
    """Return a table as TOML text. Values that say nothing (None, "", [], False) are left out.

    Dictionaries become tables, lists of dictionaries rows of tables; both come after all other values.
    """
    nested = {key: value for key, value in table.items() if _is_nested(value)}
    parts = [f"# {comment}\n"] if comment else []
    parts.append(_pairs({key: value for key, value in table.items() if key not in nested}))
    for key, value in nested.items():
        if isinstance(value, dict):
            parts.append(f"[{key}]\n{_pairs(value)}")
        else:
            parts += [f"[[{key}]]\n{_pairs(row)}" for row in value]
    return "\n".join(part for part in parts if part)


def _is_nested(value):
    return isinstance(value, dict) or (isinstance(value, list | tuple) and bool(value) and isinstance(value[0], dict))


def _pairs(table):
    return "".join(f"{key} = {_value(key, value)}\n" for key, value in table.items() if not _is_empty(value))


def _is_empty(value):
    return value is None or value is False or (isinstance(value, str | list | tuple | dict) and not value)


def _value(key, value):
    if value is True:
        return "true"
    if isinstance(value, int | Decimal):
        return f"{Decimal(value).normalize():f}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return text(value)
    words = [_on_one_line(word) for word in value]
    line = f"[{', '.join(words)}]"
    if key not in ONE_A_LINE and len(key) + 3 + len(line) <= WIDTH:
        return line
    return "[\n" + "".join(f"    {word},\n" for word in words) + "]"


class Prose(str):
    """A text that stands on lines of its own, however short it is."""

    __slots__ = ()


def text(value):
    """Return a text as TOML: on one line, or on its own lines as it is wrapped, and read back without those breaks."""
    if "\n" not in value and not isinstance(value, Prose):
        return _on_one_line(value)
    if "'''" not in value and not _needs_escape(value):
        return f"'''\n{value}\n'''"
    escaped = "".join(sign if sign == "\n" else _escaped(sign) for sign in value)
    escaped = escaped.replace('"""', '""\\"')
    return f'"""\n{escaped}\n"""'


def _on_one_line(value):
    escaped = "".join("\\n" if sign == "\n" else '\\"' if sign == '"' else _escaped(sign) for sign in value)
    return f'"{escaped}"'


def _needs_escape(value):
    return any(sign not in "\n\\" and _escaped(sign) != sign for sign in value)


def _escaped(sign):
    if sign in ESCAPES:
        return ESCAPES[sign]
    # What hides would be overlooked by whoever compares two versions of a file.
    return f"\\U{ord(sign):08X}" if is_refused(sign) or sign in "\u2028\u2029" else sign


# Finding


class Lines:
    """Where each key of a TOML text stands: a place is ("names", "plain"), or ("risks", 2, "low") in the second row."""

    def __init__(self, text):
        self._at, counts, table, closing = {}, {}, (), None
        for number, line in enumerate(text.split("\n"), start=1):
            if closing:
                closing = None if closing in line else closing
            elif header := HEADER.match(line):
                table = tuple(header[2].split("."))
                if header[1] == "[[":
                    counts[table] = counts.get(table, 0) + 1
                    table = (*table, counts[table])
                    self._at.setdefault(table[:-1], number)
                self._at.setdefault(table, number)
            elif pair := KEY.match(line):
                self._at.setdefault((*table, *pair[2].split(".")), number)
                opening = pair[3][:3]
                closing = opening if opening in ("'''", '"""') and opening not in pair[3][3:] else None

    def of(self, place):
        """Return the line of a place, or of what it stands in; None where nothing of it is written."""
        while place and place not in self._at:
            place = place[:-1]
        return self._at.get(place)
