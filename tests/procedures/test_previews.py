"""A draft is previewed by those who work on pages, and by nobody else."""

import pytest
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from procedures.print_styles import for_paper
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


@pytest.mark.parametrize(
    ("way", "size"), [("phone", ("390", "760")), ("wide", ("1280", "800")), ("print", ("794", "1123"))]
)
def test_a_draft_is_seen_in_a_frame_as_large_as_a_phone_a_wide_screen_or_a_sheet(client, editor, way, size):
    version = make_draft(make_procedure(), slug="draft")
    client.force_login(editor)
    response = client.get(f"/procedures/preview/procedure/{version.pk}/{way}/")
    framed = f"/procedures/preview/procedure/{version.pk}/" + ("?as=print" if way == "print" else "")
    assertContains(response, f'<iframe src="{framed}"')
    assertContains(response, f'width="{size[0]}" height="{size[1]}"')
    assertContains(response, "It is not on the site.")
    assert response.headers["Cache-Control"] == "private, no-store"
    assert "frame-src 'self'" in response.headers["Content-Security-Policy"]
    shown = client.get(framed)
    assert "frame-ancestors 'self'" in shown.headers["Content-Security-Policy"]
    assert shown.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert ("print.css" in shown.content.decode()) == (way == "print")


def test_no_other_page_is_framed_and_there_is_no_other_frame(client, editor, kyphoplasty):
    version = make_draft(make_condition(), slug="draft")
    publish_page(kyphoplasty)
    client.force_login(editor)
    for address in ("/procedures/kyphoplasty/", f"/procedures/preview/condition/{version.pk}/phone/"):
        response = client.get(address)
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        assert response.headers["X-Frame-Options"] == "DENY"
    assert client.get(f"/procedures/preview/condition/{version.pk}/watch/").status_code == 404


def test_paper_gets_the_rules_for_print_and_none_for_screens(client, editor):
    assert client.get("/procedures/preview/print.css").status_code == 302
    client.force_login(editor)
    css = client.get("/procedures/preview/print.css").content.decode()
    assert ".bottom ul, .search, .button, .link, .buttons { display: none; }" in css
    assert "@media" not in css
    assert css.count("{") == css.count("}")
    assert for_paper("a{b:c}@media screen and (x){d{e:f}}@media print {g{h:i}}j{k:l}") == "a{b:c}g{h:i}j{k:l}"


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
