"""`manage.py rebuild_search`: writes what search reads anew, after its rules changed or a database was brought in."""

from django.core.management.base import BaseCommand

from procedures import search_index


class Command(BaseCommand):
    """Index every published page again. Patients can search meanwhile, and find what they found before."""

    help = "Write the search index of every published page anew."

    def handle(self, **options):
        pages = search_index.rebuild()
        self.stdout.write(f"Pages that can be found: {pages}.")
