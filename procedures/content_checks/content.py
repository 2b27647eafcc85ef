"""What the checks look at: a version read once, its words as passages that know the field they stand in."""

from dataclasses import dataclass
from functools import cached_property

from django.utils.text import Truncator

from procedures import reading_level
from procedures.reading_level import Block
from procedures.sections import sections_of

# The words of each section that patients read, names first; what is left out are keys, numbers, files and choices.
WORDS = {
    "figures": ("label", "note"),
    "preparation": ("when", "text"),
    "steps": ("label", "text"),
    "milestones": ("text", "until"),
    "warning_signs": ("text", "action"),
    "risks": ("name", "text", "how_often"),
    "questions": ("question", "answer"),
    "media": ("alternative_text", "caption", "transcript"),
    "documents": ("title",),
}
# Fields of rows that take Markdown; those of a version are its `markdown_fields`.
MARKDOWN = ("answer", "transcript")
NAMES = ("plain_name", "medical_name", "summary")


@dataclass(frozen=True)
class Finding:
    """One thing to look at: the key of its section, the sentence, and the id of its field on the section's screen."""

    section: str
    sentence: str
    place: str = ""
    is_error: bool = True

    def __str__(self):
        return self.sentence


@dataclass(frozen=True)
class Passage:
    """The words of one field. `row` is the row's number from 0, None for a field of the version itself."""

    section: str
    field: str
    text: str
    row: int | None = None
    is_markdown: bool = False

    @property
    def place(self):
        """The id of the field on its section's screen."""
        return place_of(self.field, self.row)

    @cached_property
    def blocks(self):
        """What readers see of it, paragraph by paragraph."""
        return reading_level.blocks_of(self.text) if self.is_markdown else [Block(self.text)]

    @cached_property
    def sentences(self):
        """Its sentences."""
        return reading_level.sentences(self.blocks)

    def finding(self, sentence, *, is_error=True):
        """Return a finding about these words."""
        return Finding(self.section, sentence, self.place, is_error)


class Content:
    """A version as the checks read it: its rows and its passages, by section."""

    def __init__(self, version):
        self.version, self.language = version, version.page.language
        with_rows = [section for section in sections_of(version) if section.model]
        self.rows = {section.key: list(section.rows_of(version)) for section in with_rows}

    @cached_property
    def passages(self):
        """Every passage that has words, in the order of the desk."""
        return [passage for passage in self._passages() if passage.text.strip()]

    def _passages(self):
        for section in sections_of(self.version):
            if section.model is None:
                for field in section.fields:
                    if field in (*NAMES, *self.version.markdown_fields):
                        is_markdown = field in self.version.markdown_fields
                        yield Passage(section.key, field, getattr(self.version, field), is_markdown=is_markdown)
            for number, row in enumerate(self.rows.get(section.key, ())):
                for field in WORDS.get(section.key, ()):
                    yield Passage(section.key, field, getattr(row, field), number, field in MARKDOWN)


def place_of(field, row=None):
    """Return the id of a field on its section's screen: of a row's entry where no field is named."""
    if row is None:
        return f"id_{field}" if field else ""
    return f"id_rows-{row}-{field}" if field else f"entry-{row}"


def excerpt(text, words=8):
    """Return the beginning of a text, on one line."""
    return Truncator(" ".join(text[:400].split())).words(words, truncate="…")
