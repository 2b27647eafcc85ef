"""`manage.py rotate_keys`: brings what is stored under the newest of FIELD_KEYS, while the site goes on."""

from django.core.management.base import BaseCommand, CommandError

from audit.actors import Actor
from clinic import key_rotation, keys

BY = Actor.command("rotate_keys")
MOST_NAMED = 50


class Command(BaseCommand):
    """May be stopped and run again at any time. Exit 1 while something is left, or cannot be read."""

    help = "Encrypt what is stored anew with the newest of FIELD_KEYS, and say which keys are no longer needed."

    def add_arguments(self, parser):
        parser.add_argument(
            "--give-up",
            metavar="KEY",
            help="Go on without a lost key, by its name of 8 characters. What it encrypted can never be read again.",
        )

    def handle(self, *, give_up, **options):
        if give_up:
            return self.give_up(give_up)
        if trouble := keys.trouble():
            raise CommandError(trouble)
        keys.note_newest()
        outcome = key_rotation.rotate(by=BY, progress=self.show if self.stderr.isatty() else lambda *done: None)
        self.name(outcome)
        unreadable = len({each[:2] for each in outcome.unreadable})
        line = (
            f"{outcome.looked_at:,} rows looked at, {outcome.written:,} brought under the newest key, "
            f"{outcome.left:,} left, {unreadable:,} cannot be read. {self.what_now(outcome)}"
        )
        if outcome.left or unreadable:
            raise CommandError(line, returncode=1)
        self.stdout.write(line)
        return None

    def give_up(self, name):
        """Let the site start without this key."""
        if not key_rotation.give_up(name, by=BY):
            raise CommandError(f"No key {name} is missing. The site says at its start which ones are.")
        self.stdout.write(f"The site starts without the key {name} from now on. What it encrypted cannot be read.")

    def show(self, label, done, total):
        """Show how far it is, on one line of a terminal for each kind of row."""
        self.stderr.write(f"\r{label}: {done:,} of {max(done, total):,}", ending="\n" if done >= total else "")

    def what_now(self, outcome):
        """Return what whoever runs the site should do next, as a sentence."""
        if outcome.left:
            return "Restart whatever still runs with older settings, then run this again."
        if not outcome.no_longer_needed:
            return "There is no older key."
        names = ", ".join(outcome.no_longer_needed)
        return (
            f"No longer needed: {names}. From a day after the newest key came into use (open forms are sealed with the "
            "one before) you may take them out of FIELD_KEYS; older backups still need them, so keep them with those."
        )

    def name(self, outcome):
        """Name what cannot be read, by model and primary key alone."""
        for label, pk, field in outcome.unreadable[:MOST_NAMED]:
            self.stderr.write(f"{label} {pk}: no key opens its {field}. It was left as it is.")
        if len(outcome.unreadable) > MOST_NAMED:
            self.stderr.write(f"And {len(outcome.unreadable) - MOST_NAMED:,} more.")
