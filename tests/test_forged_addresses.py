"""Hosts, addresses, verbs and tokens that somebody made up: a plain refusal, nothing reflected, nothing changed."""

import ast
import string
from itertools import cycle

import pytest
from django.conf import settings as site
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from appointments.models import AppointmentRequest
from appointments.workflow import send_links_asked_for
from outbox.models import Message
from tests.appointments.at_the_desk import press
from tests.appointments.factories import link_to, make_request
from tests.appointments.offer import offer  # noqa: F401 -- a fixture
from tests.appointments.visitor import Visitor
from tests.every_address import Place, names
from tests.matrices import crossed
from tests.test_house import ROOMS, ROOT, python_files
from tests.test_who_may_open_what import what_is_stored

EVIL = "evil.example"
FORGED_HOSTS = [
    EVIL,
    f"testserver.{EVIL}",
    f"{EVIL}.testserver",
    f"testserver@{EVIL}",
    f"{EVIL}@testserver",
    f"testserver:80@{EVIL}",
    f"testserver, {EVIL}",
    f"testserver {EVIL}",
    f"testserver#{EVIL}",
    f"testserver/{EVIL}",
    "testserver:port",
    "[::1",
    "",
    ".",
    "testserver\x00",
    "<script>",
]
# What proxies, frameworks and attackers put beside a request, and what we read none of.
FORGED_HEADERS = {
    "X-Forwarded-Host": EVIL,
    "X-Forwarded-Port": "31337",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Scheme": "nothttps",
    "X-Forwarded-Prefix": f"//{EVIL}",
    "X-Forwarded-Server": EVIL,
    "X-Host": EVIL,
    "X-Original-Host": EVIL,
    "X-Original-URL": "/admin/",
    "X-Rewrite-URL": "/admin/",
    "X-HTTP-Host-Override": EVIL,
    "X-HTTP-Method-Override": "POST",
    "X-Method-Override": "DELETE",
    "Forwarded": f"for=127.0.0.1;host={EVIL};proto=https",
    "Referer": f"https://{EVIL}/",
    "Origin": f"https://{EVIL}",
    "User-Agent": f"<{EVIL}>",
    "Accept": f"text/{EVIL}",
    "Accept-Language": "es",
    "Cookie": f"language=es; __Host-language=es; messages={EVIL}; __Host-said={EVIL}",
    "X-Requested-With": "XMLHttpRequest",
    "Host": "testserver:31337",
}


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    "address", ["/", "/appointments/request/", "/admin/login/", "/sitemap.xml", "/nothing/", "/contact"]
)
def test_a_forged_host_is_refused_and_not_repeated(address):
    for host in FORGED_HOSTS:
        response = Client().get(address, headers={"host": host})
        # An empty one counts as none, and then the server's own name does.
        assert response.status_code == 400 or host == "", host
        assert EVIL.encode() not in response.content + repr(response.headers).encode()


@pytest.mark.usefixtures("offer")
@pytest.mark.parametrize("address", ["/", "/procedures/kyphoplasty/", "/es/", "/sitemap.xml", "/contact/", "/nothing/"])
def test_a_page_that_caches_keep_is_the_same_whatever_stands_beside_the_address(address):
    plain = Client().get(address)
    for name, value in FORGED_HEADERS.items():
        response = Client().get(address, headers={name: value})
        assert response.content == plain.content, name
        assert response.headers == plain.headers, name
    marked = Client().get(address, {"utm_source": EVIL, "lang": "es", "callback": EVIL})
    assert marked.content == plain.content


def test_no_link_in_a_message_comes_from_the_host_that_a_request_names(offer, nurse, settings):  # noqa: F811
    settings.ALLOWED_HOSTS = ["*"]
    forged = {
        name: value for name, value in FORGED_HEADERS.items() if name not in ("Accept-Language", "Cookie", "Origin")
    }
    browser = Client(headers={**forged, "Host": EVIL})
    Visitor(client=browser).reach("check").send()
    asked = AppointmentRequest.objects.get()
    browser.post("/appointments/track/", {"reference": asked.reference, "contact": "ana@example.org"})
    send_links_asked_for()
    browser.post(f"/appointments/track/{link_to(asked)}/add/", {"words": "I walk with a stick.", "go": "do"})
    browser.force_login(nurse)
    press(browser, asked, "claim")
    press(browser, asked, "answer", answer="Telephone us.")
    written = [f"{message.subject} {message.text} {message.html}" for message in Message.objects.all()]
    assert len(written) >= 3
    assert EVIL not in " ".join(written)
    assert all(f"{settings.SITE_URL}/" in text for text in written)


def test_no_code_of_ours_asks_a_request_for_the_name_of_the_site():
    forbidden = {"build_absolute_uri", "get_host", "get_current_site", "_get_raw_host", "HTTP_HOST", "SERVER_NAME"}
    wrong = []
    for path in python_files(*ROOMS):
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            word = getattr(node, "attr", None) or getattr(node, "id", None) or getattr(node, "value", None)
            if isinstance(word, str) and word in forbidden:
                wrong.append((str(path), word))
    templates = [path for path in (ROOT / "templates").rglob("*") if path.is_file()]
    wrong += [(str(path), word) for path in templates for word in forbidden if word in path.read_text()]
    assert wrong == []


# Where a visitor is led

ELSEWHERE = [
    f"//{EVIL}/",
    f"///{EVIL}/",
    f"https://{EVIL}/",
    f"https:{EVIL}",
    f"http:///{EVIL}",
    f"/\\{EVIL}/",
    f"\\\\{EVIL}/",
    f"/\t/{EVIL}/",
    f"https://testserver@{EVIL}/",
    f"https://testserver.{EVIL}/",
    f"//testserver:80@{EVIL}/",
    "javascript:alert(1)",
    "data:text/html,hello",
    f"/%5c{EVIL}",
    f"\r\nLocation: https://{EVIL}/",
    f"/%0d%0aLocation:%20https://{EVIL}/",
]


def leaves(location):
    """Say whether a browser would leave the site for this Location."""
    bare = location.translate(str.maketrans("\\", "/", "\t\r\n")).strip()
    return bare.startswith("//") or not bare.startswith("/")


@pytest.mark.parametrize("goes_to", ELSEWHERE)
def test_no_log_in_leads_to_another_site(client, reception, goes_to):
    told = {"username": "reception", "password": "of-tests-alone"}
    for query, also in (({"next": goes_to}, {}), ({}, {"next": goes_to}), ({"next": goes_to}, {"next": goes_to})):
        response = Client().post("/admin/login/", told | also, query_params=query)
        assert response.status_code == 302
        assert not leaves(response["Location"]), response["Location"]
    client.force_login(reception)
    assert not leaves(client.get("/admin/login/", {"next": goes_to})["Location"])


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    "address",
    [
        f"//{EVIL}/contact",
        f"//{EVIL}/%2e%2e",
        f"///{EVIL}/contact",
        f"/\\{EVIL}/contact",
        f"/%5c{EVIL}/contact",
        f"/%09/{EVIL}/contact",
        f"/contact%0d%0aLocation:%20https:%2f%2f{EVIL}",
        f"/admin//{EVIL}/contact",
        f"/es//{EVIL}/contact",
        f"/procedures//{EVIL}",
        f"/admin/r/1/{EVIL}",
    ],
)
def test_no_address_without_its_slash_leads_to_another_site(client, address):
    response = client.generic("GET", address)
    assert response.status_code in (301, 302, 404)
    if "Location" in response:
        assert not leaves(response["Location"]), response["Location"]
        assert "\n" not in response["Location"]


# Paths

TRICKS = [
    "/%2e%2e/%2e%2e/etc/passwd",
    "/../../etc/passwd",
    "/static/../../clinic/settings.py",
    "/static/%2e%2e/%2e%2e/manage.py",
    "/static/..%2f..%2fmanage.py",
    "/static/..%5c..%5cmanage.py",
    "/static//etc/passwd",
    "/static/%00",
    f"/media/{'a' * 64}/..%2f..%2fmanage.py",
    f"/media/{'a' * 64}/%00",
    "/media/../manage.py",
    "/%00",
    "/contact/%00",
    "/contact%00/",
    "/admin;/",
    "/admin/;x=y/",
    "/admin%2f",
    "/ADMIN/",
    "/admin/.%2f",
    "/es/admin%2flogin",
    "/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd",
    "/%e0%80%af",
    "/%ff%fe",
    "/%ed%a0%80",
    "/%",
    "/%zz",
    "/%u002e",
    "/" + "a" * 8_000,
    "/" + "a/" * 4_000,
    "/procedures/" + "a" * 5_000 + "/",
    "/procedures/%ff/",
    "/procedures/kyphoplasty;/",
    "/procedures/kyphoplasty%00/",
    "/procedures/compare/kyphoplasty/..%2f/",
    "/appointments/track/..%2f..%2f/",
    "/appointments/track/%ff%00/",
    "/.env",
    "/.git/config",
    "/static/",
    "/static/css/",
    "/media/",
    "/manage.py",
    "/clinic.sqlite3",
    "/var/clinic.sqlite3",
    "/__debug__/",
    "/server-status",
]


QUERIES = ["", "q=%00", "procedure=%ff&location=%00", "a=1&" * 1_000, "%", "a[]=1&a[b]=2", "next=//evil.example"]


@pytest.mark.usefixtures("offer")
def test_a_tricky_path_is_a_page_that_is_not_there_and_no_error_of_ours():
    visitor, wrong = Client(raise_request_exception=False), []
    for trick, query in zip(TRICKS, cycle(QUERIES), strict=False):
        response = visitor.generic("GET", trick, QUERY_STRING=query)
        if response.status_code not in (301, 302, 400, 404) or b"root:" in response.content:
            wrong.append((trick, response.status_code))
        elif "Location" in response and leaves(response["Location"]):
            wrong.append((trick, response["Location"]))
    assert wrong == []


# Verbs

FORGED_VERBS = [
    "TRACE",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "CONNECT",
    "PROPFIND",
    "MOVE",
    "POST\x20",
    "X" * 200,
]


@pytest.mark.usefixtures("offer")
@pytest.mark.parametrize(
    ("verb", "address"),
    crossed(FORGED_VERBS, ["/", "/appointments/request/", "/admin/login/", "/static/x.css", "/nothing/"]),
)
def test_a_verb_that_no_form_sends_is_refused(address, verb):
    response = Client().generic(verb, address, "a=1")
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD, POST")
    assert response.content == b""


@pytest.mark.wide
@pytest.mark.parametrize("verb", FORGED_VERBS[:7])
def test_no_verb_changes_anything_at_any_address(db, media_root, verb):
    place = Place()
    client = Client(raise_request_exception=False)
    client.force_login(place.superuser)
    before, wrong = what_is_stored(), []
    for name, arguments in names():
        response = client.generic(verb, place.address(name, arguments), '{"status": "closed"}', secure=True)
        if (response.status_code, response.get("Allow")) != (405, "GET, HEAD, POST"):
            wrong.append((name, response.status_code))
    assert wrong == []
    assert what_is_stored() == before


@pytest.mark.wide
def test_no_header_or_field_makes_a_look_a_press(db, media_root):
    place = Place()
    client = Client(raise_request_exception=False)
    client.force_login(place.superuser)
    before = what_is_stored()
    pretended = dict.fromkeys(("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"), "POST")
    for name, arguments in names():
        address, query = place.address(name, arguments), {"_method": "POST", "post": "yes", "go": "do"}
        response = client.get(address, query, headers=pretended, secure=True)
        assert response.status_code < 500 or name == "statusz", name
        if response.streaming:
            b"".join(response)
    assert what_is_stored() == before


# Tokens


def altered(token):
    """Yield what is nearly a token: one letter changed, at the ends and between, and what a hasty copy makes of it."""
    for place in (0, 1, len(token) // 2, len(token) - 2, len(token) - 1):
        other = "A" if token[place] != "A" else "B"
        yield token[:place] + other + token[place + 1 :]
    yield from (
        token[:-1],
        token[1:],
        f"{token}A",
        f"{token}=",
        f"{token}%20",
        f"%00{token}",
        token.swapcase(),
        token * 9,
    )


def test_a_private_link_with_one_letter_changed_opens_nothing_and_costs_the_same(offer):  # noqa: F811
    token = link_to(make_request())
    answers, costs = set(), set()
    for end in ("", "calendar.ics", "words/", "withdraw/", "accept/1/"):
        for nearly in list(altered(token)) if not end else [token[:-1] + "~"]:
            with CaptureQueriesContext(connection) as queries:
                response = Client(REMOTE_ADDR="203.0.113.9").get(f"/appointments/track/{nearly}/{end}")
            answers.add((response.status_code, response.content))
            costs.add(tuple(query["sql"].split(" ")[0] for query in queries))
    assert {status for status, _page in answers} == {404}
    assert len(answers) == 1
    # The first miss of a network makes its row.
    assert len(costs) <= 2


def test_a_session_with_one_letter_changed_is_nobodys(client, reception):
    client.force_login(reception)
    key = client.cookies[site.SESSION_COOKIE_NAME].value
    for nearly in altered(key):
        stranger = Client(headers={"cookie": f"{site.SESSION_COOKIE_NAME}={nearly}"})
        assert stranger.get("/admin/").status_code == 302
    assert client.get("/admin/").status_code == 200


def test_an_uploaded_file_is_found_by_its_whole_name_alone(db, media_root):
    place = Place()
    address = place.file.get_absolute_url()
    digest, name = place.file.hash, place.file.name
    changed = ("0" if digest[0] != "0" else "1") + digest[1:]
    for wrong in (
        address.replace(digest, changed),
        address.replace(digest, digest.upper()) if digest.upper() != digest else address[:-1],
        address.replace(name, name.upper()),
        address + "/",
        address[:-1],
        address.replace(name, f"./{name}"),
    ):
        assert Client().get(wrong).status_code in (301, 404), wrong


@pytest.mark.usefixtures("offer")
def test_sealed_answers_with_one_letter_changed_are_no_answers():
    visitor = Visitor().reach("check")
    good = visitor.seal
    letters = string.ascii_letters
    for place in range(0, len(good) - 8, len(good) // 12):
        other = next(letter for letter in letters if letter != good[place])
        visitor.press("send", seal=good[:place] + other + good[place + 1 :], step="check")
        assert visitor.status == 422
    assert not AppointmentRequest.objects.exists()
