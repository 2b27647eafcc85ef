"""What the papers claim is proved: each test that they name is there, and each promise names one."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAPERS = sorted([ROOT / "SECURITY.md", *ROOT.glob("docs/**/*.md")])
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
HAZARDS = ROOT / "docs" / "reference" / "hazards.md"


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
