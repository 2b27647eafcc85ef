"""The cipher of all that is encrypted: AES-256-GCM, with a key of its own for each value.

AES-GCM whose nonces of 96 bits are drawn at random may take 2^32 values under one key (NIST SP 800-38D, 8.3), and
nobody would count them. So the nonce has 192 bits, as XAES-256-GCM has it (https://c2sp.org/XAES-256-GCM): from the
first half and the key, CMAC draws the key of this one value (NIST SP 800-108r1, counter mode), the second half is the
nonce of AES-256-GCM. After 2^80 values, two have met with a likelihood of 2^-32. It is put together from methods of
`cryptography`, and gives what the vectors of its specification say.

A value is "2." (the form), then base64 of nonce, text and tag. What it is `about`, such as the column it stands in, is
authenticated with it and stands nowhere: a value that is copied elsewhere is not opened there.
"""

import base64
import os
import struct
import time
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from clinic import fernet_form
from clinic.field_keys import LENGTH

FORM = "2."
NONCE, HALF, TAG = 24, 12, 16
MOMENT = struct.Struct(">Q")


class NotOurs(Exception):
    """Raised for a text that none of the keys opens for this purpose and place: it is not ours, or was altered."""


def derived_key(field_key, purpose):
    """Return the 32 bytes drawn from one field key for one named purpose, by HKDF (RFC 5869).

    Raises ImproperlyConfigured with advice when it is not a key.
    """
    try:
        secret = base64.urlsafe_b64decode(field_key)
    except ValueError:
        secret = b""
    if len(secret) != LENGTH:
        raise ImproperlyConfigured(
            "FIELD_KEYS holds something that is not a key: 32 random bytes as url-safe base64, 44 characters."
        )
    return HKDF(algorithm=hashes.SHA256(), length=LENGTH, salt=None, info=purpose.encode()).derive(secret)


def encrypted(words, *, key, nonce, data):
    """Return bytes in cipher, with their tag; `data` is authenticated with them."""
    return _of_one_value(key, nonce).encrypt(nonce[HALF:], words, data)


def decrypted(words, *, key, nonce, data):
    """Return the bytes that were encrypted with the same key, nonce and data. Raises InvalidTag."""
    return _of_one_value(key, nonce).decrypt(nonce[HALF:], words, data)


def _of_one_value(key, nonce):
    halves = []
    for counter in (b"\x00\x01", b"\x00\x02"):
        drawn = CMAC(AES(key))
        drawn.update(counter + b"X\x00" + nonce[:HALF])
        halves.append(drawn.finalize())
    return AESGCM(b"".join(halves))


class Cipher:
    """Encrypts for one purpose with the newest of FIELD_KEYS, and decrypts with any."""

    def __init__(self, purpose):
        self.purpose = purpose
        self.keys = [derived_key(key, f"XAES-256-GCM:{purpose}") for key in settings.FIELD_KEYS]
        self.keys_of_old_form = [derived_key(key, purpose) for key in settings.FIELD_KEYS]

    def seal(self, words, *, about=""):
        """Return bytes as encrypted text, fit for an address, which opens only as what it is `about`."""
        nonce = os.urandom(NONCE)
        return FORM + _letters(nonce + encrypted(words, key=self.keys[0], nonce=nonce, data=self._data(about)))

    def open(self, text, *, about=""):
        """Return the bytes that were sealed. Raises NotOurs."""
        return self.look_into(text, about=about)[0]

    def look_into(self, text, *, about=""):
        """Return the bytes that were sealed, and whether by the newest key in the newest form. Raises NotOurs."""
        if not text.startswith(FORM):
            return self._open_old_form(text)[0], False
        whole = _bytes_of(text.removeprefix(FORM))
        for key in self.keys:
            try:
                words = decrypted(whole[NONCE:], key=key, nonce=whole[:NONCE], data=self._data(about))
            except InvalidTag:
                continue
            return words, key == self.keys[0]
        raise NotOurs

    def seal_dated(self, words):
        """Return bytes as encrypted text that knows when it was sealed."""
        return self.seal(MOMENT.pack(int(time.time())) + words)

    def open_dated(self, text):
        """Return the bytes that were sealed dated, and the second (since 1970) when that was. Raises NotOurs."""
        if not text.startswith(FORM):
            return self._open_old_form(text)
        dated = self.open(text)
        return dated[MOMENT.size :], MOMENT.unpack_from(dated)[0]

    def _open_old_form(self, text):
        found = fernet_form.opened(text, self.keys_of_old_form)
        if found is None:
            raise NotOurs
        return found

    def _data(self, about):
        return f"{FORM}{self.purpose}:{about}".encode()


@cache
def cipher(purpose="field"):
    """Return the Cipher for one purpose. What is sealed for one is not opened for another."""
    return Cipher(purpose)


def _letters(whole):
    return base64.urlsafe_b64encode(whole).decode()


def _bytes_of(letters):
    """Return what letters stand for, which are exactly as they were written; raises NotOurs."""
    try:
        whole = base64.urlsafe_b64decode(letters)
    except ValueError:
        raise NotOurs from None
    if len(whole) < NONCE + TAG or _letters(whole) != letters:
        raise NotOurs
    return whole
