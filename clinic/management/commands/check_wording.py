"""`manage.py check_wording`: lists every sentence of the interface that Spanish does not say yet, or no longer needs.

It gathers the sentences from a copy of the sources, so it changes no file. It needs xgettext (the system's gettext).
"""

import shutil
import subprocess  # nosec B404  # makemessages alone
import sys
import tempfile
from pathlib import Path

import polib
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

LEFT_OUT = shutil.ignore_patterns(".*", "var", "tests", "docs", "benchmarks", "locale", "static", "__pycache__")


def key_of(entry):
    """Return what makes an entry one of a kind: its context, its words and its plural."""
    return entry.msgctxt, entry.msgid, entry.msgid_plural


def gather(root, language):
    """Return the entries that the Python and template files under `root` ask for, all untranslated."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, "site")
        shutil.copytree(root, copy, ignore=LEFT_OUT)
        (copy / "locale").mkdir()
        subprocess.run(  # nosec B603  # nothing of anybody else on the line
            [sys.executable, "-m", "django", "makemessages", "--locale", language, "--verbosity", "0"],
            cwd=copy,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            check=True,
        )
        gathered = copy / "locale" / language / "LC_MESSAGES" / "django.po"
        return list(polib.pofile(str(gathered))) if gathered.exists() else []


def compare(asked, catalogue):
    """Return sentences on what is missing from, untranslated in, or left over in a catalogue."""
    said = {key_of(entry): entry for entry in catalogue if not entry.obsolete}
    problems = [f"missing: {entry.msgid!r}" for entry in asked if key_of(entry) not in said]
    problems += [f"not translated: {entry.msgid!r}" for entry in said.values() if not entry.translated()]
    wanted = {key_of(entry) for entry in asked}
    problems += [f"no longer used: {entry.msgid!r}" for key, entry in said.items() if key not in wanted]
    problems += [f"no longer used: {entry.msgid!r}" for entry in catalogue.obsolete_entries()]
    return problems


class Command(BaseCommand):
    """Compare what the sources ask for with what each language says."""

    help = "List the sentences that have no translation, and the translations that nothing asks for."
    requires_system_checks = []

    def handle(self, **options):
        if not shutil.which("xgettext"):
            raise CommandError("The wording was not checked: install gettext, which brings xgettext.")
        problems = []
        for language, _name in settings.LANGUAGES:
            if language == settings.LANGUAGE_CODE:
                continue
            catalogue = settings.LOCALE_PATHS[0] / language / "LC_MESSAGES" / "django.po"
            said = polib.pofile(str(catalogue)) if catalogue.exists() else polib.POFile()
            found = compare(gather(settings.BASE_DIR, language), said)
            problems += [f"{language}: {problem}" for problem in found]
        if problems:
            advice = "Run `make wording`, then write what is missing in the .po file."
            raise CommandError("\n".join([*problems, advice]))
        self.stdout.write("Every sentence is said in every language.")
