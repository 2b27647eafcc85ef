"""The editorial desk: which lists it opens for whom, what stands in them, and that it costs the same however many."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic.models import PageStamp
from procedures import publishing
from procedures.models import MissedSearch, ProcedurePage, ProcedureVersion
from tests.procedures.desk import signed_in
from tests.procedures.factories import (
    COMMAND,
    enough,
    make_both_published,
    make_clinician,
    make_condition,
    make_draft,
    make_feedback,
    make_in_review,
    make_live,
    make_page,
    make_procedure,
    make_published,
    make_signed_off,
    save,
)

pytestmark = pytest.mark.django_db

DESK = "/admin/desk/"
EVERYBODYS = {"drafts", "in_review", "signed_off", "overdue", "due", "out_of_date"}


def lists(user):
    """Return the lists of the desk as this member of staff sees it, by their key."""
    context = signed_in(user).get(DESK).context
    return {shown.key: shown for shown in [*context["mine"], *context["lists"]]}


def words(user, key):
    return [line.words for line in lists(user)[key].lines]


@pytest.mark.parametrize(
    ("who", "further"),
    [
        ("editor", {"changes", "questions", "searches"}),
        ("reviewer", {"to_review"}),
        ("manager", {"missed", "to_publish", "questions"}),
    ],
)
def test_each_role_finds_what_it_can_do(who, further, request):
    assert set(lists(request.getfixturevalue(who))) == EVERYBODYS | further


@pytest.mark.parametrize("who", ["reception", "nurse", "auditor"])
def test_nobody_else_opens_it_or_is_led_there(who, request):
    client = signed_in(request.getfixturevalue(who))
    assert client.get(DESK).status_code == 403
    assert DESK not in client.get("/admin/").content.decode()


def test_the_first_page_and_the_list_of_pages_lead_there(editor):
    client = signed_in(editor)
    for address in ("/admin/", "/admin/procedures/procedurepage/"):
        assert f'href="{DESK}"' in client.get(address).content.decode()


def test_an_empty_desk_says_so_in_words(superuser):
    text = signed_in(superuser).get(DESK).content.decode()
    for sentence in ("Nobody is writing a draft.", "Nothing is in review.", "Everything was published at its time."):
        assert sentence in text


def test_editors_find_their_own_drafts_that_came_back(editor, editor2):
    mine, theirs = (make_in_review(by=each.as_actor()) for each in (editor, editor2))
    make_draft(by=editor.as_actor())
    for version in (mine, theirs):
        publishing.ask_for_changes(version=version, words="Shorter.", by=COMMAND)
    found = lists(editor)
    assert found["changes"].total == 1
    assert found["drafts"].total == 3
    assert "by Edith Eco, since" in found["changes"].lines[0].words


def test_reviewers_find_what_others_wrote(reviewer, editor):
    make_in_review(make_page(make_condition()), by=editor.as_actor())
    own = make_in_review()
    own.authors.add(reviewer)
    found = lists(reviewer)
    assert (found["to_review"].total, found["in_review"].total) == (1, 2)
    assert found["to_review"].lines[0].about == "condition, English, version 1"


def test_managers_find_what_waits_to_be_published_and_what_missed_its_time(manager):
    make_signed_off()
    soon, late = make_signed_off(), make_signed_off()
    at = timezone.now() + timedelta(hours=1)
    for version in (soon, late):
        publishing.schedule(versions=[version], at=at, by=manager.as_actor())
    ProcedureVersion.objects.filter(pk=late.pk).update(publish_at=timezone.now() - timedelta(hours=1))
    found = lists(manager)
    assert (found["to_publish"].total, found["missed"].total, found["signed_off"].total) == (1, 1, 3)
    assert "The sender was not running" in found["missed"].lines[0].words
    assert sorted(line.words.split()[0] for line in found["signed_off"].lines) == ["Not", "signed", "to"]
    first_page = signed_in(manager).get("/admin/").content.decode()
    assert "1 version of a page was not published at its time." in first_page


def test_reviews_stand_under_the_day_on_which_they_are_due(editor):
    today = timezone.localdate()
    for days in (-1, 0, 30, 31):
        version = make_published()
        ProcedureVersion.objects.filter(pk=version.pk).update(next_review_due=today + timedelta(days=days))
    found = lists(editor)
    assert (found["overdue"].total, found["due"].total) == (1, 2)


def test_a_spanish_page_is_out_of_date_since_the_first_newer_english_one(editor):
    english, _spanish = make_both_published()
    assert lists(editor)["out_of_date"].total == 0
    first = publishing.open_draft(page=english.page, by=COMMAND)
    first = make_live(save(first, "names", enough()["names"] | {"summary": "It heals."}))
    since = first.published_at - timedelta(days=3)
    spanish_at = since - timedelta(days=1)
    ProcedureVersion.objects.filter(pk=first.pk).update(published_at=since)
    ProcedureVersion.objects.filter(page__language="es").update(published_at=spanish_at)
    ProcedureVersion.objects.filter(pk=english.pk).update(published_at=spanish_at)
    make_live(publishing.open_draft(page=english.page, by=COMMAND))
    [line] = lists(editor)["out_of_date"].lines
    assert (line.order, line.language) == (since, "es")


def test_questions_are_counted_by_page_and_searches_named(editor):
    page = make_published().page
    make_feedback(page)
    make_feedback(page)
    make_feedback(make_published(make_page(make_condition())).page)
    MissedSearch.objects.create(language="en", words_index="x", words="sore knee", days=3, last_day="2026-11-20")
    found = lists(editor)
    assert [line.words.split(",")[0] for line in found["questions"].lines] == ["2 open", "1 open"]
    assert "How long until" not in signed_in(editor).get(DESK).content.decode()
    assert found["searches"].lines[0].title == "sore knee"


def make_many(number):
    """Make drafts, signed-off and live versions and their pages with few writes."""
    clinician, now = make_clinician(), timezone.now()
    signed = {"reviewed_by": clinician, "signed_off_at": now, "reviewed_on": timezone.localdate()}
    live = {"document": {}, "published_at": now, "next_review_due": timezone.localdate() + timedelta(days=9)}
    for kind, values in (("draft", {}), ("signed_off", signed), ("published", signed | live)):
        for _each in range(number):
            page = make_page()
            version = ProcedureVersion(page=page, number=1, state=kind, plain_name="Many", **values)
            ProcedureVersion.objects.bulk_create([version])
            if kind == "published":
                ProcedurePage.objects.filter(pk=page.pk).update(live_version=version)


def asked(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def test_a_desk_of_many_costs_as_much_as_a_desk_of_one(superuser):
    client = signed_in(superuser)
    make_many(1)
    make_draft(by=superuser.as_actor())
    of_few = asked(client, DESK)
    make_many(25)
    make_draft(by=superuser.as_actor())
    assert asked(client, DESK) == of_few
    shown = lists(superuser)["drafts"]
    assert (len(shown.lines), shown.total, shown.all_url) == (20, 28, f"{DESK}?list=drafts")


def test_all_of_a_list_stands_on_screens_of_50(editor):
    procedure = make_procedure()
    ProcedurePage.objects.bulk_create(
        ProcedurePage(procedure=make_procedure(), language="en", slug=f"page-{number}") for number in range(60)
    )
    pages = ProcedurePage.objects.exclude(procedure=procedure)
    ProcedureVersion.objects.bulk_create(ProcedureVersion(page=page, number=1, plain_name="Many") for page in pages)
    client = signed_in(editor)
    first = client.get(f"{DESK}?list=drafts").context
    second = client.get(first["later_url"]).context
    assert [len(each["whole"].lines) for each in (first, second)] == [50, 10]
    assert (second["later_url"], second["earlier_url"]) == ("", f"{DESK}?list=drafts")


@pytest.mark.parametrize("query", ["list=missed", "list=nothing", "list=questions", "list=%00"])
def test_a_list_that_is_not_theirs_is_not_there(query, editor):
    assert signed_in(editor).get(f"{DESK}?{query}").status_code in (400, 404)


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999", "٣", "999"])
def test_any_number_of_a_screen_is_borne(page, editor):
    assert signed_in(editor).get(DESK, {"list": "drafts", "page": page}).status_code == 200


def test_looking_changes_nothing(editor):
    before = PageStamp.current()
    client = signed_in(editor)
    assert client.post(DESK).status_code == 405
    client.get(DESK)
    assert PageStamp.current() == before
