"""`manage.py erase`: erases one person wherever the site keeps something of them, looks again, and prints a receipt."""

import sys

from django.core.management.base import BaseCommand, CommandError

from appointments import workflow
from appointments.management.person_arguments import add_person_arguments, person_of
from audit.actors import Actor
from clinic import erasure, receipts, rescan
from clinic.models import ErasedBecause
from clinic.refusals import Refused

ERASER = Actor.command("erase")


class Command(BaseCommand):
    """A request that is named goes, open or not; others of the person go with --also or --all."""

    help = (
        "Erase the person of a request: rows, messages, links, indexes. Then look through all there is for what is "
        "left, and print a receipt. With --again, erase once more what a restored backup brought back."
    )

    def add_arguments(self, parser):
        add_person_arguments(parser, optional=True)
        parser.add_argument("--again", action="store_true", help="Erase again what a restored backup brought back.")
        parser.add_argument(
            "--open-too", action="store_true", help="With --all: also what is still open and was not named."
        )
        parser.add_argument(
            "--reason",
            choices=[each for each in ErasedBecause.values if each != ErasedBecause.RESTORED],
            default=ErasedBecause.ASKED,
            help="Why (default: asked).",
        )

    def handle(self, *, reference, also, everyone, again, open_too, reason, **options):
        if again == bool(reference):
            raise CommandError("Say which person: a reference, or --again.")
        try:
            made = self.again() if again else [self.erase(reference, also, everyone, open_too, reason)]
        except Refused as refused:
            raise CommandError(str(refused.reason)) from None
        for row in made:
            row = rescan.look(row, should_stop=self.show_progress)
            self.stdout.write(receipts.as_text(row))
        if again:
            self.stdout.write(f"{len(made)} persons were erased again.")

    def erase(self, reference, also, everyone, open_too, reason):
        """Erase one person, and return the Erasure."""
        person = person_of(reference, also=also, everyone=everyone)
        if any(each.is_open for each in person.unnamed) and not open_too:
            raise CommandError("Some of these requests are still open. Name them with --also, or say --open-too.")
        for each in person.left:
            self.stderr.write(f"Left: {each.request.reference} ({each.request.status}, {each.reasons}).")
        if person.more:
            self.stderr.write("There are more with the same address or number than were looked at. Run this again.")
        left = [each.request.pk for each in person.left]
        return workflow.erase(person.chosen, reason=reason, by=ERASER, with_open=True, left=left)

    def again(self):
        """Erase again what came back, and bring the file outside the database up to date."""
        made = workflow.erase_again(by=ERASER)
        erasure.write_outside()
        return made

    def show_progress(self):
        """Put a sign on a terminal for each step; never stop."""
        if sys.stderr.isatty():
            self.stderr.write(".", ending="")
        return False
