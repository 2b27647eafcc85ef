"""What every answer tells the browser: the whole table, on one answer of each kind, and on every address there is."""

from datetime import datetime

import pytest
import time_machine
from django.conf import settings as site
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from appointments.views.private import MOST_MISSES
from clinic.headers import FEATURES
from clinic.urls import handler400, handler403, handler404, handler500  # noqa: F401 -- names that Django looks for
from clinic.urls import urlpatterns as the_map
from tests import observatory
from tests.clinic.factories import make_profile
from tests.every_address import Place, names

# The same on every answer, whoever makes it.
ALWAYS = {
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in FEATURES),
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains; preload",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
CLOSED = {
    "default-src": ["'none'"],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "media-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
    "require-trusted-types-for": ["'script'"],
    "upgrade-insecure-requests": [],
}
# At the desk, Django's own scripts run.
DESK = {name: value for name, value in CLOSED.items() if name != "require-trusted-types-for"} | {
    "connect-src": ["'self'"],
    "script-src": ["'self'"],
}
# A preview may stand in a frame of our own, on a page that may hold that frame, once it is shown.
FRAMED, FRAMING = CLOSED | {"frame-ancestors": ["'self'"]}, CLOSED | {"frame-src": ["'self'"]}
IN_FRAMES = {
    "procedures:preview_procedure": FRAMED,
    "procedures:preview_condition": FRAMED,
    "procedures:preview_procedure_as": FRAMING,
    "procedures:preview_condition_as": FRAMING,
}
IN_A_SANDBOX = {name: ["'none'"] for name in ("default-src", "base-uri", "form-action", "frame-ancestors")} | {
    "sandbox": []
}
NEVER_SAID = {"Server", "X-Powered-By", "X-XSS-Protection", "Access-Control-Allow-Origin"}
READ_BY_ALL, OF_ONE, NOT_KEPT, NO_TRACE = "public, no-cache", "private, no-cache", "no-store", "private, no-store"


def breaks(request):
    raise RuntimeError


def forbids(request):
    raise PermissionDenied


@csrf_exempt
def reads(request):
    return HttpResponse(repr(request.POST))


urlpatterns = [*the_map, path("breaks/", breaks), path("forbids/", forbids), path("reads/", reads)]
pytestmark = pytest.mark.urls(__name__)


def policy_of(response):
    """Return the content policy of an answer: what it says of each thing."""
    parts = [part.split() for part in response["Content-Security-Policy"].split(";")]
    return {name: sorted(values) for name, *values in parts}


@pytest.fixture
def place(db, media_root):
    return Place()


@pytest.fixture
def visitor(settings, tmp_path):
    """A browser, at a site whose static files are there."""
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "site.css").write_text("p { color: red }")
    return new_visitor()


def new_visitor():
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


def read(response):
    """Read a file that is given out to its end, which closes it."""
    if response.streaming:
        b"".join(response)


def get(address, **headers):
    return lambda visitor, place: visitor.get(address, headers=headers, secure=True)


def post(address, data=None, **more):
    return lambda visitor, place: visitor.post(address, data or {}, secure=True, **more)


def tracking(end=""):
    return lambda visitor, place: visitor.get(f"/appointments/track/{place.token}/{end}", secure=True)


def as_staff(address, code="get"):
    def ask(visitor, place):
        visitor.force_login(place.superuser)
        return getattr(visitor, code)(address, secure=True)

    return ask


def log_out(visitor, place):
    unchecked = Client()
    unchecked.force_login(place.superuser)
    return unchecked.post("/admin/logout/", secure=True)


def not_changed(visitor, place):
    tag = visitor.get("/", secure=True)["ETag"]
    return visitor.get("/", headers={"if-none-match": tag}, secure=True)


def too_many_misses(visitor, place):
    for _miss in range(MOST_MISSES + 1):
        response = visitor.get("/appointments/track/nothing/", secure=True)
    return response


def media(**headers):
    return lambda visitor, place: visitor.get(place.file.get_absolute_url(), headers=headers, secure=True)


def of_no_host(visitor, place):
    return visitor.get("/", headers={"host": "evil.example"}, secure=True)


# What is asked: (how, status, content policy, what Cache-Control says, Referrer-Policy).
KINDS = {
    "a reading page": (get("/"), 200, CLOSED, READ_BY_ALL, "same-origin"),
    "a reading page in Spanish": (get("/es/"), 200, CLOSED, READ_BY_ALL, "same-origin"),
    "its headers alone": (lambda v, p: v.head("/", secure=True), 200, CLOSED, READ_BY_ALL, "same-origin"),
    "a page that did not change": (not_changed, 304, CLOSED, READ_BY_ALL, "same-origin"),
    "a search": (get("/procedures/?q=knee"), 200, CLOSED, OF_ONE, "no-referrer"),
    "a leaflet": (get("/procedures/kyphoplasty/leaflet/"), 200, CLOSED, READ_BY_ALL, "same-origin"),
    "the request form": (get("/appointments/request/"), 200, CLOSED, OF_ONE, "same-origin"),
    "a form without its token": (post("/appointments/request/"), 403, CLOSED, OF_ONE, "same-origin"),
    "the private page": (tracking(), 200, CLOSED, NO_TRACE, "no-referrer"),
    "a form of the private page": (tracking("withdraw/"), 200, CLOSED, NO_TRACE, "strict-origin"),
    "a private link that opens nothing": (get("/appointments/track/x/"), 404, CLOSED, NO_TRACE, "no-referrer"),
    "too many of them": (too_many_misses, 429, CLOSED, NO_TRACE, "no-referrer"),
    "a static file": (get("/static/site.css"), 200, CLOSED, "max-age", "same-origin"),
    "a static file that did not change": (
        get("/static/site.css", if_modified_since="Fri, 01 Jan 2100 00:00:00 GMT"),
        304,
        CLOSED,
        "max-age",
        "same-origin",
    ),
    "an uploaded file": (media(), 200, IN_A_SANDBOX, "immutable", "same-origin"),
    "a part of one": (media(range="bytes=0-3"), 206, IN_A_SANDBOX, "immutable", "same-origin"),
    "a part that is not there": (media(range="bytes=99999-"), 416, CLOSED, "", "same-origin"),
    "robots.txt": (get("/robots.txt"), 200, CLOSED, READ_BY_ALL, "same-origin"),
    "sitemap.xml": (get("/sitemap.xml"), 200, CLOSED, READ_BY_ALL, "same-origin"),
    "security.txt": (get("/.well-known/security.txt"), 200, CLOSED, READ_BY_ALL, "same-origin"),
    "the feed of changes": (get("/procedures/changes.atom"), 200, CLOSED, READ_BY_ALL, "same-origin"),
    "healthz": (get("/healthz"), 200, CLOSED, NOT_KEPT, "same-origin"),
    "statusz": (get("/statusz"), 503, CLOSED, NOT_KEPT, "same-origin"),
    "a way without its slash": (get("/contact"), 301, CLOSED, "", "same-origin"),
    "the way to https": (lambda v, p: v.get("/"), 301, CLOSED, "", "same-origin"),
    "a host that is not ours": (of_no_host, 400, CLOSED, OF_ONE, "same-origin"),
    "nothing": (get("/nothing/"), 404, CLOSED, OF_ONE, "same-origin"),
    "no right": (get("/forbids/"), 403, CLOSED, OF_ONE, "same-origin"),
    "an error of ours": (get("/breaks/"), 500, CLOSED, OF_ONE, "same-origin"),
    "too many fields": (post("/reads/", {f"f{n}": "" for n in range(500)}), 400, CLOSED, OF_ONE, "same-origin"),
    "too much": (
        post("/reads/", "a=" + "x" * 1_100_000, content_type="application/x-www-form-urlencoded"),
        413,
        CLOSED,
        OF_ONE,
        "same-origin",
    ),
    "a verb that is none": (lambda v, p: v.put("/", secure=True), 405, CLOSED, "", "same-origin"),
    "the log-in": (get("/admin/login/"), 200, DESK, NOT_KEPT, "same-origin"),
    "a log-in without its token": (post("/admin/login/"), 403, DESK, NO_TRACE, "same-origin"),
    "the way to the log-in": (get("/admin/"), 302, DESK, NOT_KEPT, "same-origin"),
    "a preview, to a stranger": (get("/procedures/preview/procedure/1/"), 302, CLOSED, "", "same-origin"),
    "the desk": (as_staff("/admin/"), 200, DESK, NOT_KEPT, "same-origin"),
    "a list": (as_staff("/admin/appointments/appointmentrequest/"), 200, DESK, NOT_KEPT, "same-origin"),
    "nothing at the desk": (as_staff("/admin/nothing/"), 404, DESK, NO_TRACE, "same-origin"),
    "a press without its token": (as_staff("/admin/password_change/", "post"), 403, DESK, NO_TRACE, "same-origin"),
    "a log-out": (log_out, 200, DESK, NOT_KEPT, "same-origin"),
    "the gallery": (as_staff("/styleguide/"), 200, CLOSED, NOT_KEPT, "same-origin"),
}


def test_each_kind_of_answer_says_all_of_it(place, visitor, settings):
    wrong = {}
    for kind, (ask, status, policy, kept, referrer) in KINDS.items():
        to_https = kind == "the way to https"
        settings.SECURE_SSL_REDIRECT = to_https
        response = ask(new_visitor(), place)
        told = {
            "status": response.status_code,
            "policy": policy_of(response),
            "Referrer-Policy": response["Referrer-Policy"],
            "clears": response.has_header("Clear-Site-Data"),
            **{name: response.get(name) for name in ALWAYS},
        }
        expected = {
            "status": status,
            "policy": policy,
            "Referrer-Policy": referrer,
            "clears": kind == "a log-out",
            **ALWAYS,
            "Strict-Transport-Security": None if to_https else ALWAYS["Strict-Transport-Security"],
        }
        differs = {name: value for name, value in told.items() if value != expected[name]}
        if kept not in response.get("Cache-Control", ""):
            differs["Cache-Control"] = response.get("Cache-Control")
        if said := NEVER_SAID & set(response.headers):
            differs["says"] = said
        if not to_https and observatory.score(response) < 130:
            differs["Observatory"] = observatory.score(response)
        if differs:
            wrong[kind] = differs
        read(response)
    assert wrong == {}


HEADERS = {
    "Content-Security-Policy": 75,
    "Strict-Transport-Security": 80,
    "X-Content-Type-Options": 145,
    "Cross-Origin-Embedder-Policy": 140,
    "Cross-Origin-Opener-Policy": 140,
    "Cross-Origin-Resource-Policy": 140,
    "Referrer-Policy": 145,
}


def test_the_observatory_gives_150_points_and_fewer_when_a_header_is_taken_away(place, visitor):
    page = visitor.get("/", secure=True)
    assert observatory.score(page) == 150
    for header, left in HEADERS.items():
        value = page[header]
        del page[header]
        assert observatory.score(page) == left, header
        page[header] = value
    for header in ("Cross-Origin-Embedder-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy"):
        del page[header]
    assert observatory.score(page) < 130


@pytest.mark.parametrize(
    ("header", "value", "points"),
    [
        ("Content-Security-Policy", "default-src 'none'; script-src 'self' 'unsafe-inline'", 80),
        ("Content-Security-Policy", "default-src 'none'; script-src 'self' 'unsafe-eval'", 90 + 45 - 0 - 5),
        ("Content-Security-Policy", "default-src 'none'; img-src http://evil.example", 130),
        ("Content-Security-Policy", "default-src 'self'", 145),
        ("Content-Security-Policy", "img-src 'self'", 80),
        ("Strict-Transport-Security", "max-age=60", 90 + 50 - 10 + 10),
        ("Referrer-Policy", "unsafe-url", 140),
        ("Cross-Origin-Opener-Policy", "nonsense", 135),
        ("Access-Control-Allow-Origin", "*", 150),
    ],
)
def test_the_observatory_gives_fewer_points_for_a_weaker_value(header, value, points):
    page = HttpResponse("<!doctype html><title>A page</title>")
    for name, strong in {**ALWAYS, "Referrer-Policy": "same-origin", header: value}.items():
        page[name] = strong
    page.setdefault("Content-Security-Policy", "default-src 'none'")
    assert observatory.score(page) == points


@pytest.mark.wide
def test_every_address_says_all_of_it_however_it_is_asked(visitor, place):
    staff = Client(raise_request_exception=False)
    staff.force_login(place.superuser)
    wrong = []
    for name, arguments in names():
        for language in ("en", "es"):
            address = place.address(name, arguments, language)
            if name == "admin:logout":
                continue
            for client, verb in ((visitor, "get"), (visitor, "head"), (visitor, "post"), (staff, "get")):
                response = getattr(client, verb)(address, secure=True)
                is_staff = client is staff
                expected = IN_A_SANDBOX if name == "media" and verb in ("get", "head") else CLOSED
                expected = DESK if name.startswith("admin:") else expected
                always = ALWAYS
                if name in IN_FRAMES and response.status_code == 200:
                    expected = IN_FRAMES[name]
                    always = ALWAYS | {"X-Frame-Options": "SAMEORIGIN" if expected is FRAMED else "DENY"}
                lacks = {each for each, value in always.items() if response.get(each) != value}
                if lacks or policy_of(response) != expected or (response.status_code >= 500 and name != "statusz"):
                    wrong.append((name, verb, is_staff, response.status_code, lacks))
                if name.startswith("admin:") and "no-store" not in response["Cache-Control"]:
                    wrong.append((name, verb, is_staff, response["Cache-Control"]))
                if response.status_code < 400 and observatory.score(response) < 130:
                    wrong.append((name, verb, is_staff, observatory.score(response)))
                read(response)
    assert wrong == []


def test_a_log_out_clears_what_the_browser_kept_but_no_cookie_of_other_sites(place, visitor):
    assert log_out(visitor, place)["Clear-Site-Data"] == '"cache", "storage"'


def test_a_demonstration_on_plain_http_asks_for_no_https(settings, visitor, place):
    settings.CONTENT_SECURITY_POLICY = {
        "DIRECTIVES": site.CONTENT_SECURITY_POLICY["DIRECTIVES"] | {"upgrade-insecure-requests": False}
    }
    response = visitor.get("/")
    assert "upgrade-insecure-requests" not in policy_of(response)
    assert "Strict-Transport-Security" not in response


# Cookies


def cookie_of(response):
    """Return what is said of each cookie that an answer sets."""
    told = ("secure", "httponly", "samesite", "path", "domain")
    return {name: tuple(cookie[each] for each in told) for name, cookie in response.cookies.items() if cookie.value}


def test_every_cookie_belongs_to_this_host_alone_and_no_script_can_read_it(place):
    client, found = Client(), {}
    found |= cookie_of(client.get("/appointments/request/", secure=True))
    client.get("/admin/login/", secure=True)
    told = {"username": "root", "password": "of-tests-alone"}
    found |= cookie_of(client.post("/admin/login/", told, secure=True))
    found |= cookie_of(client.get("/admin/", secure=True))
    row = f"/admin/clinic/location/{place.request.location_id}/delete/"
    found |= cookie_of(client.get("/admin/clinic/location/999/change/", secure=True))
    found |= cookie_of(client.post(row, {"post": "yes"}, secure=True))
    found |= cookie_of(client.post("/admin/logout/", secure=True))
    assert set(found) == {"__Host-form", "__Host-staff", "__Host-desk", "__Host-said", "__Host-browser"}
    assert set(found.values()) == {(True, True, "Lax", "/", "")}


def test_no_cookie_is_called_as_another_site_could_call_it():
    names_of_cookies = {value for name, value in vars(site._wrapped).items() if name.endswith("_COOKIE_NAME")}
    assert all(name.startswith("__Host-") for name in names_of_cookies), names_of_cookies


@pytest.mark.wide
def test_reading_sets_no_cookie_and_no_reader_is_told_from_another(visitor, place):
    others = (
        "admin:",
        "appointments:request",
        "appointments:lost_link",
        "appointments:change",
        "feedback",
        "styleguide",
        "procedures:review",
    )
    wrong = []
    for name, arguments in names():
        if any(each in name for each in (*others, "preview", "statusz")):
            continue
        response = visitor.get(place.address(name, arguments), secure=True)
        if response.cookies or "Cookie" in response.get("Vary", ""):
            wrong.append((name, dict(response.cookies), response.get("Vary")))
        read(response)
    assert wrong == []


# security.txt


def test_security_txt_says_whom_to_tell_and_never_runs_out(client, place):
    with time_machine.travel("2027-03-01T09:00:00-08:00", tick=False):
        text, now = client.get("/.well-known/security.txt").content.decode(), timezone.now()
    lines = dict(line.split(": ", 1) for line in text.splitlines())
    assert lines["Contact"] == "mailto:hello@clinic.example"
    assert lines["Canonical"] == "https://clinic.example/.well-known/security.txt"
    assert lines["Preferred-Languages"] == "en, es"
    assert 100 < (datetime.fromisoformat(lines["Expires"]) - now).days < 365
    assert "Policy" not in lines


def test_security_txt_names_the_contact_and_the_policy_that_are_set(client, place, settings):
    settings.SECURITY_CONTACT, settings.SECURITY_POLICY = "https://clinic.example/report", "https://clinic.example/how"
    text = client.get("/.well-known/security.txt").content.decode()
    assert text.startswith("Contact: https://clinic.example/report\n")
    assert text.endswith("Policy: https://clinic.example/how\n")


def test_a_clinic_without_an_address_is_reached_by_telephone_and_one_with_neither_promises_nothing(client, db):
    assert client.get("/.well-known/security.txt").status_code == 404
    make_profile(email="")
    assert b"Contact: tel:2065550199\n" in client.get("/.well-known/security.txt").content
