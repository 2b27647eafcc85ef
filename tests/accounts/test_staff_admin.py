"""Managers keep the staff's accounts: they add, change and lock out, and never rise above themselves."""

import re
from types import SimpleNamespace

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from audit.models import Event
from clinic.models import Location
from tests.staff import PASSWORD

NEW = {
    "username": "newcomer",
    "first_name": "Nell",
    "last_name": "Nye",
    "email": "nell@clinic.example",
}


@pytest.fixture
def desk(client, manager):
    client.force_login(manager)
    return client


def change(user, **changes):
    """Return what the form of an account posts."""
    told = {
        "username": user.username,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "roles": sorted(user.role_names),
        "is_active": "on",
    }
    return {name: value for name, value in (told | changes).items() if value is not None}


def address(user):
    return reverse("admin:accounts_user_change", args=[user.pk])


def changes_recorded():
    """Return (verb, number, details) of what was recorded about staff, log-ins and looks aside."""
    looks = ("staff.read", "staff.listed", "staff.searched", "staff.refused")
    events = Event.objects.filter(verb__startswith="staff.").exclude(verb__in=looks)
    events = events.exclude(verb__startswith="staff.log").order_by("id")
    return [(event.verb, int(event.object_id), event.details) for event in events]


def snapshot_of(response):
    """Return what a page carries of what it showed."""
    return re.search('name="snapshot" value="([^"]+)"', response.content.decode()).group(1)


def again(user):
    return User.objects.get(pk=user.pk)


def test_a_manager_adds_somebody_with_roles_who_can_log_in(desk):
    shown = desk.post(reverse("admin:accounts_user_add"), NEW | {"roles": ["reception", "nurse"]})
    newcomer = User.objects.get(username="newcomer")
    assert newcomer.role_names == {Role.RECEPTION, Role.NURSE}
    assert newcomer.is_staff
    assert not newcomer.is_superuser
    assert newcomer.check_password(shown.context["password"])
    [(verb, number, details)] = changes_recorded()
    assert (verb, number, details["roles"]) == ("staff.added", newcomer.pk, ["nurse", "reception"])
    assert shown.context["password"] not in str(details)


def test_nobody_reads_how_a_colleagues_password_is_hashed(desk, reception):
    page = desk.get(reverse("admin:accounts_user_change", args=[reception.pk])).content.decode()
    assert 'href="../password/"' in page
    assert not re.search("argon2|algorithm|salt", page, re.IGNORECASE)


def test_a_name_that_somebody_has_is_refused_with_what_was_typed_kept(desk, reception):
    response = desk.post(reverse("admin:accounts_user_add"), NEW | {"username": "Reception"})
    assert response.context["adminform"].form.errors["username"]
    assert b'value="Reception"' in response.content
    assert User.objects.count() == 2


def test_a_manager_changes_the_roles_of_others(desk, reception):
    desk.post(address(reception), change(reception, roles=["nurse"]))
    assert again(reception).role_names == {Role.NURSE}
    assert changes_recorded() == [("staff.changed", reception.pk, {"fields": ["roles"], "roles": ["nurse"]})]


def test_a_manager_limits_somebody_to_locations_and_lifts_the_limit(desk, reception):
    north, south = (Location.objects.create(key=key, name=key.title(), address="1 A St") for key in ("north", "south"))
    desk.post(address(reception), change(reception, places=[north.pk, south.pk]))
    assert again(reception).location_ids == {north.pk, south.pk}
    listed = desk.get(reverse("admin:accounts_user_changelist")).content.decode()
    assert "North, South" in listed
    desk.post(address(reception), change(reception))
    assert again(reception).location_ids == frozenset()
    told = [("staff.changed", reception.pk, {"fields": ["places"], "locations": sorted([north.pk, south.pk])})]
    assert changes_recorded() == [*told, ("staff.changed", reception.pk, {"fields": ["places"], "locations": []})]


def test_a_new_account_can_begin_with_a_limit(desk):
    north = Location.objects.create(key="north", name="North", address="1 A St")
    desk.post(reverse("admin:accounts_user_add"), NEW | {"roles": ["reception"], "places": [north.pk]})
    assert User.objects.get(username="newcomer").location_ids == {north.pk}


def test_nobody_lifts_their_own_limit(desk, manager):
    north = Location.objects.create(key="north", name="North", address="1 A St")
    manager.set_locations([north])
    desk.post(address(manager), change(manager, last_name="Mohr", places=[]))
    assert (again(manager).last_name, again(manager).location_ids) == ("Mohr", {north.pk})


@pytest.mark.parametrize("typed", ["0", "x", "9" * 30])
def test_a_limit_to_no_location_of_the_clinic_is_refused(desk, reception, typed):
    response = desk.post(address(reception), change(reception, places=[typed]))
    assert response.status_code == 200
    assert response.context["adminform"].form.errors["places"]
    assert again(reception).location_ids == frozenset()


def test_a_limit_set_while_the_form_was_open_is_not_lifted_unseen(desk, reception):
    opened = snapshot_of(desk.get(address(reception)))
    north = Location.objects.create(key="north", name="North", address="1 A St")
    reception.set_locations([north])
    response = desk.post(address(reception), change(reception, last_name="Reid", snapshot=opened))
    assert [row.label for row in response.context["adminform"].form.compared] == ["Only at these locations"]
    assert again(reception).location_ids == {north.pk}


def test_somebody_who_left_is_locked_out_at_once_and_stays_on_record(desk, client, reception):
    other = type(client)()
    other.force_login(reception)
    assert other.get("/admin/").status_code == 200
    desk.post(address(reception), change(reception, is_active=None))
    assert other.get("/admin/").status_code == 302
    assert changes_recorded() == [("staff.changed", reception.pk, {"fields": ["is_active"]})]


@pytest.mark.parametrize("role", ["manager", "superuser"])
def test_nobody_is_deleted(client, request, reception, role):
    client.force_login(request.getfixturevalue(role))
    assert client.post(reverse("admin:accounts_user_delete", args=[reception.pk]), {"post": "yes"}).status_code == 403
    assert again(reception)


@pytest.mark.parametrize("role", ["manager", "superuser"])
def test_nobody_changes_their_own_roles_or_locks_themselves_out(client, request, role):
    user = request.getfixturevalue(role)
    client.force_login(user)
    client.post(address(user), change(user, roles=["auditor"], is_active=None, is_superuser="", last_name="New"))
    after = again(user)
    assert (after.role_names, after.is_active, after.is_superuser) == (user.role_names, True, user.is_superuser)
    assert after.last_name == "New"


def test_a_manager_cannot_make_a_superuser(desk, reception):
    desk.post(address(reception), change(reception, is_superuser="on", last_name="New"))
    assert again(reception).last_name == "New"
    assert not again(reception).is_superuser
    desk.post(reverse("admin:accounts_user_add"), NEW | {"is_superuser": "on"})
    assert not User.objects.get(username="newcomer").is_superuser


# Nobody gives more than they have


@pytest.fixture
def places(db):
    return [Location.objects.create(key=key, name=key.title(), address="1 A St") for key in ("north", "south")]


@pytest.fixture
def of_north(desk, manager, places):
    """The browser of a manager who works for North alone."""
    manager.set_locations(places[:1])
    return desk


def test_a_manager_makes_nobody_an_auditor(desk, reception):
    assert b'value="auditor"' not in desk.get(address(reception)).content
    assert desk.post(address(reception), change(reception, roles=["reception", "auditor"])).status_code == 200
    assert again(reception).role_names == {Role.RECEPTION}
    desk.post(reverse("admin:accounts_user_add"), NEW | {"roles": ["auditor"]})
    assert not User.objects.filter(username="newcomer").exists()


def reset_of(user):
    return reverse("admin:accounts_user_reset_second_factor", args=[user.pk])


def password_of(user):
    return reverse("admin:auth_user_password_change", args=[user.pk])


def keeps(client, user):
    """Say by which of their doors this browser gets into an account."""
    before = again(user)
    answers = {
        "rights": client.post(address(user), change(user, roles=[], places=[])),
        "password": client.post(password_of(user)),
        "second factor": client.post(reset_of(user), {"reason": "lost", "is_sure": "on"}),
        "log-ins": client.post(reverse("admin:accounts_user_log_out_everywhere", args=[user.pk])),
    }
    doors = [name for name, answer in answers.items() if answer.status_code != 403]
    after = again(user)
    if not doors:
        same = ("password", "email", "is_active", "role_names", "location_ids", "log_in_round")
        assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
    return doors


ALL_DOORS = ["rights", "password", "second factor", "log-ins"]


def test_an_auditors_account_is_kept_by_superusers(client, desk, auditor, superuser):
    assert desk.get(address(auditor)).status_code == 200
    assert keeps(desk, auditor) == []
    client.force_login(superuser)
    assert keeps(client, auditor) == ALL_DOORS


def test_a_superuser_makes_somebody_an_auditor(client, superuser, reception):
    client.force_login(superuser)
    client.post(address(reception), change(reception, roles=["auditor"]))
    assert again(reception).role_names == {Role.AUDITOR}


def test_a_manager_who_is_limited_keeps_only_accounts_within_that_limit(of_north, places, reception, reception2, nurse):
    north, south = places
    reception.set_locations([north])
    reception2.set_locations([north, south])
    assert keeps(of_north, reception2) == keeps(of_north, nurse) == []
    assert set(keeps(of_north, reception)) == set(ALL_DOORS)


@pytest.mark.parametrize("ticked", [[], [1], [0, 1]])
def test_a_manager_who_is_limited_lifts_nobodys_limit(of_north, places, reception, ticked):
    reception.set_locations(places[:1])
    typed = [places[each].pk for each in ticked]
    answer = of_north.post(address(reception), change(reception, places=typed))
    assert answer.context["adminform"].form.errors["places"]
    assert again(reception).location_ids == {places[0].pk}
    of_north.post(reverse("admin:accounts_user_add"), NEW | {"roles": ["reception"], "places": typed})
    assert not User.objects.filter(username="newcomer").exists()


def test_a_manager_who_is_limited_adds_staff_for_their_own_location(of_north, places):
    of_north.post(reverse("admin:accounts_user_add"), NEW | {"roles": ["reception"], "places": [places[0].pk]})
    assert User.objects.get(username="newcomer").location_ids == {places[0].pk}


def test_a_manager_who_is_an_auditor_too_changes_their_own_name(desk, manager):
    manager.set_roles([Role.MANAGER, Role.AUDITOR])
    desk.post(address(manager), change(manager, last_name="Mohr"))
    assert (again(manager).last_name, len(again(manager).role_names)) == ("Mohr", 2)


def test_a_manager_does_not_touch_a_superusers_account_or_password(desk, superuser):
    assert desk.post(address(superuser), change(superuser, email="mine@example.org")).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[superuser.pk])
    assert desk.post(password).status_code == 403
    assert again(superuser).email == superuser.email
    assert again(superuser).check_password(PASSWORD)


def test_a_superuser_makes_another(client, superuser, manager):
    client.force_login(superuser)
    client.post(address(manager), change(manager, is_superuser="on"))
    assert again(manager).is_superuser


def test_staff_change_their_own_password_and_it_is_recorded(client, nurse):
    client.force_login(nurse)
    data = {"old_password": PASSWORD, "new_password1": "a long new password", "new_password2": "a long new password"}
    assert client.post("/admin/password_change/", data | {"old_password": "wrong"}).status_code == 200
    assert changes_recorded() == []
    assert client.post("/admin/password_change/", data).status_code == 302
    assert changes_recorded() == [("staff.password_changed", nurse.pk, {})]


@pytest.mark.parametrize("role", ["reception", "nurse", "editor", "reviewer", "auditor"])
def test_nobody_else_sees_the_accounts(client, request, role, manager):
    client.force_login(request.getfixturevalue(role))
    assert client.get(reverse("admin:accounts_user_changelist")).status_code == 403
    assert client.get(address(manager)).status_code == 403


def test_the_list_takes_the_same_queries_however_many_work_here(desk, django_assert_max_num_queries):
    north = Location.objects.create(key="north", name="North", address="1 A St")
    for number in range(2):
        for each in range(10):
            user = User.objects.create(username=f"user-{number}-{each}", is_staff=True)
            user.set_roles([Role.RECEPTION])
            user.set_locations([north])
        with django_assert_max_num_queries(9):
            assert desk.get(reverse("admin:accounts_user_changelist")).status_code == 200


def test_an_address_asks_for_nothing_that_the_list_does_not_offer(client, superuser):
    client.force_login(superuser)
    for query in ["accounts/user/?password__startswith=p", "audit/event/?details__contains=%7B"]:
        assert client.get(f"/admin/{query}").status_code == 400
    for query in ["clinic/closure/?date__year=99999", "clinic/generalwarningsign/?text__contains=b"]:
        assert client.get(f"/admin/{query}").status_code == 400
    for query in ["accounts/user/?is_active__exact=1", "clinic/closure/?location__id__exact=1"]:
        assert client.get(f"/admin/{query}").status_code == 200


def test_a_password_changed_while_a_manager_saves_stays(desk, reception, manager, rf):
    request = rf.post("/")
    request.user, opened = manager, User.objects.get(pk=reception.pk)
    reception.set_password("one of my own")
    reception.save()
    form = SimpleNamespace(changed_data=["last_name", "roles"])
    admin.site.get_model_admin(User).save_model(request, opened, form, change=True)
    assert again(reception).check_password("one of my own")


def test_a_form_opened_before_somebody_was_locked_out_does_not_let_them_in_again(desk, reception):
    opened = snapshot_of(desk.get(address(reception)))
    User.objects.filter(pk=reception.pk).update(is_active=False)
    response = desk.post(address(reception), change(reception, last_name="Reid", snapshot=opened))
    page = response.content.decode()
    assert "Somebody changed this while you had it open." in page
    assert [row.label for row in response.context["adminform"].form.compared] == ["Active"]
    assert 'value="Reid"' in page
    assert (again(reception).is_active, again(reception).last_name) == (False, "Reyes")
    knowingly = change(reception, last_name="Reid", is_active=None, snapshot=snapshot_of(response))
    assert desk.post(address(reception), knowingly).status_code == 302
    assert (again(reception).is_active, again(reception).last_name) == (False, "Reid")


def test_what_nobody_else_changed_is_saved_without_a_question(desk, reception):
    opened = snapshot_of(desk.get(address(reception)))
    reception.set_roles([Role.RECEPTION, Role.NURSE])
    changed = change(reception, roles=["nurse", "reception"], last_name="Reid", snapshot=opened)
    assert desk.post(address(reception), changed).status_code == 302
