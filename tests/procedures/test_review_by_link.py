"""A clinician without an account reads, comments and approves by a private link; nobody else approves by it."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape

from accounts.models import User
from accounts.roles import Role
from audit.actors import Actor
from audit.models import Event
from clinic import retention
from outbox.models import Message
from outbox.sender import send_due
from procedures import publishing
from procedures.admin.pages import admin_url
from procedures.models import Figure, ReviewInvitation, State
from procedures.publishing.by_link import MOST_CODES_A_DAY, MOST_COMMENTS_A_DAY, MOST_TRIES
from procedures.publishing.signature import clinical_hash
from procedures.views.reviews import MOST_MISSES
from tests.at_once import at_once
from tests.procedures.desk import signed_in
from tests.procedures.factories import (
    COMMAND,
    enough,
    make_clinician,
    make_condition,
    make_draft,
    make_in_review,
    make_invitation,
    make_page,
    make_published,
    save,
)
from tests.staff import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic")]

TOKEN = "a-token-of-the-tests"
HERE = f"/review/{TOKEN}/"
EMAIL = "ana@surgery.example"


@pytest.fixture
def ana():
    return make_clinician(name="Dr. Ana Aster", role={"en": "Surgeon", "es": "Cirujana"}, registration_number="T-77")


@pytest.fixture
def version(editor):
    return make_in_review(by=editor.as_actor())


@pytest.fixture
def link(version, ana, manager):
    return make_invitation(version, token=TOKEN, clinician=ana, email=EMAIL, by=manager)


def invited(version, ana, manager, **options):
    values = {"clinician": ana, "email": EMAIL, "by": manager.as_actor(), **options}
    return publishing.invite_reviewer(version=version, **values)


def token_in(message):
    return re.search(r"/review/([^/]+)/", message.text)[1]


def newest_code():
    return re.search(r"\b\d{8}\b", Message.objects.filter(purpose="review_code").order_by("-pk").first().text)[0]


def asked(link):
    """Ask for a code as the page does, and return the one that was sent."""
    publishing.ask_code(invitation=link, by=Actor.reviewer(link.pk), seen_revision=link.version.revision)
    return newest_code()


def approve(link, code):
    return publishing.approve_by_link(invitation=link, code=code, by=Actor.reviewer(link.pk))


def wrong(code):
    return f"{(int(code) + 1) % 10**8:08}"


def nothing_changed(version):
    version.refresh_from_db()
    return (version.state, version.signed_hash, version.reviewed_by) == (State.IN_REVIEW, "", None)


# The whole way


def test_a_clinician_is_invited_reads_comments_and_approves_with_the_code_from_their_mailbox(
    version, ana, manager, client
):
    desk = signed_in(manager)
    response = desk.post(admin_url(version, "invite"), {"clinician": ana.pk, "email": EMAIL, "days": "10"})
    assert response.status_code == 302
    send_due()
    letter = mail.outbox[-1]
    assert letter.to == [EMAIL]
    here = f"/review/{re.search(r'/review/([^/]+)/', letter.body)[1]}/"

    shown = client.get(here).content.decode()
    assert "Dr. Ana Aster was asked to check this page" in shown
    page = client.get(f"{here}page/").content.decode()
    assert "This is a preview" in page
    assert "It is not on the site." in page

    commented = client.post(here, {"go": "comment", "section": "names", "words": "Why <b>so</b>?", "name": "Ana"})
    assert commented.status_code == 303
    comment = version.comments.get()
    assert (comment.by, comment.by_name) == (None, "Ana (by the link for Dr. Ana Aster)")

    assert client.post(here, {"go": "code", "seen_revision": version.revision}).status_code == 303
    send_due()
    assert mail.outbox[-1].to == [EMAIL]
    code = re.search(r"\b\d{8}\b", mail.outbox[-1].body)[0]
    assert client.post(here, {"go": "approve", "code": f" {code[:4]} {code[4:]} "}).status_code == 303

    version.refresh_from_db()
    invitation = ReviewInvitation.objects.get()
    assert (version.state, version.reviewed_by, version.signed_off_by) == (State.SIGNED_OFF, ana, None)
    assert invitation.signed_hash == version.signed_hash == clinical_hash(version)
    assert (invitation.signed_name, invitation.signed_role, invitation.registration_number) == (
        "Dr. Ana Aster",
        "Surgeon",
        "T-77",
    )
    assert Event.objects.get(verb="version.signed_off").actor_id == invitation.pk
    told = Message.objects.get(purpose="approved_by_link")
    assert told.recipient == manager.email
    assert "Approved" in desk.get(admin_url(version, "change")).content.decode()
    assert publishing.publish(versions=[version], by=manager.as_actor())[0].document["review"]["reviewer"]["name"] == (
        "Dr. Ana Aster"
    )
    assert client.get(here).status_code == 404


def test_what_was_recorded_stays_when_the_clinician_is_called_otherwise_later(link, ana):
    approve(link, asked(link))
    ana.name, ana.registration_number = "Dr. Ana Berry", "T-78"
    ana.save()
    link.refresh_from_db()
    assert (link.signed_name, link.registration_number) == ("Dr. Ana Aster", "T-77")


def test_a_condition_is_reviewed_by_link_too_and_its_page_stands_in_its_own_language(client):
    version = make_in_review(make_page(make_condition(), language="es"))
    link = make_invitation(version, token=TOKEN)
    assert client.get(f"{HERE}page/")["Location"] == f"/es{HERE}page/"
    assert "Reparación con balón" in client.get(f"/es{HERE}page/").content.decode()
    assert client.get(HERE).status_code == client.get(f"/es{HERE}").status_code == 200
    assert approve(link, asked(link)).state == State.SIGNED_OFF
    assert "aprobar" in Message.objects.get(purpose="review_code").subject


# The link


def test_every_link_that_opens_nothing_is_answered_the_same(client, version, manager):
    over = {"expired": {"expires_at": timezone.now()}, "revoked": {"revoked_at": timezone.now(), "revoked_by": manager}}
    for token, values in over.items():
        make_invitation(version, token=token, **values)
    make_invitation(version, token=TOKEN)
    make_invitation(make_published(), token="published")
    altered = TOKEN[:-1] + "t"
    answers = [client.get(f"/review/{token}/") for token in ("nothing", altered, *over, "published", "ñ%00", "x" * 300)]
    answers += [client.post(f"/review/{token}/", {"go": "code"}) for token in (altered, *over)]
    assert {response.status_code for response in answers} == {404}
    assert len({response.content for response in answers}) == 1
    assert "call us" in answers[0].content.decode()
    assert {response["Cache-Control"] for response in answers} == {"private, no-store"}


def test_who_guesses_is_stopped_and_who_holds_a_link_is_not(client, link):
    for number in range(MOST_MISSES):
        assert client.get(f"/review/{number}/").status_code == 404
    assert client.get("/review/more/").status_code == 429
    assert client.get(HERE).status_code == 200


def test_its_pages_are_never_kept_listed_or_told_to_others(client, link):
    for address, referrer in ((HERE, "strict-origin"), (f"{HERE}page/", "no-referrer")):
        response = client.get(address)
        assert response["Cache-Control"] == "private, no-store"
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert response["Referrer-Policy"] == referrer
        assert f'rel="canonical" href="http://testserver{address}"' not in response.content.decode()
    assert set(client.cookies) <= {"form", "__Host-form"}


def test_the_token_stands_in_one_letter_alone_and_no_member_of_staff_reads_it(version, ana, manager, superuser):
    invitation = invited(version, ana, manager)
    letter = Message.objects.get()
    token = token_in(letter)
    assert len(token) >= 22
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 -- the names are our own
            rows = str(cursor.fetchall())
            assert token not in rows, table
            assert EMAIL not in rows, table
    asked(invitation)
    for user in (manager, superuser):
        assert list(Message.objects.visible_to(user)) == []
    assert token not in str(list(Event.objects.values()))
    assert EMAIL not in signed_in(manager).get(admin_url(version, "change")).content.decode()


def test_a_look_changes_nothing_and_is_noted_once_an_hour(client, link):
    before = list(ReviewInvitation.objects.values())
    for address in (HERE, f"{HERE}page/", f"{HERE}?go=approve&code=1", f"{HERE}?go=code"):
        client.get(address)
        client.head(address)
    assert list(ReviewInvitation.objects.values()) == before
    assert not Message.objects.exists()
    assert Event.objects.filter(verb="review_link.opened").count() == 1
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        client.get(HERE)
    assert Event.objects.filter(verb="review_link.opened").count() == 2


def test_no_forged_host_comes_into_the_letter(version, ana, manager, settings):
    signed_in(manager).post(
        admin_url(version, "invite"),
        {"clinician": ana.pk, "email": EMAIL, "days": "1"},
        headers={"X-Forwarded-Host": "evil.example"},
    )
    text = Message.objects.get().text
    assert f"{settings.SITE_URL}/review/" in text
    assert "evil" not in text


# Inviting


def test_managers_alone_invite_and_authors_never(version, ana, editor, reviewer, manager, superuser):
    for user in (editor, reviewer):
        with pytest.raises(publishing.Refused, match="role"):
            invited(version, ana, user)
        assert signed_in(user).post(admin_url(version, "invite"), {}).status_code == 403
        assert "Reviewers without an account" not in signed_in(user).get(admin_url(version, "change")).content.decode()
    for user in (manager, superuser):
        version.authors.add(user)
        with pytest.raises(publishing.Refused, match="You wrote part"):
            invited(version, ana, user)
    with pytest.raises(publishing.Refused):
        publishing.invite_reviewer(version=version, clinician=ana, email=EMAIL, by=COMMAND)
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    "typed",
    [
        "ana@surgery.example\r\nBcc: evil@evil.example",
        "ana@surgery.example,evil@evil.example",
        "Ana <ana@surgery.example>",
        "ana@",
        " ",
        "MANAGER@clinic.example",
        "editor@clinic.example",
    ],
)
def test_no_other_mailbox_and_no_second_header_slips_in(version, ana, manager, typed):
    with pytest.raises(publishing.Unfit) as refused:
        invited(version, ana, manager, email=typed)
    assert refused.value.field == "email"
    response = signed_in(manager).post(
        admin_url(version, "invite"), {"clinician": ana.pk, "email": typed, "days": "14"}
    )
    assert response.status_code == 422
    assert escape(typed.strip().splitlines()[0] if typed.strip() else "") in response.content.decode()
    assert not ReviewInvitation.objects.exists()


def test_a_name_with_a_line_break_begins_no_header(version, ana, manager):
    version.plain_name = "A\r\nBcc: evil@evil.example"
    version.save()
    invited(version, ana, manager)
    send_due()
    assert mail.outbox[-1].recipients() == [EMAIL]


def test_nobody_becomes_a_reviewer_by_sending_a_link_to_themselves(version, ana, manager):
    manager.clinician = ana
    manager.save()
    with pytest.raises(publishing.Unfit, match="themselves"):
        invited(version, ana, manager, email=manager.email)


def test_a_clinician_who_wrote_left_or_has_no_registration_is_not_invited(version, manager):
    wrote, left, bare = make_clinician(), make_clinician(), make_clinician(registration_number="")
    version.authors.add(make_staff("wrote", Role.EDITOR, clinician=wrote))
    make_staff("left", Role.REVIEWER, clinician=left, is_active=False)
    for clinician in (wrote, left, bare):
        with pytest.raises(publishing.Unfit) as refused:
            invited(version, clinician, manager)
        assert refused.value.field == "clinician"


@pytest.mark.parametrize("days", [0, -1, 31])
def test_a_link_lasts_thirty_days_at_most(version, ana, manager, days):
    with pytest.raises(publishing.Unfit):
        invited(version, ana, manager, lasts=timedelta(days=days))
    typed = {"clinician": ana.pk, "email": EMAIL, "days": days}
    assert signed_in(manager).post(admin_url(version, "invite"), typed).status_code == 422


def test_a_link_lasts_fourteen_days_and_a_clinician_has_one(version, ana, manager):
    invitation = invited(version, ana, manager)
    assert timedelta(days=13) < invitation.expires_at - timezone.now() <= timedelta(days=14)
    with pytest.raises(publishing.Unfit, match="already"):
        invited(version, ana, manager)
    publishing.revoke_invitation(invitation=invitation, by=manager.as_actor())
    invited(version, ana, manager)


def test_nothing_but_what_is_in_review_is_sent_out(ana, manager):
    for version in (make_draft(), make_published()):
        with pytest.raises(publishing.Refused):
            invited(version, ana, manager)


def test_the_database_takes_no_link_to_two_versions_or_none(version, link):
    values = ReviewInvitation.objects.values().get() | {"id": None, "token_hash": "x"}
    condition = make_in_review(make_page(make_condition()))
    for change in ({"condition_version_id": condition.pk}, {"procedure_version_id": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ReviewInvitation.objects.create(**values | change)


# The code


def test_a_wrong_code_is_counted_and_the_fifth_makes_the_right_one_worthless(link, version):
    code = asked(link)
    for _try in range(MOST_TRIES):
        with pytest.raises(publishing.Unfit, match="not the code"):
            approve(link, wrong(code))
    with pytest.raises(publishing.Unfit, match="too old, or was tried too often"):
        approve(link, code)
    assert nothing_changed(version)
    assert Event.objects.filter(verb="review_link.code_wrong").count() == MOST_TRIES


@pytest.mark.parametrize("typed", ["", "1", "0" * 8, "0" * 32, "' OR 1=1 --", "٠" * 8, "\x00"])
def test_what_is_no_code_is_refused_beside_the_field(client, link, version, typed):
    asked(link)
    response = client.post(HERE, {"go": "approve", "code": typed})
    assert response.status_code == 422
    assert "<title>Error:" in response.content.decode()
    assert nothing_changed(version)


def test_a_code_is_good_for_ten_minutes_and_the_newest_alone_is(link, version):
    old = asked(link)
    new = asked(link)
    with pytest.raises(publishing.Unfit):
        approve(link, old if old != new else wrong(new))
    with time_machine.travel(timezone.now() + timedelta(minutes=11)), pytest.raises(publishing.Unfit, match="too old"):
        approve(link, new)
    assert nothing_changed(version)
    assert approve(link, new).state == State.SIGNED_OFF


def test_a_code_serves_once(link, ana, editor, version):
    code = asked(link)
    approve(link, code)
    with pytest.raises(publishing.Refused, match="served"):
        approve(link, code)
    publishing.ask_for_changes(version=version, words="Look.", by=editor.as_actor())
    publishing.send_for_review(version=version, by=editor.as_actor())
    with pytest.raises(publishing.Refused, match="served"):
        approve(link, code)
    assert nothing_changed(version)


def test_the_code_of_one_link_is_nothing_for_another(link, version):
    other_link = make_invitation(make_in_review(), token="other")
    code = asked(link)
    with pytest.raises(publishing.Unfit):
        approve(other_link, code)
    asked(other_link)
    with pytest.raises(publishing.Unfit):
        approve(other_link, code)
    same_version = make_invitation(version, token="same")
    with pytest.raises(publishing.Unfit):
        approve(same_version, code)
    assert nothing_changed(version)


def test_without_asking_there_is_no_code(link, version):
    for typed in ("", "00000000"):
        with pytest.raises(publishing.Unfit):
            approve(link, typed)
    assert nothing_changed(version)


def test_so_many_codes_are_sent_in_a_day_and_no_more(link):
    for _number in range(MOST_CODES_A_DAY):
        asked(link)
    with pytest.raises(publishing.Refused, match="Too many codes"):
        asked(link)
    assert Message.objects.filter(purpose="review_code").count() == MOST_CODES_A_DAY


# What changes meanwhile


def test_a_text_that_changed_between_showing_and_approving_is_not_approved(link, version, editor):
    with pytest.raises(publishing.Stale):
        publishing.ask_code(invitation=link, by=Actor.reviewer(link.pk), seen_revision=version.revision - 1)
    code = asked(link)
    publishing.ask_for_changes(version=version, words="Once more.", by=editor.as_actor())
    with pytest.raises(publishing.Refused, match="draft"):
        approve(link, code)
    save(version, "names", enough()["names"] | {"summary": "Other words."}, by=editor.as_actor())
    publishing.send_for_review(version=version, by=editor.as_actor())
    with pytest.raises(publishing.Stale, match="was changed since"):
        approve(link, code)
    assert nothing_changed(version)


def test_a_text_that_was_changed_past_the_desk_is_not_approved(link, version):
    code = asked(link)
    Figure.objects.filter(version=version).update(high=600)
    with pytest.raises(publishing.Stale):
        approve(link, code)
    assert nothing_changed(version)


def test_of_two_approvals_at_once_one_counts(link, version):
    first = second = ReviewInvitation.objects.get(pk=link.pk)
    code = asked(link)
    approve(first, code)
    with pytest.raises(publishing.Refused):
        approve(second, code)
    rival = make_invitation(version, token="rival")
    with pytest.raises(publishing.Refused, match="signed off"):
        asked(rival)
    assert Event.objects.filter(verb="version.signed_off").count() == 1


def test_a_link_that_was_revoked_while_its_page_was_open_does_nothing(client, link, version, manager):
    code, held = asked(link), ReviewInvitation.objects.get(pk=link.pk)
    publishing.revoke_invitation(invitation=link, by=manager.as_actor())
    for do in (
        lambda: approve(held, code),
        lambda: asked(held),
        lambda: publishing.comment_by_link(
            invitation=held, section="names", words="A", name="B", by=Actor.reviewer(held.pk)
        ),
    ):
        with pytest.raises(publishing.Refused, match="over"):
            do()
    assert client.post(HERE, {"go": "approve", "code": code}).status_code == 404
    assert nothing_changed(version)
    with pytest.raises(publishing.Refused, match="any more already"):
        publishing.revoke_invitation(invitation=link, by=manager.as_actor())


def test_managers_alone_revoke(client, link, version, editor, manager):
    with pytest.raises(publishing.Refused, match="role"):
        publishing.revoke_invitation(invitation=link, by=editor.as_actor())
    address = admin_url(version, "revoke", link.pk)
    assert signed_in(editor).post(address).status_code == 403
    desk = signed_in(manager)
    assert desk.post(admin_url(make_in_review(), "revoke", link.pk)).status_code == 404
    desk.get(address)
    assert client.get(HERE).status_code == 200
    desk.post(address)
    assert client.get(HERE).status_code == 404
    assert desk.post(address).status_code == 409


def test_nothing_is_approved_once_the_manager_who_sent_the_link_became_an_author(link, version, manager):
    code = asked(link)
    version.authors.add(manager)
    with pytest.raises(publishing.Refused, match="Another manager"):
        approve(link, code)
    assert nothing_changed(version)


def test_nothing_approved_by_a_link_is_published_once_who_sent_it_became_an_author(link, version, manager):
    version = approve(link, asked(link))
    manager.set_roles([Role.MANAGER, Role.EDITOR])
    manager = User.objects.get(pk=manager.pk)
    with pytest.raises(publishing.Refused, match="You chose who signed"):
        save(version, "names", enough()["names"] | {"synonyms": []}, by=manager.as_actor())
    version.authors.add(manager)
    with pytest.raises(publishing.Refused, match="chose the reviewer"):
        publishing.publish(versions=[version], by=COMMAND)


def test_nothing_is_approved_for_a_clinician_who_left_or_wrote_meanwhile(link, version, ana):
    code = asked(link)
    account = make_staff("ana", Role.EDITOR, clinician=ana, is_active=False)
    with pytest.raises(publishing.Refused, match="closed"):
        approve(link, code)
    User.objects.filter(pk=account.pk).update(is_active=True)
    version.authors.add(account)
    with pytest.raises(publishing.Refused, match="wrote part"):
        approve(link, code)
    assert nothing_changed(version)


def test_nothing_is_approved_from_a_mailbox_that_became_that_of_another_member_of_staff(link, version):
    code = asked(link)
    make_staff("thief", Role.EDITOR)
    User.objects.filter(username="thief").update(email=EMAIL.upper())
    with pytest.raises(publishing.Refused, match="another member of staff"):
        approve(link, code)
    assert nothing_changed(version)


def test_a_crash_between_two_writes_leaves_the_version_in_review(link, version):
    code = asked(link)

    @transaction.atomic
    def crash_after_approving():
        approve(link, code)
        raise IntegrityError

    with pytest.raises(IntegrityError):
        crash_after_approving()
    assert nothing_changed(version)
    assert approve(link, code).state == State.SIGNED_OFF


# Comments


def test_a_comment_by_link_needs_name_words_and_section_and_keeps_what_was_typed(client, link, version):
    for typed in ({}, {"section": "nowhere"}, {"name": "B" * 81}, {"words": " "}):
        sent = {"go": "comment", "section": "names", "words": "Typed with care.", "name": ""} | typed
        response = client.post(HERE, sent)
        assert response.status_code == 422
        assert sent["words"].strip() in response.content.decode()
    assert not version.comments.exists()


def test_a_change_of_language_keeps_what_was_typed(client, link):
    response = client.post(f"/es{HERE}", {"go": "language", "section": "names", "words": "Typed with care."})
    assert "Typed with care." in response.content.decode()


def test_a_form_without_a_good_token_changes_nothing_and_keeps_what_was_typed(link, version):
    client = Client(enforce_csrf_checks=True)
    typed = {"go": "comment", "section": "names", "words": "Typed with care.", "name": "Ana"}
    response = client.post(HERE, typed)
    assert response.status_code == 403
    assert "Typed with care." in response.content.decode()
    assert not version.comments.exists()
    assert client.post("/review/nothing/", typed).status_code == 404


def test_nobody_floods_the_editors_by_a_link(link, version):
    by, typed = Actor.reviewer(link.pk), {"section": "names", "words": "A", "name": "B"}
    for _number in range(MOST_COMMENTS_A_DAY):
        publishing.comment_by_link(invitation=link, by=by, **typed)
    with pytest.raises(publishing.Refused, match="Too many"):
        publishing.comment_by_link(invitation=link, by=by, **typed)


def test_whoever_holds_a_link_makes_no_other_move(link, version):
    by = Actor.reviewer(link.pk)
    for move in (publishing.sign_off, publishing.send_for_review):
        with pytest.raises(publishing.Refused, match="role"):
            move(version=version, by=by)
    with pytest.raises(publishing.Refused, match="role"):
        publishing.publish(versions=[version], by=by)


# The desk, and afterwards


def test_the_overview_tells_who_was_asked_until_when_and_whether_it_was_opened(client, link, version, manager):
    desk, address = signed_in(manager), admin_url(version, "change")
    assert "not yet" in desk.get(address).content.decode()
    client.get(HERE)
    shown = desk.get(address).content.decode()
    assert "not yet" not in shown
    assert "Revoke the link" in shown
    Message.write("review_link", about=link, recipient=EMAIL, language="en", subject="A", text="B")
    Message.objects.update(state="undeliverable")
    assert "could not be sent" in desk.get(address).content.decode()
    assert EMAIL not in desk.get(address).content.decode()


def test_the_overview_asks_no_more_of_the_database_for_many_links(link, version, manager):
    def queries():
        with CaptureQueriesContext(connection) as asked_for:
            signed_in(manager).get(admin_url(version, "change"))
        return len(asked_for)

    queries()
    few = queries()
    for number in range(5):
        make_invitation(version, token=f"token {number}")
    assert queries() == few


def test_an_address_is_forgotten_when_its_time_is_over_and_the_signature_stays(link, version):
    approve(link, asked(link))
    make_invitation(make_in_review(), token="open")
    holding = retention.holding_of("review_links")
    later = timezone.now() + timedelta(days=1)
    assert holding.count(link.made_at) == 0
    assert holding.count(later) == 1
    assert holding.remove(later, 100).number == 1
    assert holding.count(later) == 0
    link.refresh_from_db()
    assert (link.email, link.signed_name) == (None, "Dr. Ana Aster")
    assert ReviewInvitation.objects.filter(email__isnull=False).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_approving_and_revoking_at_the_same_moment_one_comes_first_and_both_are_whole(version, ana, manager):
    link = make_invitation(version, token=TOKEN, clinician=ana, email=EMAIL, by=manager)
    code = asked(link)
    held = [ReviewInvitation.objects.get(pk=link.pk) for _each in range(3)]
    presses = [
        lambda: approve(held[0], code),
        lambda: approve(held[1], code),
        lambda: publishing.revoke_invitation(invitation=held[2], by=manager.as_actor()),
    ]
    approved, again, revoked = at_once(*presses)
    signed = [each for each in (approved, again) if not isinstance(each, Exception)]
    assert all(isinstance(each, publishing.Refused) for each in (approved, again) if each not in signed)
    assert revoked is None
    assert len(signed) <= 1
    link.refresh_from_db()
    version.refresh_from_db()
    assert link.revoked_at is not None
    assert link.code_hash == ""
    assert (version.state == State.SIGNED_OFF) == (link.approved_at is not None) == bool(signed)
    assert Event.objects.filter(verb="version.signed_off").count() == len(signed)
