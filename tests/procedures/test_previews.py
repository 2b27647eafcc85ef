"""A draft is previewed by those who work on pages, and by nobody else."""

import pytest
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from tests.procedures.published import (
    make_condition,
    make_draft,
    make_procedure,
    publish_page,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic")]


@pytest.mark.parametrize(
    ("subject", "kind"), [(make_procedure, "procedure"), (make_condition, "condition")], ids=["procedure", "condition"]
)
def test_a_draft_is_previewed_as_patients_will_see_it_and_never_kept(client, editor, subject, kind):
    version = make_draft(subject(), slug="draft")
    client.force_login(editor)
    response = client.get(f"/procedures/preview/{kind}/{version.pk}/")
    assertContains(response, "Balloon repair of a broken back bone")
    assertContains(response, "This is a preview")
    assertContains(response, "You see version 1")
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_a_preview_stands_in_the_language_of_its_page(client, editor, kyphoplasty):
    version = make_draft(kyphoplasty, language="es", slug="cifoplastia")
    client.force_login(editor)
    response = client.get(f"/procedures/preview/procedure/{version.pk}/")
    assertRedirects(response, f"/es/procedures/preview/procedure/{version.pk}/")


def test_a_published_page_shows_no_draft_and_no_mark_of_preview(client, editor, kyphoplasty):
    publish_page(kyphoplasty)
    make_draft(kyphoplasty, names={"plain_name": "A new name"})
    client.force_login(editor)
    response = client.get("/procedures/kyphoplasty/")
    assertNotContains(response, "A new name")
    assertNotContains(response, "preview")


@pytest.mark.parametrize("kind", ["procedure", "condition"])
def test_a_preview_is_for_those_who_work_on_pages(client, reception, kyphoplasty, kind):
    version = make_draft(kyphoplasty)
    path = f"/procedures/preview/{kind}/{version.pk}/"
    assert client.get(path).headers["Location"].startswith("/admin/login/")
    client.force_login(reception)
    assert client.get(path).status_code == 403


@pytest.mark.parametrize("number", ["999", "9" * 30])
def test_a_preview_of_no_version_is_not_found(client, editor, number):
    client.force_login(editor)
    assert client.get(f"/procedures/preview/procedure/{number}/").status_code == 404
