"""What no page of ours could have sent is one line in the log, without a value; slips are none."""

import logging

import pytest
from django import forms
from django.http import QueryDict
from django.urls import reverse

from appointments.models import Status
from clinic.forgeries import found_in
from clinic.typed_text import PlainForm
from tests.appointments.factories import claimed_request, link_to, make_request
from tests.appointments.offer import offer  # noqa: F401 -- a fixture
from tests.appointments.visitor import ADDRESS, Visitor

LOGGER = "clinic.forgeries"


@pytest.fixture
def lines(caplog):
    """What was logged of attempts so far."""
    caplog.set_level(logging.INFO)
    return lambda: [record.getMessage() for record in caplog.records if record.name == LOGGER]


@pytest.fixture
def visitor(offer):  # noqa: F811 -- the fixture
    """Somebody on the first page of the request form."""
    return Visitor()


@pytest.fixture
def desk(client, reception):
    """Reception's browser, signed in."""
    client.force_login(reception)
    return client


def move(desk, asked, name, **data):
    """Press a move on the sheet as it is now."""
    address = reverse("admin:appointments_appointmentrequest_move", args=[asked.pk, name])
    return desk.post(address, {"seen_revision": asked.revision} | data)


WORDS = "Vandermark"


@pytest.mark.parametrize(
    ("step", "typed", "told"),
    [
        ("wish", {"procedure": WORDS}, "choice that was not offered: WishForm.procedure"),
        ("signs", {"signs": [WORDS]}, "choice that was not offered: SignsForm.signs"),
        ("wish", {"wish": ["appointment", "question"]}, "single field that came twice: WishForm.wish"),
        ("person", {"date_of_birth_day": ["1", "2"]}, "single field that came twice: PersonForm.date_of_birth"),
        ("matter", {"matter": f"{WORDS}\x00"}, "character that no keyboard types: MatterForm.matter"),
        ("person", {"full_name": f"\u202e{WORDS}"}, "character that no keyboard types: PersonForm.full_name"),
        (
            "person",
            {"full_name": f"{WORDS}\r\nBcc: x@example.org"},
            "character that no keyboard types: PersonForm.full_name",
        ),
        ("person", {"remark": WORDS}, "field that nobody sees: person"),
        ("wish", {"seal": WORDS}, "seal that is not ours: sealed answers"),
        ("wish", {"go": WORDS}, "move that was not offered: request form"),
    ],
)
def test_what_the_request_form_cannot_send_is_one_line_without_a_value(visitor, lines, step, typed, told):
    visitor.reach(step)
    assert lines() == []
    visitor.fill(step, **typed)
    (line,) = lines()
    assert line == f"Not from a page of ours, to appointments:request ({visitor.status}): {told}"


@pytest.mark.parametrize(
    ("step", "typed"),
    [
        ("wish", {"procedure": None}),
        ("signs", {"signs": []}),
        ("matter", {"matter": ""}),
        ("matter", {"matter": "It hurts. " * 500}),
        ("matter", {"matter": "Pasted:\tone\r\ntwo\x0bthree\u200b\ufeff \u2068four\u2069 it\u0092s"}),
        ("person", {"full_name": "", "email": "ana", "phone": "12"}),
        ("person", {"email": "ana@@example", "phone": "\u202a(206) 555-0123\u202c"}),
        ("person", {"date_of_birth_day": "31", "date_of_birth_month": "2"}),
        ("person", {"date_of_birth_year": "2199"}),
        ("needs", {"interpreter": "other", "other_needs": ""}),
        ("person", {}),
    ],
)
def test_an_honest_slip_is_no_line(visitor, lines, step, typed):
    visitor.reach(step).fill(step, **typed)
    assert lines() == []


def test_all_that_one_post_brought_is_one_line(visitor, lines):
    visitor.fill("wish", procedure="x", location="y", wish=["appointment", "question"], seal="z")
    (line,) = lines()
    assert line.count(": ") == 1 + 4
    visitor.fill("wish")
    assert len(lines()) == 1


def test_what_was_wrong_on_an_earlier_page_is_not_told_again(visitor, lines):
    visitor.reach("person")
    visitor.fill("wish", go="back", procedure="x")
    assert len(lines()) == 1
    visitor.fill("person")
    assert len(lines()) == 1


def test_a_post_that_cannot_be_read_is_answered_as_before(client, db, lines):
    assert (
        client.post(ADDRESS["en"], "x=1&" * 5000, content_type="application/x-www-form-urlencoded").status_code == 400
    )
    assert lines() == []


def test_no_look_is_a_line(client, offer, lines):  # noqa: F811 -- the fixture
    client.get(ADDRESS["en"] + "?procedure=x&procedure=%00&version=%E2%80%AE")
    assert lines() == []


def test_a_change_of_the_private_page_that_is_none_is_a_line(client, db, lines):
    token = link_to(make_request())
    client.post(reverse("appointments:change", args=[token, "promote"]))
    (line,) = lines()
    assert line == "Not from a page of ours, to appointments:change (404): move that was not offered: private page"
    assert token not in line


# At the desk


def test_a_move_for_which_the_sheet_had_no_button_is_a_line(desk, reception, lines):
    asked = claimed_request(by=reception)
    move(desk, asked, "reopen")
    (line,) = lines()
    assert line.endswith("(409): move that was not offered: reopen")


def test_a_move_that_a_colleague_made_first_is_no_line(desk, reception2, lines):
    asked = make_request(status=Status.NEW)
    assert move(desk, asked, "claim").status_code == 302
    desk.force_login(reception2)
    assert move(desk, asked, "claim").status_code == 409
    assert lines() == []


def test_an_altered_snapshot_is_a_line(desk, reception, lines):
    asked = claimed_request(by=reception)
    move(desk, asked, "release", snapshot="e30:1:forged")
    (line,) = lines()
    assert line.endswith("(302): hidden field that was altered: snapshot")


class Sample(PlainForm, forms.Form):
    """Each kind of field that the desk has."""

    short = forms.CharField(max_length=5)
    long = forms.CharField(max_length=5, widget=forms.Textarea)
    hidden = forms.IntegerField(widget=forms.HiddenInput)
    several = forms.MultipleChoiceField(choices=[("a", "a"), ("b", "b")], required=False)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("short=123456", ["longer than its maxlength: Sample.short"]),
        ("long=12345%0D%0A6", ["longer than its maxlength: Sample.long"]),
        ("long=1%0D%0A3%0D%0A5", []),
        ("hidden=x", ["hidden field that was altered: Sample.hidden"]),
        ("several=a&several=b", []),
        ("several=c", ["choice that was not offered: Sample.several"]),
        ("short=", []),
    ],
)
def test_a_field_of_each_kind_is_judged_as_its_page_sends_it(change, told):
    posted = QueryDict("short=1&long=2&hidden=3", mutable=True)
    for name, values in QueryDict(change).lists():
        posted.setlist(name, values)
    form = Sample(posted)
    assert found_in(form, posted) == []
    form.is_valid()
    assert found_in(form, posted) == told
