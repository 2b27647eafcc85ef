"""The reference that a patient reads out on the phone, and the token of the private link."""

import secrets
from hashlib import sha256

from clinic.codes import new_code as new_reference
from clinic.codes import read_code as read_reference

__all__ = ["hash_of", "new_reference", "new_token", "read_reference"]

TOKEN_BYTES = 24


def new_token():
    """Return a new tracking token: 192 random bits, url-safe."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_of(token):
    """Return what is stored of a tracking token: its SHA-256, which leads back to nobody."""
    return sha256(token.encode()).hexdigest()
