"""Hints that two requests may be one person's: which, why, and what they cost."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments import duplicates, practice, workflow
from appointments.models import AppointmentRequest, HeldBecause, Kind, Status
from appointments.references import new_token
from audit.actors import Actor
from tests.appointments.at_the_desk import address
from tests.appointments.factories import make_answers, make_request
from tests.staff import make_staff

pytestmark = pytest.mark.django_db

ANA = {"full_name": "Ana O’Brien", "email": "ana@example.org", "phone": "(206) 555-0123"}
BEA = {"full_name": "Bea Well", "email": "bea@example.org", "phone": "(206) 555-0199"}


def hinted(asked, user):
    """Return {reference: reasons} of what is hinted at, in its order."""
    return {hint.reference: tuple(map(str, hint.because)) for hint in duplicates.look(asked, user=user).hints}


def make_held(**answers):
    return workflow.submit(
        make_answers(**answers),
        token=new_token(),
        by=Actor.patient(),
        language="en",
        why_held=lambda: HeldBecause.DECOY,
    ).request


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"phone": "206.555.0123"}, ("phone",)),
        ({"phone": "+1 206 555 0123"}, ("phone",)),
        ({"email": "ANA@example.org"}, ("email",)),
        ({"full_name": "ANA OBRIEN"}, ("name",)),
        ({"full_name": "O'Brien, Ana"}, ("name",)),
        ({"full_name": "Ána Ó’Brién", "date_of_birth": "1950-02-01"}, ("name", "born")),
        ({"full_name": "Ana Maria O’Brien"}, None),
        ({"date_of_birth": "1950-02-01"}, None),
        ({"full_name": "Ana O’Brien", "date_of_birth": "1950-02-10"}, None),
        ({"full_name": "Ana O’Brien", "phone": ANA["phone"], "date_of_birth": "1950-02-10"}, ("phone", "name")),
        (ANA, ("phone", "email", "name")),
    ],
)
def test_a_request_is_hinted_at_with_the_reasons(reception, changes, because):
    asked = make_request(**ANA, date_of_birth="1950-02-01")
    other = make_request(**(BEA | changes))
    assert hinted(asked, reception) == ({other.reference: because} if because else {})
    assert hinted(other, reception) == ({asked.reference: because} if because else {})
    assert tuple(duplicates.pair(asked, other)) == (because or ())


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("Nguyễn Thị Hoa", "nguyen thi hoa", True),
        ("Łukasz Żółć", "Lukasz Zolc", True),
        ("Anne-Marie López-Ruiz", "LOPEZ RUIZ Anne Marie", True),
        ("Groß", "GROSS", True),
        ("李 小龙", "小龙 李", True),
        ("Ana Lee", "Ana Leigh", False),
        ("Ana Ana", "Ana", False),
        ("–", "…", True),
    ],
)
def test_names_are_compared_without_what_people_leave_out(one, other, is_same):
    assert (duplicates.same_words(one) == duplicates.same_words(other)) == is_same


@pytest.mark.parametrize("name", ["Ana", "– …"])
def test_one_word_alone_or_none_is_no_reason(reception, name):
    asked = make_request(**(ANA | {"full_name": name}))
    make_request(**(BEA | {"full_name": name}))
    assert hinted(asked, reception) == {}


def test_the_likeliest_comes_first(reception):
    asked = make_request(**ANA)
    by_name = make_request(**(BEA | {"full_name": "ana o’brien"}))
    by_mail = make_request(**(BEA | {"email": ANA["email"]}))
    by_both = make_request(**(BEA | {"phone": ANA["phone"], "email": ANA["email"]}))
    assert list(hinted(asked, reception)) == [by_both.reference, by_mail.reference, by_name.reference]


@pytest.mark.parametrize("status", Status.values)
def test_only_what_is_open_is_hinted_at_and_only_on_what_is_open(reception, status):
    asked, other = make_request(**ANA), make_request(status=status, by=reception, **ANA)
    assert bool(hinted(asked, reception)) == other.is_open
    assert bool(hinted(other, reception)) == other.is_open


def test_practice_and_what_is_held_as_spam_are_hinted_at_among_themselves_alone(reception):
    real, held, held_too = make_request(**ANA), make_held(**ANA), make_held(**ANA)
    training, training_too = make_request(**ANA), make_request(**ANA)
    AppointmentRequest.objects.filter(pk__in=[training.pk, training_too.pk]).update(kind=Kind.PRACTICE)
    training.refresh_from_db()
    assert list(hinted(real, reception)) == []
    assert list(hinted(held, reception)) == [held_too.reference]
    assert list(hinted(training, reception)) == [training_too.reference]


def test_who_may_not_see_requests_is_told_of_none(auditor):
    make_request(**ANA)
    assert hinted(make_request(**ANA), auditor) == {}


def test_those_said_to_be_two_are_no_longer_hinted_at(reception):
    one, other, third = make_request(**ANA), make_request(**ANA), make_request(**ANA)
    workflow.not_duplicate(other, one, by=reception.as_actor())
    assert list(hinted(one, reception)) == [third.reference]
    assert list(hinted(other, reception)) == [third.reference]
    assert set(hinted(third, reception)) == {one.reference, other.reference}


def test_a_name_alone_is_looked_for_among_the_newest_and_a_number_among_all(reception, monkeypatch):
    by_name, by_phone = make_request(**(BEA | {"full_name": ANA["full_name"]})), make_request(**ANA)
    for number in range(3):
        make_request(**(BEA | {"email": f"{number}@example.org", "phone": ""}))
    asked = make_request(**ANA)
    assert set(hinted(asked, reception)) == {by_name.reference, by_phone.reference}
    monkeypatch.setattr(duplicates, "NAMES_LOOKED_AT", 4)
    assert set(hinted(asked, reception)) == {by_phone.reference}


def test_a_number_written_under_an_older_key_is_found(reception, settings):
    older = make_request(**(BEA | {"phone": ANA["phone"]}))
    settings.FIELD_KEYS = ["p" * 43 + "=", *settings.FIELD_KEYS]
    asked = make_request(**ANA)
    assert hinted(asked, reception) == {older.reference: ("phone",)}
    assert hinted(older, reception) == {asked.reference: ("phone",)}


def test_a_name_that_cannot_be_read_takes_no_other_hint_with_it(reception):
    asked, spoilt, well = make_request(**ANA), make_request(**ANA), make_request(**ANA)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE appointments_appointmentrequest SET full_name = 'spoilt' WHERE id = %s", [spoilt.pk])
    assert list(hinted(asked, reception)) == [well.reference]


def test_the_look_is_one_query_however_many_there_are_and_never_reads_the_whole_table(reception):
    asked = make_request(**ANA)
    for number in range(5):
        make_request(**(ANA | {"email": f"{number}@example.org"}))
    AppointmentRequest.objects.visible_to(reception)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert len(hinted(asked, reception)) == 5
    assert len(queries) == 1
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + queries[0]["sql"].replace("%", "%%"))
            plan = [row[3] for row in cursor.fetchall()]
        # The newest are read by the key, and no further than so many.
        scans = [step for step in plan if step.startswith("SCAN") and "appointmentrequest" in step]
        assert len(scans) <= 1, plan
        assert sum("phone_index" in step or "phone" in step for step in plan) >= 1, plan


def test_the_sheet_says_so_in_one_line_and_leads_to_both(client, reception):
    client.force_login(reception)
    asked, other = make_request(**ANA), make_request(**(BEA | {"phone": "206 555 0123"}))
    make_request(**(BEA | {"phone": "206 555 0123"}))
    page = client.get(address(asked))
    text = " ".join(page.content.decode().split())
    newest = AppointmentRequest.objects.latest("pk")
    assert f"May be the same as {newest.reference}: same telephone number. So may 1 other." in text
    both = client.get(page.context["asked"] and f"/admin/appointments/appointmentrequest/{asked.pk}/duplicates/")
    assert both.status_code == 200
    assert other.reference in both.content.decode()


def test_nothing_is_said_where_nothing_looks_alike(client, reception):
    client.force_login(reception)
    asked = make_request(**ANA)
    make_request(**BEA)
    assert "May be the same" not in client.get(address(asked)).content.decode()
    page = client.get(f"/admin/appointments/appointmentrequest/{asked.pk}/duplicates/").content.decode()
    assert "No open request looks like this one." in page


def test_a_practice_pair_that_was_joined_is_forgotten_with_the_others(reception):
    one, other = make_request(**ANA), make_request(**ANA)
    pair = AppointmentRequest.objects.filter(pk__in=[one.pk, other.pk])
    pair.update(kind=Kind.PRACTICE)
    one, other = AppointmentRequest.of_every_kind.order_by("pk")
    workflow.merge(one, other, choices={}, by=reception.as_actor(), seen_revision=1, seen_other=1)
    for row in (one, other):
        row.sent_forms.update(sent_at="2026-01-01T00:00Z")
    assert practice.forget_old() == 2
    assert not AppointmentRequest.of_every_kind.exists()


def test_a_flood_with_one_address_does_not_make_the_look_long(reception, monkeypatch):
    monkeypatch.setattr(duplicates, "MOST_WITH_ONE_CONTACT", 2)
    monkeypatch.setattr(duplicates, "NAMES_LOOKED_AT", 0)
    asked = make_request(**ANA)
    for _number in range(4):
        make_request(**(BEA | {"phone": ANA["phone"]}))
    assert len(hinted(asked, reception)) == 2


@pytest.mark.parametrize("role", ["reception", "nurse", "manager", "editor", "reviewer", "auditor"])
def test_those_who_see_requests_open_the_page_of_duplicates(client, role):
    one, other = make_request(**ANA), make_request(**ANA)
    client.force_login(make_staff("somebody", role))
    page = client.get(f"/admin/appointments/appointmentrequest/{one.pk}/duplicates/")
    assert page.status_code == (200 if role in ("reception", "nurse", "manager") else 403)
    assert (other.reference in page.content.decode()) == (page.status_code == 200)
