"""The register of what messages to staff are about: where one could not be sent, no patient is to be telephoned."""

_labels = set()


def register(label):
    """Say that messages about this kind of row ("room.model") go to staff. Called from `AppConfig.ready()`."""
    _labels.add(label)


def labels():
    """Return the kinds of row that staff are written to about."""
    return sorted(_labels)
