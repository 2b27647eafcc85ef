"""What an editor is told of the words: structure is an error, how they read is advice; nothing typed makes it slow."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from procedures.admin.pages import admin_url
from procedures.content_checks import advice, errors, look
from procedures.content_checks.needed import NEEDED
from procedures.content_checks.plain import terms_of
from procedures.models import ConditionVersion, ProcedureVersion
from procedures.sections import section_named
from tests.demonstration import load_pages
from tests.hostile import KINDS
from tests.procedures.desk import signed_in
from tests.procedures.factories import enough, make_draft, make_file, make_page, make_published

pytestmark = pytest.mark.django_db


def with_text(text, field="position", *, language="en", **sections):
    """Return a draft that says `text` in one of its fields."""
    return make_draft(language=language, sections={"day": {field: text}, **sections})


def said(findings):
    return [finding.sentence for finding in findings]


# Errors


@pytest.mark.parametrize("kind", [ProcedureVersion, ConditionVersion])
def test_an_empty_page_is_told_each_thing_that_it_cannot_go_without(kind):
    draft = make_draft(make_page(), sections={})
    for section, field in NEEDED[ProcedureVersion]:
        draft_section = section_named(draft, section)
        draft_section.write(draft, {field: ""} if field else [])
    assert {
        (finding.section, finding.place) for finding in errors(draft) if "names the source" not in str(finding)
    } >= {(section, f"id_{field}" if field else "") for section, field in NEEDED[ProcedureVersion]}


@pytest.mark.parametrize("text", ["#### A\n\nb\n\n#### C\n\nd", "Words alone.", "Not # a heading"])
def test_headings_in_order_are_left_alone(text):
    assert errors(with_text(text)) == []


@pytest.mark.parametrize("text", ["# A", "## A", "### A", "##### A", "A\n=", "#### A\n\n###### B"])
def test_a_heading_that_stands_too_high_or_jumps_is_an_error(text):
    found = errors(with_text(text))
    assert [finding.place for finding in found] == ["id_position"]
    assert "with ####" in found[0].sentence


def test_a_text_without_a_heading_of_its_own_begins_one_level_higher_and_an_empty_one_is_an_error():
    draft = make_draft(sections={"aim": {"aim": "### A\n\n#### B\n\n### C"}})
    assert errors(draft) == []
    assert "A heading is empty" in errors(with_text("####"))[0].sentence


@pytest.mark.parametrize("text", ["TODO", "ask XXX", "Take [...] pills", "[…]", "Lorem ipsum dolor", "How long???"])
def test_what_was_left_over_is_an_error(text):
    assert "was left over" in errors(with_text(text))[0].sentence


def test_all_is_a_word_in_spanish_and_no_note():
    assert errors(with_text("Sobre todo: TODO el peso.", language="es")) == []
    assert errors(with_text("TODO: preguntar", language="es")) != []


def test_a_picture_in_the_text_and_two_risks_of_one_name_are_errors():
    assert "Pictures and films" in errors(with_text("![spine](/a.png) x"))[0].sentence
    risks = [{"key": "a", "name": "Leak"}, {"key": "b", "name": "leak "}]
    found = errors(make_draft(sections={"risks": risks}))
    assert [(finding.place, "there twice" in finding.sentence) for finding in found] == [("id_rows-1-name", True)]


# Advice

LONG = "We will " + "slowly " * 26 + "go."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"{LONG} {LONG}", "2 sentences are longer than 25 words"),
        ("Percutaneous vertebral augmentation necessitates radiographic visualization. " * 9, "hard to read: grade"),
        ("You need it prior to the day.", "“prior to” (before)"),
        ("Both incisions heal.", "“incisions” (a cut)"),
        ("Do not DRIVE HOME alone.", "shouts"),
        ("Read more [here](/contact/).", "does not say where it leads"),
    ],
)
def test_what_is_hard_to_read_is_advice_and_stops_nothing(text, sentence):
    draft = with_text(text)
    assert errors(draft) == []
    assert any(sentence in each for each in said(advice(draft)))


@pytest.mark.parametrize(
    "text",
    [
        "The incision (a cut) is small. The incision heals.",
        "**incision:** a cut",
        "An incision is a cut.",
        "Doctors call this an incision.",
        "A cut (incision) is made.",
        "MRI and X-ray. Call 911.",
        "Kyphoplasty helps.",
    ],
)
def test_a_word_of_the_trade_may_stand_where_it_is_explained(text):
    assert advice(with_text(text)) == []


def test_the_medical_name_is_no_jargon_on_its_own_page():
    names = enough()["names"] | {"medical_name": "Incision biopsy"}
    assert advice(with_text("The biopsy takes long.", names=names)) == []
    assert advice(with_text("The biopsy takes long.")) != []


@pytest.mark.parametrize("text", ["Las incisiones sanan.", "Es percutánea.", "Son cuerpos vertebrales."])
def test_spanish_words_of_the_trade_are_found_in_number_and_gender(text):
    assert "Say it in plain words" in said(advice(with_text(text, language="es")))[0]


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_list_of_jargon_is_long_and_no_plain_words_need_plain_words(language):
    terms = terms_of(language)
    assert len(set(terms.values())) >= 60
    assert all(words.strip() and len(words) < 80 for words in terms.values())
    assert all(len(term) <= 4 for term in terms)


@pytest.mark.parametrize(
    ("words", "is_advice"),
    [("spine.png", True), ("IMG_2041", True), ("Image of a spine", True), ("A spine from the side", False)],
)
def test_words_for_a_picture_are_words(words, is_advice):
    draft = make_draft(sections={"media": [{"file": make_file(), "alternative_text": words}]})
    assert [finding.place for finding in advice(draft)] == ["id_rows-0-alternative_text"] * is_advice


def test_a_source_read_long_ago_or_on_no_day_is_read_again():
    today = timezone.localdate()
    sources = [
        {"key": "a", "title": "New", "read_on": today},
        {"key": "b", "title": "Old", "read_on": today - timedelta(days=800)},
        {"key": "c", "title": "Never"},
    ]
    found = advice(make_draft(sections={"sources": sources}))
    assert [finding.place for finding in found] == ["id_rows-1-read_on", "id_rows-2-read_on"]


# Whatever is typed


@pytest.mark.parametrize("text", [*KINDS["slow patterns"], "a" * 100_000, "[" * 30_000, "word " * 20_000, "A" * 99_999])
def test_no_text_hangs_the_checks(text):
    draft = make_draft(sections={"day": {"position": text.replace("\x00", "")}})
    assert isinstance(look(draft), list)


@pytest.mark.parametrize("unit", ["[a](/x) ", "(((( ", "A1 ", ".) ", "incision ", "# \n\n", "!! ", "TOD "])
def test_a_hundred_thousand_signs_end_in_few_findings(unit):
    draft = make_draft(sections={"day": {"position": unit * (100_000 // len(unit))}})
    assert len(look(draft)) < 10


# On the desk


def test_the_overview_tells_errors_before_advice_and_leads_to_the_field(editor):
    draft = with_text("TODO. You need it prior to the day.")
    shown = signed_in(editor).get(admin_url(draft, "change")).content.decode()
    address = f"{admin_url(draft, 'section', 'day')}#id_position"
    assert shown.count(f'href="{address}"') == 2
    assert shown.index("To mend before it goes to review: 1") < shown.index("Advice, which stops nothing: 1")


def test_a_reviewer_reads_the_findings_without_links(reviewer):
    draft = with_text("TODO")
    shown = signed_in(reviewer).get(admin_url(draft, "change")).content.decode()
    assert "“TODO” was left over" in shown
    assert "#id_position" not in shown


def test_a_section_shows_its_own_findings_and_no_others(editor):
    draft = with_text("TODO")
    client = signed_in(editor)
    assert 'href="#id_position"' in client.get(admin_url(draft, "section", "day")).content.decode()
    assert "was left over" not in client.get(admin_url(draft, "section", "aim")).content.decode()


def test_words_in_a_finding_are_never_markup(editor):
    draft = with_text("<b zqx>[x](/<i>zqx) TODO")
    for address in (admin_url(draft, "change"), admin_url(draft, "section", "day")):
        assert "<b zqx" not in signed_in(editor).get(address).content.decode()


# By the command


def run(*args):
    out, code = StringIO(), 0
    try:
        call_command("check_content", *args, stdout=out)
    except SystemExit as ended:
        code = ended.code
    return code, out.getvalue().splitlines()


def test_the_command_says_each_finding_on_a_line_and_fails_on_errors_alone():
    make_draft(make_page(slug="good"), sections={"day": {"position": "You need it prior to the day."}})
    code, lines = run()
    assert (code, lines[-1]) == (0, "Versions: 1. Errors: 0. Advice: 1.")
    assert lines[0].startswith("good (en, draft): How it is done: advice: Say it in plain words: “prior to”")
    make_draft(make_page(slug="bad"), sections={"day": {"position": "TODO\nx"}})
    code, lines = run()
    assert (code, lines[-1]) == (1, "Versions: 2. Errors: 1. Advice: 1.")


def test_the_command_looks_at_some_pages_alone():
    make_published(make_page(slug="live"))
    make_draft(make_page(slug="es-page", language="es"), sections={"day": {"position": "TODO:"}})
    assert run("--language", "en") == (0, ["Versions: 1. Errors: 0. Advice: 0."])
    assert run("es-page")[0] == 1
    with pytest.raises(CommandError, match="nowhere"):
        run("live", "nowhere")


@pytest.mark.wide
def test_the_demonstration_has_no_finding():
    load_pages()
    assert run() == (0, ["Versions: 28. Errors: 0. Advice: 0."])
