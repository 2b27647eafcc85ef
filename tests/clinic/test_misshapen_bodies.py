"""Bodies that no browser sends, wherever a form is taken: a plain page with the telephone number, and no more."""

import gzip

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from clinic.wsgi import application
from outbox.models import Message
from procedures.models import ProcedurePage
from tests.appointments.factories import link_to, make_request, moved
from tests.appointments.offer import make_offer

FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="words"\r\n\r\nHello\r\n--x--\r\n'
FILE = b'--x\r\nContent-Disposition: form-data; name="f"; filename="../a\x00.html"\r\n\r\n1\r\n'
BODIES = {
    "nothing": (b"", ""),
    "nothing that says it is a form": (b"", FORM),
    "no type": (b"words=Hello", ""),
    "a type that is none": (b"words=Hello", "\x01/;;=;"),
    "JSON": (b'{"words": {"__proto__": []}}', "application/json"),
    "brackets in brackets": (b"[" * 20_000, "application/json"),
    "names in brackets": (b"words[a][b][]=1&words[]=2", FORM),
    "XML": (b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>', "application/xml"),
    "parts without a boundary": (PART, "multipart/form-data"),
    "parts with another boundary": (PART, "multipart/form-data; boundary=y"),
    "parts in parts": (PART.replace(b"Hello", PART), PARTS),
    "parts that end early": (PART[:40], PARTS),
    "a part without a name": (PART.replace(b'; name="words"', b""), PARTS),
    "a part with two names": (PART.replace(b'name="words"', b'name="words"; name="step"'), PARTS),
    "a part that claims a length": (PART.replace(b"\r\n\r\n", b"\r\nContent-Length: 99999999\r\n\r\n", 1), PARTS),
    "a part in base64": (PART.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n!", 1), PARTS),
    "too many parts": (FILE * 12 + b"--x--\r\n", PARTS),
    "too many fields": (b"a=1&" * 500, FORM),
    "too much": (b"words=" + b"a" * 1_100_000, FORM),
    "names alone": (b"&&&=&==&words&seal", FORM),
    "the same name often": (b"go=1&step=1&" * 150, FORM),
    "no text": (b"words=%ff%fe%c0%80%ed%a0%80&\xff\xfe=\xff", FORM),
    "NULs": (b"words=%00&%00=1&seal=\x00", FORM),
    "half a sign": (b"words=%&%zz=%&words=%e2%82", FORM),
    "gzip": (gzip.compress(b"words=Hello"), FORM),
    "utf-16": ("words=Hello".encode("utf-16"), f"{FORM}; charset=utf-16"),
    "utf-7 in parts": (PART.replace(b"Hello", b"+2AA-+ADw-script+AD4-"), f"{PARTS}; charset=utf-7"),
    "a codec in parts": (PART.replace(b"Hello", b"\\ud800"), f"{PARTS}; charset=unicode_escape"),
    "no codec at all": (PART, f"{PARTS}; charset=zlib"),
}


@pytest.fixture
def house(monkeypatch, superuser):
    """The telephone number, addresses that take forms of patients and of staff, and the browser of a superuser."""
    monkeypatch.setattr("django.test.client.WSGIRequest", application.request_class)
    profile = make_offer()
    asked = make_request()
    waiting = moved(moved(make_request(), "claim", by=superuser), "ask", by=superuser, question="Have you had a scan?")
    token, slug = link_to(asked), ProcedurePage.objects.in_language("en").first().slug
    patients = [
        reverse("appointments:request"),
        reverse("appointments:lost_link"),
        reverse("appointments:change", args=[token, "add"]),
        reverse("appointments:change", args=[token, "prefer"]),
        reverse("appointments:change", args=[link_to(waiting), "reply"]),
        reverse("procedures:procedure_feedback", args=[slug]),
    ]
    requests = "admin:appointments_appointmentrequest"
    staff = [
        reverse("admin:login"),
        reverse(f"{requests}_notes", args=[asked.pk]),
        reverse(f"{requests}_move", args=[waiting.pk, "answer"]),
        reverse(f"{requests}_enter"),
        reverse(f"{requests}_changelist"),
        reverse("admin:accounts_user_add"),
        reverse("admin:clinic_clinicprofile_change", args=[1]),
        reverse("admin:appointments_savedreply_add"),
    ]
    desk = Client(raise_request_exception=False)
    desk.force_login(superuser)
    return profile.telephone, patients, staff, desk


def wrong_with(case, house):
    """Return what is wrong about the answers to one body, as a list of (address, status)."""
    telephone, patients, staff, desk = house
    body, content_type = BODIES[case]
    wrong = []
    for address in patients:
        told = Client(raise_request_exception=False).generic("POST", address, body, content_type=content_type)
        # Whoever typed words, in whatever wrapping, has sent them.
        taken = told.status_code == 303 and b"Hello" in body
        if not taken and not (400 <= told.status_code < 500 and telephone in told.content.decode()):
            wrong.append((address, told.status_code))
    for address in staff:
        code = desk.generic("POST", address, body, content_type=content_type).status_code
        if code >= 500:
            wrong.append((address, code))
    return wrong


def check(cases, house):
    before = Message.objects.count()
    found = {}
    for case in cases:
        with transaction.atomic():
            found[case] = wrong_with(case, house)
            assert Message.objects.count() == before, case
            transaction.set_rollback(True)
    assert {case: wrong for case, wrong in found.items() if wrong} == {}


def test_a_body_that_no_browser_sends_gets_a_plain_page(house):
    check(list(BODIES)[::8], house)


@pytest.mark.wide
def test_every_body_that_no_browser_sends_gets_a_plain_page(house):
    check(BODIES, house)
