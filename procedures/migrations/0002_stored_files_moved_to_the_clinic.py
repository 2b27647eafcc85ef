"""Files belong to the clinic, a room below: the rows move there with their ids, so that what names them still does."""

import django.db.models.deletion
from django.core.management.color import no_style
from django.db import migrations, models

FIELDS = ("id", "hash", "name", "content_type", "size", "width", "height", "stored_at")


def copy_rows(old, new, connection):
    """Copy every row of the model `old` to `new` as it is; ids given out later come after those that were copied."""
    rows = old.objects.values_list(*FIELDS).iterator()
    new.objects.bulk_create((new(**dict(zip(FIELDS, row, strict=True))) for row in rows), batch_size=500)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [new]):
            cursor.execute(statement)


def to_the_clinic(apps, editor):
    """Copy the rows to where they belong now."""
    copy_rows(apps.get_model("procedures", "StoredFile"), apps.get_model("clinic", "StoredFile"), editor.connection)


def back_to_the_pages(apps, editor):
    """Copy the rows back to where they were."""
    copy_rows(apps.get_model("clinic", "StoredFile"), apps.get_model("procedures", "StoredFile"), editor.connection)


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0002_stored_files"),
        ("procedures", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(to_the_clinic, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="printdocument",
            name="file",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="clinic.storedfile",
                verbose_name="file",
            ),
        ),
        migrations.AlterField(
            model_name="mediaitem",
            name="captions",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="clinic.storedfile",
                verbose_name="captions",
            ),
        ),
        migrations.AlterField(
            model_name="mediaitem",
            name="file",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="clinic.storedfile",
                verbose_name="file",
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, back_to_the_pages),
        migrations.DeleteModel(
            name="StoredFile",
        ),
    ]
