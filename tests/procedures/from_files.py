"""Content files for tests: a small page, a folder around it, and one brought in as the demonstration is."""

from procedures.content_files import import_pages, read_page

PAGE = """
kind = "procedure"
key = "balloon"
language = "en"
slug = "balloon"
reviewed_by = "dr-a"
reviewed_on = 2026-09-14
next_review_due = 2027-09-14

[names]
plain = "Balloon repair"

[text]
summary = "A balloon lifts the bone."
aim = '''
It eases **pain**.
'''
who_may_benefit = "You."
who_should_not = "Nobody."
other_choices = "Rest."

[[sources]]
key = "a"
title = "A patient page"

[[figures]]
fact_key = "duration"
label = "How long it takes"
low = 45
high = 60
unit = "minutes"
sources = ["a"]

[[steps]]
label = "You lie down"
text = "You lie face down."

[[milestones]]
kind = "allowed"
from_day = 0
text = "Walk a little."
sources = ["a"]

[[warning_signs]]
key = "fever"
text = "You have a fever."
urgency = "ask"

[[risks]]
key = "sore"
name = "Soreness"
"""
CONTENT = """
format = 1

[[procedures]]
key = "balloon"
"""


def page_text(*replaced, more=""):
    """Return the text of a page's file, with some of it replaced."""
    text = PAGE
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    return text + more


def write_folder(root, *replaced, content=CONTENT, more="", name="procedures/balloon.en.toml"):
    """Write a folder of one page, or one more page into it; return the folder."""
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / "content.toml").write_text(content, encoding="utf-8")
    (root / name).write_text(page_text(*replaced, more=more), encoding="utf-8")
    return root


def import_page(path, *, by):
    """Bring in one file and publish it; return the published version, or None when there is nothing to do."""
    return import_pages([read_page(path)], by=by, is_published=True)[0].version
