"""Which sections of a version say something else than what patients read now."""

from django.utils.text import capfirst

from procedures.sections import read_at_once, sections_of


def changed_sections(version):
    """Return (section, names of its fields) for each that differs from the live version; None where there is none.

    A section of rows names no fields. A fixed number of queries, fewer where the version's rows are read already.
    """
    live = version.page.live_version
    if live is None:
        return None
    read_at_once([version, live])
    changed = []
    for section in sections_of(version):
        ours, theirs = section.read(version), section.read(live)
        if ours != theirs:
            names = [name for name in section.fields if section.model is None and ours[name] != theirs[name]]
            changed.append((section, [capfirst(version._meta.get_field(name).verbose_name) for name in names]))
    return changed
