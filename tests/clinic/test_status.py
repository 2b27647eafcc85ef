"""What a monitor asks: does the process answer, can it serve, and how is each part."""

from collections import namedtuple

import pytest
from django.db import connection
from django.utils import timezone

from clinic import status
from clinic.models import ClinicProfile
from outbox import sender
from tests.clinic.factories import make_profile
from tests.clinic.trouble import database_away


@pytest.fixture
def no_database(db):
    with database_away():
        yield


@pytest.fixture
def all_well(db):
    make_profile()
    sender.report_alive(name="test:1", started_at=timezone.now())


def test_the_process_answers_without_a_database(client, no_database):
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response["Cache-Control"]


def test_the_process_is_ready_when_the_database_is(client, db):
    assert client.get("/readyz").status_code == 200


def test_the_process_is_not_ready_without_its_database(client, no_database):
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (503, b"The database does not answer.\n")


def test_the_process_is_not_ready_while_migrations_wait(client, db):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'outbox'")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert b"waits for migrations" in response.content


def test_when_all_is_well_the_status_says_so(client, all_well):
    response = client.get("/statusz")
    assert response.status_code == 200
    assert response.json()["status"] == "ok"
    assert {"disk", "audit", "sender", "oldest unsent message"} <= set(response.json()["parts"])


def test_a_clinic_without_a_telephone_number_is_not_well(client, all_well):
    ClinicProfile.objects.update(telephone="")
    response = client.get("/statusz")
    assert response.status_code == 503
    assert "fill in its profile" in response.json()["parts"]["clinic profile"]


def test_when_a_part_is_wrong_the_status_is_503_and_says_which(client, db):
    response = client.get("/statusz")
    assert response.status_code == 503
    assert response.json()["parts"]["sender"].startswith("No sender is running")


def test_without_a_database_the_status_is_503(client, no_database):
    assert client.get("/statusz").status_code == 503
    assert client.get("/statusz", REMOTE_ADDR="203.0.113.9").json() == {"status": "wrong"}


@pytest.mark.parametrize(
    ("environ", "proxies"),
    [
        ({"REMOTE_ADDR": "203.0.113.9"}, []),
        ({"REMOTE_ADDR": ""}, []),
        ({"REMOTE_ADDR": "no address"}, []),
        ({"REMOTE_ADDR": "127.0.0.1"}, ["127.0.0.1"]),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}, []),
    ],
)
def test_strangers_are_told_nothing_of_the_parts(client, all_well, settings, environ, proxies):
    settings.TRUSTED_PROXIES = proxies
    assert client.get("/statusz", **environ).json() == {"status": "ok"}


def test_staff_are_told_of_the_parts_from_anywhere(client, all_well, reception):
    client.force_login(reception)
    assert "parts" in client.get("/statusz", REMOTE_ADDR="203.0.113.9").json()


def test_a_part_that_cannot_be_asked_is_wrong_and_hides_no_other(monkeypatch):
    monkeypatch.setattr(status, "_parts", {"broken": lambda: 1 / 0, "fine": lambda: None})
    assert status.parts() == [
        status.PartStatus("broken", "It could not be asked (ZeroDivisionError)."),
        status.PartStatus("fine"),
    ]


def test_a_full_disk_is_trouble_and_a_folder_yet_to_be_made_is_none(monkeypatch, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "not" / "yet"
    assert status.disk_trouble() is None
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(status.shutil, "disk_usage", lambda folder: usage(10**9, 10**9 - 5 * 2**20, 5 * 2**20))
    assert status.disk_trouble() == "Only 5 MB are free on the disk."
