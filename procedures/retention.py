"""What readers leave behind, and for how long: the room's chores forget it, and the pages promise it."""

from django.utils.translation import gettext_lazy as _

from clinic.models import Unit
from clinic.retention import Span, fixed, kept_otherwise
from procedures import feedback, search


def fill_register():
    """Say what the room keeps."""
    fixed(
        "feedback",
        what=_("What you tell us about a page"),
        lasts="%(span)s",
        why=_("So that we can make the page better. We do not keep who you are."),
        span=Span(feedback.KEPT_FOR.days, Unit.DAYS),
        covers=("procedures.Feedback",),
    )
    fixed(
        "searches",
        what=_("Words that many people looked for and did not find, without who looked"),
        lasts=_("%(span)s after somebody last looked for them"),
        why=_("So that we can write what is missing."),
        span=Span(search.MISSES_KEPT_FOR.days, Unit.DAYS),
        covers=("procedures.MissedSearch",),
    )
    for model in ("procedures.ProcedureComment", "procedures.ConditionComment"):
        kept_otherwise(model, "What a clinician said of a version is kept as long as the version that patients read.")
