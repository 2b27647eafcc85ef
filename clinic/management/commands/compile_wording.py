"""`manage.py compile_wording`: builds the translations that Django reads, without system tools."""

import os

import polib
from django.conf import settings
from django.core.management.base import BaseCommand


def compile_catalogue(source):
    """Build the .mo file beside the .po file `source`, in one move, so that no reader sees half a file."""
    target = source.with_suffix(".mo")
    unfinished = target.with_suffix(f".{os.getpid()}.tmp")
    polib.pofile(str(source)).save_as_mofile(str(unfinished))
    unfinished.replace(target)


class Command(BaseCommand):
    """Compile every catalogue under the folders that LOCALE_PATHS names."""

    help = "Build the translations (.mo) from the wording (.po)."
    requires_system_checks = []

    def handle(self, **options):
        for folder in settings.LOCALE_PATHS:
            for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
                compile_catalogue(source)
                self.stdout.write(f"Built the wording of {source.relative_to(folder)}.")
