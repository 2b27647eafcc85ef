"""A figure changed in the ledger: a draft on every page that tells it, all of them or none, and nothing live."""

import itertools
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from audit.models import Event
from procedures import facts, publishing
from procedures.documents import figures_of
from procedures.models import ConditionVersion, Figure, ProcedureVersion, Source, State
from procedures.publishing import Refused, Stale, Unfit
from procedures.repeated_figures import repeats
from tests.procedures.desk import fields_of, press, signed_in
from tests.procedures.factories import (
    COMMAND,
    NEEDED,
    content,
    figure,
    make_both_published,
    make_clinician,
    make_condition,
    make_draft,
    make_live,
    make_page,
    make_published,
    save,
    told_otherwise,
)

pytestmark = pytest.mark.django_db

ONE = "/admin/procedures/facts/one/"


def change(by=COMMAND, **values):
    """Change the figure "duration" as somebody does who has just looked at it."""
    fact = facts.one("duration")
    wanted = {"low": Decimal(30), "high": Decimal(40), "unit": "minutes", "sources": fact.cited, **values}
    return publishing.change_fact(fact_key="duration", by=by, **{"seen": fact.fingerprint(), **wanted})


def stored():
    return [
        list(model.objects.order_by("pk").values())
        for model in (ProcedureVersion, ConditionVersion, Figure, Source, Event)
    ]


def told(version):
    return [(row.low, row.high, row.unit) for row in version.figures.all()]


def sign(version):
    publishing.send_for_review(version=version, by=COMMAND)
    return publishing.sign_off(version=version, by=COMMAND, reviewer=make_clinician())


# What is written


def test_each_page_in_each_language_gets_a_draft_and_patients_read_the_old_figure(editor):
    live = [*make_both_published(), make_published(make_page(make_condition()))]
    before = [content(version) for version in live]
    drafts = change(by=editor.as_actor())
    assert {draft.page for draft in drafts} == {version.page for version in live}
    for draft in drafts:
        assert (draft.state, draft.number) == (State.DRAFT, 2)
        assert told(draft) == [(30, 40, "minutes")]
        assert list(draft.authors.all()) == [editor]
    assert [content(version) for version in live] == before
    assert facts.one("duration").said == ["45 to 60 minutes"]


def test_only_the_rows_of_that_fact_change(editor):
    rows = [
        figure(),
        figure(fact_key="other", label="Other"),
        figure(fact_key="", label="In words", low=None, high=None),
    ]
    rows[2] |= {"unit": "", "glance": "anaesthesia", "note": "You sleep.", "sources": ["a"]}
    make_published(sections={"figures": rows})
    (draft,) = change()
    assert [(row.label, row.low, row.fact_key) for row in draft.figures.all()] == [
        ("How long", 30, "duration"),
        ("Other", 45, "other"),
        ("In words", None, ""),
    ]


def test_a_draft_that_lies_open_is_written_on_and_keeps_what_else_it_says():
    version = make_published()
    draft = publishing.open_draft(page=version.page, by=COMMAND)
    save(draft, "aim", {"aim": "Less pain.", "who_may_benefit": "", "who_should_not": "", "other_choices": ""})
    (changed,) = change()
    assert changed.pk == draft.pk
    assert (changed.aim, told(changed)) == ("Less pain.", [(30, 40, "minutes")])


def test_a_draft_that_no_longer_tells_the_figure_stays_as_it_is():
    version, other = make_published(), make_published()
    draft = publishing.open_draft(page=version.page, by=COMMAND)
    save(draft, "figures", [figure(fact_key="other")])
    assert [changed.page for changed in change()] == [other.page]


def test_a_new_page_that_is_being_written_gets_the_figure_too():
    make_published()
    draft = make_draft()
    assert draft.pk in [changed.pk for changed in change()]
    assert told(draft) == [(30, 40, "minutes")]


def test_a_page_that_says_so_already_gets_no_draft():
    version, other = make_published(), make_published()
    told_otherwise(version, low=30, high=40)
    assert [draft.page for draft in change()] == [other.page]
    assert version.page.open_version() is None


def test_the_events_hold_the_key_and_names_of_fields_and_no_value(editor):
    make_published()
    change(by=editor.as_actor())
    event = Event.objects.get(verb="version.fact_changed")
    assert event.details == {"fact": "duration", "fields": ["high", "low"]}
    assert event.actor_id == editor.pk


# Sources


def test_a_new_source_is_added_to_each_page_under_one_key_and_named_by_the_figure():
    make_both_published()
    new = facts.Cited("A newer study", "A journal", "https://journal.example/1", date(2026, 11, 2))
    drafts = change(sources=[new])
    for draft in drafts:
        assert [(row.key, row.title) for row in draft.sources.all()] == [
            ("a", "A patient page"),
            ("b", "A newer study"),
        ]
        assert [row.sources for row in draft.figures.all()] == [["b"]]
    assert figures_of(drafts[0]) == figures_of(drafts[1])


def test_a_source_of_another_page_comes_along_in_the_words_of_each_language():
    sources = {
        "en": [{"key": "x", "title": "A study", "read_on": date(2026, 9, 1)}],
        "es": [{"key": "x", "title": "Un estudio", "read_on": date(2026, 9, 1)}],
    }
    procedure = make_page().procedure
    procedure.pages.all().delete()
    versions = []
    for language, named in sources.items():
        sections = {"sources": NEEDED[ProcedureVersion]["sources"] + named, "figures": [figure(sources=["x"])]}
        version = make_draft(make_page(procedure, language=language), sections=sections)
        versions.append(sign(version))
    publishing.publish(versions=versions, by=COMMAND)
    make_both_published()
    study = next(source for source in facts.one("duration").cited if source.title == "A study")
    drafts = change(sources=[study])
    added = {draft.page.language: draft for draft in drafts if draft.page.procedure != procedure}
    assert [row.title for row in added["en"].sources.all()] == ["A patient page", "A study"]
    assert [row.title for row in added["es"].sources.all()] == ["A patient page", "Un estudio"]
    assert {tuple(row.sources) for draft in added.values() for row in draft.figures.all()} == {("b",)}


def test_a_source_that_was_read_again_says_so():
    make_published()
    (source,) = facts.one("duration").cited
    (draft,) = change(sources=[replace(source, read_on=date(2026, 11, 10))])
    assert [row.read_on for row in draft.sources.all()] == [date(2026, 11, 10)]


def test_a_page_whose_sources_are_full_stops_the_whole_change():
    sources = [{"key": f"k{number}", "title": f"Title {number}"} for number in range(29)]
    make_published()
    make_published(sections={"sources": NEEDED[ProcedureVersion]["sources"] + sources})
    before = stored()
    with pytest.raises(Refused, match="no more fit"):
        change(sources=[facts.Cited("New", "", "", date(2026, 11, 2))])
    assert stored() == before


# What is refused, whole


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"low": None}, "low"),
        ({"low": Decimal(50)}, "high"),
        ({"unit": ""}, "unit"),
        ({"unit": "parsecs"}, "unit"),
        ({"sources": []}, "sources"),
        ({"low": Decimal(45), "high": Decimal(60)}, "low"),
    ],
)
def test_a_figure_that_is_not_whole_or_says_nothing_new_is_refused(values, field):
    make_both_published()
    before = stored()
    with pytest.raises(Unfit) as refused:
        change(**values)
    assert refused.value.field == field
    assert stored() == before


def test_a_risk_on_the_wrong_scale_is_refused():
    risk = {"key": "clot", "name": "Clot", "fact_key": "duration", "low": 2, "unit": "per-100", "sources": ["a"]}
    make_published(sections={"risks": [risk], "figures": []})
    with pytest.raises(Unfit, match="Clot"):
        change(low=Decimal("0.5"), high=None, unit="per-100")


@pytest.mark.parametrize("steps", [1, 2])
def test_a_page_that_is_with_the_reviewers_stops_the_whole_change_and_is_named(steps):
    make_published()
    version = make_published()
    draft = publishing.open_draft(page=version.page, by=COMMAND)
    publishing.send_for_review(version=draft, by=COMMAND)
    if steps == 2:
        publishing.sign_off(version=draft, by=COMMAND, reviewer=make_clinician())
    before = stored()
    with pytest.raises(Refused, match=r"Balloon repair \(English\): (in review|signed off)"):
        change()
    assert stored() == before


def test_a_page_with_the_reviewers_that_says_so_already_stops_nothing():
    make_published()
    make_published()
    with_reviewers, taken_back = change()
    publishing.send_for_review(version=with_reviewers, by=COMMAND)
    save(taken_back, "figures", [figure()])
    assert change() == [taken_back]
    assert told(taken_back) == [(30, 40, "minutes")]


def test_a_form_from_before_a_publication_is_refused():
    version = make_published()
    seen = facts.one("duration").fingerprint()
    make_live(save(publishing.open_draft(page=version.page, by=COMMAND), "figures", [figure(low=50)]))
    before = stored()
    with pytest.raises(Stale):
        change(seen=seen)
    assert stored() == before


def test_a_form_from_before_somebody_elses_change_is_refused_and_theirs_stays():
    make_published()
    seen = facts.one("duration").fingerprint()
    (draft,) = change(low=Decimal(10))
    with pytest.raises(Stale):
        change(seen=seen)
    assert told(draft)[0][0] == 10


def test_a_second_press_changes_nothing():
    make_both_published()
    seen = facts.one("duration").fingerprint()
    first = change(seen=seen)
    before = stored()
    assert {draft.pk for draft in change(seen=seen)} == {draft.pk for draft in first}
    assert stored() == before


@pytest.mark.parametrize("role", ["reviewer", "manager", "reception", "auditor"])
def test_only_editors_change_a_figure(request, role):
    make_published()
    before = stored()
    with pytest.raises(Refused):
        change(by=request.getfixturevalue(role).as_actor())
    assert stored() == before


# Going live


def test_a_figure_goes_out_in_both_languages_at_once_and_wording_may_run_ahead():
    english, spanish = make_both_published()
    drafts = [sign(draft) for draft in change()]
    for draft in drafts:
        with pytest.raises(Refused, match="Publish both languages together"):
            publishing.publish(versions=[draft], by=COMMAND)
    publishing.publish(versions=drafts, by=COMMAND)
    draft = publishing.open_draft(page=english.page, by=COMMAND)
    words = {"plain_name": "Another name", "medical_name": "", "synonyms": [], "summary": "Said better."}
    make_live(save(draft, "names", words))
    assert spanish.page.versions.published().get().number == 2


def test_a_fact_is_being_changed_until_the_last_page_is_live(desk):
    make_both_published()
    make_published()
    drafts = change()
    own = [draft for draft in drafts if len(draft.page.procedure.pages.all()) == 2]
    (other,) = [draft for draft in drafts if draft not in own]
    (change_now,) = facts.one("duration").changing()
    assert (change_now["live"], change_now["pages"]) == (0, 3)
    publishing.publish(versions=[sign(draft) for draft in own], by=COMMAND)
    assert "To 30 to 40 minutes: 2 of 3 pages live." in desk.get(ONE, {"key": "duration"}).content.decode()
    make_live(other)
    assert facts.one("duration").changing() == []


def test_a_version_says_which_other_pages_wait_for_the_same_figure(manager):
    make_published()
    other = make_published()
    (draft,) = [each for each in change() if each.page != other.page]
    text = signed_in(manager).get(f"/admin/procedures/procedureversion/{draft.pk}/change/").content.decode()
    assert "Other pages that tell the same figures otherwise" in text
    assert "30 to 40 minutes, draft" in text


# Words that repeat the old figure


def mended(text, language="en", **values):
    make_published(make_page(language=language), sections={"afterwards": {"straight_after": text, "follow_up": ""}})
    (draft,) = change(**values)
    return [each.was for each in repeats(draft, draft.page.live_version)]


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("It takes 45 minutes.", "en", ["45 minutes"]),
        ("It takes 45 to 60 minutes.", "en", ["45 minutes", "60 minutes"]),
        ("A 60-minute talk.", "en", ["60 minutes"]),
        ("Dura 45 minutos.", "es", ["45 minutes"]),
        ("Dura de 45 a 60 minutos.", "es", ["45 minutes", "60 minutes"]),
        ("It takes 145 minutes, 4.45 minutes or 45 days.", "en", []),
        ("It takes 45 people.", "en", []),
    ],
)
def test_words_that_give_the_old_number_with_its_unit_are_found(text, language, expected):
    assert mended(text, language) == expected


def test_a_number_that_stays_is_not_to_be_mended():
    assert mended("It takes 45 minutes.", low=Decimal(45), high=Decimal(90)) == []


def test_the_overview_and_the_ledger_lead_to_what_is_to_be_mended(desk):
    make_published(sections={"afterwards": {"straight_after": "After 45 minutes you sit up.", "follow_up": ""}})
    (draft,) = change()
    overview = f"/admin/procedures/procedureversion/{draft.pk}/"
    for address in (f"{overview}change/", f"{ONE}?key=duration"):
        text = desk.get(address).content.decode()
        assert "After 45 minutes you sit up." in text
        assert f"{overview}section/afterwards/" in text


# The form


def posted(desk, **typed):
    fields = fields_of(desk.get(ONE, {"key": "duration"}))
    return desk.post(ONE, {**fields, **typed})


def test_an_editor_changes_a_figure_by_the_form_and_is_led_to_the_drafts(desk):
    make_both_published()
    response = posted(desk, low="30", high="")
    assert response.url == f"{ONE}?key=duration#changing"
    text = desk.get(response.url).content.decode()
    assert "It is written into 2 drafts." in text
    assert text.count("version 2, draft") == 2


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"low": ""}, "Write the number."),
        ({"low": "many"}, "Enter a number."),
        ({"low": "70"}, "The range must run from the lower to the higher number."),
        ({"low": "-1"}, "greater than or equal to 0"),
        ({"low": "1e9"}, "digits"),
        ({"low": "NaN"}, "Enter a number."),
        ({"unit": ""}, "Choose the unit."),
        ({"sources": []}, "choose a source, or add one"),
        ({"sources": ["nothing"]}, "Choose sources of the list"),
        ({"publisher": "A journal"}, "Write the title of the source."),
        ({"title": "A study"}, "Say on which day you read it."),
        ({"title": "A study", "read_on": "2999-01-01"}, "This day is still to come."),
    ],
)
def test_what_is_wrong_with_a_figure_stands_beside_the_field_and_nothing_typed_is_lost(desk, typed, sentence):
    make_published()
    before = stored()
    response = posted(desk, **{"high": "61", **typed})
    text = response.content.decode()
    assert response.status_code == 422
    assert sentence in text
    assert 'value="61"' in text
    assert stored()[:4] == before[:4]


def test_a_figure_goes_from_the_form_to_every_page_in_both_languages_one_page_after_the_other(desk, reviewer, manager):
    english, other = make_both_published()[0], make_both_published()[0]
    assert posted(desk, low="30", high="40").status_code == 302
    # Meanwhile a new page goes live that still tells the old figure.
    cement = {"plain_name": "Cement", "medical_name": "", "synonyms": [], "summary": "Cement holds the bone."}
    third = make_published(sections={"names": cement})
    refused = press(desk, english.page.open_version(), "send_for_review")
    assert refused.status_code == 409
    sentence = "says 30 to 40 minutes here, and 45 to 60 minutes on the page “Cement”"
    assert sentence in refused.content.decode()
    shown = desk.get(ONE, {"key": "duration"})
    assert [place["name"] for place in shown.context["waiting"]] == ["Cement"]
    assert "To 30 to 40 minutes: 0 of 5 pages live." in shown.content.decode()
    assert posted(desk, low="30", high="40").status_code == 302
    groups = [
        [page.open_version() for page in version.page.procedure.pages.order_by("language")]
        for version in (english, other, third)
    ]
    steps = ((desk, "send_for_review", {}), (signed_in(reviewer), "sign_off", {"next_review_due": "2030-01-31"}))
    for client, step, typed in steps:
        for version in itertools.chain(*groups):
            version.refresh_from_db()
            assert press(client, version, step, **typed).status_code == 302
    client = signed_in(manager)
    for group, live in zip(groups, (2, 4, 5), strict=True):
        version = group[0]
        version.refresh_from_db()
        together = "publish" if len(group) == 1 else "publish_together"
        assert press(client, version, together).status_code == 302
        told_live = (
            f"To 30 to 40 minutes: {live} of 5 pages live." in desk.get(ONE, {"key": "duration"}).content.decode()
        )
        assert told_live == (live < 5)
    fact = facts.one("duration")
    assert (fact.said, fact.coming, len(fact.pages)) == (["30 to 40 minutes"], [], 5)


def test_a_stale_form_says_why_and_keeps_what_was_typed(desk):
    version = make_published()
    fields = fields_of(desk.get(ONE, {"key": "duration"}))
    make_live(save(publishing.open_draft(page=version.page, by=COMMAND), "figures", [figure(low=50)]))
    response = desk.post(ONE, {**fields, "low": "31"})
    assert response.status_code == 409
    text = response.content.decode()
    assert "was published or changed while you had it open" in text
    assert 'value="31"' in text


def test_hostile_words_in_a_source_stay_words(desk):
    make_published()
    response = posted(desk, low="30", title="<script>x</script>", read_on="2026-11-02")
    assert "<script>x" not in desk.get(response.url).content.decode()
