"""Writes as the site did before "2.": what stands so in databases and open forms goes on being read."""

import base64

from cryptography.fernet import Fernet
from django.conf import settings

from clinic.cipher import derived_key


def in_old_form(words, purpose="field"):
    """Return bytes as a Fernet token under the newest key."""
    return Fernet(base64.urlsafe_b64encode(derived_key(settings.FIELD_KEYS[0], purpose))).encrypt(words).decode()
