"""The register of what `erase` visits: rooms say where they hold traces of a person, and which models hold none.

A reference that was erased is known by a key drawn from AUDIT_KEY: it outlives the keys of fields, which are changed,
and whoever has the database alone cannot guess what it stands for. It is written outside the database too, beside the
audit's head, so that what a restored backup brings back can be erased again.
"""

import fcntl
import hmac
import json
import os
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from clinic.codes import read_code
from clinic.marks import Marks
from clinic.models import ErasedReference, Erasure

FILE = "erasures.jsonl"
KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Person:
    """Whose traces go: the rows that are theirs (model label to primary keys), and what they are known by."""

    rows: dict
    marks: Marks


@dataclass(frozen=True)
class Place:
    """Where traces of a person are.

    `models` are the labels that it looks after. `find(person)` returns {model label: queryset} of what goes;
    `remove(person)` deletes it, in the caller's transaction, returns {model label: number}, and may raise Refused.
    `owner(row)` returns "model/number" of the row on which another one hangs, so that what is found later can be told
    apart; or "".
    """

    name: str
    models: tuple
    find: Callable
    remove: Callable
    owner: Callable = field(default=lambda row: "")


@dataclass(frozen=True)
class Spared:
    """A model that declares personal data, and that no erasure changes: why, and whether it is read afterwards."""

    label: str
    because: str
    is_read: bool = True


_places, _spared = {}, {}


def register(place):
    """Add a place, visited in order of registration."""
    _places[place.name] = place


def spare(label, *, because, is_read=True):
    """Say that nothing is removed from a model, and why; `is_read` lets a re-scan look for the person there."""
    _spared[label] = Spared(label, because, is_read)


def places():
    """Return the places in order of registration."""
    return list(_places.values())


def spared():
    """Return {label: Spared}."""
    return dict(_spared)


def owner_of(row):
    """Return "model/number" of the row that this one belongs to; "" where it stands for itself."""
    label = row._meta.label_lower
    return next((place.owner(row) for place in places() if label in place.models), "")


# What goes


def count(person):
    """Return how many rows of each model would go."""
    found = Counter()
    for place in places():
        found.update({label: rows.count() for label, rows in place.find(person).items()})
    return {label: number for label, number in sorted(found.items()) if number}


def remove(person):
    """Delete what every place holds of a person, in the caller's transaction; return how many rows of each model."""
    removed = Counter()
    for place in places():
        removed.update(place.remove(person))
    return {label: number for label, number in sorted(removed.items()) if number}


# What is known of what went


def key_of(reference):
    """Return the key (64 hex characters) under which an erased reference is known."""
    key = hmac.new(settings.AUDIT_KEY.encode(), b"erased reference", sha256).digest()
    return hmac.new(key, reference.encode(), sha256).hexdigest()


def erased_at(reference):
    """Return when the request with this reference was erased (aware); None when it was not."""
    known = ErasedReference.objects.filter(key=key_of(reference)).order_by("erasure__erased_at")
    return known.values_list("erasure__erased_at", flat=True).first()


def erased_file():
    """Return the path of the file, outside the database, that knows every erasure."""
    return Path(settings.AUDIT_HEAD).with_name(FILE)


def write_outside():
    """Add to the file each erasure that is not in it; return how many. A chore, and done after each erasure."""
    rows = Erasure.objects.filter(written_outside_at=None).defer("looking_for").order_by("pk")
    waiting = list(rows.prefetch_related("references"))
    if not waiting:
        return 0
    path = erased_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    # For whoever runs the site alone; a line is written whole, and before the row says so.
    with os.fdopen(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600), "a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        text = file.read()
        known = {each["number"] for each in _lines(text)}
        # After a line that was cut short, the next one must begin anew.
        start = "\n" if text and not text.endswith("\n") else ""
        lines = [json.dumps(_line(each)) for each in waiting if each.number not in known]
        if lines:
            file.write(start + "".join(f"{line}\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
    Erasure.objects.filter(pk__in=[each.pk for each in waiting]).update(written_outside_at=timezone.now())
    return len(waiting)


def _line(erasure):
    return {
        "number": erasure.number,
        "erased_at": erasure.erased_at.astimezone(UTC).isoformat(),
        "reason": erasure.reason,
        "keys": sorted(each.key for each in erasure.references.all()),
    }


def _lines(text):
    """Yield what the lines of the file say; one that was cut short, or spoilt, takes no other along."""
    for line in text.splitlines():
        try:
            said = json.loads(line)
            read = {
                "number": read_code(said["number"]),
                "erased_at": datetime.fromisoformat(said["erased_at"]).astimezone(UTC),
                "reason": str(said["reason"]),
                "keys": [key for key in said["keys"] if KEY.fullmatch(key)],
            }
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        if read["number"]:
            yield read


def read_outside():
    """Return what the file knows, as dictionaries of number, erased_at (aware), reason and keys."""
    path = erased_file()
    return list(_lines(path.read_text())) if path.is_file() else []
