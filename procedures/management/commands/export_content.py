"""`manage.py export_content DIR`: writes every page to a folder that people can read, compare and share."""

from django.core.management.base import BaseCommand, CommandError

from procedures.content_files import Unexportable, export_folder


class Command(BaseCommand):
    """Writes only what changed, and nothing that is not its own. Stopped half-way, it goes on the next time."""

    help = "Write the pages that patients read to a folder, one file a page and language, with pictures and documents."

    def add_arguments(self, parser):
        parser.add_argument("folder", metavar="DIR", help="An empty folder, a new one, or an earlier export.")
        parser.add_argument(
            "--drafts", action="store_true", help="Where a page is being worked on, write that version."
        )
        parser.add_argument("--prune", action="store_true", help="Remove the files of pages that are no more.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would be written, and write nothing.")

    def handle(self, *, folder, drafts, prune, dry_run, **options):
        try:
            done = export_folder(folder, with_drafts=drafts, prune=prune, dry_run=dry_run, progress=self.progress)
        except Unexportable as reason:
            raise CommandError(str(reason)) from None
        except OSError as error:
            words = f"{error.filename or folder}: {error.strerror}. What is there is whole; run this again."
            raise CommandError(words) from error
        for name in done.changed if dry_run else ():
            self.stdout.write(f"would write {name}")
        for name in done.gone:
            self.stdout.write(f"{'removed' if prune and not dry_run else 'of no page any more:'} {name}")
        left = len(done.gone) if dry_run or not prune else 0
        advice = f" {left} of no page any more: --prune removes them." if left else ""
        files = "1 file" if len(done.changed) == 1 else f"{len(done.changed)} files"
        would = "would be written" if dry_run else "written"
        self.stdout.write(f"{files} {would}, {len(done.same)} the same.{advice}")

    def progress(self, done, total):
        """Show how far it is, where somebody watches."""
        if self.stdout.isatty():
            self.stdout.write(f"\rPages: {done:,} of {total:,}", ending="\n" if done == total else "")
            self.stdout.flush()
