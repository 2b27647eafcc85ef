"""The site's stylesheet as paper gets it, for a preview of paper on a screen: one source, so that both stay alike."""

import re
from functools import cache

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage

NAME = "css/site.css"
# What a printer leaves around the words by itself.
MARGIN = "body { margin: 12mm; }\n"
MEDIA = re.compile(r"@media\s+([^{]+)\{")


@cache
def print_styles():
    """Return the stylesheet with what is for print alone let in, and what is for a screen or its width left out."""
    return for_paper(_source()) + MARGIN


def for_paper(css):
    """Return a stylesheet as a printer reads it: rules for print stand at their place, those for screens are gone."""
    parts, place = [], 0
    while match := MEDIA.search(css, place):
        end = _end_of_block(css, match.end())
        parts.append(css[place : match.start()])
        if match[1].strip() == "print":
            parts.append(css[match.end() : end - 1])
        place = end
    return "".join([*parts, css[place:]])


def _end_of_block(css, place):
    depth = 1
    while depth:
        depth += {"{": 1, "}": -1}.get(css[place], 0)
        place += 1
    return place


def _source():
    path = finders.find(NAME) or staticfiles_storage.path(NAME)
    with open(path, encoding="utf-8") as file:
        return file.read()
