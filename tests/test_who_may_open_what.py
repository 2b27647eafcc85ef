"""Every address of the staff side, for every role: who opens it, and who is sent away without a change."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.urls import get_resolver, reverse
from django.utils import timezone

from accounts.models import User
from appointments.models import FormClosure, Look, MessageWording, Note, TrackingLink
from audit.models import Event
from clinic import purging
from clinic.models import Erasure, PurgeRun, RetentionRule
from clinic.personal_data import our_models
from procedures.models import MissedSearch, ProcedurePage
from tests.appointments.factories import make_request
from tests.demonstration import load_all_but_requests
from tests.procedures.factories import make_feedback
from tests.staff import make_staff

ROLES = ["reception", "nurse", "editor", "reviewer", "manager", "auditor"]
TRIAGE, PAGES, HOUSE = {"reception", "nurse", "manager"}, {"editor", "reviewer", "manager"}, {"manager"}

# Who sees the list and the rows of each kind of thing; a superuser sees all.
SEES = {
    "accounts.user": HOUSE,
    "appointments.alertperson": HOUSE,
    "appointments.appointmentrequest": TRIAGE,
    "appointments.formclosure": HOUSE,
    "appointments.messagewording": HOUSE,
    "appointments.savedreply": TRIAGE,
    "audit.event": {"auditor"},
    "clinic.accreditation": HOUSE,
    "clinic.clinician": HOUSE,
    "clinic.clinicprofile": HOUSE,
    "clinic.closure": HOUSE,
    "clinic.erasure": HOUSE,
    "clinic.generalwarningsign": HOUSE,
    "clinic.location": HOUSE,
    "clinic.openinghours": HOUSE,
    "clinic.retentionrule": HOUSE,
    "outbox.message": TRIAGE,
    "procedures.condition": PAGES,
    "procedures.conditionpage": PAGES,
    "procedures.conditionversion": PAGES,
    "procedures.feedback": {"editor", "manager"},
    "procedures.missedsearch": {"editor"},
    "procedures.procedure": PAGES,
    "procedures.procedurepage": PAGES,
    "procedures.procedureversion": PAGES,
}

# Addresses of ours beside Django's own, all of them buttons: who may press them at all.
PRESSES = {
    "accounts_user_log_out_everywhere": HOUSE,
    "accounts_user_reset_second_factor": HOUSE,
    "appointments_appointmentrequest_move": TRIAGE,
    "appointments_appointmentrequest_many": TRIAGE,
    "appointments_appointmentrequest_duplicates_press": TRIAGE,
    "appointments_appointmentrequest_undo": TRIAGE,
    "appointments_appointmentrequest_erase": HOUSE,
    "appointments_appointmentrequest_export_person": HOUSE,
    "appointments_appointmentrequest_figures_export": HOUSE,
    "appointments_appointmentrequest_next": TRIAGE,
    "audit_event_export": {"auditor"},
    "appointments_formclosure_lift": HOUSE,
    "appointments_appointmentrequest_reach": TRIAGE,
    "appointments_appointmentrequest_unnote": TRIAGE,
    "appointments_messagewording_ours": HOUSE,
    "appointments_appointmentrequest_revoke": TRIAGE,
    "clinic_retentionrule_count": HOUSE,
    "clinic_retentionrule_release": HOUSE,
    "outbox_message_try_again": TRIAGE,
    "procedures_feedback_done": {"editor", "manager"},
    "procedures_feedback_open": {"editor", "manager"},
    "procedures_procedurepage_draft": {"editor"},
    "procedures_procedurepage_withdraw": {"manager"},
    "procedures_conditionpage_draft": {"editor"},
    "procedures_conditionpage_withdraw": {"manager"},
    "procedures_procedureversion_move": PAGES,
    "procedures_conditionversion_move": PAGES,
}
# What a button's address tells besides, or instead of, the row.
ARGUMENTS = {
    "appointments_appointmentrequest_duplicates_press": ["apart"],
    "appointments_appointmentrequest_move": ["claim"],
    "appointments_appointmentrequest_many": ["claim"],
    "appointments_appointmentrequest_reach": ["came-back"],
    "appointments_appointmentrequest_unnote": [lambda: a_row_of(Note).pk],
    "appointments_appointmentrequest_revoke": [lambda: a_row_of(TrackingLink).pk],
    "appointments_messagewording_ours": ["received", "en"],
    "clinic_retentionrule_release": [lambda: a_row_of(PurgeRun).pk],
    "procedures_procedureversion_move": ["send_for_review"],
    "procedures_conditionversion_move": ["send_for_review"],
}
# Buttons that are about no row.
WITHOUT_A_ROW = {
    "appointments_appointmentrequest_figures_export",
    "appointments_appointmentrequest_many",
    "appointments_appointmentrequest_next",
    "clinic_retentionrule_count",
    "clinic_retentionrule_release",
    "audit_event_export",
}
# Screens of a row that have more than one address, and screens about no row, whose own tests say who opens them.
SCREENS = {
    "appointments_appointmentrequest_duplicates",
    "appointments_appointmentrequest_figures",
    "appointments_appointmentrequest_messages",
    "appointments_appointmentrequest_notes",
    "appointments_messagewording_words",
    "clinic_erasure_text",
    "procedures_procedureversion_section",
    "procedures_conditionversion_section",
}
# Screens beside the list of their kind: who opens them at all.
BESIDE_THE_LIST = {
    "appointments_appointmentrequest_downtime": TRIAGE,
    "appointments_appointmentrequest_enter": TRIAGE,
    "appointments_appointmentrequest_freed": TRIAGE,
    "appointments_appointmentrequest_practice": TRIAGE,
    "appointments_appointmentrequest_who_read": TRIAGE,
    "clinic_retentionrule_purge": HOUSE,
}
OF_DJANGO = {"changelist", "add", "history", "delete", "change"}


def admin_names():
    """Return the names of the addresses of the admin that belong to a model."""
    names, todo = set(), [get_resolver()]
    while todo:
        for pattern in todo.pop().url_patterns:
            if hasattr(pattern, "url_patterns"):
                todo.append(pattern)
            elif pattern.name:
                names.add(pattern.name)
    prefixes = tuple(f"{model._meta.app_label}_{model._meta.model_name}_" for model in admin.site._registry)
    return {name for name in names if name.startswith(prefixes)}


def what_is_stored():
    """Every row of everything, but the events and looks that reading and refusing may add."""
    models = set(our_models()) - {Event, Look}
    return {model: list(model._base_manager.order_by("pk").values()) for model in models}


def test_no_list_holds_a_row_that_somebody_without_a_role_may_not_see(full_house, rf):
    request = rf.get("/admin/")
    request.user = make_staff("stranger")
    Event.record("thing.happened", by=request.user.as_actor())
    for model in our_models():
        if admin.site.is_registered(model):
            rows = admin.site.get_model_admin(model).get_queryset(request)
            assert set(rows) <= {request.user}, model


@pytest.fixture
def full_house(db, settings):
    """A clinic with content, staff and a request."""
    settings.DEMO = True
    load_all_but_requests()
    MissedSearch.objects.create(language="en", words_index="x", words="sore knee", days=3, last_day="2026-11-20")
    make_feedback(ProcedurePage.objects.first())
    Erasure.objects.create(number="7K4M-Q2XD", reason="asked", actor_kind="command", looked_through_at=timezone.now())
    manager = User.objects.get(username="manager")
    now = timezone.now()
    FormClosure.objects.create(starts_at=now, ends_at=now + timedelta(days=1), words={"en": "Full."}, made_by=manager)
    RetentionRule.objects.create(code="spam", number=30, unit="days", why={"en": "Why", "es": "Por qué"})
    purging.dry_run(by=purging.PURGE)
    MessageWording.objects.create(purpose="received", language="en", subject="Hello", text="Thank you.")
    request = make_request()
    Note.objects.create(request=request, text="Call in the morning.", written_by=manager)
    return request


def a_row_of(model):
    return model._base_manager.order_by("pk").first()


def test_every_screen_of_the_staff_side_is_in_the_tables():
    assert {model._meta.label_lower for model in admin.site._registry} == set(SEES)
    ours = {name for name in admin_names() if name.rpartition("_")[2] not in OF_DJANGO}
    assert ours - SCREENS - set(BESIDE_THE_LIST) == set(PRESSES)


@pytest.mark.wide
@pytest.mark.parametrize("role", [*ROLES, "superuser", None])
def test_each_role_opens_its_own_screens_and_no_others(client, full_house, role):
    if role:
        client.force_login(_user(role))
    wrong, before = [], what_is_stored()
    for model in admin.site._registry:
        label = model._meta.label_lower
        name = f"admin:{label.replace('.', '_')}"
        row, may_see = a_row_of(model), role == "superuser" or role in SEES[label]
        for address in (reverse(f"{name}_changelist"), reverse(f"{name}_change", args=[row.pk])):
            # Some lists lead to a better one.
            code = client.get(address, follow=bool(role)).status_code
            if code != (200 if may_see else 403 if role else 302):
                wrong.append((address, "GET", code))
        for address in (
            reverse(f"{name}_add"),
            reverse(f"{name}_change", args=[row.pk]),
            reverse(f"{name}_delete", args=[row.pk]),
        ):
            code = client.post(address, {"post": "yes"}).status_code if not may_see else 403
            # Words that a visitor typed are shown to be copied (403); where there are none, the log-in is (302).
            if code not in ({403} if role else {302, 403}):
                wrong.append((address, "POST", code))
    assert wrong == []
    if role != "superuser":
        assert what_is_stored() == before


@pytest.mark.wide
@pytest.mark.parametrize("role", [*ROLES, "superuser", None])
def test_screens_beside_a_list_are_opened_by_their_roles_alone(client, full_house, role):
    if role:
        client.force_login(_user(role))
    wrong, before = [], what_is_stored()
    for name, may_open in BESIDE_THE_LIST.items():
        address = reverse(f"admin:{name}")
        may = role == "superuser" or role in may_open
        code = client.get(address, follow=bool(role)).status_code
        if code != (200 if may else 403 if role else 302):
            wrong.append((address, "GET", code))
        code = client.post(address, {"matter": "Back pain", "go": "save"}).status_code if not may else 403
        if code != 403:
            wrong.append((address, "POST", code))
    assert wrong == []
    assert what_is_stored() == before


@pytest.mark.wide
@pytest.mark.parametrize("role", [*ROLES, None])
def test_looking_at_a_button_changes_nothing_and_pressing_it_is_refused_to_others(client, full_house, role):
    if role:
        client.force_login(_user(role))
    wrong, before = [], what_is_stored()
    for name, may_press in PRESSES.items():
        room, model_name, _what = name.split("_", 2)
        model = ContentType.objects.get(app_label=room, model=model_name).model_class()
        arguments = [each() if callable(each) else each for each in ARGUMENTS.get(name, [])]
        if name not in WITHOUT_A_ROW and len(arguments) < 2:
            arguments = [a_row_of(model).pk, *arguments]
        address = reverse(f"admin:{name}", args=arguments)
        client.get(address)
        if role not in may_press:
            response = client.post(address, {"answer": "Yes", "words": "Change it", "seen_revision": "1"})
            if response.status_code not in ({302, 403, 409, 422} if role else {302, 403}):
                wrong.append((address, response.status_code))
    assert wrong == []
    assert what_is_stored() == before


@pytest.mark.wide
def test_no_address_of_the_staff_side_answers_an_unknown_row_with_an_error(client, full_house):
    client.force_login(_user("superuser"))
    wrong = []
    for name in admin_names():
        if name.rpartition("_")[2] in OF_DJANGO - {"changelist", "add"}:
            for key in ("0", "999999999999999999999", "None", "%00", "x'y"):
                address = reverse(f"admin:{name}", args=["KEY"]).replace("KEY", key)
                code = client.get(address).status_code
                if code >= 500:
                    wrong.append((address, code))
    assert wrong == []


def test_staff_commands_print_no_personal_data(full_house, capsys):
    call_command("list_requests")
    printed = capsys.readouterr().out
    assert full_house.reference in printed
    for secret in (full_house.full_name, full_house.email, full_house.matter):
        assert secret not in printed


def _user(username):
    return User.objects.get(username=username)
