"""Writing a section: what is typed is kept, in its order, and what is refused says why beside its field."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from clinic.models import StoredFile
from procedures.admin.pages import admin_url
from procedures.models import ProcedureVersion
from procedures.sections import section_named, sections_of
from tests.clinic.uploads import png
from tests.procedures.desk import fields_of, opened
from tests.procedures.factories import full_draft, make_draft, make_file, make_procedure

pytestmark = pytest.mark.django_db

MOST_FIELDS = 300
PICTURE = png()


def rows_in(fields, name):
    count = int(fields["rows-TOTAL_FORMS"][0])
    return [fields[f"rows-{number}-{name}"][0] for number in range(count)]


# Saving


def test_saving_a_full_section_as_it_was_opened_changes_nothing_and_posts_no_more_than_300_fields(desk):
    version = full_draft()
    revision = version.revision
    for section in sections_of(version):
        address, fields = opened(desk, version, section.key)
        count = sum(map(len, fields.values())) + len(["csrfmiddlewaretoken", "go"])
        assert count <= MOST_FIELDS, section.key
        response = desk.post(address, fields)
        assert response.status_code == 302, section.key
    version.refresh_from_db()
    assert version.revision == revision


def test_words_typed_into_each_field_of_a_section_are_kept(desk, editor):
    version = make_draft()
    address, fields = opened(desk, version, "names")
    typed = {
        "plain_name": ["O’Brien’s 山田 <b>repair</b>"],
        "medical_name": ["Kyphoplasty"],
        "synonyms": ["balloon\r\n\r\n  cement  \r\nballoon"],
        "summary": ["Line one.\r\nLine two."],
    }
    response = desk.post(address, fields | typed)
    assert response.url == admin_url(version, "change")
    version.refresh_from_db()
    assert version.plain_name == "O’Brien’s 山田 <b>repair</b>"
    assert version.synonyms == ["balloon", "cement"]
    assert version.summary == "Line one.\nLine two."
    assert editor in version.authors.all()


def test_save_and_next_leads_to_the_following_section(desk):
    version = make_draft()
    address, fields = opened(desk, version, "names")
    assert desk.post(address, fields | {"go": "next"}).url == admin_url(version, "section", "aim")


def test_rows_are_saved_in_the_order_they_stand_and_blank_ones_are_left_out(desk):
    version = make_draft()
    address, fields = opened(desk, version, "preparation")
    fields |= {
        "rows-TOTAL_FORMS": ["3"],
        "rows-0-when": ["Before the day"],
        "rows-0-text": ["One."],
        "rows-1-when": [""],
        "rows-1-text": [""],
        "rows-2-when": ["On the day"],
        "rows-2-text": ["Two."],
    }
    assert desk.post(address, fields).status_code == 302
    assert [str(row) for row in version.preparationitems.all()] == ["One.", "Two."]


def test_related_procedures_are_ticked(desk):
    version, other = make_draft(), make_procedure()
    address, fields = opened(desk, version, "related")
    desk.post(address, fields | {"related": [other.pk]})
    assert list(version.related.all()) == [other]
    assert desk.post(address, fields | {"related": [version.page.procedure.pk]}).status_code == 422


# Rows and their buttons


@pytest.fixture
def three(desk):
    """The preparation of a draft, with 3 rows typed and the second one not fit to be saved."""
    version = make_draft()
    address, fields = opened(desk, version, "preparation")
    fields["rows-TOTAL_FORMS"] = ["3"]
    for number, (when, text) in enumerate([("Before", "One."), ("", "Two <&>\r\nlines"), ("After", "Three.")]):
        fields |= {f"rows-{number}-when": [when], f"rows-{number}-text": [text]}
    return address, fields


@pytest.mark.parametrize(
    ("button", "texts"),
    [
        ("add", ["One.", "Two <&>\nlines", "Three.", ""]),
        ("remove-1", ["One.", "Three."]),
        ("up-1", ["Two <&>\nlines", "One.", "Three."]),
        ("down-1", ["One.", "Three.", "Two <&>\nlines"]),
        ("up-0", ["One.", "Two <&>\nlines", "Three."]),
        ("down-2", ["One.", "Two <&>\nlines", "Three."]),
        ("up-x", ["One.", "Two <&>\nlines", "Three."]),
        ("remove-999", ["One.", "Two <&>\nlines", "Three."]),
        ("up-²", ["One.", "Two <&>\nlines", "Three."]),
    ],
)
def test_a_row_button_rearranges_what_was_typed_and_judges_and_saves_nothing(desk, three, button, texts):
    address, fields = three
    response = desk.post(address, fields | {"go": button})
    assert response.status_code == 200
    assert [text.replace("\r\n", "\n") for text in rows_in(fields_of(response), "text")] == texts
    assert "Error:" not in response.content.decode()
    assert not ProcedureVersion.objects.get().preparationitems.exists()


def test_presses_follow_each_other_and_the_result_is_saved(desk, three):
    address, fields = three
    fields = fields_of(desk.post(address, fields | {"go": "up-1"}))
    fields = fields_of(desk.post(address, fields | {"go": "add"}))
    fields |= {"rows-0-when": ["First"], "rows-3-when": ["Last"], "rows-3-text": ["Four."]}
    assert desk.post(address, fields).status_code == 302
    rows = [str(row) for row in ProcedureVersion.objects.get().preparationitems.all()]
    assert rows == ["Two <&>\nlines", "One.", "Three.", "Four."]


def test_enter_saves_since_the_first_button_of_the_form_does(desk):
    text = desk.get(admin_url(make_draft(), "section", "figures")).content.decode()
    form = text[text.index('<form method="post" novalidate') :]
    assert form.index('value="save"') < form.index('value="remove-0"')


def test_a_section_that_is_full_offers_no_further_row(desk):
    version = full_draft()
    address, fields = opened(desk, version, "steps")
    assert fields["rows-TOTAL_FORMS"] == ["30"]
    response = desk.post(address, fields | {"go": "add"})
    assert "holds 30 entries at most" in response.content.decode()
    assert fields_of(response)["rows-TOTAL_FORMS"] == ["30"]


# What is refused


def test_an_error_stands_beside_its_field_and_what_was_typed_stays(desk, three):
    address, fields = three
    response = desk.post(address, fields)
    text = response.content.decode()
    assert response.status_code == 422
    assert "<title>Error:" in text
    assert 'href="#id_rows-1-when"' in text
    assert "Fill in “When”." in text
    assert [words.replace("\r\n", "\n") for words in rows_in(fields_of(response), "text")][1] == "Two <&>\nlines"
    assert not ProcedureVersion.objects.get().preparationitems.exists()


@pytest.mark.parametrize(
    ("values", "beside"),
    [({"low": "60", "high": "45"}, "high"), ({"unit": ""}, "fact_key")],
)
def test_what_is_wrong_between_fields_stands_beside_one_of_them(desk, values, beside):
    address, fields = opened(desk, make_draft(), "figures")
    response = desk.post(address, fields | {f"rows-0-{name}": [value] for name, value in values.items()})
    assert f'href="#id_rows-0-{beside}"' in response.content.decode()


@pytest.mark.parametrize(
    ("key", "values", "sentence"),
    [
        ("figures", {"low": "60", "high": "45"}, "The range must run from the lower to the higher number."),
        ("figures", {"unit": ""}, "Give a figure its fact key and its unit."),
        ("figures", {"sources": "a, z"}, "“z” is no source of this page. Its sources are: a."),
        ("figures", {"low": "many"}, "Enter a number."),
        ("figures", {"label": "x" * 500}, "at most 120 characters"),
        ("figures", {"label": "a\x00b"}, "has a hidden character, which we show as"),
        ("sources", {"url": "javascript:alert(1)"}, "Enter a valid URL."),
        ("sources", {"read_on": "yesterday"}, "Enter a valid date."),
        ("sources", {"key": "not a key"}, "slug"),
    ],
)
def test_a_value_that_cannot_be_is_refused_in_words(desk, key, values, sentence):
    version = make_draft()
    address, fields = opened(desk, version, key)
    response = desk.post(address, fields | {f"rows-0-{name}": [value] for name, value in values.items()})
    assert response.status_code == 422
    assert sentence in response.content.decode()


def test_two_rows_with_one_key_are_refused(desk):
    version = make_draft()
    address, fields = opened(desk, version, "sources")
    fields |= {"rows-TOTAL_FORMS": ["2"], "rows-1-key": ["a"], "rows-1-title": ["B"]}
    response = desk.post(address, fields)
    assert response.status_code == 422
    assert "Two entries have the key “a”." in response.content.decode()


@pytest.mark.parametrize("total", ["", "x", "1000000", "²", "9" * 50])
def test_a_count_of_rows_that_no_browser_sends_breaks_nothing(desk, total):
    version = make_draft()
    address, fields = opened(desk, version, "figures")
    for go in ("save", "add"):
        assert desk.post(address, fields | {"rows-TOTAL_FORMS": [total], "go": go}).status_code in (200, 302, 422)
    assert version.figures.count() == 1


# Files


def test_a_picture_is_added_described_and_saved(desk):
    version = make_draft()
    address, fields = opened(desk, version, "media")
    upload = SimpleUploadedFile("My Spine.PNG", PICTURE)
    response = desk.post(address, fields | {"go": "add", "upload": upload})
    fields = fields_of(response)
    assert response.status_code == 200
    assert "my-spine.png" in response.content.decode()

    undecided = desk.post(address, fields)
    assert undecided.status_code == 422
    assert "Describe the picture, or mark it decorative" in undecided.content.decode()

    row = int(fields["rows-TOTAL_FORMS"][0]) - 1
    assert desk.post(address, fields | {f"rows-{row}-alternative_text": ["A spine."]}).status_code == 302
    assert str(version.mediaitems.get().file) == "my-spine.png"


def test_captions_go_to_the_film_above_and_are_no_entry_of_their_own(desk):
    version = make_draft()
    address, fields = opened(desk, version, "media")
    captions, film = b"WEBVTT\n", b"\x00\x00\x00\x20ftypisom" + b"\0" * 20
    alone = desk.post(address, fields | {"go": "add", "upload": SimpleUploadedFile("walk.vtt", captions)})
    assert alone.status_code == 422
    assert "Add the film first, then its captions." in alone.content.decode()
    fields = fields_of(desk.post(address, fields | {"go": "add", "upload": SimpleUploadedFile("walk.mp4", film)}))
    response = desk.post(address, fields | {"go": "add", "upload": SimpleUploadedFile("walk.vtt", captions)})
    assert "walk.vtt" in response.content.decode()
    fields = fields_of(response)
    words = {"rows-0-alternative_text": ["A film."], "rows-0-transcript": ["He walks."]}
    assert desk.post(address, fields | words).status_code == 302
    item = version.mediaitems.get()
    assert (str(item.file), str(item.captions)) == ("walk.mp4", "walk.vtt")


def test_a_file_chosen_before_pressing_save_is_not_lost(desk):
    version = make_draft()
    address, fields = opened(desk, version, "documents")
    response = desk.post(address, fields | {"go": "save", "upload": SimpleUploadedFile("a.png", PICTURE)})
    assert response.status_code == 200
    assert StoredFile.objects.get().hash in fields_of(response)["rows-0-file"]


@pytest.mark.parametrize(
    ("upload", "sentence"),
    [
        (None, "Choose a file first."),
        (SimpleUploadedFile("a.svg", b"<svg onload='alert(1)'/>"), "Choose a picture"),
        (SimpleUploadedFile("a.png", b""), "This file is empty."),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_beside_its_field(desk, upload, sentence):
    version = make_draft(sections={"media": [{"file": make_file(), "is_decorative": True}]})
    address, fields = opened(desk, version, "media")
    fields |= {"go": "add", "rows-0-caption": ["Typed with care."]}
    response = desk.post(address, fields | ({"upload": upload} if upload else {}))
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert fields_of(response)["rows-0-caption"] == ["Typed with care."]


def test_each_section_takes_as_many_queries_for_many_rows(desk, django_assert_max_num_queries):
    for version in (make_draft(), full_draft()):
        for section in sections_of(version):
            with django_assert_max_num_queries(28):
                desk.get(admin_url(version, "section", section.key))


def test_a_section_says_how_many_rows_it_holds():
    most = {section.key: section.most_rows for section in sections_of(ProcedureVersion) if section.model}
    assert most["steps"] == 30
    assert most["milestones"] == 29
    assert section_named(ProcedureVersion, "media").takes_files


@pytest.mark.parametrize("button", ["save", "add", "up-0"])
def test_a_file_that_no_database_can_be_asked_for_is_no_file(desk, button):
    version = make_draft(sections={"media": [{"file": make_file(), "is_decorative": True}]})
    address, fields = opened(desk, version, "media")
    response = desk.post(address, fields | {"rows-0-file": "\x00a", "rows-0-caption": "Kept.", "go": button})
    assert response.status_code in (200, 422)
    assert "Kept." in response.content.decode()
