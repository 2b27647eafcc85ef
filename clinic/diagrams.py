"""The register of state diagrams: drawn from the tables that the code obeys, so that the pictures are never wrong.

Each room adds its own when the site starts; `state_diagrams` writes them to docs/reference/.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import override

_diagrams = []


@dataclass(frozen=True)
class Diagram:
    """One page: its file's name without ending, its heading, the sentence under it, and what gives states and arrows.

    `states()` returns {value: label}; `arrows()` returns (from, to, label) each, None standing for "not there yet".
    """

    name: str
    heading: str
    sentence: str
    states: Callable
    arrows: Callable


def register(diagram):
    """Add a diagram; one of the same name is there once."""
    if diagram.name not in {other.name for other in _diagrams}:
        _diagrams.append(diagram)


def diagrams():
    """Return the diagrams in order of registration."""
    return list(_diagrams)


def draw(diagram):
    """Return the page (Markdown with a Mermaid drawing, in English) of a diagram."""
    with override("en"):
        states = [f'    state "{label}" as {value}' for value, label in diagram.states().items()]
        arrows = [f"    {start or '[*]'} --> {end}: {label}" for start, end, label in diagram.arrows()]
        return "\n".join(
            [
                f"# {diagram.heading}",
                "",
                diagram.sentence,
                "`python manage.py state_diagrams` writes this page from the code; `make check` compares the two.",
                "",
                "```mermaid",
                "stateDiagram-v2",
                *states,
                *arrows,
                "```",
                "",
            ]
        )
