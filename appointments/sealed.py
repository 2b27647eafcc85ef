"""The answers so far travel in the form itself, encrypted and authenticated, so that nothing is stored before "Send".

See docs/decisions/0003-sealed-answers.md.
"""

import json
import zlib
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from appointments.references import new_token
from clinic import forgeries
from clinic.cipher import NotOurs, cipher

PURPOSE = "sealed answers"
SHAPE = 2
SEAL_LENGTH = 13_500
OPENED_LENGTH = 200_000
GOES_STALE_AFTER = timedelta(hours=24)

# What the last page of questions may still add, so that a long text is refused on its own page and not on that one.
ROOM_FOR_LAST_STEP = 3_000
LAST_STEP = "person"


class Broken(Exception):
    """Raised for a seal that is not ours, or not whole, or of a form whose shape is not known any more."""


class TooLong(Exception):
    """Raised when the answers do not fit into a seal."""


def seal(answers):
    """Return a dictionary of JSON values as encrypted text of at most SEAL_LENGTH characters. Raises TooLong."""
    text = json.dumps(answers, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    if len(text) > OPENED_LENGTH:
        raise TooLong
    sealed = cipher(PURPOSE).seal_dated(zlib.compress(text, level=9))
    if len(sealed) > SEAL_LENGTH:
        raise TooLong
    return sealed


def unseal(sealed):
    """Return the dictionary that was sealed, and the moment (aware, UTC, to the second) when it was. Raises Broken."""
    try:
        if len(sealed) > SEAL_LENGTH:
            raise NotOurs
        packed, seconds = cipher(PURPOSE).open_dated(sealed)
    except NotOurs:
        forgeries.note(forgeries.SEAL, where=PURPOSE)
        raise Broken from None
    opener = zlib.decompressobj()
    text = opener.decompress(packed, OPENED_LENGTH)
    if not opener.eof:
        raise Broken
    return json.loads(text.decode("utf-8", "surrogatepass")), datetime.fromtimestamp(seconds, tz=UTC)


def _answer_what_was_not_asked_yet(typed):
    """Shape 1 had no page about needs: whoever was past where it stands now is not stopped by it."""
    if "person" in typed:
        typed.setdefault("needs", {"interpreter": "", "other_needs": ""})


# How to read what was sealed before a deployment: each takes what was typed, and changes it in place.
EARLIER_SHAPES = {1: _answer_what_was_not_asked_yet}


@dataclass
class Draft:
    """A request that is being filled in.

    `token` opens the request's private page once it is sent. `typed` is what was typed, by step and name of the input,
    whether it is right or not: it is read again at every step. `signs` are the warning signs as they were last shown,
    in `signs_language`. `was_checked` says that the page with all answers was reached, which changes return to.
    `page_version` is the primary key of the version of a procedure's page that the patient had read.
    `opened_at` (seconds since 1970) tells when the first page was opened, `decoy_is_filled` whether the box was filled
    in that people do not see: neither is known of a form that was opened before they were noted.
    `is_practice` says that a member of staff opened it for training.
    """

    token: str = field(default_factory=new_token)
    typed: dict = field(default_factory=dict)
    signs: list = field(default_factory=list)
    signs_language: str = ""
    was_checked: bool = False
    page_version: int | None = None
    opened_at: int | None = None
    decoy_is_filled: bool = False
    is_practice: bool = False
    sealed_at: datetime | None = None

    @classmethod
    def begun(cls):
        """Return the draft of somebody who opens the first page now."""
        return cls(opened_at=int(timezone.now().timestamp()))

    @classmethod
    def opened(cls, sealed):
        """Return the draft that a form brought back. Raises Broken."""
        values, sealed_at = unseal(sealed)
        shape = values.pop("shape", None)
        if shape != SHAPE:
            if shape not in EARLIER_SHAPES:
                raise Broken
            EARLIER_SHAPES[shape](values["typed"])
        return cls(**values, sealed_at=sealed_at)

    def sealed(self):
        """Return the draft as the text that travels in the form. Raises TooLong."""
        values = asdict(self)
        values.pop("sealed_at")
        sealed = seal({"shape": SHAPE, **values})
        if LAST_STEP not in self.typed and len(sealed) > SEAL_LENGTH - ROOM_FOR_LAST_STEP:
            raise TooLong
        return sealed

    @property
    def began_at(self):
        """When the first page was opened (aware), None when nobody knows."""
        return None if self.opened_at is None else datetime.fromtimestamp(self.opened_at, tz=UTC)

    @property
    def is_stale(self):
        """Whether it was sealed so long ago that its answers are looked at again before they are sent."""
        return self.sealed_at is not None and timezone.now() - self.sealed_at > GOES_STALE_AFTER
