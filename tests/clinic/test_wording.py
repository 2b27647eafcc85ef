"""The wording: built without system tools, and compared with what the pages ask for."""

import gettext

import polib

from clinic.management.commands.check_wording import compare
from clinic.management.commands.compile_wording import compile_catalogue


def catalogue(*entries):
    """Return a catalogue of (msgid, msgstr) pairs."""
    made = polib.POFile()
    made.metadata = {"Content-Type": "text/plain; charset=UTF-8"}
    made.extend(polib.POEntry(msgid=msgid, msgstr=msgstr) for msgid, msgstr in entries)
    return made


def test_a_built_catalogue_says_the_sentence_in_spanish(tmp_path):
    source = tmp_path / "django.po"
    catalogue(("Ask for an appointment", "Pida una cita")).save(str(source))
    compile_catalogue(source)
    with (tmp_path / "django.mo").open("rb") as built:
        assert gettext.GNUTranslations(built).gettext("Ask for an appointment") == "Pida una cita"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["django.mo", "django.po"]


def test_a_complete_catalogue_has_no_problem():
    assert compare(catalogue(("Team", "")), catalogue(("Team", "Equipo"))) == []


def test_a_sentence_that_is_missing_empty_unsure_or_unused_is_listed():
    said = catalogue(("Team", ""), ("Contact", "Contacto"), ("Places", "Sedes"))
    said.find("Contact").flags.append("fuzzy")
    assert compare(catalogue(("Team", ""), ("Contact", ""), ("Search", "")), said) == [
        "missing: 'Search'",
        "not translated: 'Team'",
        "not translated: 'Contact'",
        "no longer used: 'Places'",
    ]


def test_a_retired_translation_is_listed():
    said = catalogue(("Team", "Equipo"))
    said.append(polib.POEntry(msgid="Fax", msgstr="Fax", obsolete=True))
    assert compare(catalogue(("Team", "")), said) == ["no longer used: 'Fax'"]
