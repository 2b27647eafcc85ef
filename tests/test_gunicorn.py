"""Requests that no browser writes, sent to the real web server: refused, or answered as if the trick were not there.

Slow bodies and floods are the affair of the proxy in front (docs/reference/security.md).
"""

import os
import socket
import subprocess
import sys
import time
from contextlib import closing

import pytest

from tests.test_house import ROOT

pytestmark = pytest.mark.wide
HOST = "Host: clinic.example"
FORM = "Content-Type: application/x-www-form-urlencoded"


def free_port():
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture(scope="module", params=["alone", "behind a proxy"])
def server(request, tmp_path_factory):
    """Return (port, is behind a proxy) of the site as `make serve` starts it, on a database that has no tables."""
    port, folder = free_port(), tmp_path_factory.mktemp("served")
    told = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"} | {
        "PORT": str(port),
        "WEB_WORKERS": "1",
        "ENV_FILE": "",
        "DATABASE_URL": f"sqlite:///{folder / 'empty.sqlite3'}",
        "ALLOWED_HOSTS": "clinic.example",
        "TRUSTED_PROXIES": "127.0.0.1" if request.param == "behind a proxy" else "",
    }
    command = [sys.executable, "-m", "gunicorn", "clinic.wsgi", "--config", "gunicorn.conf.py"]
    started = subprocess.Popen(command, cwd=ROOT, env=told, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _try in range(300):
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield port, request.param == "behind a proxy"
    started.terminate()
    started.wait()


def say(server, *lines, body=b""):
    """Send these lines as they are; return everything that comes back until the server hangs up or falls silent."""
    with closing(socket.create_connection(("127.0.0.1", server[0]), timeout=30)) as line:
        line.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        line.shutdown(socket.SHUT_WR)
        heard = b""
        while part := line.recv(65536):
            heard += part
    return heard


def status(heard):
    return int(heard.split(b" ", 2)[1]) if heard else None


SMUGGLED = b"0\r\n\r\nGET /admin/ HTTP/1.1\r\nHost: clinic.example\r\n\r\n"
TWO_WAYS_TO_READ = {
    "length and chunks": ["Content-Length: 6", "Transfer-Encoding: chunked"],
    "chunks and length": ["Transfer-Encoding: chunked", "Content-Length: 6"],
    "two lengths": ["Content-Length: 6", "Content-Length: 5"],
    "two lengths in one": ["Content-Length: 6, 5"],
    "a length with a sign": ["Content-Length: +6"],
    "a negative length": ["Content-Length: -6"],
    "a length that is none": ["Content-Length: 0x6"],
    "a blank before the colon": ["Transfer-Encoding : chunked"],
    "an unknown coding": ["Transfer-Encoding: xchunked"],
    "two codings": ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
    "chunks that are not the last": ["Transfer-Encoding: chunked, identity"],
    "a folded line": ["Transfer-Encoding:", " chunked", "Content-Length: 6"],
    "a NUL in a name": ["Content\x00-Length: 6"],
    "a lone line feed": ["X: y\nTransfer-Encoding: chunked", "Content-Length: 6"],
    "a lone carriage return": ["X: y\rTransfer-Encoding: chunked", "Content-Length: 6"],
}


@pytest.mark.parametrize("trick", TWO_WAYS_TO_READ)
def test_a_request_that_can_be_read_in_two_ways_is_refused_and_hides_no_other(server, trick):
    heard = say(server, "POST /healthz HTTP/1.1", HOST, FORM, *TWO_WAYS_TO_READ[trick], body=SMUGGLED)
    assert status(heard) in (400, 501)
    assert heard.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    "lines",
    [
        ["GET /" + "a" * 5_000 + " HTTP/1.1", HOST],
        ["GET / HTTP/1.1", HOST, "X: " + "a" * 10_000],
        ["GET / HTTP/1.1", HOST, *(f"X-{n}: y" for n in range(120))],
        ["GET / HTTP/1.1", HOST, "Host: evil.example"],
        ["GET / HTTP/1.1"],
        ["GET / HTTP/1.1", "Host: evil.example"],
        ["GET / HTTP/1.1", "Host: clinic.example@evil.example"],
        ["GET / HTTP/1.1", "Host:"],
        ["GET / HTTP/9.9", HOST],
        ["GET  / HTTP/1.1", HOST],
        ["GET /\x00 HTTP/1.1", HOST],
        ["CONNECT evil.example:443 HTTP/1.1", HOST],
        ["G<script>T / HTTP/1.1", HOST],
        ["GET http://evil.example/healthz HTTP/1.1", "Host: evil.example"],
    ],
)
def test_a_head_that_is_not_ours_is_refused(server, lines):
    heard = say(server, *lines)
    assert 400 <= status(heard) < 500 or status(heard) == 505
    assert b"<script>" not in heard
    assert b"gunicorn/" not in heard


def test_the_server_names_neither_itself_nor_its_version(server):
    heard = say(server, "GET /healthz HTTP/1.1", HOST, "Connection: close").lower()
    assert b"gunicorn" not in heard
    assert b"python" not in heard
    assert b"x-powered-by" not in heard


def test_an_address_in_the_request_line_moves_no_host(server):
    heard = say(server, "GET http://evil.example/healthz HTTP/1.1", HOST, "Connection: close")
    assert status(heard) in (200, 400)
    assert b"evil" not in heard


def test_https_is_claimed_by_a_proxy_alone(server):
    heard = say(server, "GET /healthz HTTP/1.1", HOST, "X-Forwarded-Proto: https", "Connection: close")
    assert (b"strict-transport-security" in heard.lower()) == server[1]
    for other in (
        "X-Forwarded-SSL: on",
        "X-Forwarded-Protocol: ssl",
        "X_Forwarded_Proto: https",
        "Front-End-Https: on",
    ):
        heard = say(server, "GET /healthz HTTP/1.1", HOST, other, "Connection: close")
        assert b"strict-transport-security" not in heard.lower(), other


@pytest.mark.parametrize(
    "header", ["SCRIPT_NAME: /healthz", "PATH_INFO: /healthz", "Script-Name: /x", "REMOTE_USER: root"]
)
def test_no_header_moves_a_page(server, header):
    heard = say(server, "GET /nothing HTTP/1.1", HOST, "X-Forwarded-Proto: https", header, "Connection: close")
    assert status(heard) in (400, 404)
    assert status(say(server, "GET /healthz HTTP/1.1", HOST, header, "Connection: close")) in (200, 400)


def test_plain_http_is_led_to_https_on_the_same_host_where_a_proxy_is_named(server):
    heard = say(server, "GET /contact/?a=1 HTTP/1.1", HOST, "Connection: close")
    if server[1]:
        assert status(heard) == 301
        assert b"location: https://clinic.example/contact/?a=1\r\n" in heard.lower()
        assert b"content-security-policy" in heard.lower()
    assert status(heard) != 302
