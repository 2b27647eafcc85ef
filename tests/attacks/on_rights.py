"""Attacks on who may do what: forged requests, borrowed sessions, rows of others, presses that count twice."""

import base64
import json
import zlib
from contextlib import contextmanager
from importlib import import_module

from django.conf import settings
from django.contrib.auth.hashers import get_hasher
from django.core.exceptions import BadRequest
from django.db import connection, models
from django.test import Client, override_settings
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role, permissions_of
from appointments import workflow
from appointments.models import AppointmentRequest, Status
from appointments.references import hash_of, new_token
from audit.models import AppendOnly, Event
from clinic.cipher import NotOurs
from clinic.models import Location
from tests.appointments.at_the_desk import address
from tests.appointments.factories import claimed_request, link_to, make_request
from tests.appointments.visitor import ADDRESS, Visitor
from tests.attacks import attack, replaced, without_middleware
from tests.staff import PASSWORD

LOG_IN = "/admin/login/"
CREDENTIALS = {"username": "reception", "password": PASSWORD}


def status_of(asked):
    """Return where a request stands now."""
    return AppointmentRequest.objects.get(pk=asked.pk).status


# Forged requests


def any_form():
    return [replaced("django.middleware.csrf.CsrfViewMiddleware.process_view", lambda *args, **kwargs: None)]


@attack(cwe=352, asvs="V3 Web frontend security", weaken=any_form)
def another_site_presses_a_button_for_a_member_of_staff(site):
    """CWE-352, ASVS V3: a form of another site makes a move with the session of whoever looks at it."""
    asked = make_request()
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(site.staff["reception"])
    move = reverse("admin:appointments_appointmentrequest_move", args=[asked.pk, "claim"])
    browser.post(move, {"seen_revision": asked.revision}, headers={"origin": "https://evil.example"})
    return status_of(asked) == Status.IN_PROGRESS


def looks_press():
    from appointments.views import changing

    return [replaced("appointments.views.changing._asked", changing._made)]


@attack(cwe=650, asvs="V4 API and web service", weaken=looks_press)
def a_scanner_of_links_withdraws_a_request(site):
    """CWE-650, ASVS V4: looking at an address changes something."""
    asked = make_request()
    site.stranger.get(reverse("appointments:change", args=[link_to(asked), "withdraw"]))
    return status_of(asked) == Status.WITHDRAWN


@attack(cwe=644, asvs="V4 API and web service", weaken=lambda: [override_settings(ALLOWED_HOSTS=["*"])])
def the_site_answers_under_a_strangers_name(site):
    """CWE-644, ASVS V4: a forged Host is believed, and stands in what a cache keeps."""
    return site.stranger.get("/", headers={"host": "evil.example"}).status_code == 200


def any_target():
    return [replaced("django.contrib.auth.views.url_has_allowed_host_and_scheme", lambda *args, **kwargs: True)]


@attack(cwe=601, asvs="V3 Web frontend security", weaken=any_target)
def the_log_in_leads_to_another_site(site):
    """CWE-601, ASVS V3: whoever logs in by a forged link lands on a copy of the desk."""
    response = site.stranger.post(f"{LOG_IN}?next=https://evil.example/", CREDENTIALS)
    return response.status_code == 302 and response["Location"].startswith("https://evil.example")


def in_frames():
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    loose = {"DIRECTIVES": {name: value for name, value in policy.items() if name != "frame-ancestors"}}
    return [
        without_middleware("XFrameOptionsMiddleware", "on_every_answer"),
        override_settings(CONTENT_SECURITY_POLICY=loose),
    ]


@attack(cwe=1021, asvs="V3 Web frontend security", weaken=in_frames)
def the_form_is_drawn_in_the_frame_of_another_site(site):
    """CWE-1021, ASVS V3: a patient presses what they do not see."""
    response = site.stranger.get(ADDRESS["en"])
    return "frame-ancestors" not in response["Content-Security-Policy"] and "X-Frame-Options" not in response


def scripts_inline():
    return [override_settings(CONTENT_SECURITY_POLICY={"DIRECTIVES": {"script-src": ["'unsafe-inline'"]}})]


@attack(cwe=1173, asvs="V3 Web frontend security", weaken=scripts_inline)
def a_script_in_a_page_would_be_run(site):
    """CWE-1173, ASVS V3: the second line of defence is missing, behind escaping."""
    policy = site.stranger.get("/")["Content-Security-Policy"]
    return "unsafe-inline" in policy or "default-src 'none'" not in policy


# Sessions and log-in


def sessions_kept():
    store = import_module(settings.SESSION_ENGINE).SessionStore
    return [
        replaced(f"{store.__module__}.SessionStore.cycle_key", lambda self: None),
        replaced(f"{store.__module__}.SessionStore.flush", lambda self: self.clear()),
    ]


@attack(cwe=384, asvs="V7 Session management", weaken=sessions_kept)
def a_session_that_was_planted_is_logged_in(site):
    """CWE-384, ASVS V7: whoever gave somebody a cookie is logged in with them."""
    planted = import_module(settings.SESSION_ENGINE).SessionStore()
    planted["planted"] = True
    planted.create()
    victim, thief = Client(), Client()
    for browser in (victim, thief):
        browser.cookies[settings.SESSION_COOKIE_NAME] = planted.session_key
    victim.post(LOG_IN, CREDENTIALS)
    return thief.get("/admin/").status_code == 200


@attack(cwe=1004, asvs="V3 Web frontend security", weaken=lambda: [override_settings(SESSION_COOKIE_HTTPONLY=False)])
def a_script_reads_the_session(site):
    """CWE-1004, ASVS V3: a cookie that opens the desk can be read by scripts."""
    site.stranger.post(LOG_IN, CREDENTIALS)
    return not site.stranger.cookies[settings.SESSION_COOKIE_NAME]["httponly"]


@attack(cwe=614, asvs="V3 Web frontend security", weaken=lambda: [override_settings(SESSION_COOKIE_SECURE=False)])
def the_session_travels_in_clear(site):
    """CWE-614, ASVS V3: a cookie that opens the desk is sent over plain http."""
    site.stranger.post(LOG_IN, CREDENTIALS)
    return not site.stranger.cookies[settings.SESSION_COOKIE_NAME]["secure"]


def unknown_names_are_quick():
    from accounts.backends import RoleBackend

    careful = RoleBackend.authenticate

    def hasty(self, request, username=None, password=None, **kwargs):
        if not User.objects.filter(username=username).exists():
            return None
        return careful(self, request, username=username, password=password, **kwargs)

    return [replaced("accounts.backends.RoleBackend.authenticate", hasty)]


@attack(cwe=208, asvs="V6 Authentication", weaken=unknown_names_are_quick)
def the_work_of_a_failed_log_in_tells_who_is_staff(site):
    """CWE-208, ASVS V6: a name that nobody has is refused without the work of a password."""
    hasher, work = type(get_hasher()), []
    encode = hasher.encode

    def counted(self, *args, **kwargs):
        work.append(1)
        return encode(self, *args, **kwargs)

    with replaced(f"{hasher.__module__}.{hasher.__name__}.encode", counted):
        counts = []
        for name in ("reception", "nobody"):
            work.clear()
            Client().post(LOG_IN, {"username": name, "password": "wrong"})
            counts.append(len(work))
    return counts[0] != counts[1]


# Rows and rights of others


def no_rows_of_others():
    return [
        replaced("appointments.models.requests.RequestQuerySet.visible_to", lambda rows, user: rows),
        replaced("appointments.models.AppointmentRequest.is_at_a_place_of", lambda row, user: True),
    ]


@attack(cwe=639, asvs="V8 Authorization", weaken=no_rows_of_others)
def staff_of_one_location_read_a_request_of_another(site):
    """CWE-639, ASVS V8: a number in an address opens a row that is not for this person."""
    north, south = (Location.objects.create(key=key, name=key, address="1 A St") for key in ("place-n", "place-s"))
    asked = make_request(location=south.key, full_name="Q-u-i-n-c-y")
    site.staff["reception"].set_locations([north])
    return b"Q-u-i-n-c-y" in site.signed_in("reception").get(address(asked)).content


def every_right():
    every = set().union(*(permissions_of([role]) for role in Role.values))
    return [replaced("accounts.backends.permissions_of", lambda roles: every)]


@attack(cwe=285, asvs="V8 Authorization", weaken=every_right)
def reception_takes_the_figures_along(site):
    """CWE-285, ASVS V8: a press is taken from a role that may not make it."""
    export = reverse("admin:appointments_appointmentrequest_figures_export")
    return site.signed_in("reception").post(export, {"period": "month"}).status_code == 200


def superuser_for_all():
    from accounts.admin import StaffAdmin

    told = StaffAdmin.get_fieldsets

    def loose(self, request, obj=None):
        fieldsets = told(self, request, obj)
        return fieldsets if obj is None else (*fieldsets, ("", {"fields": ("is_superuser",)}))

    return [replaced("accounts.admin.StaffAdmin.get_fieldsets", loose)]


@attack(cwe=915, asvs="V15 Secure coding and architecture", weaken=superuser_for_all)
def a_field_that_was_not_on_the_form_makes_a_superuser(site):
    """CWE-915, ASVS V15: whatever is posted is written to the row."""
    nurse = site.staff["nurse"]
    fields = {"username": nurse.username, "email": nurse.email, "roles": ["nurse"], "is_active": "on"}
    manager = site.signed_in("manager")
    change = reverse("admin:accounts_user_change", args=[nurse.pk])
    manager.post(change, fields | {"is_superuser": "on", "is_staff": "on", "last_login_0": "", "last_login_1": ""})
    return User.objects.get(pk=nurse.pk).is_superuser


def tokens_by_their_beginning():
    def short(token):
        return hash_of(token[:20])

    return [
        replaced("appointments.views.private.hash_of", short),
        replaced("appointments.models.links.hash_of", short),
    ]


@attack(cwe=697, asvs="V11 Cryptography", weaken=tokens_by_their_beginning)
def a_token_with_one_letter_changed_opens_a_request(site):
    """CWE-697, ASVS V11: part of a secret is enough."""
    token = link_to(make_request())
    near = token[:-1] + ("A" if token[-1] != "A" else "B")
    return site.stranger.get(reverse("appointments:track", args=[near])).status_code == 200


def any_number_of_tries():
    return [replaced("appointments.views.private.MOST_MISSES", 10**9)]


@attack(cwe=307, asvs="V2 Validation and business logic", weaken=any_number_of_tries)
def private_links_are_guessed_without_end(site):
    """CWE-307, ASVS V2: nobody stops whoever tries one address after the other."""
    answers = [site.stranger.get(f"/appointments/track/guess-{number}/").status_code for number in range(32)]
    return set(answers) == {404}


def whatever_is_said():
    from clinic.limits import read_address

    def told(request):
        return read_address(request.headers.get("X-Forwarded-For", "").split(",")[0])

    return [replaced("clinic.limits._address_of", told)]


@attack(cwe=348, asvs="V4 API and web service", weaken=whatever_is_said)
def guessing_goes_on_under_addresses_that_are_made_up(site):
    """CWE-348, ASVS V4: X-Forwarded-For is believed from anybody."""
    answers = [
        site.stranger.get(f"/appointments/track/guess-{n}/", headers={"x-forwarded-for": f"203.0.113.{n}"}).status_code
        for n in range(32)
    ]
    return set(answers) == {404}


def tells_whether_there_is_one():
    def tell(*, reference, contact):
        if not AppointmentRequest.objects.filter(reference=reference).exists():
            raise BadRequest

    return [replaced("appointments.workflow.ask_for_link", tell)]


@attack(cwe=204, asvs="V6 Authentication", weaken=tells_whether_there_is_one)
def the_answer_about_a_lost_link_tells_who_is_a_patient(site):
    """CWE-204, ASVS V6: a reference that exists is answered otherwise than one that does not."""
    from clinic.codes import new_code

    answers = []
    for reference in (make_request().reference, new_code()):
        typed = {"reference": reference, "contact": "ana@example.org"}
        response = site.stranger.post(reverse("appointments:lost_link"), typed)
        answers.append((response.status_code, response.get("Location"), response.content))
    return answers[0] != answers[1]


# What is trusted although a browser carried it, and what counts twice


class NoCipher:
    """Encrypts nothing."""

    def seal_dated(self, words):
        """Return the bytes as letters."""
        return base64.urlsafe_b64encode(words).decode()

    def open_dated(self, text):
        """Return whatever came, as of any time."""
        try:
            return base64.urlsafe_b64decode(text), 4_000_000_000
        except ValueError:
            raise NotOurs from None


@attack(
    cwe=345,
    asvs="V2 Validation and business logic",
    weaken=lambda: [replaced("appointments.sealed.cipher", lambda purpose: NoCipher())],
)
def answers_that_were_never_asked_for_are_taken_as_sealed(site):
    """CWE-345, ASVS V2: whoever writes the seal by hand says what was answered, and on which token."""
    typed = {"wish": {"wish": "appointment", "for_whom": "me"}}
    forged = base64.urlsafe_b64encode(zlib.compress(json.dumps({"shape": 2, "typed": typed}).encode())).decode()
    page = site.stranger.post(ADDRESS["en"], {"seal": forged, "step": "check", "go": "change-person"})
    return b"could not read your answers" not in page.content


def each_press_is_new():
    first = workflow.submit

    def careless(answers, *, token, **told):
        return first(answers, token=new_token(), **told)

    return [
        replaced("appointments.workflow.submit", careless),
    ]


@attack(cwe=837, asvs="V2 Validation and business logic", weaken=each_press_is_new)
def a_form_sent_twice_makes_two_requests(site):
    """CWE-837, ASVS V2: the same press counts again."""
    visitor = Visitor(client=site.stranger).reach("check")
    last = {"seal": visitor.seal, "step": "check", "go": "send"}
    for _press in range(2):
        site.stranger.post(ADDRESS["en"], last)
    return AppointmentRequest.objects.count() == 2


def whatever_was_seen():
    first = workflow.move

    def careless(request, name, *, by, seen_revision, **typed):
        current = AppointmentRequest.objects.get(pk=request.pk)
        return first(request, name, by=by, seen_revision=current.revision, **typed)

    return [replaced("appointments.workflow.move", careless)]


@attack(cwe=362, asvs="V2 Validation and business logic", weaken=whatever_was_seen)
def a_press_on_an_old_page_undoes_what_a_colleague_did(site):
    """CWE-362, ASVS V2: a move is made on what nobody looked at."""
    asked = claimed_request(site.staff["reception"])
    move = reverse("admin:appointments_appointmentrequest_move", args=[asked.pk, "release"])
    site.signed_in("reception").post(move, {"seen_revision": asked.revision - 1})
    return AppointmentRequest.objects.get(pk=asked.pk).holder is None


@contextmanager
def without_triggers():
    """Take off what the database itself says against changing an event."""
    _switch_triggers("DISABLE")
    yield
    _switch_triggers("ENABLE")


def _switch_triggers(switch):
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {Event._meta.db_table} {switch} TRIGGER USER")


def events_can_be_changed():
    return [replaced("audit.models.Event.save", models.Model.save), without_triggers()]


@attack(cwe=778, asvs="V16 Security logging and error handling", weaken=events_can_be_changed)
def an_event_of_the_audit_is_written_anew(site):
    """CWE-778, ASVS V16: whoever did something says that it was somebody else."""
    event = Event.record("request.read", by=site.staff["reception"].as_actor())
    event.actor_id = site.staff["nurse"].pk
    try:
        event.save()
    except AppendOnly:
        return False
    return Event.objects.get(pk=event.pk).actor_id == site.staff["nurse"].pk


def kept_by_caches():
    return [
        replaced("appointments.views.tracking.private_page", lambda response: response),
    ]


@attack(cwe=524, asvs="V14 Data protection", weaken=kept_by_caches)
def a_cache_keeps_a_private_page(site):
    """CWE-524, ASVS V14: the next who uses this computer, or this proxy, reads it."""
    response = site.stranger.get(reverse("appointments:track", args=[link_to(make_request())]))
    return "no-store" not in response.get("Cache-Control", "")
