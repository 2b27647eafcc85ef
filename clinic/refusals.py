"""Why something cannot be done now: raised by the functions that change things, and shown to the person who tried."""

from django.http import Http404


class Gone(Http404):
    """What an address names was there and was erased: answered with 410, and the page `template` says so."""

    def __init__(self, template):
        super().__init__()
        self.template = template


class Refused(Exception):
    """A change that is not allowed now. `reason` is a sentence for the person who tried."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


class Stale(Refused):
    """A change made on an old view: somebody else changed the same thing in between."""


class Unfit(Refused):
    """A change whose input must be mended first; `field` names it."""

    def __init__(self, reason, *, field):
        super().__init__(reason)
        self.field = field
