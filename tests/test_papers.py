"""What the papers claim is proved: each test that they name is there, and each promise names one."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from clinic.personal_data import our_models

ROOT = Path(__file__).resolve().parent.parent
PAPERS = sorted([ROOT / "SECURITY.md", *ROOT.glob("docs/**/*.md")])
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
HAZARDS = ROOT / "docs" / "reference" / "hazards.md"
DATA = ROOT / "docs" / "reference" / "data.md"
ANSWERS = ROOT / "docs" / "reference" / "asvs.md"

# How many requirements of levels 1 and 2 each section of ASVS 5.0 has; they are numbered from 1 without a gap.
SECTIONS = """
1.1:2 1.2:9 1.3:11 1.4:3 1.5:2 2.1:3 2.2:3 2.3:4 2.4:1 3.2:2 3.3:4 3.4:6 3.5:5 3.7:2 4.1:3 4.2:1 4.3:2 4.4:4
5.1:1 5.2:3 5.3:2 5.4:3 6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4 7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2 8.1:2
8.2:3 8.3:1 8.4:1 9.1:3 9.2:4 10.1:2 10.2:2 10.3:4 10.4:11 10.5:5 10.6:2 10.7:3 11.1:2 11.2:3 11.3:3 11.4:4
11.5:1 11.6:1 12.1:3 12.2:2 12.3:4 13.1:1 13.2:5 13.3:2 13.4:5 14.1:2 14.2:4 14.3:3 15.1:3 15.2:3 15.3:7 16.1:1
16.2:5 16.3:4 16.4:3 16.5:3 17.1:1 17.2:4 17.3:2
"""


@cache
def functions_of(path):
    """Return the names of the tests in one file."""
    return {node.name for node in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(node, ast.FunctionDef)}


def named_in(paper):
    """Return the (file, test) pairs that a paper names; the test is "" where it names a whole file."""
    return NAMED.findall(paper.read_text())


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_every_test_that_a_paper_names_is_there(paper):
    missing = [
        (path, test)
        for path, test in named_in(paper)
        if not (ROOT / path).is_file() or (test and test not in functions_of(path))
    ]
    assert missing == []


def rows_of(paper, numbered):
    """Return the cells of each row of the paper's tables whose first cell matches `numbered`."""
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in paper.read_text().splitlines()]
    return [row for row in rows if re.fullmatch(numbered, row[0])]


def test_every_hazard_has_a_number_of_its_own_a_cause_a_harm_a_control_and_a_proof():
    hazards = rows_of(HAZARDS, r"\|? ?H\d+")
    assert [row[0].strip("| ") for row in hazards] == [f"H{number}" for number in range(1, len(hazards) + 1)]
    assert len(hazards) >= 30
    for row in hazards:
        assert len(row) == 6, row
        assert all(row), row
        assert NAMED.search(row[5]), row


# The answers to ASVS


def asked():
    """Return the number of each requirement of levels 1 and 2."""
    sections = [each.split(":") for each in SECTIONS.split()]
    return [f"{section}.{number}" for section, many in sections for number in range(1, int(many) + 1)]


def answers():
    """Return the rows that answer a requirement: number, what it asks for, answer, how, proof."""
    return [[cell.strip("| ") for cell in row] for row in rows_of(ANSWERS, r"\|? ?\d+\.\d+\.\d+") if len(row) == 5]


def is_there(proof):
    """Say whether something that a row names as its proof exists: a test, a page, a make target, a file."""
    if link := re.fullmatch(r"\[[^\]]+\]\(([^)#]+)(?:#[\w-]+)?\)", proof):
        return (ANSWERS.parent / link[1]).is_file()
    if target := re.fullmatch(r"`make ([\w-]+)`", proof):
        return f"\n{target[1]}:" in (ROOT / "Makefile").read_text()
    if test := NAMED.fullmatch(proof):
        return bool(test[2]) and (ROOT / test[1]).is_file() and test[2] in functions_of(test[1])
    return (ROOT / proof.strip("`")).is_file()


def test_every_requirement_of_asvs_levels_1_and_2_has_exactly_one_row():
    assert len(asked()) == 253
    assert [row[0] for row in answers()] == asked()


def test_each_answer_says_how_and_each_yes_names_what_shows_it():
    for number, asks, answer, how, proof in answers():
        assert answer in {"yes", "in part", "no", "the clinic", "does not apply"}, number
        assert asks, number
        assert how, number
        proofs = [] if proof == "—" else proof.split(", ")
        assert all(map(is_there, proofs)), (number, [each for each in proofs if not is_there(each)])
        assert proofs or answer in {"the clinic", "does not apply"}, number
        assert answer != "the clinic" or "](" in how, f"{number} says nowhere what the clinic does"


def test_the_summary_counts_the_answers_and_what_is_missing_is_listed():
    given = [row[2] for row in answers()]
    told = {row[0].strip("| "): row[2] for row in rows_of(ANSWERS, r"\|? ?(yes|in part|no|the clinic|does not apply)")}
    assert {answer: int(many.strip("| ")) for answer, many in told.items()} == {a: given.count(a) for a in set(given)}
    listed = re.findall(r"\d+\.\d+\.\d+", "\n".join(row[0] for row in rows_of(ANSWERS, r"[| \d.,]+") if len(row) == 4))
    assert listed == [row[0] for row in answers() if row[2] in {"no", "in part"}]


def test_every_anchor_that_a_page_leads_to_is_a_heading_there():
    lost = []
    for paper in PAPERS:
        for path, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([\w-]+))?\)", paper.read_text()):
            target = (paper.parent / path).resolve() if path else paper
            headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE) if target.suffix == ".md" else []
            slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            if not target.exists() or (anchor and anchor not in slugs):
                lost.append((paper.name, path, anchor))
    assert lost == []


# The paper about data


def test_every_model_that_holds_a_person_stands_in_the_paper_about_data():
    declared = {model._meta.label for model in our_models() if model.personal_data}
    named = re.findall(r"`([a-z]+\.[A-Z]\w+)`", DATA.read_text())
    assert sorted(named) == sorted(declared)
