"""The register of what `load_demo` fills in: each room adds its own loader when the site starts, lowest room first."""

from collections.abc import Callable
from dataclasses import dataclass

_loaders = []


@dataclass(frozen=True)
class Loader:
    """One room's part of the demonstration: `load(count)` returns a sentence that says what it did."""

    name: str
    load: Callable


def register(name, load):
    """Add a loader: a function of the number of made-up requests wanted, which may be run again without harm."""
    if name not in {loader.name for loader in _loaders}:
        _loaders.append(Loader(name, load))


def loaders():
    """Return the loaders in order of registration."""
    return list(_loaders)
