"""Reads what was encrypted before "2.": Fernet (AES-128 in CBC mode, then HMAC-SHA256), bound to no column.

Nothing is written in this form any more, and `rotate_keys` brings it into the new one. This file, `keys_of_old_form`
and `_open_old_form` in `clinic/cipher.py` may go once `rotate_keys` has ended with nothing left wherever the site runs,
and no backup from before is kept.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken


def opened(text, keys):
    """Return what a Fernet token holds and the second (since 1970) when it was made; None where no key opens it."""
    for key in keys:
        fernet = Fernet(base64.urlsafe_b64encode(key))
        try:
            token = text.encode()
            return fernet.decrypt(token), fernet.extract_timestamp(token)
        except (InvalidToken, UnicodeEncodeError):
            continue
    return None
