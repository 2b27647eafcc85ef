"""Pages that come in from files: as drafts beside what patients read, refused with the line, and never over staff."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from audit.models import Event
from clinic.models import StoredFile
from procedures import publishing
from procedures.content_files import bring_in, read_folder
from procedures.models import IndexedWord, Procedure, ProcedurePage, ProcedureVersion, State
from tests.clinic.uploads import png
from tests.procedures.factories import COMMAND, make_clinician, make_page, make_procedure, make_published, save
from tests.procedures.from_files import CONTENT, write_folder

pytestmark = pytest.mark.django_db

PICTURE = '\n[[media]]\nfile = "files/spine.png"\nalternative_text = "A spine."\n'
RENAMED = ("A balloon lifts", "A small balloon lifts")


@pytest.fixture(autouse=True)
def reviewer():
    """The clinician whom the files name."""
    return make_clinician(key="dr-a")


def bring(folder, *options):
    """Run the command; return what it says."""
    said = StringIO()
    call_command("import_content", str(folder), *options, stdout=said, stderr=StringIO())
    return said.getvalue()


def refusal(folder, *options):
    """Run the command, which must refuse and write nothing; return what it says."""
    before, said = (ProcedureVersion.objects.count(), Procedure.objects.count(), Event.objects.count()), StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("import_content", str(folder), *options, stdout=StringIO(), stderr=said)
    assert refused.value.returncode == 1
    assert "Nothing was written" in str(refused.value)
    assert before == (ProcedureVersion.objects.count(), Procedure.objects.count(), Event.objects.count())
    return said.getvalue()


def write_file(folder, content, name="spine.png"):
    (folder / "files").mkdir(exist_ok=True)
    (folder / "files" / name).write_bytes(content)


# As a draft


def test_a_page_comes_in_as_a_draft_for_review_and_once(tmp_path):
    said = bring(write_folder(tmp_path))
    assert said == "procedures/balloon.en.toml: a draft for review\n1 page read, 1 changed, 0 left alone.\n"
    version = ProcedureVersion.objects.get()
    assert (version.state, version.page.is_published, version.reviewed_by) == (State.DRAFT, False, None)
    assert set(Event.objects.values_list("actor_name", flat=True)) == {"import_content"}
    assert bring(tmp_path) == "1 page read, 0 changed, 0 left alone.\n"


def test_a_changed_file_lies_as_a_draft_beside_what_patients_read(tmp_path):
    bring(write_folder(tmp_path), "--publish")
    live = ProcedureVersion.objects.get()
    assert "1 changed" in bring(write_folder(tmp_path, RENAMED))
    draft = ProcedureVersion.objects.open().get()
    assert draft.summary == "A small balloon lifts the bone."
    assert draft.page.live_version == live
    assert "0 changed" in bring(tmp_path)
    assert "1 changed" in bring(write_folder(tmp_path, ("A balloon lifts", "A big balloon lifts")))
    assert ProcedureVersion.objects.open().get().summary == "A big balloon lifts the bone."


def test_what_staff_wrote_themselves_gets_a_draft_beside_it_too(tmp_path):
    live = make_published(make_page(make_procedure(key="balloon"), slug="balloon"))
    assert "1 changed" in bring(write_folder(tmp_path))
    live.page.refresh_from_db()
    assert live.page.live_version == live


def test_a_draft_that_staff_have_touched_is_left_alone_and_named(editor, tmp_path):
    bring(write_folder(tmp_path))
    draft = ProcedureVersion.objects.get()
    save(draft, "aim", {"aim": "Ours."}, by=editor.as_actor())
    said = bring(write_folder(tmp_path, RENAMED))
    assert "balloon.en.toml: left alone: staff are working on version 1 of this page" in said
    assert "1 page read, 0 changed, 1 left alone." in said
    draft.refresh_from_db()
    assert (draft.aim, draft.summary) == ("Ours.", "A balloon lifts the bone.")


def test_a_file_that_came_in_before_does_not_undo_what_staff_wrote_since(tmp_path):
    bring(write_folder(tmp_path), "--publish")
    version = ProcedureVersion.objects.get()
    make_published(version.page)
    assert "left alone: it came in before, and staff have written on this page since" in bring(tmp_path)


def test_the_address_of_a_page_that_is_there_stays_and_the_difference_is_said(tmp_path):
    bring(write_folder(tmp_path), "--publish")
    said = bring(write_folder(tmp_path, RENAMED, ('slug = "balloon"', 'slug = "ballon"')))
    assert 'line 5, slug: the page keeps the address "balloon" until staff change it' in said
    assert ProcedurePage.objects.get().slug == "balloon"


def test_places_and_clinicians_of_another_clinic_are_left_out_of_a_draft_and_said(tmp_path):
    content = CONTENT + 'performed_at = ["far-away"]\nclinicians = ["dr-a", "dr-x"]\n'
    said = bring(write_folder(tmp_path, content=content))
    assert "Mind: content.toml, line 6, procedures, row 1, performed_at: there is no far-away in this clinic" in said
    assert "clinicians: there is no dr-x in this clinic" in said
    assert [clinician.key for clinician in Procedure.objects.get().clinicians.all()] == ["dr-a"]
    assert not Procedure.objects.get().performed_at.exists()


# Published


def test_pages_are_published_when_their_file_names_a_clinician_of_this_clinic(tmp_path):
    assert "published\n1 page read, 1 changed" in bring(write_folder(tmp_path), "--publish")
    version = ProcedureVersion.objects.get()
    assert (version.state, version.reviewed_by.key, str(version.reviewed_on)) == ("published", "dr-a", "2026-09-14")
    assert IndexedWord.objects.exists()
    assert "0 changed" in bring(tmp_path, "--publish")


def test_a_draft_that_came_in_before_and_that_nobody_touched_can_be_published_by_a_second_run(tmp_path):
    bring(write_folder(tmp_path))
    assert "1 changed" in bring(tmp_path, "--publish")
    assert ProcedureVersion.objects.get().state == State.PUBLISHED


def test_a_page_that_another_clinic_reviewed_is_not_published(tmp_path):
    write_folder(tmp_path, ("dr-a", "dr-x"))
    said = refusal(tmp_path, "--publish")
    assert 'balloon.en.toml, line 6, reviewed_by: there is no clinician with the key "dr-x" in this clinic.' in said
    assert "1 changed" in bring(tmp_path)


def test_a_page_that_nobody_reviewed_is_not_published(tmp_path):
    review = 'reviewed_by = "dr-a"\nreviewed_on = 2026-09-14\nnext_review_due = 2027-09-14\n'
    write_folder(tmp_path, (review, ""))
    assert "reviewed_by: this key is missing; only a reviewed page is published" in refusal(tmp_path, "--publish")
    assert "1 changed" in bring(tmp_path)


def test_a_published_page_that_staff_wrote_or_withdrew_is_left_alone(editor, tmp_path):
    live = make_published(make_page(make_procedure(key="balloon"), slug="balloon"))
    said = bring(write_folder(tmp_path), "--publish")
    assert "left alone: staff have written on this page since" in said
    publishing.withdraw_page(page=live.page, by=COMMAND)
    assert "left alone: staff took this page off the site" in bring(tmp_path, "--publish")


def test_an_imported_draft_that_staff_finished_and_published_is_theirs(editor, tmp_path):
    bring(write_folder(tmp_path))
    draft = save(ProcedureVersion.objects.get(), "aim", {"aim": "Ours."}, by=editor.as_actor())
    signed = publishing.send_for_review(version=draft, by=COMMAND)
    signed = publishing.sign_off(version=signed, by=COMMAND, reviewer=make_clinician())
    publishing.publish(versions=[signed], by=COMMAND)
    said = bring(write_folder(tmp_path, RENAMED), "--publish")
    assert "left alone: staff have written on this page since" in said


def test_an_address_moves_with_the_file_unless_staff_moved_it(tmp_path):
    bring(write_folder(tmp_path), "--publish")
    bring(write_folder(tmp_path, ('slug = "balloon"', 'slug = "ballon"')), "--publish")
    page = ProcedurePage.objects.get()
    assert (page.slug, [former.slug for former in page.former_addresses.all()]) == ("ballon", ["balloon"])
    bring(write_folder(tmp_path, RENAMED), "--publish")
    page.refresh_from_db()
    assert page.slug == "ballon"


def test_a_former_address_that_leads_to_another_page_is_not_taken_from_it(tmp_path):
    other = make_published(make_page(make_procedure(key="other"), slug="old"))
    said = bring(write_folder(tmp_path, ('slug = "balloon"', 'slug = "balloon"\nformer_slugs = ["old", "older"]')))
    assert 'line 6, former_slugs: "old" leads to another page here; it was left out' in said
    page = ProcedurePage.objects.exclude(pk=other.page_id).get()
    assert [former.slug for former in page.former_addresses.all()] == ["older"]


# All or nothing, and again


@pytest.mark.parametrize("options", [(), ("--publish",)])
def test_a_dry_run_says_what_would_change_and_writes_nothing(media_root, tmp_path, options):
    write_folder(tmp_path, more=PICTURE)
    write_file(tmp_path, png())
    said = bring(tmp_path, "--dry-run", *options)
    assert "1 page read, 1 changed, 0 left alone. This was a dry run: nothing was written." in said
    assert not Procedure.objects.exists()
    assert not StoredFile.objects.exists()
    assert not Event.objects.exists()
    assert not media_root.exists()


def test_all_that_is_wrong_in_all_files_is_said_at_once_with_the_lines(tmp_path):
    write_folder(tmp_path, ("low = 45", 'low = "45"'), ("high = 60", "high = 1e999999"), ("aim = ", "goal = "))
    write_folder(
        tmp_path, ('language = "en"', 'language = "es"'), ("plain = ", "plain "), name="procedures/balloon.es.toml"
    )
    (tmp_path / "balloon.fr.toml").write_text("")
    said = refusal(tmp_path)
    assert said.splitlines() == [
        "balloon.fr.toml: put it into procedures or conditions.",
        "procedures/balloon.en.toml, line 15, text.goal: this key is not known here.",
        "procedures/balloon.en.toml, line 29, figures, row 1, low: write a number.",
        said.splitlines()[3],
        "procedures/balloon.es.toml, line 11: this is not TOML: Expected '=' after a key in a key/value pair.",
    ]
    assert said.splitlines()[3].startswith("procedures/balloon.en.toml, line 30, figures, row 1, high: ")


def test_both_languages_are_named_and_a_page_may_refer_to_one_that_the_header_does_not_list(tmp_path):
    more = [('slug = "balloon"', 'slug = "balloon"\nrelated = ["zeal"]'), ('sources = ["a"]', "sources = []")]
    write_folder(tmp_path, *more)
    write_folder(tmp_path, *more, ('language = "en"', 'language = "es"'), name="procedures/balloon.es.toml")
    write_folder(tmp_path, ("balloon", "zeal"), name="procedures/zeal.en.toml")
    said = refusal(tmp_path, "--publish")
    assert [line.split(":")[0] for line in said.splitlines()] == [
        "procedures/balloon.en.toml, line 27, figures",
        "procedures/balloon.en.toml, line 39, milestones",
        "procedures/balloon.es.toml, line 27, figures",
        "procedures/balloon.es.toml, line 39, milestones",
    ]
    assert "3 pages read, 3 changed" in bring(tmp_path)


def test_figures_that_cannot_be_published_stop_every_page_before_the_first_write(tmp_path):
    write_folder(tmp_path)
    wrong = [("balloon", "zeal"), ('sources = ["a"]', "sources = []")]
    write_folder(tmp_path, *wrong, name="procedures/zeal.en.toml")
    assert "zeal.en.toml, line 26, figures: Say where" in refusal(tmp_path, "--publish")


def test_a_stop_half_way_leaves_whole_pages_and_the_next_run_goes_on(tmp_path):
    write_folder(tmp_path)
    write_folder(tmp_path, ("balloon", "zeal"), name="procedures/zeal.en.toml")

    def stop(done, total):
        if done == 3:  # both were tried, one was brought in
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bring_in(read_folder(tmp_path), by=COMMAND, is_published=True, progress=stop)
    assert [version.page.slug for version in ProcedureVersion.objects.all()] == ["balloon"]
    assert "2 pages read, 1 changed" in bring(tmp_path, "--publish")


def test_two_files_with_one_address_are_refused(tmp_path):
    write_folder(tmp_path)
    write_folder(tmp_path, ('key = "balloon"', 'key = "zeal"'), name="procedures/zeal.en.toml")
    assert "zeal.en.toml, line 5, slug: procedures/balloon.en.toml has this address too." in refusal(tmp_path)


def test_an_address_that_another_page_here_has_is_refused(tmp_path):
    make_page(make_procedure(key="other"), slug="balloon")
    assert "balloon.en.toml, line 5, slug: " in refusal(write_folder(tmp_path))


# Awkward folders and files


def test_a_byte_order_mark_and_line_ends_of_windows_change_nothing(tmp_path):
    bring(write_folder(tmp_path), "--publish")
    path = tmp_path / "procedures" / "balloon.en.toml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert "0 changed, 0 left alone" in bring(tmp_path, "--publish")


@pytest.mark.parametrize(
    ("replaced", "sentence"),
    [
        ((RENAMED[0], "A \u202eballoon lifts"), "line 14: delete the hidden character U+202E"),
        ((RENAMED[0], "A \x00balloon lifts"), "line 14: delete the hidden character U+0000"),
        ((RENAMED[0], "A \rballoon lifts"), "line 14: delete the hidden character U+000D"),
        ((RENAMED[0], "A \\u0000balloon lifts"), "line 14, text.summary: a hidden character"),
        ((RENAMED[0], "A \\u202eballoon lifts"), "line 14, text.summary: a hidden character"),
        (("Balloon repair", "Balloon\\nrepair"), "line 11, names.plain: a hidden character, or a line break"),
        (("low = 45", "low = nan"), "line 29, figures, row 1, low: write a number"),
        (('unit = "minutes"', 'unit = "moons"'), 'row 1, unit: "moons" is not known; write "minutes" or "hours" or'),
        (("low = 45", "low = true"), "line 29, figures, row 1, low: write a number"),
        (("low = 45", f"low = {'9' * 5000}"), "this is not TOML"),
        (("low = 45", f"low = {'[' * 5000}"), "too many brackets"),
        (('slug = "balloon"', 'slug = "../balloon"'), "line 5, slug: write letters, digits and hyphens"),
        (("reviewed_on = 2026-09-14", "reviewed_on = 2026-02-30"), "line 7: this is not TOML"),
    ],
)
def test_awkward_values_are_refused_with_their_line(tmp_path, replaced, sentence):
    folder = write_folder(tmp_path)
    path = folder / "procedures" / "balloon.en.toml"
    text = path.read_text().replace(*replaced)
    path.write_bytes(text.encode())
    assert sentence in refusal(folder)


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("../secret.png", "line 54, media, row 1, file: write files/ and the name of a file"),
        ("/etc/passwd", "write files/ and the name of a file"),
        ("files/../../secret.png", "write files/ and the name of a file"),
        ("files/missing.png", "there is no file files/missing.png"),
        ("files/link.png", "this is a link; put the file itself there"),
        ("files/script.svg", "Choose a picture"),
        ("files/words.vtt", "captions are a WebVTT file, and no other file is"),
    ],
)
def test_files_outside_the_folder_links_and_what_is_no_picture_are_refused(tmp_path, file, sentence):
    (tmp_path / "secret.png").write_bytes(png())
    folder = write_folder(tmp_path / "in", more=PICTURE.replace("files/spine.png", file))
    write_file(folder, b"<svg onload=alert(1)>", "script.svg")
    write_file(folder, b"WEBVTT\n\n", "words.vtt")
    (folder / "files" / "link.png").symlink_to(tmp_path / "secret.png")
    assert sentence in refusal(folder)


def test_a_picture_that_is_too_big_is_refused_and_one_that_no_page_shows_is_named(settings, tmp_path, media_root):
    folder = write_folder(tmp_path, more=PICTURE)
    write_file(folder, png() + b"\0" * 6_000_000)
    assert "files/spine.png: This file is too big." in refusal(folder)
    write_file(folder, png())
    write_file(folder, png(), "other.png")
    said = bring(folder)
    assert "Mind: files/other.png: no page shows this file; it was left out." in said
    assert (media_root / StoredFile.objects.get().path).read_bytes() == png()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "content.toml, format: this key is missing"),
        ("format = 2", "content.toml, line 1, format: this site reads format 1"),
        ("format = 1\nprocedures = 3", "line 2, procedures: write [[procedures]] above each row"),
        ("format = 1\n[[procedures]]", "line 2, procedures, row 1, key: this key is missing"),
        ('format = 1\n[[procedures]]\nkey = "a b"', "line 3, procedures, row 1, key: write letters"),
        ('format = 1\n[[conditions]]\nkey = "a"\nplace = 1', "line 4, conditions, row 1, place: this key is not"),
        (
            f'{CONTENT}conditions = ["x"]',
            "line 6, procedures, row 1, conditions: there is no condition with",
        ),
    ],
)
def test_a_broken_header_is_refused_with_its_line(tmp_path, content, sentence):
    assert sentence in refusal(write_folder(tmp_path, content=content))


def test_a_folder_that_is_none_or_no_content_is_refused(tmp_path):
    assert "there is no such folder" in refusal(tmp_path / "missing")
    assert "content.toml: the file cannot be opened" in refusal(tmp_path)
    folder = write_folder(tmp_path / "in", name="conditions/balloon.en.toml")
    assert "conditions/balloon.en.toml, line 2, kind: a procedure stands in procedures." in refusal(folder)
    write_folder(folder)
    (folder / "procedures").rename(tmp_path / "elsewhere")
    (folder / "procedures").symlink_to(tmp_path / "elsewhere")
    assert "procedures: this is a link" in refusal(folder)


@pytest.mark.parametrize("says", ["a comment", "changes wanted"])
def test_a_draft_that_a_reviewer_spoke_of_is_not_published_past_them(says, tmp_path):
    bring(write_folder(tmp_path))
    draft = ProcedureVersion.objects.get()
    if says == "a comment":
        publishing.comment(version=draft, section="names", words="Is that so?", by=COMMAND)
    else:
        publishing.send_for_review(version=draft, by=COMMAND)
        publishing.ask_for_changes(version=draft, words="Not so.", by=COMMAND)
    assert "left alone: staff are working on version 1 of this page" in bring(tmp_path, "--publish")
    assert ProcedureVersion.objects.get().state == State.DRAFT
    # A file that was mended after what they said comes in, for review.
    assert "a draft for review" in bring(write_folder(tmp_path, RENAMED))
