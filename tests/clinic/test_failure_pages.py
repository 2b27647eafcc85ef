"""What a visitor sees when something fails: a plain page with the clinic's telephone number."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from clinic import context_processors, views
from clinic.wsgi import application
from tests.clinic.factories import make_profile
from tests.clinic.trouble import database_away

NUMBER = b"(206) 555-0199"
LOG_IN = "/admin/login/"
FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=x"


def breaks(request):
    """A page with an error of ours."""
    raise RuntimeError("Ana O'Brien, born 1944-02-29")


def forbids(request):
    """A page that is not for this visitor."""
    raise PermissionDenied


@csrf_exempt
def reads(request):
    """A form without a token, which reads what came."""
    return HttpResponse(repr(request.POST) + repr(request.FILES))


handler400, handler403 = views.bad_request, views.permission_denied
handler404, handler500 = views.page_not_found, views.server_error
urlpatterns = [
    path("breaks/", breaks),
    path("es/breaks/", breaks),
    path("forbids/", forbids),
    path("reads/", reads),
]


@pytest.fixture(autouse=True)
def profile(db):
    context_processors.forget_clinic()
    yield make_profile()
    context_processors.forget_clinic()


@pytest.fixture
def visitor(monkeypatch):
    """A browser to whom errors are answered, not raised, at the site as a web server finds it."""
    monkeypatch.setattr("django.test.client.WSGIRequest", application.request_class)
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


@pytest.fixture
def no_database(profile):
    """Let the process know the clinic, then take its database away."""
    context_processors.read_clinic()
    with database_away():
        yield


def a_part(body=b"1", head=b'Content-Disposition: form-data; name="a"'):
    """Return a multipart body of one part."""
    return b"--x\r\n" + head + b"\r\n\r\n" + body + b"\r\n--x--\r\n"


UNREADABLE = {
    "too big": (b"a=" + b"x" * 1_100_000, FORM),
    "too many fields": (b"&".join([b"a=1"] * 500), FORM),
    "too many files": (
        b"".join(b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n1\r\n' for _ in range(20))
        + b"--x--\r\n",
        PARTS,
    ),
    "no boundary": (b"garbage", "multipart/form-data"),
    "a boundary nobody may use": (b"garbage", "multipart/form-data; boundary=\x7f"),
    "utf-16": (b"a=1", f"{FORM}; charset=utf-16"),
    "latin-1": (b"a=%e9", f"{FORM}; charset=latin-1"),
}


@pytest.mark.parametrize("case", UNREADABLE)
@pytest.mark.urls(__name__)
def test_a_body_that_cannot_be_read_gets_a_plain_page_with_the_number(visitor, case):
    body, content_type = UNREADABLE[case]
    response = visitor.generic("POST", "/reads/", body, content_type=content_type)
    assert response.status_code == (413 if case == "too big" else 400)
    assert NUMBER in response.content
    assert b"Press Back in your browser" in response.content


@pytest.mark.parametrize(
    "charset", ["hex", "idna", "undefined", "punycode", "rot13", "utf-16", "utf-7", "klingon", "é"]
)
@pytest.mark.parametrize("content_type", [FORM, PARTS])
@pytest.mark.parametrize("query", ["", "?q=%ff%00", "?" + "a&" * 500])
def test_no_claimed_charset_is_an_error_of_ours(visitor, charset, content_type, query):
    body = b"a=%ff" if content_type == FORM else a_part(b"\xff")
    response = visitor.generic("POST", LOG_IN + query, body, content_type=f"{content_type}; charset={charset}")
    assert response.status_code in (400, 403)
    assert NUMBER in response.content


@pytest.mark.parametrize("length", ["abc", "-5", ""])
@pytest.mark.parametrize("content_type", [FORM, PARTS])
def test_no_claimed_length_is_an_error_of_ours(visitor, length, content_type):
    response = visitor.generic("POST", LOG_IN, a_part(), content_type=content_type, CONTENT_LENGTH=length)
    assert response.status_code in (400, 403)
    assert NUMBER in response.content


@pytest.mark.parametrize(
    "body",
    [
        b"garbage",
        b"--x",
        b"--x\r\n" * 50,
        a_part()[:30],
        a_part(head=b"Content-Disposition: nonsense"),
        a_part(head=b'Content-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64', body=b"!"),
        a_part(head=b'Content-Disposition: form-data; name="a"; filename="' + b"\xff" * 9000 + b'"'),
        a_part(head=b"Content-Disposition: form-data; name*=klingon''%ff"),
    ],
)
def test_a_broken_form_of_parts_is_no_error_of_ours(visitor, body):
    response = visitor.generic("POST", LOG_IN, body, content_type=PARTS)
    assert response.status_code in (400, 403)
    assert NUMBER in response.content


def test_a_form_without_its_token_gets_a_plain_page_with_the_number(visitor):
    response = visitor.post(LOG_IN, {"username": "reception"})
    assert response.status_code == 403
    assert b"We could not check your form" in response.content
    assert NUMBER in response.content


def test_an_address_that_is_none_of_ours_gets_a_page_in_the_language_of_the_address(visitor):
    assert b"We cannot find this page" in visitor.get("/nowhere/").content
    assert b'<html lang="es">' in visitor.get("/es/nowhere/").content


@pytest.mark.parametrize(
    ("address", "words"),
    [("/privacy/", "This page cannot be opened like this"), ("/es/privacy/", "Esta página no se puede abrir así")],
)
def test_what_takes_another_kind_of_press_says_so_with_the_number(address, words):
    response = Client().post(address)
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
    assert words in response.content.decode()
    assert "tel:" in response.content.decode()


def test_an_unknown_host_is_refused_with_a_page(visitor):
    response = visitor.get("/privacy/", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert b"evil.example" not in response.content


PAGES = {"/breaks/": 500, "/forbids/": 403, "/nowhere/": 404}


@pytest.mark.parametrize(("address", "code"), PAGES.items())
@pytest.mark.urls(__name__)
def test_a_failure_page_carries_the_number_and_is_never_kept(visitor, address, code):
    response = visitor.get(address)
    assert response.status_code == code
    assert NUMBER in response.content
    assert response["Cache-Control"] == "private, no-cache"
    assert not response.cookies


@pytest.mark.parametrize(("address", "code"), PAGES.items())
@pytest.mark.urls(__name__)
def test_a_failure_page_stands_without_its_database(visitor, no_database, address, code):
    response = visitor.get(address)
    assert response.status_code == code
    assert NUMBER in response.content


def test_a_form_is_refused_without_a_database_too(visitor, no_database):
    response = visitor.post(LOG_IN, {})
    assert response.status_code == 403
    assert NUMBER in response.content


@pytest.mark.urls(__name__)
def test_the_first_page_that_fails_in_a_process_carries_the_number_too(visitor):
    assert NUMBER in visitor.get("/es/breaks/").content


@pytest.mark.urls(__name__)
def test_an_error_page_says_nothing_of_the_error(visitor):
    response = visitor.get("/breaks/", {"name": "O'Brien"})
    assert b"Brien" not in response.content
    assert b"RuntimeError" not in response.content


def test_a_release_whose_files_are_missing_still_gives_the_telephone_number(visitor, settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    manifest = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": manifest}}
    response = visitor.get("/es/nowhere/")
    assert (response.status_code, response["Content-Type"]) == (404, "text/plain; charset=utf-8")
    assert NUMBER in response.content
