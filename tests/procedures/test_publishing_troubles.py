"""What publishing is like when writes fail, when two people press at once, and when the database is asked to lie."""

import pytest
from django.db import IntegrityError, transaction

from audit.models import Event
from clinic.models import PageStamp
from procedures import publishing
from procedures.models import ProcedurePage, ProcedureVersion, State
from procedures.sections import section_named
from tests.at_once import at_once
from tests.procedures.factories import (
    COMMAND,
    enough,
    figure,
    make_both_published,
    make_clinician,
    make_draft,
    make_page,
    make_procedure,
    make_published,
    make_signed_off,
    save,
)

pytestmark = pytest.mark.django_db


# When something breaks


def test_a_failure_between_writes_leaves_the_old_page_live_and_whole(monkeypatch):
    old, spanish = make_both_published()
    drafts = []
    for live in (old, spanish):
        draft = publishing.open_draft(page=live.page, by=COMMAND)
        draft = publishing.send_for_review(version=draft, by=COMMAND)
        drafts.append(publishing.sign_off(version=draft, by=COMMAND, reviewer=make_clinician()))
    events, stamp = Event.objects.count(), PageStamp.current()

    def fail():
        raise OSError("the disk is full")

    monkeypatch.setattr(PageStamp, "move", fail)
    with pytest.raises(OSError, match="disk"), transaction.atomic():
        publishing.publish(versions=drafts, by=COMMAND)

    assert set(ProcedureVersion.objects.published()) == {old, spanish}
    assert {page.live_version for page in ProcedurePage.objects.all()} == {old, spanish}
    assert set(ProcedureVersion.objects.open()) == set(drafts)
    assert (Event.objects.count(), PageStamp.current()) == (events, stamp)


def test_a_failing_audit_trail_stops_a_save(monkeypatch):
    draft = make_draft()

    def fail(*args, **kwargs):
        raise OSError("the disk is full")

    monkeypatch.setattr(Event, "record", fail)
    with pytest.raises(OSError, match="disk"), transaction.atomic():
        save(draft, "figures", [])
    draft.refresh_from_db()
    assert draft.figures.count() == 1


def ends_of(*presses):
    """Return how presses at the same moment ended, each in a word."""
    return sorted(
        "refused" if isinstance(end, publishing.Refused) else repr(end) if isinstance(end, Exception) else "done"
        for end in at_once(*presses)
    )


@pytest.mark.django_db(transaction=True)
def test_two_publishers_at_once_make_one_publication():
    version = make_signed_off()
    press = lambda: publishing.publish(versions=[version], by=COMMAND)  # noqa: E731
    assert ends_of(press, press, press) == ["done", "refused", "refused"]
    assert Event.objects.filter(verb="version.published").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_editors_who_start_a_draft_at_once_get_one_draft():
    page = make_published().page
    press = lambda: publishing.open_draft(page=page, by=COMMAND)  # noqa: E731
    assert ends_of(press, press) == ["done", "refused"]
    assert page.versions.open().count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_saves_at_once_one_is_refused_and_none_is_lost():
    draft = make_draft()

    def press(summary):
        return lambda: publishing.save_section(
            version=draft,
            section=section_named(draft, "names"),
            values=enough()["names"] | {"summary": summary},
            by=COMMAND,
            seen_revision=draft.revision,
        )

    assert ends_of(press("One."), press("Two.")) == ["done", "refused"]


@pytest.mark.django_db(transaction=True)
def test_two_languages_with_different_figures_never_slip_past_each_other():
    procedure = make_procedure()
    english = make_signed_off(make_page(procedure))
    spanish = make_signed_off(make_page(procedure, language="es"), sections={"figures": [figure(high=90)]})
    presses = [
        lambda version=version: publishing.publish(versions=[version], by=COMMAND) for version in (english, spanish)
    ]
    assert ends_of(*presses) == ["done", "refused"]


# What the database promises


@pytest.mark.parametrize(
    "broken",
    [
        {"state": State.SIGNED_OFF},
        {"state": State.PUBLISHED},
        {"state": State.DRAFT, "number": 1, "document": {}},
        {"state": State.IN_REVIEW},
    ],
)
def test_the_database_refuses_a_version_that_could_not_be(broken):
    page = make_draft().page
    with pytest.raises(IntegrityError), transaction.atomic():
        ProcedureVersion.objects.create(page=page, **{"number": 9, **broken})


def test_the_database_keeps_one_address_a_language():
    page = make_page()
    with pytest.raises(IntegrityError), transaction.atomic():
        make_page(slug=page.slug)
    make_page(slug=page.slug, language="es")
