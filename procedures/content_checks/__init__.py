"""What an editor is told about a page before it may go to review, each in a sentence that says what to do.

Errors keep a version from review and from publication. Advice never does: whoever writes may know better.
docs/reference/content-checks.md lists each check with its rule and where the rule comes from.
"""

from procedures.content_checks import facts, languages, links, needed, pictures, plain, rows, structure
from procedures.content_checks.content import Content, Finding
from procedures.content_checks.rows import risks_left_out
from procedures.sections import sections_of

__all__ = ["Finding", "advice", "errors", "keep_errors", "look", "look_and_keep", "risks_left_out"]

KEPT = "_findings_kept"

# What may stop a version, and what never does. A check of the first kind may give advice as well.
STOPPING = (*needed.CHECKS, *rows.CHECKS, *structure.CHECKS, *links.CHECKS, *facts.CHECKS)
ADVISING = (*plain.CHECKS, *pictures.CHECKS, *facts.ADVISING, *languages.CHECKS)


def errors(version):
    """Return the findings that stop a version from being reviewed (a fixed number of queries).

    None are looked for where `look_and_keep` has looked.
    """
    kept = getattr(version, KEPT, None)
    return [finding for finding in (_found(version, STOPPING) if kept is None else kept) if finding.is_error]


def advice(version):
    """Return the findings that stop nothing (a fixed number of queries)."""
    return [finding for finding in look(version) if not finding.is_error]


def look(version):
    """Return every finding, errors first, each kind in the order of the sections (a fixed number of queries)."""
    return _found(version, (*STOPPING, *ADVISING))


def look_and_keep(version):
    """Return every finding as `look` does, and keep them with this object, for a screen that asks again and again.

    Only for what nobody changes or moves afterwards: moves read the version anew, and look again.
    """
    setattr(version, KEPT, look(version))
    return getattr(version, KEPT)


def keep_errors(version):
    """Look for what stops a version, once for all that `errors` is asked of this object; see `look_and_keep`."""
    setattr(version, KEPT, errors(version))


def _found(version, checks):
    content = Content(version)
    order = {section.key: place for place, section in enumerate(sections_of(version))}
    found = [finding for check in checks for finding in check(content)]
    return sorted(found, key=lambda finding: (not finding.is_error, order[finding.section]))
