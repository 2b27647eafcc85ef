"""The encrypted field, its keys and the keyed index: what a stolen database does not say.

`settings.FIELD_KEYS` holds Fernet keys (https://github.com/fernet/spec), newest first. The newest
encrypts, any of them reads. Each use (fields, sealed answers, keyed indexes) draws its own key from them by HKDF
(RFC 5869), so that one kind of secret can never be passed off as another.
"""

import base64
import hmac
import json
from contextlib import suppress
from functools import cache
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.signals import setting_changed
from django.db import models
from django.db.models.lookups import IsNull

# What `dumpdata` writes before an encrypted value.
SEALED = "encrypted:"


class Unreadable(Exception):
    """Raised when none of the keys opens a stored value: a key is missing, or the value was altered."""


def derived_key(field_key, purpose):
    """Return the 32 bytes drawn from one field key for one named purpose.

    Raises ImproperlyConfigured with advice when it is not a Fernet key.
    """
    try:
        Fernet(field_key)
    except ValueError as error:
        raise ImproperlyConfigured(
            "FIELD_KEYS holds something that is not a Fernet key: 32 random bytes as url-safe base64, 44 characters."
        ) from error
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose.encode())
    return kdf.derive(base64.urlsafe_b64decode(field_key))


@cache
def ciphers(purpose="field"):
    """Return a Fernet for each key, newest first, for one purpose."""
    keys = [base64.urlsafe_b64encode(derived_key(key, purpose)) for key in settings.FIELD_KEYS]
    return [Fernet(key) for key in keys]


@cache
def cipher(purpose="field"):
    """Return the MultiFernet for one purpose: encrypts with the newest key, decrypts with any."""
    return MultiFernet(ciphers(purpose))


@cache
def key_names():
    """Return what each key is called where it must not be told, newest first: 8 characters drawn from it."""
    return [derived_key(key, "name").hex()[:8] for key in settings.FIELD_KEYS]


@cache
def index_keys(purpose):
    """Return the keys of one keyed index, newest first."""
    return [derived_key(key, f"index:{purpose}") for key in settings.FIELD_KEYS]


def index_of(value, purpose):
    """Return the keyed index (64 hex characters) of an already normalised text, under the newest key; "" for ""."""
    return index_candidates(value, purpose)[0] if value else ""


def index_candidates(value, purpose):
    """Return the index of `value` under every key, so that rows written under an older key are found too."""
    return [hmac.new(key, value.encode(), sha256).hexdigest() for key in index_keys(purpose)] if value else []


def forget_keys():
    """Drop the drawn keys, after the settings that they come from changed."""
    for drawn in (ciphers, cipher, key_names):
        drawn.cache_clear()
    index_keys.cache_clear()


def _forget_keys_when_tests_change_them(*, setting, **kwargs):
    if setting == "FIELD_KEYS":
        forget_keys()


setting_changed.connect(_forget_keys_when_tests_change_them)


class EncryptedTextField(models.TextField):
    """Text that only the running site can read. It can be null-tested, never searched: see KeyedIndexField."""

    description = "Encrypted text"

    def from_db_value(self, value, expression, connection):
        """Decrypt what the database holds."""
        return self.opened(value)

    def opened(self, value):
        """Return the Python value of what is stored; raises Unreadable rather than show a garbled text."""
        if not value:
            return value
        try:
            return self.open(cipher().decrypt(value.encode()).decode())
        except InvalidToken:
            raise Unreadable(
                f"{self.model._meta.label}.{self.name} cannot be read with the keys in FIELD_KEYS. "
                "Put the key it was written with back into FIELD_KEYS, after the newest one."
            ) from None

    def get_prep_value(self, value):
        """Encrypt with the newest key; empty stays empty."""
        text = self.close(value)
        return cipher().encrypt(text.encode()).decode() if text else text

    def open(self, text):
        """Turn decrypted text into the field's Python value."""
        return text

    def close(self, value):
        """Turn the field's Python value into the text to encrypt."""
        return super().get_prep_value(value)

    def value_to_string(self, obj):
        """Return the value sealed, for `dumpdata`: what is read must not be written down in clear again."""
        stored = self.get_prep_value(getattr(obj, self.attname))
        return f"{SEALED}{stored}" if stored else ""

    def to_python(self, value):
        """Open what `dumpdata` wrote; anything else is a value."""
        if isinstance(value, str) and value.startswith(SEALED):
            with suppress(InvalidToken):
                return self.open(cipher().decrypt(value.removeprefix(SEALED).encode()).decode())
        return value

    def get_lookup(self, lookup_name):
        """Allow the null test only: equal texts are stored differently each time."""
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is encrypted and cannot be searched; look up its keyed index.")
        return IsNull

    def get_transform(self, lookup_name):
        """Refuse transforms for the same reason as lookups."""
        raise FieldError(f"{self.name} is encrypted and cannot be searched; look up its keyed index.")


def each_readable(rows):
    """Return the rows of a queryset as a list; each says in `is_readable` whether a key opens its encrypted fields.

    Of one that says no, those fields are left in the database: reading them raises Unreadable. So a row that cannot be
    read takes no other from the list. 1 query, and one a row where there is such a row.
    """
    try:
        found = list(rows)
    except Unreadable:
        sealed = [field.name for field in rows.model._meta.fields if isinstance(field, EncryptedTextField)]
        found = [_readable_or_shut(row, sealed) for row in rows.defer(*sealed)]
    else:
        for row in found:
            row.is_readable = True
    return found


def _readable_or_shut(row, sealed):
    try:
        for name in sealed:
            getattr(row, name)
    except Unreadable:
        row.is_readable = False
    else:
        row.is_readable = True
    return row


class EncryptedDateField(EncryptedTextField):
    """An optional day, stored encrypted in ISO 8601; null when not told."""

    description = "Encrypted date"

    def open(self, text):
        return models.DateField().to_python(text)

    def close(self, value):
        value = models.DateField().to_python(value)
        return value.isoformat() if value else None

    def to_python(self, value):
        return models.DateField().to_python(super().to_python(value))

    def value_from_object(self, obj):
        """Return the day as a text: a serializer writes down a date without asking further."""
        value = super().value_from_object(obj)
        return str(value) if value else None


class EncryptedJSONField(EncryptedTextField):
    """Lists and dictionaries, stored encrypted as JSON."""

    description = "Encrypted JSON"

    def open(self, text):
        return json.loads(text)

    def close(self, value):
        return json.dumps(value, ensure_ascii=False) if value is not None else None


class KeyedIndexField(models.CharField):
    """An index over an encrypted field: equal texts have equal indexes, and nobody without the key can guess them.

    `source` names the encrypted field, `normalise` turns its value into what is compared (a function of the model's
    module, text to text).
    """

    def __init__(self, *args, source=None, normalise=None, **kwargs):
        self.source, self.normalise = source, normalise
        kwargs |= {"max_length": 64, "blank": True, "editable": False, "db_index": True}
        super().__init__(*args, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        for fixed in ("max_length", "blank", "editable", "db_index"):
            kwargs.pop(fixed, None)
        return name, path, args, kwargs

    def pre_save(self, instance, add):
        """Compute the index from the source as it is being saved; leave it alone in a migration, which has no keys."""
        if self.source is None:
            return getattr(instance, self.attname)
        value = index_of(self.normalise(getattr(instance, self.source) or ""), self.source)
        setattr(instance, self.attname, value)
        return value

    def candidates(self, typed):
        """Return the indexes that a typed text may have, for `filter(field__in=…)`."""
        return index_candidates(self.normalise(typed), self.source)
