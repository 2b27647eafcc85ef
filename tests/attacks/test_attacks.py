"""Each attack succeeds where the site is weak in one place, and fails against ours."""

import re

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from accounts.roles import Role
from clinic.context_processors import forget_clinic
from tests.appointments.offer import make_offer
from tests.attacks import ATTACKS, Site, on_pages, on_rights, row_of, weakened
from tests.staff import make_staff

REFERENCE = settings.BASE_DIR / "docs" / "reference" / "attacks.md"
ROLES = (Role.RECEPTION, Role.NURSE, Role.MANAGER)


@pytest.fixture
def staff(db, media_root):
    forget_clinic()
    make_offer()
    yield {role.value: make_staff(role.value, role) for role in ROLES}
    forget_clinic()


def tried(each, staff):
    """Return whether an attack succeeds now; whatever it did is undone."""
    cache.clear()
    with transaction.atomic():
        succeeded = each.run(Site(staff))
        transaction.set_rollback(True)
    return succeeded


@pytest.mark.parametrize("each", ATTACKS, ids=lambda each: each.name.replace(" ", "_"))
def test_an_attack_succeeds_on_a_weak_build_and_fails_against_ours(each, staff):
    with weakened(each):
        assert tried(each, staff), "it proves nothing: it fails even where it should succeed"
    assert not tried(each, staff)


def test_there_are_two_dozen_attacks_and_each_says_what_it_is():
    assert len(ATTACKS) >= 24
    for each in ATTACKS:
        chapter = each.asvs.split()[0]
        assert re.match(rf"CWE-{each.cwe}, ASVS {chapter}: .+\.", each.run.__doc__), each.name
        assert row_of(each) in REFERENCE.read_text(encoding="utf-8"), f"write into {REFERENCE.name}: {row_of(each)}"
    assert {each.run.__module__ for each in ATTACKS} == {on_pages.__name__, on_rights.__name__}
