"""`manage.py verify_audit`: says whether the audit chain is whole."""

from django.core.management.base import BaseCommand, CommandError

from audit.models import Event, SealedMonth
from audit.verifying import verify


class Command(BaseCommand):
    """Checks every link; exit 1 and each broken row, if any."""

    help = "Check that no audit event was altered, removed or swapped. Exit 1 and each broken row, if any."

    def handle(self, **options):
        findings = list(verify())
        if findings:
            raise CommandError("\n".join(findings), returncode=1)
        months = SealedMonth.objects.count()
        before = f", after {months} sealed months" if months else ""
        self.stdout.write(f"The audit chain is whole: {Event.objects.linked().count()} events{before}.")
