"""What patients type who mean harm, of every kind, on every page of theirs, and where it arrives: read by a parser."""

import csv
import io
import re

import pytest
from django.db import transaction
from django.urls import reverse

from appointments.models import AppointmentRequest
from appointments.spreadsheets import csv_of
from audit.spreadsheets import STARTS_A_FORMULA
from clinic.typed_text import LongTextField, PlainTextField, kept, shown
from outbox.models import Message
from outbox.sender import email_of
from procedures.models import ProcedurePage
from tests.appointments.at_the_desk import address, messages_of
from tests.appointments.factories import inputs_of, link_to, make_request, moved
from tests.appointments.offer import offer  # noqa: F401 -- a fixture
from tests.appointments.visitor import FOR_ANOTHER, GOOD, Visitor
from tests.hostile import KINDS, alive, as_text, elements, encoded
from tests.staff_forms import Forms

MOST_BYTES = 1024 * 1024
FORM = "application/x-www-form-urlencoded"
STEPS = [(step, {}) for step in GOOD] + [("person", FOR_ANOTHER)]
ARRIVING = ("markup", "queries", "header breaks", "paths", "formulas", "slow patterns")
BREAKS, NOT_TAKEN = "[\r\n\u2028\u2029\x0b\x85]", "[\x0b\x85]"
REFUSED_IN_A_NAME = ("control", "bidi and zero width", "surrogates")

pytestmark = pytest.mark.usefixtures("offer")


def plain(text):
    """Return a text as far as a page shows it again: with marks in place of what hides, and without spaces."""
    return "".join(sign for sign in shown(kept(text, is_long=True)) if not sign.isspace())


def try_on_page(visitor, step, value, others):
    """Type one value into every input of a page; return what is wrong, or None."""
    typed = dict.fromkeys(GOOD[step] | others.get(step, {}), value)
    data = encoded({"seal": visitor.seal, "step": step, "go": "next", **typed})
    response = visitor.client.post("/appointments/request/", data, content_type=FORM)
    html = response.content.decode()
    if len(data) > MOST_BYTES and response.status_code == 413:
        return None
    if response.status_code not in (200, 422):
        return f"answered with {response.status_code}"
    if alive(html):
        return f"came alive: {alive(html)[:2]}"
    page = Forms(html, "/").forms[-1]
    if page.posted.get("step") != step:
        return None
    lost = [name for name in page.texts if name in typed and plain(page.posted[name]) != plain(as_text(value))]
    return f"lost {lost}" if lost else None


def check_page(step, others, kinds):
    visitor = Visitor().reach(step, **others)
    wrong = {
        (kind, value[:40]): try_on_page(visitor, step, value, others) for kind, values in kinds for value in values
    }
    assert {key: said for key, said in wrong.items() if said} == {}


@pytest.mark.parametrize(("step", "others"), STEPS)
def test_each_kind_of_hostile_value_is_harmless_on_each_page_of_the_form(step, others):
    check_page(step, others, [(kind, values[2:3]) for kind, values in KINDS.items()])


@pytest.mark.wide
@pytest.mark.parametrize(("step", "others"), STEPS)
def test_every_hostile_value_is_harmless_on_every_page_of_the_form(step, others):
    check_page(step, others, KINDS.items())


@pytest.mark.parametrize("kind", REFUSED_IN_A_NAME)
@pytest.mark.parametrize("field_class", [PlainTextField, LongTextField])
def test_no_hidden_character_is_taken_anywhere(kind, field_class):
    field = field_class(label="Words", longest=4000)
    for value in map(as_text, KINDS[kind]):
        with pytest.raises(Exception, match="hidden character"):
            field.clean(value)


# The other forms of patients


def forms_of_patients(reception):
    """Return the forms with text fields on every page of patients beside the request form."""
    asked = make_request(by=reception)
    waiting = moved(moved(make_request(), "claim", by=reception), "ask", by=reception, question="Have you had a scan?")
    slug = ProcedurePage.objects.published().in_language("en").first().slug
    yield from [
        (reverse("appointments:change", args=[link_to(asked), "add"]), "get"),
        (reverse("appointments:words", args=[link_to(waiting)]), "post"),
        (reverse("appointments:lost_link"), "get"),
        (reverse("procedures:procedure_feedback", args=[slug]), "get"),
    ]


def try_in_form(client, form, value):
    with transaction.atomic():
        typed = form.posted | dict.fromkeys(form.texts, value)
        response = client.post(form.address, encoded(typed), content_type=FORM)
        html, code = response.content.decode(), response.status_code
        transaction.set_rollback(True)
    if code not in (303, 422, 429):
        return f"answered with {code}"
    if alive(html):
        return f"came alive: {alive(html)[:2]}"
    again = next((each for each in Forms(html, form.address).forms if each.texts == form.texts), None)
    if code == 422 and again is None:
        return "lost the form"
    lost = [name for name in form.texts if code == 422 and plain(again.posted[name]) != plain(as_text(value))]
    return f"lost {lost}" if lost else None


def check_forms(client, reception, values):
    wrong, tried = {}, 0
    for place, method in forms_of_patients(reception):
        html = getattr(client, method)(place).content.decode()
        for form in Forms(html, place).forms:
            if form.method == "post" and form.texts:
                tried += 1
                wrong |= {(place, str(value)[:40]): try_in_form(client, form, value) for value in values}
    assert tried == 4
    assert {key: said for key, said in wrong.items() if said} == {}


def test_one_hostile_value_of_each_kind_is_harmless_in_every_other_form_of_patients(client, reception):
    check_forms(client, reception, [values[3] for values in KINDS.values()])


@pytest.mark.wide
def test_every_hostile_value_is_harmless_in_every_other_form_of_patients(client, reception):
    check_forms(client, reception, [value for values in KINDS.values() for value in values])


@pytest.mark.wide
def test_every_hostile_value_is_harmless_in_an_address(client):
    for value in (value for values in KINDS.values() for value in values):
        query = encoded(dict.fromkeys(("q", "procedure", "location"), value[:3000])).decode()
        for place in ("/procedures/", "/appointments/request/"):
            response = client.get(f"{place}?{query}")
            assert response.status_code == 200, (place, value)
            assert alive(response.content.decode()) == [], (place, value)


# Where it arrives


def arrived(reception, desk, **words):
    """Return what everybody reads of a request with these words: pages by name, e-mails, calendar files."""
    visitor = Visitor().reach(
        "check",
        matter={"matter": words["long"]},
        needs={"other_needs": words["long"][:400]},
        person={"full_name": words["short"], "phone": f"5550123 {words['short']}"[:80]},
    )
    visitor.send()
    asked = AppointmentRequest.objects.latest("pk")
    moved(asked, "claim", by=reception)
    asked.refresh_from_db()
    moved(asked, "agree", by=reception, **inputs_of("agree", asked))
    token = link_to(asked)
    notes = reverse("admin:appointments_appointmentrequest_notes", args=[asked.pk])
    desk.post(notes, {"text": words["long"]})
    visitor.client.post(reverse("appointments:change", args=[token, "add"]), {"words": words["long"]})
    pages = {
        "the sheet": desk.get(address(asked)),
        "the queue": desk.get("/admin/appointments/appointmentrequest/?view=all"),
        "a search": desk.get("/admin/appointments/appointmentrequest/", {"q": words["short"]}),
        "messages": desk.get(messages_of(asked)),
        "notes": desk.get(notes),
        "on paper": desk.get(reverse("admin:appointments_appointmentrequest_downtime")),
        "the private page": visitor.client.get(reverse("appointments:track", args=[token])),
    }
    mails = [email_of(message) for message in Message.objects.about(asked)]
    calendar = visitor.client.get(reverse("appointments:calendar", args=[token])).content.decode()
    assert {page.status_code for page in pages.values()} == {200}
    return {name: page.content.decode() for name, page in pages.items()}, mails, calendar


def skeletons(pages):
    return {name: elements(html) for name, html in pages.items()}


@pytest.mark.parametrize(
    ("kind", "most"),
    [("markup", 1), *(pytest.param(kind, None, marks=pytest.mark.wide) for kind in ARRIVING)],
)
def test_what_arrives_is_words_and_nothing_else(client, reception, kind, most):
    client.force_login(reception)
    for number, value in enumerate(["", *KINDS[kind][:most]]):
        with transaction.atomic():
            short = " ".join(re.sub(BREAKS, " ", value).split())[:80] or "Ana O’Brien"
            long = re.sub(NOT_TAKEN, "", " ".join(KINDS[kind]))[:3000] if value else "My back hurts"
            pages, mails, calendar = arrived(reception, client, short=short, long=long)
            transaction.set_rollback(True)
        if not number:
            plain_pages, plain_mails, plain_calendar = skeletons(pages), mails, calendar
            continue
        for name, html in pages.items():
            assert alive(html) == [], (name, value)
        # Words of several lines have breaks, and nothing else, that plain ones have not.
        for name, found in skeletons(pages).items():
            assert set(found) <= set(plain_pages[name]) | {("br", ())}, (name, value)
        assert len(mails) == len(plain_mails)
        for mail, usual in zip(mails, plain_mails, strict=True):
            message = mail.message()
            assert (mail.recipients(), message.keys()) == (["Ana@example.org"], usual.message().keys())
            html, usual_html = mail.alternatives[0][0], usual.alternatives[0][0]
            assert set(elements(html)) <= set(elements(usual_html))
            assert message["Subject"].splitlines() == [message["Subject"]]
        assert len(calendar.splitlines()) == len(plain_calendar.splitlines())


@pytest.mark.parametrize("value", list(map(as_text, KINDS["formulas"] + KINDS["header breaks"])))
def test_no_cell_of_an_export_begins_a_formula(value):
    [[cell, number]] = csv.reader(io.StringIO(csv_of([[value, -3]]).lstrip("\ufeff"), newline=""))
    assert number == "-3"
    assert not cell.startswith(STARTS_A_FORMULA)
    assert not cell.strip().startswith(STARTS_A_FORMULA)
    assert cell.removeprefix("'") == value
