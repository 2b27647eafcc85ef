"""What no page may tell patients: tried by the functions, past the review, from the desk and from a file.

A figure without its unit or its source, a risk on the wrong scale, an image of which nobody decided what it says to
those who cannot see it, and figures that differ from one language to the other.
"""

import pytest
from django.db import IntegrityError, transaction

from clinic.models import Clinician
from procedures import publishing
from procedures.content_files import BrokenFile
from procedures.models import ProcedurePage, ProcedureVersion, State
from procedures.sections import section_named
from tests.clinic.uploads import png
from tests.matrices import first
from tests.procedures.desk import opened, press, signed_in
from tests.procedures.factories import (
    COMMAND,
    NEEDED,
    figure,
    make_clinician,
    make_draft,
    make_file,
    make_page,
    make_procedure,
    make_published,
    make_signed_off,
    save,
)
from tests.procedures.from_files import import_page

pytestmark = pytest.mark.django_db

RISK = {"key": "leak", "name": "Leak", "fact_key": "leak", "low": 3, "unit": "per-100", "sources": ["a"]}
GOOD = {"figures": figure(), "risks": RISK}
PICTURE = {"alternative_text": "A spine."}
NO_SOURCE = {"sources": []}

# Section, what is wrong in its row, and words of the refusal on the desk, wherever it comes.
WRONG_FACTS = {
    "a figure without its unit": ("figures", {"unit": ""}, "its fact key and its unit"),
    "a figure without a number": ("figures", {"low": None, "high": None}, "its number, its unit and its fact key"),
    "a figure without a source": ("figures", NO_SOURCE, "name at least 1 source"),
    "a risk's figure without its unit": ("risks", {"unit": ""}, "its fact key and its unit"),
    "a risk's figure without a source": ("risks", NO_SOURCE, "name at least 1 source"),
    "a rare risk among the common": ("risks", {"low": "0.2"}, "is rarer than 1 in 100 people"),
    "a common risk among the rare": ("risks", {"low": 30, "unit": "per-1000"}, "happens to 1 in 100 people or more"),
    "a risk that is counted in minutes": ("risks", {"unit": "minutes"}, "in how many of 100 or of 1,000 people"),
    "a risk of more people than there are": ("risks", {"low": 130}, "more people than there are"),
}
WRONG_PICTURES = {
    "a picture without words that nobody called decorative": {"alternative_text": "", "is_decorative": False},
    "a decorative picture with words": {"alternative_text": "A spine.", "is_decorative": True},
}
wrong_facts = pytest.mark.parametrize(("key", "wrong", "sentence"), WRONG_FACTS.values(), ids=WRONG_FACTS)
# Publishing is tried with each by its function; that its button comes to the same is tried with a figure and a risk.
BY_BUTTON_TOO = ("a figure without a source", "a rare risk among the common")
some_wrong_facts = pytest.mark.parametrize(
    ("key", "wrong", "sentence"),
    [
        case
        if name in ("a figure without a source", "a rare risk among the common")
        else pytest.param(*case, marks=pytest.mark.wide)
        for name, case in WRONG_FACTS.items()
    ],
    ids=WRONG_FACTS,
)
wrong_pictures = pytest.mark.parametrize("wrong", WRONG_PICTURES.values(), ids=WRONG_PICTURES)


def nothing_is_published():
    return not ProcedurePage.objects.published().exists() and not ProcedureVersion.objects.published().exists()


# By the functions


def refusal_of(attempt, *args):
    """Return why an attempt is refused, or "" where the database takes no such row."""
    with pytest.raises((publishing.Refused, IntegrityError)) as refused, transaction.atomic():
        attempt(*args)
    return str(getattr(refused.value, "reason", ""))


def send_for_review(draft, key, row):
    publishing.send_for_review(version=save(draft, key, [row]), by=COMMAND)


def slip_in_and_publish(version, key, wrong):
    getattr(version, section_named(version, key).rows).update(**wrong)
    publishing.publish(versions=[version], by=COMMAND)


@wrong_facts
def test_a_wrong_fact_does_not_reach_the_reviewers(key, wrong, sentence):
    draft = make_draft()
    reason = refusal_of(send_for_review, draft, key, GOOD[key] | wrong)
    assert not reason or sentence in reason
    draft.refresh_from_db()
    assert draft.state == State.DRAFT


@wrong_facts
def test_a_wrong_fact_that_slipped_in_after_the_sign_off_is_not_published(key, wrong, sentence):
    reason = refusal_of(slip_in_and_publish, make_signed_off(sections={key: [GOOD[key]]}), key, wrong)
    assert not reason or sentence in reason
    assert nothing_is_published()


@wrong_pictures
def test_a_picture_without_a_decision_cannot_even_be_stored(wrong):
    draft = make_draft()
    with pytest.raises(IntegrityError), transaction.atomic():
        save(draft, "media", [{"file": make_file()} | wrong])
    signed = make_signed_off(sections={"media": [{"file": make_file()} | PICTURE]})
    with pytest.raises(IntegrityError), transaction.atomic():
        signed.mediaitems.update(**wrong)


# From the desk


def typed_into(fields, number, values):
    """Return what a form posts once these values were typed into a row; a box without its tick is not sent."""
    typed = {f"rows-{number}-{name}": [_typed(value)] for name, value in values.items() if value is not False}
    return fields | typed


def _typed(value):
    if isinstance(value, list):
        return ", ".join(value)
    return {None: "", True: "on"}.get(value, str(value))


@wrong_facts
def test_a_wrong_fact_typed_on_the_desk_does_not_reach_the_reviewers(editor, key, wrong, sentence):
    desk, draft = signed_in(editor), make_draft()
    address, fields = opened(desk, draft, key)
    answer = desk.post(address, typed_into(fields, 0, GOOD[key] | wrong))
    if answer.status_code == 302:
        draft.refresh_from_db()
        answer = press(desk, draft, "send_for_review")
    assert answer.status_code in (409, 422)
    assert sentence in answer.content.decode()
    draft.refresh_from_db()
    assert draft.state == State.DRAFT


@some_wrong_facts
def test_a_wrong_fact_is_not_published_from_the_desk_either(manager, key, wrong, sentence):
    version = make_signed_off(sections={key: [GOOD[key]]})
    try:
        with transaction.atomic():
            getattr(version, section_named(version, key).rows).update(**wrong)
    except IntegrityError:
        return  # It cannot be stored at all.
    answer = press(signed_in(manager), version, "publish")
    assert answer.status_code == 409
    assert sentence in answer.content.decode()
    assert nothing_is_published()


@wrong_pictures
def test_a_picture_without_a_decision_is_not_saved_on_the_desk(editor, wrong):
    desk, draft = signed_in(editor), make_draft(sections={"media": [{"file": make_file()} | PICTURE]})
    address, fields = opened(desk, draft, "media")
    answer = desk.post(address, typed_into(fields, 0, wrong))
    assert answer.status_code == 422
    assert "Describe the picture, or mark it decorative: one of the two." in answer.content.decode()


# From a file

HEAD = """
kind = "procedure"
key = "balloon"
language = "{language}"
slug = "balloon"
reviewed_by = "dr-a"
reviewed_on = 2026-09-14
next_review_due = 2027-09-14

[names]
plain = "Balloon repair"

[text]
summary = "A balloon lifts the bone."
aim = "It eases pain."
who_may_benefit = "You."
who_should_not = "Nobody."
other_choices = "Rest."

[[sources]]
key = "a"
title = "A patient page"

[[sources]]
key = "b"
title = "Another page"
"""


NEEDED_ROWS = {key: NEEDED[ProcedureVersion][key][0] for key in ("steps", "milestones", "warning_signs", "risks")}


def write_page(folder, language="en", **rows):
    """Return the path of a page's file with these rows, {section: row}."""
    if not Clinician.objects.exists():
        make_clinician(key="dr-a")
    text = HEAD.format(language=language)
    for section, row in (NEEDED_ROWS | {"figures": figure()} | rows).items():
        text += f"\n[[{section}]]\n" + "".join(f"{name} = {_toml(value)}\n" for name, value in row.items())
    path = folder / f"balloon.{language}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _toml(value):
    return str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')


@wrong_facts
def test_a_file_with_a_wrong_fact_is_not_brought_in(tmp_path, key, wrong, sentence):
    row = {name: value for name, value in (GOOD[key] | wrong).items() if value is not None}
    if "low" in wrong and row.get("low"):
        row["low"] = float(row["low"])
    with pytest.raises(BrokenFile, match=r"^balloon\.en\.toml"):
        import_page(write_page(tmp_path, **{key: row}), by=COMMAND)
    assert not ProcedureVersion.objects.exists()


def test_a_good_file_is_brought_in(tmp_path):
    assert import_page(write_page(tmp_path, risks=RISK), by=COMMAND).state == State.PUBLISHED


@wrong_pictures
def test_a_file_with_a_picture_of_which_nobody_decided_is_not_brought_in(tmp_path, wrong):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "spine.png").write_bytes(png())
    row = {"file": "files/spine.png"} | wrong
    with pytest.raises(BrokenFile, match=r"media, row 1: Describe the picture, or mark it decorative"):
        import_page(write_page(tmp_path, media=row), by=COMMAND)
    assert not ProcedureVersion.objects.exists()


# The other language

DIFFERENT = [
    ("figures", {"low": 30}),
    ("risks", {"sources": ["a", "b"]}),
    ("figures", {"high": 90}),
    ("figures", {"unit": "hours"}),
    ("figures", {"fact_key": "stay"}),
    ("figures", {"sources": ["b"]}),
    ("risks", {"low": 4}),
]
in_each_way = pytest.mark.parametrize(("key", "change"), DIFFERENT)
SOURCES = [{"key": "a", "title": "A patient page"}, {"key": "b", "title": "Another page"}]


def facts(**changed):
    """Return the sections of a page with its facts, `changed` among them."""
    rows = {key: [row | changed.get(key, {})] for key, row in GOOD.items()}
    return {"sources": SOURCES, **rows}


@in_each_way
def test_spanish_figures_that_differ_are_not_published(manager, key, change):
    procedure = make_procedure()
    english = make_published(make_page(procedure), sections=facts())
    spanish = make_signed_off(make_page(procedure, language="es"), sections=facts(**{key: change}))
    with pytest.raises(publishing.Refused, match="These figures differ from the page in English"):
        publishing.publish(versions=[spanish], by=COMMAND)
    answer = press(signed_in(manager), spanish, "publish")
    assert answer.status_code == 409
    assert "These figures differ from the page in English" in answer.content.decode()
    assert list(ProcedureVersion.objects.published()) == [english]


def test_a_spanish_figure_that_the_english_page_does_not_have_is_not_published():
    procedure = make_procedure()
    make_published(make_page(procedure), sections=facts() | {"risks": NEEDED[ProcedureVersion]["risks"]})
    spanish = make_signed_off(make_page(procedure, language="es"), sections=facts())
    with pytest.raises(publishing.Refused, match="These figures differ"):
        publishing.publish(versions=[spanish], by=COMMAND)


# What publishing finds, files are told: one figure and one risk show that.
@pytest.mark.parametrize(("key", "change"), first(DIFFERENT, kept=2))
def test_a_spanish_file_with_figures_that_differ_is_not_brought_in(tmp_path, key, change):
    import_page(write_page(tmp_path, **GOOD), by=COMMAND)
    changed = GOOD | {key: GOOD[key] | change}
    with pytest.raises(BrokenFile, match=r"balloon\.es\.toml cannot be published: These figures differ"):
        import_page(write_page(tmp_path, "es", **changed), by=COMMAND)
    assert ProcedurePage.objects.get().language == "en"
