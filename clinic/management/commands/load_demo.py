"""`manage.py load_demo`: fills the site with a made-up clinic, its pages, staff and requests."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from clinic import demo


class Command(BaseCommand):
    """Calls each room's loader, lowest room first. May be run again: what is there already stays."""

    help = "Fill in the demonstration: the clinic, its pages, staff and requests. What is there already stays."

    def add_arguments(self, parser):
        parser.add_argument(
            "--requests",
            type=int,
            default=0,
            metavar="N",
            help="Have N more made-up requests, in all states: those of earlier runs count.",
        )

    def handle(self, *, requests, **options):
        if not settings.DEMO:
            raise CommandError(
                "The demonstration is made up, and its staff passwords are public, so it is never mixed with a real "
                "clinic's data. Set DEMO=on to load it."
            )
        if requests < 0:
            raise CommandError("--requests takes a number from 0 upwards.")
        for loader in demo.loaders():
            self.stdout.write(f"{loader.name}: {loader.load(requests)}")
