"""Review: who may sign off what, and what asking for changes does to a signature."""

import pytest
from django.utils import timezone

from accounts.roles import Role
from audit.models import Event
from procedures import publishing
from procedures.models import State
from tests.procedures.factories import (
    COMMAND,
    enough,
    make_clinician,
    make_draft,
    make_in_review,
    make_signed_off,
    save,
)
from tests.staff import make_staff

pytestmark = pytest.mark.django_db


def test_a_draft_with_findings_does_not_go_to_review():
    draft = make_draft(sections={"names": enough()["names"] | {"summary": ""}})
    with pytest.raises(publishing.Refused, match="Mend this first: Write the summary"):
        publishing.send_for_review(version=draft, by=COMMAND)


def test_nobody_signs_off_their_own_writing_not_even_a_superuser(editor, superuser):
    superuser.clinician = make_clinician()
    superuser.save()
    version = make_draft(by=editor.as_actor())
    version = save(version, "names", enough()["names"] | {"summary": "My words."}, by=superuser.as_actor())
    publishing.send_for_review(version=version, by=editor.as_actor())
    with pytest.raises(publishing.Refused, match="You wrote part of this version"):
        publishing.sign_off(version=version, by=superuser.as_actor())


def test_an_editor_who_is_also_a_reviewer_may_sign_off_what_others_wrote(editor):
    both = make_staff("both", Role.EDITOR, Role.REVIEWER, clinician=make_clinician())
    theirs = make_in_review(by=editor.as_actor())
    own = make_in_review(by=both.as_actor())
    assert publishing.can_move(theirs, "sign_off", by=both.as_actor())
    assert not publishing.can_move(own, "sign_off", by=both.as_actor())


def test_only_a_clinician_signs_off():
    version = make_in_review()
    nobody = make_staff("no-clinician", Role.REVIEWER)
    with pytest.raises(publishing.Refused, match="Only a clinician can sign off"):
        publishing.sign_off(version=version, by=nobody.as_actor())


def test_a_sign_off_of_something_else_than_was_seen_is_refused(reviewer):
    version = make_in_review()
    seen = version.revision
    version = publishing.ask_for_changes(version=version, words="Shorter.", by=COMMAND)
    version = save(version, "names", enough()["names"] | {"summary": "Different."})
    publishing.send_for_review(version=version, by=COMMAND)
    with pytest.raises(publishing.Stale):
        publishing.sign_off(version=version, by=reviewer.as_actor(), seen_revision=seen)


def test_the_next_review_lies_after_the_review(reviewer):
    version = make_in_review()
    with pytest.raises(publishing.Unfit) as refused:
        publishing.sign_off(version=version, by=reviewer.as_actor(), next_review_due=timezone.localdate())
    assert refused.value.field == "next_review_due"


def test_asking_for_changes_voids_a_signature_and_keeps_the_words(reviewer):
    version = make_signed_off()
    version = publishing.ask_for_changes(version=version, words=" Say how long it lasts. ", by=reviewer.as_actor())
    assert (version.state, version.changes_wanted) == (State.DRAFT, "Say how long it lasts.")
    assert (version.signed_off_at, version.reviewed_by, version.reviewed_on, version.next_review_due) == (None,) * 4
    assert "how long" not in str(Event.objects.about(version).first().details)


def test_asking_for_changes_needs_words(reviewer):
    with pytest.raises(publishing.Unfit, match="Say what should change"):
        publishing.ask_for_changes(version=make_in_review(), words=" ", by=reviewer.as_actor())
