"""Unmistakable words for every field of a request, and the search for them wherever a site might leave them."""

import base64
import json
import re
import urllib.parse
from functools import cache
from html import escape

# What a person types, by where. Nothing of the site, or of any other test, says these.
MARKS = {
    "patient": "Zebulonna Quixwell",
    "helper": "Wilhelminé Vraxley",
    "email": "zyx.quagga@vortexmail.example",
    "phone": "(206) 555-7193",
    "born": "1913-07-29",
    "matter": "Gluteus plonkworthily crunchled since the trampolino",
    "needs": "Braille plaquettes fortissimo",
    "words": "Also my llamarita squeaks at dawnlight",
    "again": "Corrigendum hiccupwise the knapsackle",
    "note": "Sounded flabbergastric and tearfulish",
    "question": "Did Dr Blorptown scan your clavichordia?",
    "reply": "Yes, at Snickerdoodle Hospitalium in Maytime",
    "answer": "Please bring your old wobblegraphies",
    "entered": "Umberto Fizzlewick-Drôme",
}
TELLING = re.compile(r"[\w@.’'-]+")
# A word of so many letters gives a mark away alone; all of these are made up.
FROM = 8


def pieces(mark):
    """Return the parts of a mark that give it away: the whole, its two longest words, a number's last digits."""
    words = {word.strip(".'’-") for word in TELLING.findall(mark)}
    long = sorted((word for word in words if len(word) >= FROM and not word.isdigit()), key=len)
    digits = "".join(sign for sign in mark if sign.isdigit())
    return {mark, *long[-2:]} | ({digits[-7:], f"{digits[-7:-4]}-{digits[-4:]}"} if len(digits) >= 10 else set())


def spellings(text):
    """Return the ways in which a text may be written down, as bytes without English capitals."""
    found = set()
    for cased in (text.casefold(), text.upper()):
        found |= {
            cased.encode(),
            cased.encode("utf-16-le"),
            cased.encode("utf-16-be"),
            cased.encode("latin-1", "replace"),
            urllib.parse.quote(cased).encode(),
            urllib.parse.quote_plus(cased).encode(),
            json.dumps(cased)[1:-1].encode(),
            json.dumps(json.dumps(cased)[1:-1])[1:-1].encode(),
            escape(cased).encode(),
            cased.encode().hex().encode(),
        }
    return {each.lower() for each in found | {text.encode().hex().encode()}}


def in_base64(text):
    """Return the bytes by which a text is told inside a longer one in base64, at each of its three places."""
    found = set()
    for before in range(3):
        # What its neighbours change is left out at both ends.
        whole = base64.b64encode(b"\0" * before + text.encode())[(0, 2, 3)[before] :]
        found.add(whole.rstrip(b"=")[:-1])
    return found | {each.translate(bytes.maketrans(b"+/", b"-_")) for each in found}


@cache
def telling():
    """Return what is searched for: {bytes in small letters: name of the mark}, and the same for base64 as it is."""
    small, exact = {}, {}
    for name, mark in MARKS.items():
        for piece in pieces(mark):
            small |= dict.fromkeys(spellings(piece), name)
        for cased in (mark, mark.upper(), mark.lower()):
            exact |= dict.fromkeys(in_base64(cased), name)
    return small, exact


def found_in(blob):
    """Return the names of the marks that stand in these bytes, in whatever spelling."""
    small, exact = telling()
    lower = blob.lower()
    found = {name for spelled, name in small.items() if spelled in lower}
    return found | {name for spelled, name in exact.items() if spelled in blob}
