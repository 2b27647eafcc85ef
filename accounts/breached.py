"""Passwords that came out with breaches: a list without words, which tells whether a password is on it.

It holds four bytes of the SHA-256 of each, folded: nobody can read a password from it. One good password in some 3,600
has the four bytes of another one by chance, and is refused too; whoever typed it chooses again. Where the list comes
from and how it is made again stands in `breached_passwords.txt`.
"""

import hashlib
import mmap
import os
import struct
import unicodedata
from functools import cache
from pathlib import Path

LIST = Path(__file__).with_name("breached_passwords.bin")
# Fewer letters than these say little of a password: it is compared whole.
LETTERS_THAT_TELL = 8
# The first two bytes of a digest choose a drawer; a table of where each begins stands before them, with the end of all.
DRAWERS = 1 << 16
TABLE = struct.Struct(f">{DRAWERS + 1}I")
BEGIN_AND_END = struct.Struct(">2I")


def letters_of(text):
    """Return the letters of a text alone, small and without accents: what stays of a guess with a year behind it."""
    return "".join(sign for sign in _plain(text) if sign.isalpha())


def _plain(text):
    return unicodedata.normalize("NFKD", text).casefold()


def _digest(text):
    """Return the four bytes of a text, whatever its case and the digits and signs around enough letters."""
    letters = letters_of(text)
    folded = letters if len(letters) >= LETTERS_THAT_TELL else _plain(text)
    return hashlib.sha256(folded.encode(errors="surrogatepass")).digest()[:4]


def is_breached(password, *, kept_at=LIST):
    """Say whether a password, or one that differs from it in little, is on the list."""
    kept, digest = _opened(kept_at), _digest(password)
    begin, end = BEGIN_AND_END.unpack_from(kept, 4 * int.from_bytes(digest[:2]))
    return any(kept[at : at + 2] == digest[2:] for at in range(begin, end, 2))


@cache
def _opened(path):
    # All processes of the site share these pages of memory.
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def write(passwords, *, kept_at=LIST):
    """Write the list of these passwords; return how many it holds, folded. Of none, none is written."""
    digests = sorted({_digest(password) for password in passwords})
    if not digests:
        return 0
    in_drawer = [0] * DRAWERS
    for digest in digests:
        in_drawer[int.from_bytes(digest[:2])] += 1
    begins = [TABLE.size]
    for number in in_drawer:
        begins.append(begins[-1] + 2 * number)
    # Beside it first: a running site has the old one open, and reads on in it.
    beside = kept_at.with_suffix(".new")
    beside.write_bytes(TABLE.pack(*begins) + b"".join(digest[2:] for digest in digests))
    os.replace(beside, kept_at)
    return len(digests)
