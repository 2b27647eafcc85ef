"""Two versions of a page compared: what differs, in words, and never half of a number."""

import pytest
from django.utils.text import capfirst

from procedures import publishing, version_changes
from procedures.admin.comparing import compare_url
from procedures.admin.pages import admin_url
from procedures.models import ProcedureVersion
from procedures.sections import sections_of
from procedures.word_changes import pieces
from tests.procedures.desk import signed_in
from tests.procedures.factories import (
    COMMAND,
    figure,
    full_draft,
    make_condition,
    make_draft,
    make_live,
    make_page,
    make_procedure,
    make_published,
    save,
)

pytestmark = pytest.mark.django_db


def marked(old, new):
    """Return what differs as a line: [-gone-] and {+added+}."""
    signs = {"same": "%s", "gone": "[-%s-]", "added": "{+%s+}"}
    return "".join(signs[piece.kind] % piece.words.strip("\n") for piece in pieces(old, new))


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("Lift 5 to 10 kg. Rest.", "Lift 5 to 15 kg. Rest.", "Lift [-5 to 10 kg-]{+5 to 15 kg+}. Rest."),
        ("Up to 0.5 % of all", "Up to 0.7 % of all", "Up to [-0.5 % -]{+0.7 % +}of all"),
        ("It hurts 1 in 100 people.", "It hurts 2 in 100 people.", "It hurts [-1 in 100 people-]{+2 in 100 people+}."),
        ("Uno de 1 de cada 100 personas", "Uno de 2 de cada 100 personas", None),
        ("A 10-minute walk a day", "A 15-minute walk a day", "A [-10-minute -]{+15-minute +}walk a day"),
        ("Take 5 mg/kg now", "Take 5 mg now", "Take [-5 mg/kg -]{+5 mg +}now"),
        ("Wait 5 to 10\ndays", "Wait 5 to 10 days", "Wait 5 to 10 days"),
        ("", "New.", "{+New.+}"),
        ("Old.", "", "[-Old.-]"),
    ],
)
def test_a_number_is_never_parted_from_its_range_or_unit(old, new, shown):
    found = pieces(old, new)
    if shown is not None:
        assert marked(old, new) == shown
    for kind, text in (("gone", old), ("added", new)):
        told = "".join(piece.words for piece in found if piece.kind in ("same", kind))
        assert told.split() == text.split()


def test_a_sentence_of_other_words_is_shown_whole_and_the_one_beside_it_as_it_was():
    found = marked("You may walk. Do not drive.", "You may walk. Ask your surgeon first!")
    assert found == "You may walk. [-Do not drive.-]{+Ask your surgeon first!+}"


def test_very_long_texts_are_compared_without_looking_at_each_pair_of_words():
    found = pieces("a b " * 20_000, "b a " * 20_000)
    assert {piece.kind for piece in found} == {"gone", "added"}


def changes(old, new, **options):
    """Return the sections that differ, by key."""
    return {section.key: section for section in version_changes.changes(old, new, **options)}


def fields(row):
    return {field.label: field for field in row.fields}


def test_a_figure_is_told_in_words_and_its_unchanged_words_are_left_out():
    old = make_published(sections={"figures": [figure(low=5, high=10, unit="lb")]})
    new = save(publishing.open_draft(page=old.page, by=COMMAND), "figures", [figure(low=5, high=15, unit="lb")])
    found = changes(old, new)
    assert list(found) == ["figures"]
    (row,) = found["figures"].rows
    assert (row.kind, row.name) == ("changed", "How long")
    assert [(field.label, field.was, field.now) for field in row.fields] == [("Number", "5 to 10 lb", "5 to 15 lb")]


def risk(key, **values):
    return {"key": key, "name": f"Risk {key}", "text": f"What {key} means.", "scope": "specific", **values}


def test_rows_are_told_as_new_gone_moved_and_changed_by_their_key():
    old = make_published(sections={"risks": [risk("a"), risk("b"), risk("c"), risk("d")]})
    new = publishing.open_draft(page=old.page, by=COMMAND)
    new = save(new, "risks", [risk("d"), risk("a"), risk("b", name="Infection"), risk("e")])
    rows = {row.name: row for row in changes(old, new)["risks"].rows}
    assert {name: row.kind for name, row in rows.items()} == {
        "Risk d": "same",
        "Infection": "changed",
        "Risk e": "new",
        "Risk c": "gone",
    }
    assert rows["Risk d"].moved == (4, 1)
    assert [row.moved for name, row in rows.items() if name != "Risk d"] == [(), (), ()]
    assert fields(rows["Infection"])["Name"].was == "Risk b"


def test_rows_without_a_key_are_matched_by_how_alike_they_are():
    steps = [
        {"label": "A small cut", "text": "We make a small cut in the skin."},
        {"label": "Rest", "text": "You rest."},
    ]
    old = make_published(sections={"steps": steps})
    new = publishing.open_draft(page=old.page, by=COMMAND)
    new = save(
        new,
        "steps",
        [steps[1], steps[0] | {"text": "We make a tiny cut in the skin."}, {"label": "Go", "text": "Home."}],
    )
    found = {row.name: (row.kind, bool(row.moved)) for row in changes(old, new)["steps"].rows}
    assert found["A small cut"][0] == "changed"
    assert found["Go"] == ("new", False)
    assert "gone" not in {kind for kind, _moved in found.values()}


def test_what_is_the_same_is_shown_on_demand_alone():
    old = make_published()
    new = publishing.open_draft(page=old.page, by=COMMAND)
    assert changes(old, new) == {}
    everything = changes(old, new, everything=True)
    assert set(everything) >= {"names", "aim", "risks"}
    assert not any(section.is_changed for section in everything.values())


def test_a_drawing_is_told_as_it_was_frozen():
    step = {"label": "A cut", "text": "We make a cut.", "drawing": "small-cut"}
    old = make_published(sections={"steps": [step]})
    old.document["steps"][0]["drawing"]["alternative_text"] = "Another cut than today."
    ProcedureVersion.objects.filter(pk=old.pk).update(document=old.document)
    new = publishing.open_draft(page=old.page, by=COMMAND)
    (row,) = changes(old, new)["steps"].rows
    assert fields(row)["Drawing"].was == "small-cut: Another cut than today."


@pytest.mark.parametrize("make", [make_procedure, make_condition])
def test_every_field_of_every_section_is_compared(make):
    empty, full = publishing.open_draft(page=make_page(make()), by=COMMAND), full_draft(make_page(make()))
    for pair in ((empty, full), (full, empty)):
        found = changes(*pair)
        assert list(found) == [section.key for section in sections_of(full)]
        for section in sections_of(full):
            told = {field.label for field in found[section.key].fields}
            told |= {field.label for row in found[section.key].rows for field in row.fields}
            names = set(section.fields) - {"key", "low", "high", "unit", "from_day", "to_day", "until", "captions"}
            model = section.model or type(full)
            assert told >= {capfirst(model._meta.get_field(name).verbose_name) for name in names}


# At the desk


def test_the_screen_says_what_was_added_and_taken_out_and_keeps_hostile_words_words(editor):
    hostile = "<script>alert(1)</script> {{ x }} ‮ Rest."
    old = make_published(sections={"aim": {"aim": "It eases pain in 5 to 10 days.", "who_may_benefit": "Some."}})
    draft = publishing.open_draft(page=old.page, by=COMMAND)
    save(draft, "aim", {"aim": f"It eases pain in 5 to 15 days. {hostile}", "who_may_benefit": "All."})
    text = signed_in(editor).get(compare_url(old.page, 1, 2)).content.decode()
    assert '[taken out: </span>5 to 10 days<span class="visually-hidden">]' in text
    assert "[added: </span>5 to 15 days" in text
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert" not in text
    assert "What it is for" in text
    assert "Risks" not in text
    assert "Risks" in signed_in(editor).get(compare_url(old.page, 1, 2), {"show": "everything"}).content.decode()


def test_two_versions_are_chosen_on_the_page_and_the_overview_leads_to_what_changed(editor):
    old = make_published()
    draft = save(publishing.open_draft(page=old.page, by=COMMAND), "aim", {"aim": "Another."})
    client, page = signed_in(editor), old.page
    assert 'name="from"' in client.get(admin_url(page, "change")).content.decode()
    response = client.get(admin_url(page, "choose"), {"from": "1", "to": "2"})
    assert response.url == compare_url(page, 1, 2)
    assert compare_url(page, 1, 2) in client.get(admin_url(draft, "change")).content.decode()


@pytest.mark.parametrize(
    "typed", [{}, {"from": "1"}, {"from": "x", "to": "1"}, {"from": "1", "to": "9" * 40}, {"from": "²", "to": "1"}]
)
def test_what_cannot_be_compared_is_said_so(editor, typed):
    page = make_published().page
    response = signed_in(editor).get(admin_url(page, "choose"), typed, follow=True)
    assert "Choose two versions of this page to compare." in response.content.decode()


def test_versions_of_another_page_are_not_found_and_the_same_twice_is_said(editor):
    page, other = make_published().page, make_published().page
    make_live(publishing.open_draft(page=other, by=COMMAND))
    client = signed_in(editor)
    assert client.get(compare_url(page, 1, 2)).status_code == 404
    assert client.get(compare_url(page, 1, 99999999999999999999)).status_code == 404
    assert "You chose the same version twice." in client.get(compare_url(page, 1, 1)).content.decode()


def test_the_pairs_before_and_after_are_a_press_away(editor):
    page = make_published().page
    for _version in range(3):
        page.refresh_from_db()
        make_live(publishing.open_draft(page=page, by=COMMAND))
    text = signed_in(editor).get(compare_url(page, 2, 3)).content.decode()
    for pair in ((1, 2), (3, 4), (3, 2)):
        assert f'href="{compare_url(page, *pair)}"' in text


def test_who_sees_no_versions_compares_none(reception, auditor, client):
    page = make_published().page
    for browser, status in ((signed_in(reception), 403), (signed_in(auditor), 403), (client, 302)):
        for address in (compare_url(page, 1, 1), admin_url(page, "choose"), admin_url(page, "read_on")):
            assert browser.get(address).status_code == status


def test_a_full_version_costs_as_many_queries_as_an_empty_one(editor, django_assert_max_num_queries):
    client = signed_in(editor)
    for make in (make_draft, full_draft):
        old = make_published()
        page = old.page
        draft = publishing.open_draft(page=page, by=COMMAND) if make is make_draft else full_draft(page)
        assert draft.number == 2
        with django_assert_max_num_queries(45):
            assert client.get(compare_url(page, 1, 2)).status_code == 200
