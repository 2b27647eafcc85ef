"""Reads the keys that encrypt personal fields from the settings, and refuses what protects nobody."""

import base64
import binascii

from django.core.exceptions import ImproperlyConfigured

LENGTH = 32
# Random bytes repeat little; a key of so few different ones was typed by hand, or is an example.
FEWEST_DIFFERENT = 8
HOW_TO_MAKE_ONE = 'python3 -c "import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())"'


def read_field_keys(texts):
    """Return the keys among these texts (newest first), or raise ImproperlyConfigured with advice."""
    keys = [text.strip() for text in texts if text.strip()]
    if not keys:
        raise ImproperlyConfigured(
            "FIELD_KEYS is missing: it encrypts what patients tell you. Set it to one or more keys, newest first, "
            "separated by commas. `make run` writes a .env with a good one."
        )
    read = [_bytes_of(key, place) for place, key in enumerate(keys, start=1)]
    for place, found in enumerate(read, start=1):
        if len(set(found)) < FEWEST_DIFFERENT:
            raise ImproperlyConfigured(
                f"Key {place} of FIELD_KEYS can be guessed. Make a random one: {HOW_TO_MAKE_ONE}"
            )
        if found in read[: place - 1]:
            raise ImproperlyConfigured(
                f"Key {place} of FIELD_KEYS stands there twice. Leave each key once, the newest first; to replace one, "
                f"make another: {HOW_TO_MAKE_ONE}"
            )
    return keys


def keep_apart(field_keys, **others):
    """Raise ImproperlyConfigured where one secret serves as another: whoever learns one would have both."""
    for name, value in others.items():
        if value in field_keys:
            raise ImproperlyConfigured(
                f"{name} is one of FIELD_KEYS. Make another {name}: each secret opens one thing."
            )
    names = {}
    for name, value in others.items():
        if value in names:
            raise ImproperlyConfigured(f"{name} and {names[value]} are the same. Make another {name}.")
        names[value] = name


def _bytes_of(key, place):
    try:
        found = base64.b64decode(key.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != LENGTH:
        raise ImproperlyConfigured(
            f"Key {place} of FIELD_KEYS is not a key: 32 random bytes as url-safe base64, 44 characters. "
            f"Make one: {HOW_TO_MAKE_ONE}"
        )
    return found
