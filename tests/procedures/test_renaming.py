"""Another address for a page: the one that readers knew leads to it for ever, and is not taken unasked."""

import pytest
from django.db import transaction
from pytest_django.asserts import assertContains, assertRedirects

from audit.models import Event
from procedures import publishing
from procedures.admin.pages import admin_url
from procedures.models import ProcedurePage
from tests.at_once import at_once
from tests.procedures.desk import signed_in
from tests.procedures.published import (
    BY,
    make_condition,
    make_draft,
    make_procedure,
    publish_in_both_languages,
    publish_page,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic")]


@pytest.fixture
def page(kyphoplasty):
    """A published page at /procedures/kyphoplasty/."""
    return publish_page(kyphoplasty)


def rename(page, *slugs, **options):
    """Give a page one address after the other."""
    for slug in slugs:
        page = publishing.rename(page=page, slug=slug, by=BY, **options)
    return page


def test_each_change_is_an_event_and_none_without_a_change(editor, page):
    for _time in range(2):
        publishing.rename(page=page, slug="Balloon", by=editor.as_actor())
    event = Event.objects.get(verb="page.renamed")
    assert (event.actor_id, event.object_id, event.details) == (editor.pk, str(page.pk), {"fields": ["slug"]})


@pytest.mark.parametrize("about", ["", "leaflet/", "leaflet.pdf", "feedback/"])
def test_a_chain_of_addresses_leads_to_the_last_and_back_at_the_first_it_is_read_there(client, page, about):
    rename(page, "b", "c")
    for slug in ("kyphoplasty", "b", "B"):
        response = client.get(f"/procedures/{slug}/{about}?code=7K4M")
        assert (response.status_code, response["Location"]) == (301, f"/procedures/c/{about}")
    rename(page, "kyphoplasty")
    assert client.get("/procedures/kyphoplasty/").status_code == 200
    for slug in ("b", "c"):
        assertRedirects(client.get(f"/procedures/{slug}/"), "/procedures/kyphoplasty/", status_code=301)


def test_both_languages_lead_on_by_every_address_of_either(client, kyphoplasty):
    publish_in_both_languages(kyphoplasty)
    english, spanish = kyphoplasty.pages.order_by("language")
    rename(english, "b")
    rename(spanish, "balon")
    for slug in ("kyphoplasty", "cifoplastia", "balon"):
        assertRedirects(client.get(f"/procedures/{slug}/"), "/procedures/b/", status_code=301)
    for slug in ("kyphoplasty", "cifoplastia", "b"):
        assertRedirects(client.get(f"/es/procedures/{slug}/"), "/es/procedures/balon/", status_code=301)


def test_a_former_address_of_another_page_is_asked_about_before_it_is_taken(editor, page, client):
    rename(page, "b")
    other, desk = publish_page(make_procedure("other"), slug="other"), signed_in(editor)
    shown = desk.get(admin_url(other, "change"))
    assert b"takes_over" not in shown.content
    asked = desk.post(admin_url(other, "change"), {"slug": "Kyphoplasty"})
    assertContains(asked, "Readers once knew “Balloon repair of a broken back bone (English)” by this address")
    assertContains(asked, 'name="takes_over"')
    assertRedirects(client.get("/procedures/kyphoplasty/"), "/procedures/b/", status_code=301)
    assert desk.post(admin_url(other, "change"), {"slug": "kyphoplasty", "takes_over": "on"}).status_code == 302
    assert client.get("/procedures/kyphoplasty/").context["slug"] == "kyphoplasty"
    assert Event.objects.get(verb="page.renamed", object_id=str(other.pk)).details["taken_from"] == page.pk
    # Its own former address a page takes back unasked, once it is free.
    rename(other, "other")
    with pytest.raises(publishing.Unfit), transaction.atomic():
        rename(page, "kyphoplasty")
    rename(page, "kyphoplasty", takes_over=True)


def test_a_new_page_is_asked_about_it_too_and_takes_readers_only_once_it_is_published(editor, page, client):
    rename(page, "b")
    values = {"procedure": make_procedure("new").pk, "language": "en", "slug": "kyphoplasty"}
    address = "/admin/procedures/procedurepage/add/"
    assertContains(signed_in(editor).post(address, values), 'name="takes_over"')
    assert not ProcedurePage.objects.filter(procedure__key="new").exists()
    assert signed_in(editor).post(address, values | {"takes_over": "on"}).status_code == 302
    assertRedirects(client.get("/procedures/kyphoplasty/"), "/procedures/b/", status_code=301)
    publish_page(ProcedurePage.objects.get(procedure__key="new").procedure)
    assert client.get("/procedures/kyphoplasty/").status_code == 200


@pytest.mark.parametrize("typed", ["x\0y", "é", "a b", "", "x" * 81, "leaflet", "compare", "../x", "<script>"])
def test_what_is_no_address_is_refused_beside_its_field(editor, page, typed):
    response = signed_in(editor).post(admin_url(page, "change"), {"slug": typed})
    assert response.status_code == 200
    assert response.context["adminform"].form.errors["slug"]
    page.refresh_from_db()
    assert page.slug == "kyphoplasty"


def test_who_does_not_write_gives_no_address(reviewer, manager, page):
    for user in (reviewer, manager):
        with pytest.raises(publishing.Refused, match="Your role does not allow this"):
            publishing.rename(page=page, slug="b", by=user.as_actor())
        assert signed_in(user).post(admin_url(page, "change"), {"slug": "b"}).status_code == 403


def test_an_address_that_is_taken_or_the_sites_own_is_refused_by_the_function_too(page):
    publish_page(make_procedure("other"), slug="other")
    for slug in ("other", "OTHER", "leaflet"):
        with pytest.raises(publishing.Unfit) as refused, transaction.atomic():
            rename(page, slug)
        assert refused.value.field == "slug"
    page.refresh_from_db()
    assert page.slug == "kyphoplasty"
    assert not Event.objects.filter(verb="page.renamed").exists()


def test_an_address_of_the_other_kind_or_language_is_free(page):
    rename(page, "b")
    condition = make_draft(make_condition(), slug="fracture").page
    assert rename(condition, "kyphoplasty").slug == "kyphoplasty"
    spanish = publish_page(make_procedure("es"), language="es", slug="es")
    assert rename(spanish, "kyphoplasty").slug == "kyphoplasty"


@pytest.mark.django_db(transaction=True)
def test_two_pages_that_want_one_address_at_once_get_it_once(page):
    other = publish_page(make_procedure("other"), slug="other")
    ends = at_once(*(lambda each=each: publishing.rename(page=each, slug="wanted", by=BY) for each in (page, other)))
    assert [type(end) for end in ends].count(publishing.Unfit) == 1
    assert Event.objects.filter(verb="page.renamed").count() == 1
