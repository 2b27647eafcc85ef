"""Which pages lag behind the leading language, since when, and what an editor sees and says of it."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.test import override_settings

from audit.models import Event
from procedures import publishing
from procedures.admin.languages import pair_url
from procedures.languages import missing, out_of_date
from procedures.models import ConditionPage, ProcedurePage
from procedures.publishing import Refused, Stale
from tests.procedures.desk import signed_in
from tests.procedures.factories import (
    COMMAND,
    enough,
    make_both_published,
    make_clinician,
    make_condition,
    make_draft,
    make_in_review,
    make_live,
    make_page,
    make_procedure,
    make_published,
    save,
)

pytestmark = pytest.mark.django_db

LANGUAGES = "/admin/procedures/languages/"


def behind(model=ProcedurePage):
    return list(out_of_date(model.objects.all()))


def rename(version, summary="Said better."):
    """Publish the page of a version with another summary, and return the new version."""
    draft = publishing.open_draft(page=version.page, by=COMMAND)
    names = enough(version.page.language)["names"]
    return make_live(save(draft, "names", names | {"summary": summary}))


# What is out of date


def test_pages_published_together_say_the_same():
    english, spanish = make_both_published()
    spanish.refresh_from_db()
    assert spanish.written_against == english
    assert english.written_against is None
    assert behind() == []


@pytest.mark.parametrize("subject", [make_procedure, make_condition])
def test_a_page_is_out_of_date_since_the_first_change_that_it_did_not_follow(subject):
    with time_machine.travel(datetime(2026, 11, 2, 12, tzinfo=UTC)):
        english, spanish = make_both_published(subject())
    with time_machine.travel(datetime(2026, 12, 1, 12, tzinfo=UTC), tick=False):
        rename(english)
    with time_machine.travel(datetime(2026, 12, 9, 12, tzinfo=UTC)):
        rename(english, "Said again.")
    (page,) = behind(ConditionPage if subject is make_condition else ProcedurePage)
    assert page == spanish.page
    assert page.out_of_date_since == datetime(2026, 12, 1, 12, tzinfo=UTC)


def test_a_new_signature_makes_no_page_out_of_date():
    english, _spanish = make_both_published()
    publishing.confirm(page=english.page, by=COMMAND, reviewer=make_clinician())
    assert behind() == []


def test_a_change_that_was_taken_back_makes_no_page_out_of_date():
    english, _spanish = make_both_published()
    rename(english)
    assert len(behind()) == 1
    rename(english, english.summary)
    assert behind() == []


def test_a_change_of_the_spanish_page_makes_nothing_out_of_date():
    _english, spanish = make_both_published()
    rename(spanish, "Mejor dicho.")
    assert behind() == []


def test_a_correction_of_the_spanish_page_alone_does_not_bring_it_up_to_date():
    english, spanish = make_both_published()
    rename(english)
    assert rename(spanish, "Mejor dicho.").written_against == english
    assert len(behind()) == 1


def test_the_first_draft_in_another_language_is_written_against_what_patients_read():
    english = make_published()
    draft = make_draft(make_page(english.page.procedure, language="es"))
    assert draft.written_against == english


def test_a_page_that_nobody_matched_goes_by_when_it_was_published():
    procedure = make_procedure()
    make_published(make_page(procedure, language="es"))
    assert behind() == []
    make_published(make_page(procedure))
    assert len(behind()) == 1


def test_a_review_without_a_change_keeps_what_a_page_was_written_against():
    english, spanish = make_both_published()
    version = publishing.confirm(page=spanish.page, by=COMMAND, reviewer=make_clinician())
    assert version.written_against == english


def test_no_page_is_behind_one_that_was_withdrawn():
    english, _spanish = make_both_published()
    rename(english)
    publishing.withdraw_page(page=english.page, by=COMMAND)
    assert behind() == []


def test_any_language_may_lead():
    english, spanish = make_both_published()
    rename(spanish, "Mejor dicho.")
    with override_settings(LANGUAGES=[("es", "Spanish"), ("en", "English")]):
        assert behind() == [english.page]


# Saying that it says the same


def test_an_editor_says_that_a_page_says_the_same_and_it_is_noted_once(editor):
    english, spanish = make_both_published()
    newer = rename(english)
    for _time in range(2):
        publishing.say_matches(version=spanish, other=newer, by=editor.as_actor())
    assert behind() == []
    (event,) = Event.objects.filter(verb="version.matches")
    assert (event.object_id, event.details) == (str(spanish.pk), {"number": 2, "other": newer.pk})


def test_a_signature_stays_when_a_version_is_said_to_match(editor):
    english, spanish = make_both_published()
    newer = rename(english)
    draft = publishing.open_draft(page=spanish.page, by=COMMAND)
    publishing.send_for_review(version=draft, by=COMMAND)
    signed = publishing.sign_off(version=draft, by=COMMAND, reviewer=make_clinician())
    publishing.say_matches(version=signed, other=newer, by=editor.as_actor())
    publishing.publish(versions=[signed], by=COMMAND)
    assert behind() == []


def test_nobody_says_that_a_page_matches_a_version_that_is_no_longer_read(editor):
    english, spanish = make_both_published()
    newer = rename(english)
    rename(english, "Said again.")
    with pytest.raises(Stale):
        publishing.say_matches(version=spanish, other=newer, by=editor.as_actor())
    spanish.refresh_from_db()
    assert spanish.written_against == english


@pytest.mark.parametrize("role", ["reviewer", "manager", "reception", "auditor"])
def test_only_editors_say_what_a_page_matches(request, role):
    english, spanish = make_both_published()
    newer = rename(english)
    user = request.getfixturevalue(role)
    with pytest.raises(Refused):
        publishing.say_matches(version=spanish, other=newer, by=user.as_actor())
    response = signed_in(user).post(pair_url(spanish.page), {"version": spanish.pk, "other": newer.pk})
    assert response.status_code == 403
    assert len(behind()) == 1


def test_what_leads_matches_nothing_and_neither_does_what_is_no_longer_read():
    english, spanish = make_both_published()
    newer = rename(spanish, "Mejor dicho.")
    for version in (english, spanish):
        with pytest.raises(Refused):
            publishing.say_matches(version=version, other=english, by=COMMAND)
    assert newer.written_against == english


# The screens


def test_the_list_tells_since_when_and_against_which_version(desk):
    with time_machine.travel(datetime(2026, 11, 2, 12, tzinfo=UTC)):
        english, _spanish = make_both_published()
    with time_machine.travel(datetime(2026, 11, 20, 20, tzinfo=UTC)):
        rename(english)
    text = desk.get(LANGUAGES).content.decode()
    assert "Out of date since November 20, 2026." in text
    assert "It says what version 1 in English said." in text


def test_what_is_not_in_every_language_is_listed_with_where_it_can_be_written(desk, editor):
    english = make_published()
    make_draft(make_page(english.page.procedure, language="es"))
    only_spanish = make_published(make_page(make_condition(), language="es"))
    make_in_review()
    told = {(each.kind, each.language): each.is_being_written for each in missing(editor)}
    assert told == {("procedure", "es"): True, ("condition", "en"): False}
    text = desk.get(LANGUAGES).content.decode()
    assert f"conditionpage/add/?condition={only_spanish.page.condition_id}&amp;language=en" in text


def test_a_pair_shows_what_was_said_then_and_now_and_leads_to_the_section(desk):
    english, spanish = make_both_published()
    rename(english)
    draft = publishing.open_draft(page=spanish.page, by=COMMAND)
    save(draft, "afterwards", {"straight_after": "Descanse.", "follow_up": ""})
    response = desk.get(pair_url(spanish.page))
    (section,) = response.context["sections"]
    (change,) = section["change"].changes
    assert (change.then, change.now, change.ours) == (
        "A balloon lifts the bone.",
        "Said better.",
        "Un balón levanta el hueso.",
    )
    assert f"/procedureversion/{draft.pk}/section/names/" in response.content.decode()


def test_rows_are_shown_beside_each_other_by_their_key(desk):
    signs = [
        {"key": key, "text": key.title(), "action": "Call.", "urgency": "urgent", "applies": "after"}
        for key in ("fever", "pain")
    ]
    english, spanish = make_both_published(sections={"warning_signs": signs})
    draft = publishing.open_draft(page=english.page, by=COMMAND)
    make_live(save(draft, "warning_signs", [signs[1] | {"text": "Bad pain"}]))
    (section,) = desk.get(pair_url(spanish.page)).context["sections"]
    told = [
        tuple(words.partition("\n")[0].rpartition(": ")[2] for words in (each.then, each.now, each.ours))
        for each in section["change"].changes
    ]
    assert told == [("Pain", "Bad pain", "Pain"), ("Fever", "", "Fever")]


def test_the_editor_says_so_on_the_screen_and_it_leaves_the_list(desk):
    english, spanish = make_both_published()
    newer = rename(english)
    response = desk.post(pair_url(spanish.page), {"version": spanish.pk, "other": newer.pk}, follow=True)
    text = response.content.decode()
    assert "Noted: version 1 says the same as version 2 in English." in text
    assert "Nothing that a reader would notice has changed in English since." in text
    assert behind() == []


def test_a_stale_press_says_why(desk):
    english, spanish = make_both_published()
    newer = rename(english)
    rename(english, "Said again.")
    response = desk.post(pair_url(spanish.page), {"version": spanish.pk, "other": newer.pk})
    assert response.status_code == 409
    assert "Compare again." in response.content.decode()
    for typed in ({}, {"version": "x", "other": "9"}, {"version": spanish.pk, "other": "\x00"}):
        assert desk.post(pair_url(spanish.page), typed).status_code == 302


def test_there_is_no_pair_of_the_leading_page_or_of_nothing(desk):
    english, _spanish = make_both_published()
    lonely = make_published(make_page(language="es"))
    for address in (pair_url(english.page), pair_url(lonely.page), f"{LANGUAGES}procedure/999/", f"{LANGUAGES}x/1/"):
        assert desk.get(address).status_code == 404


def test_hostile_words_stay_words_beside_each_other(desk):
    english, spanish = make_both_published()
    rename(english, "<script>x</script>")
    assert "<script>x" not in desk.get(pair_url(spanish.page)).content.decode()


def test_the_list_takes_as_many_queries_for_many_pages(desk, django_assert_num_queries):
    for number in range(2):
        for _each in range(1 + 3 * number):
            rename(make_both_published()[0])
            make_published()
        with django_assert_num_queries(6):
            desk.get(LANGUAGES)


def test_a_pair_takes_as_many_queries_for_a_full_page(desk, django_assert_num_queries):
    rows = [{"question": f"Why {number}?", "answer": "So."} for number in range(20)]
    for questions in (rows[:1], rows):
        english, spanish = make_both_published(sections={"questions": questions})
        rename(english)
        with django_assert_num_queries(21):
            desk.get(pair_url(spanish.page))


def test_only_those_who_read_pages_see_the_languages(reception, auditor, reviewer, manager):
    _english, spanish = make_both_published()
    for address in (LANGUAGES, pair_url(spanish.page)):
        for user in (reception, auditor):
            assert signed_in(user).get(address).status_code == 403
        for user in (reviewer, manager):
            assert signed_in(user).get(address).status_code == 200
