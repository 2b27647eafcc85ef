"""The register of who may read about what: rooms whose rows not everybody sees say so for the messages about them."""

_rules = {}


def register(label, visible_to):
    """Limit who sees messages about one kind of row ("room.model"). Called from `AppConfig.ready()`.

    `visible_to(user)` returns the QuerySet of the rows whose messages this member of staff may see, None for all.
    """
    _rules[label] = visible_to


def limits_of(user):
    """Return what limits this member of staff, as pairs of a label and a QuerySet."""
    found = ((label, visible_to(user)) for label, visible_to in _rules.items())
    return [(label, rows) for label, rows in found if rows is not None]
