"""Who may do what: one table, which names only rights that exist, and gives each role the least."""

import pytest
from django.contrib.auth.models import Permission

from accounts.models import User
from accounts.roles import PERMISSIONS, Role, permissions_of

# What each role must and must not be able to do; the rest of the table is in accounts/roles.py.
MATRIX = {
    "appointments.view_appointmentrequest": "reception nurse manager",
    "appointments.triage_appointmentrequest": "reception nurse manager",
    "appointments.release_others": "manager",
    "outbox.view_message": "reception nurse manager",
    "outbox.retry_message": "reception nurse manager",
    "procedures.edit_version": "editor",
    "procedures.view_missedsearch": "editor",
    "procedures.view_feedback": "editor manager",
    "procedures.close_feedback": "editor manager",
    "procedures.delete_feedback": "manager",
    "procedures.sign_off_version": "reviewer",
    "procedures.publish_version": "manager",
    "clinic.change_clinicprofile": "manager",
    "clinic.delete_closure": "manager",
    "accounts.change_user": "manager",
    "accounts.delete_user": "",
    "audit.view_event": "auditor",
    "audit.delete_event": "",
}


@pytest.mark.django_db
def test_every_right_in_the_table_exists():
    rights = Permission.objects.values_list("content_type__app_label", "codename")
    known = {f"{room}.{codename}" for room, codename in rights}
    assert set().union(*PERMISSIONS.values()) - known == set()


def test_every_role_stands_in_the_table():
    assert set(PERMISSIONS) == set(Role)


@pytest.mark.parametrize(("right", "roles"), MATRIX.items())
def test_a_right_is_held_by_these_roles_and_no_other(right, roles):
    assert {str(role) for role in Role if right in permissions_of([role])} == set(roles.split())


def test_roles_add_up_and_an_unknown_one_gives_nothing():
    both = permissions_of([Role.RECEPTION, Role.AUDITOR])
    assert both == permissions_of([Role.RECEPTION]) | permissions_of([Role.AUDITOR])
    assert permissions_of(["janitor"]) == set()


def test_a_person_has_the_rights_of_their_roles_and_loses_them_on_leaving(reception):
    assert reception.has_perm("outbox.view_message")
    assert reception.has_module_perms("appointments")
    assert not reception.has_module_perms("audit")
    reception.is_active = False
    assert not reception.has_perm("outbox.view_message")


def test_a_superuser_has_every_right(superuser):
    assert superuser.has_perm("audit.view_event")
    assert superuser.has_module_perms("appointments")


def test_setting_roles_says_what_changed(reception):
    assert reception.set_roles([Role.RECEPTION, Role.AUDITOR]) == ["auditor"]
    assert reception.set_roles([]) == ["auditor", "reception"]
    assert User.objects.get(pk=reception.pk).role_names == frozenset()


def test_asking_for_many_rights_costs_one_query(reception, django_assert_num_queries):
    user = User.objects.get(pk=reception.pk)
    with django_assert_num_queries(1):
        assert not any(user.has_perm(right) for right in ("a.b", "c.d", "audit.view_event"))
