"""The short codes that people read out or copy from paper: of a request, of a leaflet."""

import secrets

# Digits and capitals that nobody misreads: no 0 O 1 I L U.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_LENGTH = 7
LONGEST_TYPED = 40


def check_character(text):
    """Return the check character of a text over ALPHABET, by the hybrid system of ISO/IEC 7064 (modulus 31, 30).

    It finds every single wrong character and nearly every swap of two neighbours.
    """
    size, total = len(ALPHABET), len(ALPHABET)
    for sign in text:
        total = (total + ALPHABET.index(sign)) % size or size
        total = total * 2 % (size + 1)
    return ALPHABET[(size + 1 - total) % size]


def new_code():
    """Return a new random code, such as "7K4M-Q2XD"."""
    text = "".join(secrets.choice(ALPHABET) for _position in range(RANDOM_LENGTH))
    return spelled(text + check_character(text))


def spelled(text):
    """Return eight characters as they are written: XXXX-XXXX."""
    return f"{text[:4]}-{text[4:]}"


def read_code(typed):
    """Return the code that somebody typed in any spelling, or None when it is none.

    They may have copied the words before it too, which end with a colon.
    """
    _words, _colon, said = typed[:LONGEST_TYPED].rpartition(":")
    text = "".join(sign for sign in said.upper() if sign.isalnum())
    if len(text) != RANDOM_LENGTH + 1 or any(sign not in ALPHABET for sign in text):
        return None
    return spelled(text) if check_character(text[:-1]) == text[-1] else None
