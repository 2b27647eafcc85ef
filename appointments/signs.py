"""Which warning signs a patient is asked about before anything else: the clinic's own, and those of the procedure."""

from django.utils.translation import get_language

from clinic.models import GeneralWarningSign, Urgency
from procedures.models import ProcedurePage
from procedures.models.rows import Applies

BEFORE_TREATMENT = (Applies.BEFORE, Applies.BOTH)
MOST_URGENT_FIRST = [Urgency.EMERGENCY, Urgency.URGENT, Urgency.ASK]


def signs_to_ask(procedure_key):
    """Return the signs to ask as dictionaries of key, text, action and urgency, the most urgent first (2 queries).

    `procedure_key` is "" when the patient is not sure. Words are in the active language; a procedure that has no page
    in it is asked about in another, since a sign in a foreign language is better than none.
    """
    asked = [
        {"key": sign.key, "text": str(sign.text), "action": str(sign.action), "urgency": sign.urgency}
        for sign in GeneralWarningSign.objects.all()
    ]
    asked += [
        {
            "key": f"{procedure_key}/{sign['key']}",
            "text": sign["text"],
            "action": sign["action"],
            "urgency": sign["urgency"],
        }
        for sign in _published_signs(procedure_key)
        if sign["applies"] in BEFORE_TREATMENT
    ]
    return sorted(asked, key=lambda sign: MOST_URGENT_FIRST.index(sign["urgency"]))


def _published_signs(procedure_key):
    if not procedure_key:
        return []
    pages = ProcedurePage.objects.published().filter(procedure__key=procedure_key)
    signs = dict(pages.order_by("language").values_list("language", "live_version__document__warning_signs"))
    return signs.get(get_language(), next(iter(signs.values()), []))


def cover(shown, asked, *, same_language):
    """Say whether the signs that were shown include all that are asked now, as urgent as now and in the same words.

    Words are compared only within one language, so that changing the language asks nothing again.
    """

    def identity(sign):
        return sign["key"], sign["urgency"], sign["text"] if same_language else ""

    return {identity(sign) for sign in asked} <= {identity(sign) for sign in shown}
