"""What this room keeps: the audit trail, since the room of the audit knows no other; and what has no end."""

import logging

from django.utils.translation import gettext_lazy as _

from audit import pruning
from clinic import retention
from clinic.models import Unit

logger = logging.getLogger(__name__)


def fill_register():
    """Say how long the trail is kept, and why the rest of what this room holds stays."""
    retention.register(
        retention.Holding(
            "audit",
            what=_("Who on our staff read or changed what, and when"),
            lasts="%(span)s",
            why=_("So that we can say who saw what you told us."),
            usual=retention.Span(6, Unit.YEARS),
            least=retention.Span(6, Unit.YEARS),
            most=retention.Span(10, Unit.YEARS),
            least_because=_("HIPAA asks for 6 years of what shows how data were protected."),
            most_because=_("What is kept without need can only do harm."),
            count=pruning.count_before,
            remove=_prune,
            place=5,
        )
    )
    retention.kept_otherwise("clinic.Clinician", "Patients read it on the team page until a manager removes it.")
    retention.kept_otherwise("clinic.Erasure", "It is the proof that somebody was erased, and names nobody.")
    retention.kept_otherwise("clinic.ErasedReference", "Without it a backup could bring back who was erased.")


def _prune(before, at_most):
    """Remove whole months of the trail; none of a trail that is not whole, which stops no other line of the table."""
    try:
        return retention.Removed(pruning.prune(before=before))
    except pruning.NotWhole:
        logger.error("Nothing of the audit trail was removed, as it is not whole. Run manage.py verify_audit.")
        return retention.Removed(0)
