"""Looks for what could make a patient's or an editor's words active in a page; run as `python -m tests.safety_lint`.

Each rule is a pattern and why it is dangerous. A use that is safe after all stands in ALLOWED with the reason, and with
the test that would fail if the reason no longer held; a use that is gone may not stay there.
"""

import ast
import re
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("audit", "clinic", "outbox", "accounts", "procedures", "appointments")
COMMENT = re.compile(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", re.DOTALL)


class Rule(NamedTuple):
    """What is looked for, in files of which kinds (endings), and why."""

    pattern: re.Pattern
    kinds: tuple
    why: str


def _rule(pattern, kinds, why):
    return Rule(re.compile(pattern, re.IGNORECASE | re.DOTALL), kinds, why)


PAGES, CODE, SCRIPTS = (".html", ".txt", ".xml", ".svg"), (".py",), (".js", ".html", ".svg")

RULES = {
    "safe filter": _rule(r"\|\s*safe(seq)?\b", PAGES, "puts a value into the page as it is"),
    "autoescape off": _rule(r"\{%-?\s*autoescape\s+off", PAGES, "puts every value into the page as it is"),
    "mark_safe": _rule(
        r"\b(mark_safe|SafeString|SafeText|SafeData)\s*\(", CODE, "calls a text HTML that nobody escaped"
    ),
    "is_safe": _rule(r"\bis_safe\s*=\s*True|\bautoescape\s*=\s*False", CODE, "lets a filter answer HTML unescaped"),
    "format_html": Rule(None, CODE, "its pattern is not written out here, and nobody escapes a pattern"),
    "__html__": _rule(r"def __html__\b", CODE, "calls itself HTML"),
    "style attribute": _rule(r"<[a-z][^<>{}]*\sstyle\s*=", PAGES, "the content policy refuses it"),
    "style element": _rule(r"<style\b", PAGES, "the content policy refuses it"),
    "inline script": _rule(r"<script\b(?![^>]*\bsrc=)", PAGES, "the content policy refuses it"),
    "event attribute": _rule(r"<[a-z][^<>]*\son[a-z]+\s*=\s*[\"'{]", PAGES, "the content policy refuses it"),
    "script address": _rule(r"=\s*[\"']?\s*(javascript|vbscript|data:text/html):?", PAGES, "an address that runs"),
    "unquoted value": _rule(r"<[a-z][^<>]*\s[a-z-]+=\{\{", PAGES, "a blank in the value begins an attribute"),
    "new window": _rule(
        r"<a\b(?=[^>]*target\s*=\s*[\"']?_blank)(?![^>]*\brel\s*=\s*[\"'][^\"']*noopener)[^>]*>",
        PAGES,
        "the other page can steer this one",
    ),
    "another site": _rule(
        r"<(?:script|link|img|iframe|source|video|audio|object|embed|form)\b[^>]*"
        r"\b(?:src|href|action|data)\s*=\s*[\"'](?:https?:)?//",
        PAGES,
        "another site would learn who reads, and could change the page",
    ),
    "plain http": _rule(r"(?:href|src|action)\s*=\s*[\"']http://", PAGES, "anybody on the way can read and change it"),
    "script sink": _rule(
        r"\b(?:inner|outer)HTML\b|\binsertAdjacentHTML\b|\bdocument\.write|\beval\s*\(|\bnew\s+Function\b"
        r"|\bset(?:Timeout|Interval)\s*\(\s*[\"']",
        SCRIPTS,
        "turns a text into HTML or code",
    ),
    "csrf_exempt": _rule(r"@(?:\w+\.)*csrf_exempt\b|method_decorator\(csrf_exempt", CODE, "takes a form of any site"),
    "raw SQL": _rule(r"\.(?:raw|extra)\(|RawSQL\(", CODE, "a value in the text of a query is part of it"),
}


class Allowed(NamedTuple):
    """How often a rule is broken in a file, why that is safe, and the test that would fail if it were not."""

    times: int
    why: str
    test: str


TAKES_AGAIN = "shows what was typed again after a failed check and changes nothing"
EVERY_FORGERY = "tests/test_forged_forms.py::test_no_address_takes_a_form_of_another_site"
ALLOWED = {
    ("safe filter", "templates/_components/prose.html"): Allowed(
        1,
        "what editors wrote, cleaned by clinic/markdown.py and frozen so",
        "tests/procedures/test_hostile_words.py",
    ),
    ("mark_safe", "clinic/markdown.py"): Allowed(
        1, "cleaned against an allow-list of elements in the line before", "tests/procedures/test_hostile_words.py"
    ),
    ("mark_safe", "procedures/structured_data.py"): Allowed(
        1, "JSON in which each sign that HTML knows is escaped", "tests/procedures/test_structured_data.py"
    ),
    ("mark_safe", "appointments/admin/queue/rows.py"): Allowed(
        1, "a constant between values that are escaped", "tests/appointments/test_queue.py"
    ),
    ("format_html", "appointments/admin/queue/rows.py"): Allowed(
        2, "a pattern of braces alone, one a value; a glue that is a constant", "tests/appointments/test_queue.py"
    ),
    ("__html__", "clinic/translated.py"): Allowed(1, "refuses to be taken for HTML", "tests/clinic/test_translated.py"),
    ("style element", "templates/appointments/messages/message.html"): Allowed(
        1, "an e-mail, which no page of this site shows; it holds no value", "tests/appointments/test_messages.py"
    ),
    ("inline script", "templates/base.html"): Allowed(
        1, "data for search engines, which no browser runs", "tests/procedures/test_structured_data.py"
    ),
    ("csrf_exempt", "appointments/admin/__init__.py"): Allowed(1, TAKES_AGAIN, EVERY_FORGERY),
    ("csrf_exempt", "appointments/admin/doors.py"): Allowed(1, TAKES_AGAIN, EVERY_FORGERY),
    ("csrf_exempt", "procedures/admin/comments.py"): Allowed(2, TAKES_AGAIN, EVERY_FORGERY),
    ("csrf_exempt", "procedures/admin/invitations.py"): Allowed(1, TAKES_AGAIN, EVERY_FORGERY),
    ("csrf_exempt", "procedures/admin/versions.py"): Allowed(2, TAKES_AGAIN, EVERY_FORGERY),
}


def files(root=ROOT):
    """Return the files that are looked at: the rooms' code, and everything that becomes a page."""
    found = [path for room in ROOMS for path in (root / room).rglob("*.py") if "migrations" not in path.parts]
    return sorted(found + [path for name in ("templates", "static") for path in (root / name).rglob("*.*")])


def findings(text, ending):
    """Yield (rule, line) of each dangerous place in a file's text."""
    # Comments keep their lines, so that the number of a line stays right.
    text = COMMENT.sub(lambda found: "\n" * found.group().count("\n"), text)
    for name, rule in RULES.items():
        if rule.pattern and ending in rule.kinds:
            for found in rule.pattern.finditer(text):
                yield name, text.count("\n", 0, found.start()) + 1
    if ending in CODE:
        yield from (("format_html", line) for line in _patterns_not_written_out(text))


def _patterns_not_written_out(code):
    """Yield the line of each call of format_html whose pattern (of format_html_join, whose glue too) is no constant."""
    for node in ast.walk(ast.parse(code)):
        name = getattr(node, "func", None) and (getattr(node.func, "id", "") or getattr(node.func, "attr", ""))
        if name in ("format_html", "format_html_join"):
            fixed = node.args[: 2 if name.endswith("join") else 1]
            if not fixed or not all(_is_constant(each) for each in fixed):
                yield node.lineno


def _is_constant(node):
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "mark_safe":
        node = node.args[0]
    return isinstance(node, ast.Constant)


def complaints(root=ROOT, allowed=ALLOWED):
    """Return a sentence for each place that is not allowed, and for each permission that nothing uses."""
    told, left = [], {key: each.times for key, each in allowed.items()}
    for path in files(root):
        if path.suffix not in {*PAGES, *CODE, *SCRIPTS}:
            continue
        where = path.relative_to(root).as_posix()
        for rule, line in findings(path.read_text(encoding="utf-8"), path.suffix):
            left[rule, where] = left.get((rule, where), 0) - 1
            if left[rule, where] < 0:
                told.append(f"{where}:{line}: {rule}: {RULES[rule].why}")
    told += [
        f"{where}: {rule}: allowed more often than it is used" for (rule, where), times in left.items() if times > 0
    ]
    for (rule, where), each in allowed.items():
        if not (root / each.test.partition("::")[0]).is_file():
            told.append(f"{where}: {rule}: {each.test} is not there")
    return told


if __name__ == "__main__":
    wrong = complaints()
    sys.stderr.write("".join(f"{each}\n" for each in wrong))
    sys.exit(bool(wrong))
