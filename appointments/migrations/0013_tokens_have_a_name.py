"""Says in words what the marks of names are: the receipt of an erasure counts them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0012_erase_person"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="nametoken",
            options={
                "default_permissions": (),
                "verbose_name": "mark of a name, for the search",
                "verbose_name_plural": "marks of names, for the search",
            },
        ),
    ]
