from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0011_tokens_of_names"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="appointmentrequest",
            options={
                "base_manager_name": "of_every_kind",
                "default_permissions": ("view",),
                "permissions": [
                    ("triage_appointmentrequest", "Can claim and answer requests"),
                    ("release_others", "Can release requests that others hold"),
                    ("view_figures", "Can see the figures of requests"),
                    ("erase_person", "Can erase a person, and export what is held of one"),
                ],
                "verbose_name": "request",
                "verbose_name_plural": "requests",
            },
        ),
    ]
