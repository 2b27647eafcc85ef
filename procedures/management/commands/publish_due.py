"""`manage.py publish_due`: publishes what staff set a time for, as the sender does every few seconds."""

from django.core.management.base import BaseCommand

from procedures import publishing


class Command(BaseCommand):
    """Run as often as you like, beside senders too: each version is published once."""

    help = "Publish the pages whose time has come."

    def handle(self, **options):
        published = publishing.publish_due()
        self.stdout.write(f"Published: {published}.")
        if trouble := publishing.schedule_trouble():
            self.stderr.write(trouble)
