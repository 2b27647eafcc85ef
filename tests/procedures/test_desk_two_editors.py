"""Two editors of one version: nobody overwrites somebody else unknowingly, and nothing typed is lost."""

import pytest
from django.test import Client

from procedures import publishing
from procedures.admin.pages import admin_url
from tests.procedures.desk import fields_of, opened
from tests.procedures.factories import COMMAND, enough, figure, make_draft, save

pytestmark = pytest.mark.django_db


def rows_in(fields, name):
    count = int(fields["rows-TOTAL_FORMS"][0])
    return [fields[f"rows-{number}-{name}"][0] for number in range(count)]


def test_a_save_over_a_newer_one_shows_both_and_can_be_made_knowingly(desk):
    version = make_draft()
    address, fields = opened(desk, version, "names")
    save(version, "names", enough()["names"] | {"summary": "Theirs."})

    response = desk.post(address, fields | {"summary": ["Mine."]})
    text = response.content.decode()
    assert response.status_code == 409
    for words in ("A balloon lifts the bone.", "Theirs.", "Mine."):
        assert words in text
    assert [row.label for row in response.context["screen"].compared] == ["Summary"]
    version.refresh_from_db()
    assert version.summary == "Theirs."

    again = fields_of(response)
    assert again["summary"] == ["Mine."]
    assert desk.post(address, again).status_code == 302
    version.refresh_from_db()
    assert version.summary == "Mine."


def test_rows_are_compared_entry_by_entry(desk):
    version = make_draft()
    address, fields = opened(desk, version, "figures")
    save(version, "figures", [figure(label="Theirs"), figure(fact_key="stay", label="New")])
    response = desk.post(address, fields | {"rows-0-label": ["Mine"]})
    assert response.status_code == 409
    first, second = response.context["screen"].compared
    assert "Label: How long it takes" in first.original
    assert "Label: Theirs" in first.theirs
    assert "Label: Mine" in first.mine
    assert (second.original, second.mine) == ("", "")


def test_saves_of_different_sections_do_not_disturb_each_other(desk):
    version = make_draft()
    address, fields = opened(desk, version, "names")
    save(version, "figures", [figure(label="Theirs")])
    assert desk.post(address, fields | {"summary": ["Mine."]}).status_code == 302
    version.refresh_from_db()
    assert (version.summary, str(version.figures.get())) == ("Mine.", "Theirs")


@pytest.mark.parametrize("snapshot", ["", "x", "a:b:c", None])
def test_a_snapshot_that_nobody_can_vouch_for_counts_for_nothing(desk, snapshot):
    version = make_draft()
    address, fields = opened(desk, version, "names")
    other = opened(desk, version, "aim")[1]["snapshot"]
    save(version, "figures", [])
    response = desk.post(
        address, fields | {"summary": ["Mine."], "snapshot": [snapshot] if snapshot is not None else other}
    )
    assert response.status_code == 409
    assert fields_of(response)["summary"] == ["Mine."]


@pytest.mark.parametrize("revision", ["", "x", "-1", "9" * 30])
def test_a_revision_that_no_page_sent_is_an_old_one(desk, revision):
    version = make_draft()
    address, fields = opened(desk, version, "names")
    save(version, "names", enough()["names"] | {"summary": "Theirs."})
    assert desk.post(address, fields | {"seen_revision": [revision]}).status_code == 409


def test_a_draft_that_went_to_review_meanwhile_keeps_what_was_typed(desk):
    version = make_draft()
    address, fields = opened(desk, version, "names")
    publishing.send_for_review(version=version, by=COMMAND)
    response = desk.post(address, fields | {"summary": ["Typed with care."]})
    assert response.status_code == 409
    assert "It is in review, so nobody can change it now." in response.content.decode()
    assert fields_of(response)["summary"] == ["Typed with care."]
    assert desk.get(address).url == admin_url(version, "change")


def test_a_form_without_its_token_saves_nothing_and_keeps_what_was_typed(editor):
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)
    version = make_draft()
    for key, name in (("names", "summary"), ("preparation", "rows-0-text")):
        address, fields = opened(client, version, key)
        response = client.post(address, fields | {name: ["Typed with care."]})
        assert response.status_code == 403
        assert fields_of(response)[name] == ["Typed with care."]
        assert "<title>Error:" not in response.content.decode()
    assert not version.preparationitems.exists()
