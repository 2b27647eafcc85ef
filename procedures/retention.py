"""What readers leave behind, and for how long: the room's chores forget it, and the pages promise it."""

from django.utils.translation import gettext_lazy as _

from clinic.models import Unit
from clinic.retention import Holding, Removed, Span, fixed, kept_otherwise, register
from procedures import feedback, search
from procedures.models import ReviewInvitation


def forget_addresses(before, at_most):
    """Forget where links were sent that were over before a moment, and return Removed; who approved stays."""
    rows = ReviewInvitation.objects.over(before).select_for_update(skip_locked=True).order_by("pk")
    keys = list(rows.values_list("pk", flat=True)[:at_most])
    return Removed(ReviewInvitation.objects.filter(pk__in=keys).update(email=None, code_hash=""), tuple(keys))


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
    register(
        Holding(
            "review_links",
            what=_("Where we sent a clinician the link to a page that they checked for us"),
            lasts=_("%(span)s after the link stopped working"),
            why=_("So that we can tell who could approve a page, if somebody asks."),
            usual=Span(30, Unit.DAYS),
            least=Span(1, Unit.DAYS),
            least_because=_("Who uses it on the last day must read that it has ended."),
            most=Span(1, Unit.YEARS),
            most_because=_("Nobody asks about it after a year."),
            count=lambda before: ReviewInvitation.objects.over(before).count(),
            remove=forget_addresses,
            covers=("procedures.ReviewInvitation",),
            is_told=False,
        )
    )
    for model in ("procedures.ProcedureComment", "procedures.ConditionComment"):
        kept_otherwise(model, "What a clinician said of a version is kept as long as the version that patients read.")
