"""The staff that tests act as: one fixture a role, named after it, with the fixed relations of a small clinic."""

import pytest

from accounts.models import User
from accounts.roles import Role
from clinic.models import Clinician

PASSWORD = "of-tests-alone"


def make_staff(username, *roles, **values):
    """Return a saved member of staff who holds these roles and signs in with PASSWORD."""
    user = User(username=username, email=f"{username}@clinic.example", is_staff=True, **values)
    user.set_password(PASSWORD)
    user.save()
    user.set_roles(roles)
    return user


@pytest.fixture
def reception(db):
    return make_staff("reception", Role.RECEPTION, first_name="Rosa", last_name="Reyes")


@pytest.fixture
def reception2(db):
    return make_staff("reception2", Role.RECEPTION, first_name="Ruben", last_name="Rask")


@pytest.fixture
def nurse(db):
    return make_staff("nurse", Role.NURSE, first_name="Nora", last_name="Ng")


@pytest.fixture
def editor(db):
    return make_staff("editor", Role.EDITOR, first_name="Edith", last_name="Eco")


@pytest.fixture
def editor2(db):
    return make_staff("editor2", Role.EDITOR, first_name="Emil", last_name="Erb")


@pytest.fixture
def reviewer(db):
    clinician = Clinician.objects.create(
        key="rhea-rowe",
        name="Dr. Rhea Rowe",
        role={"en": "Radiologist", "es": "Radióloga"},
        registration_body="Board of Medicine",
        registration_number="TEST-0001",
    )
    return make_staff("reviewer", Role.REVIEWER, first_name="Rhea", last_name="Rowe", clinician=clinician)


@pytest.fixture
def manager(db):
    return make_staff("manager", Role.MANAGER, first_name="Mara", last_name="Moss")


@pytest.fixture
def auditor(db):
    return make_staff("auditor", Role.AUDITOR, first_name="Aldo", last_name="Asante")


@pytest.fixture
def superuser(db):
    return make_staff("superuser", first_name="Sam", last_name="Sun", is_superuser=True)
