"""`manage.py breached_passwords`: makes the list of breached passwords from files that hold one a line."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from accounts import breached
from accounts.passwords import is_plain

# What is shorter no rule of ours lets through (AUTH_PASSWORD_VALIDATORS); what is longer nobody types.
SHORTEST, LONGEST = 12, 64


class Command(BaseCommand):
    """Reads lists and writes what of them a person could choose here. The file is committed with its release."""

    help = "Write the list of breached passwords anew, from text files (or folders of them) with one password a line."

    def add_arguments(self, parser):
        parser.add_argument("sources", nargs="+", type=Path, help="Text files, or folders with them (*.txt).")
        parser.add_argument("--to", type=Path, default=breached.LIST, help="Where it is written.")

    def handle(self, *, sources, to, **options):
        files = [
            file for source in sources for file in (sorted(source.rglob("*.txt")) if source.is_dir() else [source])
        ]
        try:
            number = breached.write(_fitting(files), kept_at=to)
        except OSError as why:
            raise CommandError(str(why)) from None
        if not number:
            raise CommandError(f"No password of {SHORTEST} to {LONGEST} signs is in there.")
        self.stdout.write(f"{to.name} holds {number} passwords, folded.")


def _fitting(files):
    for file in files:
        with file.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                password = line.rstrip("\r\n")
                if SHORTEST <= len(password) <= LONGEST and not is_plain(password):
                    yield password
