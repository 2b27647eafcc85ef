"""`make markup`: are the pages valid HTML, our style sheets and drawings valid, and what machines are told schema.org?

Two checkers judge, and neither is ours: the W3C's Nu HTML checker (in Java), and TypeScript with the vocabulary of
schema.org as types (in Node). `package.json` beside this file names them, the lock pins them; they are installed under
var/ and then run offline. The pages come from the demonstration on a database made for this run alone.
"""

import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path
from urllib.parse import unquote, urlsplit

import django
from django.core.management import call_command
from django.test import override_settings
from django.test.utils import setup_test_environment, teardown_test_environment

JAVA, NODE = 17, 18
HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TOOLS = ROOT / "var" / "markup"
LISTS = ("package.json", "package-lock.json")
STRUCTURED = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)

# What the checkers say and we do not heed: a pattern of the message, the pages it may come from, and why.
NOT_HEEDED = (
    (
        "appears to be written in English",
        "/es/styleguide/",
        "the gallery of components, for staff, shows them with made-up words in English",
    ),
)

# A checker that finds no fault with these is not working.
BROKEN = {
    "broken.html": '<!doctype html><html lang="en"><title>Broken</title><p><table><p></table></p>',
    "broken.css": "p { colour: red; }",
    "broken.svg": '<svg xmlns="http://www.w3.org/2000/svg"><sphere/></svg>',
}
BROKEN_NODE = {"@type": "MedicalProcedure", "howLongItTakes": "an hour"}


# The tools


def missing_tools():
    """Return the one sentence that says what has to be installed first, or ""."""
    missing = [
        name
        for name, least, command in (("Java", JAVA, ["java", "-version"]), ("Node", NODE, ["node", "--version"]))
        if _version(command) < least
    ]
    if shutil.which("npm") is None:
        missing.append("npm")
    if not missing:
        return ""
    return f"make markup needs Java {JAVA} or newer, and Node {NODE} or newer with npm. Missing: {', '.join(missing)}."


def _version(command):
    """Return the first number of a program's version, 0 where there is no such program."""
    if shutil.which(command[0]) is None:
        return 0
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    number = re.search(r"\d+", said.stdout + said.stderr)
    return int(number.group()) if number else 0


def install():
    """Install the checkers under var/, unless these very ones are there already."""
    wanted = "".join((HERE / name).read_text() for name in LISTS)
    stamp = TOOLS / "installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    TOOLS.mkdir(parents=True, exist_ok=True)
    for name in LISTS:
        shutil.copy(HERE / name, TOOLS)
    print("Installing the checkers under var/markup/ ...", flush=True)
    # No script of a package is run: all that is needed lies in the packages as they come.
    quietly = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(["npm", "ci", *quietly], cwd=TOOLS, check=True)
    stamp.write_text(wanted)


# The pages


def save_pages(folder):
    """Save each page into `folder` and return {its path: which page it is}, from a database of this run alone."""
    os.environ.pop("DATABASE_URL", None)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    # Only now is there a site whose models can be imported.
    from tests.markup.pages import pages
    from tests.settings import SCRATCH

    # Pages that say what went wrong are asked for on purpose.
    logging.getLogger("django.request").setLevel(logging.CRITICAL)
    setup_test_environment()
    saved = {}
    try:
        with override_settings(DEMO=True):
            call_command("migrate", verbosity=0)
            call_command("load_demo", stdout=StringIO())
            for number, (name, html) in enumerate(pages(), start=1):
                path = folder / f"{number:03}.html"
                path.write_text(html, encoding="utf-8")
                saved[path] = name
    finally:
        teardown_test_environment()
        shutil.rmtree(SCRATCH, ignore_errors=True)
    return saved


# The checks


def check_files(paths):
    """Return what the W3C's checker says of HTML, CSS and SVG files: a list of (path, "line N: kind: message")."""
    jar = TOOLS / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
    options = ["--also-check-css", "--also-check-svg", "--format", "json", "--stdout", "--exit-zero-always"]
    run = subprocess.run(["java", "-jar", jar, *options, *paths], capture_output=True, text=True, check=True)
    return [
        (
            Path(unquote(urlsplit(said["url"]).path)),
            f"line {said.get('lastLine', '?')}: {said.get('subType', said['type'])}: {said['message']}",
        )
        for said in json.loads(run.stdout)["messages"]
    ]


def check_graphs(graphs):
    """Return what TypeScript says of texts of JSON-LD against the types of schema.org: a list of (index, message).

    Each stands in a line of its own of one module: JSON is TypeScript too.
    """
    module = TOOLS / "graphs.ts"
    lines = [f"export const graph{number}: Graph = {graph};" for number, graph in enumerate(graphs)]
    module.write_text("\n".join(['import type { Graph } from "schema-dts";', *lines]), encoding="utf-8")
    compiler = TOOLS / "node_modules" / "typescript" / "bin" / "tsc"
    options = ["--noEmit", "--strict", "--pretty", "false", "--module", "esnext", "--moduleResolution", "bundler"]
    run = subprocess.run(
        ["node", compiler, *options, module.name], cwd=TOOLS, capture_output=True, text=True, check=False
    )
    said = re.split(r"^graphs\.ts\((\d+),\d+\): ", run.stdout, flags=re.MULTILINE)
    if said[0].strip() or (run.returncode and len(said) == 1):
        raise SystemExit(f"TypeScript could not check: {run.stdout}{run.stderr}")
    return [(int(line) - 2, message.strip()) for line, message in zip(said[1::2], said[2::2], strict=True)]


def reason_not_to_heed(name, message):
    """Return why a message about a page is passed over, or ""."""
    return next((why for pattern, page, why in NOT_HEEDED if pattern in message and name == page), "")


def check(folder):
    """Check everything, with `folder` to work in; return the problems, and a sentence that says what was checked."""
    saved = save_pages(folder)
    for name, text in BROKEN.items():
        (folder / name).write_text(text, encoding="utf-8")
    broken = {folder / name for name in BROKEN}
    ours = sorted(path for path in (ROOT / "static").rglob("*") if path.suffix in (".css", ".svg"))
    names = saved | {path: str(path.relative_to(ROOT)) for path in ours}
    said = check_files([*names, *broken])
    if not broken <= {path for path, _message in said}:
        raise SystemExit(
            "The HTML checker finds no fault with a broken page, style sheet or drawing: it proves nothing."
        )
    problems = [f"{names[path]}, {message}" for path, message in said if path not in broken]

    told = [
        (name, graph) for path, name in saved.items() for graph in STRUCTURED.findall(path.read_text(encoding="utf-8"))
    ]
    canary = json.dumps({"@context": "https://schema.org", "@graph": [BROKEN_NODE]})
    wrong = check_graphs([*(graph for _name, graph in told), canary])
    if len(told) not in {index for index, _message in wrong}:
        raise SystemExit("The types of schema.org take a property that they do not have: they prove nothing.")
    problems += [f"{told[index][0]}, structured data: {message}" for index, message in wrong if index < len(told)]
    checked = f"{len(saved)} pages, {len(ours)} style sheets and drawings, {len(told)} blocks of structured data"
    return problems, checked


def main():
    """Run the checks and say what they found; return the exit code, or the sentence that says why they cannot run."""
    if sentence := missing_tools():
        return sentence
    install()
    with tempfile.TemporaryDirectory(prefix="clinic-markup-") as folder:
        problems, checked = check(Path(folder).resolve())
    to_mend = [problem for problem in problems if not reason_not_to_heed(*problem.split(", ", 1))]
    for problem in to_mend:
        print(problem)
    print(f"Checked: {checked}. To mend: {len(to_mend)}. Passed over: {len(problems) - len(to_mend)}.")
    for problem in sorted(set(problems) - set(to_mend)):
        print(f"Passed over: {problem} Since {reason_not_to_heed(*problem.split(', ', 1))}.")
    return 1 if to_mend else 0


if __name__ == "__main__":
    sys.exit(main())
