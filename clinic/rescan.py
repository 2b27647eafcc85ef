"""Looks through all that the site keeps for the marks of a person who was erased, and writes down where they still are.

It reads in steps of some hundred rows, so that it holds little in memory, can stop after any of them, and goes on
wherever it is asked next: by the page, by the sender or by the command. What it finds is the kind of thing, its number
and the names of fields, never a word of it.
"""

import email
import email.policy
import html
import logging
import re
import time
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from audit.models import Event
from clinic import erasure, keys
from clinic.encryption import EncryptedTextField, KeyedIndexField, Unreadable, each_readable
from clinic.marks import Marks
from clinic.models import Erasure
from clinic.personal_data import our_models, personal_fields

logger = logging.getLogger(__name__)

STEP = 500
# As many places as anybody looks at by hand.
MOST_FINDINGS = 200
CHORE_SECONDS = 5
SESSIONS, CACHES, MAIL = "sessions", "caches", "mail"
RE_SCAN = Actor.command("re-scan")
# Calendar files break their lines anywhere (RFC 5545).
BROKEN_LINE = re.compile(r"\r?\n[ \t]")


def models_to_read():
    """Return the models that hold personal data and are read: {label: names of fields}."""
    spared, found = erasure.spared(), {}
    for model in our_models():
        label, names = model._meta.label_lower, personal_fields(model)
        if names and (label not in spared or spared[label].is_read):
            found[label] = names
    return found


def places_to_look():
    """Return the names of all that is looked through, in order."""
    return [*models_to_read(), SESSIONS, CACHES, MAIL]


def for_seconds(seconds):
    """Return a function that says, this long after now, that it is time to stop."""
    ends = time.monotonic() + seconds
    return lambda: time.monotonic() > ends


def look(row, *, should_stop=lambda: False):
    """Go on looking for whoever an Erasure was about; return it as it then stands.

    Stops between steps when `should_stop()` is true; done when `looked_through_at` is set. Several may do this at once.
    """
    while row.looked_through_at is None and not should_stop():
        try:
            marks = Marks.of(**row.looking_for)
        except Unreadable:
            if keys.missing():
                # This process was started before the newest key was made; one that has it goes on.
                raise
            step = _ended_without_marks(row)
        else:
            step = _step(row, marks)
        with transaction.atomic():
            is_mine = Erasure.objects.filter(pk=row.pk, steps=row.steps).update(steps=row.steps + 1, **step)
            if is_mine and "looked_through_at" in step:
                Event.record("person.looked_for", by=RE_SCAN, about=row, found=len(step["findings"]))
        row = Erasure.objects.defer("looking_for").get(pk=row.pk)
    return row


def look_on(*, should_stop=lambda: False):
    """Go on with every erasure that has not been looked through; return how many were finished."""
    done = 0
    for row in Erasure.objects.filter(looked_through_at=None).defer("looking_for").order_by("pk"):
        with suppress(Unreadable):
            done += look(row, should_stop=should_stop).looked_through_at is not None
        if should_stop():
            break
    return done


def look_on_for_a_while():
    """Go on for some seconds, so that the sender's other work comes round; return how many were finished. A chore."""
    return look_on(should_stop=for_seconds(CHORE_SECONDS))


def _ended_without_marks(row):
    """Return the columns of a search that no key lets go on: its key was given up."""
    reached = row.reached | {"is_lost": True}
    return {"reached": reached, "findings": row.findings, "looking_for": None, "looked_through_at": timezone.now()}


def _step(row, marks):
    """Read one step; return the columns that say so."""
    names = places_to_look()
    place = row.reached.get("place", names[0])
    if place not in names:
        # A release with other models runs now: nothing may be left out.
        place, row.reached = names[0], {}
    reader = {SESSIONS: _read_sessions, CACHES: _read_caches, MAIL: _read_mail}.get(place, _read_model)
    found, last, number, shut = reader(place, marks, row.reached.get("after"))
    read, unreadable = dict(row.reached.get("read", {})), dict(row.reached.get("shut", {}))
    read[place] = read.get(place, 0) + number
    if shut:
        unreadable[place] = unreadable.get(place, 0) + shut
    known = {(each["place"], each["which"]) for each in row.findings}
    fresh = [each | {"is_left": each["owner"] in row.left} for each in found]
    findings = [*row.findings, *(each for each in fresh if (each["place"], each["which"]) not in known)]
    reached = {"place": place, "after": last, "read": read, "shut": unreadable, "more": row.reached.get("more", 0)}
    reached["more"] += len(findings[MOST_FINDINGS:])
    columns = {"reached": reached, "findings": findings[:MOST_FINDINGS]}
    if last is not None:
        return columns
    if place != names[-1]:
        reached["place"] = names[names.index(place) + 1]
        return columns
    # Nobody is looked for any more, so nothing needs to be known of them.
    return columns | {"looking_for": None, "looked_through_at": timezone.now()}


def _finding(place, which, fields=(), owner=""):
    return {"place": place, "which": str(which), "fields": sorted(fields), "owner": owner}


# Each reader takes the name of the place, the marks and where the last step ended (None: nowhere yet), and returns what
# it found, where it ended (None: at the end), how many it read, and how many of them no key opens.


def _read_model(label, marks, after):
    model = next(each for each in our_models() if each._meta.label_lower == label)
    fields = [model._meta.get_field(name) for name in models_to_read()[label]]
    rows = model._base_manager.order_by("pk").only("pk", *(field.name for field in fields))
    rows = each_readable((rows if after is None else rows.filter(pk__gt=after))[:STEP])
    indexes = {field.name: _indexes(field, marks) for field in fields if isinstance(field, KeyedIndexField)}
    found, shut = [], 0
    for row in rows:
        named = []
        for field in fields:
            if field.name in indexes:
                is_in = getattr(row, field.attname) in indexes[field.name]
            elif row.is_readable or not isinstance(field, EncryptedTextField):
                is_in = _says(getattr(row, field.attname), marks)
            else:
                is_in = False
            if is_in:
                named.append(field.name)
        shut += not row.is_readable
        if named:
            found.append(_finding(label, row.pk, named, erasure.owner_of(row)))
    return found, rows[-1].pk if len(rows) == STEP else None, len(rows), shut


def _indexes(field, marks):
    return {index for mark in marks.everything() for index in field.candidates(mark)}


def _says(value, marks):
    if isinstance(value, str):
        if "<" in value and "&" in value:
            value = html.unescape(value)
        value = BROKEN_LINE.sub("", value) if value.startswith("BEGIN:VCALENDAR") else value
    return bool(value) and marks.are_in(value)


def _read_sessions(place, marks, after):
    rows = Session.objects.order_by("session_key")
    rows = list((rows if after is None else rows.filter(session_key__gt=after))[:STEP])
    # A session's own key opens it, so whose it is stands for it.
    found = [
        _finding(place, said.get(SESSION_KEY, row.expire_date.isoformat()))
        for row in rows
        if marks.are_in(repr(said := row.get_decoded()))
    ]
    return found, rows[-1].session_key if len(rows) == STEP else None, len(rows), 0


def can_be_walked(cache):
    """Say whether all that a cache holds can be read; one that other machines share cannot."""
    return isinstance(cache, LocMemCache)


def _read_caches(place, marks, after):
    found, number = [], 0
    for name in settings.CACHES:
        cache = caches[name]
        if not can_be_walked(cache):
            continue
        for key, pickled in list(cache._cache.items()):
            number += 1
            # Texts stand as they are in what is kept there.
            if marks.are_in(pickled.decode(errors="replace")) or marks.are_in(key):
                found.append(_finding(place, f"{name} {number}"))
    return found, None, number, 0


def _read_mail(place, marks, after):
    """Read the mail that is kept as files, which the demonstration alone does; some files a step."""
    folder = getattr(settings, "EMAIL_FILE_PATH", None)
    if not folder or not Path(folder).is_dir():
        return [], None, 0, 0
    names = sorted(path.name for path in Path(folder).iterdir() if path.is_file() and path.name > (after or ""))[:STEP]
    found = [_finding(place, name) for name in names if _mail_says(Path(folder, name), marks)]
    return found, names[-1] if len(names) == STEP else None, len(names), 0


def _mail_says(path, marks):
    try:
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        parts = [str(part.get_content()) for part in message.walk() if part.get_content_maintype() == "text"]
    except (OSError, LookupError, ValueError, KeyError):
        return False
    return any(_says(text, marks) for text in (*map(str, message.values()), *parts))
