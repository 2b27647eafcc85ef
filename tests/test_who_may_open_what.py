"""Every address of the site, for everybody: who opens it, who may press there, and who is sent away without a change.

The tables say so for each name that the site's own map holds; they are compared with what the site does, and with the
rights that `accounts/roles.py` gives.
"""

import logging
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import EmergencyAccess, User
from accounts.roles import PERMISSIONS, Role, roles_with
from appointments.changes import CHANGES
from appointments.models import (
    AlertPerson,
    AppointmentRequest,
    FormClosure,
    Look,
    MessageWording,
    Note,
    Status,
    TrackingLink,
)
from audit.models import Event
from clinic import purging
from clinic.models import Erasure, Location, PurgeRun, RetentionRule
from clinic.personal_data import our_models
from clinic.stored_files import store
from procedures.models import ConditionLook, MissedSearch, ProcedureLook, ProcedurePage
from tests.appointments.factories import link_to, make_request, make_time, moved
from tests.clinic.uploads import png
from tests.demonstration import load_all_but_requests
from tests.every_address import Place, comment_on_the_newest, link_to_a_review, names
from tests.procedures.factories import make_draft, make_feedback, make_published
from tests.staff import make_staff

NOBODY = frozenset()
TRIAGE, PAGES, HOUSE = {"reception", "nurse", "manager"}, {"editor", "reviewer", "manager"}, {"manager"}
EDITOR, FEEDBACK, AUDITOR = {"editor"}, {"editor", "manager"}, {"auditor"}
# Whoever logged in, without any role too; and everybody else with them.
STAFF = {str(role) for role in Role} | {"no role"}
HALFWAY = STAFF | {"halfway"}
ALL = STAFF | {"visitor"}

# Each kind of thing at the desk: who sees its list and rows, who adds, changes and deletes.
KINDS = {
    "accounts.user": (HOUSE, HOUSE, HOUSE, NOBODY),
    "appointments.alertperson": (HOUSE, HOUSE, NOBODY, HOUSE),
    "appointments.appointmentrequest": (TRIAGE, NOBODY, NOBODY, NOBODY),
    "appointments.formclosure": (HOUSE, HOUSE, NOBODY, NOBODY),
    "appointments.messagewording": (HOUSE, NOBODY, HOUSE, NOBODY),
    "appointments.savedreply": (TRIAGE, HOUSE, HOUSE, HOUSE),
    "audit.event": (AUDITOR, NOBODY, NOBODY, NOBODY),
    "clinic.accreditation": (HOUSE, HOUSE, HOUSE, HOUSE),
    "clinic.clinician": (HOUSE, HOUSE, HOUSE, HOUSE),
    "clinic.clinicprofile": (HOUSE, NOBODY, HOUSE, NOBODY),
    "clinic.closure": (HOUSE, HOUSE, HOUSE, HOUSE),
    "clinic.erasure": (HOUSE, NOBODY, NOBODY, NOBODY),
    "clinic.generalwarningsign": (HOUSE, HOUSE, HOUSE, HOUSE),
    "clinic.location": (HOUSE, HOUSE, HOUSE, HOUSE),
    "clinic.openinghours": (HOUSE, HOUSE, HOUSE, HOUSE),
    "clinic.retentionrule": (HOUSE, NOBODY, HOUSE, NOBODY),
    "outbox.message": (TRIAGE, NOBODY, NOBODY, NOBODY),
    "procedures.condition": (PAGES, EDITOR, EDITOR, NOBODY),
    "procedures.conditionpage": (PAGES, EDITOR, EDITOR, NOBODY),
    "procedures.conditionversion": (PAGES, NOBODY, NOBODY, NOBODY),
    "procedures.feedback": (FEEDBACK, NOBODY, NOBODY, HOUSE),
    "procedures.missedsearch": (EDITOR, NOBODY, NOBODY, EDITOR),
    "procedures.procedure": (PAGES, EDITOR, EDITOR, NOBODY),
    "procedures.procedurepage": (PAGES, EDITOR, EDITOR, NOBODY),
    "procedures.procedureversion": (PAGES, NOBODY, NOBODY, NOBODY),
}
VERBS = ("view", "add", "change", "delete")

# All other addresses: who opens it, and to whose press it answers with more than a refusal.
REQUESTS = "admin:appointments_appointmentrequest_"
TABLE = {
    # For everybody
    "home": (ALL, NOBODY),
    "healthz": (ALL, NOBODY),
    "readyz": (ALL, NOBODY),
    "statusz": (ALL, NOBODY),
    "robots": (ALL, NOBODY),
    "sitemap": (ALL, NOBODY),
    "security_txt": (ALL, NOBODY),
    "media": (ALL, NOBODY),
    "clinic:accessibility": (ALL, NOBODY),
    "clinic:privacy": (ALL, NOBODY),
    "procedures:changes": (ALL, NOBODY),
    "procedures:compare": (ALL, NOBODY),
    "procedures:condition": (ALL, NOBODY),
    "procedures:condition_feedback": (ALL, ALL),
    "procedures:condition_feedback_thanks": (ALL, NOBODY),
    "procedures:contact": (ALL, NOBODY),
    "procedures:leaflet": (ALL, NOBODY),
    "procedures:leaflet_code": (ALL, NOBODY),
    "procedures:location": (ALL, NOBODY),
    "procedures:location_list": (ALL, NOBODY),
    "procedures:procedure": (ALL, NOBODY),
    "procedures:procedure_feedback": (ALL, ALL),
    "procedures:procedure_feedback_thanks": (ALL, NOBODY),
    "procedures:procedure_list": (ALL, NOBODY),
    "procedures:team": (ALL, NOBODY),
    "appointments:request": (ALL, ALL),
    "appointments:lost_link": (ALL, ALL),
    # For whoever has the link
    "appointments:track": (ALL, NOBODY),
    "appointments:words": (ALL, ALL),
    "appointments:change": (ALL, ALL),
    "appointments:accept": (ALL, ALL),
    "procedures:review": (ALL, ALL),
    "procedures:review_page": (ALL, NOBODY),
    # For staff, whatever they do here
    "procedures:preview_styles": (STAFF, NOBODY),
    "clinic:styleguide": (STAFF, NOBODY),
    "admin:index": (STAFF, STAFF),
    "admin:jsi18n": (STAFF, NOBODY),
    "admin:my_log_in": (STAFF, NOBODY),
    # It tells a visitor one word, that nobody is logged in.
    "admin:whose_log_in": (ALL, NOBODY),
    "admin:stay_logged_in": (STAFF, STAFF),
    "admin:end_my_log_in": (STAFF, STAFF),
    "admin:end_my_other_log_ins": (STAFF, STAFF),
    "admin:confirm": (STAFF, STAFF),
    "admin:password_change": (STAFF, STAFF),
    "admin:password_change_done": (STAFF, NOBODY),
    "admin:second_factor": (STAFF, STAFF),
    "admin:second_factor_set_up": (HALFWAY, HALFWAY),
    "admin:second_factor_square": (HALFWAY, NOBODY),
    "admin:second_step": (HALFWAY, HALFWAY),
    "admin:second_step_recovery": (HALFWAY, HALFWAY),
    "admin:login": (ALL, ALL),
    # For some
    "admin:app_list": (HOUSE, HOUSE),
    "admin:emergency": (HOUSE, NOBODY),
    "admin:emergency_read": (HOUSE, HOUSE),
    "admin:auth_user_password_change": (HOUSE, HOUSE),
    "admin:accounts_user_log_out_everywhere": (HOUSE, HOUSE),
    "admin:accounts_user_reset_second_factor": (HOUSE, HOUSE),
    f"{REQUESTS}move": (TRIAGE, TRIAGE),
    f"{REQUESTS}many": (TRIAGE, TRIAGE),
    f"{REQUESTS}next": (TRIAGE, TRIAGE),
    f"{REQUESTS}undo": (TRIAGE, TRIAGE),
    f"{REQUESTS}reach": (TRIAGE, TRIAGE),
    f"{REQUESTS}revoke": (TRIAGE, TRIAGE),
    f"{REQUESTS}notes": (TRIAGE, TRIAGE),
    f"{REQUESTS}unnote": (TRIAGE, TRIAGE),
    f"{REQUESTS}messages": (TRIAGE, TRIAGE),
    f"{REQUESTS}duplicates": (TRIAGE, TRIAGE),
    f"{REQUESTS}duplicates_press": (TRIAGE, TRIAGE),
    f"{REQUESTS}downtime": (TRIAGE, TRIAGE),
    f"{REQUESTS}enter": (TRIAGE, TRIAGE),
    f"{REQUESTS}freed": (TRIAGE, TRIAGE),
    f"{REQUESTS}practice": (TRIAGE, TRIAGE),
    f"{REQUESTS}who_read": (TRIAGE, TRIAGE),
    f"{REQUESTS}figures": (HOUSE, NOBODY),
    f"{REQUESTS}figures_export": (NOBODY, HOUSE),
    f"{REQUESTS}erase": (HOUSE, HOUSE),
    f"{REQUESTS}export_person": (HOUSE, HOUSE),
    "admin:appointments_formclosure_lift": (NOBODY, HOUSE),
    "admin:appointments_messagewording_words": (HOUSE, HOUSE),
    "admin:appointments_messagewording_ours": (NOBODY, HOUSE),
    "admin:audit_event_export": (NOBODY, AUDITOR),
    "admin:clinic_erasure_text": (HOUSE, NOBODY),
    "admin:clinic_retentionrule_count": (NOBODY, HOUSE),
    "admin:clinic_retentionrule_purge": (HOUSE, HOUSE),
    "admin:clinic_retentionrule_release": (NOBODY, HOUSE),
    "admin:outbox_message_try_again": (NOBODY, TRIAGE),
    "admin:procedures_feedback_done": (NOBODY, FEEDBACK),
    "admin:procedures_feedback_open": (NOBODY, FEEDBACK),
    "admin:procedures_procedurepage_draft": (PAGES, PAGES),
    "admin:procedures_conditionpage_draft": (PAGES, PAGES),
    "admin:procedures_procedurepage_withdraw": (PAGES, PAGES),
    "admin:procedures_conditionpage_withdraw": (PAGES, PAGES),
    "admin:procedures_procedureversion_section": (EDITOR, EDITOR),
    "admin:procedures_conditionversion_section": (EDITOR, EDITOR),
    "admin:procedures_procedureversion_look": (EDITOR, EDITOR),
    "admin:procedures_conditionversion_look": (EDITOR, EDITOR),
    "admin:procedures_procedureversion_move": (PAGES, PAGES),
    "admin:procedures_conditionversion_move": (PAGES, PAGES),
    "admin:editorial_desk": (PAGES, NOBODY),
    "admin:procedures_procedurepage_confirm": (PAGES, PAGES),
    "admin:procedures_conditionpage_confirm": (PAGES, PAGES),
    **{
        f"admin:procedures_{kind}{name}": allowed
        for kind in ("procedure", "condition")
        for name, allowed in {
            "page_choose": (PAGES, NOBODY),
            "page_compare": (PAGES, NOBODY),
            "page_read_on": (PAGES, NOBODY),
            "page_successor": (PAGES, PAGES),
            "version_restore": (PAGES, PAGES),
        }.items()
    },
    "admin:procedures_procedureversion_comment": (PAGES, PAGES),
    "admin:procedures_conditionversion_comment": (PAGES, PAGES),
    "admin:procedures_procedureversion_answer": (PAGES, PAGES),
    "admin:procedures_conditionversion_answer": (PAGES, PAGES),
    "admin:facts": (PAGES, NOBODY),
    "admin:fact": (PAGES, EDITOR),
    "admin:languages": (PAGES, NOBODY),
    "admin:language_pair": (PAGES, EDITOR),
    "admin:procedures_procedureversion_invite": (HOUSE, HOUSE),
    "admin:procedures_conditionversion_invite": (HOUSE, HOUSE),
    "admin:procedures_procedureversion_revoke": (HOUSE, HOUSE),
    "admin:procedures_conditionversion_revoke": (HOUSE, HOUSE),
    "procedures:preview_procedure": (PAGES, NOBODY),
    "procedures:preview_condition": (PAGES, NOBODY),
    "procedures:preview_procedure_as": (PAGES, NOBODY),
    "procedures:preview_condition_as": (PAGES, NOBODY),
    # Behind these is nothing in the house of these tests: no time is agreed, no PDF made, no link of Django's used.
    "appointments:calendar": (NOBODY, NOBODY),
    "procedures:leaflet_pdf": (NOBODY, NOBODY),
    "admin:autocomplete": (NOBODY, NOBODY),
    "admin:view_on_site": (NOBODY, NOBODY),
}
for label, (sees, adds, changes, deletes) in KINDS.items():
    its = f"admin:{label.replace('.', '_')}_"
    TABLE |= {
        f"{its}changelist": (sees, sees),
        f"{its}history": (sees, sees),
        f"{its}add": (adds, adds),
        f"{its}change": (sees, changes),
        f"{its}delete": (deletes, deletes),
    }
# Versions are changed section by section, and by moves, whose refusals are sentences.
for kind in ("procedure", "condition"):
    TABLE[f"admin:procedures_{kind}version_change"] = (PAGES, PAGES)
# These show again what they show, and change nothing by themselves.
TABLE[f"{REQUESTS}change"] = (TRIAGE, TRIAGE)
TABLE["admin:clinic_erasure_change"] = (HOUSE, HOUSE)
# These lead to the log-in when all is well (tests/accounts/test_sessions.py).
WAYS_OUT = {"admin:logout", "admin:end_my_log_ins"}
# Who is answered there with a reason, and changes nothing.
ONLY_A_REASON = {
    "admin:procedures_procedurepage_draft": {"reviewer", "manager"},
    "admin:procedures_conditionpage_draft": {"reviewer", "manager"},
    "admin:procedures_procedurepage_withdraw": {"editor", "reviewer"},
    "admin:procedures_conditionpage_withdraw": {"editor", "reviewer"},
    "admin:procedures_procedurepage_successor": {"editor", "reviewer"},
    "admin:procedures_conditionpage_successor": {"editor", "reviewer"},
    "admin:procedures_procedureversion_restore": {"reviewer", "manager"},
    "admin:procedures_conditionversion_restore": {"reviewer", "manager"},
    "admin:procedures_procedurepage_confirm": {"editor", "manager"},
    "admin:procedures_conditionpage_confirm": {"editor", "manager"},
    "admin:procedures_procedureversion_move": {"manager"},
    "admin:procedures_conditionversion_move": {"manager"},
    "admin:procedures_procedureversion_comment": {"manager"},
    "admin:procedures_conditionversion_comment": {"manager"},
    "admin:procedures_procedureversion_answer": {"manager"},
    "admin:procedures_conditionversion_answer": {"manager"},
}

# Rights that are about more than a kind of thing: an address that opens for them, or pressing it, and for nothing else.
OPENED_BY = {
    "accounts.change_user": ("admin:accounts_user_reset_second_factor", 1),
    "appointments.triage_appointmentrequest": (f"{REQUESTS}move", 1),
    "appointments.view_figures": (f"{REQUESTS}figures", 0),
    "appointments.erase_person": (f"{REQUESTS}erase", 1),
    "clinic.change_retentionrule": ("admin:clinic_retentionrule_release", 1),
    "outbox.retry_message": ("admin:outbox_message_try_again", 1),
    "procedures.close_feedback": ("admin:procedures_feedback_done", 1),
    "procedures.edit_version": ("admin:procedures_procedureversion_section", 1),
}
# One button of several at an address; each role is tried in tests/procedures/test_review.py and test_desk_moves.py.
OF_A_MOVE = {
    "appointments.release_others": HOUSE,
    "procedures.publish_version": HOUSE,
    "procedures.sign_off_version": {"reviewer"},
}

# What a button's address tells besides the row, for others who build such addresses.
ARGUMENTS = {
    f"{REQUESTS.removeprefix('admin:')}duplicates_press": ["apart"],
    f"{REQUESTS.removeprefix('admin:')}move": ["claim"],
    f"{REQUESTS.removeprefix('admin:')}many": ["claim"],
    f"{REQUESTS.removeprefix('admin:')}reach": ["came-back"],
    "appointments_messagewording_ours": ["received", "en"],
    "procedures_procedureversion_move": ["send_for_review"],
    "procedures_conditionversion_move": ["send_for_review"],
    "procedures_procedureversion_answer": [1],
    "procedures_procedurepage_compare": [1, 1],
    "procedures_conditionpage_compare": [1, 1],
    "procedures_conditionversion_answer": [1],
    "procedures_procedureversion_revoke": [1],
    "procedures_conditionversion_revoke": [1],
}
OF_DJANGO = {"changelist", "add", "history", "delete", "change"}


def admin_names():
    """Return the names of the addresses of the admin that belong to a model."""
    prefixes = tuple(f"admin:{model._meta.label_lower}_".replace(".", "_") for model in admin.site._registry)
    return {name.removeprefix("admin:") for name, _arguments in names() if name.startswith(prefixes)}


def what_is_stored():
    """Every row of everything, but the events and looks that reading and refusing may add."""
    models = set(our_models()) - {Event, Look, ProcedureLook, ConditionLook}
    return {model: list(model._base_manager.order_by("pk").values()) for model in models}


def a_row_of(model):
    return model._base_manager.order_by("pk").first()


# What the tables say


def test_every_address_of_the_site_stands_in_the_table():
    assert {name for name, _arguments in names()} == set(TABLE) | WAYS_OUT
    assert {model._meta.label_lower for model in admin.site._registry} == set(KINDS)


@pytest.mark.django_db
def test_every_right_of_a_role_opens_something_and_nothing_opens_without_one():
    said = {}
    for label, who in KINDS.items():
        room, name = label.split(".")
        said |= {f"{room}.{verb}_{name}": set(may) for verb, may in zip(VERBS, who, strict=True)}
    for right, (address, column) in OPENED_BY.items():
        assert said.get(right, TABLE[address][column]) == TABLE[address][column], right
        said[right] = set(TABLE[address][column])
    said |= OF_A_MOVE
    rights = Permission.objects.filter(content_type__app_label__in=[config.label for config in apps.get_app_configs()])
    known = {f"{room}.{codename}" for room, codename in rights.values_list("content_type__app_label", "codename")}
    held = {right: {str(role) for role in roles_with(right)} for right in known | set().union(*PERMISSIONS.values())}
    assert {right: who for right, who in held.items() if who} == {right: who for right, who in said.items() if who}


def test_nothing_at_the_desk_needs_a_superuser():
    for_nobody = {name for name, (opens, presses) in TABLE.items() if not opens | presses}
    by_nobody = {f"admin:{label.replace('.', '_')}_{verb}" for label in KINDS for verb in ("add", "delete")}
    assert {name for name in for_nobody - by_nobody if name.startswith("admin:")} == {
        "admin:autocomplete",
        "admin:view_on_site",
    }


# What the site does


class House(Place):
    """The demonstration's clinic with something of everything behind its addresses."""

    def __init__(self):
        load_all_but_requests()
        now, manager = timezone.now(), User.objects.get(username="manager")
        MissedSearch.objects.create(language="en", words_index="x", words="sore knee", days=3, last_day="2026-11-20")
        make_feedback(ProcedurePage.objects.first())
        Erasure.objects.create(number="7K4M-Q2XD", reason="asked", actor_kind="command", looked_through_at=now)
        FormClosure.objects.create(
            starts_at=now, ends_at=now + timedelta(days=1), words={"en": "Full."}, made_by=manager
        )
        RetentionRule.objects.create(code="spam", number=30, unit="days", why={"en": "Why", "es": "Por qué"})
        purging.dry_run(by=purging.PURGE)
        MessageWording.objects.create(purpose="received", language="en", subject="Hello", text="Thank you.")
        AlertPerson.objects.get_or_create(user=manager)
        EmergencyAccess.objects.create(
            user=manager, asked_by="A", reason="B", opened_at=now - timedelta(hours=4), ends_at=now
        )
        self.file = store(ContentFile(png(), name="spine.png"))
        self.colleague = make_staff("colleague", Role.RECEPTION)
        self.request = make_request()
        self.token = link_to(self.request)
        Note.objects.create(request=self.request, text="Call in the morning.", written_by=manager)
        self.review_token = link_to_a_review()
        comment_on_the_newest()

    def value(self, name, argument):
        """Return what stands in an address for one of its parts."""
        if name.startswith(("admin:accounts_user_", "admin:auth_user_")):
            return self.colleague.pk
        if name == f"{REQUESTS}duplicates_press" and argument == "name":
            return "apart"
        if name == f"{REQUESTS}reach" and argument == "name":
            return "came-back"
        if name.endswith("version_move") and argument == "name":
            return "send_for_review"
        if name == "procedures:location":
            return a_row_of(Location).key
        if argument == "slug" and "condition" in name:
            return "vertebral-compression-fracture"
        if name.endswith(("version_answer", "version_revoke")) and argument == "number":
            return super().value(name, argument)
        known = {"number": EmergencyAccess, "pk": PurgeRun if name == "admin:clinic_retentionrule_release" else None}
        if known.get(argument):
            return a_row_of(known[argument]).pk
        return "vertebroplasty" if argument == "second" else super().value(name, argument)


@pytest.fixture
def house(db, settings, media_root):
    settings.DEMO = True
    return House()


@pytest.fixture
def quiet():
    """Keep no line of the log: each would hold on to all that was refused."""
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


# What a form might bring; enough for some buttons to do what they do.
PLAUSIBLE = {"post": "yes", "go": "save", "seen_revision": "1", "matter": "Back pain", "answer": "Yes", "words": "A"}


def is_refused(response):
    """Say whether an answer is a refusal, or leads to the log-in."""
    if response.status_code in (403, 404, 405):
        return True
    goes_to = response.get("Location", "").removeprefix("/es")
    return goes_to.startswith("/admin/login/") and not goes_to.startswith("/admin/login/set-up/")


def walk(client, house, roles):
    """Open and press everything as somebody with these roles; return what went otherwise than the table says.

    Whatever must not change anything is done first, so that one look at all rows before and after tells.
    """
    wrong, before, cookies = [], what_is_stored(), dict(client.cookies)

    def asked(verb, name, address, data=None):
        client.cookies.clear()
        client.cookies.update(cookies)
        response = client.get(address) if verb == "GET" else client.post(address, data)
        if response.status_code >= 500 and name != "statusz":
            wrong.append((name, verb, response.status_code))
        if response.streaming:
            response.getvalue()
        return response

    todo = []
    for name, arguments in names():
        if name in WAYS_OUT:
            continue
        opens, presses = (bool(roles & who) for who in TABLE[name])
        address = house.address(name, arguments)
        response = asked("GET", name, address)
        if is_refused(response) == opens:
            wrong.append((name, "GET", response.status_code))
        if presses and not roles <= ONLY_A_REASON.get(name, set()):
            todo.append((name, address))
            continue
        posts = [(address, PLAUSIBLE)]
        if not roles & set(Role.values):
            # Spanish addresses have the same names, and what is sent makes no difference to who may not send.
            posts.append((house.address(name, arguments, "es"), {}))
        for address, data in posts:
            response = asked("POST", name, address, data)
            if is_refused(response) == presses:
                wrong.append((name, "POST", response.status_code))
    assert [model for model, rows in what_is_stored().items() if rows != before[model]] == []
    for name, address in todo:
        mark = transaction.savepoint()
        response = asked("POST", name, address, PLAUSIBLE)
        transaction.savepoint_rollback(mark)
        if is_refused(response):
            wrong.append((name, "POST", response.status_code))
    return wrong


PEOPLE = {
    "visitor": {"visitor"},
    "who left": {"visitor"},
    "who has not shown the second factor": {"visitor", "halfway"},
    "somebody without a role": {"no role"},
    **{str(role): {str(role)} for role in Role},
    "two roles": {"reception", "auditor"},
    "superuser": STAFF,
}


def browser_of(person):
    """Return a browser in which this person is at the desk, if they are let in."""
    client = Client()
    if person == "visitor":
        return client
    roles = Role if person.startswith("who") else PEOPLE[person] & set(Role.values)
    user = make_staff(f"walking {person}", *roles, is_superuser=person == "superuser")
    client.force_login(user)
    if person == "who left":
        User.objects.filter(pk=user.pk).update(is_active=False)
    return client


@pytest.mark.wide
def test_each_role_opens_its_own_screens_and_no_others(house, settings, quiet):
    wrong = {}
    for person, roles in PEOPLE.items():
        settings.REQUIRE_TWO_FACTOR = "halfway" in roles
        wrong[person] = walk(browser_of(person), house, roles)
    assert {person: what for person, what in wrong.items() if what} == {}


@pytest.mark.django_db
def test_somebody_without_a_role_is_sent_away_from_every_list():
    client, wrong = browser_of("somebody without a role"), []
    for name, arguments in names():
        if name not in WAYS_OUT and not arguments and "no role" not in TABLE[name][0]:
            address = reverse(name)
            if not (is_refused(client.get(address)) and is_refused(client.post(address))):
                wrong.append(address)
    assert wrong == []


@pytest.mark.django_db
def test_no_list_holds_a_row_that_somebody_without_a_role_may_not_see(rf):
    make_request()
    make_feedback(make_published().page)
    request = rf.get("/admin/")
    request.user = make_staff("stranger")
    Event.record("thing.happened", by=request.user.as_actor())
    for model in our_models():
        if admin.site.is_registered(model):
            rows = admin.site.get_model_admin(model).get_queryset(request)
            assert set(rows) <= {request.user}, model


@pytest.mark.wide
def test_no_address_of_the_staff_side_answers_an_unknown_row_with_an_error(client, house):
    client.force_login(User.objects.get(username="superuser"))
    wrong = []
    for name in admin_names():
        if name.rpartition("_")[2] in OF_DJANGO - {"changelist", "add"}:
            for key in ("0", "999999999999999999999", "None", "%00", "x'y"):
                address = reverse(f"admin:{name}", args=["KEY"]).replace("KEY", key)
                code = client.get(address).status_code
                if code >= 500:
                    wrong.append((address, code))
    assert wrong == []


def test_staff_commands_print_no_personal_data(db, capsys):
    asked = make_request()
    call_command("list_requests")
    printed = capsys.readouterr().out
    assert asked.reference in printed
    for secret in (asked.full_name, asked.email, asked.matter):
        assert secret not in printed


# What belongs to another request


@pytest.fixture
def two(reception):
    """Two requests of strangers, to each of which times are offered, and one of which was asked something."""
    requests = [moved(make_request(), "claim", by=reception) for _ in range(2)]
    return [moved(each, "offer", by=reception, times=[make_time(hour=hour)]) for hour, each in enumerate(requests, 9)]


def test_a_private_link_opens_and_changes_nothing_of_another_request(client, two):
    mine, theirs = two
    token, before = link_to(mine), what_is_stored()
    offer = theirs.offers.get()
    accept = reverse("appointments:accept", args=[token, offer.pk])
    for answer in (client.get(accept), client.post(accept), client.post(accept, {"offer": offer.pk})):
        assert answer.status_code == 409
        assert "no longer offered" in answer.content.decode()
    smuggled = {"request": theirs.pk, "asked": theirs.reference, "token": link_to(theirs), "link": 1, "pk": theirs.pk}
    before |= {TrackingLink: what_is_stored()[TrackingLink]}
    for name in CHANGES:
        if name != "accept":
            client.get(reverse("appointments:change", args=[token, name]), smuggled)
    assert what_is_stored() == before
    client.post(reverse("appointments:change", args=[token, "withdraw"]), smuggled)
    assert [AppointmentRequest.objects.get(pk=each.pk).status for each in two] == [Status.WITHDRAWN, theirs.status]


def test_a_row_of_another_request_is_not_found_under_an_address_of_this_one(client, reception, two):
    mine, theirs = two
    client.force_login(reception)
    note = Note.objects.create(request=theirs, text="Call in the morning.", written_by=reception)
    link = theirs.tracking_links.first()
    before = what_is_stored()
    for name, row in (("unnote", note), ("revoke", link)):
        address = reverse(f"{REQUESTS}{name}", args=[mine.pk, row.pk])
        assert client.post(address, {"seen_revision": mine.revision, "token": "x"}).status_code in (302, 404, 409), name
    assert what_is_stored() == before


@pytest.mark.parametrize("role", [None, "reception", "nurse", "auditor"])
def test_a_draft_and_its_preview_are_for_those_who_work_on_pages(db, client, request, role):
    version = make_draft()
    if role:
        client.force_login(request.getfixturevalue(role))
    address = reverse("procedures:preview_procedure", args=[version.pk])
    assert client.get(address).status_code == (403 if role else 302)
    assert client.get(f"/procedures/{version.page.slug}/").status_code == 404
