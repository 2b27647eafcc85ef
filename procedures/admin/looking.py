"""A section as patients will see it while it is being written: from what was typed, saved or not. Nothing is stored."""

from django.utils.translation import override

from clinic.context_processors import read_clinic
from procedures.anatomy import CONDITION_PARTS, PROCEDURE_PARTS, content_of, parts_with_content
from procedures.documents import freeze
from procedures.models import ProcedureVersion

# What the parts of a page call a section's rows, where that is not the section's own key.
SHOWN_AS = {
    "steps": ("steps", "film"),
    "milestones": ("restricted", "allowed", "line"),
    "risks": ("common_risks", "rare_risks", "uncounted_risks"),
}
# Only other pages give these their words.
NOT_SHOWN = ("related",)


def can_look(section):
    """Say whether a section has words of its own to look at."""
    return section.key not in NOT_SHOWN


def look(version, section, form):
    """Return the context of `_look.html` for what was typed into a form of a section.

    `version` is changed in memory only. A row that is not whole yet is left out, and `left_out` has its number.
    """
    form.is_valid()
    left_out = _take_rows(version, section, form) if section.model is not None else _take_fields(version, section, form)
    with override(version.language):
        document = freeze(version)
        content = content_of(document)
        names = section.fields if section.model is None else SHOWN_AS.get(section.key, (section.key,))
        shown = {name: content[name] for name in names if content.get(name)}
        parts = PROCEDURE_PARTS if isinstance(version, ProcedureVersion) else CONDITION_PARTS
        parts = [(str(part.title), part.template) for part in parts_with_content(parts, shown)]
    return {
        **shown,
        "parts": parts,
        "names": document["names"] if section.key == "names" else None,
        "summary": document["summary"] if section.key == "names" else "",
        "clinic": read_clinic(),
        "language": version.language,
        "left_out": left_out,
    }


def _take_fields(version, section, form):
    for name in section.fields:
        setattr(version, name, form.cleaned_data.get(name) or form[name].value() or "")
    return []


def _take_rows(version, section, form):
    rows = [(number, row) for number, row in enumerate(form.forms, start=1) if row.has_changed()]
    whole = [section.model(**row.cleaned_data, version=version) for _number, row in rows if not row.errors]
    # Read instead of what is stored, as if it had been fetched already.
    version._prefetched_objects_cache = {section.rows: whole}
    return [number for number, row in rows if row.errors]
