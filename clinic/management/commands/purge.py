"""`manage.py purge`: removes what is past its time in the retention table, or says what would go."""

from django.core.management.base import BaseCommand, CommandError

from clinic import purging
from clinic.refusals import Refused
from clinic.retention import holdings


class Command(BaseCommand):
    """Does now what the sender does each night. Stopped half-way it loses nothing, and goes on the next time."""

    help = "Remove what is past its time in the retention table. --dry-run only counts it."

    def add_arguments(self, parser):
        parser.add_argument("--dry-run", action="store_true", help="Say what would go, and remove nothing.")
        parser.add_argument(
            "--the-clock-is-right",
            action="store_true",
            help="Go on though the clock seems to have jumped: you looked at it, and the site was off.",
        )

    def handle(self, *, dry_run, the_clock_is_right, **options):
        act = purging.dry_run if dry_run else purging.begin
        try:
            run = act(by=purging.PURGE, the_clock_is_right=the_clock_is_right)
        except purging.ClockJumped as jumped:
            raise CommandError(f"{jumped.reason} Put the clock right; if it is, add --the-clock-is-right.") from None
        except Refused as refused:
            raise CommandError(str(refused.reason)) from None
        if not dry_run:
            self.remove(run)
        run.refresh_from_db()
        codes = [holding.code for holding in holdings() if run.counts.get(holding.code)]
        parts = ", ".join(f"{code} {run.counts[code]}" for code in codes)
        if run.refused_because:
            raise CommandError(f"Stopped half-way, as the table was changed. Removed so far: {parts or 'nothing'}.")
        self.stdout.write(f"{'Would go' if dry_run else 'Removed'}: {parts or 'nothing'}.")

    def remove(self, run):
        """Take step after step, with progress where somebody watches."""
        so_far, goes_on = 0, True
        while goes_on:
            step = purging.step(run)
            so_far, goes_on = so_far + step.number, step.goes_on
            if self.stdout.isatty():
                self.stdout.write(f"\r{step.code} {so_far} ", ending="")
                self.stdout.flush()
        if self.stdout.isatty():
            self.stdout.write("\r", ending="")
