"""Two editors of one version: nobody overwrites somebody else unknowingly, and nothing typed is lost."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from procedures import publishing
from procedures.admin.pages import admin_url
from tests.procedures.desk import fields_of, opened, press, signed_in
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
    assert [each.label for each in response.context["screen"].asked] == ["Summary"]
    version.refresh_from_db()
    assert version.summary == "Theirs."

    again = fields_of(response)
    assert again["summary"] == ["Mine."]
    assert desk.post(address, again).status_code == 302
    version.refresh_from_db()
    assert version.summary == "Mine."


def test_of_rows_only_what_both_changed_is_asked_and_the_rest_is_merged(desk):
    version = make_draft()
    address, fields = opened(desk, version, "figures")
    save(version, "figures", [figure(label="Theirs"), figure(fact_key="stay", label="New")])
    response = desk.post(address, fields | {"rows-0-label": ["Mine"]})
    assert response.status_code == 409
    [asked] = response.context["screen"].asked
    assert (asked.label, asked.original, asked.theirs, asked.mine) == (
        "Entry 1: Label",
        "How long it takes",
        "Theirs",
        "Mine",
    )
    again = fields_of(response)
    assert rows_in(again, "label") == ["Mine", "New"]
    assert "“New” is new" in response.content.decode()
    assert desk.post(address, again | {"take-0": ["theirs"]}).status_code == 302
    assert [row.label for row in version.figures.all()] == ["Theirs", "New"]


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
    assert desk.post(address, fields | {"summary": ["Mine."], "seen_revision": [revision]}).status_code == 409


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


# What only one of both changed


def answered(desk, address, fields):
    """Post a section and return what the next screen says."""
    return desk.post(address, fields, follow=True).content.decode()


def test_fields_that_only_one_of_both_changed_are_merged_with_a_sentence(desk):
    version = make_draft()
    address, fields = opened(desk, version, "names")
    save(version, "names", enough()["names"] | {"medical_name": "Theirs", "synonyms": ["lift", "balloon"]})
    text = answered(desk, address, fields | {"summary": ["Mine."], "synonyms": ["balloon\ncement"]})
    assert "their changes are kept with yours: Medical name; Other names." in text
    version.refresh_from_db()
    assert (version.medical_name, version.summary) == ("Theirs", "Mine.")
    assert version.synonyms == ["balloon", "cement", "lift"]


def test_the_same_change_of_both_is_no_question_and_needs_no_word(desk):
    version = make_draft()
    address, fields = opened(desk, version, "names")
    save(version, "names", enough()["names"] | {"summary": "The same."})
    text = answered(desk, address, fields | {"summary": ["The same."]})
    assert "“Names and summary” is saved." in text
    assert "meanwhile" not in text


def test_three_editors_in_a_row_lose_nothing(desk):
    version = make_draft()
    address, first = opened(desk, version, "names")
    _address, second = opened(desk, version, "names")
    save(version, "names", enough()["names"] | {"plain_name": "One"})
    assert desk.post(address, second | {"medical_name": ["Two"]}).status_code == 302
    assert desk.post(address, first | {"summary": ["Three."]}).status_code == 302
    version.refresh_from_db()
    assert (version.plain_name, version.medical_name, version.summary) == ("One", "Two", "Three.")


def test_a_third_save_while_the_second_is_being_decided_is_asked_too(desk):
    version = make_draft()
    address, fields = opened(desk, version, "names")
    save(version, "names", enough()["names"] | {"summary": "Theirs."})
    again = fields_of(desk.post(address, fields | {"summary": ["Mine."]}))
    version.refresh_from_db()
    save(version, "names", enough()["names"] | {"summary": "A third."})
    response = desk.post(address, again | {"take-0": ["mine"]})
    assert response.status_code == 409
    [asked] = response.context["screen"].asked
    assert (asked.theirs, asked.mine) == ("A third.", "Mine.")


def test_a_number_and_its_unit_changed_by_two_people_are_asked_together(desk):
    version = make_draft()
    address, fields = opened(desk, version, "figures")
    save(version, "figures", [figure(label="How long it takes", unit="hours")])
    response = desk.post(address, fields | {"rows-0-high": ["70"]})
    assert response.status_code == 409
    assert [each.label for each in response.context["screen"].asked] == ["Entry 1: To", "Entry 1: Unit"]


# Rows


def steps(*labels, **texts):
    return [{"label": label, "text": texts.get(label, f"{label} is done with great care.")} for label in labels]


def with_steps(desk, *labels):
    version = make_draft(sections={"steps": steps(*labels)})
    return version, *opened(desk, version, "steps")


def labels_of(version):
    return [row.label for row in version.steps.all()]


def test_a_row_that_one_removed_and_nobody_touched_goes_and_one_that_was_added_stays(desk):
    version, address, fields = with_steps(desk, "Wash", "Cut", "Close")
    save(version, "steps", [*steps("Wash", "Close"), *steps("Rest", Rest="You lie still until we let you go.")])
    text = answered(desk, address, fields | {"rows-0-text": ["We wash your skin with great care."]})
    assert "“Cut” is gone; “Rest” is new" in text
    assert labels_of(version) == ["Wash", "Close", "Rest"]
    assert version.steps.first().text == "We wash your skin with great care."


@pytest.mark.parametrize(("take", "left"), [("mine", ["Wash", "Cut"]), ("anew", ["Wash", "Cut"]), ("theirs", ["Wash"])])
def test_a_row_that_they_removed_and_i_changed_is_asked(desk, take, left):
    version, address, fields = with_steps(desk, "Wash", "Cut")
    save(version, "steps", steps("Wash"))
    response = desk.post(address, fields | {"rows-1-text": ["Cut is done with great calm."]})
    assert response.status_code == 409
    [asked] = response.context["screen"].asked
    assert (asked.label, asked.theirs) == ("Entry 2", "removed")
    assert "great calm" in asked.mine
    assert desk.post(address, fields_of(response) | {"take-0": [take]}).status_code == 302
    assert labels_of(version) == left


@pytest.mark.parametrize(("take", "left"), [("mine", ["Cut"]), ("theirs", ["Wash", "Cut"]), ("anew", ["Wash", "Cut"])])
def test_a_row_that_i_removed_and_they_changed_is_asked(desk, take, left):
    version, address, _fields = with_steps(desk, "Wash", "Cut")
    fields = fields_of(desk.post(address, _fields | {"go": ["remove-0"]}))
    save(version, "steps", steps("Wash", "Cut", Wash="Wash is done with great calm."))
    response = desk.post(address, fields)
    assert response.status_code == 409
    again = fields_of(response)
    assert rows_in(again, "text")[0] == "Wash is done with great calm."
    assert desk.post(address, again | {"take-0": [take]}).status_code == 302
    assert labels_of(version) == left


def test_a_row_is_found_again_wherever_it_was_moved(desk):
    version, address, fields = with_steps(desk, "Wash", "Cut", "Close")
    save(version, "steps", steps("Close", "Wash", "Cut"))
    text = answered(desk, address, fields | {"rows-1-label": ["A small cut"]})
    assert "kept with yours: the order." in text
    assert labels_of(version) == ["Close", "Wash", "A small cut"]


@pytest.mark.parametrize(("take", "order"), [("mine", ["Cut", "Wash", "Close"]), ("theirs", ["Close", "Wash", "Cut"])])
def test_an_order_that_both_changed_is_asked(desk, take, order):
    version, address, fields = with_steps(desk, "Wash", "Cut", "Close")
    fields = fields_of(desk.post(address, fields | {"go": ["up-1"]}))
    save(version, "steps", steps("Close", "Wash", "Cut"))
    response = desk.post(address, fields)
    [asked] = response.context["screen"].asked
    assert (asked.label, asked.mine) == ("The order of the entries", "1. Cut\n2. Wash\n3. Close")
    assert desk.post(address, fields_of(response) | {"take-0": [take]}).status_code == 302
    assert labels_of(version) == order


# Choosing


def test_what_is_written_anew_is_kept_whatever_is_chosen(desk):
    version = make_draft()
    address, fields = opened(desk, version, "names")
    save(version, "names", enough()["names"] | {"summary": "Theirs."})
    again = fields_of(desk.post(address, fields | {"summary": ["Mine."]}))
    response = desk.post(address, again | {"summary": ["Both, anew."], "take-0": ["theirs"]})
    assert response.status_code == 422
    assert "You wrote something there too." in response.content.decode()
    again = fields_of(response)
    assert again["summary"] == ["Both, anew."]
    assert desk.post(address, again | {"take-0": ["anew"]}).status_code == 302
    version.refresh_from_db()
    assert version.summary == "Both, anew."


@pytest.mark.parametrize("asked", ["", "x", "a:b:c"])
def test_questions_that_nobody_asked_change_nothing(desk, asked):
    version = make_draft()
    address, fields = opened(desk, version, "names")
    assert (
        desk.post(address, fields | {"summary": ["Mine."], "asked": [asked], "take-0": ["theirs"]}).status_code == 302
    )
    version.refresh_from_db()
    assert version.summary == "Mine."


def test_questions_survive_a_form_without_its_token(editor):
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)
    version = make_draft()
    address, fields = opened(client, version, "names")
    token = client.get(address).context["csrf_token"]
    save(version, "names", enough()["names"] | {"summary": "Theirs."})
    again = fields_of(client.post(address, fields | {"summary": ["Mine."], "csrfmiddlewaretoken": [str(token)]}))
    response = client.post(address, again | {"take-0": ["theirs"]})
    assert response.status_code == 403
    assert fields_of(response)["asked"]
    assert 'value="theirs" id="take-0_theirs" checked' in response.content.decode()


# Who else is here


@pytest.fixture
def other(editor2):
    """The browser of a second editor, Emil Erb."""
    return signed_in(editor2)


def here(browser, address):
    return [(each.name, each.key) for each in browser.get(address).context["others_here"]]


def test_who_has_a_section_open_is_told_to_others_and_not_to_themselves(desk, other):
    version = make_draft()
    names, aim = admin_url(version, "section", "names"), admin_url(version, "section", "aim")
    assert here(other, names) == []
    assert here(other, names) == []
    assert here(desk, names) == here(desk, aim) == here(desk, admin_url(version, "change")) == [("Emil Erb", "names")]
    assert "Emil Erb has had this section open too." in desk.get(names).content.decode()
    assert "Emil Erb has had “Names and summary” open." in desk.get(aim).content.decode()


def test_whoever_saved_or_was_not_heard_of_for_half_an_hour_is_not_there(desk, other):
    version = make_draft()
    address, fields = opened(other, version, "names")
    assert other.post(address, fields).status_code == 302
    assert here(desk, address) == []
    other.get(address)
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        assert here(desk, address) == []
    assert version.looks.count() == 1


def test_since_when_stays_while_somebody_goes_on(desk, other):
    version = make_draft()
    address, fields = opened(other, version, "steps")
    since = version.looks.get().since
    with time_machine.travel(timezone.now() + timedelta(minutes=20)):
        other.post(address, fields | {"go": ["add"]})
    look = version.looks.get()
    assert look.since == since
    assert look.seen_at > since


def test_nobody_is_there_once_a_draft_went_to_review(desk, other):
    version = make_draft()
    other.get(admin_url(version, "section", "names"))
    press(desk, version, "send_for_review")
    assert here(desk, admin_url(version, "change")) == []
