"""The fact ledger: what it tells of every live figure, who may read it, and how it is searched."""

from datetime import timedelta

import pytest
from django.utils import timezone

from procedures import facts, publishing
from procedures.admin.ledger import fact_url
from procedures.models import ConditionSource, Figure, Source
from tests.procedures.desk import signed_in
from tests.procedures.factories import (
    COMMAND,
    figure,
    make_both_published,
    make_condition,
    make_draft,
    make_live,
    make_page,
    make_procedure,
    make_published,
    save,
    told_otherwise,
)

pytestmark = pytest.mark.django_db

LEDGER = "/admin/procedures/facts/"


def text_of(client, address=LEDGER, **query):
    return client.get(address, query).content.decode()


def keys(client, **query):
    return [line["fact"].key for line in client.get(LEDGER, query).context["facts"]]


def with_figure(**values):
    return {"figures": [figure(**values)]}


def test_the_ledger_tells_of_each_figure_its_numbers_places_sources_and_signer(desk):
    make_both_published()
    text = text_of(desk)
    for words in ("duration", "45 to 60 minutes", "Balloon repair", "Reparación con balón", "A patient page"):
        assert words in text
    assert "Key figures" in text
    assert "Signed by Dr. Number" in text
    assert "read on August 3, 2026" in text


def test_figures_of_both_kinds_of_page_stand_under_one_key_and_a_contradiction_comes_first(desk):
    stay = with_figure(fact_key="zz/stay", low=1, high=None, unit="days")
    make_published(sections=stay)
    told_otherwise(make_published(make_page(make_condition()), sections=stay), low=2)
    make_published()
    assert keys(desk) == ["zz/stay", "duration"]
    text = text_of(desk)
    assert text.count("contradiction</strong>") == 1
    assert keys(desk, only="contradictions") == ["zz/stay"]


def test_one_number_alone_is_no_other_figure_than_a_range_of_it_but_another_unit_is(desk):
    for values in ({"low": 5, "high": None}, {"low": 5, "high": 5}):
        make_published(sections=with_figure(fact_key="same", unit="days", **values))
    for unit in ("days", "weeks"):
        told_otherwise(make_published(sections=with_figure(fact_key="other", low=1, high=None, unit="days")), unit=unit)
    assert keys(desk, only="contradictions") == ["other"]


def test_milestones_and_risks_are_figures_too_and_drafts_are_not():
    risk = {"key": "clot", "name": "Clot", "fact_key": "clot", "low": 1, "unit": "per-100", "sources": ["a"]}
    rest = {"kind": "allowed", "text": "Rest.", "fact_key": "rest", "low": 2, "unit": "days", "sources": ["a"]}
    version = make_published(sections={"risks": [risk], "milestones": [rest]})
    draft = publishing.open_draft(page=version.page, by=COMMAND)
    save(draft, "figures", [figure(fact_key="coming")])
    assert {use.fact_key: use.section for use in facts.rows(version__state="published")} == {
        "clot": "risks",
        "rest": "milestones",
        "duration": "figures",
    }


def test_a_language_that_does_not_tell_a_figure_is_named(desk):
    make_both_published()
    # Rows as another release left them: publishing would not let this through.
    Figure.objects.filter(version__page__language="es").delete()
    assert "The Spanish page of “Balloon repair” does not tell it." in text_of(desk)


def test_a_page_that_has_one_language_lacks_nothing(desk):
    make_published()
    assert "does not tell it" not in text_of(desk)


@pytest.mark.parametrize("read_on", [timezone.localdate() - timedelta(days=800), None])
def test_a_source_that_was_read_long_ago_or_nobody_knows_when_is_found(desk, read_on):
    make_published(sections=with_figure(fact_key="fresh"))
    old = make_published(sections=with_figure(fact_key="old"))
    Source.objects.filter(version=old).update(read_on=read_on)
    condition = make_published(make_page(make_condition()), sections=with_figure(fact_key="older"))
    ConditionSource.objects.filter(version=condition).update(read_on=read_on)
    assert keys(desk, only="old") == ["old", "older"]
    assert "more than 2 years ago" in text_of(desk, LEDGER + "one/", key="old")


@pytest.mark.parametrize("words", ["lifting", "BALLOON lift", "How heavy"])
def test_a_figure_is_found_by_its_key_its_words_or_its_page(desk, words):
    make_published(sections=with_figure(fact_key="lifting-limit/day-0", label="How heavy"))
    make_published(sections={"names": {"plain_name": "Cement", "summary": "Cement.", "synonyms": []}})
    assert keys(desk, q=words) == ["lifting-limit/day-0"]
    assert "No figure was found" in text_of(desk, q="knee")


@pytest.mark.parametrize("hostile", ["\x00", "%", "'\"<script>", "x" * 5000, "-1", "99999999999"])
def test_the_ledger_bears_whatever_is_typed(desk, hostile):
    make_published()
    for query in ({"q": hostile}, {"only": hostile}, {"page": hostile}, {"key": hostile}):
        for address in (LEDGER, LEDGER + "one/"):
            response = desk.get(address, query)
            assert response.status_code in (200, 302, 400)
            assert b"<script>" not in response.content


def test_a_key_with_any_signs_has_a_screen_and_its_words_stay_words(desk):
    key = "a/../<b>&?#é"
    make_published(sections=with_figure(fact_key=key))
    assert "a/../&lt;b&gt;&amp;?#é" in text_of(desk, fact_url(key))


def test_fifty_figures_stand_on_a_page(desk):
    rows = [figure(fact_key=f"fact-{number:02}", label=f"Figure {number}") for number in range(29)]
    for _time in range(2):
        make_published(sections={"figures": rows})
        rows = [row | {"fact_key": f"more-{row['fact_key']}"} for row in rows]
    assert len(keys(desk)) == 50
    assert len(keys(desk, page=2)) == 8
    assert keys(desk, page=9) == keys(desk, page=2)


def test_the_ledger_and_a_figure_take_as_many_queries_for_many_pages(desk, django_assert_num_queries):
    for number in range(2):
        for _each in range(1 + 3 * number):
            make_both_published()
            version = make_published(make_page(make_condition()), sections=with_figure(fact_key=f"own-{_each}"))
            publishing.open_draft(page=version.page, by=COMMAND)
        with django_assert_num_queries(10):
            desk.get(LEDGER)
        with django_assert_num_queries(8):
            desk.get(LEDGER + "one/", {"key": "duration"})


def test_what_patients_read_earlier_is_told_and_a_new_signature_alone_is_not(desk):
    version = make_published()
    draft = publishing.open_draft(page=version.page, by=COMMAND)
    make_live(save(draft, "figures", [figure(low=30, high=None)]))
    again = publishing.open_draft(page=version.page, by=COMMAND)
    make_live(again)
    told = desk.get(LEDGER + "one/", {"key": "duration"}).context["history"]
    assert [each["said"] for each in told] == ["30 minutes", "45 to 60 minutes"]


def test_a_figure_that_nobody_reads_leads_back_to_the_ledger(desk):
    make_draft(sections=with_figure(fact_key="coming"))
    assert desk.get(LEDGER + "one/", {"key": "coming"}).url == LEDGER
    assert desk.get(LEDGER + "one/").url == LEDGER


def test_reviewers_and_managers_read_and_have_no_form_and_others_see_nothing(reviewer, manager, reception, auditor):
    make_published()
    for user in (reviewer, manager):
        text = text_of(signed_in(user), LEDGER + "one/", key="duration")
        assert "45 to 60 minutes" in text
        assert "Write it into drafts" not in text
        assert signed_in(user).post(LEDGER + "one/", {"key": "duration", "low": "1"}).status_code == 403
    for user in (reception, auditor):
        for address in (LEDGER, LEDGER + "one/?key=duration"):
            assert signed_in(user).get(address).status_code == 403


def test_the_subjects_of_two_kinds_with_the_same_number_are_two_pages():
    procedure, condition = make_procedure(pk=77), make_condition(pk=77)
    for subject in (procedure, condition):
        make_published(make_page(subject))
    assert len(facts.one("duration").pages) == 2
