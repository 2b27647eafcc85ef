"""The register of what the sender does between messages: rooms add their chores when the site starts."""

_chores = {}


def register(name, do):
    """Add a chore: a function without arguments that does what is due and returns how much it did."""
    _chores[name] = do


def chores():
    """Return (name, function) pairs in order of registration."""
    return list(_chores.items())
