"""Writes the state diagrams, or says whether those that are kept still match the code."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from clinic.diagrams import diagrams, draw


class Command(BaseCommand):
    """Write docs/reference/*.md from the tables of moves."""

    help = "Writes the state diagrams in docs/reference/ from the tables of moves."

    def add_arguments(self, parser):
        """Take what stands on the command line."""
        parser.add_argument("--check", action="store_true", help="change nothing; fail when a page is out of date")
        parser.add_argument("--folder", type=Path, default=settings.BASE_DIR / "docs" / "reference")

    def handle(self, *args, check, folder, **options):
        """Write or compare every registered diagram."""
        pages = {folder / f"{diagram.name}.md": draw(diagram) for diagram in diagrams()}
        old = [path for path, text in pages.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
        if check and old:
            names = ", ".join(path.name for path in old)
            raise CommandError(f"Out of date: {names}. Run: python manage.py state_diagrams")
        for path in old:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(pages[path], encoding="utf-8")
        self.stdout.write(f"{len(pages)} diagrams, {len(old)} of them written.")
