"""What a signature is bound to: clinical fields void it, others keep it, and nothing else than was signed goes out."""

import pytest
from django.utils import timezone

from accounts.roles import Role
from audit.models import Event
from outbox.models import Message
from procedures import publishing
from procedures.models import ConditionVersion, Figure, ProcedureVersion, State
from procedures.publishing.signature import clinical_hash
from procedures.sections import SECTIONS, section_named
from tests.procedures.desk import fields_of, opened, signed_in
from tests.procedures.factories import (
    COMMAND,
    REVIEWED_ON,
    enough,
    full_draft,
    make_clinician,
    make_condition,
    make_draft,
    make_in_review,
    make_page,
    make_procedure,
    make_signed_off,
    save,
)
from tests.staff import make_staff

pytestmark = pytest.mark.django_db

SPARED = {
    "names": {"synonyms"},
    "sources": {"publisher", "url"},
    "documents": {"title"},
    "related": {"related"},
}


@pytest.mark.parametrize("kind", [ProcedureVersion, ConditionVersion])
def test_every_field_is_clinical_but_those_named_with_a_reason(kind):
    for section in SECTIONS[kind]:
        assert set(section.spared) == SPARED.get(section.key, set()), section.key
        assert set(section.spared) <= set(section.fields)
        assert all(reason.endswith(".") for reason in section.spared.values())


def signed(editor, reviewer, **options):
    """Return a version that an editor wrote and a reviewer signed off at the desk."""
    version = make_in_review(by=editor.as_actor(), **options)
    return publishing.sign_off(version=version, by=reviewer.as_actor())


def test_a_change_outside_the_clinical_fields_keeps_signature_and_day(editor, editor2, reviewer):
    version = signed(editor, reviewer)
    before = (version.signed_off_at, version.signed_off_by, version.reviewed_on, version.signed_hash)
    saved = save(version, "names", enough()["names"] | {"synonyms": ["balloon", "ballon"]}, by=editor2.as_actor())
    assert saved.state == State.SIGNED_OFF
    assert (saved.signed_off_at, saved.signed_off_by, saved.reviewed_on, saved.signed_hash) == before
    assert editor2 in saved.authors.all()
    assert not Message.objects.exists()
    published = publishing.publish(versions=[saved], by=COMMAND)[0]
    assert published.document["names"]["synonyms"] == ["balloon", "ballon"]
    assert published.document["review"]["reviewed_on"] == before[2].isoformat()


def test_a_publication_later_than_its_signature_shows_the_day_of_the_signature():
    version = make_signed_off()
    assert publishing.publish(versions=[version], by=COMMAND)[0].reviewed_on == REVIEWED_ON


def test_each_spared_field_keeps_the_hash_and_each_other_one_changes_it():
    version = full_draft()
    for section in SECTIONS[ProcedureVersion]:
        values = section.read(version)
        for name in section.fields:
            row = values if isinstance(values, dict) else values[0]
            changed = row | {name: "something else"}
            assert (section.clinical(changed) == section.clinical(row)) == (name in section.spared), name


def test_a_field_that_a_later_release_adds_empty_changes_no_hash():
    names = section_named(ProcedureVersion, "names")
    assert names.clinical({"summary": "A", "new": ""}) == names.clinical({"summary": "A"})
    assert names.clinical({"summary": "A", "from_day": 0}) != names.clinical({"summary": "A"})


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("names", enough()["names"] | {"summary": "A balloon lowers the bone."}),
        ("figures", []),
        ("sources", [{"key": "a", "title": "Another page"}]),
        ("warning_signs", [{"key": "fever", "text": "Fever", "action": "Call us.", "urgency": "same-day"}]),
    ],
)
def test_a_clinical_change_makes_it_a_draft_again_and_tells_signer_and_managers(
    editor, editor2, reviewer, manager, key, values
):
    version = signed(editor, reviewer)
    saved = save(version, key, values, by=editor2.as_actor())
    assert saved.state == State.DRAFT
    assert (saved.signed_off_at, saved.signed_off_by, saved.reviewed_by, saved.reviewed_on) == (None,) * 4
    assert saved.signed_hash == ""
    told = Message.objects.filter(purpose="signature_voided")
    assert {message.recipient for message in told} == {reviewer.email, manager.email}
    assert "balloon lowers" not in told[0].text
    event = Event.objects.about(saved).first()
    assert (event.verb, event.details["from"], event.details["to"]) == (
        "version.signature_voided",
        "signed_off",
        "draft",
    )
    with pytest.raises(publishing.Refused):
        publishing.publish(versions=[saved], by=COMMAND)


def test_a_save_that_changes_nothing_in_a_signed_version_changes_nothing(editor, editor2, reviewer):
    version = signed(editor, reviewer)
    events = Event.objects.count()
    saved = save(version, "names", enough()["names"], by=editor2.as_actor())
    assert (saved.state, saved.revision, list(saved.authors.all())) == (State.SIGNED_OFF, version.revision, [editor])
    assert (Event.objects.count(), Message.objects.count()) == (events, 0)


@pytest.mark.parametrize("is_superuser", [False, True])
def test_a_signer_mends_not_even_a_typo_in_what_they_signed(editor, is_superuser):
    both = make_staff("both", Role.EDITOR, Role.REVIEWER, clinician=make_clinician(), is_superuser=is_superuser)
    version = signed(editor, both)
    with pytest.raises(publishing.Refused, match="You signed this version off"):
        save(version, "names", enough()["names"] | {"synonyms": []}, by=both.as_actor())
    client = signed_in(both)
    address = f"/admin/procedures/procedureversion/{version.pk}/section/names/"
    assert "You signed this version off" in client.get(address, follow=True).content.decode()


def test_nothing_is_published_that_was_changed_past_the_desk():
    version = make_signed_off()
    Figure.objects.filter(version=version).update(high=600)
    with pytest.raises(publishing.Refused, match="no longer what was signed off"):
        publishing.publish(versions=[version], by=COMMAND)
    version = publishing.ask_for_changes(version=version, words="Look again.", by=COMMAND)
    assert version.signed_hash == ""


def test_nothing_is_published_whose_signer_became_an_author_past_the_desk(editor, reviewer):
    version = signed(editor, reviewer)
    version.authors.add(reviewer)
    with pytest.raises(publishing.Refused, match="wrote part of it"):
        publishing.publish(versions=[version], by=COMMAND)


def test_a_version_signed_before_hashes_were_kept_is_reviewed_again():
    version = make_signed_off()
    ProcedureVersion.objects.update(signed_hash="")
    with pytest.raises(publishing.Refused, match="no longer what was signed off"):
        publishing.publish(versions=[version], by=COMMAND)


def test_a_command_cannot_sign_in_the_name_of_an_author(editor):
    editor.clinician = make_clinician()
    editor.save()
    version = make_in_review(by=editor.as_actor())
    with pytest.raises(publishing.Refused, match="wrote part of this version"):
        publishing.sign_off(version=version, by=COMMAND, reviewer=editor.clinician)


def test_the_same_words_have_the_same_hash_in_another_version():
    care = {"treatments": "Rest.", "when_to_seek_help": ""}
    version = make_draft(make_page(make_condition()), sections={"care": care})
    publishing.send_for_review(version=version, by=COMMAND)
    version = publishing.sign_off(version=version, by=COMMAND, reviewer=make_clinician())
    publishing.publish(versions=[version], by=COMMAND)
    draft = publishing.open_draft(page=version.page, by=COMMAND)
    assert clinical_hash(draft) == version.signed_hash
    draft = save(draft, "care", care | {"treatments": "Rest!"})
    assert clinical_hash(draft) != version.signed_hash


# At the desk


def test_the_section_of_a_signed_version_says_before_and_after_what_a_change_does(editor, editor2, reviewer):
    client, version = signed_in(editor2), signed(editor, reviewer)
    address, fields = opened(client, version, "names")
    shown = client.get(address).content.decode()
    assert "This version is signed off" in shown
    assert "change nothing here but: Other names." in shown
    kept = client.post(address, fields | {"synonyms": ["balloon\nballon"]}, follow=True).content.decode()
    assert "is saved" in kept
    assert "the sign-off is void" not in kept
    _address, fields = opened(client, version, "names")
    voided = client.post(address, fields | {"summary": ["Other words."]}, follow=True).content.decode()
    assert "the sign-off is void and this is a draft again" in voided
    assert "This version is signed off" not in client.get(address).content.decode()


def test_a_reviewer_saves_no_section_of_a_signed_version(editor, reviewer):
    other = make_staff("other", Role.REVIEWER, clinician=make_clinician())
    version = signed(editor, reviewer)
    with pytest.raises(publishing.Refused, match="Your role does not allow this"):
        save(version, "names", enough()["names"] | {"synonyms": []}, by=other.as_actor())


def test_an_editor_takes_back_what_is_in_review(editor, desk):
    version = make_in_review(by=editor.as_actor())
    version = publishing.ask_for_changes(version=version, words="A typo of mine.", by=editor.as_actor())
    assert version.state == State.DRAFT
    assert fields_of(desk.get(f"/admin/procedures/procedureversion/{version.pk}/section/names/"))["plain_name"]


def test_other_related_pages_keep_the_signature(editor, reviewer):
    version = signed(editor, reviewer)
    saved = save(version, "related", {"related": [make_procedure()]}, by=editor.as_actor())
    assert (saved.state, saved.reviewed_on) == (State.SIGNED_OFF, timezone.localdate())
