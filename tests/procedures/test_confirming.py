"""A page that was reviewed and needs no change: its words stay, and a new signature stands under them."""

from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.roles import Role
from audit.models import Event
from clinic.models import PageStamp
from procedures import publishing
from procedures.admin.pages import admin_url
from procedures.models import Leaflet, ProcedurePage, ProcedureVersion, State
from tests.at_once import at_once
from tests.procedures.desk import press, signed_in
from tests.procedures.factories import (
    COMMAND,
    content,
    enough,
    full_sections,
    make_clinician,
    make_condition,
    make_draft,
    make_in_review,
    make_live,
    make_page,
    make_published,
    make_signed_off,
    save,
)
from tests.staff import make_staff

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate


def test_its_words_and_document_go_on_under_a_new_number_and_review(reviewer):
    old = make_published(sections=full_sections())
    stamp = PageStamp.current()
    due = TODAY() + timedelta(days=100)
    new = publishing.confirm(page=old.page, by=reviewer.as_actor(), next_review_due=due, seen=old.pk)
    old.refresh_from_db()
    page = ProcedurePage.objects.get()
    assert (old.state, new.state, new.number, page.live_version) == (State.SUPERSEDED, State.PUBLISHED, 2, new)
    assert content(new) == content(old)
    assert {key for key in old.document if old.document[key] != new.document[key]} == {"number", "review"}
    review = new.document["review"]
    assert (review["reviewed_on"], review["next_review_due"]) == (TODAY().isoformat(), due.isoformat())
    assert review["reviewer"]["name"] == reviewer.clinician.name
    assert (new.signed_off_by, new.signed_hash) == (reviewer, old.signed_hash)
    assert Leaflet.objects.get(version=new).code != Leaflet.objects.get(version=old).code
    assert PageStamp.current() > stamp
    assert Event.objects.about(new).get().verb == "version.confirmed"
    assert Event.objects.about(old).first().verb == "version.superseded"


def test_no_word_is_rendered_again(reviewer):
    old = make_published()
    ProcedureVersion.objects.update(document=old.document | {"summary": "As it was frozen."})
    new = publishing.confirm(page=old.page, by=reviewer.as_actor())
    assert new.document["summary"] == "As it was frozen."


def test_an_open_draft_stays_and_is_published_later_over_it(reviewer):
    old = make_published()
    draft = publishing.open_draft(page=old.page, by=COMMAND)
    confirmed = publishing.confirm(page=old.page, by=reviewer.as_actor())
    draft.refresh_from_db()
    assert (draft.state, draft.number, confirmed.number) == (State.DRAFT, 2, 3)
    live = make_live(save(draft, "names", enough()["names"] | {"summary": "Newer."}))
    page = ProcedurePage.objects.get()
    assert page.live_version == live
    publishing.withdraw_page(page=page, by=COMMAND)
    page.refresh_from_db()
    assert page.last_read() == live
    again = publishing.open_draft(page=page, by=COMMAND)
    assert (again.number, again.started_from, again.summary) == (4, live, "Newer.")


def test_a_condition_is_confirmed_too(reviewer):
    old = make_published(make_page(make_condition()))
    new = publishing.confirm(page=old.page, by=reviewer.as_actor())
    assert new.page.live_version == new


def test_whoever_wrote_part_of_the_page_cannot_superuser_included(editor):
    both = make_staff("both", Role.EDITOR, Role.REVIEWER, clinician=make_clinician(), is_superuser=True)
    page = make_page()
    make_live(make_draft(page, by=both.as_actor()))
    page.refresh_from_db()
    for _time in range(2):
        with pytest.raises(publishing.Refused, match="You wrote part of this page"):
            publishing.confirm(page=page, by=both.as_actor())
        # What they wrote is still there when others change or confirm the page.
        draft = publishing.open_draft(page=page, by=editor.as_actor())
        make_live(save(draft, "names", enough()["names"] | {"summary": "Another's."}, by=editor.as_actor()))
        other = make_staff(f"other-{_time}", Role.REVIEWER, clinician=make_clinician())
        page.refresh_from_db()
        publishing.confirm(page=page, by=other.as_actor())
        page.refresh_from_db()


def test_only_a_clinician_of_the_role_confirms_what_is_on_the_site(editor, manager, superuser, reviewer):
    page = make_published().page
    for user, why in ((editor, "role"), (manager, "role"), (superuser, "Only a clinician")):
        with pytest.raises(publishing.Refused, match=why):
            publishing.confirm(page=page, by=user.as_actor())
    with pytest.raises(publishing.Refused, match="not on the site"):
        publishing.confirm(page=make_page(), by=reviewer.as_actor())
    with pytest.raises(publishing.Refused, match="Say which clinician"):
        publishing.confirm(page=page, by=COMMAND)


def test_only_a_review_moves_the_day_of_the_review(reviewer, editor):
    old = make_published()
    draft = publishing.open_draft(page=old.page, by=editor.as_actor())
    save(draft, "names", enough()["names"] | {"summary": "Newer."}, by=editor.as_actor())
    old.refresh_from_db()
    assert str(old.reviewed_on) == "2026-09-14"
    assert old.page.live_version == old


# At the desk


def test_a_reviewer_confirms_on_the_screen_of_the_page(reviewer):
    old = make_published()
    client, address = signed_in(reviewer), admin_url(old.page, "change")
    assert "Reviewed, no change needed" in client.get(address).content.decode()
    typed = {"next_review_due": "2030-01-31", "seen": old.pk}
    assert client.get(admin_url(old.page, "confirm")).url == address
    shown = client.post(admin_url(old.page, "confirm"), typed, follow=True).content.decode()
    assert "Its words are as they were." in shown
    assert ProcedurePage.objects.get().live_version.next_review_due == date(2030, 1, 31)
    again = client.post(admin_url(old.page, "confirm"), typed, follow=True).content.decode()
    assert "Another version of this page was published" in again
    assert ProcedureVersion.objects.count() == 2


@pytest.mark.parametrize("day", ["", "soon", "1999-01-01", "\x00"])
def test_a_day_that_cannot_be_is_refused_beside_its_field(reviewer, day):
    old = make_published()
    response = signed_in(reviewer).post(admin_url(old.page, "confirm"), {"next_review_due": day, "seen": old.pk})
    assert response.status_code == 422
    assert response.context["form"].errors["next_review_due"]
    assert ProcedureVersion.objects.count() == 1


def test_an_author_is_told_why_and_editors_are_not_asked(editor):
    both = make_staff("both", Role.EDITOR, Role.REVIEWER, clinician=make_clinician())
    version = make_live(make_draft(by=both.as_actor()))
    address = admin_url(version.page, "change")
    assert "You wrote part of this page" in signed_in(both).get(address).content.decode()
    assert "no change needed" not in signed_in(editor).get(address).content.decode()
    typed = {"next_review_due": "2030-01-31", "seen": version.pk}
    for user, why in ((both, "You wrote part of this page"), (editor, "Your role does not allow this.")):
        refused = signed_in(user).post(admin_url(version.page, "confirm"), typed, follow=True)
        assert why in refused.content.decode()
    assert ProcedureVersion.objects.count() == 1


# Two at once, and what breaks


def ends_of(*presses):
    """Return how presses at the same moment ended, each in a word."""
    return sorted(
        "refused" if isinstance(end, publishing.Refused) else repr(end) if isinstance(end, Exception) else "done"
        for end in at_once(*presses)
    )


def a_reviewer(name):
    return make_staff(name, Role.REVIEWER, clinician=make_clinician()).as_actor()


@pytest.mark.django_db(transaction=True)
def test_two_reviewers_at_once_make_one_signature():
    version, actors = make_in_review(), (a_reviewer("one"), a_reviewer("two"))
    presses = [lambda by=by: publishing.sign_off(version=version, by=by) for by in actors]
    assert ends_of(*presses) == ["done", "refused"]
    assert Event.objects.filter(verb="version.signed_off").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_reviewers_who_confirm_at_once_make_one_version():
    old, actors = make_published(), (a_reviewer("one"), a_reviewer("two"))
    presses = [lambda by=by: publishing.confirm(page=old.page, by=by, seen=old.pk) for by in actors]
    assert ends_of(*presses) == ["done", "refused"]
    assert ProcedureVersion.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_publication_and_a_confirmation_at_once_leave_one_live_version():
    old = make_published()
    draft = publishing.open_draft(page=old.page, by=COMMAND)
    draft = publishing.send_for_review(version=draft, by=COMMAND)
    draft = publishing.sign_off(version=draft, by=COMMAND, reviewer=make_clinician())
    by = a_reviewer("one")
    ends_of(
        lambda: publishing.publish(versions=[draft], by=COMMAND),
        lambda: publishing.confirm(page=old.page, by=by, seen=old.pk),
    )
    draft.refresh_from_db()
    assert ProcedureVersion.objects.published().get() == draft == ProcedurePage.objects.get().live_version


@pytest.mark.django_db(transaction=True)
def test_a_change_and_a_publication_at_once_never_publish_what_nobody_signed():
    version = make_signed_off()
    summary = enough()["names"] | {"summary": "Unsigned."}
    ends_of(lambda: save(version, "names", summary), lambda: publishing.publish(versions=[version], by=COMMAND))
    version.refresh_from_db()
    assert version.state == State.DRAFT or version.document["summary"] == "A balloon lifts the bone."


class Broken(Exception):
    """The database went away."""


class BreakAt:
    """Breaks the write with this number, counted from 0; counts all of them."""

    def __init__(self, number):
        self.number, self.seen = number, 0

    def __call__(self, execute, sql, params, many, context):
        if sql.startswith(("INSERT", "UPDATE", "DELETE")):
            self.seen += 1
            if self.seen > self.number:
                raise Broken
        return execute(sql, params, many, context)


def what_stands():
    """Return all that a reader or an editor relies on."""
    return (
        list(ProcedureVersion.objects.order_by("pk").values()),
        list(ProcedurePage.objects.order_by("pk").values()),
        Event.objects.count(),
        Leaflet.objects.count(),
        PageStamp.current(),
    )


@pytest.mark.parametrize("name", ["publish", "confirm", "void"])
def test_a_crash_between_any_two_writes_leaves_all_as_it_was(name, manager):
    old = make_published()
    draft = publishing.open_draft(page=old.page, by=COMMAND)
    draft = publishing.send_for_review(version=draft, by=COMMAND)
    draft = publishing.sign_off(version=draft, by=COMMAND, reviewer=make_clinician())
    press = {
        "publish": lambda: publishing.publish(versions=[draft], by=COMMAND),
        "confirm": lambda: publishing.confirm(page=old.page, by=COMMAND, reviewer=draft.reviewed_by),
        "void": lambda: save(draft, "names", enough()["names"] | {"summary": "Newer."}),
    }[name]
    before = what_stands()
    for number in range(100):
        broken = BreakAt(number)
        try:
            with transaction.atomic(), connection.execute_wrapper(broken):
                press()
        except Broken:
            assert what_stands() == before, number
        else:
            break
    assert number == broken.seen > 4
    assert what_stands() != before


def test_publishing_from_the_desk_twice_is_one_publication(manager):
    version = make_signed_off()
    client = signed_in(manager)
    assert press(client, version, "publish").status_code == 302
    assert press(client, version, "publish").status_code == 409
