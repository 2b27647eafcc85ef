"""Pages from files: what is taken, what is refused and how, and what staff wrote is never replaced."""

import shutil
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from clinic.demonstration import load as load_clinic
from procedures import demonstration_content, publishing
from procedures.content_files import BrokenFile, read_page
from procedures.models import ConditionPage, ProcedurePage, ProcedureVersion, Risk, State
from tests.procedures.factories import COMMAND, make_clinician
from tests.procedures.from_files import import_page, page_text


@pytest.fixture
def write(tmp_path, db):
    """Write a page file, with some of its text replaced, for a clinician who is there."""
    make_clinician(key="dr-a")

    def written(*replaced, name="balloon.en.toml", more=""):
        path = tmp_path / name
        path.write_text(page_text(*replaced, more=more), encoding="utf-8")
        return path

    return written


def test_a_file_becomes_a_published_page(write):
    version = import_page(write(), by=COMMAND)
    assert version.state == State.PUBLISHED
    assert version.document["text"]["aim"] == "<p>It eases <strong>pain</strong>.</p>"
    assert version.document["facts"] == {"duration": {"low": 45, "high": 60, "unit": "minutes"}}
    assert str(version.reviewed_on) == "2026-09-14"
    assert version.page.slug == "balloon"


@pytest.mark.parametrize(
    ("replaced", "more", "sentence"),
    [
        ([("summary = ", "summary ")], "", "balloon.en.toml, line 14: this is not TOML: Expected"),
        ([('kind = "procedure"', 'kind = "treatment"')], "", 'kind: write "procedure" or "condition"'),
        ([('language = "en"', 'language = "fr"')], "", 'language: write "en" or "es"'),
        ([('key = "balloon"', 'key = "other"')], "", "key: the file must be named other.en.toml"),
        ([('reviewed_by = "dr-a"', "")], "", "reviewed_by: this key is missing"),
        ([("reviewed_on = 2026-09-14", 'reviewed_on = "soon"')], "", "reviewed_on: write a date"),
        ([("2027-09-14", "2025-09-14")], "", "next_review_due: choose a day after"),
        ([('plain = "Balloon repair"', "")], "", "names.plain: this key is missing"),
        ([("aim = ", "goal = ")], "", "text.goal: this key is not known here"),
        ([("aim = ", "[preparation]\naim = ")], "", r"preparation: write \[\[preparation\]\] above each row"),
        ([("low = 45", 'low = "45"')], "", "figures, row 1, low: write a number"),
        ([("low = 45", "low = 99")], "", "figures, row 1: The range must run from the lower"),
        ([('unit = "minutes"', 'unit = "moons"')], "", "figures, row 1, unit: .*moons"),
        ([('sources = ["a"]', "sources = [1]")], "", "figures, row 1, sources: write texts"),
        ([('sources = ["a"]', 'sources = ["z"]')], "", "line 26, figures: .*names the source “z”"),
        ([("slug = ", 'colour = "red"\nslug = ')], "", "colour: this key is not known here"),
        ([("plain = ", "synonyms = [{}]\nplain = ")], "", "names.synonyms: write texts in quotation marks"),
        ([('slug = "balloon"', 'slug = "a b"')], "", "slug: .*"),
        ([('reviewed_by = "dr-a"', 'reviewed_by = "dr-b"')], "", 'there is no clinician with the key "dr-b"'),
        ([("slug = ", 'related = ["missing"]\nslug = ')], "", 'there is no procedure with the key "missing"'),
        ([], '[[steps]]\nlabel = "One"\n', "steps, row 2, text: "),
        ([], '[[sources]]\nkey = "a"\ntitle = "B"\n', 'line 53, sources, row 2, key: 2 rows have the key "a"'),
        ([], '[[steps]]\nlabel = "One"\ntext = "T"\n' * 31, "steps: at most 30 rows fit"),
    ],
)
def test_a_broken_file_is_refused_with_its_name_and_the_place(write, replaced, more, sentence):
    with pytest.raises(BrokenFile, match=sentence) as refused:
        import_page(write(*replaced, more=more), by=COMMAND)
    assert str(refused.value).startswith("balloon.en.toml") or str(refused.value).startswith("balloon")
    assert not ProcedureVersion.objects.exists()


def test_a_file_that_is_no_text_or_not_there_is_refused(write, tmp_path):
    path = write()
    path.write_bytes(path.read_bytes().replace(b"Balloon", b"Ball\xffon"))
    with pytest.raises(BrokenFile, match="line 11: save the file as UTF-8"):
        read_page(path)
    with pytest.raises(BrokenFile, match="cannot be opened"):
        read_page(tmp_path / "missing.en.toml")


def test_an_unchanged_file_does_nothing_and_a_changed_one_is_a_new_version(write):
    first = import_page(write(), by=COMMAND)
    assert import_page(write(), by=COMMAND) is None
    second = import_page(write(("A balloon lifts", "A small balloon lifts")), by=COMMAND)
    first.refresh_from_db()
    assert (first.state, second.number, second.page.live_version) == (State.SUPERSEDED, 2, second)


def test_a_page_that_staff_wrote_on_is_left_alone(write):
    version = import_page(write(), by=COMMAND)
    publishing.open_draft(page=version.page, by=COMMAND)
    assert import_page(write(("A balloon lifts", "A small balloon lifts")), by=COMMAND) is None
    assert ProcedureVersion.objects.published().get() == version


def test_a_page_that_staff_withdrew_stays_away(write):
    version = import_page(write(), by=COMMAND)
    publishing.withdraw_page(page=version.page, by=COMMAND)
    assert import_page(write(("A balloon lifts", "A small balloon lifts")), by=COMMAND) is None


def test_a_file_whose_figures_contradict_the_other_language_is_refused_whole(write):
    import_page(write(), by=COMMAND)
    spanish = write(('"en"', '"es"'), ("high = 60", "high = 90"), name="balloon.es.toml")
    with pytest.raises(BrokenFile, match=r"balloon.es.toml cannot be published: These figures differ"):
        import_page(spanish, by=COMMAND)
    assert ProcedurePage.objects.count() == 1


# The demonstration


@pytest.fixture
def demonstration(db):
    """Load the made-up clinic, then its pages."""
    load_clinic()
    return demonstration_content.load()


PAGES = 2 * (8 + 6)  # both languages of 8 procedures and 6 conditions


def test_the_demonstration_is_whole_in_both_languages(demonstration):
    assert demonstration == f"{PAGES} of {PAGES} pages published"
    for page in [*ProcedurePage.objects.all(), *ConditionPage.objects.all()]:
        assert page.is_published
    kyphoplasty = ProcedurePage.objects.filter(procedure__key="kyphoplasty")
    assert {page.language for page in kyphoplasty.published()} == {"en", "es"}
    english, spanish = (page.live_version.document for page in kyphoplasty.order_by("language"))
    assert english["facts"] == spanish["facts"]
    assert english["text"].keys() == spanish["text"].keys()
    procedure = kyphoplasty[0].procedure
    assert procedure.performed_at.exists()
    assert procedure.evaluated_at.exists()
    assert procedure.conditions.exists()
    assert procedure.clinicians.exists()


@pytest.mark.wide
def test_loading_again_changes_nothing_not_even_relations_that_staff_changed(demonstration):
    procedure = ProcedurePage.objects.filter(procedure__key="kyphoplasty")[0].procedure
    procedure.clinicians.clear()
    assert demonstration_content.load() == f"0 of {PAGES} pages published"
    assert not procedure.clinicians.exists()
    assert ProcedureVersion.objects.count() == 16


@pytest.mark.wide
def test_small_numbers_are_kept_as_they_are_written(demonstration):
    assert Risk.objects.filter(low=Decimal("0.05")).exists()


def test_a_broken_demonstration_brings_nothing_in(db, tmp_path):
    load_clinic()
    folder = shutil.copytree(demonstration_content.FOLDER, tmp_path / "broken")
    for path in folder.rglob("*.toml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("high = 60", "high = 6"), encoding="utf-8")
    with pytest.raises(BrokenFile):
        demonstration_content.load(folder=folder)
    assert not ProcedureVersion.objects.exists()


def test_relations_to_places_that_are_missing_are_refused(db):
    with pytest.raises(
        BrokenFile, match=r"content.toml, line \d+, procedures, row 1, performed_at: there is no lantern"
    ):
        demonstration_content.load()


# The diagrams


def test_the_kept_state_diagrams_match_the_code():
    call_command("state_diagrams", check=True, stdout=StringIO())


def test_a_diagram_that_is_out_of_date_is_named(tmp_path):
    call_command("state_diagrams", folder=tmp_path, stdout=StringIO())
    page = Path(tmp_path, "page-states.md")
    assert "in_review --> signed_off: Sign off" in page.read_text()
    page.write_text("old")
    with pytest.raises(CommandError, match=r"Out of date: page-states.md"):
        call_command("state_diagrams", folder=tmp_path, check=True, stdout=StringIO())
