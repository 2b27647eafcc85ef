"""The demonstration staff that `load_demo` makes: one account a role, and a second of some."""

from django.conf import settings

from accounts.models import User
from accounts.roles import Role
from clinic.models import Clinician

PASSWORD = "clinic-demo"  # noqa: S105  # nosec B105  # public, and of no use unless DEMO is on
STAFF = [
    ("reception", "Rosa", "Demo", [Role.RECEPTION]),
    ("reception2", "Ruben", "Demo", [Role.RECEPTION]),
    ("nurse", "Nora", "Demo", [Role.NURSE]),
    ("editor", "Edith", "Demo", [Role.EDITOR]),
    ("editor2", "Emil", "Demo", [Role.EDITOR]),
    ("reviewer", "Rhea", "Demo", [Role.REVIEWER]),
    ("manager", "Mara", "Demo", [Role.MANAGER]),
    ("auditor", "Aldo", "Demo", [Role.AUDITOR]),
]
# The clinician under whose name `reviewer` signs: the one whom the demonstration's procedure pages name.
REVIEWERS_CLINICIAN = "tomas-iriarte"


def load(requests=0):
    """Make the demonstration staff, only with DEMO on; an account that is there already is left as it is."""
    if not settings.DEMO:
        return "no demonstration staff: DEMO is off"
    made = 0
    for username, first_name, last_name, roles in STAFF:
        made += _make(username, roles, first_name=first_name, last_name=last_name, is_staff=True)
    made += _make("superuser", [], first_name="Sam", last_name="Demo", is_staff=True, is_superuser=True)
    _link_reviewer()
    return f"{made} staff accounts made"


def _make(username, roles, **values):
    user, is_new = User.objects.get_or_create(username=username, defaults=values | {"email": f"{username}@example.org"})
    if is_new:
        user.set_password(PASSWORD)
        user.save()
        user.set_roles(roles)
    return is_new


def _link_reviewer():
    clinician = Clinician.objects.filter(key=REVIEWERS_CLINICIAN, user=None).first()
    if clinician is not None:
        User.objects.filter(username="reviewer", clinician=None).update(clinician=clinician)
