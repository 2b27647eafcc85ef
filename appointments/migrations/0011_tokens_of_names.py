"""Lets the requests that are there already be found by name, a batch at a time: with a million it takes minutes."""

from django.db import migrations, models, transaction
from django.db.models.functions import Cast

from appointments.models.name_tokens import names_in, tokens_of
from clinic.encryption import Unreadable

BATCH = 500
NAMES = ("full_name", "helper")


def write_tokens(apps, schema_editor):
    """Write the tokens of each name. Broken off and run again, it writes what is missing."""
    requests = apps.get_model("appointments", "AppointmentRequest")._base_manager
    sealed = {f"sealed_{name}": Cast(name, models.TextField()) for name in NAMES}
    rows = requests.annotate(**sealed).order_by("pk").values_list("pk", *sealed)
    last = 0
    while batch := _write(apps, rows.filter(pk__gt=last)):
        last = batch[-1][0]


@transaction.atomic
def _write(apps, rows):
    # Locked, so that no name is changed between its being read and its tokens being written.
    batch = list(rows.select_for_update(no_key=True)[:BATCH])
    model = apps.get_model("appointments", "NameToken")
    new = [model(request_id=pk, token=token) for pk, *names in batch for token in _tokens(apps, names)]
    model.objects.bulk_create(new, ignore_conflicts=True, batch_size=2000)
    return batch


def _tokens(apps, sealed):
    fields = [apps.get_model("appointments", "AppointmentRequest")._meta.get_field(name) for name in NAMES]
    try:
        return tokens_of(*names_in(*(field.opened(text) for field, text in zip(fields, sealed, strict=True))))
    except Unreadable:
        # Nor can it be read at the desk until its key is back; `rotate_keys` writes its tokens then.
        return ()


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("appointments", "0010_found_by_name")]

    operations = [migrations.RunPython(write_tokens, migrations.RunPython.noop)]
