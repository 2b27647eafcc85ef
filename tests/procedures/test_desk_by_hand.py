"""The desk as people really use it: pressed twice, gone back to, opened in two tabs, pasted into, left too long."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from audit.models import Event
from procedures import publishing
from procedures.admin.pages import admin_url
from procedures.models import ProcedureVersion
from tests.clinic.uploads import png
from tests.procedures.desk import fields_of, opened, press, signed_in
from tests.procedures.factories import (
    COMMAND,
    enough,
    make_condition,
    make_draft,
    make_in_review,
    make_page,
    make_published,
    save,
)

pytestmark = pytest.mark.django_db

ODD = "e\u0301 \u202egnirob\u202c \u200d\u2066\ufeff \U0001f9b4\U0001f3fd \ufdd0\uffff"


# What is pressed and typed


def test_a_double_press_makes_one_move_and_says_so(desk):
    version = make_draft()
    first = press(desk, version, "send_for_review")
    second = press(desk, version, "send_for_review")
    assert (first.status_code, second.status_code) == (302, 409)
    assert "This version is “in review”" in second.content.decode()
    assert Event.objects.filter(verb="version.sent_for_review").count() == 1


def test_going_back_after_a_save_and_saving_again_keeps_what_was_saved(desk):
    version = make_draft()
    address, fields = opened(desk, version, "names")
    desk.post(address, fields | {"summary": ["Saved first."]})
    assert desk.post(address, fields | {"medical_name": ["Changed after Back."]}).status_code == 302
    version.refresh_from_db()
    assert (version.summary, version.medical_name) == ("Saved first.", "Changed after Back.")


@pytest.mark.parametrize("key", ["figures", "milestones", "warning_signs", "risks", "sources", "questions"])
def test_an_entry_that_was_added_and_left_empty_is_no_entry(desk, key):
    version = make_draft()
    address, fields = opened(desk, version, key)
    count = int(fields["rows-TOTAL_FORMS"][0])
    fields = fields_of(desk.post(address, fields | {"go": "add"}))
    assert int(fields["rows-TOTAL_FORMS"][0]) == count + 1
    assert desk.post(address, fields).status_code == 302


def test_a_section_can_lose_all_its_entries_and_the_overview_says_what_is_missing(desk):
    version = make_draft()
    address, fields = opened(desk, version, "risks")
    fields = fields_of(desk.post(address, fields | {"go": "remove-0"}))
    assert desk.post(address, fields).status_code == 302
    assert not version.risks.exists()
    assert admin_url(version, "section", "risks") in desk.get(admin_url(version, "change")).content.decode()
    assert press(desk, ProcedureVersion.objects.get(), "send_for_review").status_code == 409


@pytest.mark.parametrize("words", [ODD, "w" * 200_000], ids=["odd characters", "a huge paste"])
def test_odd_and_huge_words_are_kept_or_refused_beside_their_field(desk, words):
    version = make_draft()
    for key, name in (("names", "plain_name"), ("aim", "aim"), ("risks", "rows-0-name")):
        address, fields = opened(desk, version, key)
        response = desk.post(address, fields | {name: [words]})
        assert response.status_code in (302, 422), key
        if response.status_code == 422 and words != ODD:
            assert fields_of(response)[name] == [words]
    assert desk.get(admin_url(version, "change")).status_code == 200


@pytest.mark.parametrize("name", ["скан ‮gnp.exe.png", "../../etc/passwd.png", "a" * 300 + ".png", ".png", "photo.pdf"])
def test_a_picture_of_any_name_is_taken_for_what_it_is(desk, name):
    version = make_draft()
    address, fields = opened(desk, version, "media")
    response = desk.post(address, fields | {"go": "add", "upload": SimpleUploadedFile(name, png())})
    assert response.status_code in (200, 422)
    if response.status_code == 200:
        row = {"rows-0-alternative_text": ["A spine."]}
        assert desk.post(address, fields_of(response) | row).status_code == 302
        assert version.mediaitems.get().file.content_type == "image/png"


def test_a_session_that_ends_before_an_upload_keeps_every_word(desk, editor):
    version = make_draft()
    address, fields = opened(desk, version, "media")
    desk.logout()
    typed = fields | {"go": "add", "upload": SimpleUploadedFile("a.png", png()), "rows-0-caption": ["With care."]}
    response = desk.post(address, typed)
    assert response.status_code < 500
    assert not version.mediaitems.exists()


# Addresses


def test_an_address_with_the_number_of_another_version_leads_nowhere(desk, reviewer):
    version, other = make_in_review(), make_draft(make_page(make_condition()))
    comment = publishing.comment(version=version, section="aim", words="Why?", by=reviewer.as_actor())
    for address in (
        admin_url(other, "answer", comment.pk),
        admin_url(version, "answer", 10**30),
        admin_url(version, "change").replace(f"/{version.pk}/", f"/{10**30}/"),
        admin_url(version.page, "compare", 1, 10**30),
        admin_url(version.page, "compare", 1, 7),
    ):
        assert desk.get(address, follow=True).status_code in (200, 404)
        assert desk.post(address, {"words": "Here?"}).status_code in (302, 404, 405)
    assert version.comments.count() == 1


@pytest.mark.parametrize("about", ["aim", "nothing", "\0", "<b>"])
def test_a_link_to_a_comment_on_a_section_chooses_it_or_nothing(desk, about):
    text = desk.get(admin_url(make_draft(), "change"), {"about": about}).content.decode()
    assert ('<option value="aim" selected>' in text) == (about == "aim")


# Who reads


def test_a_reviewer_is_led_from_a_section_to_what_changed_and_to_a_comment_on_it(reviewer):
    live = make_published()
    draft = publishing.open_draft(page=live.page, by=COMMAND)
    draft = save(draft, "names", enough()["names"] | {"summary": "Newer."})
    version = publishing.send_for_review(version=draft, by=COMMAND)
    client = signed_in(reviewer)
    text = client.get(admin_url(version, "change")).content.decode()
    compared = admin_url(live.page, "compare", 1, 2)
    assert f'href="{compared}#section-names"' in text
    assert admin_url(version, "section", "names") not in text
    text = client.get(compared).content.decode()
    assert 'id="section-names"' in text
    assert f'href="{admin_url(version, "change")}?about=names#write-comment"' in text


def test_what_was_asked_for_is_not_said_once_a_version_is_signed_off(desk, reviewer):
    version = make_in_review()
    version = publishing.ask_for_changes(version=version, words="Say may.", by=reviewer.as_actor())
    assert "Say may." in desk.get(admin_url(version, "change")).content.decode()
    version = publishing.send_for_review(version=version, by=COMMAND)
    version = publishing.sign_off(version=version, by=reviewer.as_actor(), next_review_due=None)
    assert "Say may." not in desk.get(admin_url(version, "change")).content.decode()


def test_a_refused_confirmation_keeps_the_day_that_was_typed(reviewer):
    old = make_published()
    typed = {"next_review_due": "2031-01-31", "seen": old.pk}
    publishing.confirm(page=old.page, by=reviewer.as_actor(), seen=old.pk)
    response = signed_in(reviewer).post(admin_url(old.page, "confirm"), typed)
    text = response.content.decode()
    assert response.status_code == 409
    assert "Another version of this page was published" in text
    assert 'value="2031-01-31"' in text
    assert f'name="seen" value="{old.page.versions.get(number=2).pk}"' in text
