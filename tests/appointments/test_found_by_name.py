"""Finding a request by its patient's name: which spellings lead to it, what tokens tell, what a search costs."""

from contextlib import suppress
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from appointments import workflow
from appointments.admin.queue import searching
from appointments.models import AppointmentRequest, Kind, NameToken, Status
from appointments.models.name_tokens import names_in, tokens_of
from appointments.name_words import beginning_of, fits, same_words, words_of
from appointments.references import new_token
from audit.actors import Actor
from clinic.models import Location
from tests.appointments.factories import WALKS, inputs_of, make_answers, make_request, moved

QUEUE = "/admin/appointments/appointmentrequest/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client, reception):
    """Reception's browser, signed in."""
    client.force_login(reception)
    return client


def search(client, typed):
    return client.post(QUEUE, {"q": typed}, follow=True)


def shown(response):
    """Return the references of a queue page, in order."""
    return [row.reference for row in response.context["cl"].result_list]


def stored_tokens(request):
    return set(NameToken.objects.filter(request=request).values_list("token", flat=True))


def all_tokens_fit():
    """Say whether the tokens of every request are those of its names."""
    rows = AppointmentRequest.of_every_kind.all()
    return all(stored_tokens(row) == tokens_of(*names_in(row.full_name, row.helper)) for row in rows)


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Ana María O’Brien-López", "ana"),
        ("Ana María O’Brien-López", "LOPEZ Ana"),
        ("Ana María O’Brien-López", "maria obr"),
        ("Ana María O’Brien-López", "o'brien"),
        ("Ana María O’Brien-López", "O Brien"),
        ("Ana María O’Brien-López", "brien lop"),
        ("Ana María O’Brien-López", "obrienlopez"),
        ("Ana María O’Brien-López", "Brien–Lopez"),
        ("Anne-Marie Du Pont", "annemarie"),
        ("Łukasz Żółć", "zolc lukasz"),
        ("Nguyễn Thị Hoa", "nguyen thi"),
        ("Groß", "GROSS"),
        ("J. R. Wu", "wu j"),
        ("Dr.Smith", "smith"),
        ("İpek Yılmaz", "ipek yilmaz"),
        ("王小明", "王小明"),
        ("王小明", "王"),
        ("김민수", "김민"),
        ("Сергей Ёлкин", "сергеи елк"),
        ("يوسف", "يوس"),
        ("मीना राव", "मीना"),
        ("ﬁona Ｗａｎｇ", "fiona wang"),
        ("Jose\u0301", "josé"),
    ],
)
def test_a_name_is_found_as_people_type_it(desk, name, typed):
    reference = make_request(full_name=name).reference
    make_request(full_name="Xaver Quill")
    assert shown(search(desk, typed)) == [reference]


@pytest.mark.parametrize("typed", ["An", "Bo", "ana lee", "nna", "Anabel", "ana ana lee", "–", "’", "…", "मन"])
def test_what_begins_no_word_finds_nobody(desk, typed):
    make_request(full_name="Ana Boreen")
    make_request(full_name="मीना")
    assert shown(search(desk, typed)) == []


def test_who_asks_for_the_patient_is_found_too_but_words_of_two_people_are_no_name(desk):
    helper = {"full_name": "Bea Well", "relation": "parent", "call": "helper"}
    reference = make_request(full_name="Ana Quill", helper=helper).reference
    assert shown(search(desk, "well bea")) == [reference]
    assert shown(search(desk, "ana well")) == []


def test_only_what_somebody_may_see_is_found(desk, reception):
    north = Location.objects.create(key="north", name="Northside", address="1 Street")
    Location.objects.create(key="south", name="Southside", address="2 Street")
    reception.set_locations([north])
    here = make_request(location="north").reference
    make_request(location="south")
    heartbeat = make_request(location="north")
    AppointmentRequest.objects.filter(pk=heartbeat.pk).update(kind=Kind.HEARTBEAT)
    assert shown(search(desk, "ana obrien")) == [here]


def test_a_search_by_name_keeps_the_filters_and_its_words_stay_out_of_the_address(desk, reception):
    mine = make_request(status=Status.IN_PROGRESS, by=reception).reference
    make_request()
    address = desk.post(QUEUE, {"q": "obrien"})["Location"]
    assert "brien" not in address.lower()
    assert shown(desk.get(f"{address}&holder=me")) == [mine]


@pytest.mark.parametrize("typed", ["(206) 555-0123", "+1 206 555 0123", "tel:+1-206-555-0123", "206.555.0123 ext. 4"])
def test_a_number_is_found_in_any_format(desk, typed):
    reference = make_request(phone="206 5550123").reference
    assert shown(search(desk, typed)) == [reference]


@pytest.mark.parametrize(("one", "other"), [("+34 612 345 678", "0034 612345678"), ("(206) 555-CARE", "206 555 2273")])
def test_one_number_may_be_written_in_two_ways(desk, one, other):
    for written, typed in ((one, other), (other, one)):
        reference = make_request(phone=written, email=f"{len(written)}@example.org").reference
        assert reference in shown(search(desk, typed))


def test_an_address_is_found_however_its_site_is_spelt(desk):
    reference = make_request(email="ana@xn--bcher-kva.example").reference
    assert shown(search(desk, "Ana@Bücher.example")) == [reference]
    assert shown(search(desk, "ana@xn--bcher-kva.example")) == [reference]
    make_request(email="ana@xn--\u00fc.example")


def test_whole_words_come_before_all_that_begins_so(desk, monkeypatch):
    monkeypatch.setattr(searching, "MOST_OPENED", 2)
    exact = make_request(full_name="Mar Lee").reference
    for name in ("Maria Lee", "Marta Lee", "Marcus Lee"):
        newest = make_request(full_name=name).reference
    make_request(full_name="Xaver Quill")
    page = search(desk, "mar lee")
    assert shown(page) == [newest, exact]
    assert "Not all names were looked at" in page.content.decode()
    assert "Not all names were looked at" not in search(desk, "quill").content.decode()


def test_a_name_that_cannot_be_read_takes_no_other_from_the_search(desk):
    broken, whole = make_request(), make_request()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE appointments_appointmentrequest SET full_name = 'x' WHERE id = %s", [broken.pk])
    assert shown(search(desk, "obrien")) == [whole.reference]


def test_a_search_asks_as_many_queries_for_many_as_for_few(desk):
    desk.get(QUEUE)
    numbers = []
    for _round in range(2):
        for _each in range(3):
            make_request()
        address = desk.post(QUEUE, {"q": "ana obr"})["Location"]
        with CaptureQueriesContext(connection) as asked:
            desk.get(address)
        numbers.append(len(asked))
    assert numbers[0] == numbers[1] <= 14


def test_a_search_of_very_many_words_is_answered(desk):
    reference = make_request(full_name=" ".join("abcdefghijklmno")).reference
    assert shown(search(desk, " ".join("onmlkjihgfedcba"))) == [reference]
    assert shown(search(desk, "a " * 120)) == [reference]
    assert shown(search(desk, " ".join("abcdefghijklmnop"))) == []


# What is stored


def test_no_token_can_be_read_or_guessed_without_the_key(settings):
    tokens = tokens_of("Ana O’Brien")
    assert {len(token) for token in tokens} == {32}
    settings.FIELD_KEYS = ["YW5vdGhlci1rZXktZm9yLXRlc3RzLWFuZC1ub3RoaW4="]
    assert not tokens & tokens_of("Ana O’Brien")


def test_a_beginning_is_another_token_than_the_word_of_three_letters():
    assert len(tokens_of("Ana")) == 2
    assert len(tokens_of("Li")) == 1
    assert tokens_of("", "–") == set()


@pytest.mark.parametrize("status", WALKS)
def test_tokens_are_those_of_the_name_after_every_move(reception, status):
    request = make_request(status=status, by=reception)
    assert all_tokens_fit()
    moves = [name for name, move in workflow.MOVES.items() if status in move.allowed_from]
    assert moves
    for name in moves:
        row = AppointmentRequest.of_every_kind.get(pk=request.pk)
        with suppress(workflow.Refused):
            moved(row, name, by=reception, **inputs_of(name, row))
        assert all_tokens_fit()


def test_tokens_follow_a_form_that_is_sent_again_with_another_helper():
    token = new_token()
    for name in ("Bea Well", "Bea Wells"):
        helper = {"full_name": name, "relation": "parent", "call": "helper"}
        answers = make_answers(helper=helper)
        workflow.submit(answers, token=token, by=Actor.patient(), language="en")
        assert all_tokens_fit()


def test_tokens_follow_a_joining_and_its_taking_apart(reception):
    kept, merged = make_request(full_name="Ana Quill"), make_request(full_name="Anna Quill")
    seen = {"seen_revision": kept.revision, "seen_other": merged.revision}
    choices = {"full_name": "other"}
    kept = workflow.merge(kept, merged, choices=choices, by=reception.as_actor(), **seen)
    assert kept.full_name == "Anna Quill"
    assert all_tokens_fit()
    workflow.unmerge(merged, by=reception.as_actor())
    assert AppointmentRequest.objects.get(pk=kept.pk).full_name == "Ana Quill"
    assert all_tokens_fit()


def test_a_name_and_its_tokens_are_written_together_or_not_at_all():
    request = make_request(full_name="Ana Quill")
    before = stored_tokens(request)
    request.full_name, request.language = "Bea Well", "x" * 11
    request.save(update_fields=["matter"])
    assert stored_tokens(request) == before
    request.holder_id = 10**9
    request.save(update_fields=["full_name"])
    assert stored_tokens(request) == tokens_of("Bea Well")
    shut = AppointmentRequest.objects.defer("full_name", "helper").get(pk=request.pk)
    shut.save()
    assert stored_tokens(request) == tokens_of("Bea Well")
    shut = AppointmentRequest.objects.defer("helper").get(pk=request.pk)
    shut.full_name = "Cleo Cole"
    shut.save()
    assert all_tokens_fit()


def test_an_erased_request_leaves_no_token():
    request = make_request()
    AppointmentRequest.objects.filter(pk=request.pk).delete()
    assert not NameToken.objects.exists()


def test_requests_that_were_there_before_are_found_too(monkeypatch):
    step = import_module("appointments.migrations.0011_tokens_of_names")
    monkeypatch.setattr(step, "BATCH", 2)
    requests = [make_request(full_name=f"Name{number} Quill") for number in range(5)]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE appointments_appointmentrequest SET full_name = 'x' WHERE id = %s", [requests[2].pk])
    before = {request.pk: stored_tokens(request) for request in requests}
    NameToken.objects.exclude(request=requests[0]).delete()
    step.write_tokens(apps, None)
    step.write_tokens(apps, None)
    after = {request.pk: stored_tokens(request) for request in requests}
    assert after == before | {requests[2].pk: set()}


# Words


@given(st.text(max_size=60))
def test_any_text_has_words_that_it_is_found_by(text):
    typed = set(same_words(text))
    assert fits(typed, words_of(text))
    assert all(word and " " not in word for word in words_of(text))
    begun = {beginning_of(word) for word in typed} - {""}
    assert all(fits([each], words_of(text)) for each in begun)


@given(st.text(alphabet=st.characters(categories=["L"]), min_size=1, max_size=20))
def test_case_and_form_make_no_difference_to_a_word(word):
    assert fits(same_words(word.casefold()), words_of(word))
