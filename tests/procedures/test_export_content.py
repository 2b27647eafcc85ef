"""Pages that go out as files: the same bytes each time, and nothing touched that is not the export's own."""

import tomllib
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.models import Clinician, StoredFile
from clinic.stored_files import store
from procedures import demonstration_content, publishing
from procedures.content_files import bring_in, export_folder, read_folder, read_table
from procedures.content_files.toml import Lines, Prose, written
from procedures.models import Procedure, ProcedurePage, ProcedureVersion, State
from tests.clinic.uploads import CAPTIONS, MP4, PDF, png, upload
from tests.demonstration import load_pages
from tests.procedures.factories import (
    COMMAND,
    full_sections,
    make_condition,
    make_draft,
    make_page,
    make_procedure,
    make_published,
    save,
)

pytestmark = pytest.mark.django_db


def export(folder, *options):
    """Run the command and return what it says."""
    said = StringIO()
    call_command("export_content", str(folder), *options, stdout=said)
    return said.getvalue()


def bytes_of(folder):
    """Return {name: bytes} of every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def make_whole_page():
    """Return a published version with every section full: pictures, a film with captions, and a document."""
    sections = full_sections(ProcedureVersion)
    film = {"file": store(upload(MP4, "film.mp4")), "captions": store(upload(CAPTIONS, "words.vtt"))}
    sections["media"] = [
        {"file": store(upload(png(), "A spine.png")), "alternative_text": 'A "spine"', "caption": "Back\\bone"},
        film | {"is_decorative": True, "transcript": "One line.\n\nAnd '''another'''."},
    ]
    sections["documents"] = [{"file": store(upload(PDF, "sheet.pdf")), "title": "To take home"}]
    sections["related"] = {"related": [make_procedure(key="brace")]}
    subject = make_procedure(key="balloon")
    subject.conditions.add(make_condition(key="fracture"))
    page = make_page(subject, slug="balloon-old")
    version = make_published(page, sections=sections)
    page.refresh_from_db()
    page.keep_address("balloon-old")
    ProcedurePage.objects.filter(pk=page.pk).update(slug="balloon")
    return version


def test_a_page_goes_out_whole_and_comes_back_as_the_same_bytes(media_root, tmp_path):
    make_whole_page()
    first, second = tmp_path / "first", tmp_path / "second"
    assert "6 files written, 0 the same." in export(first)
    key = Clinician.objects.get().key
    for version in ProcedureVersion.objects.all():
        version.page.former_addresses.all().delete()
        ProcedurePage.objects.update(live_version=None)
        version.delete()
    ProcedurePage.objects.all().delete()
    Procedure.objects.all().delete()
    StoredFile.objects.all().delete()
    outcomes, notes = bring_in(read_folder(first), by=COMMAND, is_published=True)
    assert [(outcome.what, outcome.remarks) for outcome in outcomes] == [("published", ())]
    assert notes == []
    export(second)
    assert bytes_of(first) == bytes_of(second)
    table = read_table(second / "procedures" / "balloon.en.toml")
    assert table["reviewed_by"] == key
    assert table["former_slugs"] == ["balloon-old"]
    assert table["related"] == ["brace"]
    assert table["media"][0]["file"].endswith("-a-spine.png")


def test_exporting_again_writes_nothing(media_root, tmp_path):
    make_whole_page()
    export(tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.toml")}
    assert export(tmp_path / "out") == "0 files written, 6 the same.\n"
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.toml")}


def test_a_dry_run_writes_nothing(tmp_path):
    make_published(make_page(make_procedure(key="balloon")))
    said = export(tmp_path / "out", "--dry-run")
    assert said.splitlines()[1:] == ["would write procedures/balloon.en.toml", "2 files would be written, 0 the same."]
    assert not (tmp_path / "out").exists()


def test_drafts_go_out_only_when_asked_for_and_nothing_of_staff_does(editor, tmp_path):
    version = make_published(make_page(make_procedure(key="balloon")))
    make_draft(make_page(make_procedure(key="new")))
    draft = publishing.open_draft(page=version.page, by=editor.as_actor())
    save(draft, "names", {"plain_name": "Another name"}, by=editor.as_actor())
    export(tmp_path / "live")
    assert not (tmp_path / "live" / "procedures" / "new.en.toml").exists()
    export(tmp_path / "drafts", "--drafts")
    table = read_table(tmp_path / "drafts" / "procedures" / "balloon.en.toml")
    assert table["names"]["plain"] == "Another name"
    assert "reviewed_by" not in table
    assert (tmp_path / "drafts" / "procedures" / "new.en.toml").exists()
    for content in bytes_of(tmp_path / "drafts").values():
        assert editor.username.encode() not in content
    assert len(read_folder(tmp_path / "drafts").pages) == 2


def test_files_of_pages_that_are_no_more_go_only_with_prune_and_others_never(tmp_path):
    version = make_published(make_page(make_procedure(key="balloon")))
    export(tmp_path)
    mine = [tmp_path / "README.md", tmp_path / "procedures" / "notes.txt", tmp_path / "files" / "mine.png"]
    for path in mine:
        path.write_text("mine")
    publishing.withdraw_page(page=version.page, by=COMMAND)
    page = tmp_path / "procedures" / "balloon.en.toml"
    assert "1 of no page any more: --prune removes them" in export(tmp_path)
    export(tmp_path, "--prune", "--dry-run")
    assert page.exists()
    assert "removed procedures/balloon.en.toml" in export(tmp_path, "--prune")
    assert not page.exists()
    assert all(path.read_text() == "mine" for path in mine)


def test_a_folder_that_is_not_an_export_is_refused(tmp_path):
    make_published()
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(CommandError, match="neither empty nor an export"):
        export(tmp_path)
    with pytest.raises(CommandError, match="is a file"):
        export(tmp_path / "thesis.txt")
    (tmp_path / "content.toml").write_text("format = 2")
    with pytest.raises(CommandError, match="is of format 2"):
        export(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["content.toml", "thesis.txt"]


def test_a_folder_under_version_control_is_taken_and_a_link_out_of_it_is_not(tmp_path):
    make_published()
    (tmp_path / "out" / ".git").mkdir(parents=True)
    assert "2 files written" in export(tmp_path / "out")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "files").rmdir()
    (tmp_path / "out" / "files").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CommandError, match="is a link"):
        export(tmp_path / "out")


def test_a_picture_that_is_missing_from_the_disk_stops_the_export(media_root, tmp_path):
    make_whole_page()
    (media_root / StoredFile.objects.get(name="sheet.pdf").path).unlink()
    with pytest.raises(CommandError, match=r"sheet.pdf is missing"):
        export(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_export_that_fails_half_way_leaves_whole_files_and_goes_on(tmp_path):
    make_published(make_page(make_procedure(key="balloon")))
    make_published(make_page(make_procedure(key="zeal")))
    export(tmp_path)
    for name in ("balloon", "zeal"):
        (tmp_path / "procedures" / f"{name}.en.toml").unlink()
    (tmp_path / "procedures" / "zeal.en.toml").mkdir()
    with pytest.raises(CommandError, match="What is there is whole; run this again"):
        export(tmp_path)
    assert not list(tmp_path.rglob(".exporting-*"))
    assert (tmp_path / "procedures" / "balloon.en.toml").is_file()
    (tmp_path / "procedures" / "zeal.en.toml").rmdir()
    assert "1 file written" in export(tmp_path)


def test_the_number_of_queries_does_not_grow_with_the_pages(tmp_path):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            export_folder(tmp_path)
        return len(captured)

    make_published()
    few = queries()
    for _number in range(3):
        make_published()
    assert queries() == few


@pytest.mark.parametrize(
    "words",
    [
        "plain",
        "quotes \"double\" and 'single'",
        "back\\slash",
        "two\nlines",
        "ends with a quote'",
        "'''three''' \"\"\"of both\"\"\"",
        "two spaces  \nbreak a line",
        "a tab\there",
        "hidden \u202e sign",
        "a form\x0cfeed",
        "x" * 300,
    ],
)
def test_every_text_is_read_back_as_it_was(words):
    for value in (words, Prose(words)):
        text = written({"words": value, "list": [words, words]}, comment="A comment.")
        table = tomllib.loads(text)
        assert table["words"].removesuffix("\n") == words
        assert table["list"] == [words, words]
        assert "\u202e" not in text


def test_lines_are_found_past_texts_that_look_like_keys():
    text = "a = '''\nb = 1\n[[c]]\n'''\nb = 2\n\n[[c]]\nd = 1\n\n[[c]]\nd = 2\n[e]\nf.g = 1\n"
    lines = Lines(text)
    places = {
        ("b",): 5,
        ("c", 1, "d"): 8,
        ("c", 2, "d"): 11,
        ("c", 2, "missing"): 10,
        ("e", "f", "g"): 13,
        ("z",): None,
    }
    assert {place: lines.of(place) for place in places} == places


@pytest.mark.wide
def test_the_demonstration_is_what_an_export_of_it_writes(tmp_path):
    load_pages()
    export(tmp_path)
    assert bytes_of(tmp_path) == bytes_of(demonstration_content.FOLDER)
    assert ProcedureVersion.objects.filter(state=State.PUBLISHED).exists()
