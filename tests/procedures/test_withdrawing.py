"""A page that goes off the site: what refers to it, and what its readers are told to read instead."""

from itertools import pairwise

import pytest
from django.db import transaction
from pytest_django.asserts import assertContains, assertNotContains

from appointments.models import MessageWording, SavedReply
from audit.models import Event
from procedures import publishing
from procedures.admin.pages import admin_url
from procedures.models import Leaflet
from procedures.references import references_to
from tests.at_once import at_once
from tests.procedures.desk import fields_of, signed_in
from tests.procedures.factories import save
from tests.procedures.published import (
    BY,
    make_clinician,
    make_condition,
    make_draft,
    make_place,
    make_procedure,
    publish_in_both_languages,
    publish_page,
    sign_off,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic")]


@pytest.fixture
def pages(kyphoplasty):
    """Three procedures' pages: the first is to go."""
    first = publish_page(kyphoplasty)
    return [first, *(publish_page(make_procedure(key), slug=key, names={"plain_name": key.title()}) for key in "bc")]


def told(client, path):
    """Return what a reader of a withdrawn page is told."""
    response = client.get(path)
    assert response.status_code == 410
    return response.content.decode()


@pytest.mark.parametrize("about", ["", "leaflet/", "leaflet.pdf", "feedback/"])
def test_readers_are_told_what_to_read_instead_and_never_sent_there(client, pages, about):
    gone, other, _third = pages
    publishing.rename(page=gone, slug="balloon", by=BY)
    publishing.withdraw_page(page=gone, by=BY, successor=other)
    for slug in ("balloon", "kyphoplasty", "Kyphoplasty"):
        text = told(client, f"/procedures/{slug}/{about}?from=paper")
        assert "Read this page instead. It is about something else" in text
        assert '<a href="/procedures/b/">B</a>' in text


def test_a_page_may_lead_to_one_about_a_condition_and_back(client, pages):
    condition = publish_page(make_condition(), slug="fracture", names={"plain_name": "Broken bone"})
    publishing.withdraw_page(page=pages[0], by=BY, successor=condition)
    assert '<a href="/conditions/fracture/">Broken bone</a>' in told(client, "/procedures/kyphoplasty/")
    publishing.withdraw_page(page=condition, by=BY, successor=pages[1])
    assert '<a href="/procedures/b/">B</a>' in told(client, "/conditions/fracture/")
    assert '<a href="/procedures/b/">B</a>' in told(client, "/procedures/kyphoplasty/")


def test_a_chain_leads_on_and_ends_where_nothing_follows(client, pages):
    first, second, third = pages
    publishing.withdraw_page(page=first, by=BY, successor=second)
    publishing.withdraw_page(page=second, by=BY, successor=third)
    assert "/procedures/c/" in told(client, "/procedures/kyphoplasty/")
    publishing.withdraw_page(page=third, by=BY)
    assert "Read this page instead" not in told(client, "/procedures/kyphoplasty/")


def test_a_chain_that_runs_in_a_ring_ends(client, pages):
    first, second, _third = pages
    publishing.withdraw_page(page=first, by=BY, successor=second)
    publishing.withdraw_page(page=second, by=BY)
    type(second).objects.filter(pk=second.pk).update(successor_procedure=first)
    assert "Read this page instead" not in told(client, "/procedures/kyphoplasty/")


def test_a_page_that_is_published_anew_is_read_and_leads_nowhere(client, pages):
    first, second, _third = pages
    publishing.withdraw_page(page=first, by=BY, successor=second)
    publishing.publish(versions=[sign_off(publishing.open_draft(page=first, by=BY))], by=BY)
    assert client.get("/procedures/kyphoplasty/").status_code == 200
    first.refresh_from_db()
    assert first.successor is None


def test_the_other_language_goes_too_where_that_is_wanted_and_leads_to_its_own(client, kyphoplasty):
    publish_in_both_languages(kyphoplasty)
    publish_in_both_languages(other := make_procedure("other"), ("other", "otra"))
    english, spanish = kyphoplasty.pages.order_by("language")
    successor = other.pages.get(language="en")
    publishing.withdraw_page(page=english, by=BY, successor=successor, others=[spanish])
    assert "/procedures/other/" in told(client, "/procedures/kyphoplasty/")
    assert "/es/procedures/otra/" in told(client, "/es/procedures/cifoplastia/")
    verbs = Event.objects.filter(verb="page.withdrawn")
    assert {event.object_id for event in verbs} == {str(english.pk), str(spanish.pk)}
    assert {event.details["successor"] for event in verbs} == set(other.pages.values_list("pk", flat=True))


def test_one_that_cannot_go_keeps_all_on_the_site(kyphoplasty):
    publish_in_both_languages(kyphoplasty)
    english, spanish = kyphoplasty.pages.order_by("language")
    publishing.withdraw_page(page=spanish, by=BY)
    with pytest.raises(publishing.Refused), transaction.atomic():
        publishing.withdraw_page(page=english, by=BY, others=[spanish])
    english.refresh_from_db()
    assert english.is_published


def test_what_cannot_be_read_instead_is_refused(pages, kyphoplasty):
    page, withdrawn, _third = pages
    publishing.withdraw_page(page=withdrawn, by=BY)
    spanish = publish_page(make_procedure("es"), language="es", slug="es")
    never = make_draft(make_procedure("never"), slug="never").page
    for successor in (page, withdrawn, spanish, never):
        with pytest.raises(publishing.Unfit) as refused, transaction.atomic():
            publishing.withdraw_page(page=page, by=BY, successor=successor)
        assert refused.value.field == "successor"
    page.refresh_from_db()
    assert page.is_published


def test_a_form_that_was_open_while_another_version_went_live_withdraws_nothing(manager, pages):
    page, client = pages[0], signed_in(manager)
    address = admin_url(page, "withdraw")
    typed = fields_of(client.get(address)) | {"is_sure": "on"}
    page.refresh_from_db()
    draft = save(publishing.open_draft(page=page, by=BY), "names", {"summary": "Otherwise."})
    publishing.publish(versions=[sign_off(draft)], by=BY)
    assertContains(client.post(address, typed, follow=True), "Another version of this page was published")
    page.refresh_from_db()
    assert page.is_published


def test_the_desk_asks_for_a_successor_and_for_the_other_language(manager, kyphoplasty, client):
    publish_in_both_languages(kyphoplasty)
    other = publish_page(make_procedure("other"), slug="other", names={"plain_name": "Other"})
    page, spanish = kyphoplasty.pages.order_by("language")
    desk, address = signed_in(manager), admin_url(page, "withdraw")
    shown = desk.get(address)
    assertContains(shown, f'<option value="procedure-{other.pk}">Other (Kyphoplasty)</option>')
    assertContains(shown, "Spanish: Reparación con balón")
    typed = fields_of(shown) | {"is_sure": "on", "others": [str(spanish.pk)], "successor": f"procedure-{other.pk}"}
    assertContains(desk.post(address, typed, follow=True), "Its readers are told to read this page instead:")
    assert "/procedures/other/" in told(client, "/procedures/kyphoplasty/")
    assert "Read" not in told(client, "/es/procedures/cifoplastia/").split("<main")[1].split("procedures")[0]


@pytest.mark.parametrize("typed", [{"successor": "procedure-999"}, {"successor": "x\0"}, {"others": ["7", "x"]}])
def test_what_no_form_of_ours_sends_is_refused_beside_its_field(manager, pages, typed):
    desk, address = signed_in(manager), admin_url(pages[0], "withdraw")
    response = desk.post(address, fields_of(desk.get(address)) | {"is_sure": "on"} | typed)
    pages[0].refresh_from_db()
    assert pages[0].is_published == (response.status_code == 422)


def test_what_to_read_instead_is_changed_afterwards_by_who_publishes(manager, editor, pages, client):
    first, second, _third = pages
    address = admin_url(first, "successor")
    assertContains(signed_in(manager).get(address), "Only a page that was withdrawn leads its readers elsewhere.")
    publishing.withdraw_page(page=first, by=BY)
    typed = {"successor": f"procedure-{second.pk}"}
    assertContains(signed_in(editor).post(address, typed, follow=True), "Your role does not allow this.")
    assert "Read this page" not in told(client, "/procedures/kyphoplasty/")
    for _press in range(2):
        assert signed_in(manager).post(address, typed).status_code == 302
    assert "/procedures/b/" in told(client, "/procedures/kyphoplasty/")
    assert Event.objects.filter(verb="page.successor_chosen").count() == 1


def test_the_code_of_a_leaflet_leads_to_the_successor_too(client, pages):
    code = Leaflet.objects.get(version__page=pages[0]).code
    publishing.withdraw_page(page=pages[0], by=BY, successor=pages[1])
    response = client.get("/procedures/leaflet/", {"code": code})
    assertContains(response, '<a href="/procedures/b/">B</a>')


def test_what_refers_to_a_page_is_listed_before_it_goes(manager, pages, kyphoplasty):
    page, other, third = pages
    condition = publish_page(make_condition(), slug="fracture", names={"plain_name": "Broken bone"})
    kyphoplasty.conditions.add(condition.condition)
    kyphoplasty.performed_at.add(make_place("quay", name={"en": "The quay"}))
    kyphoplasty.clinicians.add(make_clinician("ada"))
    publishing.rename(page=page, slug="balloon", by=BY)
    publishing.withdraw_page(page=third, by=BY, successor=page)
    other.refresh_from_db()
    draft = publishing.open_draft(page=other, by=BY)
    draft = save(draft, "questions", [{"question": "Else?", "answer": "See [it](/procedures/kyphoplasty/#risks)."}])
    save(draft, "related", {"related": [kyphoplasty]})
    texts = {"language": "en", "used_for": "answer"}
    SavedReply.objects.create(name="About it", text="Read https://clinic.example/procedures/balloon/ first.", **texts)
    SavedReply.objects.create(name="Not it", text="Read /procedures/balloon-else/ first.", **texts)
    MessageWording.objects.create(purpose="received", language="en", subject="x", text="/es/procedures/balloon")
    shown = signed_in(manager).get(admin_url(page, "withdraw"))
    for words in (
        "B (English), version 2 (draft)",
        "Broken bone (English)",
        "C (English)",
        "Dr. Ada",
        "About it",
        "1 version has a leaflet",
        "received",
    ):
        assertContains(shown, words)
    assertNotContains(shown, "Not it")
    titles = [str(group.title) for group in references_to(page)]
    assert titles == [
        "Links in other pages",
        "Pages that name it as related",
        "Pages that list it",
        "Pages that were withdrawn and lead here",
        "Places and people whose pages list it",
        "Leaflets",
        "Saved replies and messages",
    ]


@pytest.mark.parametrize(
    ("text", "is_link"),
    [
        ("[a](/procedures/b/)", True),
        ("[a](../b/)", True),
        ("[a](/procedures/compare/c/b/)", True),
        ("https://clinic.example/es/procedures/B", True),
        ("[a](/procedures/bb/) /conditions/b/ a b c", False),
    ],
)
def test_a_link_is_told_from_words_that_look_like_one(pages, text, is_link):
    page, other, _third = pages
    draft = publishing.open_draft(page=page, by=BY)
    save(draft, "aim", {"aim": text})
    assert [group.title for group in references_to(other)][0:1] == (
        ["Links in other pages"] if is_link else ["Leaflets"]
    )


def test_what_refers_to_a_page_is_found_by_as_many_questions_whatever_there_is(pages, django_assert_num_queries):
    page = pages[1]
    with django_assert_num_queries(15):
        references_to(page)
    for number in range(5):
        draft = make_draft(make_procedure(f"more-{number}"), slug=f"more-{number}")
        save(draft, "aim", {"aim": "[it](/procedures/b/)"})
        save(draft, "questions", [{"question": "?", "answer": "[it](/procedures/b/)"}])
    with django_assert_num_queries(15):
        assert len(references_to(page)[0].references) == 5


def test_a_long_chain_asks_a_limited_number_of_times(client, pages, django_assert_max_num_queries):
    chain = [publish_page(make_procedure(f"p{n}"), slug=f"p{n}") for n in range(9)]
    for page, following in pairwise(chain):
        publishing.withdraw_page(page=page, by=BY, successor=following)
    with django_assert_max_num_queries(12):
        assert client.get("/procedures/p0/").status_code == 410
    with django_assert_max_num_queries(6):
        assert "/procedures/p8/" in told(client, "/procedures/p7/")


@pytest.mark.django_db(transaction=True)
def test_a_page_and_its_successor_withdrawn_at_once_never_lead_in_a_ring(pages):
    first, second, _third = pages
    ends = at_once(
        lambda: publishing.withdraw_page(page=type(first).objects.get(pk=first.pk), by=BY, successor=second),
        lambda: publishing.withdraw_page(page=type(first).objects.get(pk=second.pk), by=BY, successor=first),
    )
    assert [type(end) for end in ends].count(publishing.Unfit) == 1
    assert type(first).objects.published().filter(pk__in=(first.pk, second.pk)).count() == 1
