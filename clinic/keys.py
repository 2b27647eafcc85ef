"""Says at the start, and to whoever asks whether the site can serve, that a key is missing which stored data need.

The database knows the keys by a name drawn from each (`KeyInUse`). So a site that was started with other keys stops
with advice, before anybody is shown a row that cannot be read, and before anything is encrypted with a wrong key.
"""

from contextlib import suppress

from django.core.exceptions import ImproperlyConfigured
from django.db import Error
from django.db.models import TextField
from django.db.models.functions import Cast

from clinic.encryption import EncryptedTextField, Unreadable, key_names
from clinic.models import KeyInUse
from clinic.personal_data import our_models

WHAT_TO_DO = (
    "Put it back into FIELD_KEYS, after the newest one, from where you keep copies of the keys. If it is lost for "
    "good, what it encrypted is lost too: docs/how-to/keys.md says how to go on without."
)


def missing():
    """Return the names of the keys that stored values may need and that FIELD_KEYS lacks, in order of use (1 query)."""
    used = KeyInUse.objects.order_by("id").values_list("name", flat=True)
    return [name for name in used if name not in key_names()]


def trouble():
    """Return what is wrong with the keys, as a sentence with advice, or None; None too while there are no tables."""
    try:
        names = missing()
        if names:
            many = "the keys" if len(names) > 1 else "the key"
            return f"FIELD_KEYS lacks {many} {', '.join(names)}, under which data are stored. {WHAT_TO_DO}"
        if not KeyInUse.objects.exists() and (label := _unreadable_model()):
            return f"FIELD_KEYS lacks the key under which the newest row of {label} is stored. {WHAT_TO_DO}"
    except Error:
        return None
    return None


def check_at_start():
    """Raise ImproperlyConfigured with advice where a key is missing; else note the newest key as in use.

    A database that is away stops nothing: `/readyz` tells so.
    """
    if sentence := trouble():
        raise ImproperlyConfigured(sentence)
    with suppress(Error):
        note_newest()


def note_newest():
    """Note that values are encrypted with the newest key from now on. A chore, too.

    Before any key is noted, all of FIELD_KEYS may be in use.
    """
    used = set(KeyInUse.objects.values_list("name", flat=True))
    new = [name for name in key_names()[: 1 if used else None] if name not in used]
    KeyInUse.objects.bulk_create([KeyInUse(name=name) for name in new], ignore_conflicts=True)


def _unreadable_model():
    """Return the label of a model whose newest row cannot be read, None where there is none."""
    for model in our_models():
        fields = [field for field in model._meta.concrete_fields if isinstance(field, EncryptedTextField)]
        shut = {f"sealed_{field.name}": Cast(field.name, TextField()) for field in fields}
        newest = model._base_manager.order_by("-pk").annotate(**shut).values_list(*shut).first() if fields else ()
        try:
            for field, text in zip(fields, newest or (), strict=False):
                field.opened(text)
        except (Unreadable, ValueError):
            return model._meta.label
    return None
