"""Brings in the demonstration pages from `procedures/demonstration/`; what staff wrote since is left as it is."""

from pathlib import Path

from audit.actors import Actor
from procedures import search_index
from procedures.content_files import PUBLISHED, publish_all, read_folder
from procedures.models import IndexedWord

FOLDER = Path(__file__).parent / "demonstration"


def load(requests=0, *, folder=FOLDER):
    """Publish the pages of a folder, all languages of one subject together; return a sentence that says how many.

    May be run again: a file that did not change does nothing, a changed one becomes a new version, and a page that
    staff have written on since is left alone. Raises BrokenFile, and then brings nothing in.
    """
    outcomes = publish_all(read_folder(folder), by=Actor.command("load_demo"))
    if not IndexedWord.objects.exists():
        search_index.rebuild()
    published = [outcome for outcome in outcomes if outcome.what == PUBLISHED]
    return f"{len(published)} of {len(outcomes)} pages published"
