"""What messages and calendars call the clinic and the treatment: discreetly, unless the patient asked for details."""

from django.utils.translation import get_language, gettext

from procedures.models import ProcedurePage


def clinic_name(profile, *, details):
    """Return the name that signs what a patient is sent, in the active language."""
    return profile.name if details else profile.discreet_name or gettext("Your clinic")


def plain_name(procedure_id):
    """Return what patients call the procedure, in the active language where there is a page in it; "" for none."""
    names = dict(ProcedurePage.objects.filter(procedure=procedure_id).values_list("language", "plain_name"))
    return names.get(get_language()) or next(filter(None, names.values()), "")
