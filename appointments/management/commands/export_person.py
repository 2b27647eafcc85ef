"""`manage.py export_person`: writes all that the clinic holds of one person into a file."""

import os

from django.core.management.base import BaseCommand, CommandError

from appointments.admin import person_file
from appointments.management.person_arguments import add_person_arguments, person_of
from audit.actors import Actor
from clinic.refusals import Refused

EXPORTER = Actor.command("export_person")
ENDINGS = {form.ending: kind for kind, form in person_file.FORMS.items()}


class Command(BaseCommand):
    """The ending of the file says in which form. Nobody but whoever runs the command can read it."""

    help = "Write all that is held of the person of a request into FILE, which must not be there: .json or .txt."

    def add_arguments(self, parser):
        add_person_arguments(parser)
        parser.add_argument("file", metavar="FILE", help="Where to write it; ends with .json or .txt.")
        parser.add_argument("--without-notes", action="store_true", help="Leave out the notes of the staff.")

    def handle(self, *, reference, also, everyone, file, without_notes, **options):
        kind = ENDINGS.get(file.rpartition(".")[2])
        if kind is None:
            raise CommandError("The file must end with .json or .txt.")
        person = person_of(reference, also=also, everyone=everyone)
        for each in person.left:
            self.stderr.write(f"Left out: {each.request.reference} ({each.request.status}, {each.reasons}).")
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise CommandError("There is a file of this name already. Choose another name.") from None
        except OSError as error:
            raise CommandError(f"The file cannot be written ({type(error).__name__}).") from None
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            try:
                pieces = person_file.export(person.chosen, kind=kind, with_notes=not without_notes, by=EXPORTER)
            except Refused as refused:
                raise CommandError(str(refused.reason)) from None
            out.writelines(pieces)
        self.stdout.write(f"{len(person.chosen)} requests were written.")
