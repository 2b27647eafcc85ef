"""`manage.py import_content DIR`: brings the pages of a folder in, as drafts for review unless told otherwise."""

from collections import Counter

from django.core.management.base import BaseCommand, CommandError

from audit.actors import Actor
from procedures.content_files import DRAFTED, LEFT, PUBLISHED, BrokenFile, StoppedHalfway, bring_in, read_folder

BY = Actor.command("import_content")
WORDS = {DRAFTED: "a draft for review", PUBLISHED: "published"}


class Command(BaseCommand):
    """Reads and checks everything first; with anything wrong it names every place, writes nothing and ends with 1."""

    help = "Bring the pages of a folder in as drafts, beside what patients read. What staff wrote stays as it is."

    def add_arguments(self, parser):
        parser.add_argument("folder", metavar="DIR", help="A folder that export_content wrote, or one like it.")
        parser.add_argument("--dry-run", action="store_true", help="Check everything, say what would change, and stop.")
        parser.add_argument(
            "--publish",
            action="store_true",
            help="Put the pages before patients, signed off by the clinician of this clinic that each file names.",
        )

    def handle(self, *, folder, dry_run, publish, **options):
        try:
            content = read_folder(folder, progress=self.reading)
            outcomes, remarks = bring_in(content, by=BY, is_published=publish, dry_run=dry_run, progress=self.progress)
        except BrokenFile as broken:
            self.stderr.write("\n".join(broken.problems))
            number = len(broken.problems)
            words = "1 thing to mend" if number == 1 else f"{number} things to mend"
            is_halfway = isinstance(broken, StoppedHalfway)
            so_far = "What came in before is whole" if is_halfway else "Nothing was written"
            raise CommandError(f"{words}. {so_far}; mend the files and run this again.") from None
        for outcome in outcomes:
            if outcome.what in WORDS:
                self.stdout.write(f"{outcome.file.name}: {WORDS[outcome.what]}")
            elif outcome.what == LEFT:
                self.stdout.write(f"{outcome.file.name}: left alone: {outcome.why}")
        for remark in (*(remark for outcome in outcomes for remark in outcome.remarks), *remarks):
            self.stdout.write(f"Mind: {remark}")
        count = Counter(outcome.what for outcome in outcomes)
        changed = count[DRAFTED] + count[PUBLISHED]
        pages = "1 page" if len(outcomes) == 1 else f"{len(outcomes)} pages"
        line = f"{pages} read, {changed} changed, {count[LEFT]} left alone."
        self.stdout.write(f"{line} This was a dry run: nothing was written." if dry_run else line)

    def reading(self, done, total):
        """Show how many files were read, where somebody watches."""
        self.show("Read", done, total)

    def progress(self, done, total):
        """Show how far it is, where somebody watches; each subject is tried first, then brought in."""
        self.show("Brought in", done, total)

    def show(self, words, done, total):
        """Write one line that stays in its place."""
        if self.stdout.isatty():
            self.stdout.write(f"\r{words}: {done:,} of {total:,}", ending="\n" if done == total else "")
            self.stdout.flush()
