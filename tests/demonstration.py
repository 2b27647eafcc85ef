"""The demonstration, as `load_demo` brings it in; loading it takes seconds, so it is remembered."""

from clinic.demo import loaders
from tests.remembered import remembered


@remembered
def load_pages():
    """Load the clinic and its published pages."""
    _load("clinic", "pages")


@remembered
def load_all_but_requests():
    """Load everything that patients read, and the staff."""
    _load(*(loader.name for loader in loaders() if loader.name != "requests"))


def _load(*names):
    for loader in loaders():
        if loader.name in names:
            loader.load(0)
