"""What an editor sees of a section before saving it: as patients will read it, and nothing of it is kept."""

import pytest
from django.utils.html import escape

from audit.models import Event
from procedures.admin.pages import admin_url
from procedures.forms import form_field
from procedures.models import ConditionVersion, ProcedureVersion
from procedures.sections import section_named, sections_of
from tests.procedures.desk import fields_of, opened, signed_in
from tests.procedures.factories import make_condition, make_draft, make_file, make_page
from tests.procedures.published import every_section

pytestmark = pytest.mark.django_db


def looked(desk, version, key, **typed):
    """Return what the script is answered for a section with what was typed."""
    _address, fields = opened(desk, version, key)
    response = desk.post(admin_url(version, "look", key), fields | typed)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    return response.content.decode()


def test_a_look_shows_what_was_typed_above_the_form_and_saves_nothing(desk):
    version = make_draft()
    before = version.aim
    address, fields = opened(desk, version, "aim")
    events = Event.objects.count()
    response = desk.post(address, fields | {"aim": ["### Less pain\n\n- one"], "go": ["look"]})
    text = response.content.decode()
    assert response.status_code == 200
    assert text.index("<h3>Less pain</h3>") < text.index("<form method=")
    assert fields_of(response)["aim"] == ["### Less pain\n\n- one"]
    version.refresh_from_db()
    assert (version.aim, Event.objects.count()) == (before, events)


def test_while_somebody_types_the_section_alone_is_answered_and_nothing_is_saved(desk):
    version = make_draft()
    before = version.aim
    text = looked(desk, version, "aim", aim=["**Less** pain"], timing=["Early"])
    assert "<strong>Less</strong> pain" in text
    assert "<form" not in text
    assert "<html" not in text
    version.refresh_from_db()
    assert version.aim == before


@pytest.mark.parametrize(
    "typed",
    ["<script>alert(1)</script>", "[x](javascript:alert(1))", "<img src=x onerror=alert(1)>", "![x](//evil/x.png)"],
)
def test_what_is_typed_never_becomes_active(desk, typed):
    text = looked(desk, make_draft(), "aim", aim=[typed])
    assert not any(active in text for active in ("<script", "<img", 'href="javascript'))


@pytest.mark.parametrize("key", [section.key for section in sections_of(ProcedureVersion) if section.key != "related"])
def test_each_section_of_a_procedure_can_be_looked_at_as_it_stands_and_empty(desk, key):
    sections = every_section() | {"media": [{"file": make_file(), "alternative_text": "A spine"}]}
    version = make_draft(sections={each: values for each, values in sections.items() if each != "related"})
    assert "look-page" in looked(desk, version, key)
    section = section_named(version, key)
    empty = {"rows-TOTAL_FORMS": ["1"]} if section.model else dict.fromkeys(section.fields, "")
    assert "look-page" in desk.post(admin_url(version, "look", key), empty).content.decode()


@pytest.mark.parametrize("key", [section.key for section in sections_of(ConditionVersion)])
def test_each_section_of_a_condition_can_be_looked_at(desk, key):
    assert "look-page" in looked(desk, make_draft(make_page(make_condition())), key)


def test_a_row_that_is_not_whole_yet_is_left_out_with_a_word(desk):
    version = make_draft(
        sections={"steps": [{"label": "Wash", "text": "We wash."}, {"label": "Cut", "text": "We cut."}]}
    )
    text = looked(desk, version, "steps", **{"rows-0-text": [""]})
    assert "Entry 1 is not shown yet" in text
    assert "We cut." in text


def test_a_look_speaks_the_language_of_the_page_to_whoever_reads_another(desk):
    text = looked(desk, make_draft(language="es"), "names")
    assert 'lang="es"' in text
    assert "Nombre médico" in text


def test_only_editors_look_at_what_they_type(reviewer, desk):
    version = make_draft()
    assert signed_in(reviewer).post(admin_url(version, "look", "aim"), {}).status_code == 403
    assert desk.get(admin_url(version, "look", "aim")).url == admin_url(version, "section", "aim")
    assert desk.post(admin_url(version, "look", "nothing"), {}).status_code == 404


@pytest.mark.parametrize("model", [ProcedureVersion, ConditionVersion])
def test_each_field_that_is_written_speaks_to_the_editor(model):
    silent = [
        f"{section.key}.{name}"
        for section in sections_of(model)
        for name in section.fields
        if name not in ("file", "captions") and not form_field((section.model or model)._meta.get_field(name)).help_text
    ]
    assert silent == []


def test_a_text_screen_says_how_to_write_and_one_without_markdown_does_not(desk):
    version = make_draft()
    words = escape("How to write headings, lists and links")
    assert words in desk.get(admin_url(version, "section", "aim")).content.decode()
    assert words not in desk.get(admin_url(version, "section", "sources")).content.decode()
