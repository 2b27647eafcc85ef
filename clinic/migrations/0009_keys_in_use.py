import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0008_erasures"),
    ]

    operations = [
        migrations.CreateModel(
            name="KeyInUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(editable=False, max_length=8, unique=True)),
                ("since", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={"default_permissions": ()},
        ),
    ]
