"""What patients read on a day that is past: the version that was live, as it was frozen."""

from datetime import UTC, date, datetime
from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from pytest_django.asserts import assertContains

from procedures import publishing
from procedures.admin.pages import admin_url
from procedures.models import ProcedureVersion
from tests.procedures.desk import signed_in
from tests.procedures.factories import COMMAND, make_live, make_published, save

pytestmark = pytest.mark.django_db


def at(day, hour=20):
    """Return a moment of November 2026; 20:00 UTC is noon at the clinic."""
    return datetime(2026, 11, day, hour, tzinfo=UTC)


@pytest.fixture
def page(db):
    """A page with a version from the 2nd, another from the 5th, withdrawn on the 8th, back on the 12th."""
    with time_machine.travel(at(2), tick=False):
        version = make_published()
        page = version.page
    with time_machine.travel(at(5), tick=False):
        make_live(save(publishing.open_draft(page=page, by=COMMAND), "names", {"summary": "The second."}))
    with time_machine.travel(at(8), tick=False):
        page.refresh_from_db()
        publishing.withdraw_page(page=page, by=COMMAND)
    with time_machine.travel(at(12), tick=False):
        page.refresh_from_db()
        make_live(publishing.open_draft(page=page, by=COMMAND))
    page.refresh_from_db()
    return page


@pytest.fixture
def asked(editor, page):
    """Ask the page's screen for a day."""
    client = signed_in(editor)

    def ask(day, **options):
        return client.get(admin_url(page, "read_on"), {"day": day}, **options)

    return ask


@pytest.mark.parametrize(
    ("day", "number"), [("2026-11-03", 1), ("2026-11-06", 2), ("2026-11-08", 2), ("2026-11-30", 3)]
)
def test_a_day_leads_to_the_version_that_was_live(asked, page, day, number):
    version = page.versions.get(number=number)
    assert asked(day).url == f"/procedures/preview/procedure/{version.pk}/"


def test_a_day_with_two_versions_lists_both_with_their_times(asked):
    text = asked("2026-11-05").content.decode()
    assert "from November 2, 2026, 12:00 p.m. to November 5, 2026, 12:00 p.m." in " ".join(text.split()).replace(
        "noon", "12:00 p.m."
    )
    assert text.count("/procedures/preview/procedure/") == 2


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-11-01", "patients could not read this page"),
        ("2026-11-10", "patients could not read this page"),
        ("1066-10-14", "patients could not read this page"),
        ("9999-12-31", "That day is still to come."),
    ],
)
def test_a_day_without_a_version_says_so(asked, day, words):
    assertContains(asked(day), words)


@pytest.mark.parametrize("day", ["", "yesterday", "2026-02-30", "<script>", "2026-11-03T10:00"])
def test_what_is_no_day_is_asked_again(asked, day):
    response = asked(day)
    assertContains(response, "Choose a day, such as", status_code=422)
    assert b'value="<script>' not in response.content


def test_days_are_those_of_the_clinic(editor):
    with time_machine.travel(at(6, hour=6), tick=False):
        version = make_published()
    # 6:00 UTC on the 6th is still the evening of the 5th at the clinic.
    found = signed_in(editor).get(admin_url(version.page, "read_on"), {"day": "2026-11-05"})
    assert found.status_code == 302


def test_the_page_is_shown_as_it_was_frozen_with_a_banner_and_never_kept(editor, clinic, page):
    version = page.versions.get(number=1)
    version.document["summary"] = "As it was frozen."
    ProcedureVersion.objects.filter(pk=version.pk).update(document=version.document)
    response = signed_in(editor).get(f"/procedures/preview/procedure/{version.pk}/")
    assertContains(response, "As it was frozen.")
    assertContains(response, "This is version 1 as patients read it (from November 2, 2026")
    assert "no-store" in response["Cache-Control"]


def test_who_sees_no_versions_sees_none_of_the_past(client, reception, page):
    version = page.versions.get(number=1)
    assert client.get(f"/procedures/preview/procedure/{version.pk}/").status_code in (302, 404)
    assert signed_in(reception).get(f"/procedures/preview/procedure/{version.pk}/").status_code == 403


def test_a_confirmed_page_names_each_review_in_its_time(editor, reviewer):
    with time_machine.travel(at(2), tick=False):
        page = make_published().page
    with time_machine.travel(at(9), tick=False):
        publishing.confirm(page=page, by=reviewer.as_actor())
    first, second = page.versions.order_by("number")
    assert first.superseded_at == second.published_at == at(9)
    assert second.superseded_at is None


def test_the_moment_of_each_end_is_written(page):
    ends = dict(page.versions.values_list("number", "superseded_at"))
    assert ends == {1: at(5), 2: at(8), 3: None}
    assert page.live_version.number == 3
    assert date(2026, 11, 12) == page.live_version.published_at.date()


def test_versions_of_before_get_the_time_of_their_end_from_the_trail_or_from_what_followed(page):
    with time_machine.travel(at(2), tick=False):
        untold = make_published()
    # As where the trail of that time was pruned.
    ProcedureVersion.objects.filter(pk=untold.pk).update(state="superseded")
    type(untold.page).objects.filter(pk=untold.page_id).update(live_version=None)
    with time_machine.travel(at(12), tick=False):
        untold.page.refresh_from_db()
        make_live(publishing.open_draft(page=untold.page, by=COMMAND))
    ProcedureVersion.objects.update(superseded_at=None)
    import_module("procedures.migrations.0010_successors_and_times_off_the_site").fill_times(apps, None)
    assert dict(page.versions.values_list("number", "superseded_at")) == {1: at(5), 2: at(8), 3: None}
    assert dict(untold.page.versions.values_list("number", "superseded_at")) == {1: at(12), 2: None}
