"""Comments on the sections of a version: who writes, answers and settles them, and that none is lost."""

import pytest
from django.db import IntegrityError, transaction

from audit.actors import Actor
from audit.models import Event
from procedures import publishing
from procedures.admin.pages import admin_url
from procedures.models import State
from tests.procedures.desk import press, signed_in
from tests.procedures.factories import (
    COMMAND,
    make_condition,
    make_draft,
    make_in_review,
    make_live,
    make_page,
    make_published,
    save,
)

pytestmark = pytest.mark.django_db


def overview(user, version):
    return signed_in(user).get(admin_url(version, "change")).content.decode()


def said(version, by, words="Is that so?", section="names"):
    return publishing.comment(version=version, section=section, words=words, by=by)


def test_a_comment_goes_with_the_version_back_to_its_editors_and_is_answered_and_settled(editor, reviewer):
    version = make_in_review(by=editor.as_actor())
    client = signed_in(reviewer)
    client.post(admin_url(version, "comment"), {"section": "names", "words": "Is <b>that</b> so?"})
    assert press(client, version, "ask_for_changes", words="").status_code == 302
    version.refresh_from_db()
    assert version.state == State.DRAFT

    shown = overview(editor, version)
    assert "Is &lt;b&gt;that&lt;/b&gt; so?" in shown
    assert "1 comment is open. Answer or settle it before you send this again." in shown
    section = signed_in(editor).get(admin_url(version, "section", "names")).content.decode()
    assert "Is &lt;b&gt;that&lt;/b&gt; so?" in section
    assert "Is &lt;b&gt;that" not in signed_in(editor).get(admin_url(version, "section", "aim")).content.decode()

    comment = version.comments.get()
    address = admin_url(version, "answer", comment.pk)
    signed_in(editor).post(address, {"words": "Yes, see the source.", "go": "answer"})
    comment.refresh_from_db()
    assert comment.is_open
    signed_in(editor).post(address, {"words": "Done.", "go": "settle"})
    comment.refresh_from_db()
    assert (comment.is_open, comment.settled_by, comment.by) == (False, editor, reviewer)
    assert [answer.words for answer in comment.replies.all()] == ["Yes, see the source.", "Done."]
    assert "comment is open" not in overview(editor, version)


def test_comments_stay_to_be_read_at_their_version_when_it_is_published(editor, reviewer, manager):
    version = make_draft(by=editor.as_actor())
    said(version, reviewer.as_actor(), "Worth keeping.")
    version = make_live(version)
    later = publishing.open_draft(page=version.page, by=editor.as_actor())
    assert "Worth keeping." in overview(manager, version)
    assert "Worth keeping." not in overview(manager, later)


def test_events_tell_the_section_and_no_words(editor):
    version = make_draft()
    comment = said(version, editor.as_actor(), "A secret of the trade.")
    publishing.answer_comment(comment=comment, words="Another secret.", by=editor.as_actor())
    publishing.settle_comment(comment=comment, by=editor.as_actor())
    events = Event.objects.about(version)[:3]
    assert [event.verb for event in events] == [
        "version.comment_settled",
        "version.comment_answered",
        "version.commented",
    ]
    assert all(event.details["section"] == "names" and "secret" not in str(event.details) for event in events)


def test_only_editors_and_reviewers_comment(reception, nurse, editor, reviewer, manager, auditor, superuser):
    version = make_in_review()
    staff = (reception, nurse, editor, reviewer, manager, auditor, superuser)
    may = {user.username for user in staff if publishing.can_comment(version, by=user.as_actor())}
    assert may == {"editor", "reviewer", "superuser"}
    assert not publishing.can_comment(version, by=Actor.visitor())


def test_a_reviewer_settles_what_they_wrote_and_an_editor_all(editor, reviewer):
    version = make_in_review()
    theirs, own = said(version, editor.as_actor()), said(version, reviewer.as_actor())
    with pytest.raises(publishing.Refused, match="An editor settles it"):
        publishing.settle_comment(comment=theirs, by=reviewer.as_actor())
    publishing.settle_comment(comment=own, by=reviewer.as_actor())
    with pytest.raises(publishing.Refused, match="settled already"):
        publishing.settle_comment(comment=own, by=editor.as_actor())


def test_a_refused_comment_keeps_what_was_typed(editor, manager):
    version = make_published()
    typed = {"section": "names", "words": "Typed with care."}
    response = signed_in(editor).post(admin_url(version, "comment"), typed)
    assert response.status_code == 409
    assert "This version was published." in response.content.decode()
    assert "Typed with care." in response.content.decode()
    draft = make_draft()
    comment = said(draft, editor.as_actor())
    answer = signed_in(manager).post(admin_url(draft, "answer", comment.pk), {"words": "Also with care."})
    assert answer.status_code == 409
    assert "Also with care." in answer.content.decode()
    assert draft.comments.count() == 1


@pytest.mark.parametrize("typed", [{}, {"section": "nowhere", "words": "A"}, {"section": "names", "words": " "}])
def test_a_comment_without_section_or_words_is_refused_beside_the_field(editor, typed):
    draft = make_draft()
    response = signed_in(editor).post(admin_url(draft, "comment"), typed)
    assert response.status_code == 422
    assert "<title>Error:" in response.content.decode()
    assert not draft.comments.exists()
    with pytest.raises(publishing.Unfit):
        said(draft, COMMAND, words=" ")
    with pytest.raises(publishing.Unfit):
        said(draft, COMMAND, section="nowhere")


def test_an_answer_needs_words_and_a_comment_of_this_version(editor):
    version, other = make_draft(), make_draft()
    comment = said(version, editor.as_actor())
    client = signed_in(editor)
    response = client.post(admin_url(version, "answer", comment.pk), {"words": " ", "go": "answer"})
    assert response.status_code == 422
    for number in (comment.pk, 10**30):
        assert client.post(admin_url(other, "answer", number), {"words": "A"}).status_code == 404


def test_a_condition_has_comments_too(editor, reviewer):
    version = make_in_review(make_page(make_condition()))
    said(version, reviewer.as_actor(), "On a condition.")
    assert "On a condition." in overview(editor, version)


def test_somebody_without_an_account_is_named_and_nobody_is_nameless():
    version = make_draft()
    named = publishing.comment(version=version, section="aim", words="A", by=COMMAND, by_name="Dr. Ana Aster, surgeon")
    assert named.author == "Dr. Ana Aster, surgeon"
    with pytest.raises(IntegrityError), transaction.atomic():
        version.comments.create(section="aim", words="A")


def test_the_overview_names_what_changed_since_the_live_version(editor):
    live = make_published()
    draft = publishing.open_draft(page=live.page, by=COMMAND)
    assert "Nothing. It says what patients read now." in overview(editor, draft)
    save(draft, "aim", {"aim": "To lift the bone."})
    shown = signed_in(editor).get(admin_url(draft, "change")).context["changed"]
    assert [(each["url"], each["fields"]) for each in shown] == [
        (admin_url(draft, "section", "aim"), ["What it aims at"])
    ]
    assert "patients read no version of this page now" in overview(editor, make_draft())
