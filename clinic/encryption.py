"""The encrypted field, its keys and the keyed index: what a stolen database does not say.

`settings.FIELD_KEYS` holds keys, newest first. The newest encrypts, any of them reads (`clinic/cipher.py` says how).
Each use (fields, sealed answers, keyed indexes) draws its own key from them, so that one kind of secret can never be
passed off as another; and each value is bound to its column. To its row it is not: a row has no number yet when its
values are encrypted. See docs/decisions/0010-aes-256-gcm.md.
"""

import hmac
import json
from contextlib import suppress
from functools import cache
from hashlib import sha256

from django.conf import settings
from django.core.exceptions import FieldError
from django.core.signals import setting_changed
from django.db import models
from django.db.models.lookups import IsNull

from clinic.cipher import NotOurs, cipher, derived_key

# What `dumpdata` writes before an encrypted value.
SEALED = "encrypted:"


class Unreadable(Exception):
    """Raised when none of the keys opens a stored value: a key is missing, or the value was altered."""


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
    for drawn in (cipher, key_names, index_keys):
        drawn.cache_clear()


def _forget_keys_when_tests_change_them(*, setting, **kwargs):
    if setting == "FIELD_KEYS":
        forget_keys()


setting_changed.connect(_forget_keys_when_tests_change_them)


class EncryptedTextField(models.TextField):
    """Text that only the running site can read. It can be null-tested, never searched: see KeyedIndexField.

    What is stored is bound to the name of model and field. Whoever renames one of them gives the old name, as
    `sealed_as="room.model.field"`, in the same migration: what is stored then stays readable.
    """

    description = "Encrypted text"

    def __init__(self, *args, sealed_as="", **kwargs):
        self.sealed_as = sealed_as
        super().__init__(*args, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | ({"sealed_as": self.sealed_as} if self.sealed_as else {})

    @property
    def bound_to(self):
        """The name of the column, which is authenticated with each value in it."""
        return self.sealed_as or f"{self.model._meta.label_lower}.{self.name}"

    def from_db_value(self, value, expression, connection):
        """Decrypt what the database holds."""
        return self.opened(value)

    def opened(self, value):
        """Return the Python value of what is stored; raises Unreadable rather than show a garbled text."""
        return self.open(self.look_into(value)[0]) if value else value

    def look_into(self, stored):
        """Return the text that is stored, and whether by the newest key in the newest form. Raises Unreadable."""
        if not stored:
            return stored, True
        try:
            words, is_newest = cipher().look_into(stored, about=self.bound_to)
        except NotOurs:
            raise Unreadable(
                f"{self.model._meta.label}.{self.name} cannot be read with the keys in FIELD_KEYS. "
                "Put the key it was written with back into FIELD_KEYS, after the newest one."
            ) from None
        return words.decode(), is_newest

    def shut(self, text):
        """Return a text as it is stored: encrypted with the newest key; empty stays empty."""
        return cipher().seal(text.encode(), about=self.bound_to) if text else text

    def get_prep_value(self, value):
        """Encrypt what is written to the database."""
        return self.shut(self.close(value))

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
        if isinstance(value, str) and value.startswith(SEALED) and value != SEALED:
            with suppress(Unreadable):
                return self.opened(value.removeprefix(SEALED))
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
