"""Who may do what with pages, by every path: the function, the form of the desk, the sender's command, a private link.

One table says who may. Each person tries each row by each path in one small scene; who may not leaves it as it was.
"""

from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from audit.actors import Actor
from procedures import facts, publishing
from procedures.desk_addresses import admin_url
from procedures.models import Figure, ProcedureComment, ProcedurePage, ProcedureVersion, ReviewInvitation
from procedures.sections import section_named
from tests.procedures.desk import fields_of, signed_in
from tests.procedures.factories import (
    COMMAND,
    enough,
    figure,
    make_clinician,
    make_draft,
    make_in_review,
    make_invitation,
    make_live,
    make_page,
    make_published,
    make_signed_off,
    save,
)
from tests.staff import make_staff

pytestmark = pytest.mark.django_db

TOKEN = "the-token-of-a-link"
# Who wrote part of each version of the scene.
WRITERS = ("editor who wrote", "reviewer who wrote", "manager who wrote", "superuser who wrote")
ROLES = {
    "no role": (),
    "reception": (Role.RECEPTION,),
    "nurse": (Role.NURSE,),
    "auditor": (Role.AUDITOR,),
    **{
        f"{role}{wrote}": (role,) for role in (Role.EDITOR, Role.REVIEWER, Role.MANAGER) for wrote in ("", " who wrote")
    },
    "superuser": (),
    "superuser and clinician": (),
    "superuser who wrote": (),
}
SUPERUSERS = {"superuser", "superuser and clinician", "superuser who wrote"}
EDITORS = {"editor", "editor who wrote"} | SUPERUSERS
MANAGERS = {"manager", "manager who wrote"} | SUPERUSERS
COMMENTERS = EDITORS | {"reviewer", "reviewer who wrote"}
# Whoever wrote is left out, superusers included; so is whoever is no clinician.
SIGNERS = {"reviewer", "superuser and clinician"}
INVITING = {"manager", "superuser", "superuser and clinician"}

# Each move: who may, and which method of the scene does it by its function and says what its form posts.
MOVES = {
    "start a draft": EDITORS,
    "save a section": EDITORS,
    "save what is not clinical": EDITORS,
    "save a clinical change": EDITORS,
    "send for review": EDITORS,
    "ask for changes": COMMENTERS | MANAGERS,
    "take the signature away": COMMENTERS | MANAGERS,
    "sign off": SIGNERS,
    "publish": MANAGERS,
    "publish together": MANAGERS,
    "schedule": MANAGERS,
    "unschedule": MANAGERS,
    "confirm": SIGNERS,
    "withdraw": MANAGERS,
    "choose a successor": MANAGERS,
    "restore": EDITORS,
    "rename": EDITORS,
    "change a fact": EDITORS,
    "say it matches": EDITORS,
    "comment": COMMENTERS,
    "answer": COMMENTERS,
    "settle": EDITORS,
    "invite": INVITING,
    "revoke": MANAGERS,
}


class Scene:
    """A version in each state, all written in part by the same four; and how each move is made there."""

    def __init__(self):
        self.people = {"visitor": None} | {name: make_person(name, roles) for name, roles in ROLES.items()}
        self.draft, self.review, self.signed = make_draft(), make_in_review(), make_signed_off()
        self.timed = make_signed_off()
        self.clinician = make_clinician()
        self.said = publishing.comment(version=self.draft, section="names", words="Is that so?", by=COMMAND)
        self.link = make_invitation(self.review, token=TOKEN, by=self.people["manager"])
        self.old = make_published(sections={"figures": [figure(fact_key="stay")]})
        self.page = self.old.page
        self.spanish = make_published(
            make_page(self.page.subject, language="es"), sections={"figures": [figure(fact_key="stay")]}
        )
        self.live = make_live(save(publishing.open_draft(page=self.page, by=COMMAND), "names", self.names("Other.")))
        self.gone = make_published().page
        publishing.withdraw_page(page=self.gone, by=COMMAND)
        self.page.refresh_from_db()
        manager = self.people["manager"].as_actor()
        publishing.schedule(versions=[self.timed], at=timezone.now() + timedelta(days=1), by=manager)
        self.timed.refresh_from_db()
        for version in ProcedureVersion.objects.all():
            version.authors.add(*(self.people[name] for name in WRITERS))
        self.root = signed_in(self.people["superuser"])

    @staticmethod
    def names(summary):
        return enough()["names"] | {"summary": summary}

    # What each move is: its function, the address of its form, and what that posts

    def of(self, name):
        """Return (function of an actor, address, what is posted) of a move."""
        return getattr(self, name.replace(" ", "_"))()

    def _button(self, version, name, function, **typed):
        return function, admin_url(version, "move", name), {"seen_revision": version.revision, **typed}

    def _save(self, version, key, values, **typed):
        section, address = section_named(version, key), admin_url(version, "section", key)

        def function(by):
            return publishing.save_section(
                version=version, section=section, values=values, by=by, seen_revision=version.revision
            )

        return function, address, fields_of(self.root.get(address)) | typed

    def start_a_draft(self):
        return lambda by: publishing.open_draft(page=self.gone, by=by), admin_url(self.gone, "draft"), {}

    def save_a_section(self):
        return self._save(self.draft, "names", self.names("New."), summary="New.")

    def save_what_is_not_clinical(self):
        values = enough()["names"] | {"synonyms": ["other"]}
        return self._save(self.signed, "names", values, synonyms="other")

    def save_a_clinical_change(self):
        return self._save(self.signed, "names", self.names("New."), summary="New.")

    def send_for_review(self):
        return self._button(
            self.draft, "send_for_review", lambda by: publishing.send_for_review(version=self.draft, by=by)
        )

    def ask_for_changes(self):
        return self._button(
            self.review,
            "ask_for_changes",
            lambda by: publishing.ask_for_changes(version=self.review, words="Shorter.", by=by),
            words="Shorter.",
        )

    def take_the_signature_away(self):
        return self._button(
            self.signed,
            "ask_for_changes",
            lambda by: publishing.ask_for_changes(version=self.signed, words="Shorter.", by=by),
            words="Shorter.",
        )

    def sign_off(self):
        return self._button(
            self.review,
            "sign_off",
            lambda by: publishing.sign_off(version=self.review, by=by),
            next_review_due=in_days(300).isoformat(),
        )

    def publish(self):
        return self._button(self.signed, "publish", lambda by: publishing.publish(versions=[self.signed], by=by))

    def publish_together(self):
        return self._button(
            self.signed, "publish_together", lambda by: publishing.publish(versions=[self.signed], by=by)
        )

    def schedule(self):
        at = timezone.now() + timedelta(days=2)
        return self._button(
            self.signed,
            "schedule",
            lambda by: publishing.schedule(versions=[self.signed], at=at, by=by),
            day=in_days(2).isoformat(),
            time="12:00",
        )

    def unschedule(self):
        return self._button(self.timed, "unschedule", lambda by: publishing.unschedule(version=self.timed, by=by))

    def confirm(self):
        typed = {"seen": self.live.pk, "next_review_due": in_days(300).isoformat()}
        return lambda by: publishing.confirm(page=self.page, by=by), admin_url(self.page, "confirm"), typed

    def withdraw(self):
        typed = {"seen": self.live.pk, "is_sure": "on"}
        return lambda by: publishing.withdraw_page(page=self.page, by=by), admin_url(self.page, "withdraw"), typed

    def choose_a_successor(self):
        def function(by):
            return publishing.choose_successor(page=self.gone, successor=self.page, by=by)

        return function, admin_url(self.gone, "successor"), {"successor": f"procedure-{self.page.pk}"}

    def restore(self):
        return lambda by: publishing.restore(version=self.old, by=by), admin_url(self.old, "restore"), {}

    def rename(self):
        address = admin_url(self.page, "change")
        typed = fields_of(self.root.get(address)) | {"slug": "renamed"}
        return lambda by: publishing.rename(page=self.page, slug="renamed", by=by), address, typed

    def change_a_fact(self):
        address = reverse("admin:fact", query={"key": "stay"})
        cited = facts.one("stay").cited
        typed = fields_of(self.root.get(address)) | {"low": "30"}

        def function(by):
            low, high = Decimal(30), Decimal(60)
            return publishing.change_fact(fact_key="stay", low=low, high=high, unit="minutes", sources=cited, by=by)

        return function, address, typed

    def say_it_matches(self):
        page, typed = self.spanish.page, {"version": self.spanish.pk, "other": self.live.pk}

        def function(by):
            return publishing.say_matches(version=self.spanish, other=self.live, by=by)

        return function, reverse("admin:language_pair", args=["procedure", page.pk]), typed

    def comment(self):
        typed = {"section": "names", "words": "Why?"}
        return (
            lambda by: publishing.comment(version=self.draft, **typed, by=by),
            admin_url(self.draft, "comment"),
            typed,
        )

    def answer(self):
        said = self.said
        return (
            lambda by: publishing.answer_comment(comment=said, words="Yes.", by=by),
            admin_url(self.draft, "answer", said.pk),
            {"words": "Yes."},
        )

    def settle(self):
        said = self.said
        return (
            lambda by: publishing.settle_comment(comment=said, by=by),
            admin_url(self.draft, "answer", said.pk),
            {"words": "", "go": "settle"},
        )

    def invite(self):
        who, email = self.clinician, "ana@surgery.example"
        return (
            lambda by: publishing.invite_reviewer(version=self.review, clinician=who, email=email, by=by),
            admin_url(self.review, "invite"),
            {"clinician": who.pk, "email": email, "days": 14},
        )

    def revoke(self):
        return (
            lambda by: publishing.revoke_invitation(invitation=self.link, by=by),
            admin_url(self.review, "revoke", self.link.pk),
            {},
        )


def make_person(name, roles):
    """Return a member of staff; reviewers are clinicians, and those superusers whose name says more."""
    is_superuser = name in SUPERUSERS
    clinician = make_clinician() if Role.REVIEWER in roles or (is_superuser and name != "superuser") else None
    return make_staff(name.replace(" ", "-"), *roles, is_superuser=is_superuser, clinician=clinician)


def in_days(number):
    return timezone.localdate() + timedelta(days=number)


def standing():
    """Return all that a move could change."""
    version = ("state", "revision", "publish_at", "signed_off_by", "reviewed_by", "summary", "written_against")
    asked = {
        ProcedureVersion: version,
        ProcedurePage: ("slug", "live_version", "successor_procedure"),
        ProcedureComment: ("settled_at",),
        ReviewInvitation: ("revoked_at", "approved_at", "code_hash"),
        Figure: ("low",),
    }
    return [list(model.objects.order_by("pk").values_list("pk", *fields)) for model, fields in asked.items()]


@contextmanager
def undone():
    """Take back whatever is done meanwhile."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def scene(clinic):
    return Scene()


def who_succeeds(scene, attempt):
    """Return the names of those whose attempt(user) changes anything; a refusal leaves every row as it was."""
    before, names = standing(), set()
    for name, user in scene.people.items():
        with undone():
            try:
                with transaction.atomic():
                    attempt(user)
            except publishing.Refused:
                continue
            if standing() != before:
                names.add(name)
    return names


def test_each_move_is_refused_by_its_function_to_all_but_those_who_may(scene):
    wrong = {}
    for move, allowed in MOVES.items():
        function = scene.of(move)[0]

        def attempt(user, function=function):
            function(by=user.as_actor() if user else Actor.visitor())

        wrong[move] = who_succeeds(scene, attempt) ^ allowed
    assert {move: names for move, names in wrong.items() if names} == {}


@pytest.mark.wide
def test_each_move_is_refused_by_its_form_to_all_but_those_who_may(scene):
    wrong = {}
    browsers = {user: signed_in(user) if user else Client() for user in scene.people.values()}
    for move, allowed in MOVES.items():
        _function, address, typed = scene.of(move)

        def press(user, address=address, typed=typed):
            assert browsers[user].post(address, typed).status_code < 500

        wrong[move] = who_succeeds(scene, press) ^ allowed
    assert {move: names for move, names in wrong.items() if names} == {}


def test_the_command_publishes_only_for_those_who_may_publish(scene):
    """Whoever comes to stand as the one who set the time: by the time it has come they may have lost their role."""
    timed = ProcedureVersion.objects.filter(pk=scene.timed.pk)

    del scene.people["visitor"]
    found = set()
    for name, user in scene.people.items():
        with undone():
            timed.update(publish_at=timezone.now() - timedelta(minutes=1), publish_at_by=user)
            if publishing.publish_due():
                found.add(name)
    assert found == MANAGERS


def test_nobody_approves_by_the_link_of_another_without_the_code(scene):
    """Being logged in adds nothing to a link."""
    address = f"/review/{TOKEN}/"

    def press(user):
        browser = signed_in(user) if user else Client()
        assert browser.post(address, {"go": "approve", "code": "12345678"}).status_code < 500

    assert who_succeeds(scene, press) == set()


def test_no_list_of_the_desk_does_anything_to_many(scene):
    before = standing()
    for model in (ProcedurePage, ProcedureVersion):
        address = reverse(f"admin:procedures_{model._meta.model_name}_changelist")
        for action in ("delete_selected", "publish", "withdraw"):
            answer = scene.root.post(address, {"action": action, "_selected_action": [scene.page.pk, scene.live.pk]})
            assert answer.status_code < 500
    assert standing() == before
