"""The step drawings that are shipped with the site: what each shows in words, and which of them make a film.

The drawings lie in `static/img/steps/`, one SVG file a key; `drawings.toml` beside them holds the words and the films.
"""

import tomllib
from base64 import b64encode
from functools import cache
from pathlib import Path

from django.conf import settings
from django.templatetags.static import static

FOLDER = Path(settings.BASE_DIR) / "static" / "img" / "steps"
WIDTH, HEIGHT = 480, 320


@cache
def _registry():
    return tomllib.loads((FOLDER / "drawings.toml").read_text(encoding="utf-8"))


def names():
    """Return the key of every drawing."""
    return tuple(_registry()["drawings"])


def choices():
    """Return every drawing as (key, what it shows), for those who choose one."""
    return [(key, f"{key}: {alternative_text(key, 'en')}") for key in names()]


def alternative_text(key, language):
    """Return what a drawing shows, in a language (in English where it has no words in that one)."""
    words = _registry()["drawings"][key]["alt"]
    return words.get(language) or words["en"]


def image(key, words):
    """Return a drawing as the templates show it, {url, alt, width, height}; None when it is not shipped any more."""
    if key not in names():
        return None
    return {"url": static(f"img/steps/{key}.svg"), "alt": words, "width": WIDTH, "height": HEIGHT}


def data_url(key):
    """Return a drawing as a data URL, for a document that holds all it needs."""
    return f"data:image/svg+xml;base64,{b64encode((FOLDER / f'{key}.svg').read_bytes()).decode()}"


def film(key, shown):
    """Return the addresses of the frames of a procedure's film, in order.

    None where it has no film, or a frame of it is not among the drawings `shown` with the steps: a film never tells
    anything that the steps do not.
    """
    frames = _registry()["films"].get(key, ())
    if not frames or not set(frames) <= set(shown):
        return None
    return [static(f"img/steps/{frame}.svg") for frame in frames]
