"""`list_requests` tells what was asked for, and never by whom."""

import json
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from appointments.models import AppointmentRequest, Kind
from procedures.models import Procedure
from tests.appointments.factories import claimed_request, make_request

pytestmark = pytest.mark.django_db


def listed(capsys):
    """Return the objects that the command writes."""
    call_command("list_requests")
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_each_request_is_a_line_of_four_facts(reception, capsys):
    Procedure.objects.create(key="kyphoplasty")
    first, second = claimed_request(reception, procedure="kyphoplasty"), make_request()
    lines = listed(capsys)
    assert [list(line) for line in lines] == [["reference", "status", "procedure", "created"]] * 2
    assert [line["reference"] for line in lines] == [first.reference, second.reference]
    assert [(line["status"], line["procedure"]) for line in lines] == [("in_progress", "kyphoplasty"), ("new", None)]
    created = datetime.fromisoformat(lines[0]["created"])
    assert created.utcoffset() == timedelta(0)
    assert abs(created - timezone.now()) < timedelta(minutes=5)


def test_only_requests_of_patients_are_listed(capsys):
    AppointmentRequest.objects.filter(pk=make_request().pk).update(kind=Kind.PRACTICE)
    assert listed(capsys) == []


def test_the_list_is_asked_for_once_however_long(django_assert_num_queries, capsys):
    for _each in range(3):
        make_request()
    with django_assert_num_queries(1):
        assert len(listed(capsys)) == 3
